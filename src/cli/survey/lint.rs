//! `dozvon survey lint`: everything that is wrong with definitions, a line each.

use std::io::{self, Write as _};
use std::path::PathBuf;

use super::{Exit, Failure, line, read};
use crate::survey::{self, Severity};

/// Says what is wrong with definitions: `FILE:LINE:COLUMN: what is wrong, and what would be right`.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  dozvon survey lint deploy/surveys/two-questions.toml
  dozvon survey lint --strict surveys/*.toml          warnings count as errors

Exit codes: 0 nothing wrong (or warnings alone), 3 something is wrong.")]
pub(super) struct Args {
    /// The files.
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// Take warnings for errors.
    #[arg(long)]
    strict: bool,
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let (lines, errors, warnings) = findings(args);
    let mut out = io::stdout().lock();
    let printed = lines.iter().try_for_each(|line| writeln!(out, "{line}"));
    // Who has read enough has closed the pipe.
    if let Err(error) = printed
        && error.kind() != io::ErrorKind::BrokenPipe
    {
        return Err(Failure::new(
            Exit::Failure,
            format!("cannot print: {error}"),
        ));
    }
    let counted = format!(
        "{}, {}",
        counted(errors, "error"),
        counted(warnings, "warning")
    );
    if errors > 0 || args.strict && warnings > 0 {
        return Err(Failure::new(Exit::Config, counted));
    }
    drop(writeln!(
        io::stderr(),
        "{}",
        if warnings > 0 { &counted } else { "ok" }
    ));
    Ok(())
}

/// The lines to print, and how many errors and warnings they are.
fn findings(args: &Args) -> (Vec<String>, usize, usize) {
    let (mut lines, mut errors, mut warnings) = (Vec::new(), 0, 0);
    for path in &args.files {
        let bytes = match read(path) {
            Ok(bytes) => bytes,
            Err(message) => {
                errors += 1;
                lines.push(message);
                continue;
            }
        };
        let (_, findings) = survey::lint(&bytes);
        for finding in &findings {
            match finding.severity {
                Severity::Error => errors += 1,
                Severity::Warning => warnings += 1,
            }
            lines.push(line(path, finding));
        }
    }
    (lines, errors, warnings)
}

fn counted(count: usize, what: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {what}{plural}")
}
