//! The key of the pseudonyms: a file beside the database, never inside it.
//!
//! Whoever has the database alone cannot find out who called. Without the key the same caller would get another
//! pseudonym, and repeat calls could not be seen: so a database that holds calls does not start with a new key.

use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use rand::TryRng as _;
use sha2::{Digest as _, Sha256};

use crate::cli::failure::{Exit, Failure};
use crate::validate::{KEY_BYTES, Privacy};

/// Only its owner may read a key.
const KEY_MODE: u32 = 0o600;

/// Reads the key, or makes one where there is none yet.
pub(super) fn load(path: &Path, has_calls: bool) -> Result<Privacy, Failure> {
    let failed = |what: &str, error: &dyn std::fmt::Display| {
        Failure::new(
            Exit::Failure,
            format!("cannot {what} the key file {}: {error}", path.display()),
        )
    };
    match fs::read_to_string(path) {
        Ok(text) => {
            let key = parse(text.trim())
                .ok_or_else(|| failed("use", &"it must hold 64 hexadecimal digits"))?;
            Ok(privacy(&key))
        }
        Err(error) if error.kind() == ErrorKind::NotFound && has_calls => Err(failed(
            "find",
            &"the database holds calls under its key; put the file back from the backup",
        )),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let mut key = [0; KEY_BYTES];
            rand::rngs::SysRng
                .try_fill_bytes(&mut key)
                .map_err(|error| failed("make", &error))?;
            write(path, &key).map_err(|error| failed("make", &error))?;
            tracing::info!(path = %path.display(), "made the key of the pseudonyms; back it up apart from the database");
            Ok(privacy(&key))
        }
        Err(error) => Err(failed("read", &error)),
    }
}

fn write(path: &Path, key: &[u8; KEY_BYTES]) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(KEY_MODE)
        .open(path)?;
    let hex: String = key.iter().map(|byte| format!("{byte:02x}")).collect();
    writeln!(file, "{hex}")?;
    file.sync_all()
}

fn parse(text: &str) -> Option<[u8; KEY_BYTES]> {
    if text.len() != KEY_BYTES * 2 || !text.is_ascii() {
        return None;
    }
    let mut key = [0; KEY_BYTES];
    for (index, byte) in key.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&text[index * 2..index * 2 + 2], 16).ok()?;
    }
    Some(key)
}

/// The key under a number of its own, made from the key itself, so that pseudonyms of two keys never mix.
fn privacy(key: &[u8; KEY_BYTES]) -> Privacy {
    let hash = Sha256::digest(key);
    let id = u32::from_be_bytes([hash[0], hash[1], hash[2], hash[3]]);
    Privacy::new(id, key)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;
    use crate::model::SourceId;

    #[test]
    fn a_key_is_made_once_and_only_its_owner_may_read_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys").join("pseudonym.key");
        let source = SourceId::new("pbx");
        let made = load(&path, false).unwrap().of_opaque(&source, "1");
        let read = load(&path, true).unwrap().of_opaque(&source, "1");
        assert_eq!(made, read);
        assert_eq!(
            fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            KEY_MODE
        );
    }

    #[test]
    fn a_lost_key_is_not_made_anew_over_calls() {
        let folder = tempfile::tempdir().unwrap();
        let failure = load(&folder.path().join("none.key"), true).unwrap_err();
        assert!(failure.message.contains("backup"), "{failure}");
    }

    #[test]
    fn a_damaged_key_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.key");
        for text in ["", "abc", &"g".repeat(64), &"й".repeat(32)] {
            fs::write(&path, text).unwrap();
            assert!(load(&path, false).is_err(), "{text}");
        }
    }
}
