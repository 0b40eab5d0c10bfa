//! SubmitAnswers: forms and monthly counts, each taken or refused by itself.
//!
//! One request is decided at a time, against what the store holds; and ends when the store holds what it brought, so the
//! next one sees it. Who sends a form again finds it there, whatever was lost in between.

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::journal::Note;
use crate::model::nearest::{nearest, suggestion};
use crate::model::{
    AnswerChannel, CallId, Cause, Form, FormContent, FormId, SourceId, SurveyEvent, TakenForm,
    Timestamp,
};
use crate::proto::v1 as wire;
use crate::proto::v1::submitted_form::Content;
use crate::survey::{Filled, FormFault, FormReason, limits};
use crate::validate::caps;

use super::super::error::SurveyError;
use super::Surveys;
use super::case_opening::About;

/// A month is over everywhere on Earth this long after it is in UTC.
const BEHIND_UTC: std::time::Duration = std::time::Duration::from_secs(12 * 60 * 60);

/// Takes a request's forms.
pub(super) async fn submit(
    surveys: Surveys,
    request: wire::SubmitAnswersRequest,
) -> Result<wire::SubmitAnswersResponse, SurveyError> {
    if request.forms.len() > limits::FORMS_MAX {
        return Err(SurveyError::TooManyForms {
            forms: request.forms.len(),
            limit: limits::FORMS_MAX,
        });
    }
    let _turn = surveys.deciding.lock().await;
    let now = surveys.parts.clock.now();
    let mut answer = wire::SubmitAnswersResponse::default();
    let mut fresh: BTreeMap<FormId, TakenForm> = BTreeMap::new();
    let mut notes = Vec::new();
    for (place, told) in request.forms.iter().enumerate() {
        let decided = match check(&surveys, told, now) {
            Ok(taken) => known(&surveys, &fresh, &taken)
                .await?
                .map(|known| (taken, known)),
            Err(fault) => Err(fault),
        };
        match decided {
            Ok((_, true)) => answer.duplicates += 1,
            Ok((taken, false)) => {
                answer.accepted += 1;
                notes.push(note(&taken, SurveyEvent::Form(taken.form.clone())));
                notes.extend(case(&surveys, &taken));
                fresh.insert(taken.form.form.clone(), taken);
            }
            Err(fault) => answer.refusals.push(wire::FormRefusal {
                place: place as u32,
                form_id: told.form_id.chars().take(limits::FORM_ID_BYTES).collect(),
                reason: fault.reason.as_str().to_owned(),
                field: fault.field,
                message: fault.message,
            }),
        }
    }
    if !request.check_only && !notes.is_empty() {
        surveys.keep_until_stored(notes).await?;
    }
    Ok(answer)
}

/// The opening of a form's case, if its answers open one.
fn case(surveys: &Surveys, taken: &TakenForm) -> Option<Note> {
    let FormContent::Answers {
        survey,
        version,
        answers,
        ..
    } = &taken.form.content
    else {
        return None;
    };
    let kept = surveys.definitions.find(survey, *version)?;
    let about = About {
        source: &taken.source,
        call: taken.form.call.as_ref(),
        form: Some(&taken.form.form),
        channel: taken.form.channel,
    };
    let answers = answers.iter();
    let answers = answers.map(|one| (one.question.as_str(), one.answer.as_str()));
    surveys.case(&kept.definition, &about, answers, taken.taken_at)
}

/// Something of a form's, to be written down.
fn note(taken: &TakenForm, event: SurveyEvent) -> Note {
    Note {
        source: taken.source.clone(),
        at: taken.taken_at,
        event,
    }
}

/// Whether the form is there already, in the store or before in the request.
async fn known(
    surveys: &Surveys,
    fresh: &BTreeMap<FormId, TakenForm>,
    taken: &TakenForm,
) -> Result<Result<bool, FormFault>, SurveyError> {
    let id = &taken.form.form;
    let stored = match fresh.get(id) {
        Some(before) => Some(before.clone()),
        None => surveys.parts.store.form(id).await?,
    };
    let Some(stored) = stored else {
        return Ok(Ok(false));
    };
    let mut said = taken.form.clone();
    // What was erased is not compared, nor brought back.
    if stored.form.call.as_ref().is_some_and(CallId::is_erased) {
        said.forget();
    }
    if stored.source == taken.source && stored.form == said {
        return Ok(Ok(true));
    }
    let message = format!(
        "form \"{id}\" was taken with other content: a form never changes; give another one its own id"
    );
    let fault = FormFault::new(FormReason::FormConflict, "form_id", message);
    Ok(Err(fault))
}

