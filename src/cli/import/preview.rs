//! `import … --preview`: what dozvon concludes from recordings, as one JSON object, sent nowhere.
//!
//! The events go through the very call machine that reports are made of (`calls`), so that a preview and a report agree;
//! what the contract has no place for comes from the interpreter's notes. Every field is always there.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use serde::Serialize;

use crate::{
    calls,
    connect::asterisk::said::{Conclusion, Consulted, Note, Passed, Said, What},
    model::{
        self, Body, CallRecord, EndedBy, Exit, Leg, Mode, OfferResult, SourceId, Timestamp,
        TransferMethod,
    },
    proto::v1::{self, call_event::Kind, event},
    validate::{KEY_BYTES, Privacy, Validator},
};

/// How near the end of a talk the transfer lies that ended it: the switch's event and the telephone's hang-up.
const ENDS_IN_TRANSFER_MICROS: i64 = 1_000_000;

/// The whole of it.
#[derive(Debug, Serialize)]
pub(super) struct Preview {
    calls: Vec<Call>,
}

#[derive(Debug, Serialize)]
struct Call {
    caller: Option<String>,
    name: Option<String>,
    dialled: Option<String>,
    call_id: String,
    arrived_at: f64,
    pbx_answered_at: Option<f64>,
    ended_at: Option<f64>,
    ended_by: Option<&'static str>,
    visits: Vec<Visit>,
    talks: Vec<Talk>,
    transfers: Vec<Transfer>,
    consults: Vec<Consult>,
    survey: Option<Survey>,
    /// It was open while nobody listened.
    uncertain: bool,
}

#[derive(Debug, Serialize)]
struct Visit {
    queue: String,
    entered_at: f64,
    left_at: Option<f64>,
    exit: Option<&'static str>,
    offers: Vec<Offer>,
}

#[derive(Debug, Serialize)]
struct Offer {
    agent: String,
    ring_start: f64,
    ring_end: Option<f64>,
    result: Option<&'static str>,
}

#[derive(Debug, Serialize)]
struct Talk {
    agent: String,
    queue: Option<String>,
    start: f64,
    end: Option<f64>,
    hold_s: f64,
    consult_s: f64,
    ended_by: Option<&'static str>,
    transferred_by: Option<String>,
}

#[derive(Debug, Serialize)]
struct Transfer {
    kind: &'static str,
    from: String,
    to: String,
    at: f64,
    /// `None` = inferred: the switch's own word was lost.
    how: Option<&'static str>,
    ok: bool,
}

#[derive(Debug, Serialize)]
struct Consult {
    by: String,
    to: String,
    queue: Option<String>,
    start: f64,
    pbx_answered: Option<f64>,
    answered_by: Option<String>,
    answered_at: Option<f64>,
    ended: f64,
    no_transfer: bool,
}

#[derive(Debug, Serialize)]
struct Survey {
    offered_at: f64,
    answers: Vec<Answer>,
    completed: bool,
    heard_goodbye: bool,
    left_in_question: Option<usize>,
}

#[derive(Debug, Serialize)]
struct Answer {
    question: usize,
    digit: String,
    at: f64,
}

/// Gathers what is said of each call.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    calls: Vec<(Arc<str>, Vec<Said>)>,
    by_id: HashMap<Arc<str>, usize>,
}

impl Gathered {
    /// Takes one conclusion in; a preview is of calls.
    pub(super) fn add(&mut self, concluded: Conclusion) {
        let said = match concluded {
            Conclusion::Call(said) => said,
            Conclusion::Agent(_) => return,
        };
        let next = self.calls.len();
        let index = *self.by_id.entry(Arc::clone(&said.call)).or_insert(next);
        if index == next {
            self.calls.push((Arc::clone(&said.call), Vec::new()));
        }
        if let Some((_, all)) = self.calls.get_mut(index) {
            all.push(said);
        }
    }

    /// What it comes to, in the order of arrival. `questions` = how many the survey has.
    pub(super) fn preview(self, questions: usize) -> Preview {
        // Nobody sees these pseudonyms: the key need not be one.
        let privacy = Arc::new(Privacy::new(0, &[0; KEY_BYTES]));
        let source = SourceId::new("preview");
        let mut validator = Validator::new(source, Mode::Backfill, None, privacy);
        let calls = self.calls.into_iter();
        let calls = calls.filter_map(|(id, said)| call_of(&mut validator, &id, &said, questions));
        let mut calls: Vec<Call> = calls.collect();
        calls.sort_by(|one, other| one.arrived_at.total_cmp(&other.arrived_at));
        Preview { calls }
    }
}

impl Preview {
    /// One line of JSON.
    ///
    /// # Errors
    /// What the serializer says.
    pub(super) fn to_json(&self) -> serde_json::Result<String> {
        serde_json::to_string(self)
    }
}

