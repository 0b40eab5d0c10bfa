//! Forms at rest: answers of other channels than the telephone, and counts of causes by month.

use crate::database::{Columns, Fetch, on};
use crate::model::{
    AnswerChannel, AnswerCode, CallId, Cause, Form, FormAnswer, FormContent, FormId, QuestionId,
    SourceId, SurveyId, TakenForm, Timestamp,
};

use super::read::Store;
use super::rows::{Error, Period, failed};
use super::table::Kind::{Blob, Int, Text};
use super::table::{Rows, Table};
use super::write::Write;

static SURVEY_FORMS: Table = Table {
    name: "survey_forms",
    columns: &[
        ("form", Text),
        ("source", Text),
        ("call_key", Blob),
        ("call_id", Text),
        ("channel", Int),
        ("taken_at", Int),
        ("answered_at", Int),
        ("survey", Text),
        ("version", Int),
        ("language", Text),
        ("month", Int),
        ("cause", Int),
        ("count", Int),
    ],
    // The same form is taken once.
    conflict: "on conflict do nothing",
    doing: "write forms",
};

static SURVEY_FORM_ANSWERS: Table = Table {
    name: "survey_form_answers",
    columns: &[
        ("form", Text),
        ("place", Int),
        ("question", Text),
        ("answer", Text),
        ("coded", Int),
        ("words", Text),
    ],
    conflict: "on conflict do nothing",
    doing: "write answers of forms",
};

/// Puts another id in the place of a form's call ($1; $2 its source, $3 its key), and a word ($4) in that of what was
/// said in words and numbers.
pub(super) const FORGET: [&str; 2] = [
    "update survey_forms set call_id = $1 where source = $2 and call_key = $3 and $4 <> ''",
    "update survey_form_answers set answer = case coded when 0 then $4 else answer end,
        words = case words when '' then '' else $4 end
        where form in (select form from survey_forms
            where call_id = $1 and source = $2 and call_key = $3)",
];
/// What removes the forms of a call: by source and key.
pub(super) const REMOVALS: [&str; 2] = [
    "delete from survey_form_answers where form in (select form from survey_forms
        where source = (select name from sources where source_id = $1) and call_key = $2)",
    "delete from survey_forms
        where source = (select name from sources where source_id = $1) and call_key = $2",
];
/// What removes forms that speak of no call, from before an instant.
pub(super) const REMOVALS_UNBOUND: [&str; 2] = [
    "delete from survey_form_answers where form in (select form from survey_forms
        where call_key is null and answered_at < $1)",
    "delete from survey_forms where call_key is null and answered_at < $1",
];

/// The rows of forms.
pub(super) fn rows(write: &Write) -> [Rows<'_>; 2] {
    let mut forms = Rows::of(&SURVEY_FORMS, write.forms.len());
    let mut all = Rows::of(&SURVEY_FORM_ANSWERS, write.forms.len());
    for taken in &write.forms {
        let form = &taken.form;
        let call = form.call.as_ref();
        let (survey, version, language, counted) = match &form.content {
            FormContent::Answers {
                survey,
                version,
                language,
                answers,
            } => {
                for (place, answer) in answers.iter().enumerate() {
                    all.push([
                        form.form.as_str().into(),
                        (place as i64).into(),
                        answer.question.as_str().into(),
                        answer.answer.as_str().into(),
                        answer.coded.into(),
                        (&*answer.words).into(),
                    ]);
                }
                (survey.as_str(), *version, &**language, None)
            }
            FormContent::Count {
                month,
                cause,
                count,
            } => ("", 0, "", Some((*month, cause.code(), *count))),
        };
        forms.push([
            form.form.as_str().into(),
            taken.source.as_str().into(),
            call.map(|call| call.key().to_bytes().to_vec()).into(),
            call.map(CallId::as_str).into(),
            form.channel.code().into(),
            taken.taken_at.as_micros().into(),
            form.answered_at.as_micros().into(),
            survey.into(),
            version.into(),
            language.into(),
            counted.map(|(month, ..)| month).into(),
            counted.map(|(_, cause, _)| cause).into(),
            counted.map(|(.., count)| count).into(),
        ]);
    }
    [forms, all]
}

/// Which forms are asked for. The channel is never left open: channels are not mixed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FormsAsked {
    /// The channel.
    pub channel: AnswerChannel,
    /// The survey; none = every survey, and counts.
    pub survey: Option<SurveyId>,
    /// When they were filled, half open.
    pub period: Period,
}

