//! The closed lists of the field: exits, outcomes, reasons. Each word has one spelling and one stored code.

/// Writes a closed list: code for storage, word for people and labels.
macro_rules! words {
    ($($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $code:literal $word:literal,)+ })+) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
            pub enum $name { $($(#[$vdoc])* $variant = $code,)+ }

            impl $name {
                /// Every word of the list, in order.
                pub const ALL: &[Self] = &[$(Self::$variant),+];

                /// The code it is stored under.
                pub const fn code(self) -> u8 {
                    self as u8
                }

                /// The word of a stored code.
                pub const fn from_code(code: u8) -> Option<Self> {
                    match code {
                        $($code => Some(Self::$variant),)+
                        _ => None,
                    }
                }

                /// The word as people, labels and columns write it.
                pub const fn as_str(self) -> &'static str {
                    match self {
                        $(Self::$variant => $word,)+
                    }
                }
            }
        )+
    };
}

words! {
    /// Which way a call goes.
    Direction {
        /// Somebody calls us.
        Inbound = 1 "inbound",
        /// We call somebody back.
        Return = 2 "return",
    }
    /// What a tag speaks of.
    TagKey {
        /// What the call is about.
        Topic = 1 "topic",
        /// The stage of the client's journey.
        Stage = 2 "stage",
        /// A test call.
        Test = 3 "test",
        /// There was a conflict.
        Conflict = 4 "conflict",
        /// What was chosen in the menu.
        MenuChoice = 5 "menu_choice",
        /// The caller needs more time.
        NeedsMoreTime = 6 "needs_more_time",
        /// The menu itself served the caller.
        SelfServed = 7 "self_served",
    }
    /// Who set a tag.
    TaggedBy {
        /// Not said.
        Unknown = 0 "unknown",
        /// The agent.
        Agent = 1 "agent",
        /// The voice menu.
        Menu = 2 "menu",
        /// The dialplan.
        Dialplan = 3 "dialplan",
    }
    /// Why a call was turned away.
    RefusalReason {
        /// All channels were taken.
        Busy = 1 "busy",
        /// Outside opening hours.
        Closed = 2 "closed",
        /// The queue was full.
        Full = 3 "full",
        /// Nobody was there to serve the queue.
        NoAgents = 4 "no_agents",
        /// Sent elsewhere before any queue.
        Diverted = 5 "diverted",
    }
    /// How the switch says that a caller left a queue.
    QueueExit {
        /// Waited as long as the queue allows.
        Timeout = 1 "timeout",
        /// Left by key.
        KeyExit = 2 "key_exit",
        /// The last agent went away.
        LeftEmpty = 3 "left_empty",
        /// Moved by a person or by API.
        Withdrawn = 4 "withdrawn",
        /// Accepted to be called back.
        Callback = 5 "callback",
        /// Something broke.
        Error = 6 "error",
    }
    /// The one way in which a visit ended.
    Exit {
        /// An agent connected.
        Answered = 1 "answered",
        /// The caller hung up while nobody was ringing.
        AbandonedWaiting = 2 "abandoned_waiting",
        /// The caller hung up while an agent was ringing.
        AbandonedRinging = 3 "abandoned_ringing",
        /// Waited as long as the queue allows.
        Timeout = 4 "timeout",
        /// Left by key.
        KeyExit = 5 "key_exit",
        /// The last agent went away.
        LeftEmpty = 6 "left_empty",
        /// Moved by a person or by API.
        Withdrawn = 7 "withdrawn",
        /// Accepted to be called back.
        Callback = 8 "callback",
        /// Something broke, or no end was told.
        Error = 9 "error",
    }
    /// Exits as the wait histogram tells them apart.
    ExitClass {
        /// An agent connected.
        Answered = 1 "answered",
        /// The caller hung up.
        Abandoned = 2 "abandoned",
        /// Everything else.
        Other = 3 "other",
    }
    /// How the switch says that ringing ended without this agent.
    MissedReason {
        /// The agent did not pick up.
        NoAnswer = 1 "no_answer",
        /// The phone was busy.
        Busy = 2 "busy",
        /// The agent declined.
        Rejected = 3 "rejected",
        /// The caller hung up first.
        CallerGone = 4 "caller_gone",
        /// The queue's time was up.
        RingTimeout = 5 "ring_timeout",
        /// Another agent was quicker.
        AnsweredElsewhere = 6 "answered_elsewhere",
        /// Something broke.
        Error = 7 "error",
    }
    /// How an offer ended.
    OfferResult {
        /// The agent answered.
        Answered = 1 "answered",
        /// The agent did not pick up.
        NoAnswer = 2 "no_answer",
        /// The phone was busy.
        Busy = 3 "busy",
        /// The agent declined.
        Rejected = 4 "rejected",
        /// The caller hung up first.
        CallerGone = 5 "caller_gone",
        /// The queue's time was up.
        RingTimeout = 6 "ring_timeout",
        /// Another agent was quicker.
        AnsweredElsewhere = 7 "answered_elsewhere",
        /// Something broke, or no end was told.
        Error = 8 "error",
    }
    /// Who ended a leg or a call.
    EndedBy {
        /// The caller.
        Caller = 1 "caller",
        /// The agent.
        Agent = 2 "agent",
        /// The switch.
        Pbx = 3 "pbx",
        /// Not known.
        Unknown = 4 "unknown",
    }
    /// How a caller is passed on.
    TransferMethod {
        /// Dropped onto the target.
        Blind = 1 "blind",
        /// Handed over after a consultation.
        Attended = 2 "attended",
        /// Joined, then one left.
        Conference = 3 "conference",
    }
    /// Whom a caller is passed on to.
    TargetKind {
        /// Another agent.
        Agent = 1 "agent",
        /// A queue.
        Queue = 2 "queue",
        /// A number outside.
        Outside = 3 "outside",
    }
    /// Why a caller could not be passed on.
    TransferFailure {
        /// The target did not answer.
        NoAnswer = 1 "no_answer",
        /// The target was busy.
        Busy = 2 "busy",
        /// The target declined.
        Refused = 3 "refused",
        /// The caller hung up meanwhile.
        CallerGone = 4 "caller_gone",
    }
    /// What came of a transfer.
    TransferOutcome {
        /// A human answered after it.
        Answered = 1 "answered",
        /// Nobody answered after it.
        Abandoned = 2 "abandoned",
        /// It went back to somebody who had the call before, and was answered.
        Returned = 3 "returned",
        /// It was begun and not done.
        Failed = 4 "failed",
    }
    /// How an attempt to call back ended.
    CallbackResult {
        /// We spoke to the caller.
        Reached = 1 "reached",
        /// Nobody answered.
        NoAnswer = 2 "no_answer",
        /// The phone was busy.
        Busy = 3 "busy",
        /// The call failed.
        Failed = 4 "failed",
    }
    /// The one way in which a call ended.
    Outcome {
        /// A human answered.
        Served = 1 "served",
        /// The menu's own goal was reached.
        SelfServed = 2 "self_served",
        /// Ended without a queue or a refusal.
        LeftBeforeQueue = 3 "left_before_queue",
        /// The caller hung up waiting.
        Abandoned = 4 "abandoned",
        /// Sent away without a human.
        Dismissed = 5 "dismissed",
        /// To be called back.
        CallbackPromised = 6 "callback_promised",
        /// A message was recorded.
        MessageLeft = 7 "message_left",
        /// Turned away, and no visit.
        Refused = 8 "refused",
        /// Sent elsewhere before any queue.
        Diverted = 9 "diverted",
        /// Answered by an agent without a queue.
        Direct = 10 "direct",
        /// No end was ever told.
        Unknown = 11 "unknown",
    }
    /// How a wait is foretold.
    Predictor {
        /// As long as whoever was answered last had waited (last to enter service).
        LastAnswered = 1 "last_answered",
        /// As long as whoever is first in the queue has waited so far (head of line).
        HeadOfLine = 2 "head_of_line",
        /// Places in the queue × the mean gap between answers.
        QueueLength = 3 "queue_length",
        /// The median of the curve of time to answer (W11).
        KaplanMeier = 4 "kaplan_meier",
    }
    /// What an agent is doing.
    AgentState {
        /// Free to take a call.
        Available = 1 "available",
        /// The phone rings.
        Ringing = 2 "ringing",
        /// With a caller.
        Talking = 3 "talking",
        /// Working after a call.
        WrapUp = 4 "wrap_up",
        /// On an outbound, consulting or direct call.
        OtherCall = 5 "other_call",
        /// With a client at the desk.
        Desk = 6 "desk",
        /// Paused.
        Paused = 7 "paused",
        /// Not there.
        LoggedOut = 8 "logged_out",
    }
    /// The one way in which the survey of a served call ended.
    Disposition {
        /// Not to be asked: not served, too short a talk, a test.
        NotEligible = 1 "not_eligible",
        /// The same caller was asked not long ago.
        QuietPeriod = 2 "quiet_period",
        /// Not drawn.
        NotSelected = 3 "not_selected",
        /// The caller hung up before the invitation.
        CallerLeftFirst = 4 "caller_left_first",
        /// The agent or the dialplan ended the call before the invitation.
        NotHandedOver = 5 "not_handed_over",
        /// A transfer led away from the survey.
        LostInTransfer = 6 "lost_in_transfer",
        /// Said no, or hung up in the invitation.
        Refused = 7 "refused",
        /// Invited, and no key at all.
        NoInput = 8 "noinput",
        /// Could not: language, hearing, no tone dialling.
        Unable = 9 "unable",
        /// Began, without an answer to the headline item.
        BreakOff = 10 "break_off",
        /// The headline item answered.
        Partial = 11 "partial",
        /// Every item on the path answered or skipped by key.
        Complete = 12 "complete",
        /// Something of ours or of the switch broke.
        TechnicalFailure = 13 "technical_failure",
    }
    /// How answers came.
    AnswerChannel {
        /// By keypad, at the end of a call.
        Phone = 1 "phone",
        /// On paper.
        Paper = 2 "paper",
        /// On a web page.
        Web = 3 "web",
        /// At the exit.
        Exit = 4 "exit",
        /// At the specialist's window.
        Window = 5 "window",
        /// On the mystery caller's score sheet.
        Mystery = 6 "mystery",
        /// In letters and appeals, counted by month.
        Appeal = 7 "appeal",
        /// In social networks, counted by month.
        Social = 8 "social",
    }
    /// Why clients are not content.
    Cause {
        /// No access to computers and internet, or no skill with them.
        ComputerAccess = 1 "computer_access",
        /// Long processes and waiting.
        LongWaiting = 2 "long_waiting",
        /// Poor service by specialists.
        PoorService = 3 "poor_service",
        /// The client's lack of confidence.
        LackOfConfidence = 4 "lack_of_confidence",
        /// None of these.
        Other = 5 "other",
    }
    /// Where a case stands.
    CaseState {
        /// Nobody has taken it.
        Opened = 1 "opened",
        /// It has an owner.
        Taken = 2 "taken",
        /// It is done.
        Closed = 3 "closed",
    }
    /// Why a call is asked, or not.
    SurveyReason {
        /// Asked: drawn.
        Drawn = 1 "drawn",
        /// Asked, though nothing was told of the call in time: nothing could be checked.
        Unbound = 2 "unbound",
        /// No human answered it.
        NotServed = 3 "not_served",
        /// The talk was too short.
        TalkShort = 4 "talk_short",
        /// It is a test.
        TestCall = 5 "test_call",
        /// No survey is configured for its line.
        NoSurvey = 6 "no_survey",
        /// The same caller was invited not long ago.
        InvitedBefore = 7 "invited_before",
        /// Not drawn.
        NotDrawn = 8 "not_drawn",
        /// The invitation came before the queue, and the caller said no.
        Declined = 9 "declined",
        /// The invitation came before the queue, and the caller pressed nothing.
        NoKey = 10 "no_key",
        /// The survey, or its version, is not known.
        UnknownSurvey = 11 "unknown_survey",
        /// Drawn, and no dialog was ever opened: the caller hung up first.
        CallerLeft = 12 "caller_left",
        /// Drawn, and no dialog was ever opened: the agent or the dialplan ended the call.
        NotHandedOver = 13 "not_handed_over",
        /// Drawn, and no dialog was ever opened: a transfer led away from it.
        LostInTransfer = 14 "lost_in_transfer",
    }
}

