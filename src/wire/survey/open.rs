//! How a dialog begins: who is asked, what, and whether at all.

use std::sync::Arc;
use std::time::Duration;

use tonic::Streaming;

use crate::clock;
use crate::journal::Note;
use crate::model::{
    CallId, Position, SessionEnded, SessionEvent, SessionOpened, SourceId, SurveyEvent, SurveyId,
    SurveyReason, Timestamp,
};
use crate::pipeline::CallNow;
use crate::proto::v1 as wire;
use crate::proto::v1::conduct_survey_request::Message;
use crate::survey::{Interview, Order, WHOLE, disposition_of, limits};
use crate::validate::caps;

use super::Surveys;
use super::definitions::Kept;
use super::desk::{Claim, Cut, Key, Occupied};
use super::reason::{LetGo, LetGoReason};
use crate::wire::error::RequestError;
use crate::wire::open::name;
use crate::wire::status;

/// How long a stream may be silent before it says who is asked.
const OPEN_WITHIN: Duration = Duration::from_secs(10);
/// How long a call's own events may come behind its dialog.
const CALL_WITHIN: Duration = Duration::from_secs(2);
/// How often it is looked whether they have come.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// A dialog that has begun.
pub(super) struct Begun {
    pub(super) claim: Claim,
    pub(super) kept: Arc<Kept>,
    pub(super) interview: Interview,
    /// What was ordered first; the journal has the session.
    pub(super) orders: Vec<Order>,
    pub(super) opened: wire::DialogOpened,
    /// SHA-256 of the switch's recordings, when it told it.
    pub(super) audio: Option<[u8; 32]>,
    pub(super) opened_at: Timestamp,
}

/// What the first message says, checked.
struct Asked {
    key: Key,
    survey: Option<SurveyId>,
    version: u32,
    language: String,
    audio: Option<[u8; 32]>,
}

/// Reads the first message and begins the dialog.
pub(super) async fn begin(
    surveys: &Surveys,
    requests: &mut Streaming<wire::ConductSurveyRequest>,
) -> Result<Begun, LetGo> {
    let asked = asked(first(requests).await?)?;
    if surveys.parts.stopping.is_cancelled() {
        let message = "the server is shutting down";
        return Err(LetGo::new(LetGoReason::ShuttingDown, message));
    }
    if !*surveys.parts.ready.borrow() {
        let message = "the server is starting: the journal's tail is being applied";
        return Err(LetGo::new(LetGoReason::Starting, message));
    }
    let now = surveys.parts.clock.now();
    let claim = surveys.desk.claim(asked.key.clone(), now);
    let claim = claim.map_err(|occupied| match occupied {
        Occupied::Asked => LetGo::new(
            LetGoReason::BeingAsked,
            "the call is being asked by another dialog",
        ),
        Occupied::Over => LetGo::new(LetGoReason::AlreadyAsked, "the call was asked already"),
    })?;
    match claim.left().cloned() {
        Some(cut) => resume(surveys, claim, &cut, &asked, now).await,
        None => fresh(surveys, claim, asked).await,
    }
}

async fn first(
    requests: &mut Streaming<wire::ConductSurveyRequest>,
) -> Result<wire::DialogOpen, LetGo> {
    let protocol = || LetGo::new(LetGoReason::Protocol, "the first message must be `open`");
    let message = tokio::time::timeout(OPEN_WITHIN, requests.message()).await;
    let message = message.map_err(|_| protocol())?.map_err(|error| {
        let named = status::undecoded(&error).unwrap_or(error);
        LetGo::new(LetGoReason::MalformedMessage, named.message())
    })?;
    match message.and_then(|message| message.message) {
        Some(Message::Open(open)) => Ok(open),
        Some(
            Message::Key(_)
            | Message::PromptEnded(_)
            | Message::VoiceNote(_)
            | Message::HungUp(_)
            | Message::Unable(_)
            | Message::Failed(_),
        )
        | None => Err(protocol()),
    }
}

