//! `dozvon survey try`: asks a survey in the terminal, or by a script.

use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use super::{Exit, Failure, language, load, screen};
use crate::survey::{play_script, read_script};

/// Asks a survey in the terminal: the keys 0–9, * and # are those of the telephone.
///
/// Enter ends a prompt at once, h or Ctrl-C hangs up. With --script everything happens in virtual time, every order is a
/// line of JSON, and the last line is the disposition with the answers.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  dozvon survey try deploy/surveys/two-questions.toml
  dozvon survey try deploy/surveys/two-questions.toml --lang en --say
  printf '%s\\n' '{\"at_ms\":30000,\"digit\":\"4\"}' '{\"at_ms\":40000,\"digit\":\"1\"}' > story.jsonl
  dozvon survey try deploy/surveys/two-questions.toml --script story.jsonl

A line of a script has at_ms and one of digit, prompt_ended, hangup, failed, unable, resumed (true) or voice_note (its id);
a digit may have input_seq, and heard: rfc4733 or inband.
Exit codes: 0 whatever the disposition, 2 a wrong script, 3 a wrong definition.")]
pub(super) struct Args {
    /// The definition.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The language [default: the survey's first]
    #[arg(long, value_name = "TAG")]
    lang: Option<String>,
    /// Speak the prompts with espeak-ng
    #[arg(long, conflicts_with = "script")]
    say: bool,
    /// What happens on the line, as JSON lines; `-` is stdin
    #[arg(long, value_name = "FILE")]
    script: Option<PathBuf>,
}

pub(super) async fn run(args: Args) -> Result<(), Failure> {
    let definition = load(&args.file)?;
    if !definition.is_by_phone() {
        let message = format!(
            "{}: this survey is not asked by phone; add \"phone\" to its channels to try it",
            args.file.display()
        );
        return Err(Failure::new(Exit::Usage, message));
    }
    let language = language(&definition, args.lang.as_deref())?.to_owned();
    let Some(script) = &args.script else {
        return screen::run(definition, language, args.say).await;
    };
    let text = script_text(script)?;
    let steps = read_script(&text).map_err(|error| {
        let message = format!("{}: {error}", script.display());
        Failure::new(Exit::Usage, message)
    })?;
    let lines = play_script(&definition, &language, &steps);
    let mut out = io::stdout().lock();
    match lines.iter().try_for_each(|line| writeln!(out, "{line}")) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Failure::new(
            Exit::Failure,
            format!("cannot print: {error}"),
        )),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// The longest script, in bytes.
const SCRIPT_BYTES_MAX: u64 = 16 * 1024 * 1024;

fn script_text(path: &Path) -> Result<String, Failure> {
    let wrong =
        |message: String| Failure::new(Exit::Usage, format!("{}: {message}", path.display()));
    let mut bytes = Vec::new();
    let read = if path.as_os_str() == "-" {
        io::stdin()
            .take(SCRIPT_BYTES_MAX + 1)
            .read_to_end(&mut bytes)
    } else {
        let file = std::fs::File::open(path);
        file.and_then(|file| file.take(SCRIPT_BYTES_MAX + 1).read_to_end(&mut bytes))
    };
    read.map_err(|error| wrong(format!("cannot be read: {error}")))?;
    if bytes.len() as u64 > SCRIPT_BYTES_MAX {
        return Err(wrong("the script is larger than 16 MiB".to_owned()));
    }
    String::from_utf8(bytes).map_err(|error| {
        let before = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
        wrong(format!(
            "line {line}: this is no UTF-8 text; expected JSON lines"
        ))
    })
}
