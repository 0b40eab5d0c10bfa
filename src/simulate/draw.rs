//! Every random choice of the simulation, from one seed.
//!
//! ChaCha8 because its numbers are defined for good, whatever the library's default generator becomes. Logarithms and
//! exponentials are the platform's, so two platforms may differ in a span's last digit. The spans are the field's own:
//! log-normal for work (talks, wrap-up, rings), exponential for patience.

use std::time::Duration;

use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Binomial, Distribution as _, Exp1, StandardNormal};

/// The source of chance.
#[derive(Debug)]
pub(super) struct Draw(ChaCha8Rng);

impl Draw {
    pub(super) fn from_seed(seed: u64) -> Self {
        Self(ChaCha8Rng::seed_from_u64(seed))
    }

    /// True in a share of the cases.
    pub(super) fn chance(&mut self, share: f64) -> bool {
        self.0.random::<f64>() < share
    }

    /// A number from 0 up to, not with, 1.
    pub(super) fn unit(&mut self) -> f64 {
        self.0.random()
    }

    /// A number from 0 up to, not with, `count`; 0 when there is nothing to choose from.
    pub(super) fn below(&mut self, count: u32) -> u32 {
        if count == 0 {
            0
        } else {
            self.0.random_range(0..count)
        }
    }

    /// One of some things; there must be one.
    pub(super) fn one_of<T: Copy, const N: usize>(&mut self, things: [T; N]) -> T {
        const { assert!(N > 0) };
        things[self.0.random_range(0..N)]
    }

    /// A span between two.
    pub(super) fn between(&mut self, low: Duration, high: Duration) -> Duration {
        low + high.saturating_sub(low).mul_f64(self.unit())
    }

    /// A log-normal span; `spread` is σ of the logarithm. At most 20 medians, so that nobody talks for a day.
    pub(super) fn log_normal(&mut self, median: Duration, spread: f64) -> Duration {
        let z: f64 = StandardNormal.sample(&mut self.0);
        median.mul_f64((spread * z).exp().min(20.0))
    }

    /// An exponential span.
    pub(super) fn exponential(&mut self, mean: Duration) -> Duration {
        let times: f64 = Exp1.sample(&mut self.0);
        mean.mul_f64(times)
    }

    /// How many of `count` fall to a share.
    pub(super) fn binomial(&mut self, count: u64, share: f64) -> u64 {
        match Binomial::new(count, share.clamp(0.0, 1.0)) {
            Ok(distribution) => distribution.sample(&mut self.0),
            // Only for a share that is no number.
            Err(_) => 0,
        }
    }
}
