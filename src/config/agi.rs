//! Surveys on a PBX by FastAGI: where channels are handed over, and what callers hear.

use std::collections::HashSet;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::check::Problem;
use super::{Config, value};

/// A dialog may wait 2 s for the call's own events before it begins.
const DEADLINE_MIN: Duration = Duration::from_secs(3);
/// Longer nobody holds a silent telephone.
const DEADLINE_MAX: Duration = Duration::from_secs(30);
/// A channel each; no hotline has more.
const SESSIONS_MOST: u32 = 5_000;
/// The longest path of a recording.
const PATH_BYTES_MAX: usize = 128;

/// Surveys by FastAGI.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Agi {
    /// Where the PBX hands channels over: `AGI(agi://HOST:PORT/survey)`.
    #[serde(with = "value::address")]
    pub listen: SocketAddr,
    /// The folder of the recordings, as the PBX finds it: absolute, or below its own sounds.
    pub sounds: String,
    /// The recording with the goodbye that is heard when no interview says one.
    pub goodbye: String,
    /// The folder on the PBX into which comments are recorded.
    pub recordings: String,
    /// How long a caller hears nothing at the most when dozvon is away or slow.
    #[serde(with = "value::span")]
    pub deadline: Duration,
    /// Surveys at once.
    pub sessions_max: u32,
}

impl Default for Agi {
    fn default() -> Self {
        Self {
            listen: (Ipv4Addr::LOCALHOST, 4573).into(),
            sounds: "dozvon".to_owned(),
            // It comes with every Asterisk.
            goodbye: "vm-goodbye".to_owned(),
            recordings: "/var/spool/asterisk/dozvon".to_owned(),
            deadline: Duration::from_secs(4),
            sessions_max: 500,
        }
    }
}

/// The first thing that does not fit.
pub(super) fn check(config: &Config) -> Result<(), Problem> {
    let mut doors = HashSet::new();
    for (index, pbx) in config.asterisk.iter().enumerate() {
        let Some(agi) = &pbx.agi else { continue };
        let index = index.to_string();
        let wrong =
            |key: &str, message: &str| Err(Problem::at(["asterisk", &index, "agi", key], message));
        if agi.listen.port() != 0 && !doors.insert(agi.listen) {
            return wrong("listen", "is another PBX's as well: each has its own port");
        }
        if !agi.listen.ip().is_loopback() && !config.server.plain_text_elsewhere {
            return wrong(
                "listen",
                "can be reached from elsewhere, and FastAGI neither encrypts nor asks who speaks: run `dozvon connect \
                 asterisk` beside the PBX, or set server.plain_text_elsewhere = true in a network of their own",
            );
        }
        if !(DEADLINE_MIN..=DEADLINE_MAX).contains(&agi.deadline) {
            return wrong(
                "deadline",
                "must be from 3s (a survey may wait 2 s for the call's events) to 30s",
            );
        }
        if !(1..=SESSIONS_MOST).contains(&agi.sessions_max) {
            return wrong("sessions_max", "must be from 1 to 5000");
        }
        let paths = [
            ("sounds", &agi.sounds),
            ("goodbye", &agi.goodbye),
            ("recordings", &agi.recordings),
        ];
        for (key, path) in paths {
            if path.is_empty() || path.len() > PATH_BYTES_MAX || path.contains(char::is_control) {
                return wrong(key, "must be a path on the PBX of at most 128 bytes");
            }
        }
    }
    Ok(())
}
