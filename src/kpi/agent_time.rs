//! Where an agent's time went: one state at each instant, of what the switch told and what the calls show.
//!
//! A talk leg shows `talking`, another call `other_call` and an open offer `ringing`, whatever was told last; between a talk's end and the told end
//! of the work after it lies `wrap_up`. Elsewhere the state told last is in force; a wrap-up, told as a state, until its told
//! end or the next offer or talk: after that the agent is there for the next. Where nothing is known there is no span: time is never
//! guessed.

use crate::model::{AgentState, Text, Timestamp};

/// A stretch of time: from, to.
pub type Stretch = (Timestamp, Timestamp);

/// What is known of one agent.
#[derive(Clone, Debug, Default)]
pub struct AgentKnown {
    /// States told, with the reason of a pause, in order of time.
    pub told: Vec<(Timestamp, AgentState, Text)>,
    /// Ends of wrap-ups told, in order of time.
    pub wrap_up_ends: Vec<Timestamp>,
    /// Ringing.
    pub ringing: Vec<Stretch>,
    /// Talking, hold included.
    pub talking: Vec<Stretch>,
    /// Calls that are none of a queue's, as our own return calls.
    pub other_calls: Vec<Stretch>,
}

/// One state for some time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgentSpan {
    /// From then.
    pub start: Timestamp,
    /// To then.
    pub end: Timestamp,
    /// In this state.
    pub state: AgentState,
    /// Why, for paused.
    pub reason: Text,
}

impl AgentKnown {
    /// The agent's time within a stretch, in order, without overlap; joined where state and reason stay the same.
    pub fn spans(&self, (start, end): Stretch) -> Vec<AgentSpan> {
        let talking = joined(&self.talking);
        let ringing = joined(&self.ringing);
        let other_calls = joined(&self.other_calls);
        let wrap_up = self.wrap_ups(&talking, &ringing);
        let mut cuts: Vec<Timestamp> = vec![start, end];
        let stretches = talking
            .iter()
            .chain(&ringing)
            .chain(&other_calls)
            .chain(&wrap_up);
        cuts.extend(stretches.flat_map(|(from, to)| [*from, *to]));
        cuts.extend(self.told.iter().map(|(at, _, _)| *at));
        cuts.extend(&self.wrap_up_ends);
        cuts.retain(|at| (start..=end).contains(at));
        cuts.sort_unstable();
        cuts.dedup();

        let mut spans: Vec<AgentSpan> = Vec::new();
        for cut in cuts.windows(2) {
            let (from, to) = (cut[0], cut[1]);
            let (state, reason) = if holds(&talking, from) {
                (AgentState::Talking, Text::default())
            } else if holds(&other_calls, from) {
                (AgentState::OtherCall, Text::default())
            } else if holds(&ringing, from) {
                (AgentState::Ringing, Text::default())
            } else if holds(&wrap_up, from) {
                (AgentState::WrapUp, Text::default())
            } else {
                let last = self.told.partition_point(|(at, _, _)| *at <= from);
                let Some((_, state, reason)) = last.checked_sub(1).map(|last| &self.told[last])
                else {
                    continue;
                };
                let (told_at, _, _) = self.told[last - 1];
                let ends = self.wrap_up_ends.partition_point(|at| *at <= from);
                let told_end = ends.checked_sub(1).map(|last| self.wrap_up_ends[last]);
                let ended = *state == AgentState::WrapUp
                    && (told_end.is_some_and(|at| told_at < at)
                        || [&talking, &ringing, &other_calls]
                            .into_iter()
                            .any(|stretches| begins_within(stretches, told_at, from)));
                match ended {
                    true => (AgentState::Available, Text::default()),
                    false => (*state, reason.clone()),
                }
            };
            match spans.last_mut() {
                Some(last) if last.end == from && last.state == state && last.reason == reason => {
                    last.end = to;
                }
                _ => spans.push(AgentSpan {
                    start: from,
                    end: to,
                    state,
                    reason,
                }),
            }
        }
        spans
    }

    /// From a talk's end to the told end of its wrap-up, unless something else began before.
    fn wrap_ups(&self, talking: &[Stretch], ringing: &[Stretch]) -> Vec<Stretch> {
        let ends = self.wrap_up_ends.iter().filter_map(|ended| {
            let before = talking.partition_point(|(_, to)| to <= ended);
            let (_, released) = talking.get(before.checked_sub(1)?)?;
            // All are in order of time, and of a year there are many.
            let told = &self.told[self.told.partition_point(|(at, _, _)| at <= released)..];
            let told = told.iter().take_while(|(at, _, _)| at < ended);
            // What the switch told of the wrap-up itself does not end it.
            let told = told.filter(|(_, state, _)| {
                !matches!(
                    state,
                    AgentState::WrapUp | AgentState::Talking | AgentState::Ringing
                )
            });
            let told = told.map(|(at, _, _)| *at).next();
            let first = |stretches: &[Stretch]| {
                let next = stretches.partition_point(|(from, _)| from <= released);
                let (from, _) = stretches.get(next)?;
                (from < ended).then_some(*from)
            };
            let (rang, talked) = (first(ringing), first(talking));
            let cut = [told, rang, talked].into_iter().flatten().min();
            Some((*released, cut.unwrap_or(*ended)))
        });
        joined(&ends.collect::<Vec<_>>())
    }
}

/// The same time as stretches that rise and do not touch.
fn joined(stretches: &[Stretch]) -> Vec<Stretch> {
    let mut sorted: Vec<_> = stretches
        .iter()
        .copied()
        .filter(|(from, to)| from < to)
        .collect();
    sorted.sort_unstable();
    let mut joined: Vec<Stretch> = Vec::with_capacity(sorted.len());
    for (from, to) in sorted {
        match joined.last_mut() {
            Some(last) if from <= last.1 => last.1 = last.1.max(to),
            _ => joined.push((from, to)),
        }
    }
    joined
}

