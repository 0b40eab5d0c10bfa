//! What stands on the board, and in which order.

use std::time::Duration;

use super::*;

fn s(seconds: u64) -> Option<pbjson_types::Duration> {
    Some(Duration::from_secs(seconds).into())
}

/// A queue of the switch `pbx` in which somebody has waited for so long.
fn queue(name: &str, state: v1::QueueState, oldest: u64) -> v1::QueueLive {
    v1::QueueLive {
        queue: name.to_owned(),
        open: true,
        waiting: u64::from(oldest > 0),
        oldest_journey: s(oldest),
        state: state.into(),
        sources: vec!["pbx".to_owned()],
        ..v1::QueueLive::default()
    }
}

fn source(name: &str, age: u64) -> v1::SourceLive {
    v1::SourceLive {
        source: name.to_owned(),
        data_age: s(age),
        ..v1::SourceLive::default()
    }
}

fn shown(sources: Vec<v1::SourceLive>, queues: Vec<v1::QueueLive>) -> v1::GetQueuesResponse {
    let hotline = v1::HotlineLive {
        sources,
        ..v1::HotlineLive::default()
    };
    v1::GetQueuesResponse {
        hotline: Some(hotline),
        queues,
        ..v1::GetQueuesResponse::default()
    }
}

/// The cells of the row of a queue in the table with this title.
fn row(text: &str, title: &str, queue: &str) -> Vec<String> {
    let mut lines = text
        .lines()
        .skip_while(|line| !line.trim_start().starts_with(title));
    let row = lines.find(|line| line.contains(queue));
    let row = row.unwrap_or_else(|| panic!("{queue} below {title} in\n{text}"));
    row.split("  ")
        .map(str::trim)
        .filter(|cell| !cell.is_empty())
        .map(str::to_owned)
        .collect()
}

#[test]
fn what_is_looked_at_first_stands_first() {
    let jobs = v1::QueueLive {
        state_because: "unheeded".to_owned(),
        too_long: vec![v1::TooLongLive {
            agent: "anna".to_owned(),
            state: "talking".to_owned(),
            span: s(16 * 60),
            ..v1::TooLongLive::default()
        }],
        paused_too_long: vec![
            v1::PausedTooLongLive {
                reason: "lunch".to_owned(),
                agents: 2,
                longest: s(44 * 60),
            },
            v1::PausedTooLongLive {
                reason: String::new(),
                agents: 1,
                longest: s(31 * 60),
            },
        ],
        ..queue("jobs", v1::QueueState::Stuck, 83)
    };
    let queues = vec![
        queue("archive", v1::QueueState::Good, 0),
        queue("benefits", v1::QueueState::Stuck, 30),
        jobs,
        queue("payments", v1::QueueState::Beyond, 25),
    ];
    let text = board(&shown(vec![source("pbx", 12)], queues), false, 200).whole();
    let words = [
        "■ 2 stuck",
        "3 waiting, the oldest for 1:23",
        "NOT CURRENT: no word from pbx for 0:12",
        "jobs ",
        "benefits ",
        "payments ",
        "archive ",
        "jobs: 2 paused for too long (lunch), the longest for 44:00",
        "jobs: 1 paused for too long (without a reason), the longest for 31:00",
        "jobs: anna talking for 16:00",
        "today ",
    ];
    let places = words.map(|word| {
        text.find(word)
            .unwrap_or_else(|| panic!("{word} in\n{text}"))
    });
    assert!(places.is_sorted(), "{places:?}\n{text}");
}

#[test]
fn nothing_is_wider_than_the_terminal_and_the_worst_queue_is_on_its_first_page() {
    let agents = Some(v1::AgentsLive::default());
    let queues = (0..3).map(|number| v1::QueueLive {
        agents,
        agents_there: Some(0),
        state_because: "nobody_there".to_owned(),
        ..queue(
            &format!("Отдел {number} и его очередь"),
            v1::QueueState::Stuck,
            4_000,
        )
    });
    let shown = shown(vec![source("pbx", 2)], queues.collect());
    for columns in [40, 80, 120] {
        let board = board(&shown, false, columns);
        let lines = || board.head.iter().chain(&board.body);
        assert!(
            lines().all(|line| line.chars().count() <= columns),
            "{board:#?}"
        );
        let first = board.body[1].as_str();
        assert!(first.starts_with("■  Отдел 0"), "{first}");
        assert!(first.contains("1:06:40"), "{first}");
        assert!(board.head.len() <= 3, "{board:#?}");
    }
}

#[test]
fn of_the_queues_asked_for_the_head_speaks_as_well() {
    let refused = v1::WindowLive {
        refused: 2,
        ..v1::WindowLive::default()
    };
    let jobs = v1::QueueLive {
        windows: vec![v1::WindowLive::default(), refused],
        day: Some(refused),
        ..queue("jobs", v1::QueueState::Good, 7)
    };
    let mut shown = shown(vec![source("pbx", 2), source("other", 300)], vec![jobs]);
    let hotline = shown.hotline.as_mut().unwrap();
    hotline.waiting = 10;
    hotline.oldest_journey = s(4_000);
    hotline.refused_today = 9;
    hotline.agents_planned = Some(6);
    let head = board(&shown, true, 200).head;
    let expected = "● all is well · 1 waiting, the oldest for 0:07 · refused 2 in 5 min, 2 today";
    assert_eq!(head, [expected]);
    let all = board(&shown, false, 200).head.join("\n");
    assert!(
        all.contains("refused 0 in 5 min, 9 today · agents as planned: – of 6"),
        "{all}"
    );
    assert!(
        all.contains("PARTLY NOT CURRENT: no word from other for 5:00"),
        "{all}"
    );
}

