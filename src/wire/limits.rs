//! A message too large to be decoded is answered with the limit's name, as every other limit is.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use tonic::Status;
use tonic::codegen::http::{HeaderMap, Request, Response};
use tower::{Layer, Service};

use crate::validate::caps;

use super::status::{self, IngestError};

/// Names the limit in answers to messages that were too large.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits;

/// The service under `Limits`.
#[derive(Clone, Debug)]
pub(super) struct Limited<S> {
    inner: S,
}

impl<S> Layer<S> for Limits {
    type Service = Limited<S>;

    fn layer(&self, inner: S) -> Limited<S> {
        Limited { inner }
    }
}

impl<S, A, B> Service<Request<A>> for Limited<S>
where
    S: Service<Request<A>, Response = Response<B>>,
    S::Future: Send + 'static,
    B: Default,
{
    type Response = Response<B>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Response<B>, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<A>) -> Self::Future {
        let answer = self.inner.call(request);
        Box::pin(async move {
            let response = answer.await?;
            Ok(if is_too_large(response.headers()) {
                too_large().into_http()
            } else {
                response
            })
        })
    }
}

fn is_too_large(headers: &HeaderMap) -> bool {
    Status::from_header_map(headers).is_some_and(|status| status::is_too_large(&status))
}

/// The answer to a message that was too large.
pub(super) fn too_large() -> Status {
    status::ingest(&IngestError::MessageTooLarge {
        limit: caps::MESSAGE_BYTES,
    })
}
