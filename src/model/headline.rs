//! Which of the service-level family stands for a queue.

/// A formula of the family that may be a queue's headline.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Headline {
    /// Answered within T ÷ visits decided: who hung up and who still waits count against us.
    #[default]
    Strict,
    /// The same without short abandons.
    Short,
    /// The same without whoever gave up in time.
    IgnoreAbandoned,
    /// Giving up in time counts as a success.
    AbandonedMet,
    /// Of those answered only.
    AnsweredOnly,
    /// Whoever left in time by answer, abandon or callback.
    Amazon,
    /// Calls answered within T of their first queue.
    Journey,
    /// The same, refused calls among those decided.
    Access,
}

impl Headline {
    /// Every formula.
    pub const ALL: [Self; 8] = [
        Self::Strict,
        Self::Short,
        Self::IgnoreAbandoned,
        Self::AbandonedMet,
        Self::AnsweredOnly,
        Self::Amazon,
        Self::Journey,
        Self::Access,
    ];

    /// Its id in the catalogue.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Strict => "strict",
            Self::Short => "short",
            Self::IgnoreAbandoned => "ignore_abandoned",
            Self::AbandonedMet => "abandoned_met",
            Self::AnsweredOnly => "answered_only",
            Self::Amazon => "amazon",
            Self::Journey => "journey",
            Self::Access => "access",
        }
    }

    /// The formula of that id.
    pub fn from_id(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.as_str() == id)
    }
}
