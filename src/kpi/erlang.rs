//! What theory says of lines and agents: how often all lines are busy (Erlang-B), how long one waits (Erlang-C).
//!
//! Calls come at random with a steady rate, handling times are exponential, and nobody gives up; real callers do, so
//! that Erlang-C is the wait of a hotline without impatience. Results are floats in seconds: they are figures of a
//! model, with more digits than a clock has.

use std::time::Duration;

/// The load that calls bring, in erlang: arrivals a second × mean handling time. That many are being handled on average.
pub fn offered_load(arrivals_per_second: f64, handling: Duration) -> f64 {
    arrivals_per_second * handling.as_secs_f64()
}

/// The load offered over a time, in erlang: the time calls held ÷ the time, with refused calls as long as the carried
/// ones on average; `None` without time, or when every call was refused.
pub fn mean_load(held: Duration, arrived: u64, refused: u64, over: Duration) -> Option<f64> {
    let carried = arrived
        .checked_sub(refused)
        .filter(|carried| *carried > 0)?;
    let over = over.as_secs_f64();
    let offered = arrived as f64 / carried as f64;
    (over > 0.0).then(|| held.as_secs_f64() / over * offered)
}

/// The measured blocking: calls refused as busy ÷ calls that arrived.
pub fn blocked(refused: u64, arrived: u64) -> Option<f64> {
    super::share::share(refused, arrived)
}

/// Erlang-B: the share of calls that find all lines busy and are refused.
///
/// B₀ = 1, Bₖ = a·Bₖ₋₁ ÷ (k + a·Bₖ₋₁): each term is within 0 … 1, where aⁿ/n! would overflow at some 170 lines.
/// A. K. Erlang, *Solution of some problems in the theory of probabilities of significance in automatic telephone
/// exchanges*, 1917; the recursion as in D. L. Jagerman, Bell System Technical Journal 53 (1974) 525–551.
pub fn erlang_b(offered_load: f64, lines: u32) -> f64 {
    debug_assert!(offered_load >= 0.0, "a load is no debt");
    (1..=lines).fold(1.0, |blocked, line| {
        let more = offered_load * blocked;
        more / (f64::from(line) + more)
    })
}

/// What Erlang-C says of a queue in its steady state.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ErlangC {
    /// The share of calls that wait at all: every agent is busy.
    pub waiting_share: f64,
    /// The mean wait of all calls, those answered at once included, in seconds.
    pub mean_wait_s: f64,
    /// Callers in the queue on average.
    pub queue_length: f64,
    /// The share of their time that agents are with callers.
    pub occupancy: f64,
    /// A second's worth of agents beyond what the calls need, per handling time: what waits are worked off with.
    drain_per_second: f64,
}

impl ErlangC {
    /// Solves the queue; `None` when agents cannot keep up and it has no steady state.
    ///
    /// C = n·B ÷ (n − a·(1−B)), E\[W\] = C ÷ (n/h − λ), with B of Erlang-B, a = λ·h. R. B. Cooper, *Introduction to
    /// Queueing Theory*, 2nd edition 1981, section 3.4.
    pub fn solve(arrivals_per_second: f64, handling: Duration, agents: u32) -> Option<Self> {
        let load = offered_load(arrivals_per_second, handling);
        let n = f64::from(agents);
        let spare = n - load;
        if spare.is_nan() || spare <= 0.0 {
            return None;
        }
        let blocked = erlang_b(load, agents);
        // n − a·(1−B) without subtracting numbers of one size when load is close to n.
        let waiting_share = n * blocked / (spare + load * blocked);
        let drain_per_second = spare / handling.as_secs_f64();
        let mean_wait_s = waiting_share / drain_per_second;
        Some(Self {
            waiting_share,
            mean_wait_s,
            queue_length: arrivals_per_second * mean_wait_s,
            occupancy: load / n,
            drain_per_second,
        })
    }

