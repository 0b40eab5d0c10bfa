//! Ids are types: a queue's name can never be taken for an agent's.

use std::fmt;
use std::sync::Arc;

/// Writes the traits of a name that is shared by many events.
macro_rules! shared_name {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Arc<str>);

        impl $name {
            /// Takes a name that `validate` or the configuration has checked.
            pub fn new(name: impl Into<Arc<str>>) -> Self {
                Self(name.into())
            }

            /// The name.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&*self.0, f)
            }
        }
    };
}

shared_name! {
    /// A queue.
    QueueId
}
shared_name! {
    /// An agent.
    AgentId
}
shared_name! {
    /// A number (DID) that callers dial.
    LineId
}
shared_name! {
    /// One PBX or importer.
    SourceId
}

shared_name! {
    /// A survey.
    SurveyId
}
shared_name! {
    /// A question of a survey.
    QuestionId
}
shared_name! {
    /// An answer to a question, by its code.
    AnswerCode
}
shared_name! {
    /// A filled form, unique among all that come by other ways than the telephone.
    FormId
}
/// How the ids of erased calls begin. A sender that writes such an id means that call of its own.
const ERASED: &str = "erased:";

/// A call, unique within its source.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CallId(String);

impl CallId {
    /// Takes an id that `validate` has checked.
    pub fn new(id: impl Into<String>) -> Self {
        Self(id.into())
    }

    /// The id.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The key under which the call is found within its source; an erased call keeps the one it had.
    pub fn key(&self) -> CallKey {
        self.erased_key()
            .unwrap_or_else(|| CallKey(xxhash_rust::xxh3::xxh3_128(self.0.as_bytes())))
    }

    /// What stands in the place of an erased call's id: the key alone, by which it is known again.
    pub fn erased(key: CallKey) -> Self {
        Self(format!("{ERASED}{:032x}", key.0))
    }

    /// Whether the call's own id is erased.
    pub fn is_erased(&self) -> bool {
        self.erased_key().is_some()
    }

    fn erased_key(&self) -> Option<CallKey> {
        let hex = self.0.strip_prefix(ERASED)?;
        let is_hex = hex.len() == 32 && hex.bytes().all(|byte| byte.is_ascii_hexdigit());
        let key = u128::from_str_radix(hex, 16).ok()?;
        is_hex.then_some(CallKey(key))
    }
}

impl fmt::Display for CallId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// 128-bit hash of a call id: what is kept for ever to know a call again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CallKey(u128);

impl CallKey {
    /// The key as stored.
    pub fn to_bytes(self) -> [u8; 16] {
        self.0.to_be_bytes()
    }

    /// A key from the store.
    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(u128::from_be_bytes(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_erased_call_keeps_its_key() {
        let call = CallId::new("1700000000.123");
        let erased = CallId::erased(call.key());
        assert_eq!(erased.key(), call.key());
        assert!(erased.is_erased() && !call.is_erased());
        assert!(!erased.as_str().contains("1700000000"));
        for other in [
            "erased:",
            "erased:12",
            &format!("erased:{}", "+".repeat(32)),
        ] {
            assert!(!CallId::new(other).is_erased(), "{other}");
        }
    }
}
