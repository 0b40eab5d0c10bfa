//! The flags that every report knows, and the query that they make.

use std::path::PathBuf;
use std::time::Duration;

use clap::builder::{PossibleValuesParser, TypedValueParser as _};

use super::super::at::At;
use crate::clock::Clock;
use crate::model::AnswerChannel;
use crate::model::Headline;
use crate::proto::v1;
use crate::reports::{Basis, Bucket, By, Compare, Lens, Pack, SurveyGrouping, Zone};

use super::super::failure::{Exit, Failure};
use super::client::Client;
use super::lang::Lang;
use super::output::Output;
use super::period::{self, Bound};
use super::text;

/// What every report can be asked with; what means nothing to one is ignored.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct Options {
    #[command(flatten)]
    pub(super) at: At,
    /// First instant of the period: 2026-01-31, 2026-01, 2026-01-31T08:00 (all local), or 2026-01-31T08:00+04:00
    /// [default: the start of today]
    #[arg(long, value_name = "TIME")]
    pub(super) from: Option<Bound>,
    /// First instant after the period, given alike: `--to 2026-02-01` leaves 1 February out [default: the start of
    /// tomorrow]
    #[arg(long, value_name = "TIME", requires = "from")]
    pub(super) to: Option<Bound>,
    /// IANA zone of dates and intervals [default: the hotline's own]
    #[arg(long)]
    pub(super) zone: Option<String>,
    /// How the period is cut, in local time
    #[arg(long, default_value = "total", value_parser = buckets())]
    pub(super) bucket: Bucket,
    /// Only this queue; may be given several times
    #[arg(long, value_name = "NAME")]
    pub(super) queue: Vec<String>,
    /// T: answered within it counts for the service level, as 20s [default: as configured]
    #[arg(long, value_name = "SPAN", value_parser = humantime::parse_duration)]
    pub(super) service_level: Option<Duration>,
    /// s: abandoned within it is a short abandon, as 5s [default: as configured]
    #[arg(long, value_name = "SPAN", value_parser = humantime::parse_duration)]
    pub(super) short_abandon: Option<Duration>,
    /// x: a talk shorter than it is a short one [default: 10s]
    #[arg(long, value_name = "SPAN", value_parser = humantime::parse_duration)]
    pub(super) short_answered: Option<Duration>,
    /// The formula that stands for a queue, as strict or answered_only [default: as configured]
    #[arg(long, value_name = "FORMULA", value_parser = headlines())]
    pub(super) headline: Option<Headline>,
    /// Queues: also the figures of another product, from the same calls; several by commas or again
    #[arg(long, value_name = "PRODUCT", value_parser = packs(), value_delimiter = ',')]
    pub(super) compat: Vec<Pack>,
    /// Count only what begins while this business calendar is open (with --basis event: what happens)
    #[arg(long, value_name = "CALENDAR")]
    pub(super) hours: Option<String>,
    /// Only calls of this line, by name or number; may be given several times
    #[arg(long, value_name = "LINE")]
    pub(super) line: Vec<String>,
    /// Only calls that somebody of this team answered first (agents: only this team); may be given several times
    #[arg(long, value_name = "TEAM")]
    pub(super) team: Vec<String>,
    /// What a queue's row counts: visits to it, or calls that entered it first, from there to their first human
    #[arg(long, default_value = "visit", value_parser = lenses())]
    pub(super) lens: Lens,
    /// Where things belong: to the interval in which the visit began, or each to that in which it happened
    #[arg(long, default_value = "cohort", value_parser = bases())]
    pub(super) basis: Basis,
    /// Read every call, however long the period: slower, and quantiles are exact instead of within 1 %
    #[arg(long)]
    pub(super) exact: bool,
    /// Set another period beside, and each figure's difference: the one just before, a week or a year earlier
    #[arg(long, value_name = "PERIOD", value_parser = comparisons())]
    pub(super) compare: Option<Compare>,
    /// Count waits longer than this; several by commas or again [default: 60s,180s]
    #[arg(long, value_name = "SPAN", value_parser = humantime::parse_duration, value_delimiter = ',')]
    pub(super) wait_over: Vec<Duration>,
    /// Further edges of the wait distribution; several by commas or again
    #[arg(long, value_name = "SPAN", value_parser = humantime::parse_duration, value_delimiter = ',')]
    pub(super) edges: Vec<Duration>,
    /// A call with more transfers than this is excessive [default: as configured for its queue]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(super) excessive_limit: Option<u32>,
    /// Windows of repeat calls; several by commas or again [default: 24h,72h,7d]
    #[arg(long, value_name = "SPAN", value_parser = humantime::parse_duration, value_delimiter = ',')]
    pub(super) windows: Vec<Duration>,
    /// A number with more calls than this on one day is shared by many people and left out of repeats [default: none is]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(super) shared_over: Option<u32>,
    /// Which rows of a report that has several kinds: transfers have figures, kinds, matrix and loops, surveys funnel, rates,
    /// scores, answers, coverage and steering; agents have pauses, waits their curve, repeats the shared numbers,
    /// unserved the summary
    #[arg(long, default_value = "figures", value_enum)]
    pub(super) part: Part,
    /// How to show it [default: what FILE ends in; else table on a terminal, else csv]
    #[arg(long, value_name = "FORMAT", value_enum)]
    pub(super) output: Option<Output>,
    /// The language of tables; csv, json and xlsx keep their names
    #[arg(long, value_enum, default_value_t)]
    pub(super) lang: Lang,
    /// Write to this file instead of stdout; it is replaced when all is written
    #[arg(long, value_name = "FILE")]
    pub(super) out: Option<PathBuf>,
}

