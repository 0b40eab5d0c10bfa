//! Explanations of what only the calls of one caller say together: repeats, who got through, episodes (R1–R7).
//!
//! They are those of the repeat report of the call's local day: a person counts there once, at their first call of the
//! day, and as got through at the first call that a human answered.

use std::time::Duration;

use crate::kpi::{self, Contact, EPISODE_GAP, Part, Repeated};
use crate::model::Timestamp;

use super::super::contacts::{Known, Later};
use super::super::group::Group;
use super::super::repeats::{Person, people};
use super::around::{Around, Whose};
use super::case::{Case, counted, halves};
use super::explain::Explanation;

/// A call among those of its caller.
struct Among<'a> {
    case: &'a Case<'a>,
    around: &'a Around,
    known: &'a [Known],
    sequence: Vec<Contact>,
    index: usize,
    under: &'a str,
}

impl Among<'_> {
    fn at(&self, index: usize) -> Timestamp {
        self.known[index].contact.at
    }

    fn id(&self, index: usize) -> &str {
        self.known[index].place.call.as_str()
    }

    /// How long before or after the call another one came.
    fn gap(&self, other: usize) -> Duration {
        let [from, to] = [self.index.min(other), self.index.max(other)].map(|one| self.at(one));
        to.since(from).unwrap_or_default()
    }

    /// What the call adds within a window.
    fn repeated(&self, window: Duration) -> Repeated {
        kpi::repeated(&self.sequence, self.index, window, self.around.horizon)
    }

    /// The call's number among the caller's calls of the day, from 1 on, and what the caller came to on it.
    fn person(&self) -> (usize, Person) {
        let person = people(self.known, &Group::All, Later::default())
            .into_values()
            .next();
        let until = self.known[..=self.index].iter();
        let number = until.filter(|one| one.bucket.is_some()).count();
        (number, person.unwrap_or_default())
    }

    fn count(&self, adds: u64, why: &str) -> Explanation {
        Explanation::count(self.under, adds, format!("{why}: {}", counted(adds)))
    }

    fn part(&self, part: Part, why: &str) -> Explanation {
        Explanation::part(self.under, part, format!("{why}: {}", halves(part)))
    }
}

