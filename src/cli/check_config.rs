//! `dozvon check-config`: says whether a configuration is right, and which one is in force.

use std::collections::BTreeMap;
use std::io::{self, Write as _};
use std::path::PathBuf;

use super::failure::{Exit, Failure};
use crate::config::{Config, Error, Overrides, variables};

/// Checks a configuration and prints what is in force: defaults, the file, then DOZVON_* variables.
///
/// The configuration goes to stdout, as a file that says it all; `ok` to stderr.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  dozvon check-config                         the defaults
  dozvon check-config --config dozvon.toml    a file, and DOZVON_* over it
  DOZVON_ZONE=Europe/Samara dozvon check-config > dozvon.toml

Exit codes: 0 right, 3 wrong: one line says where and what was expected.")]
pub struct Args {
    /// The configuration file.
    #[arg(long, value_name = "FILE", env = "DOZVON_CONFIG")]
    config: Option<PathBuf>,
}

/// Runs the command.
///
/// # Errors
/// With exit code 3 when the configuration is wrong or cannot be read.
pub fn run(args: &Args) -> Result<(), Failure> {
    let text = in_force(args, variables()?)?;
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())
        .and_then(|()| writeln!(io::stderr(), "ok"))
        .map_err(|error| Failure::new(Exit::Failure, format!("cannot print: {error}")))
}

fn in_force(args: &Args, variables: BTreeMap<String, String>) -> Result<String, Error> {
    Config::load(args.config.as_deref(), variables, &Overrides::default())?.to_toml()
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let message = format!("{:#}", anyhow::Error::from(error));
        Self::new(Exit::Config, message)
    }
}

#[cfg(test)]
mod tests {
    use clap::{Args as _, FromArgMatches as _};

    use super::*;

    /// The arguments of this command line, read as the binary reads them.
    fn args(line: &[&str]) -> Args {
        let command = Args::augment_args(clap::Command::new("check-config"));
        let matches = command.try_get_matches_from(line).unwrap();
        Args::from_arg_matches(&matches).unwrap()
    }

    #[test]
    fn a_wrong_configuration_ends_with_its_own_code_and_one_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("dozvon.toml");
        let path_text = path.to_str().unwrap();
        let args = args(&["check-config", "--config", path_text]);

        std::fs::write(&path, "zone = \"Europe/Samara\"\n").unwrap();
        let env = BTreeMap::from([("DOZVON_LOG_LEVEL".to_owned(), "debug".to_owned())]);
        let text = in_force(&args, env).unwrap();
        assert!(text.starts_with("zone = \"Europe/Samara\"\n"), "{text}");
        assert!(text.contains("level = \"debug\"\n"), "{text}");

        std::fs::write(&path, "zon = 1\n").unwrap();
        let failure = Failure::from(in_force(&args, BTreeMap::new()).unwrap_err());
        assert_eq!(failure.exit, Exit::Config);
        let message = format!(
            "{path_text}:1:1: unknown key \"zon\" at the top of the file, did you mean \"zone\"?"
        );
        assert_eq!(failure.message, message);

        std::fs::remove_file(&path).unwrap();
        let failure = Failure::from(in_force(&args, BTreeMap::new()).unwrap_err());
        assert_eq!(failure.exit, Exit::Config);
        assert!(
            failure.message.contains("No such file"),
            "{}",
            failure.message
        );
    }

    #[test]
    fn help_shows_examples() {
        let mut command = Args::augment_args(clap::Command::new("check-config"));
        let help = command.render_long_help().to_string();
        assert!(
            help.contains("dozvon check-config --config dozvon.toml"),
            "{help}"
        );
        assert!(help.contains("DOZVON_CONFIG"), "{help}");
    }
}
