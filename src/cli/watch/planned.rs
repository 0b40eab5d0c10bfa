//! Agents against the plan, as `dozvon watch` says it.

/// `5 of 6`, marked when fewer are there than planned; `None` without a plan. Where no agent is known, nobody can say who
/// is there.
pub(super) fn planned(there: Option<u64>, planned: Option<u64>) -> Option<String> {
    let planned = planned?;
    Some(match there {
        None => format!("– of {planned}"),
        Some(there) if there < planned => format!("▲ {there} of {planned}"),
        Some(there) => format!("{there} of {planned}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_there_stands_beside_who_is_to_be() {
        for (there, plan, said) in [
            (Some(7), None, None),
            (Some(7), Some(7), Some("7 of 7")),
            (Some(7), Some(8), Some("▲ 7 of 8")),
            (Some(7), Some(0), Some("7 of 0")),
            (Some(0), Some(2), Some("▲ 0 of 2")),
            (Some(0), Some(0), Some("0 of 0")),
            (None, Some(6), Some("– of 6")),
        ] {
            assert_eq!(planned(there, plan).as_deref(), said, "{plan:?}");
        }
    }
}
