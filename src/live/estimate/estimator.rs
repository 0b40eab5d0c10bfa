//! One queue of one source: predicts for whoever enters, scores when somebody is answered.

use std::time::Duration;

use crate::kpi::WaitEnd;
use crate::model::{CallKey, Predictor, Timestamp};

use super::forecast::{Line, Prediction, Said};
use super::load::Load;
use super::scores::Scores;

const PREDICTORS: usize = Predictor::ALL.len();

/// Something that happened to a visit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Happened {
    /// When.
    pub(crate) at: Timestamp,
    /// What; at one instant entries come first, and what was told before an answer is said without knowing of it.
    pub(crate) what: Move,
    /// Queue entry.
    pub(crate) entered_at: Timestamp,
    /// Whose visit.
    pub(crate) key: CallKey,
}

/// What may happen to a visit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Move {
    /// It began.
    Entered,
    /// Somebody answered.
    Answered,
    /// It ended otherwise.
    LeftOtherwise,
    /// It turned out never to have been, or nothing more will be told of it.
    Forgotten,
}

/// An answer, and what had been said of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scored {
    /// Queue entry.
    pub entered_at: Timestamp,
    /// The answer.
    pub answered_at: Timestamp,
    /// How long it took.
    pub wait: Duration,
    /// The load on entry.
    pub load: Load,
    /// What each had said, by `Predictor::ALL`.
    pub predictions: [Prediction; PREDICTORS],
    /// Whose word was given out.
    pub given: Option<Predictor>,
    /// Whether somebody who had come before was still waiting.
    pub is_overtaking: bool,
}

impl Scored {
    /// Actual − predicted, in milliseconds, by `Predictor::ALL`.
    pub fn errors_millis(&self) -> [Option<i32>; PREDICTORS] {
        let of = |prediction: Prediction| {
            let predicted = prediction.wait?;
            let error = self.wait.as_millis() as i64 - predicted.as_millis() as i64;
            Some(error.clamp(i32::MIN.into(), i32::MAX.into()) as i32)
        };
        self.predictions.map(of)
    }

    /// The same without their signs.
    pub fn errors(&self) -> [Option<Duration>; PREDICTORS] {
        let of = |millis: i32| Duration::from_millis(millis.unsigned_abs().into());
        self.errors_millis().map(|error| error.map(of))
    }

    /// Whether the wait lay in the range said by each, by `Predictor::ALL`.
    pub fn inside(&self) -> [Option<bool>; PREDICTORS] {
        let is_inside = |(low, high)| low <= self.wait && self.wait <= high;
        self.predictions
            .map(|prediction| prediction.range.map(is_inside))
    }
}

/// Why no estimate is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotGiven {
    /// The queue is closed by its calendar.
    Closed,
    /// All its agents are away: nobody will answer whoever comes.
    NobodyThere,
    /// The source has not been heard for too long: what became of its callers is not known.
    Silent,
    /// Under this load too few were answered so far.
    TooFew,
}

impl NotGiven {
    /// Why there is none where no source is heard: something was told of the queue once, or never.
    pub(crate) fn of_nothing(is_known: bool) -> Self {
        if is_known { Self::Silent } else { Self::TooFew }
    }

    /// The word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::NobodyThere => "nobody_there",
            Self::Silent => "silent",
            Self::TooFew => "too_few",
        }
    }
}

/// An estimate as it is given out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Given {
    /// Who says it.
    pub predictor: Predictor,
    /// The wait; within the range.
    pub wait: Duration,
    /// Four of five callers wait at least so long …
    pub low: Duration,
    /// … and at most so long.
    pub high: Duration,
    /// By how much it was wrong, on average.
    pub mean_error: Duration,
    /// Callers by whom that was measured.
    pub scored: u64,
}

/// Everything that is said of a caller who comes at this moment.
#[derive(Clone, Debug, PartialEq)]
pub struct Estimate {
    /// Who waits already.
    pub ahead: u64,
    /// The load that this is.
    pub load: Load,
    /// What is given out, or why nothing is.
    pub given: Result<Given, NotGiven>,
    /// What each says, by `Predictor::ALL`.
    pub predictors: [PredictorSays; PREDICTORS],
    /// Visits that ended without an answer, and so scored nobody, since this process knows of the queue.
    pub unscored: u64,
}

/// One predictor at this moment, and how right it was under this load.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PredictorSays {
    /// Which.
    pub predictor: Predictor,
    /// What it says.
    pub prediction: Prediction,
    /// Callers by whom it was measured.
    pub scored: u64,
    /// By how much it was wrong, on average.
    pub mean_error: Option<Duration>,
    /// The mean of actual − predicted, in microseconds.
    pub bias_micros: Option<i64>,
    /// The share of waits within its range.
    pub inside: Option<f64>,
}

/// The predictors of a queue and their scores.
#[derive(Debug, Default)]
pub(crate) struct Estimator {
    line: Line,
    scores: [[Scores; PREDICTORS]; Load::ALL.len()],
    told: Vec<Happened>,
    unscored: u64,
}

