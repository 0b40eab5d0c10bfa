//! The house rules that a machine can check. Beside each rule stands a bad example that it must find.
//!
//! Rules look at text, not at syntax trees: a mention in a comment counts too, so that a lower module does not even
//! speak of a higher one.

#[path = "tidy/errors.rs"]
mod errors;
#[path = "tidy/imports.rs"]
mod imports;
#[path = "tidy/machine.rs"]
mod machine;
#[path = "tidy/migrations.rs"]
mod migrations;
#[path = "tidy/source.rs"]
mod source;

use std::{fs, path::Path, process::Command};

use source::{Source, root, sources};

/// Modules without I/O, clock or locks: the same input gives the same output.
const PURE: [&str; 7] = [
    "model", "validate", "calls", "survey", "kpi", "live", "simulate",
];

/// What a pure module does not hold, its tests included.
const IMPURE: [&str; 6] = ["tokio::", "async fn", "sqlx::", "std::fs", "Mutex", "now()"];

/// A file that can be read in one sitting.
const FILE_LINES_MAX: usize = 400;

/// The share of files, in percent, that keep to it.
const SHORT_FILES_MIN: usize = 85;

/// `main.rs` parses, sets up and calls; it is not the program.
const MAIN_LINES_MAX: usize = 60;

#[test]
fn every_module_says_what_it_is() {
    clean(sources().iter().filter_map(doc_problem));
}

#[test]
fn a_module_without_doc_is_found() {
    assert!(doc_problem(&Source::new("src/a.rs", "use std::fs;\n//! late")).is_some());
    assert!(doc_problem(&Source::new("src/a.rs", "//! What it is.")).is_none());
}

fn doc_problem(source: &Source) -> Option<String> {
    (!source.text.starts_with("//!"))
        .then(|| source.problem(0, "a module starts with its `//!` doc"))
}

#[test]
fn pure_modules_stay_pure() {
    clean(sources().iter().flat_map(purity_problems));
}

#[test]
fn impurity_is_found() {
    for word in IMPURE {
        let text = format!("//! Doc.\nfn f() {{ {word} }}");
        let found = purity_problems(&Source::new("src/calls/table.rs", &text));
        assert_eq!(
            found,
            [format!(
                "src/calls/table.rs:2: a pure module holds no `{word}`"
            )]
        );
        assert!(purity_problems(&Source::new("src/app.rs", &text)).is_empty());
    }
}

fn purity_problems(source: &Source) -> Vec<String> {
    if !PURE.contains(&source.module()) {
        return Vec::new();
    }
    let found = |word: &&str| {
        let rule = format!("a pure module holds no `{word}`");
        source
            .text
            .find(*word)
            .map(|offset| source.problem(offset, &rule))
    };
    IMPURE.iter().filter_map(found).collect()
}

#[test]
fn files_are_short() {
    let sources = sources();
    clean(length_problems(
        sources
            .iter()
            .map(|source| (&*source.path, source.text.lines().count())),
    ));
}

#[test]
fn long_files_are_found() {
    let of = |long: usize| {
        (0..100).map(move |n| ("src/a.rs", if n < long { FILE_LINES_MAX + 1 } else { 1 }))
    };
    assert!(length_problems(of(15)).is_empty());
    assert_eq!(length_problems(of(16)).len(), 16);
    assert_eq!(
        length_problems([("src/main.rs", MAIN_LINES_MAX + 1)].into_iter()).len(),
        1
    );
}

/// Names the long files, but only when they are too many; `main.rs` has its own limit.
fn length_problems<'a>(files: impl Iterator<Item = (&'a str, usize)>) -> Vec<String> {
    let files: Vec<_> = files.collect();
    let (long, short): (Vec<_>, Vec<_>) =
        files.iter().partition(|(_, lines)| *lines > FILE_LINES_MAX);
    let main = files
        .iter()
        .filter(|(path, lines)| *path == "src/main.rs" && *lines > MAIN_LINES_MAX);
    let too_many = short.len() * 100 < SHORT_FILES_MIN * files.len();
    main.copied()
        .chain(if too_many { long } else { Vec::new() })
        .map(|(path, lines)| {
            format!("{path}:{lines}: too long; look for the second idea inside it")
        })
        .collect()
}

#[test]
fn code_is_formatted() {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".into());
    let output = Command::new(cargo)
        .args(["fmt", "--check"])
        .current_dir(root())
        .output()
        .expect("cargo starts");
    let diff = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "run `cargo fmt`\n{diff}{errors}");
}

#[test]
fn unformatted_code_is_found() {
    let accepted = |name: &str, code: &str| {
        // A file, because `rustfmt --check` finds everything good that comes by stdin.
        let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        fs::write(&file, code).expect("the target folder is writable");
        let mut rustfmt = Command::new("rustfmt");
        rustfmt.args(["--check", "--edition", "2024"]).arg(&file);
        rustfmt.output().expect("rustfmt starts").status.success()
    };
    assert!(accepted("formatted.rs", "fn a() {}\n"));
    assert!(!accepted("unformatted.rs", "fn  a( ) { }\n"));
}

#[track_caller]
fn clean(problems: impl IntoIterator<Item = String>) {
    let problems: Vec<_> = problems.into_iter().collect();
    assert!(problems.is_empty(), "\n{}\n", problems.join("\n"));
}
