//! `dozvon case`: what bad answers opened: the list, who takes it, what was done, what became of a month's.

mod show;

use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::at::At;
use super::deliver::deliver;
use super::failure::{Exit, Failure};
use crate::proto::v1;
use crate::proto::v1::case_service_client::CaseServiceClient;

/// Cases of one page; the list is all pages.
const PAGE: u32 = 1_000;

/// Look after cases: an interview or form with a bad answer has one.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  dozvon case list                                       # those that are not closed
  dozvon case list --overdue --format csv
  dozvon case take 48213 --owner 'Anna'
  dozvon case close 48213 --done 'Called back, the payment is on its way' --cause long_waiting
  dozvon case report --month 2026-01

Exit codes: 0 done, 1 refused (there is no such case, it is closed, nobody has taken it), 2 usage, 4 no server.")]
pub struct Args {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    at: At,
    /// How to show it
    #[arg(long, global = true, value_enum, default_value = "table")]
    format: Format,
    /// The zone of times that are shown, and of months
    #[arg(
        long,
        global = true,
        default_value = "Europe/Samara",
        value_name = "ZONE"
    )]
    zone: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// For people
    Table,
    /// A row a case
    Csv,
    /// The answer of the contract in its JSON mapping
    Json,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// List cases, those that are not closed unless another state is named.
    List {
        /// Where they stand
        #[arg(long, value_enum)]
        state: Option<State>,
        /// Only this owner's
        #[arg(
            long,
            default_value = "",
            hide_default_value = true,
            value_name = "NAME"
        )]
        owner: String,
        /// Only those that are overdue
        #[arg(long)]
        overdue: bool,
    },
    /// Give a case an owner; one that has one is handed over.
    Take {
        /// The case
        number: u64,
        /// Who has it from now on
        #[arg(long, value_name = "NAME")]
        owner: String,
    },
    /// Close a case.
    Close {
        /// The case
        number: u64,
        /// What was done
        #[arg(long, value_name = "WORDS")]
        done: String,
        /// What it came from: computer_access, long_waiting, poor_service, lack_of_confidence, other
        #[arg(
            long,
            default_value = "",
            hide_default_value = true,
            value_name = "CAUSE"
        )]
        cause: String,
        /// Who closes it [default: its owner]
        #[arg(
            long,
            default_value = "",
            hide_default_value = true,
            value_name = "NAME"
        )]
        by: String,
    },
    /// Say what became of the cases of a month, and what was done: you said, we did.
    Report {
        /// The month, 2026-01
        #[arg(long, value_name = "MONTH")]
        month: String,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum State {
    /// Nobody has taken it
    Opened,
    /// It has an owner
    Taken,
    /// It is done
    Closed,
}

/// Runs the command.
///
/// # Errors
/// When the server refuses or is not there.
pub async fn run(args: Args) -> Result<(), Failure> {
    let zone = TimeZone::get(&args.zone).map_err(|_| {
        let message = format!("--zone: no such zone \"{}\"; as Europe/Samara", args.zone);
        Failure::new(Exit::Usage, message)
    })?;
    let refused = |status: tonic::Status| args.at.failure(&status);
    // What is wrong with the command line needs no server.
    let period = match &args.command {
        Command::Report { month } => Some(period(month, &zone)?),
        Command::List { .. } | Command::Take { .. } | Command::Close { .. } => None,
    };
    let mut service = CaseServiceClient::new(args.at.channel().await?);
    let text = match args.command {
        Command::List {
            state,
            owner,
            overdue,
        } => {
            let state = state.map_or(v1::CaseState::Unspecified, |state| match state {
                State::Opened => v1::CaseState::Opened,
                State::Taken => v1::CaseState::Taken,
                State::Closed => v1::CaseState::Closed,
            });
            let mut all = v1::ListCasesResponse::default();
            let mut asked = v1::ListCasesRequest {
                state: state.into(),
                owner,
                overdue,
                page_size: PAGE,
                page_token: String::new(),
            };
            loop {
                let page = service.list_cases(asked.clone()).await.map_err(refused)?;
                let page = page.into_inner();
                all.cases.extend(page.cases);
                if page.next_page_token.is_empty() {
                    break;
                }
                asked.page_token = page.next_page_token;
            }
            match args.format {
                Format::Json => json(&all)?,
                Format::Csv => show::csv(&all.cases, &args.zone)?,
                Format::Table => show::table(&all.cases, &args.zone),
            }
        }
        Command::Take { number, owner } => {
            let taken = service.take_case(v1::TakeCaseRequest { number, owner });
            let taken = taken.await.map_err(refused)?.into_inner();
            one(taken.case.unwrap_or_default(), args.format, &args.zone)?
        }
        Command::Close {
            number,
            done,
            cause,
            by,
        } => {
            let closed = service.close_case(v1::CloseCaseRequest {
                number,
                by,
                done,
                cause,
            });
            let closed = closed.await.map_err(refused)?.into_inner();
            one(closed.case.unwrap_or_default(), args.format, &args.zone)?
        }
        Command::Report { month } => {
            let (start, end) = period.unwrap_or_default();
            let asked = v1::GetCaseReportRequest {
                start: Some(start),
                end: Some(end),
            };
            let report = service.get_case_report(asked).await.map_err(refused)?;
            let report = report.into_inner();
            match args.format {
                Format::Json => json(&report)?,
                Format::Csv => show::csv(&report.done, &args.zone)?,
                Format::Table => show::report(&report, &month),
            }
        }
    };
    deliver(text.as_bytes(), None)
}

type Period = (pbjson_types::Timestamp, pbjson_types::Timestamp);

fn period(month: &str, zone: &TimeZone) -> Result<Period, Failure> {
    let begins = || -> Option<Period> {
        let first: Date = format!("{month}-01").parse().ok()?;
        let next = first.last_of_month().tomorrow().ok()?;
        let start = |date: Date| {
            let at = date.to_zoned(zone.clone()).ok()?.timestamp();
            Some(pbjson_types::Timestamp {
                seconds: at.as_second(),
                nanos: 0,
            })
        };
        Some((start(first)?, start(next)?))
    };
    begins().ok_or_else(|| {
        let message =
            format!("--month: \"{month}\" is no month; write a year and a month, as 2026-01");
        Failure::new(Exit::Usage, message)
    })
}

fn json(answer: &impl serde::Serialize) -> Result<String, Failure> {
    let text = serde_json::to_string_pretty(answer);
    let failed = |error| Failure::new(Exit::Failure, format!("no JSON: {error}"));
    Ok(text.map_err(failed)? + "\n")
}

fn one(case: v1::Case, format: Format, zone: &str) -> Result<String, Failure> {
    match format {
        Format::Json => json(&case),
        Format::Csv => show::csv(&[case], zone),
        Format::Table => Ok(show::table(&[case], zone)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_is_that_of_the_zone() {
        let zone = TimeZone::get("Europe/Samara").unwrap();
        let (start, end) = period("2026-01", &zone).unwrap();
        // Midnight in Samara is 20:00 in Greenwich; January has 31 days.
        assert_eq!(start.seconds, 1_767_225_600 - 4 * 3_600);
        assert_eq!(end.seconds - start.seconds, 31 * 86_400);
        assert!(period("2026-13", &zone).is_err());
        assert!(period("January", &zone).is_err());
    }
}
