//! What an interview wants written down, as the journal has it.

use sha2::{Digest as _, Sha256};

use crate::model::{
    Disposition, QuestionAsked, SessionEnded, SessionEvent, SurveyConsent, Timestamp,
};
use crate::survey::{Definition, Interview, Key, Kind, Record};

use super::open::Begun;

/// What is written down of a record.
pub(super) fn event_of(begun: &Begun, record: &Record, at: Timestamp) -> SessionEvent {
    let definition = &begun.kept.definition;
    match record {
        Record::Consent {
            text_id,
            version,
            prompts,
            key,
        } => SessionEvent::Consented(SurveyConsent {
            question: None,
            text_id: text_id.as_str().into(),
            version: *version,
            audio: audio(begun, prompts.iter().map(String::as_str)),
            audio_told: begun.audio.is_some(),
            key: key.map(Key::as_char),
            at,
        }),
        Record::NoteConsent {
            question,
            text_id,
            version,
            key,
        } => {
            let asked = definition
                .questions
                .iter()
                .find(|one| one.code == *question);
            let appeal = asked.and_then(|asked| match &asked.kind {
                Kind::VoiceNote(note) => Some([asked.prompt, note.appeal]),
                Kind::Choice | Kind::Scale | Kind::YesNo | Kind::Number(_) | Kind::Nps => None,
            });
            let prompts = appeal.into_iter().flatten();
            let prompts = prompts.filter_map(|prompt| definition.prompts.get(prompt));
            SessionEvent::Consented(SurveyConsent {
                question: Some(question.clone()),
                text_id: text_id.as_str().into(),
                version: *version,
                audio: audio(begun, prompts.map(|prompt| prompt.audio.as_str())),
                audio_told: begun.audio.is_some(),
                key: Some(key.as_char()),
                at,
            })
        }
        Record::Answer { question, answer } => {
            let asked = definition
                .questions
                .iter()
                .find(|one| one.code == *question);
            // A grade from 0 to 10 is a code; any other number, and a recording, is not.
            let coded = asked.is_some_and(|asked| match asked.kind {
                Kind::Choice | Kind::Scale | Kind::YesNo | Kind::Nps => true,
                Kind::Number(_) | Kind::VoiceNote(_) => false,
            });
            SessionEvent::Answered {
                question: question.clone(),
                answer: answer.clone(),
                coded,
            }
        }
        Record::Skip { question } => SessionEvent::Skipped {
            question: question.clone(),
        },
    }
}

/// SHA-256 of what was heard: the switch's own, or that of each prompt's id and text.
fn audio<'a>(begun: &Begun, prompts: impl Iterator<Item = &'a str>) -> [u8; 32] {
    if let Some(told) = begun.audio {
        return told;
    }
    let definition = &begun.kept.definition;
    let language = definition.language(&begun.opened.language);
    let mut hash = Sha256::new();
    for audio in prompts {
        let prompt = definition.prompt_of(audio);
        let said = prompt.and_then(|prompt| prompt.said.get(language));
        hash.update(audio.as_bytes());
        hash.update([0]);
        hash.update(said.map_or("", |said| said.text.as_str()).as_bytes());
        hash.update([0]);
    }
    hash.finalize().into()
}

/// How a session ended, with what each question took.
pub(super) fn ended(
    definition: &Definition,
    interview: &Interview,
    disposition: Disposition,
    no_dtmf: bool,
) -> SessionEnded {
    let asked = interview.tallies().into_iter().filter_map(|tally| {
        let question = definition.questions.get(tally.question)?;
        Some(QuestionAsked {
            question: question.code.clone(),
            noinputs: tally.noinputs,
            nomatches: tally.nomatches,
            repeats: tally.repeats,
        })
    });
    SessionEnded {
        disposition,
        no_dtmf,
        asked: asked.collect(),
    }
}
