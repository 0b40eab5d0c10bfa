//! Why a call is counted where it is: for each definition what the call adds to the figure, and why, in a sentence.
//!
//! What it adds comes from the functions of `kpi` that the reports add up; a test sums explanations and compares. The
//! sentence says no more than what went into it.

use std::borrow::Cow;
use std::time::Duration;

use crate::kpi::{CATALOGUE, Definition, Id, LevelFormula, Part};

use super::super::error::Error;
use super::super::nearest::{clipped, nearest};
use super::case::Case;
use super::{
    ALL, explain_calls as calls, explain_journeys as journeys, explain_legs as legs,
    explain_repeats as repeats, explain_surveys as surveys, explain_visits as visits,
};

/// What a call, or a part of it, adds to a figure, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// The definition's id.
    pub id: &'static str,
    /// Its version.
    pub version: u32,
    /// The queue, for agents' figures the agent, for those of surveys' questions the question, for coverage a dimension and its
    /// value, under which it stands; empty = none.
    pub under: String,
    /// What it adds to the figure's count, or to the numerator of a share.
    pub adds: u64,
    /// What it adds to the denominator; `None` where the figure is no share.
    pub of: Option<u64>,
    /// What it adds to a sum of spans; `None` where the figure has none, or the span is not known.
    pub span: Option<Duration>,
    /// Why, with the numbers.
    pub sentence: String,
}

impl Explanation {
    /// Of a count.
    pub(super) fn count(under: &str, adds: u64, sentence: String) -> Self {
        Self {
            id: "",
            version: 0,
            under: under.to_owned(),
            adds,
            of: None,
            span: None,
            sentence,
        }
    }

    /// Of a share.
    pub(super) fn part(under: &str, part: Part, sentence: String) -> Self {
        Self {
            of: Some(part.of),
            ..Self::count(under, part.count, sentence)
        }
    }

    /// With a span that it adds.
    pub(super) fn with_span(self, span: Option<Duration>) -> Self {
        Self { span, ..self }
    }
}

