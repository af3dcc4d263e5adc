//! The tools in a real directory: what they say and do, and what hostile paths come to.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests may panic")]
mod background;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use q_core::CallSubject;
use q_seat::SkillPlace;
use q_tools::{ToolReply, ToolSettings, Toolbox};
use serde_json::{Value, json};
use tokio::sync::mpsc;

const OWNER: &[u8] = b"a session";

fn with(environment: BTreeMap<String, String>) -> ToolSettings {
    ToolSettings { environment, ..ToolSettings::default() }
}

/// A directory with something outside of it.
struct Bench {
    _all: tempfile::TempDir,
    inside: PathBuf,
    outside: PathBuf,
    toolbox: Arc<Toolbox>,
}

impl Bench {
    fn new() -> Self {
        let all = tempfile::tempdir().unwrap();
        let real = all.path().canonicalize().unwrap();
        let (inside, outside) = (real.join("inside"), real.join("outside"));
        fs::create_dir(&inside).unwrap();
        fs::create_dir(&outside).unwrap();
        fs::write(outside.join("secret"), "canary\n").unwrap();
        let environment = [("PATH", "/usr/bin:/bin"), ("OPENAI_API_KEY", "sk-canary")];
        let environment: BTreeMap<String, String> =
            environment.map(|(name, value)| (name.into(), value.into())).into();
        let toolbox = Arc::new(Toolbox::new(inside.clone(), &with(environment)));
        Self { _all: all, inside, outside, toolbox }
    }

    /// Permitted and carried out; whether it failed, and what it said.
    async fn does(&self, tool: &str, input: Value) -> ToolReply {
        let input = input.to_string();
        if let Err(text) = self.toolbox.check(tool, &input).await {
            return ToolReply::failed(text);
        }
        let digest = self.toolbox.digest(OWNER, tool, &input);
        let (progress, mut hear) = mpsc::channel(4);
        let watching = tokio::spawn(async move { while hear.recv().await.is_some() {} });
        let reply = self.toolbox.carry_out(OWNER, tool, &input, digest, &progress).await;
        drop(progress);
        watching.await.unwrap();
        reply
    }

    async fn says(&self, tool: &str, input: Value) -> String {
        let reply = self.does(tool, input.clone()).await;
        assert!(!reply.is_failed, "{tool} {input}: {}", reply.text);
        reply.text
    }

    async fn fails(&self, tool: &str, input: Value) -> String {
        let reply = self.does(tool, input.clone()).await;
        assert!(reply.is_failed, "{tool} {input}: {}", reply.text);
        reply.text
    }

    /// The file `a`, which begins with `two`, is neither written over nor edited, for that reason.
    async fn leaves_a_alone(&self, why: &str) {
        for (tool, input) in [
            ("write", json!({ "path": "a", "content": "three\n" })),
            ("edit", json!({ "path": "a", "edits": [{ "old": "two", "new": "three" }] })),
        ] {
            let said = self.fails(tool, input).await;
            assert!(said.contains(why), "{tool}: {said}");
        }
    }

    fn file(&self, name: &str) -> String {
        fs::read_to_string(self.inside.join(name)).unwrap()
    }