/// Whether one of these stretches begins after an instant and up to another.
fn begins_within(stretches: &[Stretch], after: Timestamp, until: Timestamp) -> bool {
    let before = stretches.partition_point(|(from, _)| *from <= until);
    before
        .checked_sub(1)
        .is_some_and(|last| stretches[last].0 > after)
}

fn holds(stretches: &[Stretch], at: Timestamp) -> bool {
    let before = stretches.partition_point(|(from, _)| *from <= at);
    before
        .checked_sub(1)
        .is_some_and(|last| at < stretches[last].1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_micros(seconds * 1_000_000)
    }

    fn stretch(from: i64, to: i64) -> Stretch {
        (at(from), at(to))
    }

    /// States with their bounds in seconds.
    fn brief(known: &AgentKnown, from: i64, to: i64) -> Vec<(i64, i64, &'static str)> {
        let spans = known.spans(stretch(from, to)).into_iter();
        let seconds = |at: Timestamp| at.as_micros() / 1_000_000;
        spans
            .map(|span| (seconds(span.start), seconds(span.end), span.state.as_str()))
            .collect()
    }

    #[test]
    fn a_wrap_up_told_as_a_state_ends_as_told() {
        let known = |ends: &[i64]| AgentKnown {
            told: vec![
                (at(60), AgentState::WrapUp, Text::default()),
                (at(300), AgentState::Paused, "lunch".into()),
            ],
            wrap_up_ends: ends.iter().map(|end| at(*end)).collect(),
            talking: vec![stretch(20, 60)],
            ..AgentKnown::default()
        };
        let until = |end| [(20, 60, "talking"), (60, end, "wrap_up")].to_vec();
        let rest = |from| [(from, 300, "available"), (300, 400, "paused")];
        assert_eq!(
            brief(&known(&[180]), 0, 400),
            [until(180), rest(180).to_vec()].concat()
        );
        // An end of the work before says nothing of this one.
        assert_eq!(
            brief(&known(&[10]), 0, 400),
            [until(300), rest(300)[1..].to_vec()].concat()
        );
    }

    #[test]
    fn calls_go_before_what_was_told() {
        let known = AgentKnown {
            told: vec![
                (at(10), AgentState::Available, Text::default()),
                (at(90), AgentState::Paused, "lunch".into()),
                (at(95), AgentState::LoggedOut, Text::default()),
            ],
            wrap_up_ends: vec![at(70)],
            ringing: vec![stretch(20, 25)],
            // A second leg at once is the same time.
            talking: vec![stretch(25, 60), stretch(40, 50)],
            other_calls: vec![stretch(75, 80)],
        };
        assert_eq!(
            brief(&known, 0, 100),
            [
                (10, 20, "available"),
                (20, 25, "ringing"),
                (25, 60, "talking"),
                (60, 70, "wrap_up"),
                (70, 75, "available"),
                (75, 80, "other_call"),
                (80, 90, "available"),
                (90, 95, "paused"),
                (95, 100, "logged_out"),
            ]
        );
        // A period cuts at its bounds, and what held before it still holds.
        assert_eq!(
            brief(&known, 30, 65),
            [(30, 60, "talking"), (60, 65, "wrap_up")]
        );
    }

    #[test]
    fn a_wrap_up_ends_with_the_next_offer_or_pause() {
        let known = |told: Vec<_>, ringing| AgentKnown {
            told,
            wrap_up_ends: vec![at(80)],
            ringing,
            talking: vec![stretch(0, 50)],
            other_calls: Vec::new(),
        };
        let rung = known(vec![], vec![stretch(60, 65)]);
        assert_eq!(
            brief(&rung, 0, 100),
            [(0, 50, "talking"), (50, 60, "wrap_up"), (60, 65, "ringing")]
        );
        let paused = known(vec![(at(55), AgentState::Paused, "tea".into())], vec![]);
        assert_eq!(
            brief(&paused, 0, 100),
            [(0, 50, "talking"), (50, 55, "wrap_up"), (55, 100, "paused")]
        );
        // A switch that tells the wrap-up as a state, too.
        let told = known(vec![(at(50), AgentState::WrapUp, Text::default())], vec![]);
        assert_eq!(
            brief(&told, 0, 80),
            [(0, 50, "talking"), (50, 80, "wrap_up")]
        );
    }

    #[test]
    fn a_wrap_up_told_as_a_state_ends_with_the_next_offer() {
        let known = |ringing, talking| AgentKnown {
            told: vec![(at(50), AgentState::WrapUp, Text::default())],
            ringing,
            talking,
            ..AgentKnown::default()
        };
        // It began while the talk before still lasted: that is no offer.
        let missed = known(vec![stretch(70, 80)], vec![stretch(20, 55)]);
        assert_eq!(
            brief(&missed, 20, 100),
            [
                (20, 55, "talking"),
                (55, 70, "wrap_up"),
                (70, 80, "ringing"),
                (80, 100, "available")
            ]
        );
        let talked = known(vec![], vec![stretch(70, 90)]);
        assert_eq!(
            brief(&talked, 50, 100),
            [
                (50, 70, "wrap_up"),
                (70, 90, "talking"),
                (90, 100, "available")
            ]
        );
    }

    #[test]
    fn nothing_known_is_no_time() {
        assert_eq!(brief(&AgentKnown::default(), 0, 100), []);
        let told_later = AgentKnown {
            told: vec![(at(200), AgentState::Available, Text::default())],
            ..AgentKnown::default()
        };
        assert_eq!(brief(&told_later, 0, 100), []);
    }
}
