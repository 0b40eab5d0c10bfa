//! A slow look over the rows behind the checkpoint.
//!
//! A start reads the rows that the store does not hold yet; those before them are read only when all is made again, and
//! then it is late to learn that a disk has lost one. So a task reads them in order, a few at a time, once after the start
//! and then once a day, and says in the log which cannot be read. It costs less than a hundredth of a core whatever the
//! rows are like: how long it rests follows from how long reading took.
//!
//! Not here: mending. Nothing is changed and nothing stops, since figures do not need these rows.

use std::time::Duration;

use tokio::sync::watch;

use crate::clock::Clock;
use crate::model::Position;

use super::database::{Error, Reader};
use super::record::{self, RecordError};

/// How long after a look the next one begins.
const LOOK_EVERY: Duration = Duration::from_secs(24 * 60 * 60);
/// The shortest rest between two reads: at most 256 rows a second, 22 million a day.
const REST_LEAST: Duration = Duration::from_millis(250);
/// How many times as long it rests as it read: half a hundredth of a core at the most.
const REST_TIMES: u32 = 200;
/// How soon it reads again after the database was lost.
const RETRY: Duration = Duration::from_secs(60);
/// Damaged rows that one look names; of a file that is ruined throughout the rest is counted.
const NAMED_MAX: u64 = 20;

/// Looks over the rows that the store holds, again and again.
pub async fn look_over(reader: Reader, stored: watch::Receiver<Position>, clock: Clock) {
    loop {
        let until = *stored.borrow();
        look_once(&reader, Look::until(until), &clock).await;
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

async fn look_once(reader: &Reader, mut look: Look, clock: &Clock) {
    while !look.is_done() {
        let began = clock.elapsed();
        match look.read_on(reader).await {
            Ok(damages) => damages.iter().for_each(Damage::log),
            // Who commits says so; the rows are where they were.
            Err(Error::Lost { .. }) => {
                tokio::time::sleep(RETRY).await;
                continue;
            }
            Err(error) => {
                let why = std::error::Error::source(&error).map(ToString::to_string);
                tracing::error!(
                    %error,
                    why,
                    "the journal's rows behind position {} cannot be read, so nobody knows whether they are damaged: \
                     look after the disk, and see docs/keeping.md",
                    look.at
                );
                return;
            }
        }
        let took = clock.elapsed().saturating_sub(began);
        tokio::time::sleep((took * REST_TIMES).max(REST_LEAST)).await;
    }
    if look.damaged > 0 {
        tracing::error!(
            rows = look.rows,
            damaged = look.damaged,
            "the journal was looked over, and some of its rows are damaged"
        );
    } else if look.rows > 0 {
        tracing::info!(
            rows = look.rows,
            "the journal was looked over, and each row can be read"
        );
    }
}

/// One look over the rows up to a position.
struct Look {
    at: Position,
    until: Position,
    rows: u64,
    damaged: u64,
}

impl Look {
    fn until(until: Position) -> Self {
        Self {
            at: Position(0),
            until,
            rows: 0,
            damaged: 0,
        }
    }

    fn is_done(&self) -> bool {
        self.at >= self.until
    }

    /// Reads the next rows and says which are damaged, as long as they are to be named.
    async fn read_on(&mut self, reader: &Reader) -> Result<Vec<Damage>, Error> {
        let rows = reader.rows_after(self.at).await?;
        let mut damages = Vec::new();
        // Where there are no more, those that were stored have been trimmed meanwhile.
        let mut at = self.until;
        for row in rows {
            at = row.last;
            if row.last > self.until {
                break;
            }
            self.rows += 1;
            if let Err(why) = record::decode(&row.body) {
                self.damaged += 1;
                if self.damaged <= NAMED_MAX {
                    let (first, last) = (row.first, row.last);
                    damages.push(Damage { first, last, why });
                }
            }
            // A row of thousands of events takes a millisecond: others have their turn.
            tokio::task::yield_now().await;
        }
        self.at = at;
        Ok(damages)
    }
}

/// A row that cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Damage {
    first: Position,
    last: Position,
    why: RecordError,
}

impl Damage {
    fn log(&self) {
        let Self { first, last, why } = self;
        tracing::error!(
            first = first.0,
            last = last.0,
            %why,
            "the journal's row of positions {first} to {last} is damaged: figures stand and a start goes on, but a lost \
             store cannot be made again and no caller can be erased; look after the disk, and take the row from a backup \
             (docs/keeping.md)"
        );
    }
}

#[cfg(test)]
#[path = "look_test.rs"]
mod tests;
