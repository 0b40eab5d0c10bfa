//! Callers with their contacts in order of time, gathered from the calls of a period and around it.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};

use crate::kpi::{self, Callback, Contact, ContactKind};
use crate::model::{CallRecord, Caller, Direction, Mark, Outcome, QueueId, Timestamp};
use crate::store::{Place, Spoken, StoredCall};

use super::context::Counted;
use super::group::Group;
use super::plan::Plan;

/// Where a call is counted: in which interval, and in whose row besides that of all.
pub(super) type Counting = (usize, Option<Group>);

/// A caller, by pseudonym.
pub(super) type CallerHash = [u8; 16];

/// One contact, and where it is counted.
#[derive(Clone, Debug)]
pub(super) struct Known {
    pub(super) contact: Contact,
    pub(super) place: Place,
    /// The interval of a call that is asked for.
    pub(super) bucket: Option<usize>,
    /// Whose row it stands in besides that of all, where rows are not of queues.
    pub(super) group: Option<Group>,
    pub(super) queue: Option<QueueId>,
    pub(super) outcome: Option<Outcome>,
    /// The caller is still on the line.
    pub(super) open: bool,
    pub(super) callback: Callback,
    pub(super) unserved: bool,
}

/// What is gathered while calls go by.
#[derive(Default)]
pub(super) struct Contacts {
    pub(super) counted: Counted,
    pub(super) callers: HashMap<CallerHash, Vec<Known>>,
    /// Calls without a known caller that are asked for.
    pub(super) anonymous: Vec<Anonymous>,
    /// What became of callers later than their contacts are read.
    pub(super) later: HashMap<CallerHash, Later>,
    /// The last thing known of any call.
    pub(super) horizon: Timestamp,
}

/// What became of a caller later.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Later {
    /// A human spoke to them, whoever called whom.
    pub(super) spoken: bool,
    /// We reached them.
    pub(super) reached: bool,
}

/// A call without a known caller.
#[derive(Clone, Debug)]
pub(super) struct Anonymous {
    pub(super) bucket: usize,
    /// Whose row it stands in besides that of all, where rows are not of queues.
    pub(super) group: Option<Group>,
    pub(super) withheld: bool,
    pub(super) unserved: bool,
    pub(super) callback: Callback,
}

impl Contacts {
    pub(super) fn new(counted: Counted) -> Self {
        Self {
            horizon: counted.last_arrival.unwrap_or(Timestamp::MIN),
            counted: Counted {
                erased_around: Some(0),
                ..counted
            },
            ..Self::default()
        }
    }

    /// Takes one call of the widened period.
    pub(super) fn call(&mut self, plan: &Plan, call: &StoredCall, record: &CallRecord) {
        self.horizon = self.horizon.max(record.arrived_at);
        let bucket = plan.index_of(record.arrived_at);
        if plan.buckets.index_of(record.arrived_at).is_some() && plan.admits(record) {
            self.counted.record(plan, call, record);
        }
        if record.test {
            return;
        }
        if record.marks.has(Mark::Erased) {
            *self.counted.erased_around.get_or_insert(0) += 1;
        }
        let inbound = record.direction == Direction::Inbound;
        let queue = record.counted_under();
        let answered = !record.legs.is_empty();
        let bucket = bucket.filter(|_| inbound && plan.wants(queue) && plan.admits(record));
        let callback = Callback::of(record);
        let unserved = kpi::is_unserved(record);
        let group = bucket.and_then(|_| plan.group_of(record));
        let hash = match record.caller {
            Caller::Known(known) => known.hash,
            Caller::Withheld | Caller::Unknown => {
                if let Some(bucket) = bucket {
                    self.anonymous.push(Anonymous {
                        bucket,
                        group,
                        withheld: record.caller == Caller::Withheld,
                        unserved,
                        callback,
                    });
                }
                return;
            }
        };
        let kind = if inbound {
            ContactKind::Call { served: answered }
        } else {
            ContactKind::Return { reached: answered }
        };
        let known = Known {
            contact: Contact {
                at: record.arrived_at,
                kind,
            },
            place: call.place.clone(),
            bucket,
            group,
            queue: queue.cloned(),
            outcome: record.outcome,
            open: record.outcome.is_none(),
            callback,
            unserved,
        };
        self.callers.entry(hash).or_default().push(known);
    }

    /// Takes who was spoken to later.
    pub(super) fn spoken_later(&mut self, later: &[Spoken]) {
        for one in later {
            if self.callers.contains_key(&one.caller) {
                let known = self.later.entry(one.caller).or_default();
                known.spoken = true;
                known.reached |= one.direction == Direction::Return;
            }
        }
    }

    /// What became of a caller later than the contacts.
    pub(super) fn later(&self, caller: &CallerHash) -> Later {
        self.later.get(caller).copied().unwrap_or_default()
    }

    /// Puts each caller's contacts in order: by time, at the same instant by call id as bytes; and takes out those who
    /// called more than `shared_over` times on one local day of the period: a line of many people. Days around it do not
    /// matter, since how far is looked there follows from the windows, and of all windows the same callers are counted.
    /// Gives these with where their calls are counted, the one with most calls first.
    pub(super) fn settle(
        &mut self,
        plan: &Plan,
        shared_over: Option<u32>,
    ) -> Vec<(CallerHash, Vec<Counting>)> {
        for contacts in self.callers.values_mut() {
            contacts.sort_by(|one, other| {
                let at = one.contact.at.cmp(&other.contact.at);
                at.then_with(|| {
                    let [one, other] = [one, other].map(|one| one.place.call.as_str().as_bytes());
                    one.cmp(other)
                })
            });
        }
        let Some(shared_over) = shared_over else {
            return Vec::new();
        };
        let is_shared = |contacts: &Vec<Known>| {
            let mut days = BTreeMap::<String, u32>::new();
            let period = plan.start..plan.end;
            let counts =
                |known: &&Known| known.contact.is_call() && period.contains(&known.contact.at);
            for known in contacts.iter().filter(counts) {
                let day = plan.zone.local_text(known.contact.at);
                let day = day.split('T').next().unwrap_or_default().to_owned();
                *days.entry(day).or_default() += 1;
            }
            days.values().any(|calls| *calls > shared_over)
        };
        let shared = self.callers.iter().filter(|(_, known)| is_shared(known));
        let shared: Vec<_> = shared.map(|(hash, _)| *hash).collect();
        let mut taken: Vec<_> = shared
            .into_iter()
            .filter_map(|hash| {
                let contacts = self.callers.remove(&hash)?;
                let calls = contacts.into_iter();
                let calls = calls.filter_map(|known| Some((known.bucket?, known.group)));
                let calls: Vec<_> = calls.collect();
                (!calls.is_empty()).then_some((hash, calls))
            })
            .collect();
        taken.sort_unstable_by_key(|(hash, calls)| (Reverse(calls.len()), *hash));
        taken
    }
}
