//! How busy a queue is for whoever comes: errors under one load say nothing of those under another.

/// How many wait already.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Load {
    /// Nobody: mostly an agent is free, and the wait is that of ringing.
    Nobody,
    /// Up to three: one answer more or less decides.
    Few,
    /// More.
    Many,
}

/// So many are few.
const FEW_MAX: u64 = 3;

impl Load {
    /// Every load.
    pub const ALL: [Self; 3] = [Self::Nobody, Self::Few, Self::Many];

    /// The load with so many waiting.
    pub const fn of(ahead: u64) -> Self {
        match ahead {
            0 => Self::Nobody,
            1..=FEW_MAX => Self::Few,
            _ => Self::Many,
        }
    }

    /// The word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Nobody => "nobody",
            Self::Few => "few",
            Self::Many => "many",
        }
    }

    /// Its place in `ALL`.
    pub(super) const fn place(self) -> usize {
        self as usize
    }
}
