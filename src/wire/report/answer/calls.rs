//! Calls as the contract has them: in one row each, and one of them whole.

use crate::model::{
    FailedTransfer, Leg, Offer, SurveyConsent, SurveyQuestion, SurveySession, Timestamp, ToldEvent,
    Transfer, Visit,
};
use crate::proto::v1;
use crate::reports::{CallReport, CallSummary, CallsPage, Explanation};

use super::context;

pub(in crate::wire::report) fn page(page: CallsPage) -> v1::ListCallsResponse {
    v1::ListCallsResponse {
        context: Some(context(page.context)),
        calls: page.calls.into_iter().map(summary).collect(),
        next_page_token: page.next_page_token,
    }
}

fn summary(call: CallSummary) -> v1::CallSummary {
    let queues = call.queues.iter().map(|queue| queue.as_str().to_owned());
    let agents = call.agents.iter().map(|agent| agent.as_str().to_owned());
    v1::CallSummary {
        arrived_at: call.arrived_at,
        source: call.source.as_str().to_owned(),
        call_id: call.call.as_str().to_owned(),
        caller: call.caller,
        direction: call.direction.as_str().to_owned(),
        line: text(call.line.as_ref().map(|line| line.as_str())),
        outcome: text(call.outcome.map(|outcome| outcome.as_str())),
        ended_by: text(call.ended_by.map(|by| by.as_str())),
        queues: queues.collect(),
        first_wait: call.first_wait.map(Into::into),
        wait_sum: Some(call.wait_sum.into()),
        agents: agents.collect(),
        talk_sum: Some(call.talk_sum.into()),
        hold_sum: Some(call.hold_sum.into()),
        transfers: call.transfers,
        failed_transfers: call.failed_transfers,
        reroutes: call.reroutes,
        marks: call
            .marks
            .iter()
            .map(|mark| mark.as_str().to_owned())
            .collect(),
        provisional: call.provisional,
    }
}

pub(in crate::wire::report) fn call(report: CallReport) -> v1::GetCallResponse {
    let local = |at: Timestamp| report.local(at);
    let maybe = |at: Option<Timestamp>| at.map(local).unwrap_or_default();
    let visit = |visit: &Visit| v1::CallVisit {
        queue: visit.queue.as_str().to_owned(),
        entered_at: local(visit.entered_at),
        exit: text(visit.exit.map(|exit| exit.as_str())),
        exited_at: maybe(visit.exited_at),
        wait: visit.wait.map(Into::into),
        after_human: visit.after_human,
        reentered: visit.reentered,
    };
    let offer = |offer: &Offer| v1::CallOffer {
        visit: number(offer.visit),
        agent: offer.agent.as_str().to_owned(),
        queue: text(offer.queue.as_ref().map(|queue| queue.as_str())),
        offered_at: local(offer.offered_at),
        ended_at: maybe(offer.ended_at),
        result: text(offer.result.map(|result| result.as_str())),
    };
    let leg = |leg: &Leg| v1::CallLeg {
        visit: number(leg.visit),
        agent: leg.agent.as_str().to_owned(),
        queue: text(leg.queue.as_ref().map(|queue| queue.as_str())),
        connected_at: local(leg.connected_at),
        released_at: maybe(leg.released_at),
        released_by: text(leg.released_at.map(|_| leg.released_by.as_str())),
        talk: leg.talk().map(Into::into),
        hold: Some(leg.hold.into()),
        consult: Some(leg.consult.into()),
    };
    let done = |transfer: &Transfer| v1::CallTransfer {
        at: local(transfer.at),
        method: transfer.method.as_str().to_owned(),
        target: transfer.target.as_str().to_owned(),
        to: transfer.to.to_string(),
        from_agent: transfer.from_agent.as_str().to_owned(),
        from_queue: text(transfer.from_queue.as_ref().map(|queue| queue.as_str())),
        told: transfer.told,
        is_return: transfer.is_return,
        outcome: text(transfer.outcome.map(|outcome| outcome.as_str())),
        failure: String::new(),
        wait: Some(transfer.wait.into()),
    };
    let failed = |transfer: &FailedTransfer| v1::CallTransfer {
        at: local(transfer.at),
        method: transfer.method.as_str().to_owned(),
        target: text(transfer.target.map(|target| target.as_str())),
        to: transfer.to.to_string(),
        from_agent: transfer.from_agent.as_str().to_owned(),
        from_queue: text(transfer.from_queue.as_ref().map(|queue| queue.as_str())),
        told: true,
        outcome: "failed".to_owned(),
        failure: transfer.cause.as_str().to_owned(),
        ..v1::CallTransfer::default()
    };
    let told = |told: &ToldEvent| v1::ToldEvent {
        at: local(told.at),
        sequence: told.sequence,
        kind: told.event.kind().to_owned(),
        fields: fields(report.fields(told)),
        source_ahead: told.ahead,
        told_twice: told.twice,
    };
    let record = &report.record;
    let transfers = record.transfers.iter().map(done);
    v1::GetCallResponse {
        events: report.timeline.iter().map(told).collect(),
        visits: record.visits.iter().map(visit).collect(),
        offers: record.offers.iter().map(offer).collect(),
        legs: record.legs.iter().map(leg).collect(),
        transfers: transfers
            .chain(record.failed_transfers.iter().map(failed))
            .collect(),
        context: Some(context(report.context.clone())),
        call: Some(summary(report.summary.clone())),
        explanations: report.explanations.iter().map(explanation).collect(),
        survey: report
            .session
            .as_ref()
            .map(|session| survey(session, &maybe)),
    }
}

