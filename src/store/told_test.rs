//! What was told of lines, asked for from a real file: the statements go by keys and indexes, and say what a look at
//! everything says.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::fixture::Chance;
use crate::model::{LineEvent, LineId, LineTold, SourceId, Timestamp};

use super::fixture::{SOURCES, opened, stretch};
use super::{BusyLines, Rows as _, Write};

fn at(second: u64) -> Timestamp {
    Timestamp::from_micros(second as i64 * 1_000_000)
}

/// What one who looks at everything finds.
fn busy_by_hand(
    told: &[LineTold],
    (start, end): (Timestamp, Timestamp),
    wanted: &BTreeSet<LineId>,
) -> BusyLines {
    let mut until = BTreeMap::new();
    for told in told.iter().filter(|told| told.at >= start) {
        let until = until.entry(told.source.clone()).or_insert(start);
        *until = told.at.min(end).max(*until);
    }
    let mut told: Vec<_> = told
        .iter()
        .filter(|told| (start..end).contains(&told.at))
        .collect();
    told.sort_by_key(|told| (told.at, told.source.clone(), told.told.line.clone()));
    let mut busy = BusyLines {
        until,
        ..BusyLines::default()
    };
    let is_wanted = |line: &LineId| wanted.is_empty() || wanted.contains(line);
    for (index, one) in told.iter().enumerate() {
        if !is_wanted(&one.told.line) {
            continue;
        }
        busy.first_told.get_or_insert(one.at);
        if one.told.total > 0 && one.told.busy >= one.told.total {
            let mut later = told[index + 1..].iter();
            let next =
                later.find(|next| next.source == one.source && next.told.line == one.told.line);
            let next = next.map(|next| next.at);
            busy.stretches.push((one.source.clone(), one.at, next));
        }
    }
    busy
}

#[tokio::test]
async fn when_all_channels_were_in_use_is_what_every_telling_says() {
    let mut chance = Chance(11);
    let mut lines = BTreeMap::new();
    for _ in 0..600 {
        let source = SourceId::new(SOURCES[chance.below(2) as usize]);
        let line = LineId::new(["a", "b", "c"][chance.below(3) as usize]);
        let at = at(chance.below(2_000));
        let told = LineEvent {
            line: line.clone(),
            busy: chance.below(5) as u32,
            // Not said, now and then.
            total: [0, 4, 4][chance.below(3) as usize],
        };
        let key = (source.clone(), line, at);
        lines.insert(key, LineTold { source, at, told });
    }
    let lines: Vec<_> = lines.into_values().collect();
    let folder = tempfile::tempdir().unwrap();
    let (store, mut writer) = opened(&folder).await;
    let write = Write {
        lines: lines.clone(),
        ..stretch(1)
    };
    writer.write(&write).await.unwrap();
    let mut found = 0;
    for period in [(0, 2_000), (300, 900), (900, 901), (5_000, 6_000)] {
        let period = (at(period.0), at(period.1));
        for wanted in [vec![], vec!["b"], vec!["a", "c"], vec!["nowhere"]] {
            let wanted = wanted.into_iter().map(LineId::new).collect();
            let expected = busy_by_hand(&lines, period, &wanted);
            found += expected.stretches.len();
            let busy = store.busy_lines(period, &wanted).await.unwrap();
            assert_eq!(busy, expected, "{period:?} {wanted:?}");
        }
    }
    assert!(found > 100, "there is something to be found");
}
