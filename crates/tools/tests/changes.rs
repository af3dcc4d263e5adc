//! Changes kept before they are made, and put back: all or none, and only where nobody else was there.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests may panic")]

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use proptest::prelude::*;
use q_tools::{ChangeLog, FileChange, Reversal, ToolSettings, Toolbox};
use serde_json::{Value, json};
use tokio::sync::mpsc;

const OWNER: &[u8] = b"a session";

/// A session's directory, where its changes are kept, and its tools.
struct Bench {
    _all: tempfile::TempDir,
    directory: PathBuf,
    kept: PathBuf,
    session: u128,
    toolbox: Arc<Toolbox>,
}

impl Bench {
    fn new(session: u128) -> Self {
        let all = tempfile::tempdir().unwrap();
        let real = all.path().canonicalize().unwrap();
        let (directory, kept) = (real.join("project"), real.join("changes"));
        fs::create_dir(&directory).unwrap();
        let log = ChangeLog::of(&kept, session, directory.clone());
        let toolbox = Toolbox::new(directory.clone(), &ToolSettings::default()).keeping(Some(log));
        Self { _all: all, directory, kept, session, toolbox: Arc::new(toolbox) }
    }

    /// One in whose first turn a file of one line was edited.
    async fn edited(session: u128) -> Self {
        let bench = Self::new(session);
        bench.put("a", "one\n");
        bench.edits(1, "a", "one", "eins").await;
        bench
    }

    fn log(&self) -> ChangeLog {
        ChangeLog::of(&self.kept, self.session, self.directory.clone())
    }

    /// A tool in that turn, permitted.
    async fn does(&self, turn: u64, tool: &str, input: Value) {
        self.toolbox.begin_turn(turn);
        let input = input.to_string();
        let digest = self.toolbox.digest(OWNER, tool, &input);
        let (progress, _hear) = mpsc::channel(1);
        let reply = self.toolbox.carry_out(OWNER, tool, &input, digest, &progress).await;
        assert!(!reply.is_failed, "{tool} {input}: {}", reply.text);
    }

    async fn edits(&self, turn: u64, path: &str, old: &str, new: &str) {
        self.does(turn, "edit", json!({ "path": path, "edits": [{ "old": old, "new": new }] })).await;
    }

    async fn writes(&self, turn: u64, path: &str, content: &str) {
        self.does(turn, "write", json!({ "path": path, "content": content })).await;
    }

    fn put(&self, path: &str, content: &str) {
        fs::write(self.directory.join(path), content).unwrap();
    }

    /// All files, with what is in them.
    fn files(&self) -> Vec<(String, String)> {
        let mut files = Vec::new();
        for entry in fs::read_dir(&self.directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_file() {
                let name = path.file_name().unwrap().to_str().unwrap().to_owned();
                files.push((name, fs::read_to_string(path).unwrap()));
            }
        }
        files.sort();
        files
    }

    fn has(&self, files: &[(&str, &str)]) {
        let files: Vec<_> = files.iter().map(|&(name, text)| (name.to_owned(), text.to_owned())).collect();
        assert_eq!(self.files(), files);
    }

    fn reverses(&self, way: Reversal) -> Result<Vec<String>, String> {
        let turn = self.log().preview(way).unwrap().map_or(0, |set| set.turn);
        self.log().reverse(way, turn)
    }
}

