//! The admin service: what the command line does to a running server.

use tonic::{Request, Response, Status};

use crate::proto::v1;
use crate::proto::v1::admin_service_server::AdminService;
use crate::reports;

/// Answers `AdminService`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Admin;

#[tonic::async_trait]
impl AdminService for Admin {
    async fn list_definitions(
        &self,
        _: Request<v1::ListDefinitionsRequest>,
    ) -> Result<Response<v1::ListDefinitionsResponse>, Status> {
        Ok(Response::new(definitions()))
    }
}

/// The catalogue as the contract has it.
pub fn definitions() -> v1::ListDefinitionsResponse {
    let entries = reports::glossary().map(|(definition, words)| v1::CatalogueEntry {
        id: definition.id.to_owned(),
        version: definition.version,
        formula: definition.sentence.into_owned(),
        source: words.source.to_owned(),
        english: words.english.to_owned(),
        russian: words.russian.to_owned(),
    });
    v1::ListDefinitionsResponse {
        definitions: entries.collect(),
    }
}
