//! A PBX's words for queues and agents, in the hotline's own.

use std::collections::{BTreeMap, HashMap, HashSet};

use crate::proto::v1::{CallTagged, TagKey, TaggedBy, call_event::Kind, caller};

use super::names::extension_of;
use super::said::{AgentSaid, AgentWhat};

/// What queues and agents are called, and whose calls are tests.
#[derive(Clone, Debug, Default)]
pub struct Words {
    queues: HashMap<String, String>,
    agents: HashMap<String, String>,
    tests: HashSet<String>,
}

impl Words {
    /// Takes the configuration's words: queues by the PBX's name, agents by interface or extension, test numbers.
    pub fn new(
        queues: &BTreeMap<String, String>,
        agents: &BTreeMap<String, String>,
        tests: &[String],
    ) -> Self {
        let own = |(from, to): (&String, &String)| (from.clone(), to.clone());
        let by_extension = |(from, to): (&String, &String)| {
            let extension = extension_of(from).to_owned();
            (extension, to.clone())
        };
        Self {
            queues: queues.iter().map(own).collect(),
            agents: agents.iter().map(by_extension).collect(),
            tests: tests.iter().cloned().collect(),
        }
    }

    /// Puts the hotline's words in place of the PBX's.
    pub fn translate(&self, kind: &mut Kind) {
        match kind {
            Kind::QueueEntered(one) => self.queue(&mut one.queue),
            Kind::QueueLeft(one) => self.queue(&mut one.queue),
            Kind::Refused(one) => self.queue(&mut one.queue),
            Kind::AgentOffered(one) => {
                self.queue(&mut one.queue);
                self.agent(&mut one.agent);
            }
            Kind::OfferMissed(one) => {
                self.queue(&mut one.queue);
                self.agent(&mut one.agent);
            }
            Kind::AgentConnected(one) => {
                self.queue(&mut one.queue);
                self.agent(&mut one.agent);
            }
            Kind::AgentReleased(one) => {
                self.queue(&mut one.queue);
                self.agent(&mut one.agent);
            }
            Kind::HoldStarted(one) => self.agent(&mut one.agent),
            Kind::HoldEnded(one) => self.agent(&mut one.agent),
            Kind::CallbackPromised(one) => self.queue(&mut one.queue),
            Kind::CallbackAttempted(one) => self.agent(&mut one.agent),
            Kind::Arrived(_)
            | Kind::Tagged(_)
            | Kind::TransferStarted(_)
            | Kind::TransferCompleted(_)
            | Kind::TransferFailed(_)
            | Kind::DigitPressed(_)
            | Kind::MessageLeft(_)
            | Kind::Ended(_) => {}
        }
    }

    /// The same of what is said of an agent.
    pub fn translate_agent(&self, said: &mut AgentSaid) {
        self.agent(&mut said.agent);
        if let AgentWhat::State { queues, .. } = &mut said.what {
            queues.iter_mut().for_each(|queue| self.queue(queue));
            // Two queues of the PBX may be one here.
            queues.sort_unstable();
            queues.dedup();
        }
    }

    /// The tag of a test call, if its arrival shows one.
    pub fn test_tag(&self, kind: &Kind) -> Option<Kind> {
        let Kind::Arrived(arrived) = kind else {
            return None;
        };
        let caller = arrived
            .caller
            .as_ref()
            .and_then(|caller| caller.id.as_ref());
        let is_tester = match caller {
            Some(caller::Id::Number(number)) => self.tests.contains(number),
            Some(_) | None => false,
        };
        (is_tester || self.tests.contains(&arrived.line)).then(|| {
            Kind::Tagged(CallTagged {
                key: TagKey::Test.into(),
                code: String::new(),
                by: TaggedBy::Dialplan.into(),
            })
        })
    }

    fn queue(&self, name: &mut String) {
        if let Some(known) = self.queues.get(name.as_str()) {
            name.clone_from(known);
        }
    }

    fn agent(&self, name: &mut String) {
        if let Some(known) = self.agents.get(name.as_str()) {
            name.clone_from(known);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::v1::{AgentConnected, CallArrived};

    #[test]
    fn queues_and_agents_get_the_names_of_the_hotline() {
        let map = |from: &str, to: &str| [(from.to_owned(), to.to_owned())].into();
        let words = Words::new(
            &map("400", "jobs"),
            &map("Local/9104@from-queue/n", "104"),
            &["1599".to_owned()],
        );
        let mut kind = Kind::AgentConnected(AgentConnected {
            agent: "9104".into(),
            queue: "400".into(),
        });
        words.translate(&mut kind);
        let expected = AgentConnected {
            agent: "104".into(),
            queue: "jobs".into(),
        };
        assert_eq!(kind, Kind::AgentConnected(expected));
        let arrived = |line: &str| {
            Kind::Arrived(CallArrived {
                line: line.into(),
                ..CallArrived::default()
            })
        };
        assert!(words.test_tag(&arrived("1599")).is_some());
        assert!(words.test_tag(&arrived("1500")).is_none());
    }
}