fn call_of(validator: &mut Validator, id: &str, said: &[Said], questions: usize) -> Option<Call> {
    let events = said.iter().filter_map(|said| match &said.what {
        What::Event(kind) => told(validator, id, said.at, kind),
        What::Note(_) => None,
    });
    let record = calls::record_of_events(events.collect::<Vec<_>>())?;
    let mut call = Call {
        caller: None,
        name: None,
        dialled: record.line.as_ref().map(ToString::to_string),
        call_id: id.to_owned(),
        arrived_at: seconds(record.arrived_at),
        pbx_answered_at: None,
        ended_at: record.ended_at.map(seconds),
        ended_by: record.ended_at.map(|_| record.ended_by.as_str()),
        visits: visits(&record),
        talks: Vec::new(),
        transfers: Vec::new(),
        consults: Vec::new(),
        survey: None,
        uncertain: false,
    };
    let mut passed = Vec::new();
    let mut lost_in_gap = false;
    for Said { at, what, .. } in said {
        let What::Note(note) = what else { continue };
        match note {
            Note::Caller { number, name } => {
                call.caller.clone_from(number);
                call.name.clone_from(name);
            }
            Note::Answered => call.pbx_answered_at = Some(seconds(*at)),
            Note::Passed(one) => {
                passed.push((*at, one));
                call.transfers.push(transfer(one, *at));
            }
            Note::Consulted(one) => call.consults.push(consult(one, *at)),
            Note::SurveyOffered => call.survey = Some(survey(*at)),
            Note::SurveyKey(digit) => {
                let survey = call.survey.get_or_insert_with(|| survey(*at));
                answer(survey, *digit, *at, questions);
            }
            Note::Uncertain => call.uncertain = true,
            Note::LostInGap => lost_in_gap = true,
        }
    }
    call.talks = talks(&record, &passed);
    call.transfers.extend(inferred(&record, &passed));
    call.transfers
        .sort_by(|one, other| one.at.total_cmp(&other.at));
    if let Some(survey) = &mut call.survey {
        let left = record.ended_by == EndedBy::Caller && !survey.completed;
        survey.left_in_question = left.then_some(survey.answers.len() + 1);
        survey.heard_goodbye = record.ended_by == EndedBy::Pbx || survey.completed;
    }
    if lost_in_gap {
        // What nobody heard nobody knows.
        call.ended_at = None;
        call.ended_by = None;
    }
    if call.uncertain {
        for visit in &mut call.visits {
            if visit.exit == Some(Exit::Error.as_str()) {
                visit.exit = None;
                visit.left_at = None;
            }
        }
    }
    Some(call)
}

/// An event as the call machine takes it: through the same check as everybody's.
fn told(
    validator: &mut Validator,
    id: &str,
    at: Timestamp,
    kind: &Kind,
) -> Option<(Timestamp, model::CallEvent)> {
    let wire = v1::Event {
        sequence: 1,
        occurred_at: Some(wire_time(at)),
        body: Some(event::Body::Call(v1::CallEvent {
            call_id: id.to_owned(),
            kind: Some(kind.clone()),
        })),
    };
    let checked = validator.check(wire, at).ok()?;
    match checked.body {
        Body::Call { event, .. } => Some((checked.occurred_at, event)),
        Body::Agent(_) | Body::Line(_) => None,
    }
}

/// An instant as the contract writes it.
fn wire_time(at: Timestamp) -> pbjson_types::Timestamp {
    let micros = at.as_micros();
    pbjson_types::Timestamp {
        seconds: micros.div_euclid(1_000_000),
        // Below a thousand million.
        nanos: (micros.rem_euclid(1_000_000) * 1_000) as i32,
    }
}

fn visits(record: &CallRecord) -> Vec<Visit> {
    let visits = record.visits.iter().enumerate();
    let visit = |(index, visit): (usize, &model::Visit)| {
        let offers = record.offers.iter();
        let offers = offers.filter(|offer| offer.visit == Some(index));
        Visit {
            queue: visit.queue.to_string(),
            entered_at: seconds(visit.entered_at),
            left_at: visit.exited_at.map(seconds),
            exit: visit.exit.map(Exit::as_str),
            offers: offers.map(offer).collect(),
        }
    };
    visits.map(visit).collect()
}

fn offer(offer: &model::Offer) -> Offer {
    Offer {
        agent: offer.agent.to_string(),
        ring_start: seconds(offer.offered_at),
        ring_end: offer.ended_at.map(seconds),
        result: offer.result.map(OfferResult::as_str),
    }
}

