//! Integration tests: the real binary, a real client, a real disk.

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on says so by panicking"
)]

mod bank;
mod harness;
mod promtool;
mod python;
mod scrape;
mod smoke;
mod truth;
