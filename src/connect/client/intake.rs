//! Takes events from their source as the outbox has room for them, and as the replay's pace allows.

use std::{future::poll_fn, pin::Pin, task::Poll};

use tokio::time::{Instant, sleep_until};
use tokio_stream::Stream;

use super::{clock::Clock, outbox::Outbox, retry::Trouble};
use crate::proto::v1::Event;

/// The source's end of a feed; outlives connections.
pub(super) struct Intake<'a, S> {
    events: Pin<&'a mut S>,
    is_ended: bool,
    /// An event that is not due yet.
    early: Option<(Event, Instant)>,
}

impl<'a, S: Stream<Item = Event>> Intake<'a, S> {
    pub(super) fn new(events: Pin<&'a mut S>) -> Self {
        Self {
            events,
            is_ended: false,
            early: None,
        }
    }

    /// Whether the source has ended, and nothing of it waits here.
    pub(super) fn is_ended(&self) -> bool {
        self.is_ended && self.early.is_none()
    }

    /// Takes what is ready, at least one event and at most `room`. May be dropped at any point: nothing is lost.
    ///
    /// # Errors
    /// When the server holds another event under the same number.
    pub(super) async fn fill(
        &mut self,
        room: usize,
        source: &str,
        outbox: &mut Outbox,
        clock: &mut Clock,
    ) -> Result<(), Trouble> {
        if let Some((_, due)) = &self.early {
            sleep_until(*due).await;
            if let Some((event, _)) = self.early.take() {
                outbox.push(event);
            }
            return Ok(());
        }
        let mut taken = 0;
        poll_fn(|context| {
            while taken < room && self.early.is_none() {
                match self.events.as_mut().poll_next(context) {
                    Poll::Ready(Some(event)) => {
                        taken += 1;
                        outbox.check(source, &event).map_err(Trouble::Refused)?;
                        self.accept(event, outbox, clock);
                    }
                    Poll::Ready(None) => {
                        self.is_ended = true;
                        break;
                    }
                    Poll::Pending if taken > 0 => break,
                    Poll::Pending => return Poll::Pending,
                }
            }
            Poll::Ready(Ok(()))
        })
        .await
    }

    fn accept(&mut self, event: Event, outbox: &mut Outbox, clock: &mut Clock) {
        if outbox.holds(event.sequence) {
            outbox.handle_held();
        } else if let Some(due) = clock.due_later(&event) {
            self.early = Some((event, due));
        } else {
            outbox.push(event);
        }
    }
}
