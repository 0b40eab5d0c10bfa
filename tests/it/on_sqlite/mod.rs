//! What is about SQLite files: `tests/run` leaves these out where the data lie in PostgreSQL.

mod disk_full;
mod files;
mod names;
