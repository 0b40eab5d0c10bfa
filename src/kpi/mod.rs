//! The formulas of the catalogue: counts and spans in, figures out.
//!
//! One function a row of the catalogue, each a few lines long and without memory: who calls it has grouped the rows by
//! queue and interval. Spans are summed as integers, never as floats; a share without a denominator is `None`, never
//! 0 % or 100 %. What each figure means stands in `definitions`, and every report names the definitions it used.

mod abandonment;
mod agent_time;
mod call_tally;
mod callback;
mod cell_curve;
mod cells;
mod compat;
mod control;
mod counting;
mod definitions;
mod digest;
mod erlang;
mod exits;
mod glossary;
mod handling;
mod histogram;
mod interval;
mod journey;
mod kaplan_meier;
mod matrix;
mod outcome;
mod repeats;
mod rollup;
mod seconds;
mod service_level;
mod share;
mod survey;
mod transfer_tally;
mod transfers;
mod visit_tally;
mod volume;
mod wait;
mod waits;

pub use abandonment::{
    abandon_rate, is_abandoned_after_transfer, is_abandoned_short, is_answered_short,
};
pub use agent_time::{AgentKnown, AgentSpan, Stretch};
pub use call_tally::{CallTally, burden};
pub use callback::{Callback, is_unserved};
pub use cell_curve::CellCurve;
pub use cells::{Cells, Edges, QUANTILE_ERROR, Slots, cell_wait, wait_cell};
pub use compat::{CompatCounts, CompatFigure, Pack};
pub use control::{control_limits, design_effect};
pub use counting::{Counting, RoutesDigest, wait_edges};
pub use definitions::{CATALOGUE, Definition, Id, Threshold};
pub use digest::CallsDigest;
pub use erlang::{ErlangC, blocked, erlang_b, mean_load, offered_load};
pub use exits::ExitCounts;
pub use glossary::{Words, glossary, letters};
pub use handling::{
    AGENT_SHARE_LEAST, TALK_SHORT, agent_answer_rate, handle_time, is_agents_own, occupancy,
};
pub use histogram::WAIT_EDGES;
pub use interval::{Difference, Part, newcombe, wilson, wilson_widened};
pub use journey::{
    Journey, JourneyCounts, access, access_part, caller_burden, is_journey_within, journey,
    journey_of, journey_part, journey_wait, journey_wait_censored, time_to_human,
};
pub use kaplan_meier::{Curve, Step, WaitEnd, WatchedWait, quantile_of_sorted};
pub use matrix::{Matrix, Passed, PassedTo};
pub use outcome::{
    OutcomeCounts, ends_lost, is_lost, is_refused_closed, lost_rate, outcome_residual,
};
pub use repeats::{
    ATTEMPT_SLOTS, Contact, ContactKind, EPISODE_GAP, REPEAT_WINDOWS, Repeated, attempt_slot,
    before_episode, begins_episode, got_through, is_called_again, is_mature, is_redial, is_repeat,
    next_call, previous_call, repeat_rate, repeated, withheld_share,
};
pub use rollup::{RollupHead, Tally, WrittenTallies, merge_tallies, read_tallies};
pub use seconds::seconds_text;
pub use service_level::{
    LevelCounts, LevelFormula, ServiceLevel, abandoned_met, amazon, answered_only, decided_at,
    ignore_abandoned, is_decided, is_within, short, strict,
};
pub use survey::{
    AnswerCounts, DispositionCounts, Estimand, MeanGrade, Mix, NetPromoters, QuestionCounts, Score,
    Weighted, bottom_box, bounds, break_off_rate, cooperation_rate, coverage, effort_score,
    invitation_rate, is_invited, is_selected, mix, net_promoters, outside_share, resolution,
    response_rate_1, response_rate_2, score, top_box, trouble_rates, weighted_share,
};
pub use transfer_tally::TransferTally;
pub use transfers::{
    TRANSFERS_SLOTS, is_done, is_excessive, is_planned, is_return, is_served, is_transferred,
    is_wrong_door, transferred_call_rate, transfers_per_call, transfers_slot, wrong_door_rate,
};
pub use visit_tally::VisitTally;
pub use volume::{
    conservation_residual, demand, is_arrived, is_left_before_queue, is_offered, is_refused,
    refused_rate,
};
pub use wait::{
    Quantiles, WAIT_OVER_DEFAULT, WaitSummary, count_over, is_span_negative, max_wait, mean_wait,
    nearest_rank, share_over, wait, wait_sum,
};
pub use waits::{Held, Waits};
