//! What a commit is known by before anybody has applied it.

use tokio::sync::watch;

use super::super::database::Database;
use super::super::writer::Options;
use super::*;
use crate::clock::Clock;
use crate::model::{SurveyEvent, SurveyId, SurveyText};

/// Commits of the test, none of which is taken from the writer.
const COMMITS: usize = 300;

fn note() -> Note {
    let at = Timestamp::from_micros(1_700_000_000_000_000);
    let text = SurveyText {
        survey: SurveyId::new("one"),
        version: 1,
        put_at: at,
        text: "".into(),
    };
    Note {
        source: SourceId::new("pbx"),
        at,
        event: SurveyEvent::Defined(text),
    }
}

#[tokio::test]
async fn what_was_answered_is_committed_whoever_has_applied_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.db");
    let (stored_sender, stored) = watch::channel(Position(0));
    let open = async || {
        let database = Database::open(&path).await.unwrap();
        let (committed, standing) = mpsc::channel(COMMITS);
        let writer = Writer::new(
            database,
            Options::default(),
            Clock::system(),
            committed,
            stored.clone(),
        );
        let (writer, handle) = writer.await.unwrap();
        (tokio::spawn(writer.run()), handle, standing)
    };
    let (writer, handle, standing) = open().await;
    let chores = handle.chores();
    for commit in 1..=COMMITS as u64 {
        let noted = handle.note(vec![note()]).await.unwrap();
        assert_eq!(*noted.get(), Position(commit));
        assert_eq!(handle.committed(), Position(commit));
        assert_eq!(chores.committed(), Position(commit));
    }
    drop(handle);
    writer.await.unwrap().unwrap();
    assert_eq!(standing.len(), COMMITS, "nobody has applied them");

    let (writer, handle, _standing) = open().await;
    assert_eq!(handle.committed(), Position(COMMITS as u64));
    drop(handle);
    writer.await.unwrap().unwrap();
    drop(stored_sender);
}
