//! The definitions that can be asked: read when they are put, and once at a start.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use tokio::sync::Mutex;

use crate::journal::{self, Note};
use crate::model::{SourceId, SurveyEvent, SurveyId, SurveyText, Timestamp};
use crate::survey::{Definition, Finding, Severity, lint};

use super::super::error::SurveyError;

/// The most versions that are kept: of a few surveys, a change a week for years.
const VERSIONS_MAX: usize = 1_000;

/// One version of a survey.
#[derive(Debug)]
pub(super) struct Kept {
    pub(super) text: SurveyText,
    pub(super) definition: Definition,
}

type Versions = BTreeMap<(SurveyId, u32), Arc<Kept>>;

/// Every version of every survey; cheap to clone.
#[derive(Clone, Debug, Default)]
pub(super) struct Definitions {
    versions: Arc<RwLock<Versions>>,
    /// One is put after the other, so that a version is kept once.
    putting: Arc<Mutex<()>>,
}

/// What was put.
#[derive(Debug)]
pub(super) struct Put {
    pub(super) kept: Arc<Kept>,
    pub(super) is_new: bool,
    pub(super) warnings: Vec<Finding>,
}

impl Definitions {
    /// Takes in what is stored. What this version of dozvon cannot read is left out, and said.
    pub(super) fn restore(&self, texts: impl IntoIterator<Item = SurveyText>) {
        for text in texts {
            match Definition::parse(text.text.as_bytes()) {
                Ok(definition) => self.keep(text, definition),
                Err(findings) => {
                    let why = findings.first().map(ToString::to_string);
                    let (survey, version) = (text.survey.as_str(), text.version);
                    tracing::error!(survey, version, why, "a survey cannot be asked any more");
                    continue;
                }
            };
        }
    }

    /// One version; 0 = the newest.
    pub(super) fn find(&self, survey: &SurveyId, version: u32) -> Option<Arc<Kept>> {
        let versions = self.versions.read().unwrap_or_else(PoisonError::into_inner);
        if version > 0 {
            return versions.get(&(survey.clone(), version)).cloned();
        }
        let all = (survey.clone(), 0)..=(survey.clone(), u32::MAX);
        versions
            .range(all)
            .next_back()
            .map(|(_, kept)| kept.clone())
    }

    /// All of them, by name and version.
    pub(super) fn all(&self) -> Vec<Arc<Kept>> {
        let versions = self.versions.read().unwrap_or_else(PoisonError::into_inner);
        versions.values().cloned().collect()
    }

    fn keep(&self, text: SurveyText, definition: Definition) -> Arc<Kept> {
        let key = (text.survey.clone(), text.version);
        let kept = Arc::new(Kept { text, definition });
        let mut versions = self
            .versions
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        versions.insert(key, kept.clone());
        kept
    }

    /// Keeps a definition; returns when it is safe.
    pub(super) async fn put(
        &self,
        journal: &journal::Handle,
        file: &str,
        now: Timestamp,
    ) -> Result<Put, SurveyError> {
        let (definition, findings) = lint(file.as_bytes());
        let (errors, warnings): (Vec<_>, Vec<_>) = findings
            .into_iter()
            .partition(|finding| finding.severity == Severity::Error);
        let definition = definition
            .filter(|_| errors.is_empty())
            .ok_or(SurveyError::DefinitionInvalid { findings: errors })?;
        let _turn = self.putting.lock().await;
        let (survey, version) = (definition.survey.clone(), definition.version);
        if let Some(kept) = self.find(&survey, version) {
            if kept.definition.digest != definition.digest {
                return Err(SurveyError::VersionExists { survey, version });
            }
            let is_new = false;
            return Ok(Put {
                kept,
                is_new,
                warnings,
            });
        }
        if self.all().len() >= VERSIONS_MAX {
            return Err(SurveyError::TooMany {
                limit: VERSIONS_MAX,
            });
        }
        let text = SurveyText {
            survey,
            version,
            put_at: now,
            text: file.into(),
        };
        let note = Note {
            // It is no source's.
            source: SourceId::new(""),
            at: now,
            event: SurveyEvent::Defined(text.clone()),
        };
        let safe = journal.note(vec![note]).await?;
        tracing::info!(
            survey = text.survey.as_str(),
            version,
            position = safe.get().0,
            "a survey was put"
        );
        Ok(Put {
            kept: self.keep(text, definition),
            is_new: true,
            warnings,
        })
    }
}
