//! Facts on their way out of the calls: to the metrics, to the store, to those who look after them.

use crate::metrics::Totals;
use crate::model::{AgentTold, ByKey, EpochIndex, Fact, LineTold, Mark, Mode, Position, SourceId};
use crate::store::{SettledCall, Unapplied};

use super::apply::Pipeline;

impl Pipeline {
    /// Passes facts on: to the metrics, and to the store unless it has them already.
    pub(super) fn take_facts(
        &mut self,
        name: &SourceId,
        facts: Vec<Fact>,
        position: Position,
        totals: &mut Totals,
    ) {
        let keep = position > self.stored_before;
        for fact in facts {
            totals.apply(name, &fact);
            match fact {
                Fact::Settled(settled) => {
                    if settled.mode == Mode::Live {
                        let mut facts = Vec::new();
                        let (call, record) = (&settled.call, &settled.record);
                        self.sessions.handle_settled(name, call, record, &mut facts);
                        facts.iter().for_each(|fact| totals.apply_survey(fact));
                    }
                    if settled.record.marks.has(Mark::CrowdedOut) {
                        self.note_crowd(name);
                    }
                    if keep {
                        self.on_the_way.settle(name, settled.key, settled.epoch);
                        let source = name.clone();
                        self.next.settled.push(SettledCall {
                            source,
                            position,
                            settled,
                        });
                    }
                }
                Fact::Late {
                    call,
                    kind,
                    sequence,
                    occurred_at,
                    told,
                } => {
                    self.source(name).late_events += 1;
                    if keep {
                        self.next.unapplied.push(Unapplied {
                            position,
                            source: name.clone(),
                            reason: "late",
                            call: call.as_str().to_owned(),
                            sequence,
                            kind: Some(kind),
                            occurred_at: Some(occurred_at),
                            told: Some(told),
                        });
                    }
                }
                Fact::CallExists { call, sequence } => {
                    self.source(name).call_exists_events += 1;
                    if keep {
                        self.next.unapplied.push(Unapplied {
                            position,
                            source: name.clone(),
                            reason: "call_exists",
                            call: call.as_str().to_owned(),
                            sequence,
                            kind: None,
                            occurred_at: None,
                            told: None,
                        });
                    }
                }
                Fact::AgentTold { at, told, mode } => {
                    if keep {
                        let source = name.clone();
                        self.next.agents.push(AgentTold {
                            source,
                            at,
                            told,
                            mode,
                        });
                    }
                }
                Fact::LineTold { at, told, .. } => {
                    if keep {
                        let source = name.clone();
                        self.next.lines.push(LineTold { source, at, told });
                    }
                }
                Fact::CallArrived
                | Fact::VisitOffered { .. }
                | Fact::VisitEnded { .. }
                | Fact::VisitDecided { .. }
                | Fact::Corrected
                | Fact::WrapUp { .. } => {}
            }
        }
    }

    /// Says once a source that calls of it are let go.
    fn note_crowd(&mut self, name: &SourceId) {
        let max = self.options.calls.open_calls_max;
        let source = self.source(name);
        if !source.crowded {
            source.crowded = true;
            tracing::warn!(
                source = %name,
                open_calls_max = max,
                "too many calls are open: those longest without news are closed without their end; is a finish of an import missing, or the ends of calls?"
            );
        }
    }
}

/// A later event of the same row must find a call settled.
pub(super) fn note_settled(facts: &[Fact], settled: &mut ByKey<EpochIndex>) {
    for fact in facts {
        if let Fact::Settled(call) = fact {
            settled.insert(call.key, call.epoch);
        }
    }
}