fn asked(open: wire::DialogOpen) -> Result<Asked, LetGo> {
    let field = |error: RequestError| {
        let is_missing = matches!(error, RequestError::FieldMissing { .. });
        let reason = if is_missing {
            LetGoReason::FieldMissing
        } else {
            LetGoReason::FieldInvalid
        };
        LetGo::new(reason, error.to_string())
    };
    let invalid = |message: String| LetGo::new(LetGoReason::FieldInvalid, message);
    let source = name("open.source", &open.source).map_err(field)?;
    if open.call_id.is_empty() {
        let message = "open.call_id is missing";
        return Err(LetGo::new(LetGoReason::FieldMissing, message));
    }
    if open.call_id.len() > caps::CALL_ID_BYTES {
        let (bytes, limit) = (open.call_id.len(), caps::CALL_ID_BYTES);
        return Err(invalid(format!(
            "open.call_id has {bytes} bytes, the limit is {limit}"
        )));
    }
    let texts = [&open.call_id, &open.language, &open.survey];
    if texts.iter().any(|text| text.chars().any(char::is_control)) {
        return Err(invalid("open holds control characters".to_owned()));
    }
    let survey = match &*open.survey {
        "" => None,
        survey => Some(SurveyId::new(name("open.survey", survey).map_err(field)?)),
    };
    if open.language.len() > caps::NAME_BYTES {
        let limit = caps::NAME_BYTES;
        return Err(invalid(format!(
            "open.language is longer than {limit} bytes"
        )));
    }
    let audio = match open.audio_sha256.len() {
        0 => None,
        _ => Some(
            <[u8; 32]>::try_from(&*open.audio_sha256)
                .map_err(|_| invalid("open.audio_sha256 must have 32 bytes, or none".to_owned()))?,
        ),
    };
    Ok(Asked {
        key: (SourceId::new(source), CallId::new(open.call_id)),
        survey,
        version: open.version,
        language: open.language,
        audio,
    })
}

/// Goes on with what an earlier dialog left.
async fn resume(
    surveys: &Surveys,
    mut claim: Claim,
    cut: &Cut,
    asked: &Asked,
    now: Timestamp,
) -> Result<Begun, LetGo> {
    let kept = surveys.definitions.find(&cut.survey, cut.version);
    let interview = Interview::decode(&cut.state).ok();
    let Some((kept, mut interview)) = kept.zip(interview) else {
        claim.leave(Cut {
            until: now,
            ..cut.clone()
        });
        let message = "the interview cannot go on: its definition or state cannot be read";
        return Err(LetGo::new(LetGoReason::StateUnreadable, message));
    };
    let mut orders = Vec::new();
    interview.handle_input(
        &kept.definition,
        &crate::survey::Input::Resumed,
        now,
        &mut orders,
    );
    let language = orders.iter().find_map(|order| match order {
        Order::Play { language, .. } => Some(language.clone()),
        Order::Collect { .. } | Order::Listen { .. } | Order::Record { .. } | Order::End { .. } => {
            None
        }
    });
    let opened = wire::DialogOpened {
        survey: cut.survey.to_string(),
        version: cut.version,
        language: language.unwrap_or_default(),
        resumed: true,
    };
    Ok(Begun {
        claim,
        kept,
        interview,
        orders,
        opened,
        audio: asked.audio,
        opened_at: cut.opened_at,
    })
}

