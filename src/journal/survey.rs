//! The bytes of what a survey came to, within a row of the journal.
//!
//! ```text
//! survey  := 1 definition: text survey | uint version | int put_at µs | text file
//!          | 2 session:    text call | step | uint length | the interview's state
//!          | 3 form:       as `form` draws it                                         since version 3
//!          | 4 case:       as `form` draws it                                         since version 3
//! step    := 1 opened:     text survey | uint version | text language | reason | uint rate
//!            2 consented:  option text question | text text id | uint version | hash[32] | 1 told or 0
//!                          | option key byte | int at µs
//!            3 answered:   text question | text answer | 1 a code or 0
//!            4 skipped:    text question
//!            5 ended:      disposition | 1 no key or 0
//!                          | uint count | count × (text question, uint noinputs, nomatches, repeats)
//! ```
//!
//! Codes are never reused; what is added has a code of its own.

use std::sync::Arc;

use crate::model::{
    AnswerCode, CallId, CodecError, Disposition, QuestionAsked, QuestionId, Reader, SessionEnded,
    SessionEvent, SessionOpened, SurveyConsent, SurveyEvent, SurveyId, SurveyReason, SurveyText,
    Timestamp, put_int, put_option, put_text, put_uint,
};

use super::form;

const DEFINED: u8 = 1;
const SESSION: u8 = 2;
const FORM: u8 = 3;
const CASE: u8 = 4;
const OPENED: u8 = 1;
const CONSENTED: u8 = 2;
const ANSWERED: u8 = 3;
const SKIPPED: u8 = 4;
const ENDED: u8 = 5;

/// Appends what a survey came to.
pub(super) fn write(out: &mut Vec<u8>, event: &SurveyEvent) {
    match event {
        SurveyEvent::Defined(text) => {
            out.push(DEFINED);
            put_text(out, text.survey.as_str());
            put_uint(out, text.version.into());
            put_int(out, text.put_at.as_micros());
            put_text(out, &text.text);
        }
        SurveyEvent::Session { call, event, state } => {
            out.push(SESSION);
            put_text(out, call.as_str());
            write_step(out, event);
            put_uint(out, state.len() as u64);
            out.extend_from_slice(state);
        }
        SurveyEvent::Form(taken) => {
            out.push(FORM);
            form::write(out, taken);
        }
        SurveyEvent::Case { call, form, step } => {
            out.push(CASE);
            form::write_case(out, (call.as_ref(), form.as_ref()), step);
        }
    }
}

fn write_step(out: &mut Vec<u8>, event: &SessionEvent) {
    match event {
        SessionEvent::Opened(opened) => {
            out.push(OPENED);
            put_text(out, opened.survey.as_str());
            put_uint(out, opened.version.into());
            put_text(out, &opened.language);
            out.push(opened.reason.code());
            put_uint(out, opened.rate.into());
        }
        SessionEvent::Consented(consent) => {
            out.push(CONSENTED);
            put_option(out, consent.question.as_ref(), |out, question| {
                put_text(out, question.as_str());
            });
            put_text(out, &consent.text_id);
            put_uint(out, consent.version.into());
            out.extend_from_slice(&consent.audio);
            out.push(consent.audio_told.into());
            // A key of a telephone is one byte.
            put_option(out, consent.key, |out, key| out.push(key as u8));
            put_int(out, consent.at.as_micros());
        }
        SessionEvent::Answered {
            question,
            answer,
            coded,
        } => {
            out.push(ANSWERED);
            put_text(out, question.as_str());
            put_text(out, answer.as_str());
            out.push((*coded).into());
        }
        SessionEvent::Skipped { question } => {
            out.push(SKIPPED);
            put_text(out, question.as_str());
        }
        SessionEvent::Ended(ended) => {
            out.push(ENDED);
            out.push(ended.disposition.code());
            out.push(ended.no_dtmf.into());
            put_uint(out, ended.asked.len() as u64);
            for asked in &ended.asked {
                put_text(out, asked.question.as_str());
                for count in [asked.noinputs, asked.nomatches, asked.repeats] {
                    put_uint(out, count.into());
                }
            }
        }
    }
}

/// Reads what `write` wrote.
pub(super) fn read(reader: &mut Reader<'_>) -> Result<SurveyEvent, CodecError> {
    match reader.byte()? {
        DEFINED => Ok(SurveyEvent::Defined(SurveyText {
            survey: SurveyId::new(name(reader)?),
            version: reader.uint32()?,
            put_at: Timestamp::from_micros(reader.int()?),
            text: reader.str()?.into(),
        })),
        SESSION => {
            let call = CallId::new(reader.str()?);
            let event = read_step(reader)?;
            let length = usize::try_from(reader.uint()?).map_err(|_| CodecError::Overflow)?;
            let state = reader.take(length)?.to_vec();
            Ok(SurveyEvent::Session { call, event, state })
        }
        FORM => form::read(reader).map(SurveyEvent::Form),
        CASE => form::read_case(reader),
        other => Err(CodecError::Code(other)),
    }
}

fn read_step(reader: &mut Reader<'_>) -> Result<SessionEvent, CodecError> {
    Ok(match reader.byte()? {
        OPENED => SessionEvent::Opened(SessionOpened {
            survey: SurveyId::new(name(reader)?),
            version: reader.uint32()?,
            language: reader.str()?.into(),
            reason: reader.word(SurveyReason::from_code)?,
            rate: reader.uint32()?,
        }),
        CONSENTED => {
            let question = reader.option(name)?.map(QuestionId::new);
            let text_id = reader.str()?.into();
            let version = reader.uint32()?;
            let mut audio = [0; 32];
            audio.copy_from_slice(reader.take(32)?);
            SessionEvent::Consented(SurveyConsent {
                question,
                text_id,
                version,
                audio,
                audio_told: reader.byte()? != 0,
                key: reader.option(Reader::byte)?.map(char::from),
                at: Timestamp::from_micros(reader.int()?),
            })
        }
        ANSWERED => SessionEvent::Answered {
            question: QuestionId::new(name(reader)?),
            answer: AnswerCode::new(name(reader)?),
            coded: reader.byte()? != 0,
        },
        SKIPPED => SessionEvent::Skipped {
            question: QuestionId::new(name(reader)?),
        },
        ENDED => {
            let disposition = reader.word(Disposition::from_code)?;
            let no_dtmf = reader.byte()? != 0;
            let count = reader.uint()?;
            let mut asked = Vec::new();
            for _ in 0..count {
                asked.push(QuestionAsked {
                    question: QuestionId::new(name(reader)?),
                    noinputs: reader.uint32()?,
                    nomatches: reader.uint32()?,
                    repeats: reader.uint32()?,
                });
            }
            SessionEvent::Ended(SessionEnded {
                disposition,
                no_dtmf,
                asked,
            })
        }
        other => return Err(CodecError::Code(other)),
    })
}

pub(super) fn name(reader: &mut Reader<'_>) -> Result<Arc<str>, CodecError> {
    reader.str().map(Arc::from)
}
