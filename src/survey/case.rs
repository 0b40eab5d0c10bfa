//! Which answers open a case: as the definition says, or else those that nobody would leave alone.

use crate::model::{AnswerCode, NOTE, QuestionId};

use super::definition::{Definition, Kind, Question};

/// The question whose `no` opens a case unless the definition says otherwise.
const SOLVED: &str = "solved";
/// Of a scale of so many grades the two worst open a case, of a shorter one the worst.
const GRADES: usize = 5;

/// Marks the answers of questions that do not say themselves which open a case: the worst of the headline scale, `solved`
/// = `no`, and every spoken comment.
pub(super) fn mark(questions: &mut [Question], headline: usize) {
    for (place, question) in questions.iter_mut().enumerate() {
        if question.cases_said {
            continue;
        }
        match question.kind {
            Kind::Scale if place == headline => {
                let inside = question.answers.iter().filter(|answer| !answer.outside);
                let worst = if inside.count() >= GRADES { 2 } else { 1 };
                let answers = question.answers.iter_mut().rev();
                let inside = answers.filter(|answer| !answer.outside);
                inside
                    .take(worst)
                    .for_each(|answer| answer.opens_case = true);
            }
            Kind::YesNo if question.code.as_str() == SOLVED => {
                let answers = question.answers.iter_mut();
                let no = answers.filter(|answer| answer.code.as_str() == "no");
                no.for_each(|answer| answer.opens_case = true);
            }
            Kind::VoiceNote(_) => question.note_opens_case = true,
            Kind::Choice | Kind::Scale | Kind::YesNo | Kind::Number(_) | Kind::Nps => {}
        }
    }
}

impl Definition {
    /// The answers that open a case, of those given.
    pub fn case_of<'a>(
        &self,
        answers: impl Iterator<Item = (&'a str, &'a str)>,
    ) -> Vec<(QuestionId, AnswerCode)> {
        let opening = answers.filter_map(|(code, answer)| {
            let mut asked = self.questions.iter();
            let question = asked.find(|question| question.code.as_str() == code)?;
            if question.note_opens_case {
                let note = AnswerCode::new(format!("{NOTE}{answer}"));
                return Some((question.code.clone(), note));
            }
            let mut known = question.answers.iter();
            let found = known.find(|known| known.opens_case && known.code.as_str() == answer)?;
            Some((question.code.clone(), found.code.clone()))
        });
        opening.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TWO_QUESTIONS: &str = include_str!("../../deploy/surveys/two-questions.toml");

    fn opened(file: &str, answers: &[(&str, &str)]) -> Vec<String> {
        let definition = Definition::parse(file.as_bytes()).unwrap();
        let said = definition.case_of(answers.iter().copied()).into_iter();
        said.map(|(question, answer)| format!("{question} {answer}"))
            .collect()
    }

    #[test]
    fn the_two_worst_grades_and_an_unsolved_matter_open_a_case() {
        for grade in ["1", "2", "3", "4", "5"] {
            let said = opened(TWO_QUESTIONS, &[("satisfaction", grade), ("solved", "yes")]);
            assert_eq!(!said.is_empty(), grade <= "2", "{grade}");
        }
        let said = opened(TWO_QUESTIONS, &[("satisfaction", "2"), ("solved", "no")]);
        assert_eq!(said, ["satisfaction 2", "solved no"]);
    }

    #[test]
    fn the_definition_may_say_otherwise() {
        let own = TWO_QUESTIONS.replace(
            "code = \"satisfaction\"",
            "code = \"satisfaction\"\ncases = [\"3\"]",
        );
        let own = own.replace("code = \"solved\"", "code = \"solved\"\ncases = []");
        let said = opened(&own, &[("satisfaction", "1"), ("solved", "no")]);
        assert_eq!(said, [""; 0]);
        assert_eq!(opened(&own, &[("satisfaction", "3")]), ["satisfaction 3"]);
        let (_, findings) = super::super::lint(own.replace("[\"3\"]", "[\"7\"]").as_bytes());
        assert!(findings[0].to_string().contains("cases"), "{findings:?}");
    }
}
