//! One live call: everything told of it, its story, and what was already said.

use crate::model::{
    CallEvent, CallId, CallKey, Direction, EpochIndex, Fact, Mark, Mode, Settled, Targets,
    Timestamp,
};

use super::forget::{forget_person, is_from};
use super::order::Fold;
use super::queues::Queues;
use super::said::SaidVisit;
use super::state;
use super::story::Story;
use super::told::Told;

/// How much is kept of one call; a call of an hour with a survey and ten transfers tells some hundred things. A caller
/// who waits long while many phones ring in turn tells more: the ringing beyond it is left out.
pub(super) const TOLD_MAX: usize = 2_000;

/// How much of a call's course is still kept when the ringing no longer is.
const COURSE_MAX: usize = TOLD_MAX + 500;

/// One live call.
#[derive(Debug)]
pub(super) struct LiveCall {
    pub(super) id: CallId,
    pub(super) mode: Mode,
    pub(super) epoch: EpochIndex,
    /// Everything told, each thing once, in the order in which it came in.
    pub(super) told: Vec<Told>,
    pub(super) fold: Fold,
    pub(super) said: Vec<SaidVisit>,
    pub(super) arrival_said: bool,
    /// It was said that what was said of it is not so: it is a test, or our own return call.
    pub(super) taken_back: bool,
    /// BACKFILL: settles when the epoch has told this many events.
    pub(super) settle_after: Option<u64>,
    /// LIVE: the watermark at which it settles, as far as that is set.
    pub(super) settles_at: Option<Timestamp>,
    /// LIVE: it is counted among those in progress.
    pub(super) in_progress: bool,
    /// Changed since the store was last told.
    pub(super) dirty: bool,
    /// The store holds a row of it as open.
    pub(super) stored: bool,
}

/// What became of an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Taken {
    /// It is part of the story.
    Applied,
    /// It was told before, under another number.
    Repeated,
    /// The call has told too much already.
    Full(Box<Told>),
}

impl LiveCall {
    /// Whether a caller is in it: live, inbound, no test, and of no end was told.
    pub(super) fn is_in_progress(&self) -> bool {
        let record = &self.story().record;
        self.mode == Mode::Live
            && record.direction == Direction::Inbound
            && !record.test
            && record.ended_at.is_none()
    }

    /// A call of which this was told, in the order in which it came in; at least one thing.
    pub(super) fn new(id: CallId, mode: Mode, epoch: EpochIndex, told: Vec<Told>) -> Self {
        Self {
            id,
            mode,
            epoch,
            fold: fold(&told),
            told,
            said: Vec::new(),
            arrival_said: false,
            taken_back: false,
            settle_after: None,
            settles_at: None,
            in_progress: false,
            dirty: false,
            stored: false,
        }
    }

    /// The call's story so far.
    pub(super) fn story(&self) -> &Story {
        &self.fold.story
    }

    /// Whether somebody with this hash of a pseudonym called, as far as it was told.
    pub(super) fn is_of(&self, caller: &[u8; 16]) -> bool {
        self.told.iter().any(|told| is_from(&told.event, caller))
    }

    /// Forgets who called, and what may lead there.
    pub(super) fn forget(&mut self, key: CallKey) {
        for told in &mut self.told {
            forget_person(&mut told.event);
        }
        self.id = CallId::erased(key);
        self.refold();
    }

    fn refold(&mut self) {
        self.fold = fold(&self.told);
    }

    /// Takes one more thing told.
    pub(super) fn tell(&mut self, told: Told) -> Taken {
        if told.at <= self.story().last_at
            && let Some(before) = self.told.iter_mut().find(|before| before.repeats(&told))
        {
            if before.repeat(&told) {
                self.refold();
            } else {
                self.fold.story.mark(Mark::ToldTwice);
            }
            return Taken::Repeated;
        }
        if self.told.len() >= most_before(&told.event) {
            return Taken::Full(Box::new(told));
        }
        let carried_on = self.fold.carry_on(&told);
        self.told.push(told);
        if !carried_on || self.told.len() == TOLD_MAX {
            self.refold();
        }
        Taken::Applied
    }

    /// Says what is new about the call and its visits; only of live calls, and of test calls only what makes what was
    /// said before whole: whoever was said to wait waits no longer, and nothing more.
    pub(super) fn say(&mut self, targets: &Targets, queues: &mut Queues, facts: &mut Vec<Fact>) {
        if self.mode != Mode::Live {
            return;
        }
        let record = &self.fold.story.record;
        let is_test = record.test;
        let not_so = (is_test && (self.arrival_said || !self.said.is_empty()))
            || (record.direction == Direction::Return && self.arrival_said);
        if not_so && !self.taken_back {
            self.taken_back = true;
            facts.push(Fact::Corrected);
        }
        if is_test {
            for said in &mut self.said {
                said.withdraw(queues, facts);
            }
            return;
        }
        self.say_arrival(facts);
        self.say_visits(targets, queues, facts);
    }