fn check(
    surveys: &Surveys,
    told: &wire::SubmittedForm,
    now: Timestamp,
) -> Result<TakenForm, FormFault> {
    let fault = FormFault::new;
    let missing = |field: &str| fault(FormReason::FieldMissing, field, format!("{field} is empty"));
    let names = [
        ("form_id", &told.form_id, limits::FORM_ID_BYTES),
        ("channel", &told.channel, caps::NAME_BYTES),
        ("source", &told.source, caps::NAME_BYTES),
        ("call_id", &told.call_id, caps::CALL_ID_BYTES),
    ];
    for (field, text, most) in names {
        check_name(field, text, most)?;
    }
    let channel = channel(&told.channel)?;
    let call = match (&*told.source, &*told.call_id) {
        ("", "") => None,
        ("", _) => return Err(missing("source")),
        (_, "") => return Err(missing("call_id")),
        (source, call) => {
            let source = SourceId::new(source);
            let mut known = surveys.parts.status.all().into_iter();
            if !known.any(|(known, _)| known == source) {
                let message = format!("no source is called \"{source}\"");
                return Err(fault(FormReason::UnknownSource, "source", message));
            }
            Some(CallId::new(call))
        }
    };
    let (form, answered_at, content) = match &told.content {
        None => return Err(missing("content")),
        Some(Content::Answers(_)) if told.form_id.is_empty() => return Err(missing("form_id")),
        Some(Content::Answers(answers)) => {
            let answered_at = answered_at(told.answered_at.as_ref(), now)?;
            let content = self::answers(surveys, channel, answers)?;
            (told.form_id.clone(), answered_at, content)
        }
        Some(Content::Count(count)) => {
            let (answered_at, content) = self::count(channel, count, now)?;
            let form = match &*told.form_id {
                "" => format!("{}/{}/{}", told.channel, count.month, count.cause),
                id => id.to_owned(),
            };
            (form, answered_at, content)
        }
    };
    Ok(TakenForm {
        source: SourceId::new(told.source.as_str()),
        taken_at: now,
        form: Form {
            form: FormId::new(form),
            channel,
            answered_at,
            call,
            content,
        },
    })
}

fn check_name(field: &str, text: &str, most: usize) -> Result<(), FormFault> {
    if text.len() > most {
        let message = format!("{field} has {} bytes, the limit is {most}", text.len());
        return Err(FormFault::new(FormReason::TooLong, field, message));
    }
    if text.chars().any(char::is_control) {
        let message = format!("{field} holds control characters");
        let reason = FormReason::ControlCharacter;
        return Err(FormFault::new(reason, field, message));
    }
    Ok(())
}

fn channel(word: &str) -> Result<AnswerChannel, FormFault> {
    let known = AnswerChannel::ALL.iter();
    if let Some(channel) = known.clone().find(|channel| channel.as_str() == word) {
        return Ok(*channel);
    }
    let known = known.map(|channel| channel.as_str());
    let words: Vec<_> = known.clone().skip(1).collect();
    let near = suggestion(nearest(word, known));
    let message = format!("no channel \"{word}\"; one of {}{near}", words.join(", "));
    let reason = FormReason::UnknownChannel;
    Err(FormFault::new(reason, "channel", message))
}

fn answered_at(
    told: Option<&pbjson_types::Timestamp>,
    now: Timestamp,
) -> Result<Timestamp, FormFault> {
    let Some(told) = told else {
        let message = "answered_at is missing: when the form was filled";
        let reason = FormReason::FieldMissing;
        return Err(FormFault::new(reason, "answered_at", message));
    };
    let micros = told.seconds.checked_mul(1_000_000);
    let micros = micros.and_then(|micros| micros.checked_add(i64::from(told.nanos) / 1_000));
    let at = micros.map(Timestamp::from_micros);
    let earliest = Timestamp::from_micros(caps::EARLIEST_MICROS);
    match at {
        Some(at) if at >= earliest && at <= now.plus(caps::BACKFILL_AHEAD) => Ok(at),
        Some(_) | None => Err(FormFault::new(
            FormReason::TimeOutOfRange,
            "answered_at",
            "answered_at is before 1990 or has not come yet",
        )),
    }
}

