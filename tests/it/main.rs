//! Integration tests: the real binary, a real client, a real disk.

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on says so by panicking"
)]

mod harness;
mod promtool;
mod python;
mod smoke;
