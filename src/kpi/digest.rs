//! A digest of a set of calls: equal sets have equal digests, so two people can see that they talk of the same calls.
//!
//! Each call counts with a 128-bit hash of its source and id; the sum of the hashes does not depend on their order, and
//! sets without a common call are put together by adding. It tells sets apart that differ by accident, not by an attack.

use std::fmt;

use xxhash_rust::xxh3::{xxh3_64, xxh3_128_with_seed};

use crate::model::{CallId, SourceId};

/// A set of calls: how many, and the sum of their hashes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CallsDigest {
    /// How many calls there are.
    pub calls: u64,
    sum: u128,
}

impl CallsDigest {
    /// The set of so many calls whose hashes have this sum.
    pub fn of_sum(calls: u64, sum: u128) -> Self {
        Self { calls, sum }
    }

    /// The sum of the hashes.
    pub fn sum(&self) -> u128 {
        self.sum
    }

    /// Adds a set that has no call in common.
    pub fn merge(&mut self, other: Self) {
        self.calls += other.calls;
        self.sum = self.sum.wrapping_add(other.sum);
    }

    /// Adds a call that is not in the set.
    pub fn add(&mut self, source: &SourceId, call: &CallId) {
        let seed = xxh3_64(source.as_str().as_bytes());
        let hash = xxh3_128_with_seed(call.as_str().as_bytes(), seed);
        self.calls += 1;
        self.sum = self.sum.wrapping_add(hash);
    }
}

impl fmt::Display for CallsDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.sum)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(calls: &[(&str, &str)]) -> CallsDigest {
        let mut digest = CallsDigest::default();
        for (source, call) in calls {
            digest.add(&SourceId::new(*source), &CallId::new(*call));
        }
        digest
    }

    #[test]
    fn order_does_not_matter_and_every_call_does() {
        let set = digest(&[("pbx", "1"), ("pbx", "2"), ("branch", "1")]);
        assert_eq!(set, digest(&[("branch", "1"), ("pbx", "2"), ("pbx", "1")]));
        for other in [
            digest(&[]),
            digest(&[("pbx", "1"), ("pbx", "2")]),
            digest(&[("pbx", "1"), ("pbx", "2"), ("branch", "2")]),
            digest(&[("pbx", "1"), ("pbx", "2"), ("pbx", "1")]),
        ] {
            assert_ne!(set.to_string(), other.to_string());
        }
        // A stored digest must stay what it is.
        assert_eq!(
            digest(&[("pbx", "1")]).to_string(),
            "07746ee2a3975e9c2d0e888313806dea"
        );
        assert_eq!(digest(&[]).to_string(), "0".repeat(32));
    }
}
