//! Orders and definitions in the words of the contract.

use crate::proto::v1 as wire;
use crate::proto::v1::conduct_survey_response::Order as Said;
use crate::survey::{Channel, Definition, Finding, Heard, Key, Order, Severity, Then};

use super::definitions::Kept;

/// An order as it is told; `None` for what is not the switch's.
pub(super) fn order(definition: &Definition, order: &Order) -> Option<wire::ConductSurveyResponse> {
    let said = match order {
        Order::Play {
            play,
            prompts,
            language,
            barge_in,
        } => {
            let place = definition.language(language);
            let texts = prompts.iter().map(|audio| {
                let prompt = definition.prompt_of(audio);
                let said = prompt.and_then(|prompt| prompt.said.get(place));
                said.map(|said| said.text.clone()).unwrap_or_default()
            });
            Said::Play(wire::PlayPrompts {
                play: *play,
                texts: texts.collect(),
                prompts: prompts.clone(),
                language: language.clone(),
                barge_in: *barge_in,
            })
        }
        Order::Collect {
            question,
            digits_max,
            term,
            first_digit_timeout,
            inter_digit_timeout,
        } => Said::Collect(wire::CollectDigits {
            question: question
                .as_ref()
                .map(ToString::to_string)
                .unwrap_or_default(),
            digits_max: *digits_max,
            term: term
                .map(|key| key.as_char().to_string())
                .unwrap_or_default(),
            first_digit_timeout: Some((*first_digit_timeout).into()),
            inter_digit_timeout: Some((*inter_digit_timeout).into()),
        }),
        Order::Listen {
            question,
            seconds_max,
            term,
        } => Said::Record(wire::RecordVoiceNote {
            question: question.to_string(),
            seconds_max: Some((*seconds_max).into()),
            term: term.as_char().to_string(),
        }),
        Order::End {
            disposition,
            no_dtmf,
            next,
        } => Said::End(wire::EndDialog {
            disposition: disposition.as_str().to_owned(),
            no_dtmf: *no_dtmf,
            next: match next {
                Then::HangUp => wire::DialogNext::HangUp,
                Then::Specialist => wire::DialogNext::Specialist,
            }
            .into(),
            reason: String::new(),
            message: String::new(),
        }),
        Order::Record { .. } => return None,
    };
    Some(wire::ConductSurveyResponse { order: Some(said) })
}

/// A press as the interview takes it; `None` = no key of a telephone.
pub(super) fn press(key: &wire::KeyPressed) -> Option<crate::survey::Press> {
    let heard = match key.heard() {
        wire::Heard::Unspecified => Heard::Unknown,
        wire::Heard::Rfc4733 => Heard::Rfc4733,
        wire::Heard::Inband => Heard::Inband,
    };
    Some(crate::survey::Press {
        key: Key::parse(&key.key)?,
        // The dialog has looked at it.
        input_seq: None,
        heard,
    })
}

/// `two-questions, version 3`.
pub(super) fn spelled(kept: &Kept) -> String {
    let definition = &kept.definition;
    format!("{}, version {}", definition.survey, definition.version)
}

/// A version of a survey.
pub(super) fn info(kept: &Kept) -> wire::SurveyInfo {
    let definition = &kept.definition;
    let questions = definition.questions.iter();
    let channels = definition.channels.iter().filter_map(|channel| {
        let known = Channel::ALL.iter().find(|(_, known)| known == channel);
        known.map(|(word, _)| (*word).to_owned())
    });
    wire::SurveyInfo {
        survey: definition.survey.to_string(),
        version: definition.version,
        put_at: Some(instant(kept.text.put_at)),
        digest: definition.digest.to_vec(),
        languages: definition.languages.clone(),
        questions: questions
            .map(|question| question.code.to_string())
            .collect(),
        channels: channels.collect(),
    }
}

fn instant(at: crate::model::Timestamp) -> pbjson_types::Timestamp {
    let micros = at.as_micros();
    pbjson_types::Timestamp {
        seconds: micros.div_euclid(1_000_000),
        nanos: (micros.rem_euclid(1_000_000) * 1_000) as i32,
    }
}

/// What is wrong with a definition.
pub(super) fn finding(finding: &Finding) -> wire::SurveyFinding {
    wire::SurveyFinding {
        line: finding.line as u32,
        column: finding.column as u32,
        error: finding.severity == Severity::Error,
        message: finding.message.clone(),
    }
}
