//! The tree of what can be configured, each key with its default.
//!
//! `deploy/dozvon.toml` says the same for people; a test holds the two together.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::model::WRAP_UP_MAX;

use super::asterisk::Asterisk;
use super::database::DatabaseUrl;
use super::floor::{Agent, Line, PlannedRoute};
use super::hours::CalendarTable;
use super::plan::PlanTable;
use super::rules::{Queue, ServiceLevel};
use super::value::{self, Country, Zone};

/// Everything that can be configured.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// The hotline's time zone: reports count its days and hours.
    pub zone: Zone,
    /// Where the databases lie.
    pub data_dir: PathBuf,
    /// The PostgreSQL database that is taken instead.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub database: Option<DatabaseUrl>,
    /// The doors.
    pub server: Server,
    /// How events are taken in.
    pub ingest: Ingest,
    /// When a call is over.
    pub calls: Calls,
    /// What queues are measured by that say nothing of their own.
    pub service_level: ServiceLevel,
    /// What the board says of agents.
    pub board: Board,
    /// Callers' numbers.
    pub privacy: Privacy,
    /// Whom to ask for their opinion.
    pub survey: Survey,
    /// How long what is kept.
    pub retention: Retention,
    /// What is logged, and how.
    pub log: Log,
    /// Queues that are known from the start.
    #[serde(rename = "queue", skip_serializing_if = "Vec::is_empty")]
    pub queues: Vec<Queue>,
    /// Sources that are known from the start.
    #[serde(rename = "source", skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<Source>,
    /// Switches of the kind Asterisk.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub asterisk: Vec<Asterisk>,
    /// Business calendars.
    #[serde(rename = "calendar", skip_serializing_if = "Vec::is_empty")]
    pub calendars: Vec<CalendarTable>,
    /// Lines with names.
    #[serde(rename = "line", skip_serializing_if = "Vec::is_empty")]
    pub lines: Vec<Line>,
    /// Agents with names and teams.
    #[serde(rename = "agent", skip_serializing_if = "Vec::is_empty")]
    pub agents: Vec<Agent>,
    /// The way that calls are meant to go.
    #[serde(rename = "planned_route", skip_serializing_if = "Vec::is_empty")]
    pub planned_routes: Vec<PlannedRoute>,
    /// How many agents are to be there.
    #[serde(rename = "plan", skip_serializing_if = "Vec::is_empty")]
    pub plans: Vec<PlanTable>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            zone: Zone::default(),
            data_dir: "./dozvon-data".into(),
            database: None,
            server: Server::default(),
            ingest: Ingest::default(),
            calls: Calls::default(),
            service_level: ServiceLevel::default(),
            board: Board::default(),
            privacy: Privacy::default(),
            survey: Survey::default(),
            retention: Retention::default(),
            log: Log::default(),
            queues: Vec::new(),
            sources: Vec::new(),
            asterisk: Vec::new(),
            calendars: Vec::new(),
            lines: Vec::new(),
            agents: Vec::new(),
            planned_routes: Vec::new(),
            plans: Vec::new(),
        }
    }
}

/// The doors.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Server {
    /// Where gRPC listens; port 0 picks a free one.
    #[serde(with = "value::address")]
    pub grpc: SocketAddr,
    /// Where `/metrics` and `/healthz` listen.
    #[serde(with = "value::address")]
    pub http: SocketAddr,
    /// Whether plain text may leave this machine.
    pub plain_text_elsewhere: bool,
}

impl Default for Server {
    fn default() -> Self {
        Self {
            grpc: (Ipv4Addr::LOCALHOST, 7440).into(),
            http: (Ipv4Addr::LOCALHOST, 7441).into(),
            plain_text_elsewhere: false,
        }
    }
}

/// How events are taken in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Ingest {
    /// Events a stream may have sent and not seen acked.
    pub window_events: u32,
    /// Events one batch may hold.
    pub batch_events_max: u32,
    /// How long a silent sender keeps its source.
    #[serde(with = "value::span")]
    pub lease: Duration,
    /// Positions the store may lag behind the journal before the journal waits.
    pub store_lag_max: u64,
}

impl Default for Ingest {
    fn default() -> Self {
        Self {
            window_events: 65_536,
            batch_events_max: 10_000,
            lease: Duration::from_secs(10),
            // What is applied in about 2 s.
            store_lag_max: 400_000,
        }
    }
}

/// What the board says of agents.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Board {
    /// Who works after a call for longer is named.
    #[serde(with = "value::span")]
    pub wrap_up_max: Duration,
}

