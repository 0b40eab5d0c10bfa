//! One dialog: what happens on the line goes in, orders go out, and each record is durable before the next order leaves.

use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tonic::{Status, Streaming};

use crate::journal::{Durable, Refusal};
use crate::model::{Disposition, Position, SessionEvent, Timestamp};
use crate::proto::v1 as wire;
use crate::proto::v1::conduct_survey_request::Message;
use crate::survey::{Input, Order, Record, limits};
use crate::validate::caps;

use super::desk::Cut;
use super::open::{self, Begun, step};
use super::{Surveys, words, written};

/// Where orders go.
pub(super) type Out = mpsc::Sender<Result<wire::ConductSurveyResponse, Status>>;

/// How long an order waits for a switch that does not read.
const SEND_MAX: Duration = Duration::from_secs(5);

/// Serves one dialog to its end.
pub(super) async fn run(
    surveys: Surveys,
    mut requests: Streaming<wire::ConductSurveyRequest>,
    out: Out,
) {
    match open::begin(&surveys, &mut requests).await {
        Err(let_go) => drop(out.send(Ok(let_go.order())).await),
        Ok(begun) => Dialog::new(surveys, begun, out).run(requests).await,
    }
}

/// What was handed to the journal, and is not known to be safe yet.
struct Pending {
    noted: JoinHandle<Result<Durable<Position>, Refusal>>,
    /// What is left behind once it is.
    cut: Cut,
    /// Which record it is.
    seq: u32,
    since: Timestamp,
}

struct Dialog {
    surveys: Surveys,
    begun: Begun,
    out: Out,
    pending: Option<Pending>,
    /// The highest number of a press in this dialog; one that goes on after a cut counts anew.
    input_seq: u64,
    /// Our clock and the time that never steps, at the beginning.
    started: (Timestamp, Duration),
}

/// Whether the dialog goes on.
#[derive(PartialEq, Eq)]
enum Then {
    GoOn,
    /// The last order has left.
    Over,
    /// The switch is gone: another dialog may go on from what is journaled.
    Cut,
}

impl Dialog {
    fn new(surveys: Surveys, begun: Begun, out: Out) -> Self {
        let clock = &surveys.parts.clock;
        let started = (clock.now(), clock.elapsed());
        Self {
            surveys,
            begun,
            out,
            pending: None,
            input_seq: 0,
            started,
        }
    }

    /// The time of day as it was at the beginning, and what has passed since: it never steps.
    fn now(&self) -> Timestamp {
        let (at, elapsed) = self.started;
        let passed = self.surveys.parts.clock.elapsed().saturating_sub(elapsed);
        at.plus(passed)
    }

    async fn run(mut self, mut requests: Streaming<wire::ConductSurveyRequest>) {
        let opened = wire::conduct_survey_response::Order::Opened(self.begun.opened.clone());
        let hello = wire::ConductSurveyResponse {
            order: Some(opened),
        };
        let orders = std::mem::take(&mut self.begun.orders);
        let mut then = self.send(hello).await;
        if then == Then::GoOn {
            then = self.perform(orders).await;
        }
        let stopping = self.surveys.parts.stopping.clone();
        while then == Then::GoOn {
            let (interview, definition) = (&self.begun.interview, &self.begun.kept.definition);
            let deadline = interview.poll_deadline(definition);
            let wait = deadline.map_or(SEND_MAX, |due| due.since(self.now()).unwrap_or_default());
            let pending = async {
                match &mut self.pending {
                    Some(pending) => (&mut pending.noted).await,
                    None => std::future::pending().await,
                }
            };
            then = tokio::select! {
                biased;
                noted = pending => {
                    let safe = matches!(noted, Ok(Ok(_)));
                    match self.pending.take().filter(|_| safe) {
                        Some(Pending { cut, seq, .. }) => {
                            self.begun.claim.leave(cut);
                            self.handle(&Input::Recorded { seq }).await
                        }
                        // The journal has stopped: the interview's own deadline lets the caller go.
                        None => Then::GoOn,
                    }
                }
                message = requests.message() => match message {
                    Ok(Some(message)) => match self.input(message) {
                        Some(input) => self.handle(&input).await,
                        None => Then::GoOn,
                    },
                    Ok(None) | Err(_) => Then::Cut,
                },
                () = tokio::time::sleep(wait) => self.due().await,
                () = stopping.cancelled() => self.handle(&Input::Failed).await,
            };
        }
        if then == Then::Cut {
            self.leave_behind().await;
        }
    }

