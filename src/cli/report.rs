//! `dozvon report`: asks a running server for a report, and shows it as a table, as CSV, as a workbook or as JSON.
//!
//! Figures go to stdout or to a file, remarks about them to stderr. Nothing is worked out here but how a figure is written.

mod agents;
mod behind;
mod call;
mod calls;
mod chart;
pub(super) mod client;
mod columns;
mod compare;
mod delimited;
pub(super) mod frame;
mod grid;
mod help;
pub(super) mod lang;
mod lines;
pub(super) mod options;
mod output;
pub(super) mod period;
mod queues;
mod repeats;
mod russian;
mod sheet;
mod sure;
mod survey;
pub(super) mod text;
mod transfers;
mod unserved;
mod waits;
mod workbook;

use std::io::{self, IsTerminal as _};
use std::time::Duration;

use crate::clock::Clock;
use crate::proto::v1;
use crate::reports::By;

use super::deliver::deliver;
use super::failure::Failure;

use client::Client;
use options::{AgentOptions, GroupedOptions, Options, Part, query};
use output::{Answer, Before, Output, Shown};

pub use agents::agents_table;
pub use lang::Lang;
pub use lines::lines_table;
pub use queues::queues_table;
pub use repeats::repeats_table;
pub use survey::survey_table;
pub use transfers::transfers_table;
pub use unserved::unserved_table;
pub use waits::waits_table;

/// Arguments of `dozvon report`.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    report: Report,
}

/// Which report.
#[derive(Clone, Debug, clap::Subcommand)]
enum Report {
    /// Volume, waits, service level and abandonment by queue
    #[command(after_help = help::QUEUES_EXAMPLES)]
    Queues(Box<GroupedOptions>),
    /// Transfers: how many calls, how often, of which kind and what came of them
    #[command(after_help = help::TRANSFERS_EXAMPLES)]
    Transfers(Box<GroupedOptions>),
    /// The distribution of waits
    #[command(after_help = help::WAITS_EXAMPLES)]
    Waits(Box<GroupedOptions>),
    /// Agents: offers, legs handled, where the time went
    #[command(after_help = help::AGENTS_EXAMPLES)]
    Agents(Box<AgentOptions>),
    /// Repeat calls: who had to call again, who got through, after how many attempts
    #[command(after_help = help::REPEATS_EXAMPLES)]
    Repeats(Box<GroupedOptions>),
    /// The people who tried and were not served, and what became of callbacks
    #[command(after_help = help::UNSERVED_EXAMPLES)]
    Unserved(Options),
    /// Lines: refused demand, busy channels, measured and expected blocking
    #[command(after_help = help::LINES_EXAMPLES)]
    Lines(Options),
    /// Surveys: who was asked, what they said, and of whom that speaks
    #[command(after_help = help::SURVEY_EXAMPLES)]
    Survey(Box<survey::SurveyOptions>),
    /// The calls one by one, with filters
    #[command(after_help = help::CALLS_EXAMPLES, mut_args = help::of_calls)]
    Calls(Box<calls::ListOptions>),
    /// One call: its timeline, and where it is counted and why
    #[command(after_help = help::CALL_EXAMPLES, mut_args = help::of_call)]
    Call(Box<call::OneOptions>),
}

impl Report {
    /// What rows are of.
    fn by(&self) -> By {
        match self {
            Self::Queues(grouped)
            | Self::Transfers(grouped)
            | Self::Waits(grouped)
            | Self::Repeats(grouped) => grouped.by,
            Self::Agents(agents) => agents.by.by(),
            Self::Unserved(_)
            | Self::Lines(_)
            | Self::Survey(_)
            | Self::Calls(_)
            | Self::Call(_) => By::Queue,
        }
    }

    fn options(&self) -> &Options {
        match self {
            Self::Queues(grouped)
            | Self::Transfers(grouped)
            | Self::Waits(grouped)
            | Self::Repeats(grouped) => &grouped.common,
            Self::Agents(agents) => &agents.common,
            Self::Unserved(options) | Self::Lines(options) => options,
            Self::Survey(survey) => &survey.common,
            Self::Calls(calls) => &calls.common,
            Self::Call(call) => &call.common,
        }
    }
}

