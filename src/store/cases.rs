//! Cases at rest: an opening each, and the steps that say where they stand.

use crate::database::{Columns, Fetch, on};
use crate::model::{
    AnswerChannel, AnswerCode, CallId, CaseOpened, CaseState, CaseStep, CaseSubject, Cause, FormId,
    Position, QuestionId, SourceId, SurveyId, Timestamp,
};

use super::read::Store;
use super::rows::{Error, Period, failed};
use super::table::Kind::{Blob, Int, Text};
use super::table::{Rows, Table};
use super::write::Write;

static CASES: Table = Table {
    name: "cases",
    columns: &[
        ("case_key", Blob),
        ("number", Int),
        ("source", Text),
        ("call_key", Blob),
        ("call_id", Text),
        ("form", Text),
        ("survey", Text),
        ("version", Int),
        ("channel", Int),
        ("opened_at", Int),
        ("due_at", Int),
        ("said", Text),
    ],
    // An interview or form has one case.
    conflict: "on conflict do nothing",
    doing: "write cases",
};

static CASE_STEPS: Table = Table {
    name: "case_steps",
    columns: &[
        ("case_key", Blob),
        ("position", Int),
        ("at", Int),
        ("step", Int),
        ("by_name", Text),
        ("done", Text),
        ("cause", Int),
    ],
    conflict: "on conflict do nothing",
    doing: "write steps of cases",
};

/// Puts another id in the place of a case's call ($1; $2 its source, $3 its key), and a word ($4) in that of what was
/// written of it and of recordings.
pub(super) const FORGET: [&str; 2] = [
    "update cases set call_id = $1, said = case when said like '%recording:%' then $4 else said end
        where source = $2 and call_key = $3",
    "update case_steps set done = case done when '' then '' else $4 end
        where case_key in (select case_key from cases
            where call_id = $1 and source = $2 and call_key = $3)",
];
/// What removes the cases of a call: by source and key.
pub(super) const REMOVALS: [&str; 2] = [
    "delete from case_steps where case_key in (select case_key from cases
        where source = (select name from sources where source_id = $1) and call_key = $2)",
    "delete from cases
        where source = (select name from sources where source_id = $1) and call_key = $2",
];
/// What removes cases of no call, or of one that nothing was ever told of, opened before an instant.
pub(super) const REMOVALS_UNBOUND: [&str; 2] = [
    "delete from case_steps where case_key in (select case_key from cases
        where opened_at < $1 and not exists (select 1 from call_keys join sources using (source_id)
            where sources.name = cases.source and call_keys.call_key = cases.call_key))",
    "delete from cases
        where opened_at < $1 and not exists (select 1 from call_keys join sources using (source_id)
            where sources.name = cases.source and call_keys.call_key = cases.call_key)",
];

/// The rows of cases.
pub(super) fn rows(write: &Write) -> [Rows<'_>; 2] {
    let mut cases = Rows::of(&CASES, write.cases.len());
    let mut steps = Rows::of(&CASE_STEPS, write.cases.len());
    for taken in &write.cases {
        let key = taken.subject.key().to_bytes().to_vec();
        let (position, at) = (taken.position.0 as i64, taken.at.as_micros());
        let step = match &taken.step {
            CaseStep::Opened(opened) => {
                let subject = &taken.subject;
                let call = subject.call.as_ref();
                let said = opened.said.iter();
                let said: Vec<_> = said
                    .map(|(asked, said)| format!("{asked}\t{said}"))
                    .collect();
                cases.push([
                    key.into(),
                    position.into(),
                    subject.source.as_str().into(),
                    call.map(|call| call.key().to_bytes().to_vec()).into(),
                    call.map(CallId::as_str).into(),
                    subject.form.as_ref().map(FormId::as_str).into(),
                    opened.survey.as_str().into(),
                    opened.version.into(),
                    opened.channel.code().into(),
                    at.into(),
                    opened.due_at.as_micros().into(),
                    said.join("\n").into(),
                ]);
                continue;
            }
            CaseStep::Taken { owner } => (CaseState::Taken, &**owner, "", None),
            CaseStep::Closed { by, done, cause } => (CaseState::Closed, &**by, &**done, *cause),
        };
        let (state, by, done, cause) = step;
        steps.push([
            key.into(),
            position.into(),
            at.into(),
            state.code().into(),
            by.into(),
            done.into(),
            cause.map(Cause::code).into(),
        ]);
    }
    [cases, steps]
}

/// Which cases are asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CasesAsked {
    /// One, by number.
    Number(Position),
    /// Those behind a number that are not closed, or are, or both; so many at the most, by number.
    Page {
        /// Behind this.
        after: Position,
        /// Whether closed ones are wanted.
        closed: bool,
        /// Whether the others are.
        open: bool,
        /// So many at the most.
        at_most: u32,
    },
    /// Those opened or closed in a period, and those that are not closed yet.
    Period(Period),
}