/// What a report can be asked with whose rows may be of other things than queues.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct GroupedOptions {
    #[command(flatten)]
    pub(super) common: Options,
    /// What rows are of; a line is that dialled, a team that of whoever answered the call first (agents: their own), a
    /// calendar that of the first queue, open and closed apart
    #[arg(long, default_value = "queue", value_name = "WHAT", value_parser = groupings())]
    pub(super) by: By,
}

/// What is asked for, and whose rows the agent report has.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct AgentOptions {
    #[command(flatten)]
    pub(super) common: Options,
    /// Whose figures a row holds; of a team those of its agents, each as of the team they were in at that time
    #[arg(long, value_enum, default_value = "agent", value_name = "WHAT")]
    pub(super) by: Whose,
}

/// Whose figures a row of the agent report holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Whose {
    /// An agent's
    #[default]
    Agent,
    /// A team's
    Team,
}

impl Whose {
    /// The same as the query has it.
    pub(super) const fn by(self) -> By {
        match self {
            Self::Agent => By::Queue,
            Self::Team => By::Team,
        }
    }
}

/// Which rows of a report are shown, where it has rows of several kinds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Part {
    /// A row a queue
    #[default]
    Figures,
    /// Transfers by method and target, failures by cause, outcomes, depth of returns
    Kinds,
    /// From which queue or agent to where
    Matrix,
    /// The ways of calls passed around, with calls to look into
    Loops,
    /// Surveys: a row a disposition
    Funnel,
    /// Surveys: who was invited, who answered
    Rates,
    /// Surveys: a row a question
    Scores,
    /// Surveys: a row an answer
    Answers,
    /// Surveys: respondents against all handled calls
    Coverage,
    /// Surveys: which agent lets callers be asked
    Steering,
    /// Agents: time paused, by reason
    Pauses,
    /// Waits: by what age how many are answered, if all stayed (W11)
    Curve,
    /// Repeats: numbers that many people share, left out
    Shared,
    /// Unserved: people, calls and callbacks in one row
    Summary,
}

impl Part {
    /// The place of the part in a report which has only this one besides its figures.
    pub(super) fn beside(self, only: Self) -> usize {
        usize::from(self == only)
    }

    /// The place of the part among those of a survey report of a channel.
    pub(super) const fn of_survey(self, channel: AnswerChannel) -> usize {
        match (channel, self) {
            (AnswerChannel::Phone, Self::Rates) => 1,
            (AnswerChannel::Phone, Self::Scores) => 2,
            (AnswerChannel::Phone, Self::Answers) => 3,
            (AnswerChannel::Phone, Self::Coverage) => 4,
            (AnswerChannel::Phone, Self::Steering) => 5,
            (AnswerChannel::Phone, _) | (AnswerChannel::Appeal | AnswerChannel::Social, _) => 0,
            (_, Self::Answers) => 1,
            (_, _) => 0,
        }
    }
}

/// The words of `--channel` of the survey report.
pub(super) fn channels() -> impl clap::builder::TypedValueParser<Value = AnswerChannel> {
    const ALL: [AnswerChannel; 8] = [
        AnswerChannel::Phone,
        AnswerChannel::Paper,
        AnswerChannel::Web,
        AnswerChannel::Exit,
        AnswerChannel::Window,
        AnswerChannel::Mystery,
        AnswerChannel::Appeal,
        AnswerChannel::Social,
    ];
    words(ALL, AnswerChannel::as_str)
}

/// The words of `--by` of the survey report.
pub(super) fn survey_groupings() -> impl clap::builder::TypedValueParser<Value = SurveyGrouping> {
    words(SurveyGrouping::ALL, SurveyGrouping::as_str)
}

/// The words of `--bucket`.
fn buckets() -> impl clap::builder::TypedValueParser<Value = Bucket> {
    words(Bucket::ALL, Bucket::as_str)
}

/// The words of `--compat`.
fn packs() -> impl clap::builder::TypedValueParser<Value = Pack> {
    words(Pack::ALL, Pack::as_str)
}

