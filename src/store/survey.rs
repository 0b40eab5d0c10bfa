//! Surveys at rest: their rows, and what a restart goes on with.

use crate::database::{Columns, Fetch, on};
use crate::model::{
    AnswerCode, CallId, Disposition, Pseudonym, QuestionId, SessionEnded, SessionOpened, SourceId,
    SurveyConsent, SurveyId, SurveyQuestion, SurveyReason, SurveySession, SurveyText, Timestamp,
};

use super::read::Store;
use super::rows::{Error, failed};
use super::table::Kind::{Blob, Int, Text};
use super::table::{Rows, Table};
use super::write::{Ids, Write};

static SURVEY_DEFINITIONS: Table = Table {
    name: "survey_definitions",
    columns: &[
        ("survey", Text),
        ("version", Int),
        ("put_at", Int),
        ("definition", Text),
    ],
    // A version never changes.
    conflict: "on conflict do nothing",
    doing: "write surveys",
};

static SURVEY_SESSIONS: Table = Table {
    name: "survey_sessions",
    columns: &[
        ("source_id", Int),
        ("call_key", Blob),
        ("call_id", Text),
        ("survey", Text),
        ("version", Int),
        ("language", Text),
        ("opened_at", Int),
        ("reason", Int),
        ("rate", Int),
        ("ended_at", Int),
        ("disposition", Int),
        ("no_dtmf", Int),
        ("settled", Int),
        ("state", Blob),
    ],
    conflict: "on conflict (source_id, call_key) do update set ended_at = excluded.ended_at,
        disposition = excluded.disposition, no_dtmf = excluded.no_dtmf,
        settled = excluded.settled, state = excluded.state",
    doing: "write survey sessions",
};

static SURVEY_ANSWERS: Table = Table {
    name: "survey_answers",
    columns: &[
        ("source_id", Int),
        ("call_key", Blob),
        ("place", Int),
        ("question", Text),
        ("answer", Text),
        ("coded", Int),
        ("done_at", Int),
        ("noinputs", Int),
        ("nomatches", Int),
        ("repeats", Int),
    ],
    conflict: "on conflict (source_id, call_key, place) do update set question = excluded.question,
        answer = excluded.answer, coded = excluded.coded, done_at = excluded.done_at,
        noinputs = excluded.noinputs, nomatches = excluded.nomatches, repeats = excluded.repeats",
    doing: "write survey answers",
};

static SURVEY_CONSENTS: Table = Table {
    name: "survey_consents",
    columns: &[
        ("source_id", Int),
        ("call_key", Blob),
        ("question", Text),
        ("text_id", Text),
        ("version", Int),
        ("audio", Blob),
        ("audio_told", Int),
        ("key", Text),
        ("at", Int),
    ],
    conflict: "on conflict do nothing",
    doing: "write consents",
};

/// The rows of what surveys came to.
pub(super) fn rows<'a>(write: &'a Write, ids: &Ids) -> [Rows<'a>; 4] {
    [
        definitions(write),
        sessions(write, ids),
        answers(write, ids),
        consents(write, ids),
    ]
}

fn definitions(write: &Write) -> Rows<'_> {
    let mut rows = Rows::of(&SURVEY_DEFINITIONS, write.surveys.len());
    for text in &write.surveys {
        rows.push([
            text.survey.as_str().into(),
            text.version.into(),
            text.put_at.as_micros().into(),
            (&*text.text).into(),
        ]);
    }
    rows
}

fn key_of(session: &SurveySession) -> Vec<u8> {
    session.call.key().to_bytes().to_vec()
}

fn sessions<'a>(write: &'a Write, ids: &Ids) -> Rows<'a> {
    let mut rows = Rows::of(&SURVEY_SESSIONS, write.sessions.len());
    for session in &write.sessions {
        let opened = &session.opened;
        let ended = session.ended.as_ref();
        rows.push([
            ids[&session.source].into(),
            key_of(session).into(),
            session.call.as_str().into(),
            opened.survey.as_str().into(),
            opened.version.into(),
            (&*opened.language).into(),
            session.opened_at.map(Timestamp::as_micros).into(),
            opened.reason.code().into(),
            opened.rate.into(),
            ended.map(|(at, _)| at.as_micros()).into(),
            ended.map(|(_, ended)| ended.disposition.code()).into(),
            ended.is_some_and(|(_, ended)| ended.no_dtmf).into(),
            session.settled.into(),
            session.state.as_slice().into(),
        ]);
    }
    rows
}

fn answers<'a>(write: &'a Write, ids: &Ids) -> Rows<'a> {
    let mut rows = Rows::of(&SURVEY_ANSWERS, write.sessions.len());
    for session in &write.sessions {
        for (place, question) in session.questions.iter().enumerate() {
            rows.push([
                ids[&session.source].into(),
                key_of(session).into(),
                (place as i64).into(),
                question.question.as_str().into(),
                question.answer.as_ref().map(AnswerCode::as_str).into(),
                question.coded.into(),
                question.done_at.map(Timestamp::as_micros).into(),
                question.noinputs.into(),
                question.nomatches.into(),
                question.repeats.into(),
            ]);
        }
    }
    rows
}

