//! Tests of surveys as a whole: stories, anything at all, callers of every kind, broken files.

mod broken;
mod callers;
mod kept;
mod notation;
mod properties;
mod stories;

use super::{Definition, Finding, lint};

/// The smallest survey that comes with the product.
const TWO_QUESTIONS: &str = include_str!("../../../deploy/surveys/two-questions.toml");
/// A survey with every kind of question and every way.
const EVERYTHING: &str = include_str!("everything.toml");

#[track_caller]
fn definition(text: &str) -> Definition {
    Definition::parse(text.as_bytes()).unwrap_or_else(|findings| panic!("{}", shown(&findings)))
}

fn shown(findings: &[Finding]) -> String {
    let lines: Vec<_> = findings.iter().map(Finding::to_string).collect();
    lines.join("\n")
}

#[test]
fn the_shipped_surveys_can_be_asked() {
    for (name, text, warnings) in [
        ("two-questions", TWO_QUESTIONS, 0),
        (
            "courtesy",
            include_str!("../../../deploy/surveys/courtesy.toml"),
            0,
        ),
        (
            "questionnaire",
            include_str!("../../../deploy/surveys/questionnaire.toml"),
            0,
        ),
        // Five questions, and the seconds that they take in English.
        (
            "phone-block",
            include_str!("../../../deploy/surveys/phone-block.toml"),
            2,
        ),
    ] {
        let (definition, findings) = lint(text.as_bytes());
        let definition = definition.unwrap_or_else(|| panic!("{name}\n{}", shown(&findings)));
        assert_eq!(definition.survey.as_str(), name);
        assert_eq!(definition.languages, ["ru", "en"]);
        assert_eq!(findings.len(), warnings, "{name}\n{}", shown(&findings));
        for finding in findings {
            assert!(finding.message.contains("on the keypad"), "{finding}");
        }
    }
}

#[test]
fn the_study_is_asked_by_its_codes() {
    let codes = |text: &str| -> Vec<String> {
        let questions = definition(text).questions.into_iter();
        questions
            .map(|question| question.code.to_string())
            .collect()
    };
    let phone = codes(include_str!("../../../deploy/surveys/phone-block.toml"));
    let block = [
        "got_through",
        "info_complete",
        "info_clear",
        "answers_satisfied",
        "staff_rating",
    ];
    assert_eq!(phone, block);
    let all = codes(include_str!("../../../deploy/surveys/questionnaire.toml"));
    assert_eq!(all.len(), 19);
    assert!(
        block
            .iter()
            .all(|code| all.iter().any(|known| known == code)),
        "{all:?}"
    );
    assert!(all.iter().any(|code| code == "phoned_before"));
    assert_eq!(codes(TWO_QUESTIONS), ["satisfaction", "solved"]);
}
