//! Agents against the plan, as `dozvon watch` says it.

use crate::proto::v1;

/// `5 of 6`, marked when fewer are there than planned; `None` without a plan. Everybody who is not logged out counts as
/// there; where no agent is known, nobody can say who is.
pub(super) fn planned(agents: Option<&v1::AgentsLive>, planned: Option<u64>) -> Option<String> {
    let planned = planned?;
    let v1::AgentsLive {
        available,
        ringing,
        talking,
        wrap_up,
        other_call,
        desk,
        paused,
        logged_out,
    } = agents.copied().unwrap_or_default();
    let there = available + ringing + talking + wrap_up + other_call + desk + paused;
    if there + logged_out == 0 {
        return Some(format!("– of {planned}"));
    }
    let mark = if there < planned { "▲ " } else { "" };
    Some(format!("{mark}{there} of {planned}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_there_stands_beside_who_is_to_be() {
        let agents = v1::AgentsLive {
            available: 1,
            ringing: 1,
            talking: 1,
            wrap_up: 1,
            other_call: 1,
            desk: 1,
            paused: 1,
            logged_out: 5,
        };
        let gone = v1::AgentsLive {
            logged_out: 2,
            ..v1::AgentsLive::default()
        };
        let nobody_known = v1::AgentsLive::default();
        for (agents, plan, said) in [
            (agents, None, None),
            (agents, Some(7), Some("7 of 7")),
            (agents, Some(8), Some("▲ 7 of 8")),
            (agents, Some(0), Some("7 of 0")),
            (gone, Some(2), Some("▲ 0 of 2")),
            (gone, Some(0), Some("0 of 0")),
            (nobody_known, Some(6), Some("– of 6")),
        ] {
            assert_eq!(planned(Some(&agents), plan).as_deref(), said, "{plan:?}");
        }
        assert_eq!(planned(None, Some(6)).as_deref(), Some("– of 6"));
    }
}
