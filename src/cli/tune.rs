//! `dozvon tune`: what is wanted of a switch, by way of the server and the source's own connector.

use super::at::At;
use super::connect::show_changes;
use super::failure::Failure;
use crate::connect::asterisk::settings::{Change, Setting};
use crate::connect::asterisk::tuner::change_of;
use crate::proto::v1;
use crate::proto::v1::tuning_service_client::TuningServiceClient;

/// Change what tunes a line on a switch that is connected.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  dozvon tune set pbx-1 penalty:hotline:PJSIP/101=2 --dry-run
  dozvon tune set pbx-1 penalty:hotline:PJSIP/101=2 database:dozvon/wait_limit=180

Exit codes: 0 all is as asked (or a dry run found nothing in the way), 1 a setting is not as asked, or no connector takes
settings for this source (tune = true in its [[asterisk]]), 2 usage, 4 no server.")]
pub struct Args {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    at: At,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Set values, one after the other, and say what each was before.
    Set {
        /// The source whose switch it is
        source: String,
        /// penalty:QUEUE:MEMBER=N, ring_in_use:QUEUE:MEMBER=yes, database:FAMILY/KEY=VALUE or variable:NAME=VALUE
        #[arg(required = true, value_name = "SETTING")]
        settings: Vec<Setting>,
        /// Change nothing, say what would be changed
        #[arg(long)]
        dry_run: bool,
        /// Who wants it, for the log
        #[arg(
            long,
            env = "USER",
            default_value = "",
            hide_default_value = true,
            value_name = "NAME"
        )]
        by: String,
    },
}

/// Runs the command.
///
/// # Errors
/// When a setting is not as asked, the server refuses, or is not there.
pub async fn run(args: Args) -> Result<(), Failure> {
    let Command::Set {
        source,
        settings,
        dry_run,
        by,
    } = args.command;
    let mut service = TuningServiceClient::new(args.at.channel().await?);
    let mut changes: Vec<Change> = Vec::new();
    let mut failed = None;
    for setting in settings {
        let asked = v1::ProposeSettingRequest {
            source: source.clone(),
            setting: Some(v1::Setting {
                name: setting.to_string(),
                value: setting.value(),
            }),
            dry_run,
            by: by.clone(),
        };
        match service.propose_setting(asked).await {
            Ok(answer) => {
                let report = answer.into_inner().report.unwrap_or_default();
                changes.push(change_of(setting, report));
            }
            Err(status) => {
                failed = Some(args.at.failure(&status));
                break;
            }
        }
    }
    // What was done before it failed is done.
    let shown = show_changes(&changes, None);
    match failed {
        Some(failure) => Err(failure),
        None => shown,
    }
}
