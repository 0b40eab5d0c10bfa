//! The channels that live right now, the bridges they stand in, and who can hear whom.
//!
//! A caller and an agent can hear each other when a way leads from one channel to the other through bridges and Local
//! pairs. That holds through transfers of every shape, where ids and agent events do not: `Linkedid` changes without an
//! event, and the halves of one pair can keep two different ones.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;

use crate::model::Timestamp;

use super::names;

/// A channel in the table; never used twice.
pub(super) type ChannelKey = u64;

/// The most channels that are kept: beyond it the one that was longest without news goes. No hotline has so many at
/// once; they are channels whose end was lost.
pub(super) const CHANNELS_MAX: usize = 20_000;

/// The most ended channels that are remembered, so that a straggler does not bring one back to life.
const ENDED_MAX: usize = 4_096;

/// What a channel is to us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// Half of a Local pair.
    Local,
    /// A customer's line: the call of this key.
    Customer(u64),
    /// Anything else: an agent's phone, an outside line.
    Phone,
}

/// One channel.
#[derive(Debug)]
pub(super) struct Channel {
    pub(super) id: Arc<str>,
    pub(super) name: String,
    /// The technology and name of its telephone.
    pub(super) device: String,
    pub(super) role: Role,
    /// It came in: somebody dialled us with it.
    pub(super) is_inbound: bool,
    pub(super) context: String,
    pub(super) exten: String,
    pub(super) number: Option<String>,
    pub(super) up_at: Option<Timestamp>,
    /// Its own side hung up.
    pub(super) hangup_requested: Option<Timestamp>,
    /// The switch was asked to hang it up.
    pub(super) soft_requested: Option<Timestamp>,
    /// The cause that came with either.
    pub(super) cause: Option<i64>,
    pub(super) bridge: Option<Arc<[u8]>>,
    pub(super) pair: Option<ChannelKey>,
    /// Who dialled it.
    pub(super) dialled_by: Option<ChannelKey>,
    /// The last that it dialled.
    pub(super) dialled: Option<ChannelKey>,
    pub(super) heard_at: Timestamp,
}

/// The table.
#[derive(Debug, Default)]
pub(super) struct Channels {
    channels: HashMap<ChannelKey, Channel>,
    by_id: HashMap<Arc<str>, ChannelKey>,
    by_name: HashMap<String, ChannelKey>,
    bridges: HashMap<Arc<[u8]>, Vec<ChannelKey>>,
    ended: HashSet<Arc<str>>,
    ended_in_order: VecDeque<Arc<str>>,
    last_key: ChannelKey,
}

impl Channels {
    pub(super) fn get(&self, key: ChannelKey) -> Option<&Channel> {
        self.channels.get(&key)
    }

    pub(super) fn get_mut(&mut self, key: ChannelKey) -> Option<&mut Channel> {
        self.channels.get_mut(&key)
    }

    pub(super) fn find(&self, id: &str) -> Option<ChannelKey> {
        self.by_id.get(id).copied()
    }

