//! Forms at rest: answers of other channels than the telephone, and counts of causes by month.

use std::collections::HashMap;

use tokio::sync::mpsc;

use crate::database::{Columns, Fetch, on};
use crate::model::{
    AnswerChannel, AnswerCode, CallId, Cause, Form, FormAnswer, FormContent, FormId, QuestionId,
    SourceId, SurveyId, TakenForm, Timestamp,
};

use super::read::Store;
use super::rows::{Error, Period, failed};
use super::survey;
use super::surveyed::Surveyed;
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
/// What removes forms that speak of no call, or of one that nothing was ever told of, from before an instant.
pub(super) const REMOVALS_UNBOUND: [&str; 2] = [
    "delete from survey_form_answers where form in (select form from survey_forms
        where answered_at < $1 and not exists (select 1 from call_keys join sources using (source_id)
            where sources.name = survey_forms.source and call_keys.call_key = survey_forms.call_key))",
    "delete from survey_forms
        where answered_at < $1 and not exists (select 1 from call_keys join sources using (source_id)
            where sources.name = survey_forms.source and call_keys.call_key = survey_forms.call_key)",
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
    /// Only forms of this survey; empty = of every survey, and counts.
    pub survey: String,
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

/// Forms read and handed over at once.
const FORMS_A_PART: i64 = 1_000;
/// The next part of a channel's forms: those behind a place.
const FORMS: &str = select!(
    "channel = $1 and answered_at >= $2 and answered_at < $3 and (answered_at, form) > ($2, $4)
        and ($5 = '' or survey = $5)
    order by answered_at, form limit $6"
);
/// The answers of such a part, its last place given.
const ANSWERS: &str = "select one.form, question, answer, coded, words
    from survey_forms join survey_form_answers one on one.form = survey_forms.form
    where channel = $1 and answered_at >= $2 and answered_at <= $3
        and (answered_at, survey_forms.form) > ($2, $4)
        and (answered_at, survey_forms.form) <= ($3, $6) and ($5 = '' or survey = $5)
    order by one.form, place";

/// Sends every survey's definitions, then the forms asked for; ends early when nobody listens.
pub(super) async fn submitted(
    connection: &mut impl Fetch,
    asked: &FormsAsked,
    parts: &mpsc::Sender<Surveyed>,
) -> Result<(), Error> {
    let read = failed("read forms");
    let definitions = Surveyed::Definitions(survey::definitions_of(connection).await?);
    if parts.send(definitions).await.is_err() {
        return Ok(());
    }
    let (channel, survey) = (i64::from(asked.channel.code()), asked.survey.as_str());
    let (mut after, end) = ((asked.period.0, String::new()), asked.period.1);
    loop {
        let values = [
            channel.into(),
            after.0.as_micros().into(),
            end.as_micros().into(),
            after.1.as_str().into(),
            survey.into(),
            FORMS_A_PART.into(),
        ];
        let rows = connection.fetch(FORMS, &values).await.map_err(&read)?;
        let forms = rows.iter().map(form).collect::<Result<Vec<_>, _>>()?;
        let Some(last) = forms.last().map(|taken| &taken.form) else {
            return Ok(());
        };
        let last = (last.answered_at, last.form.as_str().to_owned());
        let values = [
            channel.into(),
            after.0.as_micros().into(),
            last.0.as_micros().into(),
            after.1.as_str().into(),
            survey.into(),
            last.1.as_str().into(),
        ];
        let rows = connection.fetch(ANSWERS, &values).await.map_err(&read)?;
        let forms = with_answers(forms, &rows);
        if parts.send(Surveyed::Forms(forms)).await.is_err() {
            return Ok(());
        }
        after = last;
    }
}

/// Gives each form its answers.
fn with_answers(mut forms: Vec<TakenForm>, rows: &[impl Columns]) -> Vec<TakenForm> {
    let mut found = HashMap::<&str, Vec<FormAnswer>>::new();
    for row in rows {
        found.entry(row.text(0)).or_default().push(answer(row, 1));
    }
    for taken in &mut forms {
        if let FormContent::Answers { answers, .. } = &mut taken.form.content {
            *answers = found.remove(taken.form.form.as_str()).unwrap_or_default();
        }
    }
    forms
}

impl Store {
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
