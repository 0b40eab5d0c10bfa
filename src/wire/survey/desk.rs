//! Who is being asked: a call has one dialog at a time, and one that was cut off may go on.
//!
//! A claim holds a call while its dialog runs. What it leaves behind when it is dropped is what the journal has: the next
//! dialog of the call goes on from there, or else the session ends at its limit (`keeper`).

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use crate::model::{CallId, CallKey, SourceId, SurveyId, SurveySession, Timestamp};
use crate::survey::limits;

/// Calls that were asked are remembered this long; by then they have settled, and the store knows them.
const REMEMBERED: Duration = Duration::from_secs(26 * 60 * 60);
/// How many are remembered before old ones are looked for.
const LOOK_FROM: usize = 4_096;

pub(super) type Key = (SourceId, CallId);

/// A session without a dialog.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Cut {
    /// What is asked.
    pub(super) survey: SurveyId,
    /// Which version of it.
    pub(super) version: u32,
    /// When the session began.
    pub(super) opened_at: Timestamp,
    /// The interview's state, as journaled last.
    pub(super) state: Vec<u8>,
    /// When it ends, unless a dialog goes on with it before.
    pub(super) until: Timestamp,
}

impl Cut {
    /// A session as the journal left it, that may take so long.
    pub(super) fn of(session: &SurveySession, session_max: Duration) -> Option<Self> {
        let opened_at = session.opened_at?;
        Some(Self {
            survey: session.opened.survey.clone(),
            version: session.opened.version,
            opened_at,
            state: session.state.clone(),
            until: opened_at.plus(session_max),
        })
    }
}

#[derive(Debug)]
enum Seat {
    /// A dialog runs.
    Taken,
    /// It was cut off.
    Left(Cut),
    /// It has ended.
    Over(Timestamp),
}

/// Why a call cannot be asked now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Occupied {
    /// It is being asked.
    Asked,
    /// It was asked.
    Over,
}

/// Everybody who is being asked; cheap to clone.
#[derive(Clone, Debug, Default)]
pub(super) struct Desk(Arc<Mutex<Seats>>);

/// By the call's key, which an erased call keeps.
type Seats = BTreeMap<(SourceId, CallKey), (CallId, Seat)>;

fn place((source, call): &Key) -> (SourceId, CallKey) {
    (source.clone(), call.key())
}

impl Desk {
    /// Takes in what the journal left; `session_max` says how long a session of that survey and version may take.
    pub(super) fn restore<'a>(
        &self,
        sessions: impl Iterator<Item = &'a SurveySession>,
        session_max: impl Fn(&SurveyId, u32) -> Option<Duration>,
    ) {
        let mut seats = self.lock();
        for session in sessions {
            let (survey, version) = (&session.opened.survey, session.opened.version);
            let longest = session_max(survey, version).unwrap_or(limits::SESSION_MOST);
            let seat = match (&session.ended, Cut::of(session, longest)) {
                (None, Some(cut)) => Seat::Left(cut),
                (Some((at, _)), _) => Seat::Over(*at),
                (None, None) => continue,
            };
            let call = session.call.clone();
            seats.insert((session.source.clone(), call.key()), (call, seat));
        }
    }

    /// Takes a call; what an earlier dialog of it left is in the claim.
    pub(super) fn claim(&self, mut key: Key, now: Timestamp) -> Result<Claim, Occupied> {
        let mut seats = self.lock();
        if seats.len() >= LOOK_FROM {
            let is_old = |at: Timestamp| now.since(at).is_some_and(|since| since > REMEMBERED);
            seats.retain(|_, (_, seat)| !matches!(seat, Seat::Over(at) if is_old(*at)));
        }
        let left = match seats.get(&place(&key)) {
            None => None,
            Some((known, Seat::Left(cut))) => {
                // A call that was erased meanwhile goes on as nobody's, whatever the switch calls it.
                key.1 = known.clone();
                Some(cut.clone())
            }
            Some((_, Seat::Taken)) => return Err(Occupied::Asked),
            Some((_, Seat::Over(_))) => return Err(Occupied::Over),
        };
        seats.insert(place(&key), (key.1.clone(), Seat::Taken));
        Ok(Claim {
            desk: self.clone(),
            key,
            leaves: left.map(Seat::Left),
        })
    }

    /// Sessions without a dialog whose time is over.
    pub(super) fn overdue(&self, now: Timestamp) -> Vec<Key> {
        let seats = self.lock();
        let overdue = seats.iter().filter(|(_, (_, seat))| match seat {
            Seat::Left(cut) => cut.until <= now,
            Seat::Taken | Seat::Over(_) => false,
        });
        let key = |((source, _), (call, _)): (&(SourceId, _), &(CallId, _))| {
            (source.clone(), call.clone())
        };
        overdue.map(key).collect()
    }

    fn lock(&self) -> MutexGuard<'_, Seats> {
        // Nothing in the lock can panic half-way: a poisoned map is whole.
        self.0
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

