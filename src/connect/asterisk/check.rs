//! Looks at a PBX as a connector would see it, and says what is wrong with the line to write.
//!
//! It logs in with the connector's own rights and looks at what those show: lists, the dialplan, the clock, and the events
//! of a few seconds. What the manager interface does not tell (wrap-up, the rights' names) is asked of the configuration
//! or concluded from a refusal.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use tokio::time::timeout;

use crate::clock::Clock;

use super::codec::Decoder;
use super::interpreter::{instant, stamp};
use super::session::{Error, Login, Owned, Session, value};

/// How long events are listened to: a busy PBX says something in less, an idle one nothing in more.
const LISTEN_FOR: Duration = Duration::from_secs(3);

/// Clocks further apart than this shift every figure that compares two machines.
const APART_MAX: Duration = Duration::from_secs(2);

/// What the configuration expects.
#[derive(Clone, Debug, Default)]
pub struct Expected {
    /// Queues that are named or have a wrap-up, as the PBX names them.
    pub queues: BTreeSet<String>,
    /// Queues whose wrap-up is known.
    pub wrap_ups: BTreeSet<String>,
    /// Contexts that customers come in by.
    pub trunk_contexts: Vec<String>,
    /// Contexts in which the survey is asked.
    pub survey_contexts: Vec<String>,
    /// Whether `queue_log` was named and can be read.
    pub log_readable: Option<bool>,
}

/// What was looked at, and what came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// How it is.
    pub grade: Grade,
    /// What was seen.
    pub what: String,
    /// What to write where; empty when all is well.
    pub fix: String,
}

/// How a thing is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grade {
    /// As it should be.
    Good,
    /// Works, and figures are less exact or incomplete.
    Note,
    /// Does not work.
    Bad,
}

/// What a PBX showed.
#[derive(Debug, Default)]
struct Seen {
    refused: BTreeMap<&'static str, String>,
    /// How far its clock is ahead of ours, in microseconds.
    ahead_micros: Option<i64>,
    queues: BTreeSet<String>,
    /// Interfaces by queue.
    members: Vec<(String, String)>,
    /// `Queue()` calls: context, extension, queue, options.
    calls: Vec<[String; 4]>,
    contexts: BTreeSet<String>,
    events: u64,
    stamped: u64,
}

/// Looks at a PBX.
///
/// # Errors
/// When there is no session: nobody answers, or the user is refused.
pub async fn look(
    login: &Login,
    expected: &Expected,
    clock: &Clock,
) -> Result<Vec<Finding>, Error> {
    let mut session = Session::open(login, clock).await?;
    let mut seen = Seen::default();
    session.send("Ping", "check-p", &[]).await?;
    let answer = session.answer("check-p").await?;
    let now = clock.now();
    let at = value(&answer, "Timestamp").and_then(instant);
    seen.ahead_micros = at.map(|at| at.as_micros() - now.as_micros());
    for action in ["QueueStatus", "CoreShowChannels", "ShowDialPlan"] {
        session.send(action, action, &[]).await?;
        let is_last = |message: &Owned| {
            value(message, "EventList").is_some_and(|list| list.eq_ignore_ascii_case("complete"))
                || value(message, "Response") == Some("Error")
        };
        for message in session.answers(action, is_last).await? {
            seen.take(action, &message);
        }
    }
    let listening = async {
        loop {
            let Ok(((bytes, _), decoder)) = session.next().await else {
                return;
            };
            count(&mut seen, &bytes, decoder);
        }
    };
    let _over = timeout(LISTEN_FOR, listening).await;
    Ok(seen.findings(expected, &login.user))
}

fn count(seen: &mut Seen, bytes: &[u8], decoder: &mut Decoder) {
    decoder.feed(bytes, |_, message| {
        let is_own = message.event() == Some(b"FullyBooted");
        if message.event().is_some() && !is_own {
            seen.events += 1;
            seen.stamped += u64::from(stamp(&message).is_some());
        }
    });
}

