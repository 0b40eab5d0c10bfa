//! One sheet of a workbook: columns and rows become typed cells.
//!
//! Words are always written as words: no cell is a formula, whatever a queue is called.

use jiff::civil::DateTime;
use rust_xlsxwriter::{Format, FormatAlign, FormatBorder, Worksheet, XlsxError};

use super::columns::Cell;
use super::delimited::is_risky;
use super::grid::Grid;

/// Characters of the widest column; what is longer goes on in further lines.
const WIDTH_MAX: usize = 100;

/// Beside the words of a header stands the button of its filter.
const FILTER_CHARS: usize = 3;

const SECONDS_PER_DAY: f64 = 86_400.0;

/// The years of Excel's calendar.
const YEARS: std::ops::RangeInclusive<i16> = 1900..=9999;

/// Fills a sheet: a header that stays in sight and filters, then the rows.
pub(super) fn sheet(worksheet: &mut Worksheet, grid: &Grid) -> Result<(), XlsxError> {
    worksheet.set_name(grid.title)?.set_freeze_panes(1, 0)?;
    let mut next = 0;
    for (index, head) in grid.heads.iter().enumerate() {
        let cells: Vec<_> = grid.rows.iter().map(|row| row[index].clone()).collect();
        fill(worksheet, next, &head.name, &cells)?;
        next += 1;
        if let Some(offsets) = offsets(&cells) {
            fill(worksheet, next, &format!("{}_offset", head.name), &offsets)?;
            next += 1;
        }
    }
    // More than Excel allows is refused by the last row itself.
    let last = u32::try_from(grid.rows.len()).unwrap_or(u32::MAX);
    worksheet.autofilter(0, 0, last, next.saturating_sub(1))?;
    Ok(())
}

/// The offsets of a column's instants, when they are not all the same: two hours of one name are told apart by them.
fn offsets(cells: &[Cell]) -> Option<Vec<Cell>> {
    let offset = |cell: &Cell| match cell {
        Cell::Instant(local) => civil(local).map(|(_, offset)| offset.to_owned()),
        Cell::Empty
        | Cell::Text(_)
        | Cell::Count(_)
        | Cell::Share(..)
        | Cell::Number(_)
        | Cell::Seconds(_)
        | Cell::Span(_) => None,
    };
    let offsets: Vec<_> = cells.iter().map(offset).collect();
    let mut known = offsets.iter().flatten();
    let first = known.next()?;
    known.any(|offset| offset != first).then(|| {
        let cell = |offset: Option<String>| offset.map_or(Cell::Empty, Cell::Text);
        offsets.into_iter().map(cell).collect()
    })
}

/// The civil time and the offset of a local time; `None` when Excel's calendar has no such day.
fn civil(local: &str) -> Option<(DateTime, &str)> {
    let time = local.find('T')?;
    let sign = time + local[time..].find(['+', '-'])?;
    let (civil, offset) = local.split_at(sign);
    let civil: DateTime = civil.parse().ok()?;
    YEARS.contains(&civil.year()).then_some((civil, offset))
}

/// Writes one column.
fn fill(
    worksheet: &mut Worksheet,
    column: u16,
    name: &str,
    cells: &[Cell],
) -> Result<(), XlsxError> {
    let formats = Formats::of(cells);
    worksheet.write_string_with_format(0, column, name, &formats.header)?;
    let mut widest = name.chars().count() + FILTER_CHARS;
    for (row, cell) in (1..).zip(cells) {
        widest = widest.max(formats.write(worksheet, row, column, cell)?);
    }
    // Some room beside the words.
    let width = widest.min(WIDTH_MAX) as f64 + 1.0;
    worksheet.set_column_width(column, width)?;
    Ok(())
}

/// How the cells of one column are shown: all alike, so that they can be compared at a glance.
struct Formats {
    header: Format,
    words: Format,
    risky: Format,
    count: Format,
    share: Format,
    number: Format,
    span: Format,
    instant: Format,
    instant_chars: usize,
    span_part_chars: usize,
}

impl Formats {
    fn of(cells: &[Cell]) -> Self {
        let words = Format::new().set_align(FormatAlign::Top).set_text_wrap();
        let shown_as = |shown: &str| {
            Format::new()
                .set_align(FormatAlign::Top)
                .set_num_format(shown)
        };
        let (mut parts, mut seconds, mut fractions) = (false, false, false);
        for cell in cells {
            match cell {
                Cell::Span(span) => parts |= span.subsec_nanos() > 0,
                Cell::Instant(local) => {
                    if let Some((civil, _)) = civil(local) {
                        seconds |= civil.second() != 0;
                        fractions |= civil.subsec_nanosecond() != 0;
                    }
                }
                Cell::Empty
                | Cell::Text(_)
                | Cell::Count(_)
                | Cell::Share(..)
                | Cell::Number(_)
                | Cell::Seconds(_) => {}
            }
        }
        let instant = if fractions {
            "yyyy-mm-dd hh:mm:ss.000"
        } else if seconds {
            "yyyy-mm-dd hh:mm:ss"
        } else {
            "yyyy-mm-dd hh:mm"
        };
        Self {
            header: Format::new()
                .set_bold()
                .set_border_bottom(FormatBorder::Thin),
            risky: words.clone().set_quote_prefix(),
            words,
            count: shown_as("#,##0"),
            share: shown_as("0.0%"),
            number: shown_as("0.00"),
            span: shown_as(if parts { "[h]:mm:ss.000" } else { "[h]:mm:ss" }),
            instant: shown_as(instant),
            instant_chars: instant.len(),
            span_part_chars: if parts { ".000".len() } else { 0 },
        }
    }

    /// Writes one cell; says how many characters it shows.
    fn write(
        &self,
        worksheet: &mut Worksheet,
        row: u32,
        column: u16,
        cell: &Cell,
    ) -> Result<usize, XlsxError> {
        let chars = match cell {
            Cell::Empty => return Ok(0),
            Cell::Text(text) => return self.write_words(worksheet, row, column, text),
            Cell::Instant(local) => {
                let Some((civil, _)) = civil(local) else {
                    return self.write_words(worksheet, row, column, local);
                };
                worksheet.write_datetime_with_format(row, column, civil, &self.instant)?;
                self.instant_chars
            }
            Cell::Count(count) => {
                // Counts are far below 2⁵³.
                let value = *count as f64;
                worksheet.write_number_with_format(row, column, value, &self.count)?;
                let digits = count.to_string().len();
                digits + digits / 3
            }
            Cell::Share(share, _) => {
                worksheet.write_number_with_format(row, column, *share, &self.share)?;
                "100.0%".len()
            }
            // Excel shows no negative time.
            Cell::Number(number) | Cell::Seconds(number) => {
                worksheet.write_number_with_format(row, column, *number, &self.number)?;
                format!("{number:.2}").len()
            }
            Cell::Span(span) => {
                let days = span.as_secs_f64() / SECONDS_PER_DAY;
                worksheet.write_number_with_format(row, column, days, &self.span)?;
                (span.as_secs() / 3600).to_string().len() + ":00:00".len() + self.span_part_chars
            }
        };
        Ok(chars)
    }

    fn write_words(
        &self,
        worksheet: &mut Worksheet,
        row: u32,
        column: u16,
        words: &str,
    ) -> Result<usize, XlsxError> {
        // Without the quote prefix words become a formula when somebody edits the cell.
        let format = if is_risky(words) {
            &self.risky
        } else {
            &self.words
        };
        worksheet.write_string_with_format(row, column, words, format)?;
        Ok(words.chars().count())
    }
}
