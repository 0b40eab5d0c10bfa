//! The files that the rules look at.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// A file of the repository, by its path from the root.
pub(crate) struct Source {
    pub(crate) path: String,
    pub(crate) text: String,
}

impl Source {
    /// Makes a file from its text.
    pub(crate) fn new(path: &str, text: &str) -> Self {
        let (path, text) = (path.into(), text.into());
        Self { path, text }
    }

    /// The top-level module that the file belongs to: `calls` for `src/calls/table.rs`.
    pub(crate) fn module(&self) -> &str {
        let inside = self.path.strip_prefix("src/").unwrap_or(&self.path);
        let first = inside.split('/').next().unwrap_or(inside);
        first.strip_suffix(".rs").unwrap_or(first)
    }

    /// How many `super` lead from the file's own module to the crate's root.
    pub(crate) fn depth(&self) -> usize {
        let depth = self.path.split('/').count() - 1;
        depth - usize::from(self.path.ends_with("/mod.rs"))
    }

    /// Says where a rule is broken.
    pub(crate) fn problem(&self, offset: usize, rule: &str) -> String {
        let line = self.text[..offset].matches('\n').count() + 1;
        format!("{}:{line}: {rule}", self.path)
    }
}

/// The repository's folder.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every Rust file of the program.
pub(crate) fn sources() -> Vec<Source> {
    let files = files_under(&root().join("src")).into_iter();
    let sources: Vec<_> = files
        .filter(|file| file.extension().is_some_and(|end| end == "rs"))
        .map(|file| read(&file))
        .collect();
    assert!(!sources.is_empty(), "src/ holds the program");
    sources
}

/// Every file of the repository, those included that are about to be added.
pub(crate) fn tracked_files() -> Vec<Source> {
    let output = Command::new("git")
        .args([
            "-c",
            "safe.directory=*",
            "ls-files",
            "-z",
            "--cached",
            "--others",
            "--exclude-standard",
        ])
        .current_dir(root())
        .output()
        .expect("git starts");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "this test reads git's list of files: {errors}"
    );
    let names = String::from_utf8(output.stdout).expect("file names are UTF-8");
    let files = names.split_terminator('\0').map(|name| root().join(name));
    files
        .filter(|file| file.is_file())
        .map(|file| read(&file))
        .collect()
}

fn read(file: &Path) -> Source {
    let path = file
        .strip_prefix(root())
        .expect("is inside the repository")
        .display();
    let bytes = fs::read(file).unwrap_or_else(|error| panic!("{path}: {error}"));
    Source::new(&path.to_string(), &String::from_utf8_lossy(&bytes))
}

/// Every file of a folder and of the folders inside it, in order.
pub(crate) fn files_under(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in
        fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
    {
        let path = entry.expect("the folder is readable").path();
        if path.is_dir() {
            files.extend(files_under(&path));
        } else {
            files.push(path);
        }
    }
    files.sort();
    files
}

/// Whether a name may hold the character.
pub(crate) fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}
