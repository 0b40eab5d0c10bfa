//! The machine: an agenda of things to happen, taken in order of time; each says events and puts others on the agenda.

use std::cmp::{Ordering, Reverse};
use std::collections::{BinaryHeap, VecDeque};
use std::time::Duration;

use crate::proto::v1::call_event::Kind;
use crate::proto::v1::event::Body;
use crate::proto::v1::{AgentState, AgentStateChanged, CallEvent, Event};

use super::arrive::ArriveStep;
use super::calendar::{Arrivals, Day, Days};
use super::call::{Call, Slot};
use super::draw::Draw;
use super::floor::{AgentNumber, Floor, LineNumber, QueueNumber, Token};
use super::moment::Moment;
use super::options::{Error, Options};
use super::people::People;
use super::ring::RingEnd;
use super::shift::{AgentStep, ShiftStep};
use super::talk::TalkStep;
use super::transfer::TransferStep;
use super::truth::Truth;
use super::wait::Departure;

/// A simulated hotline; iterate to let it happen.
#[derive(Debug)]
pub struct Simulator {
    pub(super) options: Options,
    pub(super) draw: Draw,
    pub(super) days: Days,
    pub(super) day: Option<Day>,
    /// Planned, not begun.
    pub(super) next_day: Option<Day>,
    pub(super) arrivals: Option<Arrivals>,
    /// Calls of the day so far; numbers the calls.
    pub(super) calls_today: u64,
    /// Numbers of the day's calls that are tests.
    pub(super) tests_today: Vec<u64>,
    pub(super) people: People,
    pub(super) floor: Floor,
    pub(super) calls: Vec<Call>,
    pub(super) free_slots: Vec<Slot>,
    pub(super) truth: Truth,
    /// The instant of the last event, or of the step in hand if later.
    pub(super) now: Moment,
    said: VecDeque<Event>,
    agenda: BinaryHeap<Reverse<Entry>>,
    /// Numbers entries and tokens.
    counter: u64,
    calls_begun: u64,
}

/// What can be on the agenda. A step with a token is void when its call or agent has another by then.
#[derive(Clone, Copy, Debug)]
pub(super) enum Step {
    DayBegins,
    Arrival,
    Menu(Slot, Token, ArriveStep),
    Departure(Slot, Token, Departure),
    Recorded(Slot, Token),
    Talk(Slot, Token, TalkStep),
    Transfer(Slot, Token, TransferStep),
    Ring(AgentNumber, Token, RingEnd),
    Agent(AgentNumber, Token, AgentStep),
    Shift(AgentNumber, ShiftStep),
    Staffing(QueueNumber, bool),
    LineReport(LineNumber),
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    at: Moment,
    /// Of two entries for one instant the one made first goes first.
    number: u64,
    step: Step,
}

impl Entry {
    fn key(&self) -> (Moment, u64) {
        (self.at, self.number)
    }
}

impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for Entry {}

impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Entry {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key().cmp(&other.key())
    }
}

impl Simulator {
    /// Prepares a simulation; nothing has happened yet.
    ///
    /// # Errors
    /// Says which option cannot be simulated.
    pub fn new(options: Options) -> Result<Self, Error> {
        options.check()?;
        let floor = Floor::new(&options);
        let names = floor.queues.iter().map(|queue| queue.name.clone());
        let mut simulator = Self {
            draw: Draw::from_seed(options.seed),
            days: Days::new(&options),
            day: None,
            next_day: None,
            arrivals: None,
            calls_today: 0,
            tests_today: Vec::new(),
            people: People::new(options.calls, options.behaviour.withheld_share),
            calls: Vec::new(),
            free_slots: Vec::new(),
            truth: Truth::new(names),
            floor,
            now: Moment::default(),
            said: VecDeque::new(),
            agenda: BinaryHeap::new(),
            counter: 0,
            calls_begun: 0,
            options,
        };
        simulator.begin_next_day();
        Ok(simulator)
    }

    /// The tally of what happened so far; the whole truth once the iterator has ended.
    pub fn truth(&self) -> &Truth {
        &self.truth
    }

    /// Calls that have arrived so far, of [`Options::calls`].
    pub fn calls_begun(&self) -> u64 {
        self.calls_begun
    }

    /// Calls that are open now.
    pub fn calls_open(&self) -> usize {
        self.calls.len() - self.free_slots.len()
    }