/// The right to ask a call, until it is dropped.
#[derive(Debug)]
pub(super) struct Claim {
    desk: Desk,
    key: Key,
    /// What stays when it is dropped; `None` = as if the call had never been asked.
    leaves: Option<Seat>,
}

impl Claim {
    /// The call.
    pub(super) fn key(&self) -> &Key {
        &self.key
    }

    /// What an earlier dialog, or this one, has left so far.
    pub(super) fn left(&self) -> Option<&Cut> {
        match &self.leaves {
            Some(Seat::Left(cut)) => Some(cut),
            Some(Seat::Taken | Seat::Over(_)) | None => None,
        }
    }

    /// The journal has this.
    pub(super) fn leave(&mut self, cut: Cut) {
        self.leaves = Some(Seat::Left(cut));
    }

    /// The session has ended.
    pub(super) fn end(&mut self, at: Timestamp) {
        self.leaves = Some(Seat::Over(at));
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        let mut seats = self.desk.lock();
        match self.leaves.take() {
            Some(seat) => drop(seats.insert(place(&self.key), (self.key.1.clone(), seat))),
            None => drop(seats.remove(&place(&self.key))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(call: &str) -> Key {
        (SourceId::new("pbx"), CallId::new(call))
    }

    fn cut(until: i64) -> Cut {
        Cut {
            survey: SurveyId::new("s"),
            version: 1,
            opened_at: Timestamp::default(),
            state: vec![1],
            until: Timestamp::from_micros(until),
        }
    }

    #[test]
    fn a_call_has_one_dialog_at_a_time_and_one_in_all() {
        let (desk, now) = (Desk::default(), Timestamp::default());
        let mut first = desk.claim(key("a"), now).unwrap();
        assert_eq!(desk.claim(key("a"), now).unwrap_err(), Occupied::Asked);
        assert!(desk.claim(key("b"), now).is_ok());
        first.leave(cut(5));
        drop(first);
        let mut second = desk.claim(key("a"), now).unwrap();
        assert_eq!(second.left(), Some(&cut(5)));
        second.end(now);
        drop(second);
        assert_eq!(desk.claim(key("a"), now).unwrap_err(), Occupied::Over);
    }

    #[test]
    fn a_dialog_that_came_to_nothing_leaves_nothing() {
        let (desk, now) = (Desk::default(), Timestamp::default());
        drop(desk.claim(key("a"), now).unwrap());
        assert_eq!(desk.claim(key("a"), now).unwrap().left(), None);
    }

    #[test]
    fn only_a_session_without_a_dialog_is_overdue() {
        let desk = Desk::default();
        let at = Timestamp::from_micros;
        let mut claim = desk.claim(key("a"), at(0)).unwrap();
        claim.leave(cut(5));
        assert_eq!(desk.overdue(at(9)), []);
        drop(claim);
        assert_eq!(desk.overdue(at(4)), []);
        assert_eq!(desk.overdue(at(5)), [key("a")]);
    }

    #[test]
    fn old_ones_are_forgotten_once_there_are_many() {
        let (desk, now) = (Desk::default(), Timestamp::default());
        for number in 0..LOOK_FROM {
            let mut claim = desk.claim(key(&number.to_string()), now).unwrap();
            claim.end(now);
        }
        assert_eq!(desk.claim(key("0"), now).unwrap_err(), Occupied::Over);
        let later = now.plus(REMEMBERED + Duration::from_secs(1));
        assert!(desk.claim(key("0"), later).is_ok());
    }
}