#[test]
fn queues_of_a_silent_switch_are_marked_as_not_known_and_counted_as_nothing_else() {
    let far = |name| v1::QueueLive {
        state_because: "silent".to_owned(),
        ..queue(name, v1::QueueState::NotKnown, 4_000)
    };
    let queues = vec![
        queue("archive", v1::QueueState::Good, 0),
        far("far away"),
        far("farther away"),
        queue("jobs", v1::QueueState::Stuck, 90),
    ];
    let gone = v1::SourceLive {
        gone: true,
        ..source("gone", 9_000)
    };
    let sources = vec![source("far", 63), gone, source("pbx", 1)];
    let mut shown = shown(sources, queues);
    let text = board(&shown, false, 200).whole();
    assert!(
        text.contains("PARTLY NOT CURRENT: no word from far for 1:03; its queues are marked ?"),
        "{text}"
    );
    assert!(text.contains("\n?  far away"), "{text}");
    assert_eq!(row(&text, "queue", "far away")[5], "not known", "{text}");
    assert!(text.starts_with("■ 1 stuck"), "{text}");
    // After what wants looking at, before what is well.
    let places = ["\n■  jobs", "\n?  far away", "\n●  archive"].map(|row| text.find(row).unwrap());
    assert!(places.is_sorted(), "{text}");
    shown.queues.pop();
    let text = board(&shown, false, 200).whole();
    assert!(text.starts_with("? 2 not known"), "{text}");
}

#[test]
fn clocks_that_are_off_and_events_that_never_came_are_said() {
    let skewed = |name: &str, seconds| v1::SourceLive {
        skew: Some(pbjson_types::Duration { seconds, nanos: 0 }),
        ..source(name, 1)
    };
    let lossy = v1::SourceLive {
        gap_events: 3,
        ..skewed("d", 30)
    };
    let sources = vec![skewed("b", 600), skewed("c", -61), lossy];
    let text = board(&shown(sources, Vec::new()), false, 200).whole();
    for said in [
        "b: its clock is 10:00 behind\n",
        "c: its clock is 1:01 ahead\n",
        "d: 3 events never came",
    ] {
        assert!(text.contains(said), "{said} in\n{text}");
    }
    assert!(!text.contains("d: its clock"), "{text}");
}

#[test]
fn agents_are_shown_in_every_state_and_unknown_ones_as_a_dash() {
    let known = v1::QueueLive {
        agents: Some(v1::AgentsLive {
            available: 1,
            ringing: 2,
            talking: 3,
            wrap_up: 4,
            other_call: 5,
            desk: 6,
            paused: 7,
            logged_out: 8,
        }),
        agents_there: Some(28),
        ..queue("jobs", v1::QueueState::Good, 0)
    };
    let queues = vec![known, queue("other queue", v1::QueueState::Good, 0)];
    let text = board(&shown(vec![source("pbx", 1)], queues), false, 200).whole();
    let known = row(&text, "queue", "jobs");
    assert_eq!(
        known[2..],
        [
            "0", "–", "1", "well", "–", "2", "3", "4", "11", "7", "–", "–", "–"
        ]
    );
    let unknown = row(&text, "queue", "other queue");
    assert_eq!(unknown[4], "–", "{text}");
    assert_eq!(unknown[7..12], ["–"; 5], "{text}");
}

#[test]
fn the_next_callers_wait_is_a_range_or_the_reason_that_is_news() {
    let given = v1::EstimateLive {
        low: s(20),
        wait: s(50),
        high: s(100),
        ..v1::EstimateLive::default()
    };
    assert_eq!(next_waits(Some(&given)), "0:20–1:40");
    for (because, said) in [
        ("nobody_there", "nobody there"),
        ("closed", "closed"),
        ("too_few", "–"),
        ("silent", "–"),
    ] {
        let none = v1::EstimateLive {
            none_because: because.to_owned(),
            ..v1::EstimateLive::default()
        };
        assert_eq!(next_waits(Some(&none)), said);
    }
}

#[test]
fn today_stands_beside_what_is_usual_and_lost_are_calls() {
    let mut jobs = queue("jobs", v1::QueueState::Good, 0);
    jobs.day = Some(v1::WindowLive {
        offered: 84,
        answered: 60,
        // Of visits nobody gave up; four calls were sent away.
        abandoned: 0,
        abandon_rate: Some(0.0),
        calls_offered: 80,
        calls_lost: 4,
        lost_rate: Some(0.05),
        ..v1::WindowLive::default()
    });
    jobs.usual = Some(v1::UsualLive {
        offered: 75.5,
        offered_expected: 190.2,
        ..v1::UsualLive::default()
    });
    jobs.agents_there = Some(5);
    jobs.agents_planned = Some(6);
    let text = board(&shown(Vec::new(), vec![jobs]), false, 200).whole();
    let cells = row(&text, "today", "jobs");
    assert_eq!(
        cells,
        [
            "jobs",
            "84",
            "76",
            "190",
            "60",
            "–",
            "–",
            "4",
            "5.0 %",
            "–",
            "–",
            "0",
            "▲ 5 of 6"
        ],
        "{text}"
    );
}
