//! Stories of interviews in one line: `end@20 4@25 hang@30`.
//!
//! What happened, at which second. A key is itself; `4/7` is press number 7, `4r` and `4i` were heard by RFC 4733 and in
//! the voice. `end` a prompt's end, `hang`, `fail`, `unable`, `resume`, `note` a comment's recording.

use std::time::Duration;

use serde_json::Value;

use crate::survey::script::{Step, play_script};
use crate::survey::{Definition, Heard, Input, Key, Press};

/// The steps of a story.
pub(super) fn steps(story: &str) -> Vec<Step> {
    let steps = story.split_whitespace().map(|step| {
        let (what, at) = step
            .split_once('@')
            .unwrap_or_else(|| panic!("{step}: when?"));
        let at = Duration::from_secs_f64(at.parse().unwrap());
        let input = match what {
            "end" => Input::PromptEnded { play: None },
            "hang" => Input::HangUp,
            "fail" => Input::Failed,
            "unable" => Input::Unable,
            "resume" => Input::Resumed,
            "note" => Input::VoiceNote {
                recording: "rec-1".to_owned(),
            },
            press => Input::Press(self::press(press)),
        };
        (at, input)
    });
    steps.collect()
}

fn press(text: &str) -> Press {
    let (key, input_seq) = match text.split_once('/') {
        Some((key, number)) => (key, Some(number.parse().unwrap())),
        None => (text, None),
    };
    let (key, heard) = match key.strip_suffix(['r', 'i']) {
        Some(plain) if key.ends_with('r') => (plain, Heard::Rfc4733),
        Some(plain) => (plain, Heard::Inband),
        None => (key, Heard::Unknown),
    };
    Press {
        key: Key::parse(key).unwrap_or_else(|| panic!("{text}: no key")),
        input_seq,
        heard,
    }
}

/// How a story ends: `partial satisfaction=4`.
pub(super) fn ending(definition: &Definition, story: &str) -> String {
    let lines = play_script(definition, "", &steps(story));
    let last: Value = serde_json::from_str(lines.last().unwrap()).unwrap();
    let mut ending = last["disposition"].as_str().unwrap().to_owned();
    for question in &definition.questions {
        let code = question.code.as_str();
        if let Some(answer) = last["answers"][code].as_str() {
            ending.push_str(&format!(" {code}={answer}"));
        }
    }
    ending
}

/// The prompts of a story, one play order a word: `invitation+consent satisfaction …`, without the survey's name.
pub(super) fn heard(definition: &Definition, story: &str) -> String {
    let lines = play_script(definition, "", &steps(story));
    let plays = lines.iter().filter_map(|line| {
        let order: Value = serde_json::from_str(line).unwrap();
        let prompts = order["prompts"]
            .as_array()
            .filter(|_| order["order"] == "play")?;
        let names = prompts.iter().map(|prompt| {
            prompt
                .as_str()
                .unwrap()
                .rsplit('/')
                .next()
                .unwrap()
                .to_owned()
        });
        Some(names.collect::<Vec<_>>().join("+"))
    });
    plays.collect::<Vec<_>>().join(" ")
}