    /// The share of calls answered within a threshold: 1 − C·e^(−(n/h − λ)·T).
    pub fn answered_within(&self, threshold: Duration) -> f64 {
        if self.waiting_share == 0.0 {
            return 1.0;
        }
        1.0 - self.waiting_share * (-self.drain_per_second * threshold.as_secs_f64()).exp()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn close(value: f64, expected: f64) {
        let error = (value - expected).abs();
        assert!(
            error <= 1e-9 * expected.abs() || error <= 1e-12,
            "{value} for {expected}"
        );
    }

    #[test]
    fn blocking_of_a_few_lines_by_hand() {
        for (load, lines, expected) in [
            // No line: everybody is refused. No load: nobody is.
            (2.0, 0, 1.0),
            (0.0, 0, 1.0),
            (0.0, 1, 0.0),
            // a ÷ (1 + a)
            (1.0, 1, 1.0 / 2.0),
            (3.0, 1, 3.0 / 4.0),
            // (a²/2) ÷ (1 + a + a²/2) = 2 ÷ (1 + 2 + 2)
            (2.0, 2, 2.0 / 5.0),
            // (a³/6) ÷ (1 + a + a²/2 + a³/6) = 4.5 ÷ (1 + 3 + 4.5 + 4.5)
            (3.0, 3, 4.5 / 13.0),
        ] {
            close(erlang_b(load, lines), expected);
        }
    }

    #[test]
    fn many_lines_do_not_overflow() {
        // With three times the load of the lines nearly all lines are always busy: about 1 − n/a is refused.
        let blocked = erlang_b(6000.0, 2000);
        assert!((2.0 / 3.0..0.667).contains(&blocked), "{blocked}");
        assert_eq!(erlang_b(f64::MAX, 10), 1.0);
    }

    #[test]
    fn one_agent_by_hand() {
        // λ = 0.005/s, h = 180 s: a = ρ = 0.9. M/M/1: P(W>0) = ρ, E[W] = ρ·h ÷ (1 − ρ) = 162 ÷ 0.1, Lq = λ·E[W].
        let handling = Duration::from_secs(180);
        let queue = ErlangC::solve(0.005, handling, 1).unwrap();
        close(queue.waiting_share, 0.9);
        close(queue.mean_wait_s, 1620.0);
        close(queue.queue_length, 8.1);
        close(queue.occupancy, 0.9);
        // Within 0 s: who does not wait. Within 20 s: 1 − 0.9·e^(−(1/180 − 0.005)·20) = 1 − 0.9·e^(−1/90).
        close(queue.answered_within(Duration::ZERO), 0.1);
        close(
            queue.answered_within(Duration::from_secs(20)),
            1.0 - 0.9 * (-1.0_f64 / 90.0).exp(),
        );
    }

    #[test]
    fn two_agents_by_hand() {
        // a = 1, n = 2: B = 0.5 ÷ 2.5 = 0.2; C = 2·0.2 ÷ (2 − 0.8) = 1/3; E[W] = h/3 ÷ (2 − 1).
        let queue = ErlangC::solve(0.01, Duration::from_secs(100), 2).unwrap();
        close(queue.waiting_share, 1.0 / 3.0);
        close(queue.mean_wait_s, 100.0 / 3.0);
    }

    #[test]
    fn agents_who_cannot_keep_up_have_no_steady_state() {
        let handling = Duration::from_secs(100);
        for (rate, agents) in [(0.01, 1), (0.03, 2), (0.01, 0), (0.0, 0), (f64::NAN, 1)] {
            assert_eq!(
                ErlangC::solve(rate, handling, agents),
                None,
                "{rate} {agents}"
            );
        }
        assert!(ErlangC::solve(0.0099, handling, 1).is_some());
    }

    #[test]
    fn without_calls_or_without_work_nobody_waits() {
        for (rate, seconds) in [(0.0, 100), (1.0, 0)] {
            let queue = ErlangC::solve(rate, Duration::from_secs(seconds), 1).unwrap();
            assert_eq!((queue.waiting_share, queue.mean_wait_s), (0.0, 0.0));
            assert_eq!(queue.answered_within(Duration::ZERO), 1.0);
        }
    }
}
