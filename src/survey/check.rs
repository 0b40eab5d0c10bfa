//! What makes a survey impossible although each line is right: ways that lead nowhere or in a circle, no way out.

use super::definition::{Definition, Kind, Next};
use super::finding::Findings;
use super::wording::says_how_to_leave;

/// Looks at a definition as a whole.
pub(super) fn check(definition: &Definition, found: &mut Findings) {
    check_ways(definition, found);
    if definition.is_by_phone() {
        check_way_out(definition, found);
    }
}

/// Every question is reached from the first, and no way leads in a circle.
fn check_ways(definition: &Definition, found: &mut Findings) {
    let questions = &definition.questions;
    let mut walk = Walk {
        definition,
        state: vec![State::Fresh; questions.len()],
    };
    if !questions.is_empty() {
        walk.visit(0, found);
    }
    for (question, state) in questions.iter().zip(walk.state) {
        if state == State::Fresh {
            let code = &question.code;
            let message = format!(
                "question \"{code}\" is unreachable: no way leads to it; name it in a next, or take it out"
            );
            found.error(question.at, message);
        }
    }
}

#[derive(Clone, Copy, PartialEq)]
enum State {
    Fresh,
    /// On the way that is being walked.
    Open,
    Done,
}

struct Walk<'a> {
    definition: &'a Definition,
    state: Vec<State>,
}

impl Walk<'_> {
    fn visit(&mut self, place: usize, found: &mut Findings) {
        self.state[place] = State::Open;
        let question = &self.definition.questions[place];
        for (at, next) in question.ways() {
            let Next::Question(next) = next else { continue };
            match self.state[next] {
                State::Fresh => self.visit(next, found),
                State::Done => {}
                State::Open => {
                    let (code, back) = (&question.code, &self.definition.questions[next].code);
                    let message = format!(
                        "next: from \"{code}\" back to \"{back}\" is a loop; lead on to a later question or to \"end\""
                    );
                    found.error(at, message);
                }
            }
        }
        self.state[place] = State::Done;
    }
}

impl super::definition::Question {
    /// Every way that leads on from here, with its place in the file.
    pub(super) fn ways(&self) -> Vec<(usize, Next)> {
        let by_answer = self.answers.iter().map(|answer| (answer.at, answer.next));
        let silent = || (self.at, self.next);
        // A question without answers to choose from, or one that is passed over, goes on by its own way.
        by_answer.chain([silent()]).collect()
    }
}

/// Some prompt before the first answer says how to leave, in every language whose words are known.
fn check_way_out(definition: &Definition, found: &mut Findings) {
    let (Some(opening), Some(first)) = (&definition.opening, definition.questions.first()) else {
        return;
    };
    let heard = [
        Some(opening.invitation),
        opening.consent.prompt,
        first.intro,
        Some(first.prompt),
    ];
    let heard: Vec<_> = heard.into_iter().flatten().collect();
    for (language, tag) in definition.languages.iter().enumerate() {
        let texts = heard.iter().filter_map(|prompt| {
            let said = definition.prompts[*prompt].said.get(language)?;
            Some(said.text.as_str())
        });
        let texts: Vec<_> = texts.collect();
        if says_how_to_leave(tag, &texts, definition.leave.by) == Some(false) {
            let invitation = &definition.prompts[opening.invitation];
            let at = invitation
                .said
                .get(language)
                .map_or(invitation.at, |said| said.at);
            let message = format!(
                "no way out: before the first question nothing says in \"{tag}\" how to stop; name the key or say that one may hang up"
            );
            found.error(at, message);
        }
    }
    for question in &definition.questions {
        let stems = [
            "инвалид",
            "здоровь",
            "диагноз",
            "disab",
            "health",
            "diagnos",
        ];
        let texts = definition.prompts[question.prompt].said.iter();
        let asks = |text: &str| {
            let text = text.to_lowercase();
            stems.iter().any(|stem| text.contains(stem))
        };
        let is_spoken = matches!(question.kind, Kind::VoiceNote(_));
        if let Some(said) = texts.clone().find(|said| asks(&said.text) && !is_spoken) {
            let code = &question.code;
            let message = format!(
                "question \"{code}\" asks about health or disability by key; leave it out, or ask it where consent in writing can be given"
            );
            found.error(said.at, message);
        }
    }
}