impl Seen {
    fn take(&mut self, action: &'static str, message: &Owned) {
        let text = |key| value(message, key).unwrap_or_default().to_owned();
        if value(message, "Response") == Some("Error") {
            self.refused.insert(action, text("Message"));
        }
        match value(message, "Event") {
            Some("QueueParams") => {
                self.queues.insert(text("Queue"));
            }
            Some("QueueMember") => self.members.push((text("Queue"), text("Location"))),
            Some("ListDialplan") => {
                self.contexts.insert(text("Context"));
                if text("Application").eq_ignore_ascii_case("Queue") {
                    let data = text("AppData");
                    let mut parts = data.split(',');
                    let queue = parts.next().unwrap_or_default().to_owned();
                    let options = parts.next().unwrap_or_default().to_owned();
                    let exten = text("Extension");
                    self.calls.push([text("Context"), exten, queue, options]);
                }
            }
            _ => {}
        }
    }

    fn findings(&self, expected: &Expected, user: &str) -> Vec<Finding> {
        let mut all = vec![good(format!("user \"{user}\" is let in"))];
        self.rights(user, &mut all);
        self.clock(&mut all);
        self.stamps(&mut all);
        self.names(expected, &mut all);
        self.wrap_ups(expected, &mut all);
        self.dialplan(expected, &mut all);
        match expected.log_readable {
            Some(true) => all.push(good("queue_log can be read: it fills gaps")),
            Some(false) => all.push(bad(
                "queue_log cannot be read",
                "let the user that runs dozvon read it: usermod -aG asterisk dozvon",
            )),
            None => all.push(note(
                "no queue_log is named: what happens while nobody listens is counted and not known",
                "dozvon.toml, [[asterisk]]: queue_log = \"/var/log/asterisk/queue_log\" (on the PBX's own machine)",
            )),
        }
        all
    }

    fn rights(&self, user: &str, all: &mut Vec<Finding>) {
        let lists = ["QueueStatus", "CoreShowChannels"];
        let refused = lists
            .iter()
            .filter(|action| self.refused.contains_key(*action));
        let refused: Vec<&str> = refused.copied().collect();
        if refused.is_empty() {
            all.push(good("QueueStatus and CoreShowChannels are answered"));
        } else {
            all.push(bad(
                format!(
                    "{} is refused: after an outage nobody knows what is open",
                    refused.join(", ")
                ),
                format!("manager.conf, [{user}]: write = reporting"),
            ));
        }
    }

    fn clock(&self, all: &mut Vec<Finding>) {
        let Some(ahead) = self.ahead_micros else {
            all.push(note(
                "the PBX does not tell its clock",
                "Asterisk 13 or newer does",
            ));
            return;
        };
        let apart = Duration::from_micros(ahead.unsigned_abs());
        if apart <= APART_MAX {
            all.push(good(format!("clocks are {} ms apart", apart.as_millis())));
            return;
        }
        let word = if ahead > 0 { "ahead of" } else { "behind" };
        all.push(note(
            format!(
                "the PBX's clock is {} s {word} this machine's",
                apart.as_secs()
            ),
            "let both follow the same time servers (chrony, systemd-timesyncd)",
        ));
    }

    fn stamps(&self, all: &mut Vec<Finding>) {
        let fix = "manager.conf, [general]: timestampevents = yes";
        if self.events == 0 {
            let seconds = LISTEN_FOR.as_secs();
            all.push(note(
                format!(
                    "no event came within {seconds} s: make a call meanwhile to see whether events come and bear their time"
                ),
                format!("{fix}; and for the user: read = system,call,agent,user,dtmf,reporting"),
            ));
        } else if self.stamped < self.events {
            all.push(note(
                "events do not bear their time: they count from when they are received",
                fix,
            ));
        } else {
            all.push(good("events bear their time"));
        }
    }

