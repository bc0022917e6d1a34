use proptest::prelude::*;
use tempfile::TempDir;

use super::*;
use crate::chaos::testing::run;
use crate::provider::Change;

fn place() -> Place {
    Place::Local {
        stack: "s".into(),
        pid: 7,
    }
}

fn intent(id: &str) -> OpenIntent {
    OpenIntent {
        change: ChangeId(id.into()),
        fault: "lose a pod".into(),
        place: place(),
        what: Change::KillPods {
            pods: vec!["shop-1".into()],
            grace_ms: 0,
        },
        targets: vec!["shop-1".into()],
        words: "kill shop-1\nat once".into(),
        undo: "nothing".into(),
        calls: Vec::new(),
    }
}

fn id(text: &str) -> ChangeId {
    ChangeId(text.into())
}

async fn create(folder: &TempDir) -> Journal {
    let index = Index::at(folder.path().join("index"));
    Journal::create(folder.path(), "run-1", vec![place()], &index)
        .await
        .expect("a fresh folder takes a journal")
}

#[test]
fn what_was_done_and_not_undone_is_open() {
    run(async {
        let folder = TempDir::new().unwrap();
        let journal = create(&folder).await;
        for record in [
            Record::Intent(Box::new(intent("1"))),
            Record::Done { change: id("1") },
            Record::Intent(Box::new(intent("2"))),
            Record::Failed {
                change: id("2"),
                reason: "timeout".into(),
            },
            Record::Intent(Box::new(intent("3"))),
            Record::UndoIntent { change: id("1") },
            Record::Undone { change: id("1") },
            Record::UndoIntent { change: id("3") },
            Record::UndoFailed {
                change: id("3"),
                reason: "no".into(),
            },
        ] {
            journal.append(record).await.unwrap();
        }
        // The latest is undone first.
        assert_eq!(journal.open_changes(), [intent("3"), intent("2")]);
        let entries = read(journal.path()).unwrap();
        assert_eq!(open_intents(&entries), journal.open_changes());
        assert_eq!(run_of(&entries).as_deref(), Some("run-1"));
        assert!(!closed(&entries));
    });
}

#[test]
fn a_journal_in_use_is_left_alone() {
    run(async {
        let folder = TempDir::new().unwrap();
        let journal = create(&folder).await;
        let error = Journal::reopen(journal.path(), None).expect_err("it is locked");
        assert!(matches!(error, JournalError::InUse { .. }), "{error}");
        let path = journal.path().to_owned();
        drop(journal);
        Journal::reopen(&path, None).expect("nobody holds it");
    });
}

#[test]
fn the_index_knows_unfinished_journals_only() {
    run(async {
        let folder = TempDir::new().unwrap();
        let index = Index::at(folder.path().join("index"));
        assert_eq!(index.registered().unwrap(), []);
        let journal = create(&folder).await;
        std::fs::write(folder.path().join("index/broken.json"), "{").unwrap();
        let known = index.registered().unwrap();
        assert_eq!(known.len(), 1);
        assert_eq!(known[0].journal, journal.path());
        assert_eq!(known[0].run, "run-1");
        assert_eq!(known[0].places, [place()]);
        journal.close("done").await.unwrap();
        assert_eq!(index.registered().unwrap(), []);
        assert!(closed(&read(journal.path()).unwrap()));
    });
}

#[test]
fn a_journal_is_never_overwritten() {
    run(async {
        let folder = TempDir::new().unwrap();
        drop(create(&folder).await);
        let index = Index::at(folder.path().join("index"));
        let again = Journal::create(folder.path(), "run-1", vec![], &index).await;
        assert!(matches!(again, Err(JournalError::Io { .. })));
    });
}

#[test]
fn damage_in_the_middle_is_told_with_its_line() {
    run(async {
        let folder = TempDir::new().unwrap();
        let journal = create(&folder).await;
        journal
            .append(Record::Intent(Box::new(intent("1"))))
            .await
            .unwrap();
        let path = journal.path().to_owned();
        drop(journal);
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, text.replacen("\"opened\"", "\"opnd\"", 1)).unwrap();
        let error = read(&path).expect_err("the first line is damaged");
        assert!(
            matches!(error, JournalError::Damaged { line: 1, .. }),
            "{error}"
        );
        assert!(error.to_string().contains("--stack NAME"), "{error}");
    });
}

/// A disk that takes this many bytes of a line and then fails.
struct FullDisk {
    file: file::LogFile,
}

impl Medium for FullDisk {
    fn append(&mut self, _line: Vec<u8>) -> Written<'_> {
        let _ = &self.file;
        Box::pin(async { Err(std::io::ErrorKind::StorageFull.into()) })
    }
}

#[test]
fn a_full_disk_is_an_error_and_opens_nothing() {
    run(async {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("j");
        let file = file::LogFile::create(&path).unwrap();
        let journal = Journal::on(path, Box::new(FullDisk { file }), None);
        let error = journal.append(Record::Intent(Box::new(intent("1")))).await;
        assert!(error.is_err());
        assert_eq!(journal.open_changes(), []);
    });
}

/// A journal's bytes with three intents, one of them undone.
fn bytes() -> Vec<u8> {
    run(async {
        let folder = TempDir::new().unwrap();
        let journal = create(&folder).await;
        for change in ["1", "2", "3"] {
            journal
                .append(Record::Intent(Box::new(intent(change))))
                .await
                .unwrap();
            let change = id(change);
            journal.append(Record::Done { change }).await.unwrap();
        }
        let change = id("2");
        journal.append(Record::Undone { change }).await.unwrap();
        std::fs::read(journal.path()).unwrap()
    })
}

#[test]
fn torn_at_any_byte_it_tells_exactly_the_whole_lines() {
    let whole = bytes();
    let all = file::parse(&whole).unwrap();
    for length in 0..=whole.len() {
        let torn = &whole[..length];
        let lines = torn.iter().filter(|byte| **byte == b'\n').count();
        assert_eq!(file::parse(torn).unwrap(), all[..lines], "torn at {length}");
    }
}

#[test]
fn torn_at_any_byte_it_can_be_continued() {
    let whole = bytes();
    run(async {
        for length in (0..=whole.len()).step_by(7) {
            let folder = TempDir::new().unwrap();
            let path = folder.path().join(FILE_NAME);
            std::fs::write(&path, &whole[..length]).unwrap();
            let (journal, entries) = Journal::reopen(&path, None).unwrap();
            journal
                .append(Record::Intent(Box::new(intent("9"))))
                .await
                .unwrap();
            let now = read(&path).expect("the torn line was cut off");
            assert_eq!(now.len(), entries.len() + 1);
            assert_eq!(open_intents(&now)[0], intent("9"));
        }
    });
}

proptest! {
    #[test]
    fn garbage_after_a_tear_is_either_cut_off_or_told(
        length in 0usize..2000,
        garbage in proptest::collection::vec(any::<u8>(), 0..40),
    ) {
        let whole = bytes();
        let mut torn = whole[..length.min(whole.len())].to_vec();
        torn.extend(&garbage);
        // Never a panic, and never an entry that was not written.
        if let Ok(entries) = file::parse(&torn) {
            let all = file::parse(&whole).unwrap();
            prop_assert!(entries.len() <= all.len());
            prop_assert_eq!(&entries[..], &all[..entries.len()]);
        }
    }
}
