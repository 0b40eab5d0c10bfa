//! One connection: opens a stream, hands requests over and answers back. It decides nothing.

use std::time::Duration;

use tokio::{
    sync::mpsc,
    time::{error::Elapsed, timeout},
};
use tokio_stream::{StreamExt as _, wrappers::ReceiverStream};
use tonic::{Streaming, transport::Channel};

use super::{
    outbox::Limits,
    retry::{Trouble, is_not_found},
};
use crate::proto::v1::{
    Ack, Epoch, EpochStatus, GetSourceRequest, GetSourceResponse, StreamEventsRequest,
    StreamEventsResponse, StreamOpen, StreamOpened, ingest_service_client::IngestServiceClient,
    stream_events_request::Message, stream_events_response::Message as AnswerMessage,
};

pub(super) type Client = IngestServiceClient<Channel>;

/// A server that is there answers a question at once; one that does not within this time hangs.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);

/// Messages handed over and not yet on the wire: one in the making, one to keep the wire busy.
const REQUESTS_QUEUED: usize = 2;

/// An answer of a stream that is open.
#[derive(Debug)]
pub(super) enum Answer {
    Ack(Ack),
    /// The finish is synced, at this position.
    Finished(u64),
}

/// An open stream.
#[derive(Debug)]
pub(super) struct Session {
    client: Client,
    requests: mpsc::Sender<Message>,
    answers: Answers,
    limits: Limits,
}

/// The server's half of a stream.
#[derive(Debug)]
pub(super) struct Answers(Streaming<StreamEventsResponse>);

impl Answers {
    /// The next answer. May be dropped at any point: nothing is lost.
    pub(super) async fn next(&mut self) -> Result<Answer, Trouble> {
        match self.next_message().await? {
            AnswerMessage::Ack(ack) => Ok(Answer::Ack(ack)),
            AnswerMessage::Finished(finished) => Ok(Answer::Finished(finished.position)),
            AnswerMessage::Opened(_) => Err(Trouble::lost("the server opened a stream twice")),
        }
    }

    /// Why the stream takes no more requests.
    pub(super) async fn trouble(&mut self) -> Trouble {
        loop {
            match timeout(ANSWER_TIMEOUT, self.next()).await {
                // Acks on the way are lost: what they speak of is sent again.
                Ok(Ok(_)) => {}
                Ok(Err(trouble)) => return trouble,
                Err(elapsed) => return elapsed.into(),
            }
        }
    }

    async fn next_message(&mut self) -> Result<AnswerMessage, Trouble> {
        let response = self.0.message().await?;
        let response = response.ok_or_else(|| Trouble::lost("the server closed the stream"))?;
        response
            .message
            .ok_or_else(|| Trouble::lost("the server sent an empty answer"))
    }
}

impl Session {
    /// Opens a stream and waits until the server says where to resume.
    pub(super) async fn open(
        mut client: Client,
        open: StreamOpen,
        batch_events: usize,
    ) -> Result<(Self, StreamOpened), Trouble> {
        let (requests, queued) = mpsc::channel(REQUESTS_QUEUED);
        let stream = ReceiverStream::new(queued).map(|message| StreamEventsRequest {
            message: Some(message),
        });
        let first = requests.try_send(Message::Open(open));
        debug_assert!(
            first.is_ok(),
            "a queue of {REQUESTS_QUEUED} that nobody has used"
        );
        let opening = async {
            let answers = client.stream_events(stream).await?.into_inner();
            let mut answers = Answers(answers);
            let message = answers.next_message().await?;
            Ok::<_, Trouble>((answers, message))
        };
        let (answers, message) = timeout(ANSWER_TIMEOUT, opening).await??;
        let AnswerMessage::Opened(opened) = message else {
            return Err(Trouble::Alien("it does not answer `open`".to_owned()));
        };
        let session = Self {
            client,
            requests,
            answers,
            limits: limits(&opened, batch_events),
        };
        Ok((session, opened))
    }

    pub(super) fn limits(&self) -> Limits {
        self.limits
    }

    /// Both directions at once.
    pub(super) fn halves(&mut self) -> (&mut Answers, &mpsc::Sender<Message>) {
        (&mut self.answers, &self.requests)
    }

    pub(super) async fn ask(
        &mut self,
        source: &str,
        epoch: &Epoch,
    ) -> Result<GetSourceResponse, Trouble> {
        ask(&mut self.client, source, epoch).await
    }
}

/// Makes a client of a connection.
pub(super) fn client(channel: Channel) -> Client {
    IngestServiceClient::new(channel)
}

/// Asks for what the server knows of an epoch; a source that it does not know is one without epochs.
pub(super) async fn ask(
    client: &mut Client,
    source: &str,
    epoch: &Epoch,
) -> Result<GetSourceResponse, Trouble> {
    ask_for(client, source, Some(epoch.clone())).await
}

/// Asks for what the server knows of a source: its newest epochs, and who may send.
pub(super) async fn ask_all(
    client: &mut Client,
    source: &str,
) -> Result<GetSourceResponse, Trouble> {
    ask_for(client, source, None).await
}

async fn ask_for(
    client: &mut Client,
    source: &str,
    epoch: Option<Epoch>,
) -> Result<GetSourceResponse, Trouble> {
    let request = GetSourceRequest {
        source: source.to_owned(),
        epoch,
    };
    match timeout(ANSWER_TIMEOUT, client.get_source(request)).await? {
        Ok(response) => Ok(response.into_inner()),
        Err(status) if is_not_found(&status) => Ok(GetSourceResponse::default()),
        Err(status) => Err(status.into()),
    }
}

/// The status of an epoch among those of its source; `None` when the server has not seen it.
pub(super) fn status_of(known: &GetSourceResponse, epoch: &Epoch) -> Option<EpochStatus> {
    let is_ours = |status: &&EpochStatus| status.epoch.as_ref() == Some(epoch);
    known.epochs.iter().find(is_ours).cloned()
}

/// What both sides can do; a limit that the server does not state is ours.
fn limits(opened: &StreamOpened, batch_events: usize) -> Limits {
    let stated = |limit: u32| usize::try_from(limit).ok().filter(|&limit| limit > 0);
    let batch_events = batch_events.max(1);
    let window_events = stated(opened.window_events).unwrap_or(batch_events);
    let batch_events =
        stated(opened.batch_events_max).map_or(batch_events, |max| max.min(batch_events));
    Limits {
        window_events,
        batch_events: batch_events.min(window_events),
    }
}

impl From<Elapsed> for Trouble {
    fn from(_: Elapsed) -> Self {
        Self::lost(format!("no answer within {} s", ANSWER_TIMEOUT.as_secs()))
    }
}
