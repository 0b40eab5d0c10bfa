//! A call made again with what was told too late is the call that it would have been.

use proptest::prelude::*;

use super::notation::Step;
use super::{chance, run, settle};
use crate::calls::{Retold, retell, told_event};
use crate::model::{EpochIndex, Mark, Marks, Settled, Timestamp};

fn steps() -> impl Strategy<Value = Vec<Step>> {
    prop_oneof![chance::plausible(), chance::anything()]
}

fn again(settled: &Settled, late: &[Vec<u8>]) -> Retold {
    let late: Vec<&[u8]> = late.iter().map(Vec::as_slice).collect();
    retell(&settled.told, &late, settled.record.marks).unwrap()
}

proptest! {
    #[test]
    fn whatever_came_late_the_call_is_the_one_told_in_time(steps in steps(), which in any::<prop::sample::Index>()) {
        prop_assume!(steps.len() > 1);
        let whole = settle(Timestamp::default(), steps.clone());
        let mut rest = steps;
        let late = rest.remove(which.index(rest.len()));
        let late = told_event(EpochIndex(1), &run::event("c", &late));
        let without = settle(Timestamp::default(), rest);

        let retold = again(&without, &late.into_iter().collect::<Vec<_>>());
        prop_assert_eq!(&retold.taken, &[true]);
        prop_assert_eq!(&retold.record, &whole.record);
        // Made again once more it stays as it is.
        let told = Settled { told: retold.told.clone(), record: retold.record.clone(), ..*whole };
        prop_assert_eq!(again(&told, &[]), Retold { taken: Vec::new(), ..retold });
    }
}

#[test]
fn a_call_that_was_crowded_out_is_so_until_its_end_is_known() {
    let mut marks = Marks::default();
    marks.add(Mark::CrowdedOut);
    let mut call = settle(
        Timestamp::default(),
        super::notation::parse("arrive 0; enter q 1"),
    );
    call.record.marks = marks;
    assert!(again(&call, &[]).record.marks.has(Mark::CrowdedOut));
    let end = super::notation::parse("end caller 9#7").remove(0);
    let end = told_event(EpochIndex(1), &run::event("c", &end)).unwrap();
    let retold = again(&call, &[end]);
    assert!(!retold.record.marks.has(Mark::CrowdedOut));
    assert_eq!(
        retold.record.ended_at,
        Some(Timestamp::from_micros(9_000_000))
    );
}
