//! `dozvon survey`: surveys as files: looked over, tried out, spoken, put; and forms of other channels brought.

mod attempt;
mod codepage;
mod espeak;
mod forms;
mod import;
mod kept;
mod lint;
mod render;
mod screen;
mod terminal;
mod wave;

use std::io::{self, Read as _};
use std::path::Path;

use super::failure::{Exit, Failure};
use crate::survey::{Definition, Finding, limits};

/// Look over, try out, speak or put a survey's definition; bring answers of other channels.
#[derive(clap::Args, Debug)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Say what is wrong with definitions, with line and column, and what would be right.
    Lint(lint::Args),
    /// Ask a survey in the terminal, or by a script in virtual time.
    Try(attempt::Args),
    /// Speak every prompt into a WAV file, in every language, with espeak-ng.
    Render(render::Args),
    /// Look a definition over, and have the server keep it.
    Put(kept::PutArgs),
    /// List the definitions that the server keeps.
    List(kept::ListArgs),
    /// Print a definition that the server keeps.
    Show(kept::ShowArgs),
    /// Bring answers from paper, web, exit, window and mystery callers, and monthly counts, out of CSV files.
    Import(import::Args),
}

/// Runs the command.
///
/// # Errors
/// With exit code 3 when a definition is wrong, 2 when a script is, 1 when something else fails.
pub async fn run(args: Args) -> Result<(), Failure> {
    match args.command {
        Command::Lint(args) => lint::run(&args),
        Command::Try(args) => attempt::run(args).await,
        Command::Render(args) => render::run(&args),
        Command::Put(args) => kept::put(&args).await,
        Command::List(args) => kept::list(&args).await,
        Command::Show(args) => kept::show(&args).await,
        Command::Import(args) => import::run(args).await,
    }
}

/// The bytes of a definition; never more than it may have, and one.
fn read(path: &Path) -> Result<Vec<u8>, String> {
    let shown = path.display();
    if path.is_dir() {
        return Err(format!(
            "{shown}: this is a folder; name the file of one survey, such as {shown}/survey.toml"
        ));
    }
    let file = std::fs::File::open(path).map_err(|error| {
        if error.kind() == io::ErrorKind::NotFound {
            format!("{shown}: there is no such file")
        } else {
            format!("{shown}: cannot be read: {error}")
        }
    })?;
    let mut bytes = Vec::new();
    let most = limits::FILE_BYTES_MAX as u64 + 1;
    let read = file.take(most).read_to_end(&mut bytes);
    read.map_err(|error| format!("{shown}: cannot be read: {error}"))?;
    Ok(bytes)
}

/// A finding as compilers write them.
fn line(path: &Path, finding: &Finding) -> String {
    format!("{}:{finding}", path.display())
}

/// A definition that can be asked.
fn load(path: &Path) -> Result<Definition, Failure> {
    let bytes = read(path).map_err(|message| Failure::new(Exit::Config, message))?;
    Definition::parse(&bytes).map_err(|findings| {
        let lines: Vec<_> = findings.iter().map(|finding| line(path, finding)).collect();
        Failure::new(Exit::Config, lines.join("\n"))
    })
}

/// A language of a definition.
fn language<'a>(definition: &'a Definition, asked: Option<&str>) -> Result<&'a str, Failure> {
    let known = &definition.languages;
    let Some(asked) = asked else {
        return Ok(known.first().map_or("", |tag| tag));
    };
    let found = known.iter().find(|tag| *tag == asked);
    found.map(String::as_str).ok_or_else(|| {
        let known = known.join(", ");
        let message = format!("this survey does not speak \"{asked}\"; it speaks {known}");
        Failure::new(Exit::Usage, message)
    })
}
