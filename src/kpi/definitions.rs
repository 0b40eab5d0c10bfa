//! The catalogue: what each figure means, in one sentence, with a version.
//!
//! A changed formula or threshold makes a new version; a figure names the definition it was computed by, so that an old
//! one never changes its meaning silently.

use std::borrow::Cow;

/// One definition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Definition {
    /// Its id in the catalogue.
    pub id: &'static str,
    /// Its version.
    pub version: u32,
    /// What it says, in one sentence.
    pub sentence: Cow<'static, str>,
}

/// The formula whose names would all be alike: the family's members are told apart by their ids.
const FAMILY: &str = "service level";

impl Definition {
    /// What it is called: the words before the sentence's colon, else its id; `abandon_rate` of AB1.
    pub fn name(&self) -> Cow<'_, str> {
        let name = match self.id {
            "W2q" => "queue_wait",
            "T1" => "transfers",
            "Q6" => "silences_and_repeats",
            "Q9" => "mean_grade",
            "Q14" => "weighted_top_box",
            id @ ("agent_states" | "headline" | "steering") => id,
            id => match self.sentence.split_once(": ") {
                Some((FAMILY, _)) => return Cow::Owned(format!("{FAMILY}, {id}")),
                Some((name, _)) => name
                    .strip_prefix(id)
                    .and_then(|name| name.strip_prefix(", "))
                    .unwrap_or(name),
                _ => id,
            },
        };
        Cow::Borrowed(name)
    }
}

/// Writes the catalogue: id, version, sentence.
macro_rules! catalogue {
    ($($name:ident $id:literal $version:literal $sentence:literal,)+) => {
        /// What names a definition.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[expect(missing_docs, reason = "the sentence of each is its doc")]
        pub enum Id { $($name,)+ }

        /// Every definition with a fixed sentence, in the catalogue's order.
        pub const CATALOGUE: &[Id] = &[$(Id::$name,)+];

        impl Id {
            /// The definition in force.
            pub const fn definition(self) -> Definition {
                match self {
                    $(Self::$name => Definition {
                        id: $id,
                        version: $version,
                        sentence: Cow::Borrowed($sentence),
                    },)+
                }
            }
        }
    };
}

