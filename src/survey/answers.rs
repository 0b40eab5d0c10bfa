//! The answers of a question: `answers = [{ key = "5", code = "excellent" }, …]`, best first.

use toml::de::DeValue;

use crate::model::AnswerCode;
use crate::model::nearest::{nearest, suggestion};

use super::definition::{Answer, Kind, LeaveKey, Next};
use super::finding::Findings;
use super::key::Key;
use super::limits;
use super::questions::Context;
use super::section::{Section, Text, clipped, section_of};

/// The answers as they are written, and where each leads by name.
pub(super) struct Given {
    pub(super) answers: Vec<Answer>,
    pub(super) next: Vec<Option<Text>>,
}

/// Takes the answers of a question.
pub(super) fn read(
    section: &mut Section<'_>,
    kind: &Kind,
    context: &Context<'_>,
    found: &mut Findings,
) -> Given {
    let mut given = listed(section, context, found);
    let have = given.answers.len();
    let at = section.place_of("answers");
    let fixed = kind.number().is_some() || matches!(kind, Kind::VoiceNote(_));
    if fixed && section.has("answers") {
        found.error(
            at,
            "answers: this kind of question has no list of answers; take it out",
        );
    }
    if !fixed && have == 0 && !section.has("answers") {
        if *kind == Kind::YesNo {
            given = yes_no(section.at, context);
        } else {
            let hint = "answers = [{ key = \"5\", code = \"excellent\" }, …], best first";
            section.missing("answers", hint, found);
        }
    } else if *kind == Kind::YesNo && have != 2 {
        found.error(
            at,
            format!("answers: yes or no are two answers, here are {have}"),
        );
    } else if !fixed && have < 2 {
        found.error(
            at,
            format!("answers: a question needs at least two, here are {have}"),
        );
    }
    if kind.number().is_some() && context.is_by_phone && context.leave == LeaveKey::Zero {
        let message = "no way out: a number needs 0 as a digit; say leave = \"**\" at the top, so that ** leaves";
        found.error(section.place_of("kind"), message);
    }
    mark(section, "positive", &mut given.answers, found, |answer| {
        answer.positive = true;
    });
    mark(section, "outside", &mut given.answers, found, |answer| {
        answer.outside = true;
    });
    mark(section, "cases", &mut given.answers, found, |answer| {
        answer.opens_case = true;
    });
    for answer in &given.answers {
        if answer.positive && answer.outside {
            let code = &answer.code;
            let message = format!(
                "answer \"{code}\" is positive and outside the scale; it can be one of the two"
            );
            found.error(answer.at, message);
        }
    }
    given
}

fn listed(section: &mut Section<'_>, context: &Context<'_>, found: &mut Findings) -> Given {
    let mut given = Given {
        answers: Vec::new(),
        next: Vec::new(),
    };
    let Some(value) = section.take("answers") else {
        return given;
    };
    let DeValue::Array(items) = value.get_ref() else {
        let message = "answers: expected a list, answers = [{ key = \"1\", code = \"yes\" }, …]";
        found.error(value.span().start, message);
        return given;
    };
    if items.len() > limits::ANSWERS_MAX {
        let most = limits::ANSWERS_MAX;
        found.error(value.span().start, format!("answers: at most {most}"));
    }
    for item in items.iter().take(limits::ANSWERS_MAX) {
        let Some(mut entry) = section_of(item, "answers", item.span().start, found) else {
            continue;
        };
        let answer = answer(&mut entry, context, found);
        check_unique(&answer, &given.answers, found);
        given.next.push(entry.text("next", found));
        given.answers.push(answer);
        entry.finish(found);
    }
    given
}

