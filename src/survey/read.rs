//! A definition off its file: everything that is wrong in it, and the definition when nothing is.

use std::time::Duration;

use sha2::{Digest as _, Sha256};
use toml::de::DeTable;

use crate::model::nearest::{nearest, suggestion};
use crate::model::{QuestionId, SurveyId};

use super::definition::{Channel, Consent, Definition, Leave, LeaveKey, Opening, Question, Then};
use super::finding::{Finding, Findings, Severity};
use super::key::Key;
use super::prompts::Prompts;
use super::questions::{self, Defaults};
use super::section::{Section, Span, check_name, clipped, word_of};
use super::{case, check, limits, wording};

/// A day; retention is told in them.
const DAY: Duration = Duration::from_secs(86_400);

impl Definition {
    /// Reads a definition.
    ///
    /// # Errors
    /// Everything that makes the survey impossible, in the file's order.
    pub fn parse(file: &[u8]) -> Result<Self, Vec<Finding>> {
        let (definition, mut findings) = lint(file);
        findings.retain(|finding| finding.severity == Severity::Error);
        match definition {
            Some(definition) if findings.is_empty() => Ok(definition),
            _ => Err(findings),
        }
    }
}

/// Reads a definition and says everything that is wrong with it, warnings included; no definition when there are errors.
pub fn lint(file: &[u8]) -> (Option<Definition>, Vec<Finding>) {
    let mut found = Findings::default();
    let Some(text) = text_of(file, &mut found) else {
        return (None, found.placed(&String::from_utf8_lossy(file)));
    };
    let parsed = match DeTable::parse(text) {
        Ok(table) => table,
        Err(error) => {
            let at = error.span().map_or(0, |span| span.start);
            found.error(at, syntax(error.message(), text, at));
            return (None, found.placed(text));
        }
    };
    let definition = read(parsed.get_ref(), file, &mut found);
    check::check(&definition, &mut found);
    wording::check(&definition, &mut found);
    let definition = (!found.has_errors()).then_some(definition);
    (definition, found.placed(text))
}

/// The text of a file, if it is one.
fn text_of<'a>(file: &'a [u8], found: &mut Findings) -> Option<&'a str> {
    if file.len() > limits::FILE_BYTES_MAX {
        let most = limits::FILE_BYTES_MAX / 1024;
        let message =
            format!("the file is larger than {most} KiB; a survey is a few pages of TOML");
        found.error(0, message);
        return None;
    }
    let text = match std::str::from_utf8(file) {
        Ok(text) if !text.contains('\0') => text,
        Ok(text) => {
            let at = text.find('\0').unwrap_or(0);
            found.error(at, "this is no text; a survey is a TOML file in UTF-8");
            return None;
        }
        Err(error) => {
            let message = "this is no UTF-8 text; a survey is a TOML file in UTF-8";
            found.error(error.valid_up_to(), message);
            return None;
        }
    };
    // A mark of the byte order is no letter of the survey's.
    let is_empty = text.trim_start_matches('\u{feff}').trim().is_empty();
    if is_empty {
        let message = "the file is empty; a survey begins with survey = \"name\" and version = 1";
        found.error(0, message);
        return None;
    }
    Some(text)
}

/// An error of the TOML itself, in the words of a person who edits the file.
fn syntax(message: &str, text: &str, at: usize) -> String {
    if !message.starts_with("duplicate key") {
        return format!("no valid TOML: {message}");
    }
    let rest = text.get(at..).unwrap_or("");
    let key: String = rest
        .chars()
        .take_while(|c| c.is_alphanumeric() || "-_\"'".contains(*c))
        .collect();
    format!("{key} is said twice in this table; keep one of the two")
}

fn read(table: &DeTable<'_>, file: &[u8], found: &mut Findings) -> Definition {
    let mut top = Section::new(table, "the top of the file", 0);
    let survey = top.name_needed("survey", "the name of the survey, survey = \"name\"", found);
    let version = top.number("version", (1, u32::MAX.into()), found);
    if !top.has("version") {
        let hint = "version = 1, and one more with each change of what is asked";
        top.missing("version", hint, found);
    }
    let languages = languages(&mut top, found);
    let channels = channels(&mut top, found);
    let is_by_phone = channels.contains(&Channel::Phone);
    let hint = "the word for the ground on which answers are kept, such as \"consent\"";
    let legal_basis = top.text_needed("legal_basis", hint, found).value;
    if !top.has("retention") {
        top.missing(
            "retention",
            "how long answers are kept, such as \"3years\"",
            found,
        );
    }
    let retention = Span {
        example: "3years",
        default: 365 * DAY,
        least: DAY,
        most: 100 * 366 * DAY,
    };
    let retention = top.span("retention", &retention, found);
    let by = [("0", LeaveKey::Zero), ("**", LeaveKey::StarStar)];
    let to = [("goodbye", Then::HangUp), ("specialist", Then::Specialist)];
    let leave = Leave {
        by: top.word("leave", &by, found).unwrap_or(LeaveKey::Zero),
        to: top.word("leave_to", &to, found).unwrap_or(Then::HangUp),
    };
    let skip = top.word("skip", &[("#", true)], found).unwrap_or(false);
    let session = Span {
        example: "10min",
        default: limits::SESSION_DEFAULT,
        least: Duration::from_secs(60),
        most: limits::SESSION_MOST,
    };
    let session_max = top.span("session_max", &session, found);
    let plays_max = top.number("plays_max", (5, limits::PLAYS_MOST), found);

    let mut prompts = Prompts::read(&mut top, &survey.value, &languages, found);
    let defaults = Defaults::read(&mut top, found);
    let opening = opening(&mut top, is_by_phone, &mut prompts, &defaults, found);
    let goodbye = top.text("goodbye", found);
    if goodbye.is_none() && is_by_phone && !top.has("goodbye") {
        let hint = "the name of the prompt with the last words, said on every way out";
        top.missing("goodbye", hint, found);
    }
    let goodbye = goodbye.map(|name| prompts.find(&name, "goodbye", found));
    let context = questions::Context {
        languages: &languages,
        is_by_phone,
        leave: leave.by,
    };
    let mut questions = questions::read(&mut top, &context, &defaults, &mut prompts, found);
    let headline = headline(&mut top, &questions, found);
    case::mark(&mut questions, headline);
    top.finish(found);
    Definition {
        survey: SurveyId::new(survey.value),
        version: u32::try_from(version.unwrap_or(1)).unwrap_or(u32::MAX),
        digest: Sha256::digest(file).into(),
        languages,
        channels,
        legal_basis,
        retention,
        headline,
        leave,
        skip,
        session_max,
        plays_max: plays_max.map_or(limits::PLAYS_DEFAULT, |most| most as u32),
        opening,
        goodbye,
        prompts: prompts.finish(found),
        questions,
    }
}

