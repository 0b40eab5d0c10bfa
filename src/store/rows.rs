//! What reports read: the rows of a period, as of one journal position.

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;

use tokio::sync::mpsc;

use crate::database::{self, OpenError};
use crate::model::{
    AgentTold, CallId, CallRecord, CallRow, Caller, Direction, LineId, LineTold, Position, QueueId,
    SourceId, SurveySession, SurveyText, Timestamp, TransferRow, VisitRow,
};

use super::forms::FormsAsked;
use super::keeping::Kept;
use super::rollups::{Gather, Part};
use super::stored::{Place, StoredCall};
use super::surveyed::Surveyed;

/// Why the store could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database failed.
    #[error("the store failed to {doing}")]
    Database {
        /// What was being done.
        doing: &'static str,
        /// What the database said.
        #[source]
        source: sqlx::Error,
    },
    /// The connection to the database is gone; what was being done may have been done.
    #[error("the store's database was lost when it was to {doing}")]
    Lost {
        /// What was being done.
        doing: &'static str,
        /// What the connection said.
        #[source]
        source: sqlx::Error,
    },
    /// Another dozvon writes it now.
    #[error("another dozvon has taken the database over while this one had lost its connection")]
    TakenOver,
    /// The database can no longer be trusted.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The disk is full; trying again later helps.
    #[error("the disk is full")]
    Full,
    /// Somebody reads what is to be cleaned; trying again later helps.
    #[error("somebody reads the store at this moment")]
    Busy,
    /// The store's task has stopped.
    #[error("the store has stopped")]
    Stopped,
    /// A row holds what no version has written.
    #[error("the store's {what} cannot be read")]
    Corrupt {
        /// What could not be read.
        what: &'static str,
    },
}

/// Names what was being done, and says what kind of failure it was.
pub(super) fn failed(doing: &'static str) -> impl Fn(sqlx::Error) -> Error {
    move |source| {
        if database::is_full(&source) {
            return Error::Full;
        }
        if database::is_lost(&source) {
            return Error::Lost { doing, source };
        }
        Error::Database { doing, source }
    }
}

/// Rows of a stretch of time; those of open calls are marked provisional.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// Calls that arrived in the period, test calls included (they are counted as left out).
    pub calls: Vec<CallRow>,
    /// Visits whose queue entry lies in the period, without those of test calls.
    pub visits: Vec<VisitRow>,
    /// Transfers of calls that arrived in the period, without those of test calls.
    pub transfers: Vec<TransferRow>,
}

/// What is known before any call is read.
#[derive(Clone, Debug, Default)]
pub struct Head {
    /// Every queue ever seen, sorted.
    pub queues: Vec<QueueId>,
    /// Everything up to here is in the rows.
    pub stored: Position,
    /// When the last settled call of all arrived.
    pub last_arrival: Option<Timestamp>,
    /// From where on things are kept.
    pub kept: Kept,
    /// What is known of erased callers.
    pub erased: Erased,
}

/// How much was erased, of whatever time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Erased {
    /// Calls whose callers were erased, those that are gone since among them.
    pub calls: u64,
    /// When that was done last.
    pub last: Option<Timestamp>,
}

/// First instant, and first instant after.
pub type Period = (Timestamp, Timestamp);

/// What was told of agents and lines, in order of time.
#[derive(Clone, Debug, Default)]
pub struct Told {
    /// What agents' states became, and ends of wrap-ups.
    pub agents: Vec<AgentTold>,
    /// How far each source told of agents: of one that told later too, to the period's end.
    pub agents_until: BTreeMap<SourceId, Timestamp>,
    /// Channels in use.
    pub lines: Vec<LineTold>,
    /// How far each source told of lines, alike.
    pub lines_until: BTreeMap<SourceId, Timestamp>,
}

/// When all channels of lines were in use, by what was told in a period.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BusyLines {
    /// Whose line, from when, and until it was told of again; `None` = it was not.
    pub stretches: Vec<(SourceId, Timestamp, Option<Timestamp>)>,
    /// When one of the lines asked for was first told of.
    pub first_told: Option<Timestamp>,
    /// How far each source told of lines: of one that told later too, to the period's end.
    pub until: BTreeMap<SourceId, Timestamp>,
}

