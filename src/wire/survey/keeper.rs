//! Ends sessions whose dialog was cut off and that nobody goes on with: at their limit, with what was answered kept.

use std::sync::Arc;
use std::time::Duration;

use crate::model::{Disposition, SessionEnded, SessionEvent, Timestamp};
use crate::survey::{Input, Interview, Order};

use super::Surveys;
use super::definitions::Kept;
use super::desk::Cut;
use super::open::step;
use super::written::ended;

/// How often it is looked for them.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Ends what is overdue until the server stops.
pub(super) async fn run(surveys: Surveys) {
    let stopping = surveys.parts.stopping.clone();
    loop {
        tokio::select! {
            () = stopping.cancelled() => return,
            () = tokio::time::sleep(LOOK_EVERY) => {}
        }
        let now = surveys.parts.clock.now();
        for key in surveys.desk.overdue(now) {
            let Ok(mut claim) = surveys.desk.claim(key, now) else {
                continue;
            };
            let Some(cut) = claim.left().cloned() else {
                continue;
            };
            let kept = surveys.definitions.find(&cut.survey, cut.version);
            let event = SessionEvent::Ended(close(&cut, kept.clone()));
            let mut notes = vec![step(claim.key(), now, event, Vec::new())];
            if let Some((kept, interview)) = kept.zip(Interview::decode(&cut.state).ok()) {
                let definition = &kept.definition;
                notes.extend(surveys.case_of_interview(definition, claim.key(), &interview, now));
            }
            tokio::select! {
                () = stopping.cancelled() => return,
                noted = surveys.note(notes) => match noted {
                    Ok(_) => claim.end(now),
                    Err(_) => return,
                },
            }
        }
    }
}

/// How a session ends that was left as it is: as if the caller had hung up then.
fn close(cut: &Cut, kept: Option<Arc<Kept>>) -> SessionEnded {
    let interview = Interview::decode(&cut.state).ok();
    let Some((kept, mut interview)) = kept.zip(interview) else {
        tracing::error!(
            survey = cut.survey.as_str(),
            version = cut.version,
            "a session's definition or state cannot be read: it ends as a technical failure"
        );
        return SessionEnded {
            disposition: Disposition::TechnicalFailure,
            no_dtmf: false,
            asked: Vec::new(),
        };
    };
    let mut orders = Vec::new();
    // At the time of its last step: what would have come due since is nobody's.
    let then = Timestamp::default();
    interview.handle_input(&kept.definition, &Input::HangUp, then, &mut orders);
    let end = orders.iter().find_map(|order| match order {
        Order::End {
            disposition,
            no_dtmf,
            ..
        } => Some((*disposition, *no_dtmf)),
        Order::Play { .. }
        | Order::Collect { .. }
        | Order::Listen { .. }
        | Order::Record { .. } => None,
    });
    let (disposition, no_dtmf) = end.unwrap_or((Disposition::TechnicalFailure, false));
    ended(&kept.definition, &interview, disposition, no_dtmf)
}