impl Exit {
    /// The class under which the wait histogram shows it.
    pub const fn class(self) -> ExitClass {
        match self {
            Self::Answered => ExitClass::Answered,
            Self::AbandonedWaiting | Self::AbandonedRinging => ExitClass::Abandoned,
            Self::Timeout
            | Self::KeyExit
            | Self::LeftEmpty
            | Self::Withdrawn
            | Self::Callback
            | Self::Error => ExitClass::Other,
        }
    }
}

impl From<QueueExit> for Exit {
    fn from(exit: QueueExit) -> Self {
        match exit {
            QueueExit::Timeout => Self::Timeout,
            QueueExit::KeyExit => Self::KeyExit,
            QueueExit::LeftEmpty => Self::LeftEmpty,
            QueueExit::Withdrawn => Self::Withdrawn,
            QueueExit::Callback => Self::Callback,
            QueueExit::Error => Self::Error,
        }
    }
}

impl From<MissedReason> for OfferResult {
    fn from(reason: MissedReason) -> Self {
        match reason {
            MissedReason::NoAnswer => Self::NoAnswer,
            MissedReason::Busy => Self::Busy,
            MissedReason::Rejected => Self::Rejected,
            MissedReason::CallerGone => Self::CallerGone,
            MissedReason::RingTimeout => Self::RingTimeout,
            MissedReason::AnsweredElsewhere => Self::AnsweredElsewhere,
            MissedReason::Error => Self::Error,
        }
    }
}
