//! The agents' day: log-in, breaks, the end of the work after a call, going home; and what the day itself begins with.

use std::time::Duration;

use crate::proto::v1::event::Body;
use crate::proto::v1::{AgentState, WrapUpEnded};

use super::calendar::Arrivals;
use super::floor::{Agent, AgentNumber, Break, Status};
use super::simulator::{Simulator, Step};

/// Agents come during this span before the opening.
const EARLY_MAX: Duration = Duration::from_secs(8 * 60);
const LUNCH_MEDIAN: Duration = Duration::from_secs(40 * 60);
const SHORT_BREAK_MEDIAN: Duration = Duration::from_secs(10 * 60);
/// A meeting of all who know one queue's matters.
const MEETING: Duration = Duration::from_secs(12 * 60);
/// One queue in so many has its meeting on a day, in turn.
const QUEUES_A_MEETING: u32 = 20;
/// Lunches begin in turns of so many groups, so that the hotline stays staffed.
const LUNCH_GROUPS: u32 = 4;
/// How often a line says how busy it is, besides when it fills.
const LINE_REPORTS_A_DAY: u32 = 36;

/// What an agent's own clock ends.
#[derive(Clone, Copy, Debug)]
pub(super) enum AgentStep {
    WrapUpEnds,
    ComeBack,
}

/// What an agent's plan of the day says.
#[derive(Clone, Copy, Debug)]
pub(super) enum ShiftStep {
    LogIn,
    Take(Break),
    GoHome,
}

impl Simulator {
    /// Puts the beginning of the next day on the agenda.
    pub(super) fn begin_next_day(&mut self) {
        if let Some(day) = self.days.next(&mut self.draw) {
            let begins = day.begins;
            self.next_day = Some(day);
            self.plan_at(begins, Step::DayBegins);
        }
    }

    /// Plans a day: shifts, breaks, a meeting, test calls, arrivals.
    pub(super) fn begin_day(&mut self) {
        let Some(day) = self.next_day.take() else {
            return;
        };
        for agent in 0..self.floor.agents.len() as AgentNumber {
            let early = self.draw.between(Duration::ZERO, EARLY_MAX);
            let opens_in = day.opens.since(day.begins);
            let login = day.begins + opens_in.saturating_sub(early);
            self.plan_at(login, Step::Shift(agent, ShiftStep::LogIn));
            let group = f64::from(agent % LUNCH_GROUPS) / f64::from(LUNCH_GROUPS);
            let lunch = day.at(0.36 + 0.3 * group);
            self.plan_at(lunch, Step::Shift(agent, ShiftStep::Take(Break::Lunch)));
            for start in [0.1, 0.7] {
                let at = day.at(start + 0.2 * self.draw.unit());
                self.plan_at(at, Step::Shift(agent, ShiftStep::Take(Break::Short)));
            }
            self.plan_at(day.closes, Step::Shift(agent, ShiftStep::GoHome));
        }
        let queues = self.floor.queues.len() as u32;
        let meetings = queues.div_ceil(QUEUES_A_MEETING);
        for number in 0..meetings {
            let queue = (day.index * meetings + number) % queues;
            let begins = day.at(0.15 + 0.6 * self.draw.unit());
            self.plan_at(begins, Step::Staffing(queue, false));
            self.plan_at(begins + MEETING, Step::Staffing(queue, true));
        }
        for line in 0..self.floor.lines.len() as u32 {
            for number in 0..LINE_REPORTS_A_DAY {
                let fraction = f64::from(number) / f64::from(LINE_REPORTS_A_DAY);
                self.plan_at(day.at(fraction), Step::LineReport(line));
            }
        }
        self.calls_today = 0;
        self.tests_today.clear();
        for _ in 0..self.options.test_calls {
            let among = u32::try_from(day.calls).unwrap_or(u32::MAX);
            let number = u64::from(self.draw.below(among)) + 1;
            self.tests_today.push(number);
        }
        let closed_share = self.options.behaviour.closed_share;
        self.arrivals = Some(Arrivals::of_day(&day, closed_share));
        self.day = Some(day);
        self.plan_arrival();
        self.begin_next_day();
    }

