//! The command line: one file a command, each with its `Args` and its `run`.

mod at;
pub mod case;
pub mod check_config;
pub mod connect;
pub mod definitions;
mod deliver;
pub mod demo;
pub mod erase;
pub mod failure;
pub mod import;
mod log;
pub mod recompute;
pub mod report;
pub mod serve;
pub mod simulate;
pub mod survey;
pub mod tune;
pub mod watch;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::clock::Clock;

use failure::{Exit, Failure};

/// The instrument for a public hotline: call events in, figures one can prove out.
#[derive(Debug, Parser)]
#[command(
    version,
    arg_required_else_help = true,
    after_help = "Try `dozvon demo`: a day of calls, streamed and reported, with nothing to set up.\n\
    Exit codes: 0 ok, 1 failure, 2 usage, 3 configuration, 4 server unreachable, 5 partly done, 6 disk not to be trusted."
)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Show everything: a simulated day, streamed and reported, with nothing to set up.
    Demo(demo::Args),
    /// Run the service.
    Serve(serve::Args),
    /// Connect a switch to a server.
    Connect(connect::Args),
    /// Show the queues as they are at this moment, in the terminal.
    Watch(watch::Args),
    /// Send files of call events to a server.
    Import(import::Args),
    /// Print a report: queues, transfers, waits, agents, repeats, unserved, lines.
    Report(Box<report::Args>),
    /// Make the calls of a period again, with what was told of them too late.
    Recompute(recompute::Args),
    /// Erase one caller: their calls stay in the figures and are nobody's.
    Erase(erase::Args),
    /// Say what each figure means: formula, plain words, source.
    Definitions(definitions::Args),
    /// Look over, try out, speak or put a survey's definition; bring answers of other channels.
    Survey(survey::Args),
    /// Look after cases: what bad answers opened.
    Case(case::Args),
    /// Change what tunes a line on a switch that is connected.
    Tune(tune::Args),
    /// Make up a day of calls, as an `events` file.
    Simulate(simulate::Args),
    /// Check a configuration and print what is in force.
    CheckConfig(check_config::Args),
}

/// Runs the command line to its exit code.
pub async fn run() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are no faults; clap knows which stream they go to.
            let code = if error.use_stderr() {
                Exit::Usage as u8
            } else {
                0
            };
            drop(error.print());
            return ExitCode::from(code);
        }
    };
    let done = match cli.command {
        Command::Demo(args) => demo::run(args).await,
        Command::Serve(args) => serve::run(args).await,
        Command::Connect(args) => connect::run(args).await,
        Command::Watch(args) => watch::run(&args).await,
        Command::Import(args) => import::run(args).await,
        Command::Report(args) => report::run(*args, &Clock::system()).await,
        Command::Recompute(args) => recompute::run(&args, &Clock::system()).await,
        Command::Erase(args) => erase::run(&args).await,
        Command::Definitions(args) => definitions::run(&args),
        Command::Survey(args) => survey::run(args).await,
        Command::Case(args) => case::run(args).await,
        Command::Tune(args) => tune::run(args).await,
        Command::Simulate(args) => simulate::run(args),
        Command::CheckConfig(args) => check_config::run(&args),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => fail(&failure),
    }
}

fn fail(failure: &Failure) -> ExitCode {
    use std::io::Write as _;
    // Nothing can be said any more when even stderr is closed.
    drop(writeln!(std::io::stderr(), "dozvon: {failure}"));
    ExitCode::from(failure.exit as u8)
}