fn talks(record: &CallRecord, passed: &[(Timestamp, &Passed)]) -> Vec<Talk> {
    let near = |one: Timestamp, other: Timestamp| {
        (one.as_micros() - other.as_micros()).abs() <= ENDS_IN_TRANSFER_MICROS
    };
    let mut joined: Vec<&(Timestamp, &Passed)> = passed
        .iter()
        .filter(|(_, one)| one.ok && one.method == v1::TransferMethod::Attended)
        .collect();
    let talk = |leg: &Leg| {
        let ends_in_transfer = leg.released_at.is_some_and(|released_at| {
            let told = passed.iter().any(|(at, one)| {
                one.ok && one.from == leg.agent.as_str() && near(*at, released_at)
            });
            let mut transfers = record.transfers.iter();
            told || transfers.any(|one| one.from_agent == leg.agent && near(one.at, released_at))
        });
        // Whoever comes to the customer without a queue after an attended transfer was handed him by it.
        let by = joined.iter().position(|(at, one)| {
            let after = leg.connected_at.plus(std::time::Duration::from_millis(100)) >= *at;
            leg.visit.is_none() && after && one.from != leg.agent.as_str()
        });
        let by = by.map(|index| joined.remove(index).1.from.clone());
        let ended_by = leg.released_at.map(|_| match ends_in_transfer {
            true => "transfer",
            false => leg.released_by.as_str(),
        });
        Talk {
            agent: leg.agent.to_string(),
            queue: leg.queue.as_ref().map(ToString::to_string),
            start: seconds(leg.connected_at),
            end: leg.released_at.map(seconds),
            hold_s: round(leg.hold.saturating_sub(leg.consult).as_secs_f64()),
            consult_s: round(leg.consult.as_secs_f64()),
            ended_by,
            transferred_by: by,
        }
    };
    record.legs.iter().map(talk).collect()
}

/// Transfers that follow from the legs, and that no word of the switch speaks of: the word was lost. Each word speaks of
/// one transfer, the nearest of its agent.
fn inferred(record: &CallRecord, passed: &[(Timestamp, &Passed)]) -> Vec<Transfer> {
    let mut pairs = Vec::new();
    for (index, transfer) in record.transfers.iter().enumerate() {
        let of_agent = passed.iter().enumerate();
        let of_agent = of_agent.filter(|(_, (_, one))| one.from == transfer.from_agent.as_str());
        let apart = |at: Timestamp| (at.as_micros() - transfer.at.as_micros()).abs();
        pairs.extend(of_agent.map(|(word, (at, _))| (apart(*at), index, word)));
    }
    pairs.sort_unstable();
    let (mut told, mut used) = (HashSet::new(), HashSet::new());
    for (_, index, word) in pairs {
        if !told.contains(&index) && used.insert(word) {
            told.insert(index);
        }
    }
    let transfer = |one: &model::Transfer| Transfer {
        kind: one.method.as_str(),
        from: one.from_agent.to_string(),
        to: one.to.to_string(),
        at: seconds(one.at),
        how: None,
        ok: true,
    };
    let all = record.transfers.iter().enumerate();
    let untold = all.filter(|(index, _)| !told.contains(index));
    untold.map(|(_, one)| transfer(one)).collect()
}

fn transfer(passed: &Passed, at: Timestamp) -> Transfer {
    let method = match passed.method {
        v1::TransferMethod::Attended => TransferMethod::Attended,
        v1::TransferMethod::Conference => TransferMethod::Conference,
        v1::TransferMethod::Blind | v1::TransferMethod::Unspecified => TransferMethod::Blind,
    };
    Transfer {
        kind: method.as_str(),
        from: passed.from.clone(),
        to: passed.to.clone(),
        at: seconds(at),
        how: Some(passed.how.as_str()),
        ok: passed.ok,
    }
}

fn consult(consulted: &Consulted, ended: Timestamp) -> Consult {
    Consult {
        by: consulted.by.clone(),
        to: consulted.to.clone(),
        queue: consulted.queue.clone(),
        start: seconds(consulted.start),
        pbx_answered: consulted.pbx_answered.map(seconds),
        answered_by: consulted.answered_by.clone(),
        answered_at: consulted.answered_at.map(seconds),
        ended: seconds(ended),
        no_transfer: !consulted.handed_over,
    }
}

fn survey(at: Timestamp) -> Survey {
    Survey {
        offered_at: seconds(at),
        answers: Vec::new(),
        completed: false,
        heard_goodbye: false,
        left_in_question: None,
    }
}

/// A key answers the next question: which one was being asked is not told.
fn answer(survey: &mut Survey, digit: char, at: Timestamp, questions: usize) {
    let question = survey.answers.len() + 1;
    if question <= questions {
        survey.answers.push(Answer {
            question,
            digit: digit.to_string(),
            at: seconds(at),
        });
    }
    survey.completed = survey.answers.len() >= questions;
}

/// Unix seconds, to the millisecond.
fn seconds(at: Timestamp) -> f64 {
    round(at.as_micros() as f64 / 1_000_000.0)
}

fn round(seconds: f64) -> f64 {
    (seconds * 1_000.0).round() / 1_000.0
}

#[cfg(test)]
mod storms;
#[cfg(test)]
mod tests;
