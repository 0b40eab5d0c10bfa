//! Switches of the kind Asterisk: where each is, as whom to log in, and what its words mean here.
//!
//! One table is one PBX, which is one source. `dozvon connect asterisk` reads these tables and those alone; `dozvon serve`
//! connects to those that say so.

use std::collections::{BTreeMap, HashSet};
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::agi::Agi;
use super::check::Problem;
use super::check_tables::named;
use super::{Config, value};

/// What a spool takes at the least: some seconds of a busy hotline.
const SPOOL_MIB_MIN: u64 = 1;

/// The ids of the contract are no longer.
const SOURCE_BYTES_MAX: usize = 64;

/// One PBX.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asterisk {
    /// The source that its calls belong to.
    pub source: String,
    /// Its manager interface: `host:port`.
    #[serde(default = "address")]
    pub address: String,
    /// The user of `manager.conf`.
    pub user: String,
    /// The file that holds the secret, alone on its first line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_file: Option<PathBuf>,
    /// The environment variable that holds it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_variable: Option<String>,
    /// Whether `dozvon serve` connects to it.
    #[serde(default)]
    pub serve: bool,
    /// The server that is told, for a connector that is a process of its own.
    #[serde(default = "server")]
    pub server: String,
    /// The folder of the spool; else one of the source's name beside the data folder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spool: Option<PathBuf>,
    /// How large it may grow, in MiB.
    #[serde(default = "spool_mib")]
    pub spool_mib: u64,
    /// Contexts that customers come in by; none = every inbound channel that is no agent's is a customer.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub trunk_contexts: Vec<String>,
    /// Contexts in which the survey is asked.
    #[serde(default = "survey_contexts")]
    pub survey_contexts: Vec<String>,
    /// The PBX's `queue_log`, where it can be read: it fills gaps.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queue_log: Option<PathBuf>,
    /// Callers and lines whose calls are tests.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub test_numbers: Vec<String>,
    /// Reasons of a pause that mean work with a client at the desk.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub desk_reasons: Vec<String>,
    /// What reports call its queues.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub queues: BTreeMap<String, String>,
    /// Whom an interface or an extension stands for, where the extension alone does not say.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub agents: BTreeMap<String, String>,
    /// The work after a call by queue, as the PBX names it: its `wrapuptime`, which the manager interface does not tell.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub wrap_up: BTreeMap<String, WrapUp>,
    /// Whether the server may have settings changed on it: `dozvon tune`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub tune: bool,
    /// Surveys by FastAGI; without it none are asked on this PBX.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agi: Option<Agi>,
}

/// A span of work after a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct WrapUp(#[serde(with = "value::span")] pub Duration);

fn address() -> String {
    "127.0.0.1:5038".to_owned()
}

fn server() -> String {
    "127.0.0.1:7440".to_owned()
}

fn spool_mib() -> u64 {
    // Some million events: a day of a busy hotline.
    256
}

fn survey_contexts() -> Vec<String> {
    vec!["survey".to_owned()]
}

impl Asterisk {
    /// Where its spool lies.
    pub fn spool_folder(&self, config: &Config) -> PathBuf {
        self.spool.clone().unwrap_or_else(|| {
            let mut folder = config.data_dir.clone().into_os_string();
            folder.push("-spool");
            PathBuf::from(folder).join(&self.source)
        })
    }
}

/// The first thing that does not fit.
pub(super) fn check(config: &Config) -> Result<(), Problem> {
    let sources = config.asterisk.iter().map(|pbx| pbx.source.as_str());
    named("asterisk", "source", sources)?;
    let mut spools = HashSet::new();
    for (index, pbx) in config.asterisk.iter().enumerate() {
        let index = index.to_string();
        let wrong = |key: &str, message: &str| Err(Problem::at(["asterisk", &index, key], message));
        if pbx.source.len() > SOURCE_BYTES_MAX || pbx.source.contains(['/', '\\']) {
            return wrong("source", "is a name of at most 64 bytes without a slash");
        }
        if pbx.source == "." || pbx.source == ".." {
            return wrong("source", "is a folder's name as well: choose another");
        }
        let port = pbx
            .address
            .rsplit_once(':')
            .map(|(host, port)| !host.is_empty() && port.parse::<u16>().is_ok_and(|port| port > 0));
        if port != Some(true) {
            return wrong(
                "address",
                "expected host and port such as \"127.0.0.1:5038\"",
            );
        }
        if pbx.user.is_empty() || pbx.user.contains(char::is_control) {
            return wrong("user", "must be the name of a user of manager.conf");
        }
        match (&pbx.secret_file, &pbx.secret_variable) {
            (None, None) => {
                return wrong(
                    "source",
                    "has no secret: say secret_file = \"…\" or secret_variable = \"…\"",
                );
            }
            (Some(_), Some(_)) => {
                return wrong("secret_file", "and secret_variable: say one of them");
            }
            (Some(_), None) | (None, Some(_)) => {}
        }
        if pbx.spool_mib < SPOOL_MIB_MIN {
            return wrong("spool_mib", "must be at least 1");
        }
        if !spools.insert(pbx.spool_folder(config)) {
            return wrong("spool", "is another PBX's spool as well: each has its own");
        }
    }
    Ok(())
}
