//! The questions of a definition: `[[question]]`, in the order in which they are asked.

use std::time::Duration;

use crate::model::QuestionId;
use crate::model::nearest::{nearest, suggestion};

use super::answers;
use super::definition::{After, Kind, LeaveKey, Next, Number, PromptIndex, Question, VoiceNote};
use super::finding::Findings;
use super::limits;
use super::prompts::Prompts;
use super::section::{Section, Span, Text, clipped};

/// What a question is read against.
pub(super) struct Context<'a> {
    pub(super) languages: &'a [String],
    pub(super) is_by_phone: bool,
    pub(super) leave: LeaveKey,
}

/// What holds for every question that says nothing else: `[defaults]`.
pub(super) struct Defaults {
    pub(super) first_digit_timeout: Duration,
    pub(super) attempts: u32,
    inter_digit_timeout: Duration,
    barge_in: bool,
    after_noinput: After,
    after_nomatch: After,
    noinput: Vec<Text>,
    nomatch: Vec<Text>,
}

/// The ways of a question, before the definition says otherwise.
const UNSAID: Defaults = Defaults {
    first_digit_timeout: limits::FIRST_DIGIT_LEAST,
    attempts: 3,
    // A slow hand needs 8 s, and who is done presses `#`.
    inter_digit_timeout: Duration::from_secs(10),
    barge_in: true,
    // Nobody is there, or nobody can: another question would not help.
    after_noinput: After::End,
    // Somebody is there and tries: another question may be easier.
    after_nomatch: After::GoOn,
    noinput: Vec::new(),
    nomatch: Vec::new(),
};

impl Defaults {
    /// Takes `[defaults]`.
    pub(super) fn read(top: &mut Section<'_>, found: &mut Findings) -> Self {
        let Some(mut section) = top.section("defaults", found) else {
            return UNSAID;
        };
        let defaults = UNSAID.over(&mut section, found);
        section.finish(found);
        defaults
    }

    /// What a section says, over these.
    fn over(&self, section: &mut Section<'_>, found: &mut Findings) -> Self {
        let first = Span {
            example: "10s",
            default: self.first_digit_timeout,
            least: limits::FIRST_DIGIT_LEAST,
            most: limits::FIRST_DIGIT_MOST,
        };
        let inter = Span {
            example: "10s",
            default: self.inter_digit_timeout,
            least: limits::INTER_DIGIT_LEAST,
            most: limits::INTER_DIGIT_MOST,
        };
        let after = [("next", After::GoOn), ("end", After::End)];
        let attempts = section.number("attempts", (1, limits::ATTEMPTS_MAX), found);
        let mut names = |key: &str, unsaid: &[Text]| {
            let said = section.texts(key, found);
            said.unwrap_or_else(|| unsaid.to_vec())
        };
        let (noinput, nomatch) = (
            names("noinput", &self.noinput),
            names("nomatch", &self.nomatch),
        );
        Self {
            first_digit_timeout: section.span("first_digit_timeout", &first, found),
            inter_digit_timeout: section.span("inter_digit_timeout", &inter, found),
            attempts: attempts.map_or(self.attempts, |attempts| attempts as u32),
            barge_in: section.flag("barge_in", found).unwrap_or(self.barge_in),
            after_noinput: section
                .word("after_noinput", &after, found)
                .unwrap_or(self.after_noinput),
            after_nomatch: section
                .word("after_nomatch", &after, found)
                .unwrap_or(self.after_nomatch),
            noinput,
            nomatch,
        }
    }
}

/// A question whose ways lead to others by name.
struct Draft {
    question: Question,
    next: Option<Text>,
    answers_next: Vec<Option<Text>>,
}

/// Takes all questions of a file.
pub(super) fn read(
    top: &mut Section<'_>,
    context: &Context<'_>,
    defaults: &Defaults,
    prompts: &mut Prompts,
    found: &mut Findings,
) -> Vec<Question> {
    let sections = top.sections("question", limits::QUESTIONS_MAX, found);
    if sections.as_ref().is_none_or(Vec::is_empty) {
        let hint = "at least one question, under [[question]]";
        top.missing("question", hint, found);
    }
    let mut drafts: Vec<Draft> = Vec::new();
    for section in sections.unwrap_or_default() {
        let draft = draft(section, context, defaults, prompts, found);
        let code = &draft.question.code;
        if drafts.iter().any(|other| other.question.code == *code) && !code.as_str().is_empty() {
            let message =
                format!("code: \"{code}\" is the code of another question; give each its own");
            found.error(draft.question.at, message);
        }
        drafts.push(draft);
    }
    linked(drafts, found)
}

/// Questions whose ways are known.
fn linked(mut drafts: Vec<Draft>, found: &mut Findings) -> Vec<Question> {
    let codes: Vec<QuestionId> = drafts
        .iter()
        .map(|draft| draft.question.code.clone())
        .collect();
    let mut way = |name: Option<&Text>, following: Next| {
        let Some(name) = name else { return following };
        if name.value == "end" {
            return Next::End;
        }
        let place = codes.iter().position(|code| code.as_str() == name.value);
        if place.is_none() {
            let known = codes.iter().map(QuestionId::as_str).chain(["end"]);
            let near = suggestion(nearest(&name.value, known));
            let name_shown = clipped(&name.value);
            let message =
                format!("next: there is no question \"{name_shown}\"; a code, or \"end\"{near}");
            found.error(name.at, message);
        }
        place.map_or(Next::End, Next::Question)
    };
    for (place, draft) in drafts.iter_mut().enumerate() {
        let following = match place + 1 < codes.len() {
            true => Next::Question(place + 1),
            false => Next::End,
        };
        let next = way(draft.next.as_ref(), following);
        draft.question.next = next;
        for (answer, name) in draft.question.answers.iter_mut().zip(&draft.answers_next) {
            answer.next = way(name.as_ref(), next);
        }
    }
    drafts.into_iter().map(|draft| draft.question).collect()
}

