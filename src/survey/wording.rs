//! What makes a survey hard on the ear: warnings, since a person may know better; but for prompts that are too long.
//!
//! The words are those of Russian and English; what is said in another language is only measured by its length.

use std::time::Duration;

use super::definition::{Definition, Kind, LeaveKey, Next, Prompt, PromptIndex, Said};
use super::finding::Findings;
use super::speech::{seconds, words};
use super::{limits, russian};

/// The words by which one language says what the rules look for.
struct Vocabulary {
    tag: &'static str,
    press: &'static [&'static str],
    /// Words that may stand before or behind it and say nothing.
    filler: &'static [&'static str],
    digits: &'static [&'static str],
    /// What stands between a digit and what it means.
    means: &'static [&'static str],
    /// What joins digits to a range or a choice.
    joins: &'static [&'static str],
    /// How long it takes: beginnings of words.
    lengths: &'static [&'static str],
    zero: &'static [&'static str],
    star: &'static [&'static str],
    hang_up: &'static [&'static str],
}

const VOCABULARIES: [Vocabulary; 2] = [
    Vocabulary {
        tag: "ru",
        press: &["нажмите", "наберите", "нажимайте"],
        filler: &["пожалуйста", "цифру", "клавишу", "кнопку", "или", "и"],
        digits: &[
            "один",
            "единицу",
            "два",
            "двойку",
            "три",
            "тройку",
            "четыре",
            "четвёрку",
            "пять",
            "пятёрку",
            "шесть",
            "семь",
            "восемь",
            "девять",
        ],
        means: &["это", "значит", "если"],
        joins: &["или", "до", "и"],
        lengths: &["вопрос", "минут", "секунд"],
        zero: &["ноль"],
        star: &["звёздочк", "звездочк"],
        hang_up: &["трубк"],
    },
    Vocabulary {
        tag: "en",
        press: &["press", "dial", "enter"],
        filler: &["please", "the", "key", "number", "digit", "or", "and"],
        digits: &[
            "one", "two", "three", "four", "five", "six", "seven", "eight", "nine",
        ],
        means: &["is", "means", "for", "if"],
        joins: &["or", "to", "and", "through"],
        lengths: &["question", "minute", "second"],
        zero: &["zero"],
        star: &["star"],
        hang_up: &["hang"],
    },
];

fn vocabulary(tag: &str) -> Option<&'static Vocabulary> {
    VOCABULARIES.iter().find(|known| known.tag == tag)
}

/// Looks at every word of a definition.
pub(super) fn check(definition: &Definition, found: &mut Findings) {
    let asking: Vec<_> = definition.questions.iter().map(|one| one.prompt).collect();
    for (place, prompt) in definition.prompts.iter().enumerate() {
        for (tag, said) in definition.languages.iter().zip(&prompt.said) {
            if tag == "ru" {
                russian::check(said, definition.is_by_phone(), found);
            }
            if definition.is_by_phone() {
                check_said(prompt, asking.contains(&place), tag, said, found);
            }
        }
    }
    if !definition.is_by_phone() {
        return;
    }
    check_length_said_first(definition, found);
    check_scales(definition, found);
    check_changes_of_topic(definition, found);
    check_size(definition, found);
}

/// Whether some texts say how to leave; `None` in a language whose words are not known, or when nothing is said.
pub(super) fn says_how_to_leave(tag: &str, texts: &[&str], by: LeaveKey) -> Option<bool> {
    let known = vocabulary(tag)?;
    let key = match by {
        LeaveKey::Zero => known.zero,
        LeaveKey::StarStar => known.star,
    };
    let mut heard = texts.iter().flat_map(|text| words(text)).peekable();
    heard.peek()?;
    let says = |word: String| {
        let mut ways = key.iter().chain(known.hang_up);
        ways.any(|way| word.starts_with(way))
    };
    Some(heard.any(says))
}

