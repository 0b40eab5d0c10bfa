//! `--output` and `--out`: in which format a report is shown, and where.

use std::borrow::Cow;
use std::ffi::OsStr;
use std::path::Path;

use crate::model::Timestamp;
use crate::proto::v1;

use super::super::failure::{Exit, Failure};
use super::behind::behind;
use super::compare::Periods;
use super::delimited::{self, Dialect};
use super::grid::Grid;
use super::lang::Lang;
use super::{frame, workbook};

/// How a report is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Output {
    /// For people
    Table,
    /// The answer in the JSON mapping of the contract
    Json,
    /// For programs and most spreadsheets
    Csv,
    /// With semicolons and decimal commas, for a spreadsheet of Russian settings
    CsvRu,
    /// An Excel workbook with real dates, durations and percentages
    Xlsx,
}

impl Output {
    /// What was asked for; else what the file's name says; else a table on a terminal, and CSV elsewhere.
    ///
    /// Told before the server is asked: a workbook is nothing to throw at a terminal, and CSV none for a file that is called
    /// something else.
    pub(super) fn choose(
        asked: Option<Self>,
        out: Option<&Path>,
        is_terminal: bool,
    ) -> Result<Self, Failure> {
        let is_terminal = is_terminal && out.is_none();
        let usual = if is_terminal { Self::Table } else { Self::Csv };
        let output = match (asked, out.and_then(Path::extension)) {
            (Some(asked), _) => asked,
            (None, Some(extension)) => Self::named(extension)?,
            (None, None) => usual,
        };
        if output == Self::Xlsx && is_terminal {
            let words = "a terminal cannot show a workbook: add --out FILE, as `--out report.xlsx`, or pipe it on";
            return Err(Failure::new(Exit::Usage, words));
        }
        Ok(output)
    }

    /// What a file's name says by what it ends in.
    fn named(extension: &OsStr) -> Result<Self, Failure> {
        let extension = extension.to_string_lossy().to_ascii_lowercase();
        match extension.as_str() {
            "csv" => Ok(Self::Csv),
            "xlsx" => Ok(Self::Xlsx),
            "json" => Ok(Self::Json),
            "txt" => Ok(Self::Table),
            _ => Err(Failure::new(
                Exit::Usage,
                format!(
                    "which format is .{extension}? Let FILE end in .csv, .xlsx, .json or .txt, or add --output FORMAT (--out)"
                ),
            )),
        }
    }
}

/// A report as the server gave it, with the ways to show it.
pub(super) struct Answer<'a, A> {
    /// The report's name.
    pub(super) title: &'static str,
    /// The language of its table and of the remarks.
    pub(super) lang: Lang,
    /// What the server said.
    pub(super) answer: &'a A,
    /// What the report says about itself.
    pub(super) context: Option<&'a v1::ReportContext>,
    /// Its rows, by part; the first holds the figures.
    pub(super) parts: Vec<Grid>,
    /// The report of the period that it is compared with.
    pub(super) before: Option<Before<'a>>,
    /// Puts the differences into an answer.
    pub(super) with_differences: fn(&A, Vec<v1::FigureDifference>) -> A,
    /// The number of the part whose figures differ from those of another period.
    pub(super) figures: usize,
    /// Sets the report as a table.
    pub(super) table: fn(&A, Lang) -> String,
}

/// The report of the period that another is compared with.
pub(super) struct Before<'a> {
    /// What it says about itself.
    pub(super) context: Option<&'a v1::ReportContext>,
    /// Its rows, by part.
    pub(super) parts: Vec<Grid>,
}

