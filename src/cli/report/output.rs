//! `--output` and `--out`: in which format a report is shown, and where.

use std::fs;
use std::io::{self, ErrorKind, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use crate::model::Timestamp;
use crate::proto::v1;

use super::super::failure::{Exit, Failure};
use super::columns::Columns;
use super::delimited::{self, Dialect};
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
    /// Told before the server is asked: a workbook is nothing to throw at a terminal.
    pub(super) fn choose(
        asked: Option<Self>,
        out: Option<&Path>,
        is_terminal: bool,
    ) -> Result<Self, Failure> {
        let is_terminal = is_terminal && out.is_none();
        let named = out.and_then(Path::extension).and_then(|extension| {
            let extension = extension.to_str()?.to_ascii_lowercase();
            match extension.as_str() {
                "xlsx" => Some(Self::Xlsx),
                "json" => Some(Self::Json),
                "txt" => Some(Self::Table),
                _ => None,
            }
        });
        let usual = if is_terminal { Self::Table } else { Self::Csv };
        let output = asked.or(named).unwrap_or(usual);
        if output == Self::Xlsx && is_terminal {
            let words = "a terminal cannot show a workbook: add --out FILE, as `--out report.xlsx`, or pipe it on";
            return Err(Failure::new(Exit::Usage, words));
        }
        Ok(output)
    }
}

/// A report as the server gave it, with the ways to show it.
pub(super) struct Answer<'a, A, R> {
    /// The report's name.
    pub(super) title: &'static str,
    /// What the server said.
    pub(super) answer: &'a A,
    /// What the report says about itself.
    pub(super) context: Option<&'a v1::ReportContext>,
    /// Its rows.
    pub(super) rows: &'a [R],
    /// Their columns.
    pub(super) columns: Columns<R>,
    /// Sets the report as a table.
    pub(super) table: fn(&A) -> String,
}

impl<A: serde::Serialize, R> Answer<'_, A, R> {
    /// Writes the report in a format.
    pub(super) fn shown(self, output: Output, now: Timestamp) -> Result<Shown, Failure> {
        let csv = |dialect| delimited::write(&self.columns, self.rows, dialect);
        let content = match output {
            Output::Table => (self.table)(self.answer).into_bytes(),
            Output::Json => json(self.answer)?,
            Output::Csv => csv(Dialect::Plain)?,
            Output::CsvRu => csv(Dialect::Russian)?,
            Output::Xlsx => {
                workbook::write(self.title, &self.columns, self.rows, self.context, now)?
            }
        };
        // A table says in itself what else there is to say; beside the others it is said on stderr.
        let mut remarks = Vec::new();
        if output != Output::Table {
            remarks.extend(self.rows.is_empty().then(|| frame::no_data(self.context)));
            remarks.extend(frame::cautions(self.context));
        }
        Ok(Shown { content, remarks })
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
    /// For stderr, a line each.
    pub(super) remarks: Vec<String>,
}

/// Writes to a file, or to stdout. A reader of stdout that has had enough is no error.
pub(super) fn deliver(content: &[u8], out: Option<&Path>) -> Result<(), Failure> {
    if let Some(path) = out {
        return save(content, path).map_err(|error| {
            let path = path.display();
            Failure::new(Exit::Failure, format!("cannot write {path}: {error}"))
        });
    }
    let mut stdout = io::stdout().lock();
    match stdout.write_all(content).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(Failure::new(
            Exit::Failure,
            format!("cannot write to stdout: {error}"),
        )),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Writes a file whole or not at all: who reads it meanwhile, and who finds it after a crash, sees the old one or the new
/// one.
fn save(content: &[u8], path: &Path) -> io::Result<()> {
    // A link stays one, and what it leads to is written.
    let path = match fs::canonicalize(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => path.to_owned(),
        found => found?,
    };
    let old = match fs::metadata(&path) {
        Err(error) if error.kind() == ErrorKind::NotFound => None,
        found => Some(found?),
    };
    if old.as_ref().is_some_and(|old| !old.is_file()) {
        // A pipe or a device is written to, not replaced; a folder says itself that it is none.
        return fs::OpenOptions::new()
            .write(true)
            .open(&path)?
            .write_all(content);
    }
    let mut neighbour = neighbour(&path)?;
    if let Some(old) = old {
        neighbour.as_file().set_permissions(old.permissions())?;
    }
    neighbour.write_all(content)?;
    neighbour.as_file().sync_all()?;
    neighbour.persist(&path)?;
    Ok(())
}

/// A file of a passing name in the same folder, so that it can be renamed; removed if it is not.
fn neighbour(path: &Path) -> io::Result<tempfile::NamedTempFile> {
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.map_or_else(|| PathBuf::from("."), Path::to_owned);
    let mut builder = tempfile::Builder::new();
    builder.prefix(".dozvon-").suffix(".part");
    // As any new file: what the user's umask leaves of it.
    builder.permissions(fs::Permissions::from_mode(0o666));
    builder.tempfile_in(folder)
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
    fn a_terminal_gets_no_workbook_but_what_to_type() {
        let failure = Output::choose(Some(Output::Xlsx), None, true).unwrap_err();
        assert_eq!(failure.exit, Exit::Usage);
        assert!(failure.message.contains("--out report.xlsx"), "{failure}");
    }

    /// The names in a folder, sorted.
    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<_> = names.collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_is_written_whole_and_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("day.csv");
        deliver(b"long ago", Some(&path)).unwrap();
        deliver(b"today", Some(&path)).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"today");
        assert_eq!(names(folder.path()), ["day.csv"]);
    }

    #[test]
    fn a_file_stays_as_open_as_it_was() {
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        let folder = tempfile::tempdir().unwrap();
        let (usual, report) = (folder.path().join("usual"), folder.path().join("report"));
        fs::write(&usual, "").unwrap();
        save(b"1", &report).unwrap();
        assert_eq!(mode(&report), mode(&usual), "as any new file");
        fs::set_permissions(&report, fs::Permissions::from_mode(0o640)).unwrap();
        save(b"2", &report).unwrap();
        assert_eq!(mode(&report), 0o640);
    }

    #[test]
    fn links_and_devices_are_not_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let (real, link) = (folder.path().join("real"), folder.path().join("link"));
        fs::write(&real, "old").unwrap();
        std::os::unix::fs::symlink(&real, &link).unwrap();
        save(b"new", &link).unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read(&real).unwrap(), b"new");

        let null = folder.path().join("null");
        std::os::unix::fs::symlink("/dev/null", &null).unwrap();
        save(b"gone", &null).unwrap();
        assert!(!fs::metadata("/dev/null").unwrap().is_file());
    }

    #[test]
    fn what_cannot_be_written_is_named_and_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let missing = folder.path().join("no such folder/day.csv");
        for path in [folder.path(), &missing] {
            let failure = deliver(b"1", Some(path)).unwrap_err();
            assert_eq!(failure.exit, Exit::Failure);
            assert!(
                failure.message.contains(&*path.display().to_string()),
                "{failure}"
            );
        }
        assert_eq!(names(folder.path()), [""; 0]);
    }
}