/// The calls of one caller in a period.
#[derive(Clone, Debug, Default)]
pub struct OfCaller {
    /// The calls.
    pub calls: Vec<StoredCall>,
    /// When the last call of all arrived, whoever's it was and whenever.
    pub last_arrival: Option<Timestamp>,
}

/// A human and a caller spoke.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spoken {
    /// The caller, by the hash of the pseudonym.
    pub caller: [u8; 16],
    /// Who called whom.
    pub direction: Direction,
}

impl Spoken {
    /// Of a call; `None` = nobody spoke in it, or nobody knows with whom.
    pub(crate) fn of(record: &CallRecord) -> Option<Self> {
        match record.caller {
            Caller::Known(known) if !record.legs.is_empty() && !record.test => Some(Self {
                caller: known.hash,
                direction: record.direction,
            }),
            Caller::Known(_) | Caller::Withheld | Caller::Unknown => None,
        }
    }
}

/// Reads rows; implemented by each database.
pub trait Rows: Clone + Send + Sync + 'static {
    /// Sends the calls that arrived in the period, open ones among them, in the order of their places and behind
    /// `after`, in parts; as of one position. Ends early when nobody listens.
    fn calls(
        &self,
        period: Period,
        after: Option<Place>,
        parts: mpsc::Sender<Vec<StoredCall>>,
    ) -> impl Future<Output = Result<(), Error>> + Send;

    /// Sends the calls of the period that were passed on twice or more, or sent back, in the same way.
    fn calls_passed_around(
        &self,
        period: Period,
        parts: mpsc::Sender<Vec<StoredCall>>,
    ) -> impl Future<Output = Result<(), Error>> + Send;

    /// Sends who was spoken to in calls that arrived in the period, open ones among them: of calls without everything told
    /// of them, so that a long time is looked through quickly.
    fn spoken(
        &self,
        period: Period,
        parts: mpsc::Sender<Vec<Spoken>>,
    ) -> impl Future<Output = Result<(), Error>> + Send;

    /// The calls of a caller, by the hash of the pseudonym, that arrived in a period, open ones among them, in the order of
    /// their places; as of one position.
    fn calls_of_caller(
        &self,
        caller: &[u8; 16],
        period: Period,
    ) -> impl Future<Output = Result<OfCaller, Error>> + Send;

    /// The calls with this id, of any source.
    fn call(&self, id: &CallId) -> impl Future<Output = Result<Vec<StoredCall>, Error>> + Send;

    /// The survey session of a call, if it has one.
    fn session(
        &self,
        source: &SourceId,
        call: &CallId,
    ) -> impl Future<Output = Result<Option<SurveySession>, Error>> + Send;

    /// Every survey's definitions, by name and version.
    fn surveys(&self) -> impl Future<Output = Result<Vec<SurveyText>, Error>> + Send;

    /// What was told of agents and lines in a period.
    fn told(&self, period: Period) -> impl Future<Output = Result<Told, Error>> + Send;

    /// Whether anything was ever told of a line: a call that dialled it, or its channels.
    fn has_line(&self, line: &LineId) -> impl Future<Output = Result<bool, Error>> + Send;

    /// When all channels of lines were in use; of all lines when none is named.
    fn busy_lines(
        &self,
        period: Period,
        lines: &BTreeSet<LineId>,
    ) -> impl Future<Output = Result<BusyLines, Error>> + Send;

    /// Sends what makes a period up, all as of one position: its head, then roll-ups where they may be used and stand for
    /// the rows, rows for the rest, and what open calls have in it. Ends early when nobody listens.
    fn gather(
        &self,
        asked: &Gather,
        parts: mpsc::Sender<Part>,
    ) -> impl Future<Output = Result<(), Error>> + Send;

    /// Sends every survey's definitions, then the calls of a period with the sessions they had; as of one position. Ends early
    /// when nobody listens.
    fn surveyed(
        &self,
        period: Period,
        parts: mpsc::Sender<Surveyed>,
    ) -> impl Future<Output = Result<(), Error>> + Send;

    /// Sends every survey's definitions, then the forms of a channel and period, in parts and the order of time; as of one
    /// position. Ends early when nobody listens.
    fn forms(
        &self,
        asked: FormsAsked,
        parts: mpsc::Sender<Surveyed>,
    ) -> impl Future<Output = Result<(), Error>> + Send;

    /// What is known before any call is read.
    fn head(&self) -> impl Future<Output = Result<Head, Error>> + Send;
}
