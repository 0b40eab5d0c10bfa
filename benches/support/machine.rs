//! What the figures were measured on: the machine, its disk in the same minutes, and the CPU time of this process.

use std::{
    fs::{self, File},
    io::{self, Write as _},
    time::{Duration, Instant},
};

use tempfile::TempDir;
use tokio::runtime::{Builder, Handle, Runtime};

/// Writes of one probe.
const PROBE_SYNCS: u32 = 300;
/// SQLite's page, and what one sync of a small commit takes to the disk at least.
const PROBE_BYTES: usize = 4096;
/// What /proc counts in, on every Linux that Rust runs on.
const TICKS_A_SECOND: f64 = 100.0;

/// The present moment.
#[expect(clippy::disallowed_methods, reason = "a bench measures time")]
pub(crate) fn now() -> Instant {
    Instant::now()
}

/// A folder on the disk of the build, not in a memory file system; `DOZVON_BENCH_DIR` chooses another.
pub(crate) fn folder() -> TempDir {
    let parent =
        std::env::var_os("DOZVON_BENCH_DIR").unwrap_or_else(|| env!("CARGO_TARGET_TMPDIR").into());
    tempfile::tempdir_in(parent).expect("the folder for benches can be written")
}

/// Cores and model of the CPU, in words.
pub(crate) fn describe() -> String {
    let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpu
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split_once(':'))
        .map_or("unknown CPU", |(_, model)| model.trim());
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split(' ').next().unwrap_or("?").to_owned();
    format!("{cores} cores, {model}, load before {load}")
}

/// How long `fdatasync` of 4 KiB takes in a folder now.
pub(crate) struct SyncProbe(Vec<Duration>);

impl SyncProbe {
    /// Syncs some pages one by one.
    pub(crate) fn run(folder: &std::path::Path) -> io::Result<Self> {
        let path = folder.join("probe");
        let mut file = File::create(&path)?;
        let page = [0x5a; PROBE_BYTES];
        let mut took = Vec::new();
        for _ in 0..PROBE_SYNCS {
            let began = now();
            file.write_all(&page)?;
            file.sync_data()?;
            took.push(began.elapsed());
        }
        fs::remove_file(path)?;
        took.sort_unstable();
        Ok(Self(took))
    }

    /// So large a share of them took at most this.
    pub(crate) fn quantile(&self, share: f64) -> Duration {
        self.0[((self.0.len() - 1) as f64 * share) as usize]
    }
}

impl std::fmt::Display for SyncProbe {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let millis = |share| self.quantile(share).as_secs_f64() * 1e3;
        let (p50, p99) = (millis(0.5), millis(0.99));
        write!(f, "fdatasync of 4 KiB p50 {p50:.2} / p99 {p99:.2} ms")
    }
}

/// A number of events, or a size, that `DOZVON_BENCH_EVENTS` may make smaller (or larger) for all scenarios.
pub(crate) fn events(by_default: u64) -> u64 {
    let Ok(text) = std::env::var("DOZVON_BENCH_EVENTS") else {
        return by_default;
    };
    text.parse()
        .expect("DOZVON_BENCH_EVENTS is a number of events")
}

/// CPU time of the whole machine so far, whoever spent it: of this process and of a database server beside it. On a machine
/// that does nothing else.
pub(crate) fn cpu_of_all() -> Duration {
    let stat = fs::read_to_string("/proc/stat").expect("there is a /proc");
    let all = stat.lines().next().unwrap_or_default();
    let ticks = all.split_whitespace().skip(1);
    let ticks: Vec<f64> = ticks.map(|ticks| ticks.parse().unwrap_or(0.0)).collect();
    // user nice system idle iowait irq softirq; what follows is counted among these, or stolen.
    let busy = [0, 1, 2, 5, 6].map(|field| ticks.get(field).copied().unwrap_or(0.0));
    Duration::from_secs_f64(busy.iter().sum::<f64>() / TICKS_A_SECOND)
}

/// Where whatever would run on another machine runs: on threads that have what nobody else wants of this one.
pub(crate) fn elsewhere() -> Handle {
    let lowest = || {
        let lowered = rustix::process::setpriority_process(None, 19);
        lowered.expect("a thread may lower its own priority");
    };
    let runtime = Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .on_thread_start(lowest)
        .build();
    // As long as the process: a runtime may not end inside another.
    let runtime: &'static Runtime = Box::leak(Box::new(runtime.expect("there are threads")));
    runtime.handle().clone()
}

/// Memory of this process that lies in RAM, in MiB.
pub(crate) fn memory_mib() -> f64 {
    let status = fs::read_to_string("/proc/self/status").expect("there is a /proc");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok());
    kib.unwrap_or(0.0) / 1024.0
}

/// CPU time of this process so far, all threads, user and system.
pub(crate) fn cpu() -> Duration {
    let stat = fs::read_to_string("/proc/self/stat").expect("there is a /proc");
    // The name of the process may hold spaces; after its bracket the fields are plain: state is the first.
    let fields = stat.rsplit_once(") ").map_or("", |(_, fields)| fields);
    let tick = |field| -> f64 {
        let field = fields.split(' ').nth(field);
        field.and_then(|ticks| ticks.parse().ok()).unwrap_or(0.0)
    };
    Duration::from_secs_f64((tick(11) + tick(12)) / TICKS_A_SECOND)
}