catalogue! {
    V1 "V1" 1 "calls_offered: calls with at least one visit, at their arrival, under the first queue entered; our own return calls are none",
    V2 "V2" 1 "visits_offered: visits begun",
    V3 "V3" 1 "demand: calls with at least one visit, and calls refused and with no visit",
    V4 "V4" 1 "refused_rate: calls refused and with no visit ÷ V3",
    W1 "W1" 1 "wait: exit − queue entry, ringing included; time in the menu before the queue is no wait",
    Outcomes "outcomes" 1 "calls that arrived, by the one way in which each ended; arrived − all of them − open is outcome_residual and must be 0",
    W2 "W2" 1 "journey_wait: first answer − first queue entry, gaps between queues included; of unanswered calls until their end, shown apart; a call that a human answered before its first queue has none",
    W2q "W2q" 1 "the waits in queues before any human answered, summed",
    W3 "W3" 1 "time_to_human: first answer − arrival, with or without a queue",
    W4 "W4" 1 "transfer_wait: the waits of visits that began after a human answered, summed",
    W5 "W5" 1 "ASA: Σ wait of answered visits ÷ their number",
    W6 "W6" 1 "mean_time_to_abandon: Σ wait of abandoned visits ÷ their number",
    W7 "W7" 1 "max_wait: the longest wait, over all exits",
    W8 "W8" 1 "oldest_waiting: now − the earliest queue entry that still waits; through the lens of journeys − the first queue entry of its call; live only, no report has it",
    W9 "W9" 1 "wait quantiles: nearest rank over exact waits, that is, element ⌈p·n⌉ of the n sorted",
    W10 "W10" 1 "share_over(x): visits with a wait longer than x ÷ visits that ended",
    W11 "W11" 1 "time-to-answer by Kaplan and Meier: whoever abandons, leaves otherwise or still waits is censored, known to have had no answer so far; on the event basis a wait that is older than the interval counts from its age then; assumes patience independent of the offered wait",
    W12 "W12" 1 "caller_burden: all waits and holds of a call, waits after a transfer among them",
    W13 "W13" 1 "missed_offer_time: the ringing of offers that were not answered, while the caller waited, summed",
    Strict "strict" 1 "service level: answered within T ÷ visits decided, that is, ended or waiting for as long as T",
    Short "short" 1 "service level: answered within T ÷ (visits decided − abandoned within s)",
    IgnoreAbandoned "ignore_abandoned" 1 "service level: answered within T ÷ (answered + abandoned − abandoned within T)",
    AbandonedMet "abandoned_met" 1 "service level: (answered + abandoned within T) ÷ (answered + abandoned)",
    AnsweredOnly "answered_only" 1 "service level: answered within T ÷ answered",
    Amazon "amazon" 1 "service level: left within T by answer, abandon or callback ÷ visits decided",
    Journey "journey" 1 "service level: calls answered by a human within T of their first queue entry ÷ calls decided; T is that of the first queue",
    Access "access" 1 "service level: the numerator of journey ÷ (calls decided + calls refused and with no visit)",
    Ab1 "AB1" 1 "abandon_rate: visits abandoned ÷ visits that ended",
    Ab2 "AB2" 1 "lost_rate: calls with a visit that ended abandoned or dismissed ÷ V1, under the first queue entered",
    Ab3 "AB3" 1 "short abandons: visits abandoned within s",
    Ab4 "AB4" 1 "abandoned after a transfer: visits abandoned that began after somebody had passed the call on",
    Ab5 "AB5" 1 "left before the queue: calls that ended without a queue or a refusal",
    Ab6 "AB6" 1 "short answered: visits answered with a talk shorter than x",
    AgentAnswerRate "agent_answer_rate" 1 "offers answered ÷ offers answered, not answered, busy or rejected; below 10 such offers it is not shown",
    Aht "AHT" 1 "handle time: (talk + hold + wrap-up) ÷ legs handled, by the agent's own legs; talk is without hold",
    Occupancy "occupancy" 1 "handling ÷ (handling + available); ringing, breaks and logged-out time are in neither",
    AgentStates "agent_states" 1 "one state an agent at each instant: talking and ringing by the calls, wrap-up until its told end, elsewhere as the switch told",
    R1 "R1" 2 "repeats: calls whose caller had called no longer than the window before, whatever the queue; shared numbers, those with more calls on one local day of the period than was asked for, are listed and left out of R1 to R7",
    R2 "R2" 1 "repeat_rate: repeats ÷ calls with a known caller",
    R3 "R3" 1 "redials: repeats whose previous call no human answered",
    R4 "R4" 1 "called_again: calls followed by another of the same caller no longer than the window after; immature where the window reaches beyond what is known",
    R5 "R5" 1 "got_through: of the people who tried in the interval, those who spoke to someone in it, and after how many attempts",
    R6 "R6" 1 "lost_people: people who tried in the interval, never spoke to anyone in it and were not reached back",
    R7 "R7" 1 "episodes: redials no more than 30 min apart are one; an answer or our reaching the caller ends it",
    Unserved "unserved" 1 "calls that reached a queue or were refused, with no human answer, no self-service and no kept callback",
    Blocking "blocking" 1 "blocked: calls refused as busy ÷ calls that arrived; beside it Erlang-B of the mean load, Σ time of carried calls ÷ time observed, refused calls added at the mean of the carried",
    T1 "T1" 1 "transfers by method (blind, attended, conference) and target (agent, queue, outside), after a human answered",
    T2 "T2" 1 "consult_only: consultations without a hand-over; no transfers",
    T3 "T3" 1 "transferred_call_rate: served calls with at least one transfer ÷ served calls",
    T4 "T4" 1 "transfers_per_call: transfers ÷ served calls, and calls by number of transfers",
    T5 "T5" 1 "returns: transfers to an agent or queue that had the call before; the depth is the number of returns of a call",
    T6 "T6" 1 "failed: transfers begun and not done, by cause",
    T7 "T7" 1 "after a transfer: answered, abandoned, or returned and answered, each with its W4; pending while the caller still waits; of an outside number nobody tells who answers: answered",
    T8 "T8" 2 "wrong_door_rate: served calls whose first answering queue is not the last one that answered, whichever agents they were passed to besides, planned routes from one to the other left out ÷ served calls",
    T9 "T9" 2 "matrix: transfers by the queue, or the agent, they left and by where they went, with returns and the callers' time spent: the wait W4 after the transfer, and the time with agents, hold included, until the next transfer or the end",
    T10 "T10" 1 "excessive: calls with more transfers than the limit k, those along a planned route not counted; k is that of the first answering queue at the call's arrival; loops: the ways of calls passed on twice or more, or sent back, with the calls behind them",
    T11 "T11" 1 "reroutes: moves between queues before any human answered; no transfers",
    Q1 "Q1" 1 "invitation_rate: sessions whose invitation began ÷ sessions to be asked, that is, all but not_eligible, quiet_period and not_selected",
    Q2 "Q2" 1 "response_rate_1, RR1: complete ÷ sessions to be asked",
    Q3 "Q3" 1 "response_rate_2, RR2: (complete + partial) ÷ sessions to be asked",
    Q4 "Q4" 1 "cooperation_rate: (complete + partial) ÷ sessions whose invitation began",
    Q5 "Q5" 1 "break_off: sessions that ended at a question, unanswered ÷ sessions in which it was asked",
    Q6 "Q6" 1 "silences, keys that were no answer and wishes to hear it again, by question",
    Q7 "Q7" 1 "top_box: answers that the question's version declares positive ÷ all who answered it, in complete, partial and broken-off sessions alike; beside it the lowest two grades, and what stands outside the scale",
    Q8 "Q8" 1 "net promoters: the share of 9 and 10 less that of 0 to 6, of all who answered; 95 % interval by Zou and Donner from Wilson's bounds of both",
    Q9 "Q9" 1 "mean grade of a scale, the worst grade being 1, without answers outside the scale; of a question on effort it is CES",
    Q10 "Q10" 1 "resolution: yes ÷ (yes + no) to the question solved",
    Q11 "Q11" 1 "bounds: the top box if all who were to be asked and did not answer were unhappy, and if all were happy",
    Q12 "Q12" 1 "respondents against all: a group's share of the respondents beside its share of all handled calls",
    Q13 "Q13" 1 "coverage: respondents ÷ handled calls, by transfers, by who hung up first, and by queue, hour and wait",
    Q14 "Q14" 1 "weighted top box; per call: each answer weighs 1 ÷ the probability by which its call was drawn; per person: each person who answered weighs 1 ÷ the probability that any of their calls among which was drawn would be, and counts with the share of their answers that is positive; effective n by Kish",
    Steering "steering" 1 "an agent's share of calls to be asked, and of invitations (Q1), with the limits between which chance alone would leave it: the share of all agents ∓ 3·√(p(1−p)÷n); fewer than ten are not shown, nobody is ranked",
    CiscoIgnored "cisco_ignored" 1 "Cisco, SL Aban Ignored: answered within T ÷ (service-level events − abandoned within T); calls abandoned within s, and those that left otherwise within T, are no events and are left out",
    CiscoNegative "cisco_negative" 1 "Cisco, SL Aban Negative: answered within T ÷ service-level events; calls abandoned within s, and those that left otherwise within T, are no events and are left out",
    CiscoPositive "cisco_positive" 1 "Cisco, SL Aban Positive: (answered within T + abandoned within T) ÷ service-level events; calls abandoned within s, and those that left otherwise within T, are no events and are left out",
    AmazonLevel "amazon_service_level" 1 "Amazon Connect, service level: left within T by answer, abandon or callback ÷ contacts queued; refused calls are left out",
    AsteriskFirst "asterisk_sl" 1 "Asterisk, SL: answered within T ÷ answered; everybody who was not answered is left out",
    AsteriskSecond "asterisk_sl2" 1 "Asterisk, SL2: (answered within T + abandoned within T) ÷ (answered + abandoned), time-outs and empty queues among the abandoned; who left by key, to be called back or still waits is left out",
    WazoQuality "wazo_quality_of_service" 1 "Wazo, quality_of_service: answered within T ÷ answered; everybody who was not answered is left out",
}