#[tokio::test]
async fn turns_are_undone_one_by_one_and_made_again_in_their_order() {
    let bench = Bench::new(1);
    bench.put("a", "one\ntwo\n");
    fs::set_permissions(bench.directory.join("a"), fs::Permissions::from_mode(0o750)).unwrap();
    bench.edits(1, "a", "one", "eins").await;
    bench.edits(1, "a", "two", "zwei").await;
    bench.writes(3, "b", "made\n").await;
    let shown = bench.log().preview(Reversal::Undo).unwrap().unwrap();
    assert_eq!((shown.turn, shown.files[0].change), (3, FileChange::Removed));
    assert_eq!(
        bench.log().reverse(Reversal::Undo, 1).unwrap_err(),
        "what was shown is not what is due any more; look again"
    );
    assert_eq!(bench.reverses(Reversal::Undo).unwrap(), ["b"]);
    bench.has(&[("a", "eins\nzwei\n")]);
    let all = bench.log().all().unwrap();
    assert_eq!(all.files.iter().map(|file| file.path.as_str()).collect::<Vec<_>>(), ["a"]);
    assert_eq!(all.files[0].diff, "@@ line 1\n-one\n-two\n+eins\n+zwei\n");
    assert_eq!(bench.reverses(Reversal::Undo).unwrap(), ["a"]);
    bench.has(&[("a", "one\ntwo\n")]);
    let mode = fs::metadata(bench.directory.join("a")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o750);
    assert!(bench.reverses(Reversal::Undo).is_err());
    assert_eq!(bench.reverses(Reversal::Redo).unwrap(), ["a"]);
    assert_eq!(bench.reverses(Reversal::Redo).unwrap(), ["b"]);
    bench.has(&[("a", "eins\nzwei\n"), ("b", "made\n")]);
    // Another change comes in the place of what was undone.
    bench.reverses(Reversal::Undo).unwrap();
    bench.edits(4, "a", "eins", "1").await;
    assert!(bench.log().preview(Reversal::Redo).unwrap().is_none());
    assert_eq!(bench.reverses(Reversal::Undo).unwrap(), ["a"]);
    bench.has(&[("a", "eins\nzwei\n")]);
}

#[tokio::test]
async fn nothing_is_put_back_where_one_file_was_changed_by_another_hand() {
    let bench = Bench::edited(2).await;
    bench.writes(1, "b", "made\n").await;
    let before = bench.directory.join("b");
    let outside = bench.kept.parent().unwrap().join("outside");
    fs::write(&outside, "canary\n").unwrap();
    let hands: [(&str, &dyn Fn()); 4] = [
        ("was changed by another hand since", &|| bench.put("b", "mine\n")),
        ("it is a link", &|| symlink(&outside, &before).unwrap()),
        ("is read only", &|| {
            bench.put("b", "made\n");
            fs::set_permissions(&before, fs::Permissions::from_mode(0o444)).unwrap();
        }),
        ("it is a directory", &|| fs::create_dir(&before).unwrap()),
    ];
    for (why, hand) in hands {
        let _gone = fs::remove_file(&before);
        hand();
        let said = bench.reverses(Reversal::Undo).unwrap_err();
        assert!(said.contains(why) && said.contains("nothing was changed"), "{why}: {said}");
        assert_eq!(fs::read_to_string(bench.directory.join("a")).unwrap(), "eins\n", "{why}");
    }
    assert_eq!(fs::read_to_string(outside).unwrap(), "canary\n");
    fs::remove_dir(&before).unwrap();
    // Between two changes of one turn as well: what was there is in no image of what the turn left.
    bench.put("a", "eins\nmine\n");
    bench.does(1, "read", json!({ "path": "a" })).await;
    bench.edits(1, "a", "eins", "zwei").await;
    let said = bench.reverses(Reversal::Undo).unwrap_err();
    assert!(said.contains("a was changed by another hand since"), "{said}");
    bench.put("a", "one\n");
    assert!(bench.reverses(Reversal::Undo).is_err(), "whatever is there by now");
}

#[tokio::test]
async fn what_was_undone_is_for_those_whom_somebody_let_have_it() {
    let bench = Bench::new(9);
    let at = bench.directory.join("a");
    bench.writes(1, "b", "made\n").await;
    fs::remove_file(at.with_file_name("b")).unwrap();
    bench.put("a", "one\n");
    bench.edits(1, "a", "one", "eins").await;
    fs::set_permissions(&at, fs::Permissions::from_mode(0o600)).unwrap();
    // Who has removed it himself has undone that much already.
    bench.reverses(Reversal::Undo).unwrap();
    bench.has(&[("a", "one\n")]);
    assert_eq!(fs::metadata(&at).unwrap().permissions().mode() & 0o777, 0o600);
}