    /// What a message tells the interview; `None` of what is nothing: it never harms the call.
    fn input(&mut self, message: wire::ConductSurveyRequest) -> Option<Input> {
        Some(match message.message? {
            Message::Key(key) => {
                let press = words::press(&key)?;
                if key.input_seq > 0 {
                    // Told again.
                    if key.input_seq <= self.input_seq {
                        return None;
                    }
                    self.input_seq = key.input_seq;
                }
                Input::Press(press)
            }
            Message::PromptEnded(ended) => Input::PromptEnded {
                play: (ended.play > 0).then_some(ended.play),
            },
            Message::VoiceNote(note) => {
                let recording = note.recording;
                let is_id = !recording.is_empty()
                    && recording.len() <= caps::TEXT_BYTES
                    && !recording.chars().any(char::is_control);
                if !is_id {
                    return None;
                }
                Input::VoiceNote { recording }
            }
            Message::HungUp(_) => Input::HangUp,
            Message::Unable(_) => Input::Unable,
            Message::Failed(failed) => {
                let cause: String = failed.cause.chars().take(caps::TEXT_BYTES).collect();
                tracing::warn!(cause, "a switch could not go on with a survey");
                Input::Failed
            }
            // A dialog is opened once.
            Message::Open(_) => return None,
        })
    }

    async fn handle(&mut self, input: &Input) -> Then {
        let now = self.now();
        let mut orders = Vec::new();
        let definition = &self.begun.kept.definition;
        let interview = &mut self.begun.interview;
        interview.handle_input(definition, input, now, &mut orders);
        self.perform(orders).await
    }

    /// Lets the interview do what is due.
    async fn due(&mut self) -> Then {
        let now = self.now();
        let mut orders = Vec::new();
        let definition = &self.begun.kept.definition;
        let interview = &mut self.begun.interview;
        while interview
            .poll_deadline(definition)
            .is_some_and(|due| due <= now)
        {
            interview.handle_deadline(definition, now, &mut orders);
        }
        self.perform(orders).await
    }

    async fn perform(&mut self, orders: Vec<Order>) -> Then {
        for order in orders {
            let then = match &order {
                Order::Record { seq, record } => {
                    self.write_down(*seq, record);
                    Then::GoOn
                }
                Order::End {
                    disposition,
                    no_dtmf,
                    ..
                } => {
                    self.end(*disposition, *no_dtmf).await;
                    self.tell(&order).await;
                    Then::Over
                }
                Order::Play { .. } | Order::Collect { .. } | Order::Listen { .. } => {
                    self.tell(&order).await
                }
            };
            if then != Then::GoOn {
                return then;
            }
        }
        Then::GoOn
    }

    async fn tell(&self, order: &Order) -> Then {
        match words::order(&self.begun.kept.definition, order) {
            Some(told) => self.send(told).await,
            None => Then::GoOn,
        }
    }

    async fn send(&self, told: wire::ConductSurveyResponse) -> Then {
        let sent = tokio::time::timeout(SEND_MAX, self.out.send(Ok(told))).await;
        match sent {
            Ok(Ok(())) => Then::GoOn,
            Ok(Err(_)) | Err(_) => Then::Cut,
        }
    }

    /// Hands a record to the journal, with the state from which the interview goes on after it.
    fn write_down(&mut self, seq: u32, record: &Record) {
        let now = self.now();
        let event = written::event_of(&self.begun, record, now);
        let begun = &self.begun;
        let definition = &begun.kept.definition;
        let cut = Cut {
            survey: definition.survey.clone(),
            version: definition.version,
            opened_at: begun.opened_at,
            state: begun.interview.encode(),
            until: begun.opened_at.plus(definition.session_max),
        };
        let note = step(begun.claim.key(), now, event, cut.state.clone());
        let surveys = self.surveys.clone();
        let noted = tokio::spawn(async move { surveys.note(vec![note]).await });
        let since = now;
        self.pending = Some(Pending {
            noted,
            cut,
            seq,
            since,
        });
    }

    /// Writes down how the session ended, and waits for it as long as a caller may wait; afterwards it is written when it can
    /// be.
    async fn end(&mut self, disposition: Disposition, no_dtmf: bool) {
        let now = self.now();
        let (begun, surveys) = (&self.begun, self.surveys.clone());
        let ended = written::ended(
            &begun.kept.definition,
            &begun.interview,
            disposition,
            no_dtmf,
        );
        let event = SessionEvent::Ended(ended);
        let key = begun.claim.key();
        let mut notes = vec![step(key, now, event, Vec::new())];
        let case = surveys.case_of_interview(&begun.kept.definition, key, &begun.interview, now);
        notes.extend(case);
        self.begun.claim.end(now);
        let pending = self.pending.take();
        let waited = pending.as_ref().map(|pending| now.since(pending.since));
        let waited = waited.flatten().unwrap_or_default();
        let noted = tokio::spawn(async move {
            // One after the other: what comes behind the end is nobody's.
            if let Some(pending) = pending {
                drop(pending.noted.await);
            }
            surveys.note(notes).await
        });
        let patience = limits::RECORD_MAX.saturating_sub(waited);
        if tokio::time::timeout(patience, noted).await.is_err() {
            tracing::error!("the journal stalls: a caller is let go before it has written the end");
        }
    }

    /// The switch is gone. What is on its way to the journal counts once it is there.
    async fn leave_behind(mut self) {
        if let Some(pending) = self.pending.take()
            && let Ok(Ok(_)) = pending.noted.await
        {
            self.begun.claim.leave(pending.cut);
        }
    }
}
