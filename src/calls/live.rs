//! One live call: everything told of it, its story, and what was already said.

use crate::model::{
    CallEvent, CallId, CallKey, EpochIndex, Fact, Mark, Mode, Settled, Targets, Timestamp,
};

use super::order::{self, Folded};
use super::queues::Queues;
use super::said::SaidVisit;
use super::state;
use super::story::Story;
use super::told::Told;

/// The most that is kept of one call; a call of an hour with a survey and ten transfers tells some hundred things.
pub(super) const TOLD_MAX: usize = 2_000;

/// One live call.
#[derive(Debug)]
pub(super) struct LiveCall {
    pub(super) id: CallId,
    pub(super) mode: Mode,
    pub(super) epoch: EpochIndex,
    pub(super) told: Vec<Told>,
    pub(super) story: Story,
    /// The clock is not believed: spans follow the order of telling.
    pub(super) by_telling: bool,
    pub(super) said: Vec<SaidVisit>,
    pub(super) arrival_said: bool,
    pub(super) test_corrected: bool,
    /// BACKFILL: settles when the epoch has told this many events.
    pub(super) settle_after: Option<u64>,
    /// Changed since the store was last told.
    pub(super) dirty: bool,
    /// The store holds a row of it as open.
    pub(super) stored: bool,
}

/// What became of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Taken {
    /// It is part of the story.
    Applied,
    /// The call has told too much already.
    Full,
}

impl LiveCall {
    /// A call of which this is the first thing told.
    pub(super) fn new(id: CallId, mode: Mode, first: Told) -> Self {
        let epoch = first.order.epoch;
        let mut story = Story::new(first.at);
        story.apply(&first);
        Self {
            id,
            mode,
            epoch,
            told: vec![first],
            story,
            by_telling: false,
            said: Vec::new(),
            arrival_said: false,
            test_corrected: false,
            settle_after: None,
            dirty: false,
            stored: false,
        }
    }

    /// Makes the story again from everything told.
    pub(super) fn refold(&mut self) {
        let Folded { story, by_telling } = order::fold(&self.told);
        self.story = story;
        self.by_telling = by_telling;
    }

    /// Takes one more thing told.
    pub(super) fn tell(&mut self, told: Told) -> Taken {
        let is_end = matches!(told.event, CallEvent::Ended { .. });
        let ends = is_end && !self.story.is_ended();
        if self.told.len() >= TOLD_MAX && !ends {
            self.story.mark(Mark::Truncated);
            return Taken::Full;
        }
        let last_at = self.story.last_at;
        let in_order =
            told.at > last_at || (told.at == last_at && is_end && !self.story.is_ended());
        if in_order && !self.by_telling {
            self.story.apply(&told);
            self.told.push(told);
        } else {
            self.told.push(told);
            self.refold();
        }
        Taken::Applied
    }

    /// Says what is new about the call and its visits; only of live calls, and of test calls only what keeps what was
    /// said before whole.
    pub(super) fn say(&mut self, targets: &Targets, queues: &mut Queues, facts: &mut Vec<Fact>) {
        if self.mode != Mode::Live {
            return;
        }
        let silent = self.story.record.test;
        if silent {
            let said_before = self.arrival_said || !self.said.is_empty();
            if said_before && !self.test_corrected {
                self.test_corrected = true;
                facts.push(Fact::Corrected);
            }
        } else {
            self.say_arrival(facts);
        }
        for visit in 0..self.story.record.visits.len() {
            self.say_visit(visit, silent, targets, queues, facts);
        }
    }

    /// A call is said to have arrived with the first thing that is neither arrival nor label, so that a test call
    /// labelled at its arrival is never counted.
    fn say_arrival(&mut self, facts: &mut Vec<Fact>) {
        if self.arrival_said || self.story.record.direction == crate::model::Direction::Return {
            return;
        }
        let only_begun = |told: &Told| {
            matches!(
                told.event,
                CallEvent::Arrived { .. } | CallEvent::Tagged { .. }
            )
        };
        if self.told.iter().all(only_begun) && !self.story.is_ended() {
            return;
        }
        self.arrival_said = true;
        facts.push(Fact::CallArrived);
    }

    fn say_visit(
        &mut self,
        visit: usize,
        silent: bool,
        targets: &Targets,
        queues: &mut Queues,
        facts: &mut Vec<Fact>,
    ) {
        let origin = self.story.origins[visit];
        let journey_at = self.story.record.visits[0].entered_at;
        let visit = &self.story.record.visits[visit];
        let known = self.said.iter().position(|said| said.origin == origin);
        let said = match known {
            Some(known) => &mut self.said[known],
            None if silent => return,
            None => {
                facts.push(Fact::VisitOffered {
                    queue: visit.queue.clone(),
                });
                self.said.push(SaidVisit::new(origin));
                let last = self.said.len() - 1;
                &mut self.said[last]
            }
        };
        said.say(visit, journey_at, targets, queues, facts);
    }

    /// Says that visits which have waited longer than their target at `watermark` are decided.
    pub(super) fn say_decided(
        &mut self,
        watermark: Timestamp,
        targets: &Targets,
        facts: &mut Vec<Fact>,
    ) {
        for (visit, origin) in self.story.record.visits.iter().zip(&self.story.origins) {
            let said = self.said.iter_mut().find(|said| said.origin == *origin);
            let due = visit
                .entered_at
                .plus(targets.of(&visit.queue).service_level);
            if let Some(said) = said.filter(|said| said.awaits_decision())
                && due <= watermark
            {
                said.decide(&visit.queue, facts);
                self.dirty = true;
            }
        }
    }

    /// The record that remains.
    pub(super) fn settle(&self, key: CallKey) -> Box<Settled> {
        Box::new(Settled {
            call: self.id.clone(),
            key,
            epoch: self.epoch,
            mode: self.mode,
            record: self.story.conclude(true),
            told: state::write_told(&self.told),
        })
    }
}