    /// A call is said to have arrived with the first thing that is neither arrival nor label, so that a test call
    /// labelled at its arrival is never counted.
    fn say_arrival(&mut self, facts: &mut Vec<Fact>) {
        if self.arrival_said || self.story().record.direction == Direction::Return {
            return;
        }
        let only_begun = |told: &Told| {
            matches!(
                told.event,
                CallEvent::Arrived { .. } | CallEvent::Tagged { .. }
            )
        };
        if self.told.iter().all(only_begun) && !self.story().is_ended() {
            return;
        }
        self.arrival_said = true;
        facts.push(Fact::CallArrived);
    }

    fn say_visits(&mut self, targets: &Targets, queues: &mut Queues, facts: &mut Vec<Fact>) {
        let story = &self.fold.story;
        let visits = &story.record.visits;
        let mut found = 0;
        for (place, (visit, note)) in visits.iter().zip(&story.visits).enumerate() {
            let is_it = |said: &SaidVisit| said.origin == note.origin;
            let in_place = self.said.get(place).is_some_and(is_it).then_some(place);
            let known = in_place.or_else(|| self.said.iter().position(is_it));
            let index = match known {
                Some(known) => known,
                None => {
                    let queue = visit.queue.clone();
                    facts.push(Fact::VisitOffered { queue });
                    self.said.push(SaidVisit::new(note.origin));
                    self.said.len() - 1
                }
            };
            found += 1;
            self.said[index].say(visit, visits[0].entered_at, targets, queues, facts);
        }
        if found < self.said.len() {
            let gone = |said: &&mut SaidVisit| {
                let mut notes = story.visits.iter();
                !notes.any(|note| note.origin == said.origin)
            };
            for said in self.said.iter_mut().filter(gone) {
                said.take_back(queues, facts);
            }
        }
    }

    /// Shows again what was said to wait, after a restart.
    pub(super) fn show(&mut self, queues: &mut Queues) {
        let story = &self.fold.story;
        let visits = &story.record.visits;
        for (visit, note) in visits.iter().zip(&story.visits) {
            let said = self.said.iter_mut().find(|said| said.origin == note.origin);
            if let Some(said) = said.filter(|said| said.ended.is_none()) {
                said.show(visit, visits[0].entered_at, queues);
            }
        }
    }

    /// Says that visits which at `now` have waited as long as their target are decided; whether there were any.
    pub(super) fn say_decided(
        &mut self,
        now: Timestamp,
        targets: &Targets,
        facts: &mut Vec<Fact>,
    ) -> bool {
        let before = facts.len();
        for said in self.said.iter_mut().filter(|said| said.awaits_decision()) {
            said.decide_at(now, targets, facts);
        }
        facts.len() > before
    }

    /// The record that remains.
    pub(super) fn settle(self, key: CallKey) -> Box<Settled> {
        let mut record = self.fold.story.settle();
        if self.id.is_erased() {
            record.marks.add(Mark::Erased);
        }
        Box::new(Settled {
            record,
            told: state::write_told(&self.told),
            call: self.id,
            key,
            epoch: self.epoch,
            mode: self.mode,
        })
    }
}

/// The fold of everything told of a call; says when that may not be all.
pub(super) fn fold(told: &[Told]) -> Fold {
    let mut fold = Fold::of(told);
    if told.len() >= TOLD_MAX {
        fold.story.mark(Mark::Truncated);
    }
    fold
}

/// How much may have been told before this and still leave room for it: ringing and labels give way to the course of the
/// call, and everything to its end.
fn most_before(event: &CallEvent) -> usize {
    match event {
        CallEvent::AgentOffered { .. }
        | CallEvent::OfferMissed { .. }
        | CallEvent::HoldStarted { .. }
        | CallEvent::HoldEnded { .. }
        | CallEvent::DigitPressed { .. } => TOLD_MAX,
        CallEvent::Arrived { .. }
        | CallEvent::Tagged { .. }
        | CallEvent::Refused { .. }
        | CallEvent::QueueEntered { .. }
        | CallEvent::QueueLeft { .. }
        | CallEvent::AgentConnected { .. }
        | CallEvent::AgentReleased { .. }
        | CallEvent::TransferStarted { .. }
        | CallEvent::TransferCompleted { .. }
        | CallEvent::TransferFailed { .. }
        | CallEvent::CallbackPromised { .. }
        | CallEvent::CallbackAttempted { .. }
        | CallEvent::MessageLeft { .. } => COURSE_MAX,
        CallEvent::Ended { .. } => COURSE_MAX + 100,
    }
}
