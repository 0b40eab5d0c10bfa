//! `dozvon connect asterisk --set`: what may be changed on a PBX while it runs.

use std::io::Write as _;

use crate::cli::failure::{Exit, Failure};
use crate::clock::Clock;
use crate::connect::asterisk::session::Login;
use crate::connect::asterisk::settings::{Change, Outcome, Setting, apply};

/// Sets what was asked for, and prints what became of each.
pub(super) async fn set(login: &Login, settings: &[Setting], dry_run: bool) -> Result<(), Failure> {
    let mut lines = Vec::new();
    let mut undone = 0;
    let clock = Clock::system();
    let applied = apply(login, settings, dry_run, &clock, |change| {
        let is_done = !matches!(change.outcome, Outcome::Refused(_) | Outcome::NotTaken(_));
        undone += usize::from(!is_done);
        lines.push(line(&change, &login.user));
    });
    let applied = applied.await;
    let mut out = std::io::stdout().lock();
    for line in lines {
        writeln!(out, "{line}").map_err(|error| {
            Failure::new(Exit::Failure, format!("cannot write to stdout: {error}"))
        })?;
    }
    applied.map_err(|error| Failure::new(Exit::Unreachable, error.to_string()))?;
    match undone {
        0 => Ok(()),
        1 => Err(Failure::new(Exit::Failure, "one setting is not as asked")),
        _ => {
            let message = format!("{undone} settings are not as asked");
            Err(Failure::new(Exit::Failure, message))
        }
    }
}

fn line(change: &Change, user: &str) -> String {
    let setting = &change.setting;
    let before = change.before.as_deref().unwrap_or("nothing");
    let value = setting.value();
    match &change.outcome {
        Outcome::Unchanged => format!("same     {setting}: {before}"),
        Outcome::WouldSet => format!("would    {setting}: {before} -> {value}"),
        Outcome::Set => format!("set      {setting}: {before} -> {value}"),
        Outcome::Taken => format!("taken    {setting}: {value}; this PBX does not tell what it is"),
        Outcome::NotTaken(now) => {
            let now = now.as_deref().unwrap_or("nothing");
            format!("not set  {setting}: it was taken, and the PBX still says {now}")
        }
        Outcome::Refused(why) if why.to_lowercase().contains("permission") => {
            let right = setting.right();
            format!(
                "refused  {setting}: {why}\n         -> manager.conf, [{user}]: write = reporting,{right}"
            )
        }
        Outcome::Refused(why) => format!("refused  {setting}: {why}"),
    }
}