fn languages(top: &mut Section<'_>, found: &mut Findings) -> Vec<String> {
    let hint = "the languages of its texts, languages = [\"ru\", \"en\"]; the first is the default";
    let at = top.place_of("languages");
    let Some(texts) = top.texts("languages", found) else {
        top.missing("languages", hint, found);
        return Vec::new();
    };
    let mut languages: Vec<String> = Vec::new();
    for text in texts {
        let is_tag = text.value.len() <= 12
            && text.value.starts_with(|c: char| c.is_ascii_lowercase())
            && !["audio", "seconds"].contains(&text.value.as_str());
        check_name(&text, "languages", "", found);
        if !is_tag {
            let message = "languages: a language is a tag such as \"ru\", \"en\" or \"udm\"";
            found.error(text.at, message);
        } else if languages.contains(&text.value) {
            let tag = &text.value;
            found.error(text.at, format!("languages: \"{tag}\" is named twice"));
        } else {
            languages.push(text.value);
        }
    }
    if languages.is_empty() {
        found.error(at, format!("languages: none is named; {hint}"));
    }
    if languages.len() > limits::LANGUAGES_MAX {
        let most = limits::LANGUAGES_MAX;
        found.error(at, format!("languages: at most {most}"));
        languages.truncate(most);
    }
    languages
}

fn channels(top: &mut Section<'_>, found: &mut Findings) -> Vec<Channel> {
    let texts = top.texts("channels", found).unwrap_or_default();
    let mut channels: Vec<Channel> = Vec::new();
    for text in &texts {
        let channel = word_of(text, "channels", &Channel::ALL, found);
        channels.extend(channel.filter(|channel| !channels.contains(channel)));
    }
    if channels.is_empty() {
        channels.push(Channel::Phone);
    }
    channels
}

/// The invitation and the consent.
fn opening(
    top: &mut Section<'_>,
    is_by_phone: bool,
    prompts: &mut Prompts,
    defaults: &Defaults,
    found: &mut Findings,
) -> Option<Opening> {
    let mut invited = top.section("invitation", found);
    let mut agreed = top.section("consent", found);
    if is_by_phone && !top.has("invitation") {
        let hint =
            "[invitation] with the prompt that says who asks, how long it takes and how to stop";
        top.missing("invitation", hint, found);
    }
    if !top.has("consent") {
        let hint = "[consent] with text = \"its id\" and version = 1; key = \"1\" when staying is not enough";
        top.missing("consent", hint, found);
    }
    let invitation = invited.as_mut().map(|section| {
        let name = section.text_needed("prompt", "the name of a prompt", found);
        prompts.find(&name, "prompt", found)
    });
    let consent = agreed.as_mut().map(|section| {
        let text_id = section.name_needed("text", "the id of the text agreed to", found);
        let version = section.number("version", (1, u32::MAX.into()), found);
        if !section.has("version") {
            section.missing("version", "the version of the text agreed to", found);
        }
        let prompt = section.text("prompt", found);
        let key = section.text("key", found).and_then(|text| {
            let key = Key::parse(&text.value).filter(|key| key.digit().is_some_and(|d| d > 0));
            if key.is_none() {
                let got = clipped(&text.value);
                let message = format!("key: expected a key from \"1\" to \"9\", got \"{got}\"");
                found.error(text.at, message);
            }
            key
        });
        Consent {
            text_id: text_id.value,
            version: version.unwrap_or(1) as u32,
            prompt: prompt.map(|name| prompts.find(&name, "prompt", found)),
            key,
            first_digit_timeout: defaults.first_digit_timeout,
            attempts: defaults.attempts,
        }
    });
    for section in [invited, agreed].into_iter().flatten() {
        section.finish(found);
    }
    Some(Opening {
        invitation: invitation?,
        consent: consent?,
    })
}

fn headline(top: &mut Section<'_>, questions: &[Question], found: &mut Findings) -> usize {
    let Some(code) = top.text("headline", found) else {
        if !top.has("headline") {
            let hint = "the code of the question that matters most; with its answer an interview is `partial`";
            top.missing("headline", hint, found);
        }
        return 0;
    };
    let id = QuestionId::new(code.value.as_str());
    let place = questions.iter().position(|question| question.code == id);
    place.unwrap_or_else(|| {
        let codes = questions.iter().map(|question| question.code.as_str());
        let near = suggestion(nearest(&code.value, codes));
        let code_name = clipped(&code.value);
        found.error(
            code.at,
            format!("headline: there is no question \"{code_name}\"{near}"),
        );
        0
    })
}
