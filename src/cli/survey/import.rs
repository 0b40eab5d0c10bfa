//! `dozvon survey import`: forms of other channels than the telephone, out of CSV files, through SubmitAnswers.
//!
//! A form is known by its id, so a file that was cut off is simply brought again: what is there already changes nothing.

use std::collections::BTreeMap;
use std::io::{self, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use indicatif::ProgressBar;
use jiff::tz::TimeZone;
use serde::Serialize;
use tonic::transport::Channel;
use tonic_types::StatusExt as _;

use super::super::at::At;
use super::codepage;
use super::forms::{Columns, Defaults, separator};
use super::{Exit, Failure};
use crate::clock;
use crate::proto::v1::survey_service_client::SurveyServiceClient;
use crate::proto::v1::{SubmitAnswersRequest, SubmitAnswersResponse, SubmittedForm};

/// Forms sent in one request.
const FORMS_A_REQUEST: usize = 500;
/// A year's forms of a region have some 10 MB.
const FILE_BYTES_MAX: u64 = 256 * 1024 * 1024;
/// Rows that were not taken are listed one by one up to here; the rest is a count.
const LISTED_MAX: usize = 20;
/// How soon a server that is away is tried again.
const RETRY: Duration = Duration::from_millis(200);

/// Brings answers of the channels paper, web, exit, window and mystery, and monthly counts of appeal and social, out of CSV
/// files. Run twice it changes nothing; cut off it is run again.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
The first line names the columns. Answers: form_id, answered_at, channel, survey, version, language, source, call_id,
and a column a question, under its code; CODE.words holds words added to an answer. Counts: month, cause, count,
channel. Separated by commas, semicolons or tabs, in UTF-8 or code page 1251, as spreadsheets save them.

Examples:
  dozvon survey import forms.csv --survey questionnaire --channel paper --dry-run
  dozvon survey import forms.csv --survey questionnaire --channel paper
  dozvon survey import appeals.csv --channel appeal          # month;cause;count

Exit codes: 0 all was taken, 1 a file cannot be read or the server refuses, 4 no server, 5 some rows were not taken
(they are listed), everything else was.")]
pub(super) struct Args {
    /// The files
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// The channel of rows that name none
    #[arg(long, default_value = "", hide_default_value = true)]
    channel: String,
    /// The survey of rows that name none
    #[arg(long, default_value = "", hide_default_value = true)]
    survey: String,
    /// Its version [default: the newest]
    #[arg(long, default_value_t = 0, hide_default_value = true)]
    version: u32,
    /// The language of rows that name none [default: the survey's]
    #[arg(long, default_value = "", hide_default_value = true)]
    language: String,
    /// The zone of times without an offset
    #[arg(long, default_value = "Europe/Samara", value_name = "ZONE")]
    zone: String,
    /// Say what would be refused, and bring nothing
    #[arg(long)]
    dry_run: bool,
    /// How long to look for a lost server
    #[arg(long, default_value = "60s", value_parser = humantime::parse_duration, value_name = "TIME")]
    retry_for: Duration,
    #[command(flatten)]
    at: At,
}

/// The last line on stdout.
#[derive(Debug, Default, Serialize)]
struct Summary {
    /// Rows read, the headers not counted.
    rows: u64,
    /// Forms that were taken; of a dry run, those that would be.
    accepted: u64,
    /// Forms that were known.
    duplicates: u64,
    /// Rows that were not taken, by reason.
    refused: BTreeMap<String, u64>,
    /// Whether nothing was brought.
    dry_run: bool,
    /// How long it took.
    seconds: f64,
}

/// What a person sees meanwhile.
struct Screen {
    bar: ProgressBar,
    listed: usize,
}

impl Screen {
    fn refuse(&mut self, summary: &mut Summary, reason: &str, line: &str) {
        *summary.refused.entry(reason.to_owned()).or_default() += 1;
        self.listed += 1;
        if self.listed <= LISTED_MAX {
            self.bar.suspend(|| eprintln!("{line}"));
        }
    }
}

pub(super) async fn run(args: Args) -> Result<(), Failure> {
    let began = clock::instant();
    let zone = TimeZone::get(&args.zone).map_err(|_| {
        let message = format!("--zone: no such zone \"{}\"; as Europe/Samara", args.zone);
        Failure::new(Exit::Usage, message)
    })?;
    let defaults = Defaults {
        channel: args.channel.clone(),
        survey: args.survey.clone(),
        version: args.version,
        language: args.language.clone(),
        zone,
    };
    let mut summary = Summary {
        dry_run: args.dry_run,
        ..Summary::default()
    };
    let mut service = SurveyServiceClient::new(args.at.channel().await?);
    for path in &args.files {
        import(&args, path, &defaults, &mut service, &mut summary).await?;
    }
    summary.seconds = began.elapsed().as_secs_f64();
    let failed = |error: &dyn std::fmt::Display| {
        Failure::new(Exit::Failure, format!("cannot print: {error}"))
    };
    let line = serde_json::to_string(&summary).map_err(|error| failed(&error))?;
    writeln!(io::stdout(), "{line}").map_err(|error| failed(&error))?;
    let refused: u64 = summary.refused.values().sum();
    if refused > 0 {
        let message = format!("{refused} of {} rows were not taken", summary.rows);
        return Err(Failure::new(Exit::Partial, message));
    }
    Ok(())
}

async fn import(
    args: &Args,
    path: &Path,
    defaults: &Defaults,
    service: &mut SurveyServiceClient<Channel>,
    summary: &mut Summary,
) -> Result<(), Failure> {
    let shown = path.display();
    let failed =
        |what: &dyn std::fmt::Display| Failure::new(Exit::Failure, format!("{shown}: {what}"));
    let length = std::fs::metadata(path)
        .map_err(|error| failed(&error))?
        .len();
    if length > FILE_BYTES_MAX {
        return Err(failed(&"it is larger than 256 MiB; cut it in parts"));
    }
    let bytes = std::fs::read(path).map_err(|error| failed(&error))?;
    // The parser counts the lines of a file with CR LF short by one.
    let text = codepage::text_of(&bytes).replace("\r\n", "\n");
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(separator(&text))
        .flexible(true)
        .from_reader(text.as_bytes());
    let header = reader.headers().map_err(|error| failed(&error))?.clone();
    let columns = Columns::read(header.iter()).map_err(|message| failed(&message))?;
    let bar = match io::stderr().is_terminal() {
        true => ProgressBar::new(text.len() as u64).with_message(shown.to_string()),
        false => ProgressBar::hidden(),
    };
    let mut screen = Screen { bar, listed: 0 };
    let mut waiting: Vec<(u64, SubmittedForm)> = Vec::new();
    for record in reader.records() {
        summary.rows += 1;
        let (line, form) = match &record {
            Ok(record) => {
                let line = record.position().map_or(0, csv::Position::line);
                screen
                    .bar
                    .set_position(record.position().map_or(0, csv::Position::byte));
                (line, columns.form(record.iter(), defaults))
            }
            Err(error) => (
                error.position().map_or(0, csv::Position::line),
                Err(error.to_string()),
            ),
        };
        match form {
            Ok(form) => waiting.push((line, form)),
            Err(message) => {
                let line = format!("{shown}:{line}: {message}");
                screen.refuse(summary, "unreadable", &line);
            }
        }
        if waiting.len() >= FORMS_A_REQUEST {
            bring(args, path, &mut waiting, service, (&mut screen, summary)).await?;
        }
    }
    bring(args, path, &mut waiting, service, (&mut screen, summary)).await?;
    screen.bar.finish_and_clear();
    if screen.listed > LISTED_MAX {
        eprintln!("{shown}: and {} more rows", screen.listed - LISTED_MAX);
    }
    Ok(())
}

/// Sends what waits.
async fn bring(
    args: &Args,
    path: &Path,
    waiting: &mut Vec<(u64, SubmittedForm)>,
    service: &mut SurveyServiceClient<Channel>,
    (screen, summary): (&mut Screen, &mut Summary),
) -> Result<(), Failure> {
    let (lines, forms): (Vec<u64>, Vec<SubmittedForm>) = waiting.drain(..).unzip();
    if forms.is_empty() {
        return Ok(());
    }
    let request = SubmitAnswersRequest {
        forms,
        check_only: args.dry_run,
    };
    let answer = ask(args, request, service).await?;
    summary.accepted += u64::from(answer.accepted);
    summary.duplicates += u64::from(answer.duplicates);
    for refusal in &answer.refusals {
        let line = lines
            .get(refusal.place as usize)
            .copied()
            .unwrap_or_default();
        let line = format!("{}:{line}: {}", path.display(), refusal.message);
        screen.refuse(summary, &refusal.reason, &line);
    }
    Ok(())
}

/// Asks until the server answers; a form that it has already changes nothing.
async fn ask(
    args: &Args,
    request: SubmitAnswersRequest,
    service: &mut SurveyServiceClient<Channel>,
) -> Result<SubmitAnswersResponse, Failure> {
    let until = clock::instant() + args.retry_for;
    loop {
        let status = match service.submit_answers(request.clone()).await {
            Ok(answer) => return Ok(answer.into_inner()),
            Err(status) => status,
        };
        let is_away = status.code() == tonic::Code::Unavailable;
        if !is_away || clock::instant() >= until {
            return Err(args.at.failure(&status));
        }
        let wait = status.get_details_retry_info();
        let wait = wait.and_then(|retry| retry.retry_delay).unwrap_or(RETRY);
        tokio::time::sleep(wait).await;
    }
}
