//! What is about SQLite files, or not about databases at all: `tests/run` leaves these out where the data lie in PostgreSQL.

mod disk_full;
mod files;
mod names;
mod week;