fn answers(
    surveys: &Surveys,
    channel: AnswerChannel,
    told: &wire::FormAnswers,
) -> Result<FormContent, FormFault> {
    check_name("survey", &told.survey, caps::NAME_BYTES)?;
    let kept = surveys.find(&told.survey, told.version);
    let kept = kept.map_err(|error| {
        let known = surveys.definitions.all();
        let known = known.iter().map(|kept| kept.definition.survey.as_str());
        let near = suggestion(nearest(&told.survey, known));
        let reason = FormReason::UnknownSurvey;
        FormFault::new(reason, "survey", format!("{error}{near}"))
    })?;
    let definition = &kept.definition;
    let languages = &definition.languages;
    let language = match &*told.language {
        "" => languages[0].as_str(),
        said if languages.iter().any(|known| known == said) => said,
        said => {
            let known = languages.join(", ");
            let said: String = said.chars().take(caps::NAME_BYTES).collect();
            let message = format!("the survey has no language \"{said}\"; it has {known}");
            let reason = FormReason::UnknownLanguage;
            return Err(FormFault::new(reason, "language", message));
        }
    };
    let filled = told.answers.iter().map(|answer| Filled {
        question: &answer.question,
        answer: &answer.answer,
        words: &answer.words,
    });
    Ok(FormContent::Answers {
        survey: definition.survey.clone(),
        version: definition.version,
        language: language.into(),
        answers: definition.check_form(channel, filled)?,
    })
}

fn count(
    channel: AnswerChannel,
    told: &wire::MonthlyCount,
    now: Timestamp,
) -> Result<(Timestamp, FormContent), FormFault> {
    if !matches!(channel, AnswerChannel::Appeal | AnswerChannel::Social) {
        let message = format!(
            "counts of a month come by appeal or social; by {} come answers",
            channel.as_str()
        );
        let reason = FormReason::ChannelNotAsked;
        return Err(FormFault::new(reason, "channel", message));
    }
    let (begins, month) = month(&told.month, now)?;
    let known = Cause::ALL.iter();
    let cause = known.clone().find(|cause| cause.as_str() == told.cause);
    let cause = cause.ok_or_else(|| {
        let said: String = told.cause.chars().take(caps::NAME_BYTES).collect();
        let words: Vec<_> = known.map(|cause| cause.as_str()).collect();
        let near = suggestion(nearest(&said, words.iter().copied()));
        let message = format!("no cause \"{said}\"; one of {}{near}", words.join(", "));
        FormFault::new(FormReason::UnknownCause, "count.cause", message)
    })?;
    if told.count > limits::COUNT_MAX {
        let message = format!("{} in a month; at most {}", told.count, limits::COUNT_MAX);
        let reason = FormReason::CountOutOfRange;
        return Err(FormFault::new(reason, "count.count", message));
    }
    let content = FormContent::Count {
        month,
        cause: *cause,
        count: told.count,
    };
    Ok((begins, content))
}

/// A month that is over: its beginning in UTC, and its number.
fn month(told: &str, now: Timestamp) -> Result<(Timestamp, u32), FormFault> {
    let shown: String = told.chars().take(caps::NAME_BYTES).collect();
    let wrong = |message| FormFault::new(FormReason::WrongMonth, "count.month", message);
    let parts = told.split_once('-').filter(|(year, month)| {
        let digits =
            |text: &str, many| text.len() == many && text.bytes().all(|byte| byte.is_ascii_digit());
        digits(year, 4) && digits(month, 2)
    });
    let date =
        parts.and_then(|(year, month)| Date::new(year.parse().ok()?, month.parse().ok()?, 1).ok());
    let date = date.filter(|date| date.year() >= 1990);
    let date = date.ok_or_else(|| {
        wrong(format!(
            "\"{shown}\" is no month; write a year and a month, as 2026-01"
        ))
    })?;
    let start = |date: Date| {
        let at = date.to_zoned(TimeZone::UTC).ok()?;
        Some(Timestamp::from_micros(at.timestamp().as_microsecond()))
    };
    let next = date.last_of_month().tomorrow().ok().and_then(start);
    if next.is_none_or(|next| next.plus(BEHIND_UTC) > now) {
        let message =
            format!("{shown} is not over: its count is not known yet; send it afterwards");
        return Err(wrong(message));
    }
    let number = date.year() as u32 * 12 + date.month() as u32 - 1;
    let begins = start(date).unwrap_or_default();
    Ok((begins, number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_is_counted_when_it_is_over() {
        let at = |text: &str| {
            let at: jiff::Timestamp = text.parse().unwrap();
            Timestamp::from_micros(at.as_microsecond())
        };
        let now = at("2026-03-01T12:00:00Z");
        // 2026 × 12 + 1.
        assert_eq!(
            month("2026-02", now),
            Ok((at("2026-02-01T00:00:00Z"), 24_313))
        );
        for wrong in [
            "2026-03",
            "2026-13",
            "2026-1",
            "26-01",
            "",
            "1989-12",
            "2026-02-01",
        ] {
            let fault = month(wrong, now).unwrap_err();
            assert_eq!(fault.reason, FormReason::WrongMonth, "{wrong}");
        }
        // At noon in Greenwich the month ends at the last place on Earth.
        assert!(month("2026-02", at("2026-03-01T11:59:59Z")).is_err());
    }
}
