//! `dozvon connect asterisk --set`: what may be changed on a PBX while it runs.

use std::io::Write as _;

use crate::cli::failure::{Exit, Failure};
use crate::clock::Clock;
use crate::connect::asterisk::session::Login;
use crate::connect::asterisk::settings::{Change, Outcome, Setting, apply};

/// Sets what was asked for, and prints what became of each.
pub(super) async fn set(login: &Login, settings: &[Setting], dry_run: bool) -> Result<(), Failure> {
    let mut changes = Vec::new();
    let clock = Clock::system();
    let applied = apply(login, settings, dry_run, &clock, |change| {
        changes.push(change)
    });
    let applied = applied.await;
    let shown = show(&changes, Some(&login.user));
    applied.map_err(|error| Failure::new(Exit::Unreachable, error.to_string()))?;
    shown
}

/// Prints what became of settings, a line each. `user` = whose rights can be told.
///
/// # Errors
/// When one is not as asked, or stdout is closed.
pub(in crate::cli) fn show(changes: &[Change], user: Option<&str>) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    for change in changes {
        writeln!(out, "{}", line(change, user)).map_err(|error| {
            Failure::new(Exit::Failure, format!("cannot write to stdout: {error}"))
        })?;
    }
    let is_undone =
        |change: &&Change| matches!(change.outcome, Outcome::Refused(_) | Outcome::NotTaken(_));
    match changes.iter().filter(is_undone).count() {
        0 => Ok(()),
        1 => Err(Failure::new(Exit::Failure, "one setting is not as asked")),
        undone => {
            let message = format!("{undone} settings are not as asked");
            Err(Failure::new(Exit::Failure, message))
        }
    }
}

fn line(change: &Change, user: Option<&str>) -> String {
    let user = user.unwrap_or("its user");
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