macro_rules! select {
    ($where:literal) => {
        concat!(
            "select form, source, call_id, channel, taken_at, answered_at, survey, version, language,
                month, cause, count from survey_forms where ",
            $where
        )
    };
}

impl Store {
    /// The forms of a channel and period, by time and id.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn forms(&self, asked: &FormsAsked) -> Result<Vec<TakenForm>, Error> {
        let (start, end) = asked.period;
        let survey = asked.survey.as_ref().map_or("", SurveyId::as_str);
        let values = [
            i64::from(asked.channel.code()).into(),
            start.as_micros().into(),
            end.as_micros().into(),
            survey.into(),
        ];
        on!(&mut self.begin().await?.transaction, transaction => {
            let connection = &mut **transaction;
            let sql = select!("channel = $1 and answered_at >= $2 and answered_at < $3
                and ($4 = '' or survey = $4) order by answered_at, form");
            let rows = connection.fetch(sql, &values).await.map_err(failed("read forms"))?;
            let mut forms = rows.iter().map(form).collect::<Result<Vec<_>, _>>()?;
            let sql = "select form, question, answer, coded, words from survey_form_answers
                where form in (select form from survey_forms where channel = $1
                    and answered_at >= $2 and answered_at < $3 and ($4 = '' or survey = $4))
                order by form, place";
            let rows = connection.fetch(sql, &values).await.map_err(failed("read forms"))?;
            let mut found = std::collections::HashMap::<String, Vec<FormAnswer>>::new();
            for row in &rows {
                found.entry(row.text(0).to_owned()).or_default().push(answer(row, 1));
            }
            for taken in &mut forms {
                if let FormContent::Answers { answers, .. } = &mut taken.form.content {
                    *answers = found.remove(taken.form.form.as_str()).unwrap_or_default();
                }
            }
            Ok(forms)
        })
    }

    /// One form by its id.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn form(&self, id: &FormId) -> Result<Option<TakenForm>, Error> {
        on!(&mut self.begin().await?.transaction, transaction => {
            let connection = &mut **transaction;
            let values = [id.as_str().into()];
            let rows = connection.fetch(select!("form = $1"), &values).await;
            let rows = rows.map_err(failed("read a form"))?;
            let Some(row) = rows.first() else { return Ok(None) };
            let mut taken = form(row)?;
            if let FormContent::Answers { answers, .. } = &mut taken.form.content {
                let sql = "select question, answer, coded, words from survey_form_answers
                    where form = $1 order by place";
                let rows = connection.fetch(sql, &values).await;
                let rows = rows.map_err(failed("read a form"))?;
                *answers = rows.iter().map(|row| answer(row, 0)).collect();
            }
            Ok(Some(taken))
        })
    }
}

fn form(row: &impl Columns) -> Result<TakenForm, Error> {
    let corrupt = || Error::Corrupt { what: "form" };
    let code = |value: i64| u8::try_from(value).map_err(|_| corrupt());
    let content = match (row.maybe_int(9), row.maybe_int(10), row.maybe_int(11)) {
        (Some(month), Some(cause), Some(count)) => FormContent::Count {
            month: month as u32,
            cause: Cause::from_code(code(cause)?).ok_or_else(corrupt)?,
            count: count as u32,
        },
        _ => FormContent::Answers {
            survey: SurveyId::new(row.text(6)),
            version: row.int(7) as u32,
            language: row.text(8).into(),
            answers: Vec::new(),
        },
    };
    Ok(TakenForm {
        source: SourceId::new(row.text(1)),
        taken_at: Timestamp::from_micros(row.int(4)),
        form: Form {
            form: FormId::new(row.text(0)),
            channel: AnswerChannel::from_code(code(row.int(3))?).ok_or_else(corrupt)?,
            answered_at: Timestamp::from_micros(row.int(5)),
            call: row.maybe_text(2).map(CallId::new),
            content,
        },
    })
}

fn answer(row: &impl Columns, first: usize) -> FormAnswer {
    FormAnswer {
        question: QuestionId::new(row.text(first)),
        answer: AnswerCode::new(row.text(first + 1)),
        coded: row.flag(first + 2),
        words: row.text(first + 3).into(),
    }
}
