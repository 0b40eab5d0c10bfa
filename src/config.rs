//! The configuration: one tree of plain structs, whole and checked before anything starts.
//!
//! Defaults, then the file, then `DOZVON_*` variables, then flags: the later one wins. `deploy/dozvon.toml` shows every
//! key with its default and is its manual. A wrong value is told with the place it came from: file, line and column, or
//! the variable, or the flag. Nothing here opens a database or binds an address.

mod agi;
mod asterisk;
mod check;
mod check_hours;
mod check_tables;
mod database;
mod environment;
mod floor;
mod hours;
mod place;
mod plan;
mod retention;
mod rules;
#[cfg(test)]
mod tables_test;
#[cfg(test)]
mod tests;
mod tree;
mod value;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::{fmt, fs, io};

use crate::model::{QueueId, Targets, nearest};

pub use agi::Agi;
pub use asterisk::{Asterisk, WrapUp};
pub use database::DatabaseUrl;
pub use environment::variables;
pub use floor::{Agent, Line, PlannedRoute};
pub use hours::{CalendarTable, Exception, FromTo, Weekly};
pub use plan::{PlanTable, PlannedShift};
pub use rules::{Queue, ServiceLevel, Since};
pub use tree::{
    Board, Calls, Config, Ingest, Invite, Log, LogFormat, LogLevel, Privacy, Retention, Server,
    Source, Survey, SurveyLine,
};
pub use value::{Country, Day, Headline, ValidFrom, Zone};

/// What the command line says; it wins over everything else.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Overrides {
    /// `--data`.
    pub data_dir: Option<PathBuf>,
    /// `--database`.
    pub database: Option<String>,
    /// `--grpc`.
    pub grpc: Option<SocketAddr>,
    /// `--http`.
    pub http: Option<SocketAddr>,
}

/// Why there is no configuration to start with.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file cannot be read.
    #[error("{}: the configuration cannot be read", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Something in it is wrong.
    #[error("{origin}: {message}")]
    Wrong {
        /// Where it was said.
        origin: Origin,
        /// What is wrong, and what was expected.
        message: String,
    },
}

/// Where a value was said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// In the file.
    File {
        /// The file.
        path: PathBuf,
        /// Counted from 1.
        line: usize,
        /// In characters, counted from 1.
        column: usize,
    },
    /// In the environment.
    Variable(String),
    /// On the command line.
    Flag(&'static str),
    /// Nowhere: the default.
    Default,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { path, line, column } => write!(f, "{}:{line}:{column}", path.display()),
            Self::Variable(name) => f.write_str(name),
            Self::Flag(flag) => f.write_str(flag),
            Self::Default => f.write_str("configuration"),
        }
    }
}

impl Config {
    /// The configuration in force: defaults, the file, the environment (`variables`), the flags.
    ///
    /// # Errors
    /// `Unreadable` when there is a path and no readable file; `Wrong` for the first value that is not what it should
    /// be, with the place where it was said.
    pub fn load(
        path: Option<&Path>,
        env: impl IntoIterator<Item = (String, String)>,
        overrides: &Overrides,
    ) -> Result<Self, Error> {
        let mut file = None;
        if let Some(path) = path {
            let text = fs::read_to_string(path).map_err(|source| Error::Unreadable {
                path: path.to_owned(),
                source,
            })?;
            file = Some(place::File::new(path, text));
        }
        let mut config = match &file {
            Some(file) => file.parse()?,
            None => Self::default(),
        };
        let variables = environment::apply(&mut config, env)?;
        let flags = overrides.apply(&mut config)?;
        if let Err(problem) = check::check(&config) {
            let key = problem.path.join(".");
            let flag = flags.iter().find(|(path, _)| *path == key);
            let variable = variables.iter().find(|(path, _)| **path == key);
            let place = file.as_ref().and_then(|file| file.find(&problem.path));
            let origin = match (flag, variable, place) {
                (Some((_, flag)), _, _) => Origin::Flag(flag),
                (_, Some((_, name)), _) => Origin::Variable(name.clone()),
                (_, _, Some(place)) => place,
                (None, None, None) => Origin::Default,
            };
            let message = problem.message;
            return Err(Error::Wrong { origin, message });
        }
        Ok(config)
    }

    /// What every queue is measured by, with all versions and the calendars they name.
    pub fn targets(&self) -> Targets {
        let zone = self.zone.time_zone();
        let default = self.service_level.timeline(zone);
        let own = |queue: &Queue| {
            let id = QueueId::new(queue.name.as_str());
            (id, queue.timeline(&default, zone))
        };
        let calendars = self.calendars.iter();
        Targets {
            queues: self.queues.iter().map(own).collect(),
            calendars: calendars
                .map(|table| (table.name.as_str().into(), table.calendar(zone)))
                .collect(),
            default,
        }
    }

    /// The key of the pseudonyms: as configured, else in a folder beside that of the databases, so that a copy of the
    /// databases alone tells nobody's number.
    ///
    /// # Errors
    /// `Wrong` when the data folder has no name to put another one beside (`/`); `load` refuses that.
    pub fn key_file(&self) -> Result<PathBuf, Error> {
        check::key_file(self).map_err(|problem| Error::Wrong {
            origin: Origin::Default,
            message: problem.message,
        })
    }

    /// The configuration as a file would say it, the key's place included, any password hidden.
    ///
    /// # Errors
    /// `Wrong` when a path in it is no text.
    pub fn to_toml(&self) -> Result<String, Error> {
        let mut whole = self.clone();
        whole.privacy.key_file = Some(self.key_file()?);
        whole.database = whole.database.map(|url| url.hidden());
        toml::to_string(&whole).map_err(|error| Error::Wrong {
            origin: Origin::Default,
            message: error.to_string(),
        })
    }
}

impl Overrides {
    /// Lays the flags over, and says which key each one set.
    fn apply(&self, config: &mut Config) -> Result<Vec<(&'static str, &'static str)>, Error> {
        let mut set = Vec::new();
        if let Some(data_dir) = &self.data_dir {
            config.data_dir = data_dir.clone();
            set.push(("data_dir", "--data"));
        }
        if let Some(url) = &self.database {
            let url = DatabaseUrl::new(url).map_err(|message| Error::Wrong {
                origin: Origin::Flag("--database"),
                message,
            })?;
            config.database = Some(url);
            set.push(("database", "--database"));
        }
        if let Some(grpc) = self.grpc {
            config.server.grpc = grpc;
            set.push(("server.grpc", "--grpc"));
        }
        if let Some(http) = self.http {
            config.server.http = http;
            set.push(("server.http", "--http"));
        }
        Ok(set)
    }
}
