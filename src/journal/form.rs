//! The bytes of forms and cases, within a row of the journal.
//!
//! ```text
//! form    := text form | channel | int answered_at µs | option text call | content
//! content := 1 answers: text survey | uint version | text language
//!                       | uint count | count × (text question, text answer, 1 a code or 0, text words)
//!            2 count:   uint year × 12 + month | cause | uint count
//! case    := option text call | option text form | step
//! step    := 1 opened:  text survey | uint version | channel | int due_at µs
//!                       | uint count | count × (text question, text answer)
//!            2 taken:   text owner
//!            3 closed:  text by | text done | option cause
//! ```
//!
//! Codes are never reused; what is added has a code of its own.

use crate::model::{
    AnswerChannel, AnswerCode, CallId, CaseOpened, CaseStep, Cause, CodecError, Form, FormAnswer,
    FormContent, FormId, QuestionId, Reader, SurveyEvent, SurveyId, Timestamp, put_int, put_option,
    put_text, put_uint,
};

use super::survey::name;

const ANSWERS: u8 = 1;
const COUNT: u8 = 2;
const OPENED: u8 = 1;
const TAKEN: u8 = 2;
const CLOSED: u8 = 3;

/// Appends a form.
pub(super) fn write(out: &mut Vec<u8>, form: &Form) {
    put_text(out, form.form.as_str());
    out.push(form.channel.code());
    put_int(out, form.answered_at.as_micros());
    put_call(out, form.call.as_ref());
    match &form.content {
        FormContent::Answers {
            survey,
            version,
            language,
            answers,
        } => {
            out.push(ANSWERS);
            put_text(out, survey.as_str());
            put_uint(out, (*version).into());
            put_text(out, language);
            put_uint(out, answers.len() as u64);
            for answer in answers {
                put_text(out, answer.question.as_str());
                put_text(out, answer.answer.as_str());
                out.push(answer.coded.into());
                put_text(out, &answer.words);
            }
        }
        FormContent::Count {
            month,
            cause,
            count,
        } => {
            out.push(COUNT);
            put_uint(out, (*month).into());
            out.push(cause.code());
            put_uint(out, (*count).into());
        }
    }
}

/// Appends a step of a case.
pub(super) fn write_case(
    out: &mut Vec<u8>,
    (call, form): (Option<&CallId>, Option<&FormId>),
    step: &CaseStep,
) {
    put_call(out, call);
    put_option(out, form, |out, form| put_text(out, form.as_str()));
    match step {
        CaseStep::Opened(opened) => {
            out.push(OPENED);
            put_text(out, opened.survey.as_str());
            put_uint(out, opened.version.into());
            out.push(opened.channel.code());
            put_int(out, opened.due_at.as_micros());
            put_uint(out, opened.said.len() as u64);
            for (question, answer) in &opened.said {
                put_text(out, question.as_str());
                put_text(out, answer.as_str());
            }
        }
        CaseStep::Taken { owner } => {
            out.push(TAKEN);
            put_text(out, owner);
        }
        CaseStep::Closed { by, done, cause } => {
            out.push(CLOSED);
            put_text(out, by);
            put_text(out, done);
            put_option(out, *cause, |out, cause| out.push(cause.code()));
        }
    }
}

fn put_call(out: &mut Vec<u8>, call: Option<&CallId>) {
    put_option(out, call, |out, call| put_text(out, call.as_str()));
}

/// Reads what `write` wrote.
pub(super) fn read(reader: &mut Reader<'_>) -> Result<Form, CodecError> {
    let form = FormId::new(name(reader)?);
    let channel = reader.word(AnswerChannel::from_code)?;
    let answered_at = Timestamp::from_micros(reader.int()?);
    let call = reader.option(Reader::str)?.map(CallId::new);
    let content = match reader.byte()? {
        ANSWERS => {
            let survey = SurveyId::new(name(reader)?);
            let version = reader.uint32()?;
            let language = reader.str()?.into();
            let count = reader.uint()?;
            let mut answers = Vec::new();
            for _ in 0..count {
                answers.push(FormAnswer {
                    question: QuestionId::new(name(reader)?),
                    answer: AnswerCode::new(name(reader)?),
                    coded: reader.byte()? != 0,
                    words: reader.str()?.into(),
                });
            }
            FormContent::Answers {
                survey,
                version,
                language,
                answers,
            }
        }
        COUNT => FormContent::Count {
            month: reader.uint32()?,
            cause: reader.word(Cause::from_code)?,
            count: reader.uint32()?,
        },
        other => return Err(CodecError::Code(other)),
    };
    Ok(Form {
        form,
        channel,
        answered_at,
        call,
        content,
    })
}

/// Reads what `write_case` wrote.
pub(super) fn read_case(reader: &mut Reader<'_>) -> Result<SurveyEvent, CodecError> {
    let call = reader.option(Reader::str)?.map(CallId::new);
    let form = reader.option(name)?.map(FormId::new);
    let step = match reader.byte()? {
        OPENED => {
            let survey = SurveyId::new(name(reader)?);
            let version = reader.uint32()?;
            let channel = reader.word(AnswerChannel::from_code)?;
            let due_at = Timestamp::from_micros(reader.int()?);
            let count = reader.uint()?;
            let mut said = Vec::new();
            for _ in 0..count {
                let question = QuestionId::new(name(reader)?);
                said.push((question, AnswerCode::new(name(reader)?)));
            }
            CaseStep::Opened(CaseOpened {
                survey,
                version,
                channel,
                due_at,
                said,
            })
        }
        TAKEN => CaseStep::Taken {
            owner: reader.str()?.into(),
        },
        CLOSED => CaseStep::Closed {
            by: reader.str()?.into(),
            done: reader.str()?.into(),
            cause: reader.option(|reader| reader.word(Cause::from_code))?,
        },
        other => return Err(CodecError::Code(other)),
    };
    Ok(SurveyEvent::Case { call, form, step })
}
