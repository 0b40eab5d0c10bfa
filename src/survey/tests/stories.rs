//! What becomes of an interview, story by story.

use serde_json::Value;

use super::notation::{ending, heard, steps};
use super::{EVERYTHING, TWO_QUESTIONS, definition};
use crate::survey::limits;
use crate::survey::script::{conduct, play_script};

#[track_caller]
fn check(text: &str, stories: &[(&str, &str)]) {
    let definition = definition(text);
    for (story, expected) in stories {
        assert_eq!(ending(&definition, story), *expected, "{story}");
    }
}

#[test]
fn two_questions_end_as_they_should() {
    check(
        TWO_QUESTIONS,
        &[
            // Answered: after the prompts, into them, at the last moment.
            (
                "end@18 end@30 4@33 end@40 1@42 end@50",
                "complete satisfaction=4 solved=yes",
            ),
            ("end@18 4@19 2@20", "complete satisfaction=4 solved=no"),
            ("end@18 end@30 5@40", "partial satisfaction=5"),
            (
                "end@18 4@19 1@20 hang@20",
                "complete satisfaction=4 solved=yes",
            ),
            // Nobody says a word.
            ("", "noinput"),
            ("end@18 end@30", "noinput"),
            // Hanging up, at each point.
            ("hang@1", "refused"),
            ("end@18 hang@19", "noinput"),
            ("end@18 9@19 hang@20", "break_off"),
            ("end@18 4@19 hang@20", "partial satisfaction=4"),
            ("end@18 4@19 end@30 hang@33", "partial satisfaction=4"),
            // A key in the invitation is none, and still a key that was heard.
            ("4@5 hang@6", "refused"),
            ("4@5 end@18 hang@30", "break_off"),
            ("4@5 end@18 3@20 1@25", "complete satisfaction=3 solved=yes"),
            // Wrong keys: three of them, then the next question.
            ("end@18 9@19 8@21 7@23 1@25", "break_off solved=yes"),
            (
                "end@18 9@19 8@21 4@23 1@25",
                "complete satisfaction=4 solved=yes",
            ),
            (
                "end@18 #@19 A@21 4@23 1@25",
                "complete satisfaction=4 solved=yes",
            ),
            ("end@18 4@19 9@21 8@23 7@25", "partial satisfaction=4"),
            // Once more, please.
            (
                "end@18 *@19 *@22 *@26 4@29 1@31",
                "complete satisfaction=4 solved=yes",
            ),
            // The way out.
            ("end@18 0@19", "break_off"),
            ("end@18 4@19 0@21", "partial satisfaction=4"),
            // The same press, told once more: trembling, by number, both ways; a quarter of a second later it is another.
            (
                "end@18 4@19 4@19.25 1@21",
                "complete satisfaction=4 solved=yes",
            ),
            ("end@18 2@19 2@19.1 2@19.3 2@19.5", "partial satisfaction=2"),
            ("end@18 2@19 2@19.251", "complete satisfaction=2 solved=no"),
            (
                "end@18 2/1@19 2/1@22 1/2@23",
                "complete satisfaction=2 solved=yes",
            ),
            (
                "end@18 2r@19 2i@19.4 1@21",
                "complete satisfaction=2 solved=yes",
            ),
            ("end@18 2r@19 2r@19.4", "complete satisfaction=2 solved=no"),
            // Ends of prompts: told twice, too often, never.
            (
                "end@18 end@18 end@30 end@31 end@32 4@33 1@35",
                "complete satisfaction=4 solved=yes",
            ),
            ("4@50 1@60", "complete satisfaction=4 solved=yes"),
            // After the end nothing counts.
            (
                "end@18 4@19 1@20 2@22 5@23 hang@24 hang@25 fail@26",
                "complete satisfaction=4 solved=yes",
            ),
            ("hang@1 end@18 4@19 1@20", "refused"),
            // Broken, on either side.
            ("fail@1", "technical_failure"),
            ("end@18 fail@19", "technical_failure"),
            ("end@18 4@19 fail@20", "partial satisfaction=4"),
            ("end@18 unable@19", "unable"),
            ("end@18 4@19 unable@20", "partial satisfaction=4"),
            // A restart: the invitation again, the question again.
            (
                "resume@5 end@25 4@26 1@28",
                "complete satisfaction=4 solved=yes",
            ),
            (
                "end@18 4@19 resume@30 1@31",
                "complete satisfaction=4 solved=yes",
            ),
        ],
    );
}

#[test]
fn every_kind_of_question_takes_its_answers() {
    let begin = "end@10 1@12 end@20 1@21 3@23";
    let definition = definition(EVERYTHING);
    for (rest, expected) in [
        ("hang@60", ""),
        // Ten is whole at its second digit; seven is ended by # or by a pause.
        ("1@30 0@31 hang@60", "recommend=10"),
        ("7@30 #@31 hang@60", "recommend=7"),
        ("7@30 hang@60", "recommend=7"),
        ("0@30 7@31 hang@60", "recommend=7"),
        // Eleven is no answer; then five.
        ("1@30 1@31 5@40 #@41 hang@60", "recommend=5"),
        // Skipped by key.
        ("#@30 4@40 2@41 #@42 hang@60", "age=42"),
        ("#@30 1@40 3@41 #@42 9@50 9@51 #@52 hang@60", "age=99"),
    ] {
        let story = format!("{begin} {rest}");
        let expected = format!("partial topic=vacancy grade=good {expected}");
        assert_eq!(ending(&definition, &story), expected.trim_end(), "{story}");
    }
    for (rest, expected) in [
        // A comment with its own consent; declined; never recorded.
        (
            "#@30 #@40 1@50 note@70",
            "complete topic=vacancy grade=good comment=rec-1",
        ),
        ("#@30 #@40 2@50", "complete topic=vacancy grade=good"),
        ("#@30 #@40 1@50", "partial topic=vacancy grade=good"),
        ("#@30 #@40 1@50 hang@60", "partial topic=vacancy grade=good"),
        // A silence at `age` goes on, since its definition says so.
        (
            "#@30 end@35 end@60 end@90 end@130 2@145",
            "partial topic=vacancy grade=good",
        ),
    ] {
        let story = format!("{begin} {rest}");
        assert_eq!(ending(&definition, &story), expected, "{story}");
    }
}

