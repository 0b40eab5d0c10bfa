//! Rows of a CSV file as forms: which column says what, and what a cell may hold.
//!
//! The first line names the columns. `month`, `cause` and `count` make it a file of counts; else each column that is none
//! of the known ones is a question's code, or with `.words` behind it the words added to its answer.

use jiff::civil;
use jiff::tz::TimeZone;

use crate::model::nearest::{nearest, suggestion};
use crate::proto::v1::submitted_form::Content;
use crate::proto::v1::{FormAnswer, FormAnswers, MonthlyCount, SubmittedForm};

/// What a column says.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Column {
    FormId,
    Channel,
    AnsweredAt,
    Survey,
    Version,
    Language,
    Source,
    CallId,
    Month,
    Cause,
    Count,
    Answer(String),
    Words(String),
    /// A column without a name: spreadsheets leave such at the end.
    Nothing,
}

impl Column {
    /// The question that the column answers.
    fn answer(&self) -> Option<&str> {
        if let Self::Answer(question) = self {
            Some(question)
        } else {
            None
        }
    }
}

const KNOWN: [(&str, Column); 11] = [
    ("form_id", Column::FormId),
    ("channel", Column::Channel),
    ("answered_at", Column::AnsweredAt),
    ("survey", Column::Survey),
    ("version", Column::Version),
    ("language", Column::Language),
    ("source", Column::Source),
    ("call_id", Column::CallId),
    ("month", Column::Month),
    ("cause", Column::Cause),
    ("count", Column::Count),
];

/// What a cell does not say.
#[derive(Clone, Debug)]
pub(super) struct Defaults {
    pub(super) channel: String,
    pub(super) survey: String,
    pub(super) version: u32,
    pub(super) language: String,
    pub(super) zone: TimeZone,
}

/// The columns of a file.
#[derive(Clone, Debug)]
pub(super) struct Columns {
    columns: Vec<Column>,
    is_counts: bool,
}

/// The sign between columns: the one that the first line has most of.
pub(super) fn separator(text: &str) -> u8 {
    let first = text.lines().next().unwrap_or("");
    let count = |sign: u8| first.bytes().filter(|byte| *byte == sign).count();
    let signs = [b',', b';', b'\t'];
    // The first of equals, so that one column is a file of commas.
    signs
        .into_iter()
        .rev()
        .max_by_key(|sign| count(*sign))
        .unwrap_or(b',')
}

impl Columns {
    /// Takes the first line.
    pub(super) fn read<'a>(names: impl Iterator<Item = &'a str>) -> Result<Self, String> {
        let mut columns: Vec<Column> = Vec::new();
        for name in names {
            let name = name.trim();
            let known = KNOWN.iter().find(|(known, _)| *known == name);
            let column = match (known, name.strip_suffix(".words")) {
                (Some((_, column)), _) => column.clone(),
                (None, _) if name.is_empty() => Column::Nothing,
                (None, Some(question)) => Column::Words(question.to_owned()),
                (None, None) => Column::Answer(name.to_owned()),
            };
            if column != Column::Nothing && columns.contains(&column) {
                return Err(format!("two columns are called \"{name}\""));
            }
            columns.push(column);
        }
        let has = |column: &Column| columns.contains(column);
        let counts = [Column::Month, Column::Cause, Column::Count];
        let is_counts = counts.iter().any(has);
        if is_counts && !counts.iter().all(has) {
            return Err("a file of counts has the columns month, cause and count".to_owned());
        }
        if !is_counts && !has(&Column::FormId) {
            let names = columns.iter().filter_map(Column::answer);
            let near = suggestion(nearest("form_id", names));
            return Err(format!(
                "there is no column form_id: by it a form is known again{near}"
            ));
        }
        if !is_counts && !has(&Column::AnsweredAt) {
            return Err("there is no column answered_at: when each form was filled".to_owned());
        }
        Ok(Self { columns, is_counts })
    }

    /// One row as a form.
    pub(super) fn form<'a>(
        &self,
        cells: impl Iterator<Item = &'a str>,
        defaults: &Defaults,
    ) -> Result<SubmittedForm, String> {
        let mut form = SubmittedForm {
            channel: defaults.channel.clone(),
            ..SubmittedForm::default()
        };
        let mut answers = FormAnswers {
            survey: defaults.survey.clone(),
            version: defaults.version,
            language: defaults.language.clone(),
            answers: Vec::new(),
        };
        let mut count = MonthlyCount::default();
        let mut words = Vec::new();
        for (column, cell) in self.columns.iter().zip(cells.map(str::trim)) {
            if cell.is_empty() {
                continue;
            }
            match column {
                Column::FormId => form.form_id = cell.to_owned(),
                Column::Channel => form.channel = cell.to_owned(),
                Column::AnsweredAt => form.answered_at = Some(instant(cell, &defaults.zone)?),
                Column::Survey => answers.survey = cell.to_owned(),
                Column::Version => answers.version = number("version", cell)?,
                Column::Language => answers.language = cell.to_owned(),
                Column::Source => form.source = cell.to_owned(),
                Column::CallId => form.call_id = cell.to_owned(),
                Column::Month => count.month = cell.to_owned(),
                Column::Cause => count.cause = cell.to_owned(),
                Column::Count => count.count = number("count", cell)?,
                Column::Answer(question) => answers.answers.push(FormAnswer {
                    question: question.clone(),
                    answer: cell.to_owned(),
                    words: String::new(),
                }),
                Column::Words(question) => words.push((question, cell)),
                Column::Nothing => {}
            }
        }
        for (question, words) in words {
            let answer = answers.answers.iter_mut();
            let mut answer = answer.filter(|answer| answer.question == *question);
            match answer.next() {
                Some(answer) => answer.words = words.to_owned(),
                None => return Err(format!("{question}.words: \"{question}\" has no answer")),
            }
        }
        form.content = Some(match self.is_counts {
            true => Content::Count(count),
            false => Content::Answers(answers),
        });
        Ok(form)
    }
}