    /// What stands there, for a comparison: nothing is left beside it.
    fn names(&self) -> Vec<String> {
        let all = fs::read_dir(&self.inside).unwrap();
        let mut names: Vec<String> =
            all.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

#[tokio::test]
async fn nothing_hostile_is_opened_and_nothing_leads_out() {
    let bench = Bench::new();
    let at = |name: &str| bench.inside.join(name);
    fs::write(at("plain"), "a\n").unwrap();
    symlink(bench.outside.join("secret"), at("link")).unwrap();
    symlink(&bench.outside, at("way")).unwrap();
    symlink("plain", at("near")).unwrap();
    symlink("loop", at("loop")).unwrap();
    fs::create_dir(at("directory")).unwrap();
    fs::write(at("binary"), b"a\0b").unwrap();
    fs::write(at("locked"), "x").unwrap();
    fs::set_permissions(at("locked"), fs::Permissions::from_mode(0o000)).unwrap();
    assert!(std::process::Command::new("mkfifo").arg(at("pipe")).status().unwrap().success());
    let _socket = UnixListener::bind(at("socket")).unwrap();
    let file = fs::File::create(at("huge")).unwrap();
    file.set_len(1 << 40).unwrap();
    let outside = bench.outside.join("secret").display().to_string();
    for (path, why) in [
        ("../outside/secret", "outside of the session's directory"),
        ("directory/../../outside/secret", "outside of the session's directory"),
        (outside.as_str(), "outside of the session's directory"),
        ("/etc/passwd", "outside of the session's directory"),
        ("/proc/self/environ", "outside of the session's directory"),
        ("link", "it is a link to"),
        ("way/secret", "it is a link to"),
        ("near", "it is a link to `plain`"),
        ("loop", "it is a link to"),
        ("pipe", "no regular file"),
        ("socket", "no regular file"),
        ("directory", "it is a directory"),
        ("", "the session's directory, not a file"),
        ("huge", "too large"),
        ("plain/x", "it is no directory"),
        ("nowhere", "no such file"),
        ("a\0b", "zero byte"),
    ] {
        for (tool, input) in [
            ("read", json!({ "path": path })),
            ("edit", json!({ "path": path, "edits": [{ "old": "canary", "new": "x" }] })),
        ] {
            let said = bench.fails(tool, input).await;
            assert!(said.contains(why), "{tool} {path:?}: {said}");
        }
    }
    assert!(bench.fails("read", json!({ "path": "binary" })).await.contains("no text (3 bytes)"));
    for path in [
        "../outside/new",
        "link",
        "way/new",
        "/tmp/q-never",
        "pipe",
        "directory",
        ".git/hooks/pre-commit",
        "x/.GIT/y",
    ] {
        bench.fails("write", json!({ "path": path, "content": "x" })).await;
    }
    for path in ["..", "way", "/", "link"] {
        bench.fails("list", json!({ "path": path })).await;
    }
    assert_eq!(fs::read_dir(&bench.outside).unwrap().count(), 1);
    assert_eq!(fs::read_to_string(bench.outside.join("secret")).unwrap(), "canary\n");
    let found = bench.says("search", json!({ "pattern": "canary|a" })).await;
    assert!(found.contains("plain:1: a") && !found.contains("canary"), "{found}");
    if rustix::process::geteuid().as_raw() != 0 {
        assert!(bench.fails("read", json!({ "path": "locked" })).await.contains("denied"));
    }
}

/// A directory that becomes a link between two calls leads nowhere either.
#[tokio::test]
async fn a_directory_that_is_swapped_for_a_link_is_not_followed() {
    let bench = Bench::new();
    fs::create_dir(bench.inside.join("sub")).unwrap();
    fs::write(bench.inside.join("sub/secret"), "mine\n").unwrap();
    assert!(bench.says("read", json!({ "path": "sub/secret" })).await.contains("mine"));
    fs::rename(bench.inside.join("sub"), bench.inside.join("old")).unwrap();
    symlink(&bench.outside, bench.inside.join("sub")).unwrap();
    assert!(bench.fails("read", json!({ "path": "sub/secret" })).await.contains("a link to"));
    bench.fails("write", json!({ "path": "sub/new", "content": "x" })).await;
    // The session's directory itself is the one that was opened first; a command, which only knows the path, is not run elsewhere.
    let moved = bench.inside.with_extension("moved");
    fs::rename(&bench.inside, &moved).unwrap();
    symlink(&bench.outside, &bench.inside).unwrap();
    assert!(bench.says("read", json!({ "path": "old/secret" })).await.contains("mine"));
    assert!(bench.fails("run", json!({ "argv": ["ls"] })).await.contains("it was not run"));
}

#[tokio::test]
async fn what_another_hand_changed_is_not_overwritten() {
    let bench = Bench::new();
    let path = bench.inside.join("a");
    fs::write(&path, "one\n").unwrap();
    let said = bench.fails("write", json!({ "path": "a", "content": "two\n" })).await;
    assert!(said.contains("Read it first"), "{said}");
    bench.says("read", json!({ "path": "a" })).await;
    fs::set_permissions(&path, fs::Permissions::from_mode(0o750)).unwrap();
    bench.says("write", json!({ "path": "a", "content": "two\n" })).await;
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o750, "who may do what stays");
    fs::write(&path, "two and mine\n").unwrap();
    bench.leaves_a_alone("changed by somebody else").await;
    assert_eq!(bench.file("a"), "two and mine\n");
    bench.says("read", json!({ "path": "a" })).await;
    bench.says("edit", json!({ "path": "a", "edits": [{ "old": "two", "new": "three" }] })).await;
    bench.says("edit", json!({ "path": "a", "edits": [{ "old": "three", "new": "four" }] })).await;
    assert_eq!(bench.file("a"), "four and mine\n");
    bench.says("write", json!({ "path": "deep/down/b", "content": "new\n" })).await;
    assert_eq!(bench.file("deep/down/b"), "new\n");
    assert_eq!(bench.names(), ["a", "deep"], "nothing is left beside");
}

#[tokio::test]
async fn a_file_that_is_read_only_is_left_alone_and_the_size_of_what_is_replaced_is_told() {
    let bench = Bench::new();
    let path = bench.inside.join("a");
    fs::write(&path, "two\n").unwrap();
    bench.says("read", json!({ "path": "a" })).await;
    fs::set_permissions(&path, fs::Permissions::from_mode(0o400)).unwrap();
    bench.leaves_a_alone("a is read only (mode 0400); nothing was written").await;
    assert_eq!(bench.file("a"), "two\n");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    let said = bench.says("write", json!({ "path": "a", "content": "three\n" })).await;
    assert_eq!(said, "a is written in place of 1 line, 4 bytes (6 bytes)\n");
}

#[tokio::test]
async fn views_and_lists_say_what_is_there() {
    let bench = Bench::new();
    fs::write(bench.inside.join("a.rs"), "fn a() {}\nfn b() {}\n").unwrap();
    fs::create_dir(bench.inside.join("target")).unwrap();
    fs::write(bench.inside.join("target/x.rs"), "fn x() {}\n").unwrap();
    fs::write(bench.inside.join(".gitignore"), "/target\n*.log\n").unwrap();
    fs::write(bench.inside.join("b.log"), "fn log() {}\n").unwrap();
    fs::write(bench.inside.join(".env"), "fn KEY=1\n").unwrap();
    fs::write(bench.inside.join(std::ffi::OsStr::from_bytes(b"caf\xe9")), "fn c\n").unwrap();
    assert_eq!(
        bench.says("read", json!({ "path": "a.rs", "from": 2 })).await,
        "     2\tfn b() {}\n(lines 2 to 2 of 2)\n"
    );
    let inside = bench.inside.join("a.rs").display().to_string();
    assert!(bench.says("read", json!({ "path": inside })).await.contains("fn a"));
    assert_eq!(
        bench.says("list", json!({})).await,
        ".env  9\n.gitignore  14\na.rs  20\nb.log  12\ncaf\\xe9  5\ntarget/\n"
    );
    assert_eq!(
        bench.says("search", json!({ "pattern": "^fn" })).await,
        "a.rs:1: fn a() {}\na.rs:2: fn b() {}\ncaf\\xe9:1: fn c\n(files that mostly hold keys were passed over: 1)\n"
    );
    assert_eq!(
        bench.says("search", json!({ "pattern": "FN b", "ignore_case": true, "files": "*.rs" })).await,
        "a.rs:2: fn b() {}\n(files that mostly hold keys were passed over: 1)\n"
    );
    assert_eq!(
        bench.says("search", json!({ "pattern": "x", "path": "target/x.rs" })).await,
        "target/x.rs:1: fn x() {}\n"
    );
    assert!(bench.fails("search", json!({ "pattern": "(" })).await.contains("the pattern cannot be used"));
    assert!(
        bench
            .fails("search", json!({ "pattern": "x{999999}{999}" }))
            .await
            .contains("the pattern cannot be used")
    );
}

#[tokio::test]
async fn only_what_looks_in_a_project_needs_no_consent() {
    let bench = Bench::new();
    fs::write(bench.inside.join("a"), "x\n").unwrap();
    fs::write(bench.inside.join(".env"), "KEY=canary\n").unwrap();
    let home = BTreeMap::from([("HOME".to_owned(), bench.inside.display().to_string())]);
    let wide = Arc::new(Toolbox::new(bench.inside.clone(), &with(home)));
    for (tool, input, reads, asks) in [
        ("read", json!({ "path": "a" }), true, false),
        ("list", json!({}), true, false),
        ("search", json!({ "pattern": "x" }), true, false),
        ("read", json!({ "path": ".env" }), true, true),
        ("search", json!({ "pattern": "x", "path": ".ssh" }), true, true),
        ("list", json!({ "path": "sub/.aws" }), true, true),
        ("write", json!({ "path": "b", "content": "x" }), false, true),
        ("edit", json!({ "path": "a", "edits": [{ "old": "x", "new": "y" }] }), false, true),
        ("run", json!({ "argv": ["true"] }), false, true),
        ("run", json!({ "argv": ["true"], "background": true }), false, true),
        ("fetch", json!({ "url": "https://docs.rs/" }), true, true),
    ] {
        let input = input.to_string();
        let checked = bench.toolbox.check(tool, &input).await.unwrap();
        assert_eq!((checked.reads, checked.wants_consent), (reads, asks), "{tool} {input}");
        assert!(
            wide.check(tool, &input).await.unwrap().wants_consent,
            "in the home directory: {tool} {input}"
        );
    }
    // These touch nothing of the directory, wherever that is; of two the later one counts, so they keep their order.
    let plan = json!({ "steps": [{ "text": "look", "state": "active" }] });
    for toolbox in [&bench.toolbox, &wide] {
        for (tool, input) in [
            ("todo", plan.clone()),
            ("processes", json!({})),
            ("output", json!({ "process": 1 })),
            ("stop", json!({ "process": 1 })),
        ] {
            let checked = toolbox.check(tool, &input.to_string()).await.unwrap();
            assert_eq!((checked.reads, checked.wants_consent), (false, false), "{tool}");
        }
    }
    for (tool, input) in [
        ("rm", "{}"),
        ("run", "{\"argv\":[\"ls\"],\"argv\":[\"rm\"]}"),
        ("run", "{\"argv\":[\"ls\"],\"cwd\":\"/\"}"),
        ("read", "{\"path\":"),
        ("read", ""),
        ("todo", "{\"steps\":[]}"),
        ("fetch", "{\"url\":\"file:///etc/passwd\"}"),
        ("fetch", "{\"url\":\"https://docs.rs@evil.test/\"}"),
        ("edit", "{\"path\":\"a\",\"edits\":[{\"old\":\"nowhere\",\"new\":\"y\"}]}"),
    ] {
        assert!(bench.toolbox.check(tool, input).await.is_err(), "nobody is asked about {tool} {input}");
    }
}

#[tokio::test]
async fn only_exactly_what_was_permitted_is_carried_out() {
    let bench = Bench::new();
    let input = json!({ "argv": ["touch", "made"] }).to_string();
    let (progress, _hear) = mpsc::channel(4);
    let permitted = bench.toolbox.digest(OWNER, "run", &input);
    // The same variables, so that nothing but the directory is another one.
    let path = [("PATH".to_owned(), "/usr/bin:/bin".to_owned())];
    let elsewhere = Toolbox::new(bench.outside.clone(), &with(path.into()));
    let others = [
        bench.toolbox.digest(OWNER, "run", &json!({ "argv": ["touch", "made "] }).to_string()),
        bench.toolbox.digest(OWNER, "read", &input),
        bench.toolbox.digest(b"another session", "run", &input),
        elsewhere.digest(OWNER, "run", &input),
        Toolbox::new(bench.inside.clone(), &with([("HOME".to_owned(), "/h".to_owned())].into()))
            .digest(OWNER, "run", &input),
    ];
    for other in others {
        let reply = bench.toolbox.carry_out(OWNER, "run", &input, other, &progress).await;
        assert!(reply.is_failed && reply.text.contains("did not run"), "{}", reply.text);
    }
    assert!(bench.names().is_empty());
    assert!(!bench.toolbox.carry_out(OWNER, "run", &input, permitted, &progress).await.is_failed);
    assert_eq!(bench.names(), ["made"]);
}

#[tokio::test]
async fn a_command_gets_arguments_as_they_are_and_no_keys() {
    let bench = Bench::new();
    let said = bench.says("run", json!({ "argv": ["printf", "%s|", "a b", "$HOME", "*", ";ls"] })).await;
    assert_eq!(said, "a b|$HOME|*|;ls|");
    let said = bench.says("run", json!({ "shell": "env | sort; pwd; cat; echo no >&2" })).await;
    let inside = fs::canonicalize(&bench.inside).unwrap();
    assert!(said.contains(&format!("{}\n", inside.display())) && said.ends_with("no\n"), "{said}");
    assert!(!said.contains("canary") && said.contains("TERM=dumb"), "{said}");
    let said = bench.fails("run", json!({ "shell": "echo out; exit 3" })).await;
    assert_eq!(said, "exit code 3\nout\n");
    assert!(bench.fails("run", json!({ "argv": ["kill-no-such-program"] })).await.contains("cannot be run"));
    let said = bench.says("run", json!({ "shell": "yes | head -c 3000000" })).await;
    assert!(said.len() < 70 << 10 && said.contains("bytes are left out here"), "{}", said.len());
}

/// Whoever is of a group that a command started, by what its leader wrote down.
fn lives(pid: &str) -> bool {
    let status = fs::read_to_string(format!("/proc/{}/stat", pid.trim()));
    status.is_ok_and(|stat| !stat.contains(") Z "))
}

async fn until(what: &str, mut happens: impl FnMut() -> bool) {
    for _ in 0..1000 {
        if happens() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("{what} did not happen");
}

fn written(path: &Path) -> bool {
    fs::read_to_string(path).is_ok_and(|text| text.ends_with('\n'))
}

#[tokio::test]
#[cfg(target_os = "linux")]
async fn a_command_that_is_given_up_ends_with_all_it_started() {
    let bench = Bench::new();
    // Deaf to the first word, and with a child of its own that is as well.
    let line =
        "trap '' TERM; (trap '' TERM; echo $$ >leader; sh -c 'echo $$ >child; exec sleep 600') ; sleep 600";
    let input = json!({ "shell": line }).to_string();
    let digest = bench.toolbox.digest(OWNER, "run", &input);
    let toolbox = Arc::clone(&bench.toolbox);
    let running = tokio::spawn(async move {
        let (progress, _hear) = mpsc::channel(4);
        toolbox.carry_out(OWNER, "run", &input, digest, &progress).await
    });
    let (leader, child) = (bench.inside.join("leader"), bench.inside.join("child"));
    until("a command that runs", || written(&leader) && written(&child)).await;
    let (leader, child) = (bench.file("leader"), bench.file("child"));
    assert!(lives(&leader) && lives(&child));
    running.abort();
    let over = tokio::time::timeout(Duration::from_secs(20), bench.toolbox.commands_are_over()).await;
    assert!(over.is_ok(), "it goes on");
    until("the end of both", || !lives(&leader) && !lives(&child)).await;
}

#[tokio::test]
#[cfg(target_os = "linux")]
async fn what_a_command_leaves_behind_ends_with_it_and_so_does_one_that_takes_too_long() {
    let bench = Bench::new();
    let said = bench.says("run", json!({ "shell": "sleep 600 & echo $! >child; echo done" })).await;
    assert_eq!(said, "done\n");
    let child = bench.file("child");
    until("its end", || !lives(&child)).await;
    let said = bench.fails("run", json!({ "shell": "echo begun; sleep 600", "seconds": 1 })).await;
    assert!(said.contains("longer than 1 seconds") && said.contains("begun"), "{said}");
    bench.toolbox.commands_are_over().await;
}

#[tokio::test]
async fn a_directory_that_became_a_link_is_not_opened_again() {
    let bench = Bench::new();
    fs::write(bench.inside.join("a"), "x\n").unwrap();
    let moved = bench.inside.with_file_name("moved");
    fs::rename(&bench.inside, &moved).unwrap();
    symlink(&bench.outside, &bench.inside).unwrap();
    let said = bench.fails("read", json!({ "path": "secret" })).await;
    assert!(said.contains("inside is a link now") && !said.contains("canary"), "{said}");
    assert!(bench.fails("run", json!({ "argv": ["ls"] })).await.contains("is a link now"));
    // One that is above it as well.
    fs::remove_file(&bench.inside).unwrap();
    fs::create_dir(bench.outside.join("beneath")).unwrap();
    symlink(&bench.outside, &bench.inside).unwrap();
    let beneath = Toolbox::new(bench.inside.join("beneath"), &ToolSettings::default());
    let said = Arc::new(beneath).check("write", &json!({ "path": "b", "content": "" }).to_string()).await;
    assert!(said.unwrap_err().contains("inside is a link now"));
}

#[tokio::test]
async fn the_home_directory_is_wide_however_it_is_named_and_what_is_above_it_too() {
    let bench = Bench::new();
    let (home, link) = (bench.inside.join("home"), bench.inside.join("link"));
    fs::create_dir(&home).unwrap();
    symlink(&home, &link).unwrap();
    fs::write(home.join("a"), "x\n").unwrap();
    for (directory, named, asks) in [
        (&home, &home, true),
        (&home, &link, true),
        (&bench.inside, &home, true),
        (&bench.inside, &link, true),
        (&bench.outside, &home, false),
    ] {
        let named = BTreeMap::from([("HOME".to_owned(), named.display().to_string())]);
        let toolbox = Arc::new(Toolbox::new(directory.clone(), &with(named)));
        let checked = toolbox.check("list", "{}").await.unwrap();
        assert_eq!(checked.wants_consent, asks, "{}", directory.display());
    }
}

#[tokio::test]
async fn patterns_that_ignore_files_have_a_bound() {
    let bench = Bench::new();
    fs::write(bench.inside.join(".gitignore"), "*.log\n").unwrap();
    let mut at = bench.inside.clone();
    for level in 0..8 {
        at = at.join(format!("d{level}"));
        fs::create_dir(&at).unwrap();
        let lines: Vec<String> = (0..1000).map(|n| format!("pattern-{n}-*")).collect();
        fs::write(at.join(".gitignore"), lines.join("\n")).unwrap();
    }
    fs::write(at.join("a"), "needle\n").unwrap();
    fs::write(at.join("a.log"), "needle\n").unwrap();
    let said = bench.says("search", json!({ "pattern": "needle" })).await;
    assert_eq!(said, "d0/d1/d2/d3/d4/d5/d6/d7/a:1: needle\n(.gitignore files too large to be heeded: 6)\n");
}

#[test]
fn a_call_is_about_what_is_opened_however_it_is_written() {
    let room = tempfile::tempdir().unwrap();
    let directory = fs::canonicalize(room.path()).unwrap();
    let toolbox = Toolbox::new(directory.clone(), &ToolSettings::default());
    let file = |path: &str, is_private| CallSubject::File { path: path.into(), is_private };
    let whole = directory.join("secret/a").display().to_string();
    for path in ["secret/a", "./secret//a", "b/../secret/a", &whole] {
        for tool in ["read", "list"] {
            let input = serde_json::json!({ "path": path }).to_string();
            assert_eq!(toolbox.subject(tool, &input), file("secret/a", false), "{tool} {path}");
        }
        let input = serde_json::json!({ "path": path, "content": "" }).to_string();
        assert_eq!(toolbox.subject("write", &input), file("secret/a", false), "{path}");
        let input = serde_json::json!({ "path": path, "pattern": "x" }).to_string();
        assert_eq!(toolbox.subject("search", &input), CallSubject::Tree { path: "secret/a".into() });
    }
    let skill = |name: &str, at: PathBuf| SkillPlace { name: name.into(), directory: at };
    toolbox
        .take_skills(vec![skill("near", directory.join(".agents/skills/near")), skill("far", "/far".into())]);
    let command = |words: &[&str]| CallSubject::Command(words.iter().map(|&word| word.to_owned()).collect());
    for (tool, input, target) in [
        ("list", "", file(".", false)),
        ("read", r#"{"path":"a/.env"}"#, file("a/.env", true)),
        ("write", r#"{"path":"x/permissions.toml","content":""}"#, file("x/permissions.toml", true)),
        ("read", r#"{"path":"../a"}"#, CallSubject::Other),
        ("read", r#"{"path":"a","path":"b"}"#, CallSubject::Other),
        ("run", r#"{"argv":["cargo","test"]}"#, command(&["cargo", "test"])),
        ("run", r#"{"shell":"cargo test"}"#, command(&["/bin/sh", "-c", "cargo test"])),
        ("fly", "{}", CallSubject::Other),
        ("skill", r#"{"name":"near","file":"./more//a.md"}"#, file(".agents/skills/near/more/a.md", false)),
        ("skill", r#"{"name":"near"}"#, file(".agents/skills/near/SKILL.md", false)),
        ("skill", r#"{"name":"near","file":"../a"}"#, CallSubject::Other),
        ("skill", r#"{"name":"far"}"#, CallSubject::Other),
    ] {
        assert_eq!(toolbox.subject(tool, input), target, "{tool} {input}");
    }
}
