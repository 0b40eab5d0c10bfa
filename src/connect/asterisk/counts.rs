//! How many calls the queues say they had while nobody listened.

use std::collections::HashMap;

use super::message::Message;

/// The most queues that are counted.
const QUEUES_MAX: usize = 10_000;

/// The queues' own counters, as they should be by what was heard.
#[derive(Debug, Default)]
pub(super) struct Counts {
    expected: HashMap<Vec<u8>, i64>,
    /// Counters of a list that is being told.
    told: HashMap<Vec<u8>, i64>,
}

impl Counts {
    /// Follows a message.
    pub(super) fn handle(&mut self, message: &Message<'_>) {
        let Some(queue) = message.get("Queue") else {
            return;
        };
        if self.told.len() >= QUEUES_MAX || self.expected.len() >= QUEUES_MAX {
            return;
        }
        match message.event() {
            Some(b"QueueParams") => {
                let number = |key| message.number(key).unwrap_or(0);
                let sum = number("Completed").saturating_add(number("Abandoned"));
                self.told.insert(queue.to_vec(), sum);
            }
            Some(b"AgentComplete" | b"QueueCallerAbandon") => {
                *self.expected.entry(queue.to_vec()).or_default() += 1;
            }
            _ => {}
        }
    }

    /// A list is whole: how many calls it counts that were not heard. A counter that fell was reset: then all of it is
    /// new.
    pub(super) fn missed(&mut self) -> u64 {
        let mut missed = 0;
        for (queue, told) in std::mem::take(&mut self.told) {
            let expected = self.expected.insert(queue, told);
            let more = match expected {
                Some(expected) if told >= expected => told - expected,
                Some(_) => told,
                None => 0,
            };
            missed += u64::try_from(more).unwrap_or(0);
        }
        missed
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connect::asterisk::codec::Decoder;

    fn told(counts: &mut Counts, text: &str) {
        let mut decoder = Decoder::default();
        decoder.feed(text.as_bytes(), |_, message| counts.handle(&message));
    }

    #[test]
    fn what_the_counters_jump_by_was_missed() {
        let mut counts = Counts::default();
        told(
            &mut counts,
            "Event: QueueParams\nQueue: a\nCompleted: 7\nAbandoned: 1\n\n",
        );
        assert_eq!(counts.missed(), 0, "nobody knows what was before");
        told(&mut counts, "Event: AgentComplete\nQueue: a\n\n");
        told(
            &mut counts,
            "Event: QueueParams\nQueue: a\nCompleted: 10\nAbandoned: 2\n\n",
        );
        // 10 + 2, of which 7 + 1 were known and one was heard.
        assert_eq!(counts.missed(), 3);
        told(
            &mut counts,
            "Event: QueueParams\nQueue: a\nCompleted: 2\nAbandoned: 0\n\n",
        );
        assert_eq!(counts.missed(), 2, "the PBX began anew");
    }
}