    pub(super) fn follow_shift(&mut self, agent: AgentNumber, step: ShiftStep) {
        let status = self.floor.agents[agent as usize].status;
        match step {
            ShiftStep::LogIn if status == Status::LoggedOut => {
                for at in 0..self.floor.agents[agent as usize].queues.len() {
                    let queue = self.floor.agents[agent as usize].queues[at];
                    self.floor.queues[queue as usize].logged_in += 1;
                }
                self.become_available(agent);
            }
            ShiftStep::Take(_) if status == Status::LoggedOut => {}
            ShiftStep::Take(due) => {
                self.floor.agents[agent as usize].break_due = Some(due);
                if status == Status::Idle {
                    self.take_break(agent, due);
                }
            }
            ShiftStep::GoHome if status == Status::Idle => {
                self.floor.agents[agent as usize].leaving = true;
                self.log_out(agent);
            }
            ShiftStep::GoHome if status != Status::LoggedOut => {
                self.floor.agents[agent as usize].leaving = true;
            }
            ShiftStep::LogIn | ShiftStep::GoHome => {}
        }
    }

    pub(super) fn go_on_working(&mut self, agent: AgentNumber, step: AgentStep) {
        match step {
            AgentStep::WrapUpEnds => {
                let ended = WrapUpEnded {
                    agent: self.agent_name(agent),
                };
                self.say(Body::WrapUpEnded(ended));
                self.become_available(agent);
            }
            AgentStep::ComeBack => self.become_available(agent),
        }
    }

    /// An agent has nothing in hand: goes home, has a break, or is there for the next caller, and says which.
    pub(super) fn become_available(&mut self, agent: AgentNumber) {
        if !self.stop_work(agent) {
            self.say_agent(agent, AgentState::Available, "");
            self.work(agent);
        }
    }

    /// As [`Simulator::become_available`] for one who was available all the time and only rang.
    pub(super) fn be_idle(&mut self, agent: AgentNumber) {
        if !self.stop_work(agent) {
            self.work(agent);
        }
    }

    /// Goes home or has a break, if it is time for that; not home as long as somebody waits.
    fn stop_work(&mut self, agent: AgentNumber) -> bool {
        let Agent {
            leaving, break_due, ..
        } = self.floor.agents[agent as usize];
        if leaving {
            let is_done = self.next_caller(agent).is_none();
            if is_done {
                self.log_out(agent);
            }
            return is_done;
        }
        if let Some(due) = break_due {
            self.take_break(agent, due);
        }
        break_due.is_some()
    }

    fn work(&mut self, agent: AgentNumber) {
        self.set_status(agent, Status::Idle);
        self.floor.list_idle(agent);
        self.seek_work(agent);
        let here = &self.floor.agents[agent as usize];
        if here.leaving && here.status == Status::Idle {
            self.log_out(agent);
        }
    }

    fn take_break(&mut self, agent: AgentNumber, due: Break) {
        self.floor.agents[agent as usize].break_due = None;
        let (reason, median) = match due {
            Break::Lunch => ("lunch", LUNCH_MEDIAN),
            Break::Short => ("break", SHORT_BREAK_MEDIAN),
        };
        self.go_away(agent, AgentState::Paused, reason, median);
    }

    /// Ends a shift; a queue without its last agent is emptied.
    fn log_out(&mut self, agent: AgentNumber) {
        self.set_status(agent, Status::LoggedOut);
        let here = &mut self.floor.agents[agent as usize];
        here.leaving = false;
        here.break_due = None;
        let queues = here.queues.clone();
        self.say_agent(agent, AgentState::LoggedOut, "");
        for queue in queues {
            let left = &mut self.floor.queues[queue as usize];
            left.logged_in -= 1;
            if left.logged_in == 0 {
                self.empty_queue(queue);
            }
        }
    }
}
