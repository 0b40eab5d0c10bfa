//! The mapping, row by row, and the real months.

use proptest::prelude::*;

use super::*;

/// A row of the source's layout, made up; changed column by column.
struct Made {
    fields: Vec<(&'static str, String)>,
}

impl Made {
    fn answered() -> Self {
        Self::of(&[
            ("vru+line", "ZZ0907"),
            ("call_id", "4711"),
            ("customer_id", "12345678"),
            ("priority", "2"),
            ("type", "PS"),
            ("date", "990317"),
            ("vru_entry", "9:05:10"),
            ("vru_exit", "9:05:20"),
            ("vru_time", "10"),
            ("q_start", "9:05:20"),
            ("q_exit", "9:06:00"),
            ("q_time", "40"),
            ("outcome", "AGENT"),
            ("ser_start", "9:05:59"),
            ("ser_exit", "9:08:00"),
            ("ser_time", "121"),
            ("server", "NOBODYSNAME"),
        ])
    }

    fn left_menu() -> Self {
        Self::answered()
            .with("outcome", "HANG")
            .with("q_start", "0:00:00")
            .with("q_exit", "0:00:00")
            .with("q_time", "0")
            .with("server", "NO_SERVER")
    }

    fn of(fields: &[(&'static str, &str)]) -> Self {
        let fields = fields
            .iter()
            .map(|(name, value)| (*name, (*value).to_owned()));
        Self {
            fields: fields.collect(),
        }
    }

    fn with(mut self, column: &str, value: &str) -> Self {
        let field = self.fields.iter_mut().find(|(name, _)| *name == column);
        field.unwrap().1 = value.to_owned();
        self
    }

    fn line(&self) -> String {
        let values: Vec<&str> = self
            .fields
            .iter()
            .map(|(_, value)| value.as_str())
            .collect();
        values.join(",")
    }

    fn map(&self) -> Outcome {
        published_order().map(self.line().as_bytes())
    }

    fn story(&self) -> (Vec<String>, Vec<Warning>) {
        match self.map() {
            Outcome::Events(events, warnings) => (events.iter().map(told).collect(), warnings),
            other @ (Outcome::Skipped(_) | Outcome::Broken(_)) => panic!("{other:?}"),
        }
    }

    fn broken(&self) -> (Reason, String) {
        match self.map() {
            Outcome::Broken(broken) => (broken.reason, broken.column),
            other @ (Outcome::Events(..) | Outcome::Skipped(_)) => panic!("{other:?}"),
        }
    }
}

fn published_order() -> Columns {
    Columns::from_header(COLUMN_NAMES.join(",").as_bytes()).unwrap()
}

/// One event in a line: UTC time, then what was said.
fn told(event: &Event) -> String {
    let at = jiff::Timestamp::from_second(event.occurred_at.unwrap().seconds).unwrap();
    let Some(Body::Call(call)) = &event.body else {
        panic!("{event:?}")
    };
    let kind = call.kind.as_ref().unwrap();
    let what = if let Kind::Arrived(arrived) = kind {
        match arrived.caller.as_ref().unwrap().id.as_ref().unwrap() {
            Id::Opaque(id) => format!("arrived {id}"),
            Id::Withheld(true) => "arrived withheld".to_owned(),
            other @ (Id::Number(_) | Id::Withheld(false)) => panic!("{other:?}"),
        }
    } else if let Kind::QueueEntered(entered) = kind {
        format!("queue {}", entered.queue)
    } else if let Kind::AgentConnected(leg) = kind {
        format!("connected {} {}", leg.agent, leg.queue)
    } else if let Kind::AgentReleased(leg) = kind {
        format!("released {} {}", leg.agent, leg.by().as_str_name())
    } else if let Kind::Ended(ended) = kind {
        format!("ended {}", ended.by().as_str_name())
    } else {
        panic!("{event:?}")
    };
    format!("{} {at} {what}", call.call_id)
}

fn story(lines: &[&str]) -> Vec<String> {
    let id = "990317-ZZ0907-4711";
    lines.iter().map(|line| format!("{id} {line}")).collect()
}

#[test]
fn an_answered_call_is_five_events() {
    let (told, warnings) = Made::answered().story();
    // 9:05:10 in Jerusalem is 7:05:10 UTC in winter; wait 40 s, service 121 s.
    let expected = story(&[
        "1999-03-17T07:05:10Z arrived 12345678",
        "1999-03-17T07:05:20Z queue PS",
        "1999-03-17T07:06:00Z connected NOBODYSNAME PS",
        "1999-03-17T07:08:01Z released NOBODYSNAME ENDED_BY_UNKNOWN",
        "1999-03-17T07:08:01Z ended ENDED_BY_UNKNOWN",
    ]);
    assert_eq!(told, expected);
    assert_eq!(warnings, []);
}

#[test]
fn a_caller_who_hangs_up_in_the_queue_or_before_it() {
    let (told, _) = Made::answered().with("outcome", "HANG").story();
    assert_eq!(
        told[1..],
        story(&[
            "1999-03-17T07:05:20Z queue PS",
            "1999-03-17T07:06:00Z ended ENDED_BY_CALLER",
        ])
    );
    let (told, _) = Made::left_menu().story();
    assert_eq!(
        told,
        story(&[
            "1999-03-17T07:05:10Z arrived 12345678",
            "1999-03-17T07:05:20Z ended ENDED_BY_CALLER",
        ])
    );
}

#[test]
fn zero_queue_times_mean_no_queue_only_together_and_only_for_hang() {
    // Entered the queue at midnight exactly: 0:00:00 is a time there.
    let at_midnight = Made::left_menu()
        .with("q_exit", "0:00:30")
        .with("q_time", "30");
    assert_eq!(at_midnight.story().0.len(), 3);
    let waited = Made::left_menu().with("q_time", "7");
    assert_eq!(waited.story().0.len(), 3);
    // Answered at once: a visit with a wait of 0.
    let at_once = Made::left_menu().with("outcome", "AGENT");
    let (told, _) = at_once.story();
    assert_eq!(
        told[1..3],
        story(&[
            "1999-03-17T07:05:20Z queue PS",
            "1999-03-17T07:05:20Z connected unknown PS",
        ])
    );
}

#[test]
fn phantoms_are_skipped_whatever_else_they_say() {
    let phantom = Made::answered()
        .with("outcome", "PHANTOM")
        .with("q_time", "?");
    assert_eq!(phantom.map(), Outcome::Skipped(Skip::Phantom));
}

#[test]
fn a_menu_span_that_runs_backwards_is_midnight_or_two_clocks() {
    let over_midnight = Made::answered()
        .with("vru_entry", "23:59:50")
        .with("vru_exit", "0:00:05");
    let (told, warnings) = over_midnight.story();
    assert_eq!(told[1], story(&["1999-03-17T22:00:05Z queue PS"])[0]);
    assert_eq!(warnings, []);

    let two_clocks = Made::answered().with("vru_exit", "9:05:04");
    let (told, warnings) = two_clocks.story();
    assert_eq!(told[1], story(&["1999-03-17T07:05:10Z queue PS"])[0]);
    assert_eq!(warnings, [Warning::NegativeSpan]);

    // Exactly twelve hours are not more than twelve hours.
    let half_a_day = Made::answered()
        .with("vru_entry", "12:00:00")
        .with("vru_exit", "0:00:00");
    assert_eq!(half_a_day.story().1, [Warning::NegativeSpan]);
}

#[test]
fn negative_spans_count_as_nothing_and_are_counted() {
    let negative = Made::answered().with("q_time", "-3").with("ser_time", "-1");
    let (told, warnings) = negative.story();
    let at_queue_entry = |line: &String| line.contains(" 1999-03-17T07:05:20Z ");
    assert!(told[1..].iter().all(at_queue_entry), "{told:#?}");
    assert_eq!(warnings, [Warning::NegativeSpan, Warning::NegativeSpan]);
}

#[test]
fn callers_are_opaque_numbers_or_withheld() {
    let arrived = |customer: &str| {
        let (told, warnings) = Made::answered().with("customer_id", customer).story();
        let caller = told[0].rsplit(' ').next().unwrap().to_owned();
        (caller, warnings)
    };
    assert_eq!(arrived("7"), ("7".to_owned(), vec![]));
    assert_eq!(arrived("0"), ("withheld".to_owned(), vec![]));
    let unreadable = ("withheld".to_owned(), vec![Warning::CallerUnreadable]);
    assert_eq!(arrived("2.8E+07"), unreadable);
    assert_eq!(arrived(""), unreadable);
}

#[test]
fn blanks_quotes_and_long_spans_are_survived() {
    let odd = Made::answered()
        .with("type", " TT")
        .with("server", "\"NOBODYSNAME\"")
        .with("q_time", "28693")
        .with("ser_time", "61437");
    let (told, warnings) = odd.story();
    assert_eq!(told[1], story(&["1999-03-17T07:05:20Z queue TT"])[0]);
    // 7:05:20 + 28 693 s = 15:03:33; + 61 437 s = 8:07:30 of the next day.
    assert_eq!(
        told[2],
        story(&["1999-03-17T15:03:33Z connected NOBODYSNAME TT"])[0]
    );
    assert_eq!(
        told[4],
        story(&["1999-03-18T08:07:30Z ended ENDED_BY_UNKNOWN"])[0]
    );
    assert_eq!(warnings, []);
}

#[test]
fn columns_that_are_not_used_spoil_nothing() {
    let odd = Made::answered()
        .with("priority", "?")
        .with("vru_time", "-337")
        .with("ser_start", "")
        .with("ser_exit", "25:00:00");
    assert_eq!(odd.story(), Made::answered().story());
}

#[test]
fn the_hours_when_the_clock_is_moved() {
    // 2 April 1999, 2:00 → 3:00: 2:30 never was, it is 3:30 summer time.
    let missing = Made::answered()
        .with("date", "990402")
        .with("vru_entry", "2:30:00")
        .with("vru_exit", "3:30:10");
    let (told, warnings) = missing.story();
    assert_eq!(
        told[0],
        "990402-ZZ0907-4711 1999-04-02T00:30:00Z arrived 12345678"
    );
    assert_eq!(told[1], "990402-ZZ0907-4711 1999-04-02T00:30:10Z queue PS");
    assert_eq!(warnings, [Warning::MissingTime]);

    // 3 September 1999, 2:00 → 1:00: 1:30 was twice, the first one is summer time.
    let twice = Made::answered()
        .with("date", "990903")
        .with("vru_entry", "1:30:00")
        .with("vru_exit", "1:30:10");
    let (told, warnings) = twice.story();
    assert_eq!(
        told[0],
        "990903-ZZ0907-4711 1999-09-02T22:30:00Z arrived 12345678"
    );
    assert_eq!(told[1], "990903-ZZ0907-4711 1999-09-02T22:30:10Z queue PS");
    assert_eq!(warnings, [Warning::AmbiguousTime, Warning::AmbiguousTime]);

    // Shifted forward, the arrival would lie after the queue entry: never a call that waits before it comes.
    let jumped = Made::answered()
        .with("date", "990402")
        .with("vru_entry", "2:30:00")
        .with("vru_exit", "3:00:10");
    let (told, warnings) = jumped.story();
    assert_eq!(told[1], "990402-ZZ0907-4711 1999-04-02T00:30:00Z queue PS");
    assert_eq!(warnings, [Warning::MissingTime, Warning::NegativeSpan]);
}

#[test]
fn broken_fields_are_named_with_their_reason() {
    let cases = [
        ("vru+line", "", Reason::MissingValue),
        ("type", " ", Reason::MissingValue),
        ("outcome", "", Reason::MissingValue),
        ("outcome", "agent?", Reason::UnknownOutcome),
        ("call_id", "", Reason::BadNumber),
        ("call_id", "3.3E+04", Reason::BadNumber),
        ("q_time", "", Reason::BadNumber),
        ("q_time", "4O", Reason::BadNumber),
        ("q_time", "--4", Reason::BadNumber),
        ("ser_time", "86400", Reason::OutOfRange),
        ("ser_time", "99999999999999999999", Reason::OutOfRange),
        ("date", "991332", Reason::BadDate),
        ("date", "99031", Reason::BadDate),
        ("date", "99é31", Reason::BadDate),
        ("date", "980317", Reason::OutOfRange),
        ("vru_entry", "24:00:00", Reason::BadTime),
        ("vru_exit", "9:60:00", Reason::BadTime),
        ("vru_exit", "9:05:60", Reason::BadTime),
        ("q_start", "9:05", Reason::BadTime),
        ("q_exit", "9:05:20:00", Reason::BadTime),
        ("q_exit", "-9:05:20", Reason::BadTime),
    ];
    for (column, value, reason) in cases {
        let broken = Made::answered().with(column, value).broken();
        assert_eq!(broken, (reason, column.to_owned()), "{column} = {value:?}");
    }
}

#[test]
fn rows_of_another_width_and_rows_that_are_no_text() {
    let broken = |line: &[u8]| match published_order().map(line) {
        Outcome::Broken(broken) => (broken.reason, broken.column),
        other @ (Outcome::Events(..) | Outcome::Skipped(_)) => panic!("{other:?}"),
    };
    let line = Made::answered().line();
    let width = (Reason::FieldCount, String::new());
    assert_eq!(broken(format!("{line},").as_bytes()), width);
    assert_eq!(broken(&line.as_bytes()[..line.len() / 2]), width);
    assert_eq!(broken(b"Sorry"), width);
    let mut latin1 = line.into_bytes();
    let last = latin1.len() - 1;
    latin1[last] = 0xe9;
    assert_eq!(broken(&latin1), (Reason::NotUtf8, "server".to_owned()));
}

#[test]
fn headers_that_are_none() {
    let header = COLUMN_NAMES.join(",");
    let refused = |line: &str| Columns::from_header(line.as_bytes()).unwrap_err();
    assert_eq!(
        refused(&header.replace(",q_time", "")),
        "its header lacks q_time"
    );
    assert_eq!(
        refused("a,b,c"),
        "its first line is another header, or none"
    );
    assert_eq!(
        refused(&format!("{header},date")),
        "its header names date twice"
    );
    assert!(Columns::from_header(b"\x1f\x8b\xff,date").is_err());
    let with_more = Columns::from_header(format!("{header},mood").as_bytes()).unwrap();
    assert_eq!(with_more.unknown().collect::<Vec<_>>(), ["mood"]);
    let line = format!("{},good", Made::answered().line());
    assert_eq!(with_more.map(line.as_bytes()), Made::answered().map());
}

proptest! {
    #[test]
    fn the_order_of_the_columns_means_nothing(
        order in Just((0..17_usize).collect::<Vec<_>>()).prop_shuffle(),
        wait in -5..2000_i64,
        hangs in any::<bool>(),
    ) {
        let row = Made::answered()
            .with("q_time", &wait.to_string())
            .with("outcome", if hangs { "HANG" } else { "AGENT" });
        let header: Vec<&str> = order.iter().map(|&at| row.fields[at].0).collect();
        let values: Vec<&str> = order.iter().map(|&at| row.fields[at].1.as_str()).collect();
        let shuffled = Columns::from_header(header.join(",").as_bytes()).unwrap();
        prop_assert_eq!(shuffled.map(values.join(",").as_bytes()), row.map());
    }

    #[test]
    fn no_line_makes_it_panic(line in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = published_order().map(&line);
    }
}
