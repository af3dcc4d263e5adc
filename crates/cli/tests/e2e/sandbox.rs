//! What commands of tools are held to: a sandbox where the system has one, and an end with the host that started them.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use q_testkit::process::kill9;
use q_testkit::server::Script;
use q_tools::Sandbox;
use serde_json::{Value, json};

use crate::tools::{Workshop, call, is_alive, until};

/// Whether this system has none: then there is nothing to try.
fn is_missing() -> bool {
    !Sandbox::is_supported()
}

/// A model has a command run in the sandbox and then is done; it is asked about in these words, and runs.
fn runs_held(shop: &Workshop, input: &Value, asked: &[&str]) {
    shop.rounds("do it", vec![call("run_sandboxed", input), Script::new().say("Done.").done()]);
    shop.begin("api", "do it");
    shop.approve_shown("api", asked);
}

#[test]
fn a_command_in_the_sandbox_changes_its_directory_and_nothing_else() {
    if is_missing() {
        return;
    }
    let shop = Workshop::with_tools();
    let outside = shop.directory.parent().unwrap().join("outside");
    fs::write(&outside, "as it was").unwrap();
    fs::create_dir(shop.directory.join(".git")).unwrap();
    fs::write(shop.directory.join(".git/config"), "").unwrap();
    fs::create_dir(shop.directory.join(".q")).unwrap();
    fs::write(shop.directory.join(".q/notify.sh"), "").unwrap();
    // A repository whose directory is called otherwise, and a terminal of the person's.
    for name in ["apart", "sub"] {
        fs::create_dir(shop.directory.join(name)).unwrap();
    }
    fs::write(shop.directory.join("sub/.git"), "gitdir: ../apart\n").unwrap();
    let _screen = shop.world.open();
    let was = fs::metadata(&outside).unwrap();
    // Each line is tried by itself, in a shell of its own: a redirection that fails may end one.
    let tries = [
        "echo in >made && cat a.txt",
        "echo x >$TMPDIR/scratch && cat $TMPDIR/scratch",
        "(echo x >>../outside) 2>/dev/null || echo no outside",
        "mv ../outside here 2>/dev/null || echo no move",
        "ln ../outside here 2>/dev/null || echo no link",
        "truncate -s 0 ../outside 2>/dev/null || echo no truncation",
        "chmod -R a+w .. 2>/dev/null; rm -rf ../outside 2>/dev/null || echo no removal",
        "chmod 777 ../outside 2>/dev/null || echo no mode",
        "touch -d @0 ../outside 2>/dev/null || echo no time",
        "(echo x >>.git/config) 2>/dev/null || echo no repository",
        "mv .git away 2>/dev/null || echo no way around",
        "(echo x >>.q/notify.sh || mv .q away) 2>/dev/null || echo no hook",
        "(echo x >>apart/config) 2>/dev/null || echo nor one apart",
        "for at in /dev/pts/[0-9]* /dev/tty; do (: <$at) && echo reads $at; (: >$at) && echo draws on $at; done 2>/dev/null; echo no terminal",
        "kill -0 $PPID 2>/dev/null || echo no signal",
        "prlimit --pid $PPID --nofile=8:8 2>/dev/null || echo no limit",
        "python3 -c 'import socket as s; s.socketpair(s.AF_UNIX, s.SOCK_DGRAM)' 2>/dev/null || echo no datagram",
        "grep -q 'CapBnd:.*0000000000000000' /proc/self/status && echo no privilege",
        "echo x >/dev/shm/q-canary && echo memory",
        "echo $TMPDIR",
    ];
    let argv = json!({ "shell": tries.map(|line| format!("({line})\n")).concat() });
    shop.rounds("do it", vec![call("run_sandboxed", &argv), Script::new().say("Done.").done()]);
    shop.begin("api", "do it");
    shop.answer("approve", "api");
    shop.wait("api").succeeded();
    let told = shop.told(1).concat();
    if told.contains("not held here") {
        return; // a system without namespaces for everybody
    }
    let (said, scratch) = told.trim_end().rsplit_once('\n').unwrap();
    let files = "one\ntwo\nx\nno outside\nno move\nno link\nno truncation\nno removal\nno mode\nno time";
    let rest = "no repository\nno way around\nno hook\nnor one apart\nno terminal\nno signal\nno limit\nno datagram\nno privilege\nmemory";
    assert_eq!(said, format!("{files}\n{rest}"), "{told}");
    assert_eq!(fs::read_to_string(&outside).unwrap(), "as it was");
    let is = fs::metadata(&outside).unwrap();
    assert_eq!((is.permissions(), is.modified().unwrap()), (was.permissions(), was.modified().unwrap()));
    assert!(!Path::new("/dev/shm/q-canary").exists());
    assert_eq!(shop.file("made"), "in\n");
    assert!(scratch.contains("q-command-") && !fs::exists(scratch).unwrap(), "{scratch} is left behind");
}

