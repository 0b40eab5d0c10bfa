//! Erasing one caller: their calls stay in every figure and are nobody's.
//!
//! First it is noted which calls they are, by their keys alone; then nothing can end it half-way for good: a start goes
//! on with what is noted. The pseudonym goes, the calls' ids, and what else may lead to the person: from the open calls,
//! from the journal's rows (under the positions that they have), from settled calls and events that wait for a recompute,
//! and at last from what the files still hold of removed things.

use std::collections::BTreeSet;
use std::time::Duration;

use sha2::{Digest as _, Sha256};

use crate::calls;
use crate::journal::{self, Entry, EntryKind};
use crate::model::{Body, CallId, CallKey, Mark, Position, SourceId};
use crate::store::{self, Chore, Erasure, ForgottenEvent, KeptCall, Rewrite};

use super::{Error, Upkeep};

/// Calls written again in one transaction.
const CALLS_A_PIECE: usize = 500;
/// How often a file that somebody reads is tried to be cleaned, and how long in all.
const CLEAN_RETRY: Duration = Duration::from_millis(200);
const CLEAN_TRIES: usize = 300;

/// Whom to erase.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Person {
    /// The hash of the pseudonym.
    pub hash: [u8; 16],
    /// Which key made it, where that is known.
    pub key: Option<u32>,
}

/// The calls of one person, by source and key.
type Theirs = BTreeSet<(SourceId, CallKey)>;

impl Upkeep {
    /// Erases a caller, as far as anything is known of them by now.
    ///
    /// # Errors
    /// When nobody of that pseudonym is known, something else is under way, or a database fails: what is noted by then is
    /// gone on with by the next start, or when it is asked again.
    pub async fn erase(&self, person: Person) -> Result<Erasure, Error> {
        let _turn = self.take_turn().await?;
        self.catch_up().await?;
        let forgotten = self.forgetter.forget(person.hash).await;
        let open = forgotten.ok_or(Error::Stopped)?;
        let calls_open = open.len() as u64;
        let theirs = self.find(person, open).await?;
        if theirs.is_empty() {
            return Err(Error::UnknownCaller);
        }
        let keys: Vec<_> = theirs.iter().cloned().collect();
        let act = Erasure {
            begun_at: self.clock.now(),
            key: person.key,
            calls: theirs.len() as u64,
            calls_open,
            digest: digest(&theirs),
            ..Erasure::default()
        };
        let digest = act.digest.clone();
        self.chores.ask(Chore::BeginErasure(act, keys)).await?;
        // Were the note lost in a crash and the journal's rows not, the rest could not be found.
        self.chores.ask(Chore::Sync).await?;
        let noted = self.store.erasures().await?;
        let act = noted.into_iter().rfind(|(act, _)| act.digest == digest);
        let (act, _) = act.ok_or(Error::Stopped)?;
        self.go_on(act, Some(person), &theirs).await
    }

    /// Goes on with what an earlier run began to erase.
    pub(super) async fn resume_erasures(&self) -> Result<(), Error> {
        let _turn = self.turn.lock().await;
        for (act, calls) in self.store.erasures().await? {
            let theirs: Theirs = calls.into_iter().collect();
            self.go_on(act, None, &theirs).await?;
        }
        Ok(())
    }

    /// Every call of a person.
    async fn find(&self, person: Person, open: Vec<(SourceId, CallKey)>) -> Result<Theirs, Error> {
        let mut theirs: Theirs = open.into_iter().collect();
        let settled = self.store.calls_of_person(&person.hash, &[]).await?;
        let keys = settled
            .iter()
            .map(|call| (call.source.clone(), call.place.call.key()));
        theirs.extend(keys);
        for late in self.store.unapplied().await? {
            let told = late.told.as_deref();
            let is_theirs = told.map(|told| calls::is_told_from(told, &person.hash));
            if let Some(Ok(true)) = is_theirs {
                theirs.insert((late.source, late.call.key()));
            }
        }
        let mut at = Position(0);
        while let Some((rows, last)) = self.rows(at).await? {
            at = last;
            for (_, _, entries) in rows {
                let events = entries.iter().flat_map(events);
                theirs.extend(events.filter_map(|(source, event)| match &event.body {
                    Body::Call { call, event } if calls::is_from(event, &person.hash) => {
                        Some((source.clone(), call.key()))
                    }
                    Body::Call { .. } | Body::Agent(_) | Body::Line(_) => None,
                }));
            }
        }
        Ok(theirs)
    }

