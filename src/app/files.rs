//! The data folder and what lies in it.

use std::fs;
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use crate::cli::failure::{Exit, Failure};

/// Only the service's user may look into a folder that dozvon makes.
const FOLDER_MODE: u32 = 0o700;

/// The data folder.
#[derive(Clone, Debug)]
pub(super) struct Files {
    pub(super) folder: PathBuf,
}

impl Files {
    /// Makes the folder when it is not there.
    pub(super) fn prepare(folder: &Path) -> Result<Self, Failure> {
        let failed = |error: std::io::Error| {
            let folder = folder.display();
            let message =
                format!("cannot write to {folder}: {error}; choose another folder with --data");
            Failure::new(Exit::Failure, message)
        };
        let made = fs::DirBuilder::new()
            .recursive(true)
            .mode(FOLDER_MODE)
            .create(folder);
        made.map_err(failed)?;
        let mode = fs::metadata(folder).map_err(failed)?.permissions().mode();
        if mode & 0o007 != 0 {
            tracing::warn!(folder = %folder.display(), "everybody on this machine may look into the data folder");
        }
        Ok(Self {
            folder: folder.to_owned(),
        })
    }

    /// The journal's database.
    pub(super) fn journal(&self) -> PathBuf {
        self.folder.join("journal.db")
    }

    /// The store's database.
    pub(super) fn store(&self) -> PathBuf {
        self.folder.join("store.db")
    }
}
