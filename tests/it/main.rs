//! Integration tests: the real binary, a real client, a real disk.

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on says so by panicking"
)]

mod agi;
mod alerts;
mod asterisk;
mod asterisk_record;
mod asterisk_settings;
mod asterisk_states;
mod bad_input;
mod bad_wire;
mod bank;
mod boards;
mod browser;
mod calls;
mod cases;
mod cli;
mod definitions;
mod deploy;
mod dialog;
mod dialogs;
mod estimates;
mod folded;
mod forms;
mod harness;
mod ingest;
mod ingest_flow;
mod ingest_time;
mod keeping;
mod lines;
mod live;
mod on_postgres;
mod on_sqlite;
mod onlookers;
mod pbx;
mod people;
mod postgres;
mod prometheus;
mod promtool;
mod python;
mod recompute;
mod restart;
mod rows;
mod scrape;
mod scraped;
mod sender;
mod smoke;
mod start;
mod statistics;
mod survey;
mod survey_report;
mod truth;
mod tuning;
mod views;
mod wall;
mod wall_faults;