    async fn go_on(
        &self,
        mut act: Erasure,
        person: Option<Person>,
        theirs: &Theirs,
    ) -> Result<Erasure, Error> {
        act.events = self.erase_events(theirs).await?;
        self.erase_calls(person, theirs).await?;
        let late = self.store.unapplied().await?;
        let late = late.into_iter().filter_map(|late| forgotten(late, theirs));
        let late: Vec<_> = late.collect::<Result<_, _>>()?;
        self.chores.ask(Chore::ForgetLate(late)).await?;
        let keys: Vec<_> = theirs.iter().cloned().collect();
        self.chores.ask(Chore::ForgetSessions(keys)).await?;
        self.clean().await?;
        act.finished_at = Some(self.clock.now());
        self.chores.ask(Chore::EndErasure(act.clone())).await?;
        tracing::info!(
            act = act.number,
            calls = act.calls,
            events = act.events,
            digest = act.digest,
            "erased a caller"
        );
        Ok(act)
    }

    /// Rewrites the journal's rows; says how many events of these calls it holds.
    async fn erase_events(&self, theirs: &Theirs) -> Result<u64, Error> {
        let (mut at, mut count) = (Position(0), 0);
        while let Some((rows, last)) = self.rows(at).await? {
            at = last;
            let mut changed = Vec::new();
            for (first, body, mut entries) in rows {
                let found = forget(&mut entries, theirs);
                count += found;
                let bytes = (found > 0).then(|| journal::encode(&entries));
                if let Some(bytes) = bytes.filter(|bytes| *bytes != body) {
                    changed.push((first, bytes));
                }
            }
            if !changed.is_empty() {
                let chore = journal::Chore::Rewrite(changed);
                self.ask_journal(chore).await?;
            }
        }
        Ok(count)
    }

    /// Makes settled calls nobody's.
    async fn erase_calls(&self, person: Option<Person>, theirs: &Theirs) -> Result<(), Error> {
        let hash = person.map_or([0; 16], |person| person.hash);
        let keys: Vec<_> = theirs.iter().cloned().collect();
        let calls = self.store.calls_of_person(&hash, &keys).await?;
        let left = calls.iter().filter(|call| !call.place.call.is_erased());
        let again = left.map(anonymous).collect::<Result<Vec<_>, _>>()?;
        for piece in again.chunks(CALLS_A_PIECE) {
            self.chores.ask(Chore::Rewrite(piece.to_vec())).await?;
        }
        Ok(())
    }

    /// Leaves nothing of what was removed in the files.
    pub(super) async fn clean(&self) -> Result<(), Error> {
        let mut tries = 0..CLEAN_TRIES;
        loop {
            match self.ask_journal(journal::Chore::Clean).await {
                Err(Error::Journal(journal::Error::Busy)) if tries.next().is_some() => {
                    tokio::time::sleep(CLEAN_RETRY).await;
                }
                done => break done?,
            }
        }
        loop {
            match self.chores.ask(Chore::Clean).await {
                Err(store::Error::Busy) if tries.next().is_some() => {
                    tokio::time::sleep(CLEAN_RETRY).await;
                }
                done => break drop(done?),
            }
        }
        self.journal.vacuum().await?;
        Ok(self.store.vacuum().await?)
    }

