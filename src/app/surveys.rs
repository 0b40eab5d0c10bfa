//! Surveys as they are configured: whom to ask, and the definitions that are put at the start.

use std::path::PathBuf;

use crate::cli::failure::{Exit, Failure};
use crate::config::{self, Config};
use crate::model::{LineId, SurveyId};
use crate::survey::{Invite, LinePlan, Plan, WHOLE};
use crate::validate::Privacy;
use crate::wire::Surveys;

/// Whom to ask.
pub(super) fn plan(config: &Config, privacy: &Privacy) -> Plan {
    let config = &config.survey;
    let named = |survey: &str| (!survey.is_empty()).then(|| SurveyId::new(survey));
    let default = LinePlan {
        survey: config.survey.as_deref().and_then(named),
        language: config.language.as_str().into(),
        invite: invite(config.invite),
    };
    let lines = config.lines.iter().map(|line| {
        let language = line.language.as_ref().unwrap_or(&config.language);
        let own = LinePlan {
            survey: match &line.survey {
                Some(survey) => named(survey),
                None => default.survey.clone(),
            },
            language: language.as_str().into(),
            invite: line.invite.map_or(default.invite, invite),
        };
        (LineId::new(line.line.as_str()), own)
    });
    Plan {
        talk_min: config.talk_min,
        rate: config.sample_percent * (WHOLE / 100),
        quiet: config.quiet_period,
        key: privacy.drawing_key(),
        lines: lines.collect(),
        default: Some(default),
    }
}

fn invite(invite: config::Invite) -> Invite {
    match invite {
        config::Invite::After => Invite::After,
        config::Invite::Before => Invite::Before,
    }
}

/// Puts the definitions that are configured.
pub(super) async fn put(surveys: &Surveys, files: &[PathBuf]) -> Result<(), Failure> {
    for path in files {
        let failed = |what: &dyn std::fmt::Display| {
            let message = format!("survey.files: {}: {what}", path.display());
            Failure::new(Exit::Config, message)
        };
        let file = std::fs::read_to_string(path).map_err(|error| failed(&error))?;
        let (_, warnings) = surveys.put(&file).await.map_err(|error| failed(&error))?;
        for warning in warnings {
            tracing::warn!(file = %path.display(), warning, "a survey could be better");
        }
    }
    Ok(())
}
