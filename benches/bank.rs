//! Three months of real calls through the real binary: rows a second imported, seconds to the ready line with them
//! stored and after a kill in the middle of the import, and what a month's report takes.
//!
//! The calls may not lie in the repository. They are looked for under `DOZVON_SHARED`, else in `shared` beside the
//! project; without them the bench says loudly that it is left out.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a bench prints, and stops at any failure"
)]

mod support;

use std::{
    fs::File,
    io::BufReader,
    path::{Path, PathBuf},
    process::{Command, ExitStatus, Stdio},
    thread,
    time::Duration,
};

use comfy_table::{CellAlignment, Table, presets};
use flate2::read::MultiGzDecoder;

use support::{
    machine::{self, SyncProbe, now},
    program::{Server, dozvon},
};

const MONTHS: [&str; 3] = ["january.csv.gz", "february.csv.gz", "march.csv.gz"];
/// Times each start and report is measured; the median counts.
const ROUNDS: usize = 5;

fn main() {
    let Some(files) = files() else {
        println!(
            "\n*** LEFT OUT: no real calls (set DOZVON_SHARED); import, start and reports were NOT measured ***\n"
        );
        return;
    };
    println!("Machine: {}", machine::describe());
    let folder = machine::folder();
    println!("{}", SyncProbe::run(folder.path()).unwrap());
    let mut table = Table::new();
    table.load_style(presets::UTF8_FULL_CONDENSED);
    table.set_header(["what", "figure", "compared with", "figure", "ratio"]);
    for column in [1, 3, 4] {
        let column = table.column_mut(column).unwrap();
        column.set_cell_alignment(CellAlignment::Right);
    }
    let mut add = |what: &str, figure: f64, compared: &str, with: f64| {
        let cells = [figure, with, figure / with].map(number);
        let [figure, with, ratio] = cells;
        table.add_row([what.to_owned(), figure, compared.to_owned(), with, ratio]);
    };

    let parsed = parsed_per_second(&files);
    let data = folder.path().join("whole");
    let (server, empty) = Server::start(&data);
    let imported = import(&server, &files);
    let rows = imported["rows"].as_u64().unwrap() as f64;
    let seconds = imported["seconds"].as_f64().unwrap();
    add(
        "import, rows/s",
        rows / seconds,
        "gunzip and split alone",
        parsed,
    );
    let events = imported["events"].as_u64().unwrap() as f64;
    println!("imported {rows} rows, {events} events in {seconds} s");

    let month = ["queues", "--from", "1999-01", "--to", "1999-02"];
    let nothing = ["queues", "--from", "1989-01", "--to", "1989-02"];
    let base = report(&server, &nothing);
    let of_nothing = "the same for no data";
    let total = report(&server, &month);
    add("report of a month, total, s", total, of_nothing, base);
    let halves = report(&server, &[&month[..], &["--bucket", "30m"]].concat());
    add("report of a month by 30 min, s", halves, of_nothing, base);

    server.terminate();
    let stored = median(|| {
        let (server, took) = Server::start(&data);
        server.terminate();
        took.as_secs_f64()
    });
    let empty = empty.as_secs_f64();
    let first = "the first start, empty";
    add("start with three months, s", stored, first, empty);
    let (server, _) = Server::start(&data);
    server.kill();
    let (server, took) = Server::start(&data);
    add("after kill -9, idle, s", took.as_secs_f64(), first, empty);
    server.terminate();

    for share in [0.3, 0.6, 0.9] {
        let data = folder.path().join(format!("killed at {share}"));
        let took = start_after_kill(&data, &files, seconds * share);
        let what = format!("after kill -9 at {:.0} % of the import, s", share * 100.0);
        add(&what, took.as_secs_f64(), first, empty);
    }
    println!("{table}");
}

fn number(figure: f64) -> String {
    if figure >= 100.0 {
        format!("{figure:.0}")
    } else {
        format!("{figure:.3}")
    }
}

fn median(mut round: impl FnMut() -> f64) -> f64 {
    let mut rounds: Vec<f64> = (0..ROUNDS).map(|_| round()).collect();
    rounds.sort_by(f64::total_cmp);
    rounds[ROUNDS / 2]
}

fn files() -> Option<Vec<PathBuf>> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared");
    let shared = std::env::var_os("DOZVON_SHARED").map_or(beside, PathBuf::from);
    let files = MONTHS.map(|month| shared.join("data/anonymous-bank").join(month));
    files
        .iter()
        .all(|file| file.is_file())
        .then(|| files.to_vec())
}

/// Rows a second that are unzipped and split at their commas, and nothing else.
fn parsed_per_second(files: &[PathBuf]) -> f64 {
    let began = now();
    let (mut rows, mut fields) = (0, 0);
    for file in files {
        let reader = BufReader::new(MultiGzDecoder::new(File::open(file).unwrap()));
        let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(reader);
        for row in reader.byte_records() {
            rows += 1;
            fields += row.unwrap().len();
        }
    }
    assert!(fields > rows, "the rows have columns");
    rows as f64 / began.elapsed().as_secs_f64()
}

fn import_command(server: &Server, files: &[PathBuf]) -> Command {
    let mut command = dozvon();
    command.args(["import", "anonymous-bank", "--server", &server.grpc]);
    command.args(files).stderr(Stdio::null());
    command
}

/// Imports the files; what the last line says.
fn import(server: &Server, files: &[PathBuf]) -> serde_json::Value {
    let output = import_command(server, files).output().unwrap();
    assert!(is_import_done(output.status), "{}", output.status);
    let said = String::from_utf8(output.stdout).unwrap();
    serde_json::from_str(said.lines().last().unwrap()).unwrap()
}

/// Rows that cannot be read are in the files: the rest was taken.
fn is_import_done(status: ExitStatus) -> bool {
    matches!(status.code(), Some(0 | 5))
}

/// Seconds of a report as a person waits for it, the command's own start with it.
fn report(server: &Server, args: &[&str]) -> f64 {
    median(|| {
        let mut command = dozvon();
        command.arg("report").args(args);
        command.args(["--zone", "UTC", "--server", &server.grpc]);
        let began = now();
        let output = command.output().unwrap();
        let took = began.elapsed().as_secs_f64();
        assert!(output.status.success(), "report {args:?}");
        took
    })
}

/// Kills the server so many seconds into an import; how long the next start takes. The import then goes on to its end.
fn start_after_kill(data: &Path, files: &[PathBuf], seconds: f64) -> Duration {
    let (server, _) = Server::start(data);
    let grpc = server.grpc.clone();
    let mut command = import_command(&server, files);
    let mut importing = command.stdout(Stdio::null()).spawn().unwrap();
    thread::sleep(Duration::from_secs_f64(seconds));
    server.kill();
    let (server, took) = Server::start_on(data, &grpc);
    assert!(is_import_done(importing.wait().unwrap()));
    server.terminate();
    took
}