fn answer(entry: &mut Section<'_>, context: &Context<'_>, found: &mut Findings) -> Answer {
    let code = entry.name_needed("code", "the code under which the answer is kept", found);
    let key = entry.text("key", found);
    if key.is_none() && context.is_by_phone && !entry.has("key") {
        entry.missing(
            "key",
            "the key that gives this answer, such as key = \"1\"",
            found,
        );
    }
    let labels = context.languages.iter().map(|language| {
        let label = entry.text(language, found);
        if label.is_none() && !context.is_by_phone && !entry.has(language) {
            let code = clipped(&code.value);
            let message = format!(
                "answer \"{code}\" has no words in \"{language}\"; write {language} = \"…\""
            );
            found.error(entry.at, message);
        }
        label.map(|label| label.value)
    });
    let labels = labels.collect();
    let free_text = entry.flag("free_text", found).unwrap_or(false);
    if free_text && context.is_by_phone {
        let message =
            "free_text: words cannot be pressed; only a survey that is not asked by phone has them";
        found.error(entry.place_of("free_text"), message);
    }
    Answer {
        key: key.and_then(|key| answer_key(&key, context, found)),
        code: AnswerCode::new(code.value),
        labels,
        next: Next::End,
        positive: false,
        outside: false,
        opens_case: false,
        free_text,
        at: entry.at,
    }
}

/// A key that may be an answer: `*` always repeats, `0` is the way out unless `**` is.
fn answer_key(text: &Text, context: &Context<'_>, found: &mut Findings) -> Option<Key> {
    let key = Key::parse(&text.value);
    let wrong = match key {
        None => format!(
            "key: \"{}\" is no key of a telephone; a digit from \"1\" to \"9\"",
            clipped(&text.value)
        ),
        Some(Key::STAR) => {
            "key: * repeats the question and is never an answer; choose a digit".to_owned()
        }
        Some(Key::HASH) => {
            "key: # ends a number or skips and is never an answer; choose a digit".to_owned()
        }
        Some(Key::ZERO) if context.leave == LeaveKey::Zero => {
            "no way out: 0 leaves the survey; choose another key, or say leave = \"**\" at the top"
                .to_owned()
        }
        Some(key) if key.digit().is_none() => {
            "key: few telephones have letters; choose a digit".to_owned()
        }
        Some(_) => return key,
    };
    found.error(text.at, wrong);
    None
}

fn check_unique(answer: &Answer, before: &[Answer], found: &mut Findings) {
    let same_key = |other: &&Answer| other.key.is_some() && other.key == answer.key;
    if let (Some(key), Some(other)) = (answer.key, before.iter().find(same_key)) {
        let (key, other) = (key.as_char(), &other.code);
        let message = format!(
            "key {key} is used twice: it is \"{other}\" already; give each answer its own key"
        );
        found.error(answer.at, message);
    }
    if before.iter().any(|other| other.code == answer.code) && !answer.code.as_str().is_empty() {
        let code = &answer.code;
        let message = format!("answer code \"{code}\" is used twice; give each answer its own");
        found.error(answer.at, message);
    }
}

/// Yes by 1, no by 2.
fn yes_no(at: usize, context: &Context<'_>) -> Given {
    let answer = |key: Key, code: &str, positive: bool| Answer {
        key: Some(key),
        code: AnswerCode::new(code),
        labels: vec![None; context.languages.len()],
        next: Next::End,
        positive,
        outside: false,
        opens_case: false,
        free_text: false,
        at,
    };
    Given {
        answers: vec![answer(Key::ONE, "yes", true), answer(Key::TWO, "no", false)],
        next: vec![None, None],
    }
}

/// Marks the answers that a list names.
fn mark(
    section: &mut Section<'_>,
    key: &str,
    answers: &mut [Answer],
    found: &mut Findings,
    set: impl Fn(&mut Answer),
) {
    for name in section.texts(key, found).unwrap_or_default() {
        let code = AnswerCode::new(name.value.as_str());
        if let Some(answer) = answers.iter_mut().find(|answer| answer.code == code) {
            set(answer);
            continue;
        }
        let codes = answers.iter().map(|answer| answer.code.as_str());
        // Between codes of one letter, all are near.
        let near = nearest(&name.value, codes).filter(|near| near.len() > 1);
        let near = suggestion(near);
        let name_shown = clipped(&name.value);
        found.error(
            name.at,
            format!("{key}: there is no answer \"{name_shown}\"{near}"),
        );
    }
}