/// The words of `--headline`.
fn headlines() -> impl clap::builder::TypedValueParser<Value = Headline> {
    words(Headline::ALL, Headline::as_str)
}

/// The words of `--lens`.
fn lenses() -> impl clap::builder::TypedValueParser<Value = Lens> {
    words(Lens::ALL, Lens::as_str)
}

/// The words of `--compare`.
fn comparisons() -> impl clap::builder::TypedValueParser<Value = Compare> {
    words(Compare::ALL, Compare::as_str)
}

/// The words of `--by`.
fn groupings() -> impl clap::builder::TypedValueParser<Value = By> {
    words(By::ALL, By::as_str)
}

/// The words of `--basis`.
fn bases() -> impl clap::builder::TypedValueParser<Value = Basis> {
    words(Basis::ALL, Basis::as_str)
}

fn words<T: Copy + Send + Sync + 'static, const N: usize>(
    all: [T; N],
    as_str: fn(T) -> &'static str,
) -> impl clap::builder::TypedValueParser<Value = T> {
    PossibleValuesParser::new(all.map(as_str)).map(move |word| {
        let found = all.into_iter().find(|one| as_str(*one) == word);
        found.expect("the parser admits these words only")
    })
}

/// The query that the flags make; asks the server for its zone where a date needs one.
pub(super) async fn query(
    options: &Options,
    client: &mut Client,
    clock: &Clock,
) -> Result<v1::ReportQuery, Failure> {
    let bounds = [options.from, options.to];
    let [start, end] = instants(bounds, options.zone.as_deref(), client, clock).await?;
    Ok(v1::ReportQuery {
        start,
        end,
        zone: options.zone.clone().unwrap_or_default(),
        bucket: bucket(options.bucket).into(),
        queues: options.queue.clone(),
        service_level: options.service_level.map(Into::into),
        short_abandon: options.short_abandon.map(Into::into),
        short_answered: options.short_answered.map(Into::into),
        lens: lens(options.lens).into(),
        basis: basis(options.basis).into(),
        headline: options
            .headline
            .map_or_else(String::new, |formula| formula.as_str().to_owned()),
        hours: options.hours.clone().unwrap_or_default(),
        lines: options.line.clone(),
        teams: options.team.clone(),
        by: v1::Grouping::Unspecified.into(),
        exact: options.exact,
        compare: comparison(options.compare).into(),
    })
}

/// The instants of a period's bounds; the server is asked for its zone where a date needs one.
pub(in crate::cli) async fn instants(
    bounds: [Option<Bound>; 2],
    zone: Option<&str>,
    client: &mut Client,
    clock: &Clock,
) -> Result<[Option<pbjson_types::Timestamp>; 2], Failure> {
    let mut period = bounds.map(|bound| bound.and_then(Bound::instant));
    if period.contains(&None) {
        let zone = match zone {
            Some(zone) => zone.to_owned(),
            None => client.zone().await?,
        };
        let zone = Zone::find(&zone)
            .map_err(|error| Failure::new(Exit::Failure, format!("{error} (--zone)")))?;
        period = period::resolve(bounds, zone.rules(), clock.now())?.map(Some);
    }
    Ok(period.map(|at| at.map(text::timestamp)))
}

fn bucket(bucket: Bucket) -> v1::Bucket {
    match bucket {
        Bucket::Total => v1::Bucket::Total,
        Bucket::Minutes15 => v1::Bucket::Minutes15,
        Bucket::Minutes30 => v1::Bucket::Minutes30,
        Bucket::Hour => v1::Bucket::Hour,
        Bucket::Day => v1::Bucket::Day,
        Bucket::Week => v1::Bucket::Week,
        Bucket::Month => v1::Bucket::Month,
        Bucket::Weekday => v1::Bucket::Weekday,
        Bucket::HourOfDay => v1::Bucket::HourOfDay,
    }
}

fn lens(lens: Lens) -> v1::Lens {
    match lens {
        Lens::Visit => v1::Lens::Visit,
        Lens::Journey => v1::Lens::Journey,
    }
}

/// The message's word for what rows are of.
pub(super) fn grouping(by: By) -> v1::Grouping {
    match by {
        By::Queue => v1::Grouping::Unspecified,
        By::Line => v1::Grouping::Line,
        By::Team => v1::Grouping::Team,
        By::Calendar => v1::Grouping::Calendar,
    }
}

fn basis(basis: Basis) -> v1::Basis {
    match basis {
        Basis::Cohort => v1::Basis::Cohort,
        Basis::Event => v1::Basis::Event,
    }
}

fn comparison(compare: Option<Compare>) -> v1::Comparison {
    match compare {
        None | Some(Compare::Nothing) => v1::Comparison::Unspecified,
        Some(Compare::Previous) => v1::Comparison::Previous,
        Some(Compare::LastWeek) => v1::Comparison::LastWeek,
        Some(Compare::LastYear) => v1::Comparison::LastYear,
    }
}