fn check_said(prompt: &Prompt, asks: bool, tag: &str, said: &Said, found: &mut Findings) {
    let name = &prompt.name;
    let length = said.length();
    if length > Duration::from_secs(limits::PROMPT_SECONDS_MAX) {
        let (takes, most) = (seconds(length), limits::PROMPT_SECONDS_MAX);
        let message = format!(
            "prompt \"{name}\" is too long for the ear in \"{tag}\": about {takes} s; at most {most} s, say it shorter"
        );
        // No person knows better: how it began is forgotten before the keys are said.
        found.error(said.at, message);
    }
    if let Some(recorded) = said.seconds {
        let count = words(&said.text).count() as u64;
        let a_minute = count * 60 / recorded.as_secs().max(1);
        if a_minute > limits::WORDS_A_MINUTE {
            let most = limits::WORDS_A_MINUTE;
            let message = format!(
                "prompt \"{name}\" is read too fast in \"{tag}\": {a_minute} words a minute; at most {most}, read it slower"
            );
            found.warning(said.at, message);
        }
    }
    let Some(known) = vocabulary(tag) else { return };
    let digit = option_after_digit(&said.text, known);
    if let Some(digit) = digit.or_else(|| asks.then(|| digit_first(&said.text, known)).flatten()) {
        let message = format!(
            "prompt \"{name}\" says the option after its key \"{digit}\" in \"{tag}\"; say the option first, then its key"
        );
        found.warning(said.at, message);
    }
}

/// The key of a sentence that begins with "press five" and goes on with what five means.
fn option_after_digit(text: &str, known: &Vocabulary) -> Option<String> {
    let sentences = text.split(['.', '!', '?', ';', ':', '\n']);
    sentences
        .map(|sentence| words(sentence).collect::<Vec<_>>())
        .find_map(|sentence| {
            let is = |list: &[&str], word: &String| list.contains(&word.as_str());
            let mut rest = sentence.iter().skip_while(|word| is(known.filler, word));
            let press = rest.next()?;
            if !is(known.press, press) {
                return None;
            }
            let mut rest = rest.skip_while(|word| is(known.filler, word));
            let digit = rest.next().filter(|word| {
                is(known.digits, word)
                    || word.len() == 1 && word.bytes().all(|b| b.is_ascii_digit())
            })?;
            let behind = rest.next()?;
            (!is(known.joins, behind)).then(|| digit.clone())
        })
}

/// The key of a sentence of a question that begins with it, a dash or "is" behind: "Five: excellent", "Five is excellent".
fn digit_first(text: &str, known: &Vocabulary) -> Option<String> {
    let sentences = text.split_inclusive(['.', '!', '?', ';', '\n']);
    sentences.map(str::trim_start).find_map(|sentence| {
        let ends = sentence.find(|c: char| !c.is_alphanumeric())?;
        let (digit, behind) = sentence.split_at(ends);
        let digit = digit.to_lowercase();
        let is_digit = known.digits.contains(&&*digit)
            || digit.len() == 1 && digit.bytes().all(|b| b.is_ascii_digit());
        let behind = behind.trim_start();
        let is_said_of = behind.starts_with(['—', '–', '-', ':', ',', '='])
            || known
                .means
                .iter()
                .any(|means| words(behind).next().is_some_and(|word| word == *means));
        let says_more = words(behind).next().is_some();
        (is_digit && is_said_of && says_more).then_some(digit)
    })
}

/// The invitation says how long it takes, in its first two sentences.
fn check_length_said_first(definition: &Definition, found: &mut Findings) {
    let Some(opening) = &definition.opening else {
        return;
    };
    let invitation = &definition.prompts[opening.invitation];
    for (tag, said) in definition.languages.iter().zip(&invitation.said) {
        let Some(known) = vocabulary(tag) else {
            continue;
        };
        let begin: String = said.text.split_inclusive(['.', '!', '?']).take(2).collect();
        let says =
            words(&begin).any(|word| known.lengths.iter().any(|stem| word.starts_with(stem)));
        if !says && !said.text.is_empty() {
            let message = format!(
                "the invitation does not say first how long it takes in \"{tag}\"; begin with the number of questions or minutes"
            );
            found.warning(said.at, message);
        }
    }
}

