//! `dozvon survey put`, `list` and `show`: the definitions that a server keeps.

use std::path::PathBuf;

use comfy_table::{Table, presets};

use super::super::at::At;
use super::super::deliver::deliver;
use super::{Exit, Failure, line, read};
use crate::proto::v1;
use crate::proto::v1::survey_service_client::SurveyServiceClient;
use crate::survey::{self, Severity};

/// Looks a definition over as `lint` does, and has the server keep it. A version never changes: the same file again
/// changes nothing, another one under the same version is refused.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  dozvon survey put deploy/surveys/two-questions.toml
  dozvon survey put surveys/questionnaire.toml --server hotline:7440

Exit codes: 0 it is kept, 1 the server refuses, 3 the definition is wrong, 4 no server.")]
pub(super) struct PutArgs {
    /// The file
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    at: At,
}

/// Lists every version of every survey that the server keeps.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  dozvon survey list
  dozvon survey list --output json

Exit codes: 0 ok, 1 failure, 4 no server.")]
pub(super) struct ListArgs {
    #[command(flatten)]
    at: At,
    /// How to show it
    #[arg(long, value_enum, default_value = "table")]
    output: Output,
}

/// Prints a definition as it was put, byte by byte.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  dozvon survey show two-questions
  dozvon survey show two-questions --version 1 > two-questions.toml

Exit codes: 0 ok, 1 no such survey is kept, 4 no server.")]
pub(super) struct ShowArgs {
    /// The survey's name
    #[arg(value_name = "NAME")]
    survey: String,
    /// Its version [default: the newest]
    #[arg(long, default_value_t = 0, hide_default_value = true)]
    version: u32,
    #[command(flatten)]
    at: At,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Output {
    /// For people
    Table,
    /// The answer of the contract in its JSON mapping
    Json,
}

async fn service(at: &At) -> Result<SurveyServiceClient<tonic::transport::Channel>, Failure> {
    Ok(SurveyServiceClient::new(at.channel().await?))
}

pub(super) async fn put(args: &PutArgs) -> Result<(), Failure> {
    let path = &args.file;
    let bytes = read(path).map_err(|message| Failure::new(Exit::Config, message))?;
    let (_, findings) = survey::lint(&bytes);
    let (errors, warnings): (Vec<_>, Vec<_>) = findings
        .into_iter()
        .partition(|finding| finding.severity == Severity::Error);
    if !errors.is_empty() {
        let lines: Vec<_> = errors.iter().map(|finding| line(path, finding)).collect();
        return Err(Failure::new(Exit::Config, lines.join("\n")));
    }
    for warning in &warnings {
        eprintln!("{}", line(path, warning));
    }
    let definition = String::from_utf8_lossy(&bytes).into_owned();
    let mut service = service(&args.at).await?;
    let put = service
        .put_survey(v1::PutSurveyRequest { definition })
        .await;
    let put = put.map_err(|status| args.at.failure(&status))?;
    let put = put.into_inner();
    let info = put.survey.unwrap_or_default();
    let what = if put.added { "put" } else { "was kept already" };
    let text = format!("{}, version {}: {what}\n", info.survey, info.version);
    deliver(text.as_bytes(), None)
}

pub(super) async fn list(args: &ListArgs) -> Result<(), Failure> {
    let mut service = service(&args.at).await?;
    let listed = service.list_surveys(v1::ListSurveysRequest {}).await;
    let listed = listed.map_err(|status| args.at.failure(&status))?;
    let listed = listed.into_inner();
    let text = match args.output {
        Output::Json => {
            let text = serde_json::to_string_pretty(&listed);
            let failed = |error| Failure::new(Exit::Failure, format!("no JSON: {error}"));
            text.map_err(failed)?
        }
        Output::Table => {
            let mut table = Table::new();
            table.load_style(presets::UTF8_FULL_CONDENSED);
            table.set_header(["survey", "version", "languages", "channels", "questions"]);
            for info in &listed.surveys {
                table.add_row([
                    info.survey.clone(),
                    info.version.to_string(),
                    info.languages.join(" "),
                    info.channels.join(" "),
                    info.questions.len().to_string(),
                ]);
            }
            table.to_string()
        }
    };
    deliver((text + "\n").as_bytes(), None)
}

pub(super) async fn show(args: &ShowArgs) -> Result<(), Failure> {
    let mut service = service(&args.at).await?;
    let asked = v1::GetSurveyRequest {
        survey: args.survey.clone(),
        version: args.version,
    };
    let found = service.get_survey(asked).await;
    let found = found.map_err(|status| args.at.failure(&status))?;
    deliver(found.into_inner().definition.as_bytes(), None)
}
