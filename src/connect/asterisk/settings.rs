//! What may be changed on a PBX while it runs: the few things that tune a line, each with its own action of the manager
//! interface, read before and after.
//!
//! A setting that is already so is not sent, and one that was sent and is not so afterwards is reported: `Success` only
//! says that the PBX understood. With a dry run nothing is sent that changes anything.

use std::fmt;
use std::str::FromStr;

use crate::clock::Clock;

use super::session::{Error, Login, Owned, Session, value};

/// The PBX takes larger ones, and nobody has as many classes of agents.
const PENALTY_MAX: u32 = 1_000;
/// `AstDB` keys are columns of 256 bytes, family and key together.
const NAME_BYTES_MAX: usize = 80;
const VALUE_BYTES_MAX: usize = 256;

/// One setting, with the value that it is to have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Setting {
    /// Members of a lower penalty are rung first.
    Penalty {
        /// The queue.
        queue: String,
        /// The member's interface.
        member: String,
        /// 0 = at once.
        penalty: u32,
    },
    /// Whether a member who is on another call is rung.
    RingInUse {
        /// The queue.
        queue: String,
        /// The member's interface.
        member: String,
        /// Rung all the same.
        rings: bool,
    },
    /// An entry of the PBX's own database, for the dialplan to read: `${DB(family/key)}`.
    Database {
        /// The family.
        family: String,
        /// The key.
        key: String,
        /// The value.
        value: String,
    },
    /// A global variable of the dialplan: gone when the PBX begins anew.
    Variable {
        /// Its name.
        name: String,
        /// The value.
        value: String,
    },
}

/// What became of a setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// What was to be.
    pub setting: Setting,
    /// The value before; `None` = there was none.
    pub before: Option<String>,
    /// What became of it.
    pub outcome: Outcome,
}

/// How it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was so already.
    Unchanged,
    /// A dry run: it would have been sent.
    WouldSet,
    /// It is so now, as the PBX says itself.
    Set,
    /// The PBX refuses.
    Refused(String),
    /// The PBX took it, and does not tell such a value.
    Taken,
    /// The PBX took it, and says another value.
    NotTaken(Option<String>),
}

/// Why a text is no setting.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("\"{text}\" {why}")]
pub struct ParseError {
    text: String,
    why: String,
}

impl FromStr for Setting {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        let wrong = |why: &str| ParseError {
            text: text.to_owned(),
            why: why.to_owned(),
        };
        let shapes = "is none of penalty:QUEUE:MEMBER=N, ring_in_use:QUEUE:MEMBER=yes, \
                      database:FAMILY/KEY=VALUE or variable:NAME=VALUE";
        let (target, value) = text.split_once('=').ok_or_else(|| wrong(shapes))?;
        let (kind, name) = target.split_once(':').ok_or_else(|| wrong(shapes))?;
        if text.contains(char::is_control) {
            return Err(wrong("holds a control character"));
        }
        if value.len() > VALUE_BYTES_MAX {
            return Err(wrong("has a value of more than 256 bytes"));
        }
        let member = || {
            let parts = name.split_once(':');
            let (queue, member) =
                parts.filter(|(queue, member)| is_name(queue) && is_name(member))?;
            Some((queue.to_owned(), member.to_owned()))
        };
        match kind {
            "penalty" => {
                let (queue, member) = member().ok_or_else(|| wrong(shapes))?;
                let penalty = value.parse().ok().filter(|number| *number <= PENALTY_MAX);
                let penalty = penalty.ok_or_else(|| wrong("needs a number from 0 to 1000"))?;
                Ok(Self::Penalty {
                    queue,
                    member,
                    penalty,
                })
            }
            "ring_in_use" => {
                let (queue, member) = member().ok_or_else(|| wrong(shapes))?;
                let rings = match value {
                    "yes" => true,
                    "no" => false,
                    _ => return Err(wrong("needs yes or no")),
                };
                Ok(Self::RingInUse {
                    queue,
                    member,
                    rings,
                })
            }
            "database" => {
                let parts = name.split_once('/');
                let parts = parts.filter(|(family, key)| is_name(family) && is_name(key));
                let (family, key) = parts.ok_or_else(|| wrong(shapes))?;
                Ok(Self::Database {
                    family: family.to_owned(),
                    key: key.to_owned(),
                    value: value.to_owned(),
                })
            }
            // A function such as `SHELL()` is no variable.
            "variable" if is_word(name) => Ok(Self::Variable {
                name: name.to_owned(),
                value: value.to_owned(),
            }),
            "variable" => Err(wrong("needs a name of letters, digits and _")),
            _ => Err(wrong(shapes)),
        }
    }
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.len() <= NAME_BYTES_MAX
}