#[tokio::test]
async fn a_crash_between_an_image_and_its_change_leaves_both_true() {
    let bench = Bench::edited(3).await;
    // The image is there, the change is not: as when the host dies in between.
    bench.put("a", "one\n");
    let shown = bench.log().preview(Reversal::Undo).unwrap().unwrap();
    assert_eq!(shown.files[0].change, FileChange::None);
    bench.reverses(Reversal::Undo).unwrap();
    bench.has(&[("a", "one\n")]);
    // Half undone: what is so already stands against nothing.
    bench.does(2, "read", json!({ "path": "a" })).await;
    bench.edits(2, "a", "one", "1").await;
    bench.writes(2, "b", "made\n").await;
    bench.put("a", "one\n");
    assert_eq!(bench.reverses(Reversal::Undo), Ok(vec!["a".into(), "b".into()]));
    bench.has(&[("a", "one\n")]);
}

#[tokio::test]
async fn images_are_private_damage_is_told_and_all_goes_with_the_session() {
    let bench = Bench::edited(4).await;
    let of_session = bench.kept.join(format!("{:032x}", 4));
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let image = of_session.join(format!("{:020}-0000.before", 1));
    assert_eq!((mode(&of_session), mode(&image)), (0o700, 0o600));
    let whole = fs::read(&image).unwrap();
    fs::write(&image, [&whole[..whole.len() - 2], b"x\n"].concat()).unwrap();
    assert!(bench.log().preview(Reversal::Undo).unwrap_err().contains("damaged"));
    bench.has(&[("a", "eins\n")]);
    ChangeLog::keep_only(&bench.kept, |session| session == 4).unwrap();
    assert!(of_session.exists());
    ChangeLog::keep_only(&bench.kept, |_| false).unwrap();
    assert!(!of_session.exists());
    ChangeLog::forget(&bench.kept, 4).unwrap();
}

#[tokio::test]
async fn what_is_kept_has_a_bound_and_the_oldest_turns_go_first() {
    let bench = Bench::new(5);
    let large = |turn: u64| format!("{turn}\n{}", "x".repeat(6 << 20));
    bench.put("a", &large(0));
    bench.does(0, "read", json!({ "path": "a", "lines": 1 })).await;
    for turn in 1..=12 {
        bench.writes(turn, "a", &large(turn)).await;
    }
    let kept: u64 = fs::read_dir(bench.kept.join(format!("{:032x}", 5)))
        .unwrap()
        .map(|one| one.unwrap().metadata().unwrap().len())
        .sum();
    assert!(kept <= 64 << 20, "{kept}");
    let shown = bench.log().preview(Reversal::Undo).unwrap().unwrap();
    assert!(shown.has_let_go && shown.turn == 12);
    let mut undone = 0;
    while bench.reverses(Reversal::Undo).is_ok() {
        undone += 1;
    }
    assert!((5..12).contains(&undone), "{undone}");
    assert!(bench.files()[0].1.starts_with(&format!("{}\n", 12 - undone)));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// Whatever is written in which turns, undoing all of it gives what was there, and making all of it again what came of it.
    #[test]
    fn undoing_everything_gives_what_was_there(
        writes in prop::collection::vec((1u64..5, 0usize..3, "[a-c\n]{0,6}"), 1..10),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let bench = Bench::new(6);
            bench.put("f0", "there\n");
            bench.does(0, "read", json!({ "path": "f0" })).await;
            let before = bench.files();
            let mut writes = writes;
            writes.sort_by_key(|(turn, ..)| *turn);
            for (turn, file, content) in writes {
                bench.writes(turn, &format!("f{file}"), &content).await;
            }
            let after = bench.files();
            while bench.log().preview(Reversal::Undo).unwrap().is_some() {
                bench.reverses(Reversal::Undo).unwrap();
            }
            assert_eq!(bench.files(), before);
            while bench.log().preview(Reversal::Redo).unwrap().is_some() {
                bench.reverses(Reversal::Redo).unwrap();
            }
            assert_eq!(bench.files(), after);
        });
    }
}
