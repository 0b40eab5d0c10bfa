//! The golden stories. A story is a title, its steps, and everything that must come of it: `=` a line of the record,
//! `>` the facts said on the way.

use super::notation::{self, Step};
use super::render;
use super::run::{self, Clock};

struct Story<'a> {
    title: &'a str,
    steps: String,
    record: Vec<&'a str>,
    facts: Option<String>,
}

fn stories(file: &str) -> Vec<Story<'_>> {
    let blocks = file
        .split("\n\n")
        .map(str::trim)
        .filter(|block| !block.is_empty());
    blocks.filter_map(story).collect()
}

fn story(block: &str) -> Option<Story<'_>> {
    let mut lines = block.lines();
    let title = lines.next()?.strip_prefix("## ")?;
    let mut story = Story {
        title,
        steps: String::new(),
        record: Vec::new(),
        facts: None,
    };
    for line in lines {
        if let Some(line) = line.strip_prefix("= ") {
            story.record.push(line);
        } else if let Some(line) = line.strip_prefix("> ") {
            story.facts.get_or_insert_default().push_str(line);
        } else {
            story.steps.push_str(line);
            story.steps.push_str("; ");
        }
    }
    Some(story)
}

/// Tells a story in every way; says what came out if it is not what the story says.
fn check(story: &Story<'_>) -> Option<String> {
    let steps = notation::parse(&story.steps);
    let record = render::record(&run::record(&steps, Clock::Moves));
    let facts = render::facts(&run::live(&steps, Clock::Moves));
    let facts_differ = story.facts.as_ref().is_some_and(|wanted| *wanted != facts);
    (record != story.record || facts_differ).then(|| {
        let lines: Vec<String> = record.iter().map(|line| format!("= {line}")).collect();
        format!("## {}\n{}\n> {facts}\n", story.title, lines.join("\n"))
    })
}

fn check_file(file: &str, at_least: usize) {
    let stories = stories(file);
    assert!(stories.len() >= at_least, "only {} stories", stories.len());
    let wrong: Vec<String> = stories.iter().filter_map(check).collect();
    assert!(wrong.is_empty(), "came out as\n{}", wrong.join("\n"));
}

macro_rules! golden {
    ($($name:ident $at_least:literal,)+) => {
        /// The steps of every golden story.
        pub(super) fn all() -> Vec<Vec<Step>> {
            let files = [$(golden!(@file $name)),+];
            let stories = files.into_iter().flat_map(stories);
            stories.map(|story| notation::parse(&story.steps)).collect()
        }

        $(
            #[test]
            fn $name() {
                check_file(golden!(@file $name), $at_least);
            }
        )+
    };
    (@file $name:ident) => {
        include_str!(concat!(
            env!("CARGO_MANIFEST_DIR"), "/tests/golden/calls/", stringify!($name), ".story"
        ))
    };
}

golden! {
    visits 31,
    transfers 38,
    attended 27,
    failures 15,
    ends 30,
    order 27,
    lost 32,
}

#[test]
fn a_wrong_story_is_found() {
    let right = "## title\narrive 0; end caller 5\n= left_before_queue, ended by caller at 5";
    let wrong = right.replace("at 5", "at 6");
    assert!(check(&stories(right)[0]).is_none());
    assert!(check(&stories(&wrong)[0]).is_some());
    let facts = format!("{right}\n> arrived");
    assert!(check(&stories(&facts)[0]).is_some());
}