/// Asks for the report and writes it.
///
/// # Errors
///
/// The server is not there, or refuses, or the file or stdout cannot be written. A reader that has had enough is no
/// error.
pub async fn run(args: Args, clock: &Clock) -> Result<(), Failure> {
    let options = args.report.options();
    let out = options.out.as_deref();
    let output = Output::choose(options.output, out, io::stdout().is_terminal())?;
    let shown = show(&args, output, clock).await?;
    for remark in shown.remarks.iter().chain(&shown.notes) {
        eprintln!("dozvon: {remark}");
    }
    deliver(&shown.content, out)
}

async fn show(args: &Args, output: Output, clock: &Clock) -> Result<Shown, Failure> {
    let options = args.report.options();
    let mut client = Client::connect(&options.at).await?;
    let query = if let Report::Call(_) = &args.report {
        // A call is found by its id: when it was is for the answer to say.
        None
    } else {
        let mut query = query(options, &mut client, clock).await?;
        query.by = options::grouping(args.report.by()).into();
        Some(query)
    };
    let part = options.part as usize;
    match &args.report {
        Report::Queues(_) => {
            let wait_over = spans(&options.wait_over);
            let compat = options
                .compat
                .iter()
                .map(|pack| pack.as_str().to_owned())
                .collect();
            let answer = client
                .queues(v1::GetQueueReportRequest {
                    query,
                    wait_over,
                    compat,
                })
                .await?;
            let answer = Answer {
                title: queues::TITLE,
                lang: options.lang,
                answer: &answer,
                context: answer.context.as_ref(),
                parts: queues::parts(&answer, answer.before.as_deref(), &options.wait_over),
                before: answer.before.as_ref().map(|before| Before {
                    context: before.context.as_ref(),
                    parts: queues::parts(before, Some(&answer), &options.wait_over),
                }),
                figures: 0,
                with_differences: |answer, differences| {
                    let mut answer = answer.clone();
                    answer.differences = differences;
                    answer
                },
                table: queues_table,
            };
            answer.shown(output, part, clock.now())
        }
        Report::Transfers(_) => {
            let excessive_limit = options.excessive_limit.unwrap_or_default();
            let request = v1::GetTransferReportRequest {
                query,
                excessive_limit,
            };
            let answer = client.transfers(request).await?;
            let answer = Answer {
                title: transfers::TITLE,
                lang: options.lang,
                answer: &answer,
                context: answer.context.as_ref(),
                parts: transfers::parts(&answer),
                before: answer.before.as_ref().map(|before| Before {
                    context: before.context.as_ref(),
                    parts: transfers::parts(before),
                }),
                figures: 0,
                with_differences: |answer, differences| {
                    let mut answer = answer.clone();
                    answer.differences = differences;
                    answer
                },
                table: transfers_table,
            };
            answer.shown(output, part, clock.now())
        }
        Report::Agents(_) => {
            let answer = client.agents(v1::GetAgentReportRequest { query }).await?;
            let answer = Answer {
                title: agents::TITLE,
                lang: options.lang,
                answer: &answer,
                context: answer.context.as_ref(),
                parts: agents::parts(&answer),
                before: answer.before.as_ref().map(|before| Before {
                    context: before.context.as_ref(),
                    parts: agents::parts(before),
                }),
                figures: 0,
                with_differences: |answer, differences| {
                    let mut answer = answer.clone();
                    answer.differences = differences;
                    answer
                },
                table: agents_table,
            };
            let part = options.part.beside(Part::Pauses);
            answer.shown(output, part, clock.now())
        }
        Report::Repeats(_) => {
            let request = v1::GetRepeatReportRequest {
                query,
                windows: spans(&options.windows),
                shared_over: options.shared_over.unwrap_or_default(),
            };
            let answer = client.repeats(request).await?;
            let answer = Answer {
                title: repeats::TITLE,
                lang: options.lang,
                answer: &answer,
                context: answer.context.as_ref(),
                parts: repeats::parts(&answer, &options.windows),
                before: answer.before.as_ref().map(|before| Before {
                    context: before.context.as_ref(),
                    parts: repeats::parts(before, &options.windows),
                }),
                figures: 0,
                with_differences: |answer, differences| {
                    let mut answer = answer.clone();
                    answer.differences = differences;
                    answer
                },
                table: repeats_table,
            };
            let part = options.part.beside(Part::Shared);
            answer.shown(output, part, clock.now())
        }
        Report::Unserved(_) => {
            let request = v1::GetUnservedReportRequest { query };
            let answer = client.unserved(request).await?;
            let answer = Answer {
                title: unserved::TITLE,
                lang: options.lang,
                answer: &answer,
                context: answer.context.as_ref(),
                parts: unserved::parts(&answer),
                before: answer.before.as_ref().map(|before| Before {
                    context: before.context.as_ref(),
                    parts: unserved::parts(before),
                }),
                figures: unserved::SUMMARY,
                with_differences: |answer, differences| {
                    let mut answer = answer.clone();
                    answer.differences = differences;
                    answer
                },
                table: unserved_table,
            };
            let part = options.part.beside(Part::Summary);
            answer.shown(output, part, clock.now())
        }
        Report::Lines(_) => {
            let answer = client.lines(v1::GetLineReportRequest { query }).await?;
            let answer = Answer {
                title: lines::TITLE,
                lang: options.lang,
                answer: &answer,
                context: answer.context.as_ref(),
                parts: lines::parts(&answer),
                before: answer.before.as_ref().map(|before| Before {
                    context: before.context.as_ref(),
                    parts: lines::parts(before),
                }),
                figures: 0,
                with_differences: |answer, differences| {
                    let mut answer = answer.clone();
                    answer.differences = differences;
                    answer
                },
                table: lines_table,
            };
            answer.shown(output, part, clock.now())
        }
        Report::Survey(asked) => {
            let answer = client.survey(asked.request(query)).await?;
            let answer = Answer {
                title: survey::TITLE,
                lang: options.lang,
                figures: 0,
                answer: &answer,
                context: answer.context.as_ref(),
                parts: survey::parts(&answer, asked.channel),
                before: answer.before.as_ref().map(|before| Before {
                    context: before.context.as_ref(),
                    parts: survey::parts(before, asked.channel),
                }),
                with_differences: |answer, differences| {
                    let mut answer = answer.clone();
                    answer.differences = differences;
                    answer
                },
                table: survey_table,
            };
            let part = options.part.of_survey(asked.channel);
            answer.shown(output, part, clock.now())
        }
        Report::Calls(options) => {
            calls::show(options, &mut client, query, output, clock.now()).await
        }
        Report::Call(options) => call::show(options, &mut client, output, clock.now()).await,
        Report::Waits(_) => {
            let edges = spans(&options.edges);
            let answer = client
                .waits(v1::GetWaitDistributionRequest { query, edges })
                .await?;
            let answer = Answer {
                title: waits::TITLE,
                lang: options.lang,
                answer: &answer,
                context: answer.context.as_ref(),
                parts: waits::parts(&answer, &options.edges),
                before: answer.before.as_ref().map(|before| Before {
                    context: before.context.as_ref(),
                    parts: waits::parts(before, &options.edges),
                }),
                figures: 0,
                with_differences: |answer, differences| {
                    let mut answer = answer.clone();
                    answer.differences = differences;
                    answer
                },
                table: waits_table,
            };
            let part = options.part.beside(Part::Curve);
            answer.shown(output, part, clock.now())
        }
    }
}

fn spans(spans: &[Duration]) -> Vec<pbjson_types::Duration> {
    spans.iter().map(|span| (*span).into()).collect()
}

#[cfg(test)]
#[path = "report/tests.rs"]
mod tests;
