//! `dozvon connect`: a switch's own words, as they are said, to a server.

pub(crate) mod asterisk;
mod settings;

pub(super) use self::settings::show as show_changes;
use super::failure::Failure;

/// Arguments of `dozvon connect`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    switch: Switch,
}

#[derive(Debug, clap::Subcommand)]
enum Switch {
    /// Connect Asterisk (FreePBX, Issabel, Wazo) by its manager interface.
    Asterisk(asterisk::Args),
}

/// Runs the command until SIGTERM or Ctrl-C.
///
/// # Errors
/// When the configuration is wrong, or the switch refuses.
pub async fn run(args: Args) -> Result<(), Failure> {
    match args.switch {
        Switch::Asterisk(args) => asterisk::run(args).await,
    }
}
