//! The repository speaks of no particular machine: no absolute paths of people's folders, no mirrors.

use crate::{
    clean,
    source::{Source, is_word, tracked_files},
};

#[test]
fn no_file_names_a_machine() {
    clean(tracked_files().iter().flat_map(machine_problems));
}

#[test]
fn a_machine_path_is_found() {
    let found = |path: &str, text: &str| machine_problems(&Source::new(path, text)).len();
    for folder in MACHINE_FOLDERS {
        assert_eq!(
            found("README.md", &format!("\n`/{folder}/dozvon`")),
            1,
            "{folder}"
        );
        assert_eq!(
            found("README.md", &format!("docs/{folder}/dozvon")),
            0,
            "{folder}"
        );
    }
    for word in REGISTRY_WORDS {
        assert_eq!(
            found("pip.conf", &format!("{word}https://mirror.example")),
            1,
            "{word}"
        );
    }
    let locked = format!("source = \"{PUBLIC_REGISTRY}\"");
    assert_eq!(found("Cargo.lock", &locked), 0);
    assert_eq!(
        found(
            "Cargo.lock",
            &locked.replace("github.com", "mirror.example")
        ),
        1
    );
}

/// First folders of absolute paths that exist on somebody's machine only.
const MACHINE_FOLDERS: [&str; 7] = ["home", "root", "tmp", "work", "farm", "mnt", "Users"];

/// What leads to one registry or mirror instead of the user's own choice; in two parts, so as not to find itself.
const REGISTRY_WORDS: [&str; 6] = [
    concat!("regis", "try+"),
    concat!("sp", "arse+"),
    concat!("regis", "try.npmjs"),
    concat!("py", "pi.org/simple"),
    concat!("index", "-url"),
    concat!("find", "-links"),
];

/// How Cargo.lock names the public registry, whichever mirror served it.
const PUBLIC_REGISTRY: &str = concat!("regis", "try+https://github.com/rust-lang/crates.io-index");

fn machine_problems(source: &Source) -> Vec<String> {
    let mut problems = Vec::new();
    for folder in MACHINE_FOLDERS {
        for (offset, _) in source.text.match_indices(&format!("/{folder}/")) {
            let inside_a_path = |c: char| is_word(c) || "/.-~*)}]>".contains(c);
            if !source.text[..offset].ends_with(inside_a_path) {
                problems.push(source.problem(offset, "a path of somebody's machine"));
            }
        }
    }
    for word in REGISTRY_WORDS {
        for (offset, _) in source.text.match_indices(word) {
            if !source.text[offset..].starts_with(PUBLIC_REGISTRY) {
                problems.push(source.problem(offset, "a registry is the user's own choice"));
            }
        }
    }
    problems
}
