//! The prompts of a definition: `[prompt.name]`, a text a language.

use std::time::Duration;

use crate::model::nearest::{nearest, suggestion};

use super::definition::{Prompt, PromptIndex, Said};
use super::finding::Findings;
use super::limits;
use super::section::{Section, Text, check_name, clipped, section_of};

/// The prompts as they are read and asked for.
pub(super) struct Prompts {
    prompts: Vec<Prompt>,
    used: Vec<bool>,
    /// So many stand in the file; those behind are asked for and missing.
    written: usize,
}

impl Prompts {
    /// Takes all prompts of a file.
    pub(super) fn read(
        top: &mut Section<'_>,
        survey: &str,
        languages: &[String],
        found: &mut Findings,
    ) -> Self {
        let section = top.section("prompt", found);
        if !top.has("prompt") {
            let hint = "what is said, each under its own [prompt.name] with a text a language";
            top.missing("prompt", hint, found);
        }
        let mut prompts: Vec<Prompt> = Vec::new();
        for (name, value) in section.iter().flat_map(Section::entries) {
            if prompts.len() == limits::PROMPTS_MAX {
                let most = limits::PROMPTS_MAX;
                found.error(name.at, format!("prompt: at most {most} prompts"));
                break;
            }
            check_name(&name, "prompt", "", found);
            let table = format!("[prompt.{}]", clipped(&name.value));
            let Some(section) = section_of(value, &table, name.at, found) else {
                continue;
            };
            let prompt = prompt(section, name, survey, languages, found);
            if let Some(same) = prompts.iter().find(|known| known.audio == prompt.audio) {
                let (audio, other) = (&prompt.audio, &same.name);
                found.error(
                    prompt.at,
                    format!("audio \"{audio}\" is that of prompt \"{other}\" as well; each prompt has its own"),
                );
            }
            prompts.push(prompt);
        }
        Self {
            used: vec![false; prompts.len()],
            written: prompts.len(),
            prompts,
        }
    }

    /// The prompt of a name; one that does not exist is a finding and stands empty.
    pub(super) fn find(&mut self, name: &Text, key: &str, found: &mut Findings) -> PromptIndex {
        let place = self
            .prompts
            .iter()
            .position(|prompt| prompt.name == name.value);
        if let Some(place) = place {
            self.used[place] = true;
            if place < self.written {
                return place;
            }
        }
        if !name.value.is_empty() {
            let known = self.prompts[..self.written].iter();
            let near = suggestion(nearest(&name.value, known.map(|prompt| &*prompt.name)));
            let name_shown = clipped(&name.value);
            let message = if near.is_empty() {
                format!(
                    "{key}: there is no prompt \"{name_shown}\"; write it as [prompt.{name_shown}]"
                )
            } else {
                format!("{key}: there is no prompt \"{name_shown}\"{near}")
            };
            found.error(name.at, message);
        }
        place.unwrap_or_else(|| {
            self.prompts.push(Prompt {
                name: name.value.clone(),
                audio: String::new(),
                said: Vec::new(),
                at: name.at,
            });
            self.used.push(true);
            self.prompts.len() - 1
        })
    }

    /// All prompts; those that nobody asked for are found.
    pub(super) fn finish(self, found: &mut Findings) -> Vec<Prompt> {
        for (prompt, used) in self.prompts.iter().zip(self.used) {
            if !used {
                let name = &prompt.name;
                let message = format!("prompt \"{name}\" is said nowhere; use it or take it out");
                found.warning(prompt.at, message);
            }
        }
        self.prompts
    }
}

fn prompt(
    mut section: Section<'_>,
    name: Text,
    survey: &str,
    languages: &[String],
    found: &mut Findings,
) -> Prompt {
    let audio = section.text("audio", found);
    if let Some(audio) = &audio {
        check_name(audio, "audio", "/.", found);
        let parts = audio.value.split('/');
        let is_path = parts
            .into_iter()
            .all(|part| !part.is_empty() && !part.starts_with('.'));
        if !is_path {
            let message =
                "audio: a recording's id is a path of names, such as \"survey/invitation\"";
            found.error(audio.at, message);
        }
    }
    let mut lengths = section.section("seconds", found);
    let said = languages.iter().map(|language| {
        let seconds = lengths
            .as_mut()
            .and_then(|lengths| lengths.number(language, (1, 300), found));
        let text = section.text(language, found);
        if text.is_none() && !section.has(language) {
            let name = &name.value;
            let message = format!(
                "prompt \"{name}\" has no text in \"{language}\"; write {language} = \"…\" under [prompt.{name}]"
            );
            found.error(section.at, message);
        }
        let text = text.unwrap_or(Text {
            value: String::new(),
            at: section.at,
        });
        Said {
            text: text.value,
            seconds: seconds.map(Duration::from_secs),
            at: text.at,
        }
    });
    let said = said.collect();
    for section in lengths.into_iter().chain([section]) {
        section.finish(found);
    }
    Prompt {
        audio: audio.map_or_else(|| format!("{survey}/{}", name.value), |audio| audio.value),
        said,
        at: name.at,
        name: name.value,
    }
}