    /// The next rows of the journal behind a position, each with its first position and its bytes, and the last position;
    /// nothing at the end.
    async fn rows(&self, after: Position) -> Result<Option<(Vec<DecodedRow>, Position)>, Error> {
        let rows = self.journal.rows_after(after).await?;
        let Some(last) = rows.last().map(|row| row.last) else {
            return Ok(None);
        };
        let decode = move || {
            let decoded = rows.into_iter().map(|row| {
                let damaged = |source| journal::Error::Damaged {
                    position: row.first,
                    source,
                };
                let entries = journal::decode(&row.body).map_err(damaged)?;
                Ok((row.first, row.body, entries))
            });
            decoded.collect::<Result<Vec<_>, journal::Error>>()
        };
        let decoded = tokio::task::spawn_blocking(decode).await;
        Ok(Some((decoded.map_err(|_| Error::Stopped)??, last)))
    }
}

/// A journal row: its first position, its bytes, what they say.
type DecodedRow = (Position, Vec<u8>, Vec<Entry>);

fn events(entry: &Entry) -> impl Iterator<Item = (&SourceId, &crate::model::Event)> {
    let events: &[_] = match &entry.kind {
        EntryKind::Batch(events) => events,
        EntryKind::Heartbeat
        | EntryKind::Finish { .. }
        | EntryKind::Rejected(_)
        | EntryKind::Survey(_) => &[],
    };
    events.iter().map(|event| (&entry.source, event))
}

/// Forgets the person in the events of these calls; says how many there are.
fn forget(entries: &mut [Entry], theirs: &Theirs) -> u64 {
    let mut found = 0;
    for entry in entries {
        if let EntryKind::Survey(event) = &mut entry.kind
            && let Some(key) = event.call_key()
            && theirs.contains(&(entry.source.clone(), key))
        {
            event.forget();
            found += 1;
        }
        let EntryKind::Batch(events) = &mut entry.kind else {
            continue;
        };
        for event in events {
            let Body::Call { call, event } = &mut event.body else {
                continue;
            };
            let key = (entry.source.clone(), call.key());
            if theirs.contains(&key) {
                *call = CallId::erased(key.1);
                calls::forget_person(event);
                found += 1;
            }
        }
    }
    found
}

/// A settled call with nobody who called.
fn anonymous(call: &KeptCall) -> Result<Rewrite, Error> {
    let damaged = |_| Error::Damaged {
        call: call.place.call.as_str().to_owned(),
    };
    let told = calls::forget_in_told(&call.told, false).map_err(damaged)?;
    let mut marks = call.marks;
    marks.add(Mark::Erased);
    let retold = calls::retell(&told, &[], marks).map_err(damaged)?;
    let mut nobody_s = call.clone();
    nobody_s.place.call = CallId::erased(call.place.call.key());
    Ok(Rewrite {
        row: call.row,
        before: call.rows.instants(),
        call: nobody_s.with(retold.record, retold.told),
        taken: Vec::new(),
    })
}

/// A late event of one of these calls, as it is to be from now on.
fn forgotten(late: ForgottenEvent, theirs: &Theirs) -> Option<Result<ForgottenEvent, Error>> {
    if late.call.is_erased() || !theirs.contains(&(late.source.clone(), late.call.key())) {
        return None;
    }
    let told = late
        .told
        .as_deref()
        .map(|told| calls::forget_in_told(told, false));
    let told = told.transpose().map_err(|_| Error::Damaged {
        call: late.call.as_str().to_owned(),
    });
    Some(told.map(|told| ForgottenEvent { told, ..late }))
}

/// SHA-256 of sources and keys, in order.
fn digest(theirs: &Theirs) -> String {
    let mut hasher = Sha256::new();
    for (source, key) in theirs {
        hasher.update(source.as_str().as_bytes());
        hasher.update([0]);
        hasher.update(key.to_bytes());
    }
    let hash = hasher.finalize();
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}