#[test]
fn ways_and_consent_are_kept_to() {
    check(
        EVERYTHING,
        &[
            // Consent by key: given, refused by two stars, by other keys, never.
            ("1@5 end@10 hang@11", "refused"),
            ("end@10 *@11 *@12", "refused"),
            ("end@10 7@11 end@20 7@21 end@30 7@31", "refused"),
            ("end@10", "noinput"),
            // Without barge-in a key counts after the prompt's end alone.
            ("end@10 1@12 1@13 hang@14", "break_off"),
            (
                "end@10 1@12 1@13 end@20 0@21 hang@22",
                "break_off topic=other",
            ),
            // 0 is an answer that leads past the grade, so that complete needs none; ** leaves, also into a prompt.
            (
                "end@10 1@12 end@20 0@21 4@30 2@31 #@32 2@40",
                "complete topic=other age=42",
            ),
            ("end@10 1@12 *@13 *@14", "break_off"),
            (
                "end@10 1@12 end@20 1@21 3@23 *@24 *@25",
                "partial topic=vacancy grade=good",
            ),
        ],
    );
}

#[test]
fn what_is_heard_is_repeated_and_tapered() {
    let two = definition(TWO_QUESTIONS);
    for (story, expected) in [
        (
            "end@18 4@19 1@20",
            "invitation+consent satisfaction another-topic+solved goodbye",
        ),
        (
            "end@18 *@19 9@22 9@24 4@26 *@28 hang@30",
            "invitation+consent satisfaction satisfaction wrong-key+satisfaction wrong-key-again+satisfaction \
             another-topic+solved solved",
        ),
        (
            "",
            "invitation+consent satisfaction silence+satisfaction silence-again+satisfaction goodbye",
        ),
        // Who goes back to a specialist is not sent off.
        ("end@18 0@19", "invitation+consent satisfaction"),
    ] {
        assert_eq!(heard(&two, story), expected, "{story}");
    }
}

#[test]
fn patience_counts_from_the_prompts_end_and_grows() {
    let two = definition(TWO_QUESTIONS);
    // 10 s after the end at 30, 15 s after that at 60, 22.5 s after that at 100.
    let lines = play_script(&two, "ru", &steps("end@18 end@30 end@60 end@100"));
    let orders: Vec<Value> = lines
        .iter()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let played: Vec<u64> = orders
        .iter()
        .filter(|order| order["order"] == "play")
        .map(|order| order["at_ms"].as_u64().unwrap())
        .collect();
    assert_eq!(played, [0, 18_000, 40_000, 75_000, 122_500]);
    let first: Vec<u64> = orders
        .iter()
        .filter(|order| order["order"] == "collect")
        .map(|order| order["first_digit_timeout_ms"].as_u64().unwrap())
        .collect();
    assert_eq!(first, [10_000, 15_000, 22_500]);
    assert_eq!(u128::from(first[0]), limits::FIRST_DIGIT_LEAST.as_millis());
}

#[test]
fn a_session_without_a_key_is_marked() {
    let two = definition(TWO_QUESTIONS);
    for (story, no_dtmf) in [
        ("", true),
        ("hang@1", true),
        ("3@1 hang@2", false),
        ("end@18 0@19", false),
    ] {
        let lines = play_script(&two, "ru", &steps(story));
        let end: Value = serde_json::from_str(&lines[lines.len() - 2]).unwrap();
        assert_eq!(end["no_dtmf"], no_dtmf, "{story}");
    }
}

#[test]
fn what_each_question_took_is_counted() {
    let two = definition(TWO_QUESTIONS);
    for (story, expected) in [
        ("end@18 4@19 1@20", "0: 0 0 0 done, 1: 0 0 0 done"),
        (
            "end@18 *@19 9@22 8@24 4@26 *@28 hang@30",
            "0: 0 2 1 done, 1: 0 0 1",
        ),
        (
            "end@18 end@20 end@40 4@45 hang@46",
            "0: 1 0 0 done, 1: 0 0 0",
        ),
        ("", "0: 3 0 0"),
        ("hang@5", ""),
    ] {
        let interview = conduct(&two, "ru", &steps(story), |_, _| {});
        let tallies = interview.tallies().into_iter().map(|tally| {
            let done = if tally.is_done { " done" } else { "" };
            let (question, noinputs) = (tally.question, tally.noinputs);
            format!(
                "{question}: {noinputs} {} {}{done}",
                tally.nomatches, tally.repeats
            )
        });
        assert_eq!(tallies.collect::<Vec<_>>().join(", "), expected, "{story}");
    }
}