/// A case with where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredCase {
    /// Its number: the position of its opening.
    pub number: Position,
    /// What it is about.
    pub subject: CaseSubject,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// Why, and until when it is to be closed.
    pub opened: CaseOpened,
    /// Who has it, since when.
    pub taken: Option<(Box<str>, Timestamp)>,
    /// Who closed it, what was done, the cause, when.
    pub closed: Option<Closing>,
}

/// How a case was closed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Closing {
    /// Who closed it.
    pub by: Box<str>,
    /// What was done.
    pub done: Box<str>,
    /// What it came from.
    pub cause: Option<Cause>,
    /// When.
    pub at: Timestamp,
}

impl StoredCase {
    /// Where it stands.
    pub const fn state(&self) -> CaseState {
        match (&self.closed, &self.taken) {
            (Some(_), _) => CaseState::Closed,
            (None, Some(_)) => CaseState::Taken,
            (None, None) => CaseState::Opened,
        }
    }
}

macro_rules! wanted {
    ($where:literal) => {
        (
            concat!(
                "select case_key, number, source, call_id, form, survey, version, channel,
                    opened_at, due_at, said from cases where ",
                $where,
                " order by number limit $5"
            ),
            concat!(
                "select case_key, at, step, by_name, done, cause from case_steps
                    where case_key in (select case_key from cases where ",
                $where,
                " order by number limit $5) order by case_key, position"
            ),
        )
    };
}

impl Store {
    /// Cases, by number.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn cases(&self, asked: &CasesAsked) -> Result<Vec<StoredCase>, Error> {
        let at = |position: &Position| i64::try_from(position.0).unwrap_or(i64::MAX);
        let ((rows, steps), values) = match asked {
            CasesAsked::Number(number) => (
                wanted!("number = $1 and $2 + $3 + $4 = 0"),
                [at(number), 0, 0, 0, 1],
            ),
            CasesAsked::Page {
                after,
                closed,
                open,
                at_most,
            } => (
                wanted!(
                    "number > $1 and $4 = 0 and case when exists (select 1 from case_steps
                        where case_steps.case_key = cases.case_key and step = 3)
                        then $2 else $3 end = 1"
                ),
                [
                    at(after),
                    i64::from(*closed),
                    i64::from(*open),
                    0,
                    i64::from(*at_most),
                ],
            ),
            CasesAsked::Period((start, end)) => (
                wanted!(
                    "(opened_at >= $1 and opened_at < $2) or (opened_at < $2 and $3 + $4 = 0
                        and not exists (select 1 from case_steps
                        where case_steps.case_key = cases.case_key and step = 3 and at < $1))"
                ),
                [start.as_micros(), end.as_micros(), 0, 0, i64::MAX],
            ),
        };
        let values = values.map(Into::into);
        on!(&mut self.begin().await?.transaction, transaction => {
            let connection = &mut **transaction;
            let found = connection.fetch(rows, &values).await.map_err(failed("read cases"))?;
            let mut places = std::collections::HashMap::new();
            let mut cases = Vec::new();
            for row in &found {
                places.insert(row.bytes(0).to_vec(), cases.len());
                cases.push(case(row)?);
            }
            let steps = connection.fetch(steps, &values).await.map_err(failed("read cases"))?;
            for row in &steps {
                if let Some(place) = places.get(row.bytes(0)) {
                    step(&mut cases[*place], row);
                }
            }
            Ok(cases)
        })
    }
}

fn case(row: &impl Columns) -> Result<StoredCase, Error> {
    let corrupt = || Error::Corrupt { what: "case" };
    let channel = u8::try_from(row.int(7)).ok();
    let channel = channel.and_then(AnswerChannel::from_code);
    let said = row.text(10).lines().filter_map(|line| {
        let (asked, said) = line.split_once('\t')?;
        Some((QuestionId::new(asked), AnswerCode::new(said)))
    });
    Ok(StoredCase {
        number: Position(row.int(1) as u64),
        subject: CaseSubject {
            source: SourceId::new(row.text(2)),
            call: row.maybe_text(3).map(CallId::new),
            form: row.maybe_text(4).map(FormId::new),
        },
        opened_at: Timestamp::from_micros(row.int(8)),
        opened: CaseOpened {
            survey: SurveyId::new(row.text(5)),
            version: row.int(6) as u32,
            channel: channel.ok_or_else(corrupt)?,
            due_at: Timestamp::from_micros(row.int(9)),
            said: said.collect(),
        },
        taken: None,
        closed: None,
    })
}

/// Applies a step; what comes after the end is nobody's.
fn step(case: &mut StoredCase, row: &impl Columns) {
    let at = Timestamp::from_micros(row.int(1));
    let by: Box<str> = row.text(3).into();
    if case.closed.is_some() {
        return;
    }
    if row.int(2) == i64::from(CaseState::Taken.code()) {
        case.taken = Some((by, at));
        return;
    }
    let cause = row.maybe_int(5).and_then(|code| u8::try_from(code).ok());
    case.closed = Some(Closing {
        by,
        done: row.text(4).into(),
        cause: cause.and_then(Cause::from_code),
        at,
    });
}
