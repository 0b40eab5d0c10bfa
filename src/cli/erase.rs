//! `dozvon erase`: has a running server erase one caller, and says what was done.

use std::io::{self, BufRead as _, IsTerminal as _};

use super::at::At;
use super::deliver::deliver;
use super::failure::{Exit, Failure};
use super::report::text;
use crate::proto::v1;
use crate::proto::v1::admin_service_client::AdminServiceClient;

/// Erases one caller for good: who they are, the ids of their calls, and what else may lead to the person.
///
/// Their calls stay in every figure, marked `erased`, and are nobody's; only figures of repeat calls know them no more.
/// It ends when the server's files hold nothing of it any more, and prints an act of what was done, without the number.
/// Killed, it is gone on with by the server, or by its next start.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  dozvon erase --caller '+7 912 345-67-89'                    # asks before it does
  dozvon erase --caller '030 1234567' --country DE --yes > act.txt
  dozvon erase --pseudonym 0f3a…                              # the 32 digits that lists of calls show

A number on the command line is seen by everybody on this machine while it runs, and kept by the shell: `--caller -`
reads it from stdin.

Exit codes: 0 done, 1 refused (nobody of that number is known) or failed, 2 usage, 4 server unreachable.")]
pub struct Args {
    #[command(flatten)]
    at: At,
    /// The telephone number, however it is written; `-` = a line of stdin
    #[arg(
        long,
        value_name = "NUMBER",
        required_unless_present = "pseudonym",
        conflicts_with = "pseudonym",
        allow_hyphen_values = true
    )]
    caller: Option<String>,
    /// The country whose dialling rules the number follows (ISO 3166)
    #[arg(long, default_value = "RU", value_name = "CODE")]
    country: String,
    /// The pseudonym instead, 32 hexadecimal digits as lists of calls show it
    #[arg(long, value_name = "HEX")]
    pseudonym: Option<String>,
    /// Do it without asking
    #[arg(long)]
    yes: bool,
    /// How to show the act
    #[arg(long, value_enum, default_value = "table")]
    output: Output,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Output {
    /// For people
    Table,
    /// The answer of the contract in its JSON mapping
    Json,
}

/// Runs the command.
///
/// # Errors
/// When nobody is known by that number, it is not confirmed, or the server is not there or fails.
pub async fn run(args: &Args) -> Result<(), Failure> {
    let number = match args.caller.as_deref() {
        Some("-") => line()?,
        caller => caller.unwrap_or_default().to_owned(),
    };
    if !args.yes {
        confirm(args.caller.as_deref() == Some("-"))?;
    }
    let request = v1::EraseCallerRequest {
        number,
        country: args.country.clone(),
        pseudonym: args.pseudonym.clone().unwrap_or_default(),
    };
    let mut service = AdminServiceClient::new(args.at.channel().await?);
    let act = service.erase_caller(request).await;
    let act = act.map_err(|status| args.at.failure(&status))?;
    let act = act.into_inner();
    let text = match args.output {
        Output::Table => shown(&act),
        Output::Json => {
            let text = serde_json::to_string_pretty(&act);
            let failed = |error| Failure::new(Exit::Failure, format!("no JSON: {error}"));
            text.map_err(failed)? + "\n"
        }
    };
    deliver(text.as_bytes(), None)
}

fn line() -> Result<String, Failure> {
    let mut line = String::new();
    let read = io::stdin().lock().read_line(&mut line);
    read.map_err(|error| Failure::new(Exit::Failure, format!("cannot read stdin: {error}")))?;
    Ok(line.trim().to_owned())
}

/// Asks the person at the terminal; elsewhere `--yes` must have been said.
fn confirm(stdin_is_taken: bool) -> Result<(), Failure> {
    let not = |message: &str| Err(Failure::new(Exit::Usage, message));
    if stdin_is_taken || !io::stdin().is_terminal() {
        return not("nobody can be asked here: say --yes; what is erased does not come back");
    }
    eprint!("What is erased does not come back. Write yes to go on: ");
    if line()? == "yes" {
        return Ok(());
    }
    not("nothing was done")
}

/// The act, for people.
fn shown(act: &v1::EraseCallerResponse) -> String {
    let at = |at: &Option<pbjson_types::Timestamp>| {
        at.as_ref()
            .map(|at| text::local(at, "UTC"))
            .unwrap_or_default()
    };
    let key = match act.key_id {
        0 => "not known: named by the pseudonym".to_owned(),
        key => format!("{key:08x}"),
    };
    let mut text = format!(
        "Act of erasing {}\n\
        begun             {}\n\
        finished          {}\n\
        key               {key}\n\
        calls             {} (they stay in the figures, marked erased, and are nobody's)\n\
        events            {} rewritten in the journal\n\
        digest of calls   {}\n",
        act.act,
        at(&act.begun_at),
        at(&act.finished_at),
        act.calls,
        act.events,
        act.digest
    );
    if act.calls_open > 0 {
        text += &format!(
            "! {} of the calls are still open: what is told of them from now on is kept; erase again when they have ended\n",
            act.calls_open
        );
    }
    text
}