/// All scales run one way: the best answer on the highest key, 5 where there is one.
fn check_scales(definition: &Definition, found: &mut Findings) {
    let scales = definition
        .questions
        .iter()
        .filter(|question| question.kind.is_scale());
    for question in scales {
        let within = question.answers.iter().filter(|answer| !answer.outside);
        let keys: Vec<_> = within
            .filter_map(|answer| answer.key.map(|key| (answer, key.digit())))
            .collect();
        let rising = keys.windows(2).find(|pair| pair[0].1 <= pair[1].1);
        if let Some([_, (answer, _)]) = rising {
            let code = &question.code;
            let message = format!(
                "the scale of \"{code}\" runs the other way: list its answers best first, with falling keys, 5 the best"
            );
            found.warning(answer.at, message);
        }
        if definition.questions.get(definition.headline) == Some(question)
            && question.kind == Kind::Scale
            && !question.answers.iter().any(|answer| answer.positive)
        {
            let code = &question.code;
            let message = format!(
                "\"{code}\" is the headline and no answer counts as satisfied; say positive = [\"…\"]"
            );
            found.warning(question.at, message);
        }
    }
}

/// After a scale 1 was bad; that 1 is yes from here on has to be announced.
fn check_changes_of_topic(definition: &Definition, found: &mut Findings) {
    for before in definition
        .questions
        .iter()
        .filter(|question| question.kind.is_scale())
    {
        for (_, next) in before.ways() {
            let Next::Question(next) = next else { continue };
            let question = &definition.questions[next];
            if question.kind == Kind::YesNo && question.intro.is_none() {
                let (code, before) = (&question.code, &before.code);
                let message = format!(
                    "\"{code}\" is answered by yes or no right after the scale of \"{before}\"; announce the change of topic by intro = \"…\""
                );
                found.warning(question.kind_at, message);
            }
        }
    }
}

/// Few questions, short prompts.
fn check_size(definition: &Definition, found: &mut Findings) {
    let count = longest(definition, |_| 1);
    let most = limits::KEYPAD_QUESTIONS_MAX as u64;
    let at = definition
        .questions
        .first()
        .map_or(0, |question| question.at);
    if count > most {
        let message =
            format!("{count} questions are many on the keypad; at most {most}, or callers hang up");
        found.warning(at, message);
    }
    for (language, tag) in definition.languages.iter().enumerate() {
        let opening = definition.opening.as_ref();
        let heard = opening.map_or(Vec::new(), |opening| {
            let prompts = [Some(opening.invitation), opening.consent.prompt];
            prompts.into_iter().flatten().collect()
        });
        let length =
            |prompts: &[PromptIndex]| definition.length(prompts, language).as_millis() as u64;
        let questions = longest(definition, |place| {
            let question = &definition.questions[place];
            let prompts: Vec<_> = question
                .intro
                .into_iter()
                .chain([question.prompt])
                .collect();
            length(&prompts)
        });
        let takes = seconds(Duration::from_millis(length(&heard) + questions));
        let most = limits::KEYPAD_SECONDS_MAX;
        if takes > most {
            let message = format!(
                "about {takes} s of prompts in \"{tag}\" are long on the keypad; at most {most} s, ask less or say it shorter"
            );
            found.warning(at, message);
        }
    }
}

/// The dearest way through the questions. A loop is an error already: no way is longer than all questions.
fn longest(definition: &Definition, cost: impl Fn(usize) -> u64) -> u64 {
    let count = definition.questions.len();
    // After n rounds every way of n questions is known.
    let mut best = vec![0; count];
    for _ in 0..count {
        for place in (0..count).rev() {
            let ways = definition.questions[place].ways().into_iter();
            let behind = ways.filter_map(|(_, next)| match next {
                Next::Question(next) => best.get(next).copied(),
                Next::End => None,
            });
            best[place] = cost(place).saturating_add(behind.max().unwrap_or(0));
        }
        if is_forward(definition) {
            break;
        }
    }
    best.first().copied().unwrap_or(0)
}

/// Whether every way leads to a question further down.
fn is_forward(definition: &Definition) -> bool {
    let mut questions = definition.questions.iter().enumerate();
    questions.all(|(place, question)| {
        let mut ways = question.ways().into_iter();
        ways.all(|(_, next)| match next {
            Next::Question(next) => next > place,
            Next::End => true,
        })
    })
}