    fn take_step(&mut self, step: Step) {
        match step {
            Step::DayBegins => self.begin_day(),
            Step::Arrival => self.arrive(),
            Step::Menu(slot, token, step) if self.is_current(slot, token) => {
                self.leave_menu(slot, step);
            }
            Step::Departure(slot, token, why) if self.is_current(slot, token) => {
                self.depart(slot, why);
            }
            Step::Recorded(slot, token) if self.is_current(slot, token) => {
                self.end_recording(slot);
            }
            Step::Talk(slot, token, step) if self.is_current(slot, token) => {
                self.go_on_talking(slot, step);
            }
            Step::Transfer(slot, token, step) if self.is_current(slot, token) => {
                self.go_on_passing(slot, step);
            }
            Step::Ring(agent, token, end) if self.agent_is_current(agent, token) => {
                self.end_ring(agent, end);
            }
            Step::Agent(agent, token, step) if self.agent_is_current(agent, token) => {
                self.go_on_working(agent, step);
            }
            Step::Shift(agent, step) => self.follow_shift(agent, step),
            Step::Staffing(queue, staffed) => self.staff(queue, staffed),
            Step::LineReport(line) => self.say_line(line),
            // Void: planned for something that is over.
            Step::Menu(..)
            | Step::Departure(..)
            | Step::Recorded(..)
            | Step::Talk(..)
            | Step::Transfer(..)
            | Step::Ring(..)
            | Step::Agent(..) => {}
        }
    }

    fn is_current(&self, slot: Slot, token: Token) -> bool {
        self.calls[slot as usize].token == token
    }

    fn agent_is_current(&self, agent: AgentNumber, token: Token) -> bool {
        self.floor.agents[agent as usize].token == token
    }

    /// Puts a step on the agenda, a span from now.
    pub(super) fn plan(&mut self, after: Duration, step: Step) {
        self.plan_at(self.now + after, step);
    }

    /// Puts a step on the agenda.
    pub(super) fn plan_at(&mut self, at: Moment, step: Step) {
        self.counter += 1;
        let number = self.counter;
        self.agenda.push(Reverse(Entry { at, number, step }));
    }

    /// A token that nobody has.
    pub(super) fn new_token(&mut self) -> Token {
        self.counter += 1;
        self.counter
    }

    pub(super) fn call(&mut self, slot: Slot) -> &mut Call {
        &mut self.calls[slot as usize]
    }

    /// Counts something in the truth, unless the call is a test.
    pub(super) fn count(&mut self, slot: Slot, what: impl FnOnce(&mut Truth)) {
        if !self.calls[slot as usize].is_test {
            what(&mut self.truth);
        }
    }

    /// Counts an arrival for whoever watches the progress.
    pub(super) fn note_call_begun(&mut self) {
        self.calls_begun += 1;
    }

    /// Says an event; answers with its time, later than that of every event before.
    pub(super) fn say(&mut self, body: Body) -> Moment {
        self.now = self.now.next();
        self.truth.events += 1;
        self.said.push_back(Event {
            sequence: self.truth.events,
            occurred_at: Some(self.now.to_proto()),
            body: Some(body),
        });
        self.now
    }

    pub(super) fn say_call(&mut self, slot: Slot, kind: Kind) -> Moment {
        let call_id = self.calls[slot as usize].id.clone();
        self.say(Body::Call(CallEvent {
            call_id,
            kind: Some(kind),
        }))
    }

    pub(super) fn say_agent(&mut self, agent: AgentNumber, state: AgentState, reason: &str) {
        let Floor { agents, queues, .. } = &self.floor;
        let agent = &agents[agent as usize];
        let served = agent.queues.iter().map(|&queue| &queues[queue as usize]);
        let changed = AgentStateChanged {
            agent: agent.name.clone(),
            state: state.into(),
            reason: reason.to_owned(),
            queues: served
                .filter(|queue| queue.staffed)
                .map(|queue| queue.name.clone())
                .collect(),
        };
        self.say(Body::AgentStateChanged(changed));
    }

    pub(super) fn agent_name(&self, agent: AgentNumber) -> String {
        self.floor.agents[agent as usize].name.clone()
    }

    /// The queue's name; empty = no queue, as the contract writes it.
    pub(super) fn queue_name(&self, queue: Option<QueueNumber>) -> String {
        queue.map_or_else(String::new, |queue| {
            self.floor.queues[queue as usize].name.clone()
        })
    }
}

impl Iterator for Simulator {
    type Item = Event;

    fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.said.pop_front() {
                return Some(event);
            }
            let Reverse(entry) = self.agenda.pop()?;
            // A step may come due while an earlier one still said its events.
            self.now = self.now.max(entry.at);
            self.take_step(entry.step);
        }
    }
}
