//! Proof that something is synced to disk.

/// A value that is synced to disk. Only the journal can make one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Durable<T>(T);

impl<T> Durable<T> {
    /// Says that the value is synced; to be called after the commit only.
    pub(super) fn after_commit(value: T) -> Self {
        Self(value)
    }

    /// The value.
    pub fn get(&self) -> &T {
        &self.0
    }
}