fn consents<'a>(write: &'a Write, ids: &Ids) -> Rows<'a> {
    let mut rows = Rows::of(&SURVEY_CONSENTS, write.sessions.len());
    for session in &write.sessions {
        for consent in &session.consents {
            let question = consent.question.as_ref();
            rows.push([
                ids[&session.source].into(),
                key_of(session).into(),
                question.map_or("", QuestionId::as_str).into(),
                (&*consent.text_id).into(),
                consent.version.into(),
                consent.audio.as_slice().into(),
                consent.audio_told.into(),
                consent.key.map(String::from).into(),
                consent.at.as_micros().into(),
            ]);
        }
    }
    rows
}

/// A statement about sessions of calls that no key is known of, ended before an instant.
macro_rules! unbound {
    ($before:literal, $behind:literal) => {
        concat!(
            $before,
            "select one.source_id, one.call_key from survey_sessions one where one.ended_at < $1
                and not exists (select 1 from call_keys where call_keys.source_id = one.source_id
                    and call_keys.call_key = one.call_key)",
            $behind
        )
    };
}

/// What removes the session of a call: by source and key.
pub(super) const REMOVALS: [&str; 3] = [
    "delete from survey_answers where source_id = $1 and call_key = $2",
    "delete from survey_consents where source_id = $1 and call_key = $2",
    "delete from survey_sessions where source_id = $1 and call_key = $2",
];
/// What removes sessions of calls that nothing was ever told of, ended before an instant.
pub(super) const REMOVALS_UNBOUND: [&str; 3] = [
    unbound!(
        "delete from survey_answers where (source_id, call_key) in (",
        ")"
    ),
    unbound!(
        "delete from survey_consents where (source_id, call_key) in (",
        ")"
    ),
    unbound!(
        "delete from survey_sessions where (source_id, call_key) in (",
        ")"
    ),
];
/// Puts another id in the place of a session's call.
pub(super) const FORGET_CALL: &str = "update survey_sessions set call_id = $1
    where source_id = $2 and call_key = $3";
/// Puts a word in the place of a session's answers that are no codes.
pub(super) const FORGET_ANSWERS: &str = "update survey_answers set answer = $1
    where source_id = $2 and call_key = $3 and coded = 0 and answer is not null";

/// What surveys left behind for a restart.
#[derive(Clone, Debug, Default)]
pub struct StoredSurveys {
    /// Sessions that may still change.
    pub sessions: Vec<SurveySession>,
    /// When callers were invited last, of calls that have settled.
    pub invited: Vec<(Pseudonym, Timestamp)>,
}

/// Reads what a restart goes on with.
pub(super) async fn load(connection: &mut impl Fetch) -> Result<StoredSurveys, Error> {
    let read = failed("read surveys");
    let sql = "select name, call_id, survey, version, language, opened_at, reason, rate, ended_at,
            disposition, no_dtmf, settled, survey_sessions.state, survey_sessions.source_id, call_key
        from survey_sessions join sources using (source_id)
        where settled = 0 or disposition is null";
    let mut sessions = Vec::new();
    for row in connection.fetch(sql, &[]).await.map_err(&read)? {
        let mut session = session(&row)?;
        session.state = row.bytes(12).to_vec();
        of_session(connection, &mut session, row.int(13), row.bytes(14)).await?;
        sessions.push(session);
    }
    // Two days more than any quiet period that is asked of are dropped by whoever keeps them.
    let sql = "select caller_key, caller, max(opened_at) from survey_sessions
            join call_keys using (source_id, call_key) join calls using (call_row)
        where opened_at is not null and reason in (1, 2) and caller_key is not null
        group by caller_key, caller";
    let mut invited = Vec::new();
    for row in connection.fetch(sql, &[]).await.map_err(&read)? {
        if let Ok(hash) = <[u8; 16]>::try_from(row.bytes(1)) {
            let key = row.int(0) as u32;
            invited.push((Pseudonym { key, hash }, Timestamp::from_micros(row.int(2))));
        }
    }
    Ok(StoredSurveys { sessions, invited })
}