#[test]
fn a_command_in_the_sandbox_reaches_no_host_and_the_model_hears_what_holds_it() {
    if is_missing() {
        return;
    }
    let shop = Workshop::with_tools();
    // Whoever could reach the host could permit itself anything.
    let run = shop.world.home.path().join("run").display().to_string();
    let line = format!("XDG_RUNTIME_DIR={run} {} ls", env!("CARGO_BIN_EXE_q"));
    let asked = ["may this run in a shell and in a sandbox?", "has no network"];
    runs_held(&shop, &json!({ "shell": line }), &asked);
    // What failed so is the person's to have run without.
    until("the question of q", || shop.waiting()["tool"].as_str().filter(|tool| *tool == "run").map(|_| ()));
    shop.answer("deny", "api");
    shop.wait("api").succeeded();
    let told = shop.told(1).concat();
    assert!(told.contains("exit code") && told.contains("run does it without"), "{told}");
}

#[test]
fn what_failed_in_the_sandbox_the_person_may_have_run_without_it() {
    if is_missing() {
        return;
    }
    let shop = Workshop::with_tools();
    let touch = json!({ "argv": ["touch", "../outside"] });
    runs_held(&shop, &touch, &["may this run in a sandbox?", "touch ../outside"]);
    until("the same without it", || {
        let shown = shop.world.q(&["inbox"]).succeeded().out;
        let asks = shown.contains("may this run without a sandbox? touch ../outside");
        (asks && shown.contains("(it failed in the sandbox just now")).then_some(())
    });
    let outside = shop.directory.parent().unwrap().join("outside");
    assert!(!outside.exists(), "nothing runs before");
    assert_eq!(shop.answer("approve", "api")["tool"], "run");
    shop.wait("api").succeeded();
    assert!(outside.exists());
    // The model hears of both: what failed, and what came of the other.
    let told = shop.told(1);
    assert!(told.len() == 2 && told[0].contains("exit code"), "{told:?}");
}

#[test]
fn leave_for_the_sandbox_is_no_leave_to_go_without() {
    if is_missing() {
        return;
    }
    let shop = Workshop::with_tools();
    // The very command that is allowed in the sandbox.
    let held = json!({ "argv": ["touch", "held"] });
    shop.rounds(
        "do it",
        vec![
            call("run_sandboxed", &held),
            call("run_sandboxed", &held),
            call("run", &held),
            Script::new().say("Done.").done(),
        ],
    );
    shop.begin("api", "do it");
    let id = shop.waiting()["id"].as_str().unwrap().to_owned();
    shop.world.q(&["approve", "--always", "api", &id]).succeeded();
    let asked = shop.waiting();
    assert_eq!((asked["tool"].as_str(), shop.has("held")), (Some("run"), true));
    shop.answer("deny", "api");
    shop.wait("api").succeeded();
}

#[test]
fn a_command_ends_with_a_host_that_is_killed_and_so_does_what_it_sent_away() {
    let shop = Workshop::with_tools();
    let line = "trap '' TERM; setsid sh -c 'echo $$ >away; exec sleep 600' & echo $$ >pid; sleep 600";
    shop.rounds("do it", vec![call("run", &json!({ "shell": line }))]);
    shop.begin("api", "do it");
    shop.answer("approve", "api");
    let pid = |name: &str| {
        until("a command that runs", || {
            fs::read_to_string(shop.directory.join(name)).ok().filter(|text| text.ends_with('\n'))
        })
    };
    let (command, away) = (pid("pid"), pid("away"));
    assert!(is_alive(&command) && is_alive(&away));
    kill9(shop.world.home.host_pid().unwrap());
    until("the end of the command", || (!is_alive(&command)).then_some(()));
    if cfg!(target_os = "linux") {
        until("the end of what it sent away", || (!is_alive(&away)).then_some(()));
    }
}