/// Begins with a call that was not asked before.
async fn fresh(surveys: &Surveys, mut claim: Claim, asked: Asked) -> Result<Begun, LetGo> {
    let (source, call) = &asked.key;
    let found = find_call(surveys, source, call).await?;
    let now = surveys.parts.clock.now();
    let plan = &surveys.parts.plan;
    let candidate = found.as_ref().map(|found| &found.candidate);
    let line = plan.of_line(candidate.and_then(|candidate| candidate.line.as_ref()));
    let survey = asked
        .survey
        .clone()
        .or_else(|| line.and_then(|line| line.survey.clone()));
    let mut reason = match &found {
        Some(found) => {
            let (candidate, named) = (&found.candidate, asked.survey.is_some());
            plan.decide((source, call), candidate, named, found.invited_at, now)
        }
        None if survey.is_none() => SurveyReason::NoSurvey,
        None if !plan.draws(source, call) => SurveyReason::NotDrawn,
        None => SurveyReason::Unbound,
    };
    // Of these nothing is kept: the one is in no figure, the other may yet be answered.
    if matches!(reason, SurveyReason::TestCall | SurveyReason::NotServed) {
        let let_go = LetGo::not_asked(reason);
        return Err(LetGo {
            disposition: None,
            ..let_go
        });
    }
    let kept = survey.as_ref().and_then(|survey| {
        let kept = surveys.definitions.find(survey, asked.version);
        kept.filter(|kept| kept.definition.is_by_phone())
    });
    let is_asked = disposition_of(reason).is_none();
    let mut unknown = None;
    if let (None, true, Some(survey)) = (&kept, is_asked, &survey) {
        reason = SurveyReason::UnknownSurvey;
        unknown = surveys.find(survey.as_str(), asked.version).err();
    }
    let language = match (&*asked.language, line) {
        ("", Some(line)) => line.language.to_string(),
        (said, _) => said.to_owned(),
    };
    let language = kept.as_ref().map_or(language.clone(), |kept| {
        let definition = &kept.definition;
        definition.languages[definition.language(&language)].clone()
    });
    let opened = SessionOpened {
        survey: survey.unwrap_or_else(|| SurveyId::new("")),
        version: kept.as_ref().map_or(0, |kept| kept.definition.version),
        language: language.as_str().into(),
        reason,
        rate: plan.rate.min(WHOLE),
    };
    let Some(kept) = kept.filter(|_| is_asked) else {
        let notes = not_asked(&asked.key, opened, now);
        write_down(surveys, notes).await?;
        claim.end(now);
        let mut let_go = LetGo::not_asked(reason);
        if let Some(unknown) = unknown {
            let_go.message = unknown.to_string();
        }
        return Err(let_go);
    };
    let mut orders = Vec::new();
    let interview = Interview::begin(&kept.definition, &language, now, &mut orders);
    let told = wire::DialogOpened {
        survey: opened.survey.to_string(),
        version: opened.version,
        language,
        resumed: false,
    };
    let cut = Cut {
        survey: opened.survey.clone(),
        version: opened.version,
        opened_at: now,
        state: interview.encode(),
        until: now.plus(kept.definition.session_max),
    };
    let event = SessionEvent::Opened(opened);
    let note = step(&asked.key, now, event, cut.state.clone());
    // Should the journal write it after all, somebody must end it.
    claim.leave(cut);
    write_down(surveys, vec![note]).await?;
    Ok(Begun {
        claim,
        kept,
        interview,
        orders,
        opened: told,
        audio: asked.audio,
        opened_at: now,
    })
}

/// The call as it stands; `None` when nothing was told of it in time.
async fn find_call(
    surveys: &Surveys,
    source: &SourceId,
    call: &CallId,
) -> Result<Option<CallNow>, LetGo> {
    let until = clock::instant() + CALL_WITHIN;
    loop {
        let parts = &surveys.parts;
        let found = parts.lookup.call(source, call, parts.clock.now()).await;
        // It may be asked before its answer is told.
        if found
            .as_ref()
            .is_some_and(|found| found.candidate.is_answered)
        {
            return Ok(found);
        }
        if found.is_none() {
            let asked = [(source.clone(), call.key())];
            let last = Position(i64::MAX as u64);
            let settled = parts.store.settled_before(&asked, last).await;
            // What cannot be read now says nothing against the call.
            if settled.is_ok_and(|settled| !settled.is_empty()) {
                let message = "the call has ended and settled: what it came to is said";
                return Err(LetGo::new(LetGoReason::CallOver, message));
            }
        }
        if clock::instant() >= until {
            let mut sources = parts.status.all().into_iter();
            if found.is_none() && !sources.any(|(known, _)| known == *source) {
                let message = format!("no source is called {:?}", source.as_str());
                return Err(LetGo::new(LetGoReason::UnknownSource, message));
            }
            return Ok(found);
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// The whole session of a call that is not asked.
fn not_asked(key: &Key, opened: SessionOpened, now: Timestamp) -> Vec<Note> {
    let ended = disposition_of(opened.reason).map(|disposition| SessionEnded {
        disposition,
        no_dtmf: false,
        asked: Vec::new(),
    });
    let ended = ended.map(SessionEvent::Ended);
    let steps = [Some(SessionEvent::Opened(opened)), ended];
    let steps = steps.into_iter().flatten();
    steps
        .map(|event| step(key, now, event, Vec::new()))
        .collect()
}

/// One step of a session, to be written down.
pub(super) fn step(key: &Key, at: Timestamp, event: SessionEvent, state: Vec<u8>) -> Note {
    let (source, call) = key.clone();
    Note {
        source,
        at,
        event: SurveyEvent::Session { call, event, state },
    }
}

/// Writes down how the session begins; a journal that stalls lets the caller go.
async fn write_down(surveys: &Surveys, notes: Vec<Note>) -> Result<(), LetGo> {
    let noted = tokio::time::timeout(limits::RECORD_MAX, surveys.note(notes)).await;
    match noted {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(_)) | Err(_) => {
            let seconds = limits::RECORD_MAX.as_secs();
            let message = format!("the journal did not write within {seconds} s");
            Err(LetGo::new(LetGoReason::JournalStalled, message))
        }
    }
}