impl Default for Board {
    fn default() -> Self {
        Self {
            wrap_up_max: WRAP_UP_MAX,
        }
    }
}

/// When a call is over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Calls {
    /// Live calls settle this long after their end, by the source's own time.
    #[serde(with = "value::span")]
    pub settle: Duration,
    /// Calls of a backfill settle this many events after their end.
    pub settle_events: u32,
    /// A call without an end is closed after this.
    #[serde(with = "value::span")]
    pub call_deadline: Duration,
    /// Calls of one source that may be open at once; beyond it the one longest without news is closed.
    pub open_calls_max: u32,
}

impl Default for Calls {
    fn default() -> Self {
        Self {
            settle: Duration::from_secs(30),
            settle_events: 10_000,
            call_deadline: Duration::from_secs(24 * 60 * 60),
            // No hotline has so many at once: their ends were lost.
            open_calls_max: 200_000,
        }
    }
}

/// Callers' numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Privacy {
    /// The key of the pseudonyms; without one it lies beside the data folder (`Config::key_file`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_file: Option<PathBuf>,
}

/// Whom to ask for their opinion, and what.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Survey {
    /// The survey of lines without their own; without one they are not asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub survey: Option<String>,
    /// The language of lines without their own.
    pub language: String,
    /// When callers are invited.
    pub invite: Invite,
    /// Who talked for less is not asked.
    #[serde(with = "value::span")]
    pub talk_min: Duration,
    /// The share of eligible calls that are drawn.
    pub sample_percent: u32,
    /// Who was invited less than this ago is left in peace.
    #[serde(with = "value::span")]
    pub quiet_period: Duration,
    /// Working days, Monday to Friday, after the one on which a case was opened: by their end it is to be closed.
    pub case_days: u32,
    /// Definitions that are put at the start.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<PathBuf>,
    /// Lines with a survey, a language or an invitation of their own.
    #[serde(rename = "line", skip_serializing_if = "Vec::is_empty")]
    pub lines: Vec<SurveyLine>,
}

impl Default for Survey {
    fn default() -> Self {
        Self {
            survey: None,
            language: "ru".to_owned(),
            invite: Invite::After,
            // Shorter is a wrong number, or a transfer.
            talk_min: Duration::from_secs(20),
            sample_percent: 100,
            // Who calls every day is asked once a month.
            quiet_period: Duration::from_secs(30 * 24 * 60 * 60),
            // An answer within the week, and time to ask the specialist.
            case_days: 3,
            files: Vec::new(),
            lines: Vec::new(),
        }
    }
}

/// When callers are invited.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Invite {
    /// After the talk.
    #[default]
    After,
    /// By the menu, before the queue.
    Before,
}

/// How the callers of a line are asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SurveyLine {
    /// The number dialled, as the switch tells it.
    pub line: String,
    /// Its survey; else that of `[survey]`. Empty = its callers are not asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub survey: Option<String>,
    /// Its language; else that of `[survey]`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// When its callers are invited; else as `[survey]` says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invite: Option<Invite>,
}

/// How long what is kept; what is not said is kept for ever.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Retention {
    /// The journal's rows, from their commit on.
    #[serde(with = "value::optional_span", skip_serializing_if = "Option::is_none")]
    pub journal: Option<Duration>,
    /// Calls with all that belongs to them, from their arrival on.
    #[serde(with = "value::optional_span", skip_serializing_if = "Option::is_none")]
    pub calls: Option<Duration>,
    /// Roll-ups, the sums of calls, from the end of what they sum on.
    #[serde(with = "value::optional_span", skip_serializing_if = "Option::is_none")]
    pub rollups: Option<Duration>,
    /// Who called, from the call's arrival on.
    #[serde(with = "value::optional_span", skip_serializing_if = "Option::is_none")]
    pub pseudonyms: Option<Duration>,
}

/// What is logged, and how.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Log {
    /// For people or for programs.
    pub format: LogFormat,
    /// The least important level that is logged.
    pub level: LogLevel,
}

/// How a log line looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// How important a log line is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the levels of every logger")]
pub enum LogLevel {
    Error,
    Warn,
    #[default]
    Info,
    Debug,
    Trace,
}

/// A source that is known from the start.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// Its name, as its connector says it.
    pub name: String,
    /// The country whose dialling rules its numbers follow.
    #[serde(default)]
    pub country: Country,
    /// The zone of local times in its logs; else the hotline's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone: Option<Zone>,
}
