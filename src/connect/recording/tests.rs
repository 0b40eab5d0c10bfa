//! Files of every shape, read and refused.

use std::{fs, io::Write as _, sync::atomic::Ordering};

use flate2::{Compression, write::GzEncoder};
use tempfile::TempDir;

use super::*;

/// Rows of the layout, made up: `count` callers who hang up in the queue.
fn table(count: usize) -> String {
    let header = anonymous_bank::COLUMN_NAMES.join(",");
    let row = |at: usize| {
        let (minute, wait) = (at % 60, at % 7);
        format!(
            "ZZ0907,{at},0,0,PS,990317,9:{minute:02}:00,9:{minute:02}:05,5,\
             9:{minute:02}:05,9:{minute:02}:{:02},{wait},HANG,0:00:00,0:00:00,0,NO_SERVER",
            5 + wait
        )
    };
    let rows: Vec<String> = (1..=count).map(row).collect();
    format!("{header}\n{}\n", rows.join("\n"))
}

const HEADER: &str = r#"{"dozvon_events":1,"source":"sim","zone":"Europe/Samara"}"#;

fn log(count: usize) -> String {
    let line = |at: usize| {
        format!(
            r#"{{"occurredAt":"2024-03-01T08:00:00Z","call":{{"callId":"c{at}","ended":{{}}}}}}"#
        )
    };
    let lines: Vec<String> = (1..=count).map(line).collect();
    format!("{HEADER}\n{}\n", lines.join("\n"))
}

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

struct OnDisk {
    recording: Recording,
    _folder: TempDir,
}

fn on_disk(name: &str, format: Format, bytes: impl AsRef<[u8]>) -> OnDisk {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    fs::write(&path, bytes).unwrap();
    let recording = Recording {
        path,
        format,
        order: Order::AsWritten,
    };
    OnDisk {
        recording,
        _folder: folder,
    }
}

fn bank(name: &str, bytes: impl AsRef<[u8]>) -> OnDisk {
    on_disk(name, Format::AnonymousBank, bytes)
}

fn events(bytes: impl AsRef<[u8]>) -> OnDisk {
    on_disk("calls.jsonl", Format::Events, bytes)
}

impl OnDisk {
    fn identity(&self) -> Option<[u8; 32]> {
        self.recording.identify().unwrap()
    }

    fn items(&self) -> Vec<Item> {
        let identity = self.identity().unwrap();
        let bytes_read = Arc::new(AtomicU64::new(0));
        let mut items = Vec::new();
        let each = |item| {
            items.push(item);
            ControlFlow::Continue(())
        };
        let read = self
            .recording
            .read(&identity, Arc::clone(&bytes_read), each);
        read.unwrap();
        let total = self.recording.bytes_total().unwrap();
        assert_eq!(bytes_read.load(Ordering::Relaxed), total);
        items
    }

    /// Row numbers, lines, and for each how many events or which reason.
    fn told(&self) -> Vec<(u64, u64, String)> {
        let told = |item| match item {
            Item::Row(Row {
                number,
                line,
                outcome,
            }) => match outcome {
                Outcome::Events(events, _) => (number, line, format!("{} events", events.len())),
                Outcome::Skipped(skip) => (number, line, skip.name().to_owned()),
                Outcome::Broken(broken) => (number, line, broken.reason.name().to_owned()),
            },
            Item::UnknownColumn(name) => (0, 0, format!("unknown {name}")),
            Item::CutShort(broken) => (0, 0, broken.reason.name().to_owned()),
        };
        self.items().into_iter().map(told).collect()
    }

    fn refused(&self) -> String {
        let error = self.recording.identify().unwrap_err();
        assert!(matches!(error, Error::Alien { .. }), "{error}");
        error.to_string()
    }
}

#[test]
fn a_table_is_named_by_its_bytes_however_packed() {
    let plain = bank("a.csv", table(9));
    let packed = bank("b.csv.gz", gzip(&table(9)));
    assert_eq!(plain.identity(), packed.identity());
    assert_eq!(plain.items(), packed.items());
    assert_ne!(plain.identity(), bank("a.csv", table(10)).identity());
    let mut by_time = bank("a.csv", table(9));
    by_time.recording.order = Order::ByTime;
    assert_ne!(plain.identity(), by_time.identity());
}

#[test]
fn a_log_is_named_by_its_first_record_and_may_grow() {
    let short = events(log(3));
    let grown = events(log(5));
    assert_eq!(short.identity(), grown.identity());
    assert_eq!(short.items(), grown.items()[..3]);
    let other = events(log(3).replace("c1", "d1"));
    assert_ne!(short.identity(), other.identity());
    // Without the header the first record is the same.
    let bare = events(log(3).replace(&format!("{HEADER}\n"), ""));
    assert_eq!(bare.identity(), short.identity());
    assert_eq!(bare.items().len(), 3);
}