/// How one definition explains a call.
type Explain = fn(&Case<'_>) -> Vec<Explanation>;

/// Every definition that says something about a single call, in the catalogue's order.
const EXPLAINED: &[(Id, Explain)] = &[
    (Id::V1, calls::offered),
    (Id::V2, visits::begun),
    (Id::V3, calls::demand),
    (Id::V4, calls::refused),
    (Id::Outcomes, journeys::outcome),
    (Id::W1, visits::wait),
    (Id::W2, journeys::journey_wait),
    (Id::W2q, journeys::queue_wait),
    (Id::W3, journeys::time_to_human),
    (Id::W4, calls::transfer_wait),
    (Id::W5, visits::wait_answered),
    (Id::W6, visits::wait_abandoned),
    (Id::W7, visits::wait),
    (Id::W9, visits::quantiles),
    (Id::W10, visits::over),
    (Id::W11, visits::watched_waits),
    (Id::W12, journeys::burden),
    (Id::W13, visits::missed_offer_time),
    (Id::Strict, |case| visits::level(case, LevelFormula::Strict)),
    (Id::Short, |case| visits::level(case, LevelFormula::Short)),
    (Id::IgnoreAbandoned, |case| {
        visits::level(case, LevelFormula::IgnoreAbandoned)
    }),
    (Id::AbandonedMet, |case| {
        visits::level(case, LevelFormula::AbandonedMet)
    }),
    (Id::AnsweredOnly, |case| {
        visits::level(case, LevelFormula::AnsweredOnly)
    }),
    (Id::Amazon, |case| visits::level(case, LevelFormula::Amazon)),
    (Id::Journey, journeys::journey),
    (Id::Access, journeys::access),
    (Id::Ab1, visits::abandoned),
    (Id::Ab2, journeys::lost),
    (Id::Ab3, visits::abandoned_short),
    (Id::Ab4, visits::abandoned_after_transfer),
    (Id::Ab5, journeys::left_before_queue),
    (Id::Ab6, visits::answered_short),
    (Id::AgentAnswerRate, legs::answer_rate),
    (Id::Aht, legs::handle_time),
    (Id::Occupancy, legs::handling),
    (Id::AgentStates, legs::states),
    (Id::R1, repeats::repeats),
    (Id::R2, repeats::repeat_rate),
    (Id::R3, repeats::redials),
    (Id::R4, repeats::called_again),
    (Id::R5, repeats::got_through),
    (Id::R6, repeats::lost_people),
    (Id::R7, repeats::episodes),
    (Id::Unserved, calls::unserved),
    (Id::T1, calls::kinds),
    (Id::T2, calls::consult_only),
    (Id::T3, calls::transferred),
    (Id::T4, calls::transfers_per_call),
    (Id::T5, calls::returns),
    (Id::T6, calls::failed),
    (Id::T7, calls::after),
    (Id::T8, calls::wrong_door),
    (Id::T9, calls::paths),
    (Id::T10, calls::excessive),
    (Id::T11, calls::reroutes),
    (Id::Q1, surveys::invitation),
    (Id::Q2, surveys::response_1),
    (Id::Q3, surveys::response_2),
    (Id::Q4, surveys::cooperation),
    (Id::Q5, surveys::break_off),
    (Id::Q6, surveys::trouble),
    (Id::Q7, surveys::top_box),
    (Id::Q8, surveys::net_promoters),
    (Id::Q9, surveys::effort),
    (Id::Q10, surveys::resolution),
    (Id::Q11, surveys::bounds),
    (Id::Q12, surveys::coverage),
    (Id::Q13, surveys::coverage),
    (Id::Q14, surveys::weighted),
];

/// The definitions asked for, each once, in the catalogue's order.
pub(super) fn ids(asked: &[String]) -> Result<Vec<Id>, Error> {
    let names = || EXPLAINED.iter().map(|(id, _)| id.definition().id);
    if let Some(unknown) = asked
        .iter()
        .find(|asked| *asked != ALL && !names().any(|name| name == **asked))
    {
        return Err(not_explained(unknown));
    }
    let wanted = |id: &&Id| {
        let mut asked = asked.iter();
        is_explained(**id) && asked.any(|asked| *asked == ALL || *asked == id.definition().id)
    };
    Ok(CATALOGUE.iter().filter(wanted).copied().collect())
}

/// Why a name is not explained: it is of many calls, or it is none; then with the nearest that is, by its id or by its name
/// in words, as in `calls_offered`.
fn not_explained(asked: &str) -> Error {
    let mut catalogue = CATALOGUE.iter().map(|id| id.definition());
    if let Some(of_many) = catalogue.find(|definition| definition.id == asked) {
        return Error::NotExplained { metric: of_many.id };
    }
    let explained = EXPLAINED.iter().map(|(id, _)| id.definition());
    let names = explained.flat_map(|definition| {
        let word = word_of(&definition).map(|word| (word, definition.id));
        [(definition.id, definition.id)].into_iter().chain(word)
    });
    let names: Vec<_> = names.chain([(ALL, ALL)]).collect();
    let likest = nearest(asked, names.iter().map(|(name, _)| *name));
    let found = names.iter().find(|(name, _)| Some(*name) == likest);
    Error::UnknownMetric {
        metric: clipped(asked),
        nearest: found.map_or(ALL, |(_, id)| *id).to_owned(),
    }
}

/// The name in words with which a definition begins, where it has one.
fn word_of(definition: &Definition) -> Option<&'static str> {
    let Cow::Borrowed(sentence) = definition.sentence else {
        return None;
    };
    let (word, _) = sentence.split_once(':')?;
    let is_word = word
        .bytes()
        .all(|byte| byte == b'_' || byte.is_ascii_lowercase());
    is_word.then_some(word)
}

/// Whether a definition says something about a single call.
pub(super) fn is_explained(id: Id) -> bool {
    EXPLAINED.iter().any(|(explained, _)| *explained == id)
}

/// Why a call is counted where it is by a definition; at least one sentence.
pub(super) fn explain(id: Id, case: &Case<'_>) -> Vec<Explanation> {
    let explained = EXPLAINED.iter().find(|(explained, _)| *explained == id);
    let mut all = match explained {
        _ if case.record.test => {
            let words = "the call is tagged as a test: in no figure";
            vec![Explanation::count("", 0, words.to_owned())]
        }
        Some((_, explain)) => explain(case),
        None => Vec::new(),
    };
    if all.is_empty() {
        let words = "the call has nothing of the kind: it adds nothing";
        all.push(Explanation::count("", 0, words.to_owned()));
    }
    let definition = id.definition();
    for explanation in &mut all {
        explanation.id = definition.id;
        explanation.version = definition.version;
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_explained_says_why() {
        for (asked, words) in [
            (
                "blocking",
                "\"blocking\" says nothing of a single call, so it is explained for none; \"all\" explains whatever does",
            ),
            (
                "calls_offered",
                "no metric \"calls_offered\" is explained for a call; the nearest is \"V1\"",
            ),
            (
                "strickt",
                "no metric \"strickt\" is explained for a call; the nearest is \"strict\"",
            ),
        ] {
            let error = ids(&[asked.to_owned()]).unwrap_err();
            assert_eq!(error.to_string(), words);
            assert_eq!(error.field(), Some("explain"));
        }
        assert_eq!(ids(&["V1".to_owned()]).unwrap(), [Id::V1]);
    }
}