impl<A: serde::Serialize> Answer<'_, A> {
    /// Writes the report in a format; `part` is the number of the one asked for.
    pub(super) fn shown(
        self,
        output: Output,
        part: usize,
        now: Timestamp,
    ) -> Result<Shown, Failure> {
        // A report of one part only has no other to show.
        let part = if part < self.parts.len() && self.figures == 0 {
            part
        } else {
            0
        };
        let content = match output {
            Output::Table => self.table(part).into_bytes(),
            Output::Json => self.json()?,
            Output::Csv => delimited::write(&self.compared()[part], Dialect::Plain)?,
            Output::CsvRu => delimited::write(&self.compared()[part], Dialect::Russian)?,
            Output::Xlsx => {
                let before = self.before.as_ref().and_then(|before| before.context);
                workbook::write(self.title, &self.compared(), [self.context, before], now)?
            }
        };
        // A table says in itself what else there is to say; beside the others it is said on stderr.
        let mut remarks = Vec::new();
        if output != Output::Table {
            let is_empty = self.parts[0].rows.is_empty();
            remarks.extend(is_empty.then(|| frame::no_data(self.lang, self.context)));
            remarks.extend(frame::cautions(self.lang, self.context));
            remarks.extend(self.cautions_before());
        }
        let mut notes = Vec::new();
        // A workbook and JSON hold it; in CSV there is no place for it.
        if matches!(output, Output::Csv | Output::CsvRu) && !self.parts[0].rows.is_empty() {
            notes.extend(behind(self.lang, self.context));
        }
        Ok(Shown {
            content,
            remarks,
            notes,
        })
    }

    /// The two periods, if there are two.
    fn periods(&self) -> Option<(Periods<'_>, &Before<'_>)> {
        let before = self.before.as_ref()?;
        let periods = Periods {
            context: self.context,
            before: before.context,
        };
        Some((periods, before))
    }

    /// The parts, with what they were before.
    fn compared(&self) -> Cow<'_, [Grid]> {
        let Some((periods, before)) = self.periods() else {
            return Cow::Borrowed(&self.parts);
        };
        let parts = self.parts.iter().zip(&before.parts);
        parts
            .map(|(now, before)| periods.beside(now, before))
            .collect()
    }

    /// What may be missing of the other period.
    fn cautions_before(&self) -> Vec<String> {
        let context = self.before.as_ref().and_then(|before| before.context);
        let cautions = frame::cautions(self.lang, context).into_iter();
        cautions
            .map(|caution| self.lang.fill("the period before: {}", &[&caution]))
            .collect()
    }

    fn table(&self, part: usize) -> String {
        let mut text = if part > 0 {
            self.part_table(&self.parts[part])
        } else {
            (self.table)(self.answer, self.lang)
        };
        if let Some((periods, before)) = self.periods() {
            let part = if part > 0 { part } else { self.figures };
            text += &periods.table(self.lang, &self.parts[part], &before.parts[part]);
            for caution in self.cautions_before() {
                text += &format!("! {caution}\n");
            }
        }
        text
    }

    /// One part with every row.
    fn part_table(&self, part: &Grid) -> String {
        let mut text = frame::heading(self.lang, part.title, self.context);
        if part.rows.is_empty() {
            return text + &frame::nothing(self.lang, self.context);
        }
        text += &part.table(self.lang);
        text + &frame::footnotes(self.lang, self.context)
    }

    fn json(&self) -> Result<Vec<u8>, Failure> {
        let Some((periods, before)) = self.periods() else {
            return json(self.answer);
        };
        let differences =
            periods.differences(&self.parts[self.figures], &before.parts[self.figures]);
        json(&(self.with_differences)(self.answer, differences))
    }
}

fn json(answer: &impl serde::Serialize) -> Result<Vec<u8>, Failure> {
    let mut text = serde_json::to_vec_pretty(answer)
        .map_err(|error| Failure::new(Exit::Failure, format!("the answer is no JSON: {error}")))?;
    text.push(b'\n');
    Ok(text)
}

/// A report as it is written.
#[derive(Debug)]
pub(super) struct Shown {
    /// For stdout or a file.
    pub(super) content: Vec<u8>,
    /// What a reader must know before trusting the figures: for stderr, a line each.
    pub(super) remarks: Vec<String>,
    /// What the figures rest on: for stderr as well.
    pub(super) notes: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_format_is_the_one_asked_for_or_the_usual_one() {
        for (asked, out, is_terminal, expected) in [
            (None, None, true, Output::Table),
            (None, None, false, Output::Csv),
            (Some(Output::Json), None, true, Output::Json),
            (None, Some("day"), true, Output::Csv),
            (None, Some("day.csv"), true, Output::Csv),
            (None, Some("day.XLSX"), true, Output::Xlsx),
            (None, Some("a.json/day.txt"), false, Output::Table),
            (None, Some("day.json"), false, Output::Json),
            (Some(Output::CsvRu), Some("day.xlsx"), false, Output::CsvRu),
            (Some(Output::Xlsx), Some("day"), true, Output::Xlsx),
            (Some(Output::Xlsx), None, false, Output::Xlsx),
        ] {
            let output = Output::choose(asked, out.map(Path::new), is_terminal);
            assert_eq!(output.unwrap(), expected, "{asked:?} {out:?} {is_terminal}");
        }
    }

    #[test]
    fn a_terminal_gets_no_workbook_and_a_file_no_surprise_but_what_to_type() {
        let failure = Output::choose(None, Some(Path::new("day.pdf")), true).unwrap_err();
        assert_eq!(failure.exit, Exit::Usage);
        assert!(failure.message.contains(".pdf"), "{failure}");
        let pdf = Some(Path::new("day.pdf"));
        let asked = Output::choose(Some(Output::Csv), pdf, true).unwrap();
        assert_eq!(
            asked,
            Output::Csv,
            "whoever says what it is may call it anything"
        );
        let failure = Output::choose(Some(Output::Xlsx), None, true).unwrap_err();
        assert_eq!(failure.exit, Exit::Usage);
        assert!(failure.message.contains("--out report.xlsx"), "{failure}");
    }
}