/// Explains a call among those of its caller; one whose caller nobody knows is in none of these figures.
fn among(
    case: &Case<'_>,
    explain: impl FnOnce(&Among<'_>) -> Vec<Explanation>,
) -> Vec<Explanation> {
    let Some(around) = case.around else {
        return Vec::new();
    };
    let call = &case.rows.call;
    let queue = super::super::queue_calls::belongs_to(call);
    let under = queue.map_or("", |queue| queue.as_str());
    let none = |why: &str| vec![Explanation::count(under, 0, format!("{why}: not counted"))];
    match &around.whose {
        Whose::Ours => none("our own return call, neither demand nor a repeat"),
        Whose::Withheld => none("the number was withheld, so nobody can say whose call it is"),
        Whose::Unknown => none("no number was told, or it is kept no longer"),
        Whose::Shared { most } => none(&format!(
            "more than {most} calls of this number on one day, so it is of many people and left out"
        )),
        Whose::Person { known, index } => explain(&Among {
            case,
            around,
            known,
            sequence: known.iter().map(|one| one.contact).collect(),
            index: *index,
            under,
        }),
    }
}

/// `24 h`, `7 d`, `45m`.
fn span(span: Duration) -> String {
    const HOUR: u64 = 60 * 60;
    match span.as_secs() {
        seconds if span.subsec_nanos() > 0 || seconds == 0 || seconds % HOUR > 0 => {
            humantime::format_duration(span).to_string()
        }
        seconds if seconds > 72 * HOUR && seconds % (24 * HOUR) == 0 => {
            format!("{} d", seconds / (24 * HOUR))
        }
        seconds => format!("{} h", seconds / HOUR),
    }
}

/// How a gap stands to a window, in words.
fn set_against(gap: Duration, window: Duration) -> String {
    let sign = if gap <= window { "≤" } else { ">" };
    format!("{sign} {}", span(window))
}

/// An explanation for each window.
fn by_window(
    case: &Case<'_>,
    explain: impl Fn(&Among<'_>, Duration) -> Explanation,
) -> Vec<Explanation> {
    among(case, |call| {
        let windows = call.around.windows.iter();
        windows.map(|window| explain(call, *window)).collect()
    })
}

/// The caller's call before, set against a window, in words.
fn before_words(call: &Among<'_>, window: Duration) -> String {
    match kpi::previous_call(&call.sequence, call.index) {
        None => format!(
            "no call of the caller came within {} before it",
            span(window)
        ),
        Some(before) => {
            let gap = call.gap(before);
            format!(
                "call {} of the caller came {} before it, {}",
                call.id(before),
                span(gap),
                set_against(gap, window)
            )
        }
    }
}

/// R1.
pub(super) fn repeats(case: &Case<'_>) -> Vec<Explanation> {
    by_window(case, |call, window| {
        let adds = call.repeated(window).is_repeat.into();
        call.count(adds, &before_words(call, window))
    })
}

/// R2.
pub(super) fn repeat_rate(case: &Case<'_>) -> Vec<Explanation> {
    by_window(case, |call, window| {
        let part = Part {
            count: call.repeated(window).is_repeat.into(),
            of: 1,
        };
        call.part(part, &before_words(call, window))
    })
}

/// R3.
pub(super) fn redials(case: &Case<'_>) -> Vec<Explanation> {
    by_window(case, |call, window| {
        let adds = call.repeated(window).is_redial.into();
        let before = kpi::previous_call(&call.sequence, call.index);
        let answer = match before.map(|before| call.sequence[before].is_spoken()) {
            Some(true) => ", and a human answered that",
            Some(false) => ", and no human answered that",
            None => "",
        };
        call.count(adds, &format!("{}{answer}", before_words(call, window)))
    })
}

/// R4.
pub(super) fn called_again(case: &Case<'_>) -> Vec<Explanation> {
    by_window(case, |call, window| {
        let repeated = call.repeated(window);
        let part = Part {
            count: repeated.is_called_again.into(),
            of: repeated.is_mature.into(),
        };
        let after = kpi::next_call(&call.sequence, call.index);
        let words = match after {
            _ if !repeated.is_mature => format!(
                "calls are known up to {} only, less than {} after it, so it is immature",
                call.case.plan.zone.local_text(call.around.horizon),
                span(window)
            ),
            None => format!(
                "the caller did not call again within {} after it",
                span(window)
            ),
            Some(after) => {
                let gap = call.gap(after);
                format!(
                    "call {} of the caller came {} after it, {}",
                    call.id(after),
                    span(gap),
                    set_against(gap, window)
                )
            }
        };
        call.part(part, &words)
    })
}

/// R5.
pub(super) fn got_through(case: &Case<'_>) -> Vec<Explanation> {
    among(case, |call| {
        let (number, person) = call.person();
        let is_first = person.answered_after == Some(number);
        let part = Part {
            count: is_first.into(),
            of: u64::from(number == 1),
        };
        let answer = match (call.known[call.index].contact.is_spoken(), is_first) {
            (true, true) => "the first that a human answered",
            (true, false) => "a human answered, as an earlier one",
            (false, _) => "no human answered",
        };
        let words = format!(
            "call {number} of {} of the caller on {}, {answer}; the person counts at their first",
            person.calls, call.around.day
        );
        vec![call.part(part, &words)]
    })
}

/// R6.
pub(super) fn lost_people(case: &Case<'_>) -> Vec<Explanation> {
    among(case, |call| {
        let (number, person) = call.person();
        let adds = u64::from(number == 1 && person.is_lost());
        let became = match (person.answered_after, person.reached_back) {
            (None, false) if person.on_the_line => "is on the line now",
            (Some(_), _) => "spoke to somebody",
            (None, true) => "spoke to nobody and was reached back",
            (None, false) => "spoke to nobody and was not reached back",
        };
        let words = format!(
            "call {number} of {} of the caller on {}, who {became}; the person counts at their first",
            person.calls, call.around.day
        );
        vec![call.count(adds, &words)]
    })
}

/// R7.
pub(super) fn episodes(case: &Case<'_>) -> Vec<Explanation> {
    among(case, |call| {
        let begins = kpi::begins_episode(&call.sequence, call.index);
        let words = match kpi::before_episode(&call.sequence, call.index) {
            None => format!(
                "no call of the caller came within {} before it, so an episode begins",
                span(EPISODE_GAP)
            ),
            Some(before) => {
                let gap = call.gap(before);
                let (contact, ago) = (call.sequence[before], span(gap));
                let what = match (contact.is_call(), contact.is_spoken()) {
                    (false, _) => "reached the caller",
                    (true, true) => "was answered",
                    (true, false) => "was not answered",
                };
                let against = match contact.is_spoken() {
                    true => String::new(),
                    false => format!(", {}", set_against(gap, EPISODE_GAP)),
                };
                let so = if begins {
                    "an episode begins"
                } else {
                    "the same episode goes on"
                };
                format!(
                    "call {} {what} {ago} before it{against}, so {so}",
                    call.id(before)
                )
            }
        };
        vec![call.count(begins.into(), &words)]
    })
}

#[cfg(test)]
#[path = "explain_repeats_test.rs"]
mod tests;