    pub(super) fn keys(&self) -> impl Iterator<Item = ChannelKey> + '_ {
        self.channels.keys().copied()
    }

    /// Whether a channel of this id has ended: whatever still comes of it comes late.
    pub(super) fn has_ended(&self, id: &str) -> bool {
        self.ended.contains(id)
    }

    /// Takes a channel in; gives back its key, and one that had to go for it.
    pub(super) fn insert(
        &mut self,
        id: &str,
        name: &str,
        at: Timestamp,
    ) -> (ChannelKey, Option<ChannelKey>) {
        self.last_key += 1;
        let key = self.last_key;
        let id: Arc<str> = id.into();
        let role = if names::is_local(name) {
            Role::Local
        } else {
            Role::Phone
        };
        let channel = Channel {
            id: Arc::clone(&id),
            name: name.to_owned(),
            device: names::device_of(name).to_owned(),
            role,
            is_inbound: false,
            context: String::new(),
            exten: String::new(),
            number: None,
            up_at: None,
            hangup_requested: None,
            soft_requested: None,
            cause: None,
            bridge: None,
            pair: None,
            dialled_by: None,
            dialled: None,
            heard_at: at,
        };
        self.channels.insert(key, channel);
        self.by_id.insert(id, key);
        self.by_name.insert(name.to_owned(), key);
        self.pair_by_name(key);
        let oldest = (self.channels.len() > CHANNELS_MAX).then(|| {
            let quietest = self.channels.iter().min_by_key(|(_, one)| one.heard_at);
            quietest.map(|(key, _)| *key)
        });
        (key, oldest.flatten())
    }

    /// A channel took another one's name: a masquerade.
    pub(super) fn rename(&mut self, key: ChannelKey, name: &str) {
        let Some(channel) = self.channels.get_mut(&key) else {
            return;
        };
        if self.by_name.get(&channel.name) == Some(&key) {
            self.by_name.remove(&channel.name);
        }
        name.clone_into(&mut channel.name);
        names::device_of(name).clone_into(&mut channel.device);
        match (channel.role, names::is_local(name)) {
            (Role::Phone, true) => channel.role = Role::Local,
            (Role::Local, false) => channel.role = Role::Phone,
            _ => {}
        }
        let pair = channel.pair.take();
        if let Some(other) = pair.and_then(|pair| self.channels.get_mut(&pair)) {
            other.pair = None;
        }
        self.by_name.insert(name.to_owned(), key);
        self.pair_by_name(key);
    }

    /// The halves of a Local pair find each other by name, with or without a `LocalBridge`.
    fn pair_by_name(&mut self, key: ChannelKey) {
        let Some(channel) = self.channels.get(&key) else {
            return;
        };
        if channel.role != Role::Local {
            return;
        }
        let other = names::other_half(&channel.name);
        let Some(other) = other.and_then(|(_, name)| self.by_name.get(&name).copied()) else {
            return;
        };
        if let Some(channel) = self.channels.get_mut(&key) {
            channel.pair = Some(other);
        }
        if let Some(channel) = self.channels.get_mut(&other) {
            channel.pair = Some(key);
        }
    }

    /// Moves a channel into a bridge.
    pub(super) fn enter(&mut self, key: ChannelKey, bridge: &[u8]) {
        let is_there = |one: &Channel| one.bridge.as_deref() == Some(bridge);
        if self.channels.get(&key).is_none_or(is_there) {
            return;
        }
        self.leave(key, None);
        let known = self.bridges.get_key_value(bridge);
        let bridge = known.map_or_else(|| bridge.into(), |(known, _)| Arc::clone(known));
        self.bridges
            .entry(Arc::clone(&bridge))
            .or_default()
            .push(key);
        if let Some(channel) = self.channels.get_mut(&key) {
            channel.bridge = Some(bridge);
        }
    }

    /// Takes a channel out of a bridge; `None` = of whichever it is in. Leaving one that it is no longer in is nothing:
    /// enter and leave of two bridges come in either order.
    pub(super) fn leave(&mut self, key: ChannelKey, bridge: Option<&[u8]>) {
        let Some(channel) = self.channels.get_mut(&key) else {
            return;
        };
        if bridge.is_some() && channel.bridge.as_deref() != bridge {
            return;
        }
        let Some(bridge) = channel.bridge.take() else {
            return;
        };
        if let Some(inside) = self.bridges.get_mut(&bridge) {
            inside.retain(|one| *one != key);
            if inside.is_empty() {
                self.bridges.remove(&bridge);
            }
        }
    }

    /// Takes a channel out that was never there.
    pub(super) fn forget(&mut self, key: ChannelKey) {
        if let Some(channel) = self.remove(key)
            && self.ended.remove(&channel.id)
        {
            self.ended_in_order.retain(|id| *id != channel.id);
        }
    }

    /// Whoever is in a bridge.
    pub(super) fn inside(&self, bridge: &[u8]) -> &[ChannelKey] {
        self.bridges.get(bridge).map_or(&[], Vec::as_slice)
    }

    /// Forgets a channel that has ended.
    pub(super) fn remove(&mut self, key: ChannelKey) -> Option<Channel> {
        self.leave(key, None);
        let channel = self.channels.remove(&key)?;
        self.by_id.remove(&channel.id);
        if self.by_name.get(&channel.name) == Some(&key) {
            self.by_name.remove(&channel.name);
        }
        if let Some(other) = channel.pair.and_then(|pair| self.channels.get_mut(&pair)) {
            other.pair = None;
        }
        if self.ended.insert(Arc::clone(&channel.id)) {
            self.ended_in_order.push_back(Arc::clone(&channel.id));
        }
        if self.ended_in_order.len() > ENDED_MAX
            && let Some(oldest) = self.ended_in_order.pop_front()
        {
            self.ended.remove(&oldest);
        }
        Some(channel)
    }

    /// Every channel that a way leads to, itself first.
    pub(super) fn reach(&self, key: ChannelKey) -> Vec<ChannelKey> {
        let mut found = Vec::with_capacity(8);
        if self.channels.contains_key(&key) {
            found.push(key);
        }
        let mut next = 0;
        while let Some(channel) = found.get(next).and_then(|key| self.channels.get(key)) {
            next += 1;
            let bridged = channel
                .bridge
                .as_deref()
                .map_or(&[][..], |b| self.inside(b));
            for other in bridged.iter().copied().chain(channel.pair) {
                if !found.contains(&other) {
                    found.push(other);
                }
            }
        }
        found
    }

    /// The customers' calls that a way leads to.
    pub(super) fn calls_reached(&self, key: ChannelKey) -> Vec<u64> {
        let roles = self.reach(key).into_iter();
        let calls = roles.filter_map(|key| match self.channels.get(&key)?.role {
            Role::Customer(call) => Some(call),
            Role::Local | Role::Phone => None,
        });
        calls.collect()
    }
}