    fn names(&self, expected: &Expected, all: &mut Vec<Finding>) {
        if self.refused.contains_key("QueueStatus") {
            return;
        }
        let unknown: Vec<&str> = expected
            .queues
            .iter()
            .filter(|queue| !self.queues.contains(*queue))
            .map(String::as_str)
            .collect();
        if self.queues.is_empty() {
            all.push(bad(
                "the PBX has no queue",
                "queues.conf: [name] with its members",
            ));
        } else if unknown.is_empty() {
            let names: Vec<&str> = self.queues.iter().map(String::as_str).collect();
            all.push(good(format!("queues: {}", names.join(", "))));
        } else {
            let names: Vec<&str> = self.queues.iter().map(String::as_str).collect();
            all.push(bad(
                format!(
                    "the configuration names queues that the PBX does not have: {}",
                    unknown.join(", ")
                ),
                format!(
                    "dozvon.toml, [[asterisk]] queues and wrap_up: the PBX has {}",
                    names.join(", ")
                ),
            ));
        }
        let is_local = |(_, interface): &&(String, String)| interface.starts_with("Local/");
        if let Some((queue, interface)) = self.members.iter().find(is_local) {
            all.push(good(format!(
                "members such as {interface} of {queue} are known by their extension"
            )));
        }
    }

    fn wrap_ups(&self, expected: &Expected, all: &mut Vec<Finding>) {
        let unknown = self.queues.difference(&expected.wrap_ups);
        let unknown: Vec<&str> = unknown.map(String::as_str).collect();
        if !unknown.is_empty() {
            all.push(note(
                format!("the work after a call is not known for {}", unknown.join(", ")),
                format!(
                    "dozvon.toml, [[asterisk]]: wrap_up = {{ \"{}\" = \"30s\" }}, as wrapuptime in queues.conf",
                    unknown[0]
                ),
            ));
        }
    }

    fn dialplan(&self, expected: &Expected, all: &mut Vec<Finding>) {
        if let Some(why) = self.refused.get("ShowDialPlan") {
            all.push(note(
                format!(
                    "the dialplan cannot be seen ({why}): look yourself for the option c of Queue()"
                ),
                "manager.conf: write = reporting",
            ));
            return;
        }
        for context in &expected.trunk_contexts {
            if !self.contexts.contains(context) {
                all.push(bad(
                    format!("there is no context \"{context}\" that customers could come in by"),
                    "dozvon.toml, [[asterisk]] trunk_contexts: the context of the trunk's endpoint in pjsip.conf",
                ));
            }
        }
        let surveys = expected.survey_contexts.iter();
        let mut surveys = surveys.filter(|context| self.contexts.contains(*context));
        let Some(survey) = surveys.next() else {
            all.push(note(
                "there is no survey context: nobody is asked",
                "extensions.conf: a context as docs/asterisk.md shows it, named in survey_contexts",
            ));
            return;
        };
        let without: Vec<&[String; 4]> = self
            .calls
            .iter()
            .filter(|[_, _, _, options]| !options.contains('c'))
            .collect();
        if without.is_empty() {
            all.push(good(format!(
                "every Queue() goes on to the survey (\"{survey}\") when the agent hangs up"
            )));
        }
        for [context, exten, queue, options] in without {
            all.push(note(
                format!("Queue({queue},{options}) in {context},{exten} lacks the option c: no survey after the talk"),
                format!("extensions.conf, [{context}] {exten}: Queue({queue},{options}c,…)"),
            ));
        }
    }
}

fn good(what: impl Into<String>) -> Finding {
    let (what, fix) = (what.into(), String::new());
    Finding {
        grade: Grade::Good,
        what,
        fix,
    }
}

fn note(what: impl Into<String>, fix: impl Into<String>) -> Finding {
    let (what, fix) = (what.into(), fix.into());
    Finding {
        grade: Grade::Note,
        what,
        fix,
    }
}

fn bad(what: impl Into<String>, fix: impl Into<String>) -> Finding {
    Finding {
        grade: Grade::Bad,
        ..note(what, fix)
    }
}