pub(super) fn session(row: &dyn Columns) -> Result<SurveySession, Error> {
    let corrupt = || Error::Corrupt {
        what: "survey session",
    };
    let code = |column| u8::try_from(row.int(column)).map_err(|_| corrupt());
    let disposition = row.maybe_int(9).and_then(|code| u8::try_from(code).ok());
    let ended = row
        .maybe_int(8)
        .zip(disposition.and_then(Disposition::from_code));
    let no_dtmf = row.flag(10);
    Ok(SurveySession {
        source: SourceId::new(row.text(0)),
        call: CallId::new(row.text(1)),
        opened_at: row.maybe_int(5).map(Timestamp::from_micros),
        opened: SessionOpened {
            survey: SurveyId::new(row.text(2)),
            version: row.int(3) as u32,
            language: row.text(4).into(),
            reason: SurveyReason::from_code(code(6)?).ok_or_else(corrupt)?,
            rate: row.int(7) as u32,
        },
        consents: Vec::new(),
        questions: Vec::new(),
        ended: ended.map(|(at, disposition)| {
            let asked = Vec::new();
            let ended = SessionEnded {
                disposition,
                no_dtmf,
                asked,
            };
            (Timestamp::from_micros(at), ended)
        }),
        settled: row.flag(11),
        state: Vec::new(),
    })
}

/// Reads the questions and consents of a session.
async fn of_session(
    connection: &mut impl Fetch,
    session: &mut SurveySession,
    source_id: i64,
    key: &[u8],
) -> Result<(), Error> {
    let read = failed("read a survey session");
    let sql =
        "select question, answer, done_at, noinputs, nomatches, repeats, coded from survey_answers
        where source_id = $1 and call_key = $2 order by place";
    let rows = connection.fetch(sql, &[source_id.into(), key.into()]).await;
    let rows = rows.map_err(&read)?;
    session.questions = rows.iter().map(question).collect();
    let sql = "select question, text_id, version, audio, audio_told, key, at from survey_consents
        where source_id = $1 and call_key = $2 order by at, question";
    let rows = connection.fetch(sql, &[source_id.into(), key.into()]).await;
    let rows = rows.map_err(&read)?;
    let consents: Result<_, _> = rows.iter().map(consent).collect();
    session.consents = consents?;
    Ok(())
}

pub(super) fn question(row: &impl Columns) -> SurveyQuestion {
    SurveyQuestion {
        question: QuestionId::new(row.text(0)),
        answer: row.maybe_text(1).map(AnswerCode::new),
        done_at: row.maybe_int(2).map(Timestamp::from_micros),
        noinputs: row.int(3) as u32,
        nomatches: row.int(4) as u32,
        repeats: row.int(5) as u32,
        coded: row.flag(6),
    }
}

fn consent(row: &impl Columns) -> Result<SurveyConsent, Error> {
    let audio = row.bytes(3).try_into();
    let question = row.text(0);
    Ok(SurveyConsent {
        question: (!question.is_empty()).then(|| QuestionId::new(question)),
        text_id: row.text(1).into(),
        version: row.int(2) as u32,
        audio: audio.map_err(|_| Error::Corrupt { what: "consent" })?,
        audio_told: row.flag(4),
        key: row.maybe_text(5).and_then(|key| key.chars().next()),
        at: Timestamp::from_micros(row.int(6)),
    })
}

impl Store {
    /// Every definition that is stored, by name and version.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn surveys(&self) -> Result<Vec<SurveyText>, Error> {
        on!(&mut self.begin().await?.transaction, transaction => {
            definitions_of(&mut **transaction).await
        })
    }

    /// The session of a call, when it has one.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn survey_session(
        &self,
        source: &SourceId,
        call: &CallId,
    ) -> Result<Option<SurveySession>, Error> {
        let Some(source_id) = self.source_id(source) else {
            return Ok(None);
        };
        let key = call.key().to_bytes();
        let sql = "select name, call_id, survey, version, language, opened_at, reason, rate,
                ended_at, disposition, no_dtmf, settled, survey_sessions.state
            from survey_sessions join sources using (source_id)
            where source_id = $1 and call_key = $2";
        on!(&mut self.begin().await?.transaction, transaction => {
            let connection = &mut **transaction;
            let values = [source_id.into(), key.as_slice().into()];
            let rows = connection.fetch(sql, &values).await;
            let rows = rows.map_err(failed("read a survey session"))?;
            let Some(row) = rows.first() else {
                return Ok(None);
            };
            let mut session = session(row)?;
            session.state = row.bytes(12).to_vec();
            of_session(connection, &mut session, source_id, &key).await?;
            Ok(Some(session))
        })
    }
}

/// Every definition, by name and version.
pub(super) async fn definitions_of(connection: &mut impl Fetch) -> Result<Vec<SurveyText>, Error> {
    let sql = "select survey, version, put_at, definition from survey_definitions
        order by survey, version";
    let rows = connection.fetch(sql, &[]).await;
    Ok(rows
        .map_err(failed("read surveys"))?
        .iter()
        .map(text)
        .collect())
}

fn text(row: &impl Columns) -> SurveyText {
    SurveyText {
        survey: SurveyId::new(row.text(0)),
        version: row.int(1) as u32,
        put_at: Timestamp::from_micros(row.int(2)),
        text: row.text(3).into(),
    }
}