fn survey(session: &SurveySession, local: &impl Fn(Option<Timestamp>) -> String) -> v1::CallSurvey {
    let question = |one: &SurveyQuestion| v1::CallSurveyQuestion {
        question: one.question.as_str().to_owned(),
        answer: text(one.answer.as_ref().map(|answer| answer.as_str())),
        done_at: local(one.done_at),
        noinputs: one.noinputs,
        nomatches: one.nomatches,
        repeats: one.repeats,
    };
    let consent = |one: &SurveyConsent| v1::CallSurveyConsent {
        question: text(one.question.as_ref().map(|question| question.as_str())),
        text_id: one.text_id.to_string(),
        version: one.version,
        at: local(Some(one.at)),
    };
    let opened = &session.opened;
    let ended = session.ended.as_ref();
    v1::CallSurvey {
        survey: opened.survey.as_str().to_owned(),
        version: opened.version,
        language: opened.language.to_string(),
        reason: opened.reason.as_str().to_owned(),
        opened_at: local(session.opened_at),
        disposition: text(ended.map(|(_, ended)| ended.disposition.as_str())),
        ended_at: local(ended.map(|(at, _)| *at)),
        no_dtmf: ended.is_some_and(|(_, ended)| ended.no_dtmf),
        consents: session.consents.iter().map(consent).collect(),
        questions: session.questions.iter().map(question).collect(),
    }
}

fn fields(fields: Vec<(&'static str, String)>) -> Vec<v1::ToldField> {
    let field = |(name, value): (&str, String)| v1::ToldField {
        name: name.to_owned(),
        value,
    };
    fields.into_iter().map(field).collect()
}

fn explanation(explanation: &Explanation) -> v1::Explanation {
    v1::Explanation {
        id: explanation.id.to_owned(),
        version: explanation.version,
        under: explanation.under.clone(),
        adds: explanation.adds,
        of: explanation.of,
        span: explanation.span.map(Into::into),
        sentence: explanation.sentence.clone(),
    }
}

fn text(word: Option<&str>) -> String {
    word.unwrap_or_default().to_owned()
}

/// A visit's number as people count.
fn number(index: Option<usize>) -> u32 {
    index.map_or(0, |index| u32::try_from(index + 1).unwrap_or(u32::MAX))
}