fn draft(
    mut section: Section<'_>,
    context: &Context<'_>,
    defaults: &Defaults,
    prompts: &mut Prompts,
    found: &mut Findings,
) -> Draft {
    let hint = "the code under which answers are kept";
    let code = section.name_needed("code", hint, found);
    if code.value == "end" {
        found.error(
            code.at,
            "code: \"end\" means the end of the survey; choose another code",
        );
    }
    let prompt = section.text_needed("prompt", "the name of the prompt that asks it", found);
    let prompt = prompts.find(&prompt, "prompt", found);
    let intro = section.text("intro", found);
    let intro = intro.map(|name| prompts.find(&name, "intro", found));
    let ways = defaults.over(&mut section, found);
    let kind_at = section.place_of("kind");
    let kind = kind(&mut section, prompts, found);
    let cases_said = section.has("cases");
    let given = answers::read(&mut section, &kind, context, found);
    let mut all = |names: &[Text], key: &str| {
        let places = names.iter().map(|name| prompts.find(name, key, found));
        let places: Vec<PromptIndex> = places.collect();
        if places.is_empty() && context.is_by_phone {
            let why = if key == "noinput" {
                "a silence"
            } else {
                "a wrong key"
            };
            section.missing(
                key,
                &format!("the prompt said after {why}; here or in [defaults]"),
                found,
            );
        }
        places
    };
    let (noinput, nomatch) = (all(&ways.noinput, "noinput"), all(&ways.nomatch, "nomatch"));
    let next = section.text("next", found);
    let question = Question {
        code: QuestionId::new(code.value),
        kind,
        prompt,
        intro,
        noinput,
        nomatch,
        answers: given.answers,
        next: Next::End,
        first_digit_timeout: ways.first_digit_timeout,
        inter_digit_timeout: ways.inter_digit_timeout,
        attempts: ways.attempts,
        barge_in: ways.barge_in,
        after_noinput: ways.after_noinput,
        after_nomatch: ways.after_nomatch,
        cases_said,
        note_opens_case: false,
        at: code.at,
        kind_at,
    };
    section.finish(found);
    Draft {
        question,
        next,
        answers_next: given.next,
    }
}

/// The words of the kinds.
#[derive(Clone, Copy)]
enum Word {
    Choice,
    Scale,
    YesNo,
    Number,
    Nps,
    VoiceNote,
}

const KINDS: [(&str, Word); 6] = [
    ("choice", Word::Choice),
    ("scale", Word::Scale),
    ("yes_no", Word::YesNo),
    ("number", Word::Number),
    ("nps_0_10", Word::Nps),
    ("voice_note", Word::VoiceNote),
];

fn kind(section: &mut Section<'_>, prompts: &mut Prompts, found: &mut Findings) -> Kind {
    if !section.has("kind") {
        let hint =
            "one of \"choice\", \"scale\", \"yes_no\", \"number\", \"nps_0_10\", \"voice_note\"";
        section.missing("kind", hint, found);
    }
    match section.word("kind", &KINDS, found).unwrap_or(Word::Choice) {
        Word::Choice => Kind::Choice,
        Word::Scale => Kind::Scale,
        Word::YesNo => Kind::YesNo,
        Word::Number => Kind::Number(number(section, found)),
        Word::Nps => Kind::Nps,
        Word::VoiceNote => Kind::VoiceNote(voice_note(section, prompts, found)),
    }
}

fn number(section: &mut Section<'_>, found: &mut Findings) -> Number {
    let digits = section.number("digits", (1, limits::DIGITS_MAX), found);
    if !section.has("digits") {
        section.missing(
            "digits",
            "how many digits the number has at the most",
            found,
        );
    }
    let digits = digits.unwrap_or(1) as u32;
    let largest = 10_u64.pow(digits) - 1;
    let least = section.number("least", (0, largest), found).unwrap_or(0);
    let most = section
        .number("most", (0, largest), found)
        .unwrap_or(largest);
    if least > most {
        let at = section.place_of("least");
        found.error(
            at,
            format!("least: {least} is more than most, which is {most}"),
        );
    }
    Number {
        digits,
        least: least as u32,
        most: most as u32,
    }
}

fn voice_note(section: &mut Section<'_>, prompts: &mut Prompts, found: &mut Findings) -> VoiceNote {
    let hint = "a spoken comment needs a consent of its own: the id of its text";
    let text_id = section.name_needed("consent_text", hint, found);
    let version = section.number("consent_version", (1, u32::MAX.into()), found);
    if !section.has("consent_version") {
        section.missing(
            "consent_version",
            "the version of the text agreed to",
            found,
        );
    }
    let hint = "the prompt that says that it is recorded, that it is no official appeal, and how to make one";
    let appeal = section.text_needed("appeal", hint, found);
    let seconds = Span {
        example: "10s",
        default: Duration::from_secs(60),
        least: Duration::from_secs(5),
        most: limits::NOTE_MAX,
    };
    VoiceNote {
        text_id: text_id.value,
        version: version.unwrap_or(1) as u32,
        appeal: prompts.find(&appeal, "appeal", found),
        seconds_max: section.span("note_max", &seconds, found),
    }
}