fn is_word(text: &str) -> bool {
    is_name(text)
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

impl fmt::Display for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Penalty { queue, member, .. } => write!(f, "penalty:{queue}:{member}"),
            Self::RingInUse { queue, member, .. } => write!(f, "ring_in_use:{queue}:{member}"),
            Self::Database { family, key, .. } => write!(f, "database:{family}/{key}"),
            Self::Variable { name, .. } => write!(f, "variable:{name}"),
        }
    }
}

impl Setting {
    /// The value that it is to have.
    pub fn value(&self) -> String {
        match self {
            Self::Penalty { penalty, .. } => penalty.to_string(),
            Self::RingInUse { rings, .. } => yes_or_no(*rings).to_owned(),
            Self::Database { value, .. } | Self::Variable { value, .. } => value.clone(),
        }
    }

    /// The right that a change needs, as `manager.conf` writes it.
    pub fn right(&self) -> &'static str {
        match self {
            Self::Penalty { .. } | Self::RingInUse { .. } => "agent",
            Self::Database { .. } => "system",
            Self::Variable { .. } => "call",
        }
    }

    async fn write(&self, session: &mut Session) -> Result<Owned, Error> {
        const ID: &str = "dozvon-set";
        match self {
            Self::Penalty {
                queue,
                member,
                penalty,
            } => {
                let penalty = penalty.to_string();
                let fields = [
                    ("Interface", member.as_str()),
                    ("Penalty", &penalty),
                    ("Queue", queue),
                ];
                session.send("QueuePenalty", ID, &fields).await?;
            }
            Self::RingInUse {
                queue,
                member,
                rings,
            } => {
                let fields = [
                    ("Interface", member.as_str()),
                    ("RingInUse", yes_or_no(*rings)),
                    ("Queue", queue),
                ];
                session.send("QueueMemberRingInUse", ID, &fields).await?;
            }
            Self::Database { family, key, value } => {
                let fields = [("Family", family.as_str()), ("Key", key), ("Val", value)];
                session.send("DBPut", ID, &fields).await?;
            }
            Self::Variable { name, value } => {
                let fields = [("Variable", name.as_str()), ("Value", value)];
                session.send("Setvar", ID, &fields).await?;
            }
        }
        session.answer(ID).await
    }

    /// The value now; `Err` inside = the PBX's words for why there is none to be had.
    async fn read(&self, session: &mut Session) -> Result<Result<Option<String>, String>, Error> {
        const ID: &str = "dozvon-get";
        let is_last = |message: &Owned| {
            let list = value(message, "EventList");
            match value(message, "Response") {
                Some("Error") => true,
                Some(_) => list.is_none(),
                None => list.is_some_and(|list| list.eq_ignore_ascii_case("complete")),
            }
        };
        let (name, fields) = match self {
            Self::Penalty { queue, .. } | Self::RingInUse { queue, .. } => {
                ("QueueStatus", vec![("Queue", queue.as_str())])
            }
            Self::Database { family, key, .. } => {
                ("DBGet", vec![("Family", family.as_str()), ("Key", key)])
            }
            Self::Variable { name, .. } => ("Getvar", vec![("Variable", name.as_str())]),
        };
        session.send(name, ID, &fields).await?;
        let answers = session.answers(ID, is_last).await?;
        let refusal = answers
            .iter()
            .find(|message| value(message, "Response") == Some("Error"));
        let refusal = refusal.map(|message| value(message, "Message").unwrap_or("no reason"));
        let found = |key: &str, event: &str, of: &dyn Fn(&Owned) -> bool| {
            let mut events = answers.iter();
            let event = events.find(|one| value(one, "Event") == Some(event) && of(one));
            event.and_then(|one| value(one, key)).map(str::to_owned)
        };
        Ok(match (self, refusal) {
            // There is no entry yet.
            (Self::Database { .. }, Some(why)) if why.contains("not found") => Ok(None),
            (_, Some(why)) => Err(why.to_owned()),
            (Self::Penalty { member, .. }, None) => {
                let is_it = |one: &Owned| value(one, "Location") == Some(member);
                let penalty = found("Penalty", "QueueMember", &is_it);
                penalty.map(Some).ok_or_else(|| self.no_member())
            }
            (Self::RingInUse { member, .. }, None) => {
                let is_it = |one: &Owned| value(one, "Location") == Some(member);
                let rings = found("Ringinuse", "QueueMember", &is_it);
                let is_there = found("Location", "QueueMember", &is_it).is_some();
                // Asterisk 22 takes it and does not list it.
                match is_there {
                    true => Ok(rings.map(|rings| yes_or_no(rings == "1").to_owned())),
                    false => Err(self.no_member()),
                }
            }
            (Self::Database { .. }, None) => Ok(found("Val", "DBGetResponse", &|_| true)),
            (Self::Variable { .. }, None) => {
                let told = answers.iter().find_map(|one| value(one, "Value"));
                Ok(told.filter(|told| !told.is_empty()).map(str::to_owned))
            }
        })
    }

    /// Whether a PBX may keep the value to itself.
    fn is_untold(&self) -> bool {
        match self {
            Self::RingInUse { .. } => true,
            Self::Penalty { .. } | Self::Database { .. } | Self::Variable { .. } => false,
        }
    }

    fn no_member(&self) -> String {
        match self {
            Self::Penalty { queue, member, .. } | Self::RingInUse { queue, member, .. } => {
                format!("queue {queue} has no member {member}")
            }
            Self::Database { .. } | Self::Variable { .. } => String::new(),
        }
    }
}

