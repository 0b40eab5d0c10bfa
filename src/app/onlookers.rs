//! The threads of those who look on: scrapes of `/metrics`, wallboards, pictures of the board.
//!
//! They yield to the threads that take events in: an event is acked as fast beside two hundred boards as beside none. Who
//! looks waits a few milliseconds longer on a machine that is busy, and notices nothing.

use tokio::runtime::{Builder, Handle, Runtime};

/// Threads that serve, besides those that reckon.
const THREADS: usize = 1;

/// Of a busy processor they get a quarter beside the others.
#[cfg(target_os = "linux")]
const NICE: i32 = 5;

/// A runtime of their own; ends, without waiting for anybody, when it is dropped.
pub(super) struct Onlookers {
    runtime: Option<Runtime>,
    handle: Handle,
}

impl Onlookers {
    /// Starts it.
    ///
    /// # Errors
    /// When the system has no thread to give.
    pub(super) fn start() -> std::io::Result<Self> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(THREADS)
            .thread_name("onlooker")
            .enable_all()
            .on_thread_start(yield_to_others)
            .build()?;
        let handle = runtime.handle().clone();
        let runtime = Some(runtime);
        Ok(Self { runtime, handle })
    }

    /// Where to run what is theirs.
    pub(super) fn handle(&self) -> &Handle {
        &self.handle
    }
}

impl Drop for Onlookers {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// Lowers the calling thread's priority; elsewhere than on Linux that would lower the whole process's.
fn yield_to_others() {
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{getpriority_process, setpriority_process};
        let lowered = getpriority_process(None)
            .and_then(|already| setpriority_process(None, already.max(NICE)));
        if let Err(error) = lowered {
            tracing::debug!(%error, "the threads of onlookers keep the usual priority");
        }
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    fn priority() -> i32 {
        rustix::process::getpriority_process(None).unwrap()
    }

    #[tokio::test]
    async fn only_their_threads_yield() {
        let before = priority();
        let onlookers = Onlookers::start().unwrap();
        let theirs = onlookers.handle().spawn(async {
            let reckoning = tokio::task::spawn_blocking(priority);
            [priority(), reckoning.await.unwrap()]
        });
        let nice = before.max(NICE);
        assert_eq!(theirs.await.unwrap(), [nice, nice]);
        assert_eq!(priority(), before);
    }
}
