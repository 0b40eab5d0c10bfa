//! What the bridge is configured by.

use std::time::Duration;

use crate::connect::client::Server;

/// Sessions at once: a channel each. Beyond it callers hear the goodbye.
pub const SESSIONS_MAX: usize = 500;

/// Options of one bridge: one switch.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where the survey is asked.
    pub server: Server,
    /// The source of which the switch's calls are.
    pub source: String,
    /// The folder of the recordings, as the switch finds it: absolute, or below its own sounds.
    pub sounds: String,
    /// The goodbye that is heard when the interview does not say one: a recording as the switch finds it.
    pub goodbye: String,
    /// The folder on the switch into which comments are recorded.
    pub recordings: String,
    /// How long a caller hears nothing at the most when dozvon is away or slow.
    pub deadline: Duration,
    /// Sessions at once.
    pub sessions_max: usize,
}

impl Options {
    /// A prompt's file, without its ending: what `survey render` makes, below the folder.
    pub(super) fn sound(&self, language: &str, prompt: &str) -> String {
        let folder = self.sounds.trim_end_matches('/');
        format!("{folder}/{language}/{prompt}")
    }
}
