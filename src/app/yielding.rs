//! The threads of everything that follows the ack: calls, figures, rows, boards, scrapes, upkeep.
//!
//! They yield to the threads that take events in, so that an ack comes as soon beside a hundred boards and a year of
//! roll-ups as beside none. What follows an ack is seen some milliseconds later on a machine that is busy; it cannot fall
//! behind without bound, for the journal waits for it (`store_lag_max`).

use tokio::runtime::{Builder, Handle, Runtime};

/// One for the calls, one for their rows, one for who looks on; reckoning has threads besides.
const THREADS: usize = 3;

/// Of a busy processor they get a quarter beside the others.
#[cfg(target_os = "linux")]
const NICE: i32 = 5;

/// A runtime of their own; ends, without waiting for anybody, when it is dropped.
pub(super) struct Yielding {
    runtime: Option<Runtime>,
    handle: Handle,
}

impl Yielding {
    /// Starts it.
    ///
    /// # Errors
    /// When the system has no thread to give.
    pub(super) fn start() -> std::io::Result<Self> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(THREADS)
            .thread_name("yielding")
            .enable_all()
            .on_thread_start(lower_priority)
            .build()?;
        let handle = runtime.handle().clone();
        let runtime = Some(runtime);
        Ok(Self { runtime, handle })
    }

    /// Where to run what yields. A thread that is started from there, as a database's is, yields as well.
    pub(super) fn handle(&self) -> &Handle {
        &self.handle
    }
}

impl Drop for Yielding {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// Lowers the calling thread's priority; elsewhere than on Linux that would lower the whole process's.
fn lower_priority() {
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{getpriority_process, setpriority_process};
        let lowered = getpriority_process(None)
            .and_then(|already| setpriority_process(None, already.max(NICE)));
        if let Err(error) = lowered {
            tracing::debug!(%error, "what follows the ack keeps the usual priority");
        }
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    fn priority() -> i32 {
        rustix::process::getpriority_process(None).expect("a thread has a priority")
    }

    #[tokio::test]
    async fn only_its_threads_and_theirs_yield() {
        let before = priority();
        let yielding = Yielding::start().unwrap();
        let theirs = yielding.handle().spawn(async {
            let reckoning = tokio::task::spawn_blocking(priority);
            let started = std::thread::spawn(priority);
            [
                priority(),
                reckoning.await.unwrap(),
                started.join().unwrap(),
            ]
        });
        let nice = before.max(NICE);
        assert_eq!(theirs.await.unwrap(), [nice; 3]);
        assert_eq!(priority(), before);
    }
}
