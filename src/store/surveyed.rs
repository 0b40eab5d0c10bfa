//! Calls with the survey sessions they had: what the survey report reads.
//!
//! A session is of a call, so calls lead: a part of them is read, and then the sessions of the same stretch, all in one
//! transaction. A session whose call was never told is in no part.

use std::collections::HashMap;

use tokio::sync::mpsc;

use crate::database::{Bind, Columns, Fetch};
use crate::model::{SurveySession, SurveyText, TakenForm};

use super::rows::{Error, Period, failed};
use super::stored::{Place, Readers, StoredCall};
use super::stream::{Walk, Which};
use super::survey;

/// A call, and what came of asking its caller.
#[derive(Clone, Debug)]
pub struct SurveyedCall {
    /// The call.
    pub call: StoredCall,
    /// Its session, without consents and state; `None` = nothing was decided.
    pub session: Option<SurveySession>,
}

/// A part of what the survey report reads.
#[derive(Clone, Debug)]
pub enum Surveyed {
    /// Every definition; comes first.
    Definitions(Vec<SurveyText>),
    /// Calls in the order of their places.
    Calls(Vec<SurveyedCall>),
    /// Forms of another channel than the telephone, in the order of time.
    Forms(Vec<TakenForm>),
}

type Sessions = HashMap<(i64, Vec<u8>), SurveySession>;

/// What a session is made of, in the order in which `survey::session` reads it, and by whose call it is.
macro_rules! sessions {
    ($of:literal) => {
        concat!(
            "select sources.name, one.call_id, one.survey, one.version, one.language, one.opened_at,
                one.reason, one.rate, one.ended_at, one.disposition, one.no_dtmf, one.settled,
                one.source_id, one.call_key from ",
            $of
        )
    };
}

macro_rules! answers {
    ($of:literal) => {
        concat!(
            "select one.question, one.answer, one.done_at, one.noinputs, one.nomatches, one.repeats,
                one.coded, one.source_id, one.call_key from ",
            $of,
            " order by one.source_id, one.call_key, one.place"
        )
    };
}

/// Sessions of settled calls between two places, both among them.
const SESSIONS: &str = sessions!(
    "calls join call_keys on call_keys.call_row = calls.call_row
        join survey_sessions one on one.source_id = call_keys.source_id
            and one.call_key = call_keys.call_key
        join sources on sources.source_id = one.source_id
    where calls.arrived_at >= $1 and calls.arrived_at <= $4
        and (calls.arrived_at, calls.source_id, calls.call_id) >= ($1, $2, $3)
        and (calls.arrived_at, calls.source_id, calls.call_id) <= ($4, $5, $6)"
);
const ANSWERS: &str = answers!(
    "calls join call_keys on call_keys.call_row = calls.call_row
        join survey_answers one on one.source_id = call_keys.source_id
            and one.call_key = call_keys.call_key
    where calls.arrived_at >= $1 and calls.arrived_at <= $4
        and (calls.arrived_at, calls.source_id, calls.call_id) >= ($1, $2, $3)
        and (calls.arrived_at, calls.source_id, calls.call_id) <= ($4, $5, $6)"
);
/// Sessions of calls that have not settled.
const OPEN_SESSIONS: &str = sessions!(
    "survey_sessions one join sources on sources.source_id = one.source_id where one.settled = 0"
);
const OPEN_ANSWERS: &str = answers!(
    "survey_sessions session join survey_answers one on one.source_id = session.source_id
            and one.call_key = session.call_key
    where session.settled = 0"
);

/// Sends the definitions, then the calls of the period with their sessions; ends early when nobody listens.
pub(super) async fn surveyed(
    connection: &mut impl Fetch,
    readers: Readers,
    period: Period,
    parts: &mpsc::Sender<Surveyed>,
) -> Result<(), Error> {
    let definitions = Surveyed::Definitions(survey::definitions_of(connection).await?);
    if parts.send(definitions).await.is_err() {
        return Ok(());
    }
    // As many as calls may be open.
    let mut open = sessions(connection, OPEN_SESSIONS, OPEN_ANSWERS, &[]).await?;
    let mut walk = Walk::begin(connection, readers, Which::All, period, None).await?;
    while let Some(calls) = walk.next(connection).await? {
        let mut settled = calls.iter().filter(|call| !call.provisional);
        let ends = settled.clone().next().zip(settled.next_back());
        let mut settled = match ends {
            Some((first, last)) => {
                let [from, to] = [&first.place, &last.place].map(values);
                let values: Vec<_> = from.into_iter().chain(to).collect();
                sessions(connection, SESSIONS, ANSWERS, &values).await?
            }
            None => Sessions::new(),
        };
        let calls = calls.into_iter().map(|call| {
            let key = call.place.call.key().to_bytes().to_vec();
            let key = (call.place.source, key);
            let session = match call.provisional {
                true => open.remove(&key),
                false => settled.remove(&key),
            };
            SurveyedCall { call, session }
        });
        let calls = Surveyed::Calls(calls.collect());
        if parts.send(calls).await.is_err() {
            break;
        }
    }
    Ok(())
}

fn values(place: &Place) -> [Bind<'_>; 3] {
    [
        place.arrived_at.as_micros().into(),
        place.source.into(),
        place.call.as_str().into(),
    ]
}

async fn sessions(
    connection: &mut impl Fetch,
    sessions: &'static str,
    answers: &'static str,
    values: &[Bind<'_>],
) -> Result<Sessions, Error> {
    let read = failed("read survey sessions");
    let mut found = Sessions::new();
    for row in connection.fetch(sessions, values).await.map_err(&read)? {
        let key = (row.int(12), row.bytes(13).to_vec());
        found.insert(key, survey::session(&row)?);
    }
    if found.is_empty() {
        return Ok(found);
    }
    for row in connection.fetch(answers, values).await.map_err(&read)? {
        let key = (row.int(7), row.bytes(8).to_vec());
        if let Some(session) = found.get_mut(&key) {
            session.questions.push(survey::question(&row));
        }
    }
    Ok(found)
}