#[test]
fn a_half_written_line_is_left_for_the_next_time() {
    let text = log(3);
    let cut = events(&text[..text.len() - 10]);
    assert_eq!(cut.items().len(), 2);
    // Even when it could be read: it might go on.
    let unfinished = events(text.trim_end());
    assert_eq!(unfinished.items().len(), 2);
    // A log that has just begun has nothing to be named by.
    assert_eq!(events(format!("{HEADER}\n")).identity(), None);
    assert_eq!(events(&HEADER[..20]).identity(), None);
    assert_eq!(events(&text[..HEADER.len() + 20]).identity(), None);
    // A table does not grow: its last row needs no line break.
    let table = table(3);
    assert_eq!(bank("a.csv", table.trim_end()).items().len(), 3);
}

#[test]
fn broken_rows_are_told_by_row_and_line_and_the_rest_goes_on() {
    let text = table(3);
    let lines: Vec<&str> = text.lines().collect();
    let text = format!(
        "\u{feff}{},mood\r\n{},x\r\n\r\nnonsense\r\n{},y\r\n{}\r\n",
        lines[0],
        lines[1],
        lines[2].replace("HANG", "PHANTOM"),
        "z".repeat(LINE_BYTES_MAX)
    );
    let told = bank("a.csv", text).told();
    let expected = [
        (0, 0, "unknown mood"),
        (1, 2, "3 events"),
        (2, 4, "field_count"),
        (3, 5, "phantom"),
        (4, 6, "row_too_long"),
    ];
    assert_eq!(
        told,
        expected.map(|(row, line, what)| (row, line, what.to_owned()))
    );

    let text = log(2).replace("\"c1\"", "17");
    let told = events(text).told();
    let expected = [(1, 2, "bad_json"), (2, 3, "1 events")];
    assert_eq!(
        told,
        expected.map(|(row, line, what)| (row, line, what.to_owned()))
    );
}

#[test]
fn a_gzip_stream_that_breaks_off_gives_what_stood_before() {
    let whole = table(3_000);
    let packed = gzip(&whole);
    let cut = bank("a.csv.gz", &packed[..packed.len() / 2]);
    let items = cut.items();
    let (last, rows) = items.split_last().unwrap();
    assert!(matches!(last, Item::CutShort(broken) if broken.reason == Reason::TruncatedGzip));
    let all = bank("a.csv", whole).items();
    assert!(rows.len() > 100 && rows.len() < 3_000, "{}", rows.len());
    assert_eq!(rows, &all[..rows.len()]);
    // Garbage after the end spoils nothing of what stands before it.
    let followed = bank("a.csv.gz", [gzip(&table(3)), b"garbage".to_vec()].concat());
    assert_eq!(followed.items().len(), 3 + 1);
}

#[test]
fn files_of_no_such_format_say_what_was_expected() {
    let binary: Vec<u8> = (0..=255).rev().cycle().take(200_000).collect();
    let long_line = vec![b'x'; LINE_BYTES_MAX + 1];
    let cases = [
        (bank("a.csv", ""), "it is empty"),
        (bank("a.csv.gz", gzip("")), "it is empty inside"),
        (
            bank("a.csv.gz", table(1)),
            "it is named .gz and is not gzip",
        ),
        (
            bank("a.csv.gz", &gzip(&table(1))[..12]),
            "its gzip stream breaks off at once",
        ),
        (bank("a.csv", &binary), "its first line is no text"),
        (bank("a.csv", &long_line), "its first line is longer than"),
        (
            bank("a.csv", "a;b;c\n1;2;3\n"),
            "its first line is another header, or none",
        ),
        (
            bank("a.csv", table(1).replace("q_time", "q-time")),
            "its header lacks q_time",
        ),
        (
            bank("a.csv", log(1)),
            "its first line is another header, or none",
        ),
    ];
    for (file, why) in cases {
        let refused = file.refused();
        assert!(
            refused.contains(" is no anonymous-bank file: "),
            "{refused}"
        );
        assert!(refused.contains(why), "{refused}");
        assert!(
            refused.contains("expected a header line with vru+line,"),
            "{refused}"
        );
    }
    let cases = [
        (events(""), "it is empty"),
        (events(&binary), "neither a header nor an event"),
        (events(table(1)), "neither a header nor an event"),
        (events("no line break"), "neither a header nor an event"),
        (events(log(1).replace(":1,", ":9,")), "it is of version 9"),
    ];
    for (file, why) in cases {
        let refused = file.refused();
        assert!(refused.contains(" is no events file: "), "{refused}");
        assert!(refused.contains(why), "{refused}");
    }
}

#[test]
fn a_file_that_changes_meanwhile_is_found_out() {
    let file = bank("a.csv", table(3));
    let identity = file.identity().unwrap();
    fs::write(&file.recording.path, table(4)).unwrap();
    let read = file
        .recording
        .read(&identity, Arc::default(), |_| ControlFlow::Continue(()));
    assert!(matches!(read, Err(Error::Changed { .. })), "{read:?}");
}

#[test]
fn a_file_that_is_not_there() {
    let recording = Recording {
        path: PathBuf::from("/nowhere/at/all.csv"),
        format: Format::AnonymousBank,
        order: Order::AsWritten,
    };
    let error = recording.identify().unwrap_err();
    assert!(matches!(error, Error::Open { .. }), "{error}");
    assert!(error.to_string().contains("/nowhere/at/all.csv"), "{error}");
}