/// A threshold that some definitions speak of; its value is a definition, too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Threshold {
    /// T: answered within it counts for the service level.
    ServiceLevel,
    /// s: abandoned within it is a short abandon.
    ShortAbandon,
    /// x: a talk shorter than it is a short one.
    ShortAnswered,
    /// k: a call with more transfers is passed on too often.
    ExcessiveLimit,
}

impl Threshold {
    /// Its letter in the catalogue.
    pub const fn id(self) -> &'static str {
        match self {
            Self::ServiceLevel => "T",
            Self::ShortAbandon => "s",
            Self::ShortAnswered => "x",
            Self::ExcessiveLimit => "k",
        }
    }

    /// Its value in force in words, as `20 s`; `None` when the queues in question differ. `version` counts its changes.
    pub fn definition(self, version: u32, value: Option<&str>) -> Definition {
        let id = self.id();
        let sentence = value.map_or_else(
            || format!("{id}: each queue has its own"),
            |value| format!("{id} = {value}"),
        );
        Definition {
            id,
            version,
            sentence: sentence.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_definition_has_a_name_of_its_own() {
        let all = || CATALOGUE.iter().map(|id| id.definition());
        let names: BTreeSet<_> = all().map(|one| one.name().into_owned()).collect();
        assert_eq!(names.len(), all().count(), "{names:?}");
        for one in all() {
            let name = one.name();
            let coded = name.len() < 4 && name.bytes().any(|byte| byte.is_ascii_digit());
            assert!(name.len() < 40 && !coded, "{name} of {}", one.id);
        }
        let name = |id: Id| id.definition().name().into_owned();
        assert_eq!(name(Id::Ab1), "abandon_rate");
        assert_eq!(name(Id::Strict), "service level, strict");
        assert_eq!(name(Id::Occupancy), "occupancy");
    }

    #[test]
    fn ids_are_unique() {
        let letters = [
            Threshold::ServiceLevel,
            Threshold::ShortAbandon,
            Threshold::ShortAnswered,
            Threshold::ExcessiveLimit,
        ]
        .map(Threshold::id);
        let ids = CATALOGUE.iter().map(|id| id.definition().id).chain(letters);
        let unique: BTreeSet<_> = ids.clone().collect();
        assert_eq!(ids.count(), unique.len());
    }

    #[test]
    fn a_threshold_says_its_value_or_that_there_are_several() {
        let sentence = |value| Threshold::ServiceLevel.definition(2, value).sentence;
        assert_eq!(sentence(Some("12.5 s")), "T = 12.5 s");
        assert_eq!(sentence(None), "T: each queue has its own");
        let limit = Threshold::ExcessiveLimit.definition(1, Some("2"));
        assert_eq!(
            (limit.id, limit.version, &*limit.sentence),
            ("k", 1, "k = 2")
        );
    }
}