fn number(column: &str, cell: &str) -> Result<u32, String> {
    let number = cell.parse();
    number.map_err(|_| format!("{column}: \"{cell}\" is no whole number"))
}

/// A day, a local time, or an instant with its offset; a day is its beginning.
fn instant(cell: &str, zone: &TimeZone) -> Result<pbjson_types::Timestamp, String> {
    let written = |text: &str| -> Option<jiff::Timestamp> {
        if let Ok(at) = text.parse::<jiff::Timestamp>() {
            return Some(at);
        }
        let local = match text.parse::<civil::DateTime>() {
            Ok(local) => local,
            Err(_) => text.parse::<civil::Date>().ok()?.at(0, 0, 0, 0),
        };
        Some(local.to_zoned(zone.clone()).ok()?.timestamp())
    };
    // As spreadsheets of Russian settings write it.
    let russian = ["%d.%m.%Y %H:%M:%S", "%d.%m.%Y %H:%M"].iter();
    let russian = russian
        .filter_map(|format| civil::DateTime::strptime(format, cell).ok())
        .next()
        .or_else(|| Some(civil::Date::strptime("%d.%m.%Y", cell).ok()?.at(0, 0, 0, 0)));
    let at = match russian {
        Some(local) => local.to_zoned(zone.clone()).ok().map(|at| at.timestamp()),
        None => written(cell),
    };
    let at = at.ok_or_else(|| {
        format!(
            "answered_at: \"{cell}\" is no time; write 2026-01-31, 2026-01-31 14:05, 31.01.2026 or 31.01.2026 14:05"
        )
    })?;
    Ok(pbjson_types::Timestamp {
        seconds: at.as_second(),
        nanos: at.subsec_nanosecond(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn defaults() -> Defaults {
        Defaults {
            channel: "paper".into(),
            survey: "q".into(),
            version: 0,
            language: String::new(),
            // UTC+4 all year.
            zone: TimeZone::get("Europe/Samara").unwrap(),
        }
    }

    fn form(header: &str, row: &str) -> Result<SubmittedForm, String> {
        let columns = Columns::read(header.split(','))?;
        columns.form(row.split(','), &defaults())
    }

    #[test]
    fn a_row_is_a_form() {
        let form = form(
            "form_id,answered_at,reason,reason.words,rating,",
            "p-1,31.01.2026 14:05,other, far away ,,",
        );
        let form = form.unwrap();
        assert_eq!((&*form.form_id, &*form.channel), ("p-1", "paper"));
        // 14:05 in Samara is 10:05 in Greenwich: 1769817600 + 10 h 5 min.
        assert_eq!(form.answered_at.unwrap().seconds, 1_769_817_600 + 36_300);
        let Some(Content::Answers(answers)) = form.content else {
            panic!("no answers");
        };
        let given: Vec<_> = answers.answers.iter().collect();
        assert_eq!(given.len(), 1, "what is blank is left out");
        assert_eq!((&*given[0].answer, &*given[0].words), ("other", "far away"));
    }

    #[test]
    fn a_row_of_counts_is_a_count() {
        let form = form(
            "month,cause,count,channel",
            "2026-01,long_waiting,12,appeal",
        );
        let form = form.unwrap();
        assert_eq!(form.channel, "appeal");
        let expected = MonthlyCount {
            month: "2026-01".into(),
            cause: "long_waiting".into(),
            count: 12,
        };
        assert_eq!(form.content, Some(Content::Count(expected)));
    }

    #[test]
    fn all_ways_of_writing_a_time_mean_the_same() {
        let zone = defaults().zone;
        let expected = instant("2026-01-31T00:00:00+04:00", &zone);
        assert!(expected.is_ok());
        for other in [
            "2026-01-31",
            "31.01.2026",
            "2026-01-31 00:00",
            "31.01.2026 00:00:00",
        ] {
            assert_eq!(instant(other, &zone), expected, "{other}");
        }
        assert!(instant("01/31/2026", &zone).is_err());
    }

    #[test]
    fn what_is_wrong_with_a_file_or_a_row_is_said() {
        let cases = [
            ("id,answered_at,rating", "1,2026-01-31,5", "form_id"),
            ("form_id,rating", "1,5", "answered_at"),
            (
                "form_id,form_id,answered_at",
                "1,1,2026-01-31",
                "two columns",
            ),
            ("month,cause", "2026-01,other", "count"),
            ("month,cause,count", "2026-01,other,few", "\"few\""),
            (
                "form_id,answered_at,a,a.words",
                "1,2026-01-31,,x",
                "no answer",
            ),
        ];
        for (header, row, words) in cases {
            let said = form(header, row).unwrap_err();
            assert!(said.contains(words), "{said}");
        }
    }

    #[test]
    fn the_separator_is_the_commonest_sign() {
        assert_eq!(separator("a;b,c;d\n,,,,"), b';');
        assert_eq!(separator("a\tb"), b'\t');
        assert_eq!(separator("a"), b',');
    }
}
