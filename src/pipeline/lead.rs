//! How far a switch's clock is ahead of the time at which it says that it sends.
//!
//! A sender need not say when it sends: then our own clock stands in, and a switch whose clock is ahead tells of a future
//! that no board would show. One event ahead is an odd event; three batches one after the other, each all ahead, are a clock.
//! What is believed moves the board and the source's watermark alike.
//! A clock that is behind cannot be told from a spool that catches up, so it is not guessed at.

use crate::journal::EntryKind;
use crate::live::AHEAD_MAX;
use crate::model::{CallKey, Event, Timestamp};

use super::apply::Source;

/// Batches that must agree.
const BATCHES: usize = 3;

/// What is known of one source.
#[derive(Debug, Default)]
pub(super) struct Lead {
    /// By how much the events of the last batches were ahead at the least, in microseconds, the newest last.
    seen: Vec<i64>,
    /// What is believed; `None` before the first live entry since the start.
    micros: Option<i64>,
}

impl Lead {
    /// Takes in a live entry: its events, when it was sent and received, and the times of the entry before as they were
    /// believed then, which is what a start knows. Says by how much the source's clock is ahead, in microseconds, and
    /// whether that is news.
    pub(super) fn take(
        &mut self,
        events: &[Event],
        (sent_at, received_at): (Timestamp, Timestamp),
        before: Option<(Timestamp, Timestamp)>,
    ) -> (i64, bool) {
        let between = |later: Timestamp, earlier: Timestamp| {
            later.as_micros().saturating_sub(earlier.as_micros())
        };
        let ahead_max = AHEAD_MAX.as_micros() as i64;
        let known = *self.micros.get_or_insert_with(|| {
            let believed = before.map_or(0, |(sent, received)| between(sent, received));
            // Only where our clock stands in: a sender that says when it sends may be off by any time.
            let is_ours = between(sent_at, received_at).unsigned_abs() <= ahead_max.unsigned_abs();
            if is_ours && believed > ahead_max {
                believed
            } else {
                0
            }
        });
        let ahead = events
            .iter()
            .map(|event| between(event.occurred_at, sent_at));
        if let Some(least) = ahead.min() {
            self.seen.push(least);
            if self.seen.len() > BATCHES {
                self.seen.remove(0);
            }
        }
        let is_ahead = |ahead: &i64| *ahead > ahead_max;
        let mut believed = known;
        if self.seen.len() == BATCHES {
            let least = self.seen.iter().copied().min().unwrap_or_default();
            let most = self.seen.iter().copied().max().unwrap_or_default();
            if is_ahead(&least) {
                // A clock keeps its distance: what is told a little later than it happened changes nothing.
                if known == 0 || least > known || most < known - ahead_max {
                    believed = least;
                }
            } else if !self.seen.iter().any(is_ahead) {
                believed = 0;
            }
        }
        self.micros = Some(believed);
        (believed, believed != known)
    }
}

impl Source {
    /// Takes in when a live entry was sent, and when it was received. Says of which calls the board is to be told again:
    /// those that are open, once another clock is believed than before.
    pub(super) fn hear(
        &mut self,
        (sent_at, received_at): (Timestamp, Timestamp),
        kind: &EntryKind,
    ) -> Vec<CallKey> {
        let events: &[Event] = match kind {
            EntryKind::Batch(events) => events,
            EntryKind::Heartbeat
            | EntryKind::Finish { .. }
            | EntryKind::Survey(_)
            | EntryKind::Rejected(_) => &[],
        };
        let (lead, is_news) = self.lead.take(events, (sent_at, received_at), self.heard);
        let now = Timestamp::from_micros(sent_at.as_micros().saturating_add(lead));
        self.heard = Some((now, received_at));
        match is_news {
            true => self.calls.live_records().map(|(key, _)| key).collect(),
            false => Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{AgentEvent, AgentId, Body};

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_micros(seconds * 1_000_000)
    }

    fn event(seconds: i64) -> Event {
        Event {
            sequence: 1,
            occurred_at: at(seconds),
            ahead: false,
            body: Body::Agent(AgentEvent::WrapUpEnded {
                agent: AgentId::new("ann"),
            }),
        }
    }

    /// Batches by when they came in and what happened; what is believed after each, in seconds.
    fn believed(lead: &mut Lead, batches: &[(i64, i64)]) -> Vec<i64> {
        let batches = batches.iter().map(|(received, happened)| {
            let heard = (at(*received), at(*received));
            let (micros, _) = lead.take(&[event(*happened)], heard, None);
            micros / 1_000_000
        });
        batches.collect()
    }

    #[test]
    fn three_batches_from_the_future_are_a_clock_and_one_is_not() {
        let mut lead = Lead::default();
        let odd = [(0, 7_200), (1, 1), (2, 2), (3, 3)];
        assert_eq!(believed(&mut lead, &odd), [0; 4]);
        let ahead = [(10, 610), (11, 609), (12, 612), (13, 640), (14, 600)];
        assert_eq!(believed(&mut lead, &ahead), [0, 0, 598, 598, 598]);
        // Heartbeats say nothing of it, and change nothing.
        let heard = (at(15), at(15));
        assert_eq!(lead.take(&[], heard, None), (598_000_000, false));
        // Somebody sets the clock right, or a minute or more nearer to it.
        let nearer = [(20, 320), (21, 321), (22, 322)];
        assert_eq!(believed(&mut lead, &nearer), [598, 598, 300]);
        let right = [(30, 30), (31, 31), (32, 32)];
        assert_eq!(believed(&mut lead, &right), [300, 300, 0]);
    }

    #[test]
    fn a_start_goes_on_with_what_was_believed() {
        let believed_before = Some((at(700), at(100)));
        let mut lead = Lead::default();
        let heard = (at(101), at(101));
        assert_eq!(lead.take(&[], heard, believed_before).0, 600_000_000);
        // A switch that says itself that its clock is ahead has no need of it.
        let mut lead = Lead::default();
        let heard = (at(701), at(101));
        assert_eq!(lead.take(&[], heard, believed_before).0, 0);
        // Nor one that is years behind, as when a day is played again.
        for before in [None, believed_before] {
            let mut lead = Lead::default();
            assert_eq!(lead.take(&[event(1)], (at(2), at(9_000)), before).0, 0);
        }
    }
}