impl Estimator {
    /// Notes what happened, in any order; it counts when it is taken in.
    pub(crate) fn tell(&mut self, happened: Happened) {
        self.told.push(happened);
    }

    /// Takes in what was told, by order of time; appends answers with what had been said of them.
    pub(crate) fn take_in(&mut self, scored: &mut Vec<Scored>) {
        let mut told = std::mem::take(&mut self.told);
        told.sort_unstable();
        for happened in &told {
            self.happen(happened, scored);
        }
        // What a start needed is not kept; what a row needs is.
        told.clear();
        told.shrink_to(64);
        self.told = told;
    }

    fn happen(&mut self, happened: &Happened, scored: &mut Vec<Scored>) {
        let place = (happened.entered_at, happened.key);
        match happened.what {
            Move::Entered => {
                if !self.line.waiting.contains_key(&place) {
                    let said = self.say(happened.at);
                    self.line.waiting.insert(place, said);
                }
            }
            Move::Forgotten => {
                self.line.waiting.remove(&place);
            }
            Move::LeftOtherwise => {
                if self.line.waiting.remove(&place).is_some() {
                    self.unscored += 1;
                    self.line
                        .leave(happened.entered_at, happened.at, WaitEnd::Censored);
                }
            }
            Move::Answered => {
                let said = self.line.waiting.remove(&place);
                let wait = happened.at.since(happened.entered_at);
                if let Some((said, wait)) = said.zip(wait) {
                    let answer = Scored {
                        entered_at: happened.entered_at,
                        answered_at: happened.at,
                        wait,
                        load: said.load,
                        predictions: said.predictions,
                        given: said.given,
                        is_overtaking: self.line.is_overtaken(happened.entered_at),
                    };
                    self.score(&answer);
                    self.line
                        .leave(happened.entered_at, happened.at, WaitEnd::Answered);
                    scored.push(answer);
                }
            }
        }
    }

    fn score(&mut self, answer: &Scored) {
        let scores = &mut self.scores[answer.load.place()];
        let errors = answer.errors_millis().into_iter().zip(answer.inside());
        for (scores, (error, inside)) in scores.iter_mut().zip(errors) {
            if let Some(error) = error {
                scores.add(error, inside);
            }
        }
    }

    /// What is said of a caller who comes at this instant.
    fn say(&self, at: Timestamp) -> Said {
        let load = Load::of(self.line.waiting.len() as u64);
        let scores = &self.scores[load.place()];
        let mut predictions = [Prediction::default(); PREDICTORS];
        for ((prediction, scores), predictor) in
            predictions.iter_mut().zip(scores).zip(Predictor::ALL)
        {
            prediction.wait = self.line.predict(*predictor, at);
            prediction.range = prediction.wait.and_then(|wait| scores.range(wait));
        }
        let given = best(&predictions, scores);
        Said {
            load,
            predictions,
            given,
        }
    }

    /// What is said of a caller who comes at this moment, and how right it was so far.
    pub(crate) fn estimate(&self, now: Timestamp) -> Estimate {
        let said = self.say(now);
        let scores = &self.scores[said.load.place()];
        let mut predictors = Predictor::ALL.iter().zip(&said.predictions).zip(scores);
        let predictors = std::array::from_fn(|_| {
            let ((predictor, prediction), scores) =
                predictors.next().expect("there are as many of each");
            PredictorSays {
                predictor: *predictor,
                prediction: *prediction,
                scored: scores.count(),
                mean_error: scores.mean_error(),
                bias_micros: scores.bias_micros(),
                inside: scores.inside(),
            }
        });
        Estimate {
            ahead: self.line.waiting.len() as u64,
            load: said.load,
            given: given(said.given, &predictors).ok_or(NotGiven::TooFew),
            predictors,
            unscored: self.unscored,
        }
    }
}

impl Estimate {
    /// An estimate of a queue in which nothing has happened.
    pub(crate) fn none() -> Self {
        Estimator::default().estimate(Timestamp::MIN)
    }
}

/// The predictor with the least mean error, among those that say a range; the first of several.
fn best(
    predictions: &[Prediction; PREDICTORS],
    scores: &[Scores; PREDICTORS],
) -> Option<Predictor> {
    let all = Predictor::ALL.iter().zip(predictions).zip(scores);
    let ranged = all.filter(|((_, prediction), _)| prediction.range.is_some());
    let best = ranged.min_by_key(|(_, scores)| scores.mean_error());
    best.map(|((predictor, _), _)| *predictor)
}

fn given(best: Option<Predictor>, all: &[PredictorSays]) -> Option<Given> {
    let says = all.iter().find(|says| Some(says.predictor) == best)?;
    let (low, high) = says.prediction.range?;
    Some(Given {
        predictor: says.predictor,
        wait: says.prediction.wait?.clamp(low, high),
        low,
        high,
        mean_error: says.mean_error?,
        scored: says.scored,
    })
}