#[test]
fn nobody_changes_what_is_qs_own_from_within_the_sandbox() {
    if is_missing() {
        return;
    }
    let mut shop = Workshop::with_tools();
    shop.directory = fs::canonicalize(shop.world.home.path()).unwrap();
    let rules = shop.directory.join("state/q/permissions.toml");
    fs::create_dir_all(rules.parent().unwrap()).unwrap();
    fs::write(&rules, "").unwrap();
    let line = "echo in >made; for at in state/q config/q data/q; do echo x >$at/permissions.toml; done; \
                mv state old && mkdir -p state/q && echo x >state/q/permissions.toml";
    runs_held(&shop, &json!({ "shell": line }), &["in a sandbox?"]);
    // It fails for that, so the same without it is asked about.
    until("the question of q", || shop.waiting()["tool"].as_str().filter(|tool| *tool == "run").map(|_| ()));
    shop.answer("deny", "api");
    shop.wait("api").succeeded();
    assert!(shop.has("made") || shop.told(1).concat().contains("sandbox cannot be had"));
    let count =
        |at: &str| fs::metadata(shop.directory.join(at).join("permissions.toml")).map_or(0, |is| is.len());
    assert_eq!(["state/q", "config/q", "data/q"].map(count), [0; 3], "{}", shop.told(1).concat());
}

#[test]
#[cfg(target_os = "linux")]
fn what_outlives_who_supervises_it_is_ended_and_said() {
    let shop = Workshop::with_tools();
    let away = "setsid sh -c 'echo $$ >away; exec sleep 600' & while ! [ -s away ]; do :; done";
    let killed = json!({ "shell": format!("{away}; kill -9 $PPID; sleep 600") });
    let blinded = json!({ "shell": format!("rm away; prlimit --pid $PPID --nofile=0:0; {away}; echo done") });
    shop.rounds(
        "do it",
        vec![call("run", &killed), call("run", &blinded), Script::new().say("Done.").done()],
    );
    shop.begin("api", "do it");
    for round in [1, 2] {
        shop.answer("approve", "api");
        let told = until("what came of it", || {
            let told = (shop.world.server.requests().len() > round).then(|| shop.told(round))?;
            told.last().cloned()
        });
        assert!(told.contains("left behind were ended"), "{told}");
        assert_eq!(told.contains("how it ended is unknown"), round == 1, "{told}");
        let away = shop.file("away");
        until("its end", || (!is_alive(away.trim())).then_some(()));
    }
    shop.wait("api").succeeded();
}

#[test]
fn what_tools_make_has_the_permissions_that_the_persons_own_files_have() {
    let shop = Workshop::with_tools();
    shop.rounds(
        "do it",
        vec![
            call("write", &json!({ "path": "new/by write", "content": "x" })),
            call("run", &json!({ "argv": ["touch", "by run"] })),
            Script::new().say("Done.").done(),
        ],
    );
    shop.begin("api", "do it");
    shop.answer("approve", "api");
    let written = until("a file", || fs::metadata(shop.directory.join("new/by write")).ok());
    shop.answer("approve", "api");
    shop.wait("api").succeeded();
    let mode = |name: &str| fs::metadata(shop.directory.join(name)).unwrap().permissions().mode() & 0o777;
    let own = (mode("a.txt"), mode("."));
    assert_eq!((written.permissions().mode() & 0o777, mode("new")), own);
    assert_eq!(mode("by run"), own.0);
}

#[test]
#[cfg(target_os = "linux")]
fn a_host_and_its_commands_get_no_descriptors_of_whoever_started_it() {
    let shop = Workshop::with_tools();
    let secret = shop.directory.join("secret");
    fs::write(&secret, "canary").unwrap();
    let line = format!("exec 9<'{}'; exec '{}' new -d api", secret.display(), env!("CARGO_BIN_EXE_q"));
    let status = shop.world.home.command(Path::new("/bin/sh")).args(["-c", &line]).status().unwrap();
    assert!(status.success());
    // The home asks the program that it started last.
    shop.world.q(&["ls"]).succeeded();
    let host = shop.world.home.host_pid().unwrap();
    let open = fs::read_dir(format!("/proc/{host}/fd")).unwrap();
    let open: Vec<_> = open.filter_map(|fd| fs::read_link(fd.unwrap().path()).ok()).collect();
    assert!(!open.is_empty() && !open.contains(&secret), "{open:?}");
}
