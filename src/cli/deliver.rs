//! Where a command's answer goes: to a file, whole or not at all, or to stdout.

use std::fs;
use std::io::{self, ErrorKind, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use super::failure::{Exit, Failure};

/// Writes to a file, or to stdout. A reader of stdout that has had enough is no error.
pub(super) fn deliver(content: &[u8], out: Option<&Path>) -> Result<(), Failure> {
    if let Some(path) = out {
        return save(content, path).map_err(|error| {
            let path = path.display();
            Failure::new(Exit::Failure, format!("cannot write {path}: {error}"))
        });
    }
    let mut stdout = io::stdout().lock();
    match stdout.write_all(content).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(Failure::new(
            Exit::Failure,
            format!("cannot write to stdout: {error}"),
        )),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Writes a file whole or not at all: who reads it meanwhile, and who finds it after a crash, sees the old one or the new
/// one.
fn save(content: &[u8], path: &Path) -> io::Result<()> {
    // A link stays one, and what it leads to is written.
    let path = match fs::canonicalize(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => path.to_owned(),
        found => found?,
    };
    let old = match fs::metadata(&path) {
        Err(error) if error.kind() == ErrorKind::NotFound => None,
        found => Some(found?),
    };
    if old.as_ref().is_some_and(|old| !old.is_file()) {
        // A pipe or a device is written to, not replaced; a folder says itself that it is none.
        return fs::OpenOptions::new()
            .write(true)
            .open(&path)?
            .write_all(content);
    }
    let mut neighbour = neighbour(&path)?;
    if let Some(old) = old {
        neighbour.as_file().set_permissions(old.permissions())?;
    }
    neighbour.write_all(content)?;
    neighbour.as_file().sync_all()?;
    neighbour.persist(&path)?;
    Ok(())
}

/// A file of a passing name in the same folder, so that it can be renamed; removed if it is not.
fn neighbour(path: &Path) -> io::Result<tempfile::NamedTempFile> {
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.map_or_else(|| PathBuf::from("."), Path::to_owned);
    let mut builder = tempfile::Builder::new();
    builder.prefix(".dozvon-").suffix(".part");
    // As any new file: what the user's umask leaves of it.
    builder.permissions(fs::Permissions::from_mode(0o666));
    builder.tempfile_in(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The names in a folder, sorted.
    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<_> = names.collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_is_written_whole_and_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("day.csv");
        deliver(b"long ago", Some(&path)).unwrap();
        deliver(b"today", Some(&path)).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"today");
        assert_eq!(names(folder.path()), ["day.csv"]);
    }

    #[test]
    fn a_file_stays_as_open_as_it_was() {
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        let folder = tempfile::tempdir().unwrap();
        let (usual, report) = (folder.path().join("usual"), folder.path().join("report"));
        fs::write(&usual, "").unwrap();
        save(b"1", &report).unwrap();
        assert_eq!(mode(&report), mode(&usual), "as any new file");
        fs::set_permissions(&report, fs::Permissions::from_mode(0o640)).unwrap();
        save(b"2", &report).unwrap();
        assert_eq!(mode(&report), 0o640);
    }

    #[test]
    fn links_and_devices_are_not_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let (real, link) = (folder.path().join("real"), folder.path().join("link"));
        fs::write(&real, "old").unwrap();
        std::os::unix::fs::symlink(&real, &link).unwrap();
        save(b"new", &link).unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read(&real).unwrap(), b"new");

        let null = folder.path().join("null");
        std::os::unix::fs::symlink("/dev/null", &null).unwrap();
        save(b"gone", &null).unwrap();
        assert!(!fs::metadata("/dev/null").unwrap().is_file());
    }

    #[test]
    fn what_cannot_be_written_is_named_and_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let missing = folder.path().join("no such folder/day.csv");
        for path in [folder.path(), &missing] {
            let failure = deliver(b"1", Some(path)).unwrap_err();
            assert_eq!(failure.exit, Exit::Failure);
            assert!(
                failure.message.contains(&*path.display().to_string()),
                "{failure}"
            );
        }
        assert_eq!(names(folder.path()), [""; 0]);
    }
}