fn yes_or_no(yes: bool) -> &'static str {
    if yes { "yes" } else { "no" }
}

/// Brings a PBX's settings to what they are to be, one after the other; with `dry_run` only says what it would do.
///
/// # Errors
/// When there is no session, or it is lost: what stands before the loss is done.
pub async fn apply(
    login: &Login,
    settings: &[Setting],
    dry_run: bool,
    clock: &Clock,
    mut each: impl FnMut(Change),
) -> Result<(), Error> {
    let mut session = Session::open(login, clock).await?;
    for setting in settings {
        let (before, outcome) = match setting.read(&mut session).await? {
            Err(why) => (None, Outcome::Refused(why)),
            Ok(before) if before.as_ref() == Some(&setting.value()) => (before, Outcome::Unchanged),
            Ok(before) if dry_run => (before, Outcome::WouldSet),
            Ok(before) => {
                let answer = setting.write(&mut session).await?;
                let outcome = match value(&answer, "Response") {
                    Some("Success") => match setting.read(&mut session).await? {
                        Ok(now) if now.as_ref() == Some(&setting.value()) => Outcome::Set,
                        Ok(None) if setting.is_untold() => Outcome::Taken,
                        Ok(now) => Outcome::NotTaken(now),
                        Err(why) => Outcome::Refused(why),
                    },
                    _ => {
                        let why = value(&answer, "Message").unwrap_or("no reason");
                        Outcome::Refused(why.to_owned())
                    }
                };
                (before, outcome)
            }
        };
        each(Change {
            setting: setting.clone(),
            before,
            outcome,
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setting_is_written_as_it_is_shown() {
        for text in [
            "penalty:hotline:PJSIP/101=2",
            "penalty:hotline:Local/104@from-queue/n=0",
            "ring_in_use:hotline:PJSIP/101=no",
            "database:dozvon/wait_limit=180",
            "variable:OVERFLOW_AT=a=b",
        ] {
            let setting: Setting = text.parse().unwrap();
            assert_eq!(format!("{setting}={}", setting.value()), text);
        }
    }

    #[test]
    fn what_is_no_setting_says_why() {
        let cases = [
            ("", "is none of penalty"),
            ("penalty:hotline=2", "is none of penalty"),
            ("penalty::PJSIP/101=2", "is none of penalty"),
            ("penalty:hotline:PJSIP/101=1001", "from 0 to 1000"),
            ("penalty:hotline:PJSIP/101=-1", "from 0 to 1000"),
            ("ring_in_use:hotline:PJSIP/101=1", "yes or no"),
            ("database:dozvon=1", "is none of penalty"),
            ("variable:SHELL(reboot)=1", "letters, digits"),
            ("variable:A=1\r\nAction: Command", "control character"),
            ("colour:a=b", "is none of penalty"),
        ];
        for (text, why) in cases {
            let error = text.parse::<Setting>().unwrap_err().to_string();
            assert!(error.contains(why), "{text}: {error}");
        }
        let long = format!("database:a/b={}", "x".repeat(257));
        assert!(long.parse::<Setting>().is_err());
    }
}
