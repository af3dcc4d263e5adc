//! Other users and other programs at the place of the host: nothing is said to them, and no signal reaches them.

use std::fs::{self, Permissions};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::{PermissionsExt as _, chown, symlink};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use q_proto::PROTOCOL;
use q_proto::Place;
use q_testkit::process::is_alive;
use rustix::process::{Signal, Uid, geteuid};

use crate::run::send;
use crate::world::{World, eventually};

/// Nobody in particular.
const ANOTHER: u32 = 65_534;
/// What no socket may hear.
const KEY: &str = "sk-canary";
/// What the test itself says last, to know that all before it was heard.
const END: &[u8] = b"that was all";

/// Does something as another user; as this one where it may not, with a word on standard error.
#[allow(clippy::print_stderr, reason = "a test that is passed by says so")]
fn as_another<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    let work = || {
        if geteuid().is_root() {
            let another = Uid::from_raw(ANOTHER);
            rustix::thread::set_thread_res_uid(another, another, another).expect("another user");
        } else {
            eprintln!("in part passed by: as another user (it wants root)");
        }
        work()
    };
    thread::scope(|scope| scope.spawn(work).join().expect("it ends"))
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

fn directory(path: &Path, owner: Option<u32>, mode: u32) {
    fs::remove_dir_all(path).ok();
    fs::create_dir_all(path).unwrap();
    set_mode(path, mode);
    if geteuid().is_root() {
        chown(path, owner, None).unwrap();
    }
}

/// Listens where a host would, and keeps all that it is ever told.
struct Ear {
    socket: PathBuf,
    heard: Receiver<Vec<u8>>,
}

impl Ear {
    /// Of another user.
    fn of_another(socket: &Path) -> Self {
        let listener = as_another(|| UnixListener::bind(socket).expect("a place for a socket"));
        let (told, heard) = channel();
        thread::spawn(move || {
            for stream in listener.incoming() {
                let mut bytes = Vec::new();
                stream.and_then(|mut stream| stream.read_to_end(&mut bytes)).ok();
                if told.send(bytes).is_err() {
                    return;
                }
            }
        });
        // It may be removed, and is connected to by another name then.
        let kept = socket.with_extension("kept");
        fs::remove_file(&kept).ok();
        fs::hard_link(socket, &kept).unwrap();
        Self { socket: kept, heard }
    }

    /// All that it heard until now.
    #[expect(clippy::disallowed_methods, reason = "the test's own words to its own socket")]
    fn heard(&self) -> Vec<u8> {
        UnixStream::connect(&self.socket).unwrap().write_all(END).unwrap();
        let mut all = Vec::new();
        loop {
            let bytes = self.heard.recv().unwrap();
            if bytes == END {
                return all;
            }
            all.extend(bytes);
        }
    }
}

/// A way in which somebody else's socket comes to stand where a host's would.
struct Plant {
    what: &'static str,
    /// Plants it anew; gives the socket's directory, where it really is.
    put: fn(&mut World) -> PathBuf,
    /// What the person is told, by `q ls`; nothing where it was removed and all is well.
    way_out: Option<&'static str>,
    /// Whether it needs a second user.
    needs_another: bool,
}

/// The directory that stands in where `XDG_RUNTIME_DIR` is not set.
fn fallback(world: &mut World) -> PathBuf {
    let shared = world.home.path().join("tmp");
    directory(&shared, None, 0o1777);
    world.home.set("XDG_RUNTIME_DIR", "");
    world.home.set("TMPDIR", shared.to_str().unwrap());
    shared.join(format!("q-{}", geteuid().as_raw()))
}

fn own(world: &mut World) -> PathBuf {
    let own = world.home.path().join("own");
    directory(&own, None, 0o755);
    directory(&own.join("q"), None, 0o777);
    world.home.set("XDG_RUNTIME_DIR", own.to_str().unwrap());
    own.join("q")
}

const PLANTS: [Plant; 5] = [
    Plant {
        what: "the fallback directory, made by another user",
        put: |world| {
            let path = fallback(world);
            directory(&path, Some(ANOTHER), 0o755);
            path
        },
        way_out: Some("set Q_RUNTIME_DIR to a directory of yours"),
        needs_another: true,
    },
    Plant {
        what: "the fallback directory, a link",
        put: |world| {
            let path = fallback(world);
            let theirs = path.with_file_name("theirs");
            directory(&theirs, Some(ANOTHER), 0o755);
            symlink(&theirs, &path).unwrap();
            theirs
        },
        way_out: Some("set Q_RUNTIME_DIR to a directory of yours"),
        needs_another: false,
    },
    Plant {
        what: "XDG_RUNTIME_DIR, left over from another user",
        put: |world| {
            let theirs = world.home.path().join("theirs");
            directory(&theirs, Some(ANOTHER), 0o700);
            directory(&theirs.join("q"), Some(ANOTHER), 0o700);
            world.home.set("XDG_RUNTIME_DIR", theirs.to_str().unwrap());
            theirs.join("q")
        },
        way_out: Some("set Q_RUNTIME_DIR to a directory of yours"),
        needs_another: true,
    },
    Plant { what: "one's own directory, open to all", put: own, way_out: None, needs_another: false },
    Plant {
        what: "one's own directory, open to all once",
        put: own, // and closed once it is in there
        way_out: Some("belongs to another user (uid 65534) and was not spoken to; remove it"),
        needs_another: true,
    },
];

/// Whether there is a second user, or the plant needs none.
#[allow(clippy::print_stderr, reason = "a test that is passed by says so")]
fn can_be_planted(plant: &Plant) -> bool {
    let can = geteuid().is_root() || !plant.needs_another;
    if !can {
        eprintln!("passed by: {} (it wants root)", plant.what);
    }
    can
}

fn planted(world: &mut World, plant: &Plant) -> Ear {
    let place = (plant.put)(world);
    let within = |variable: &str| world.home.directory(variable).join("q");
    let tag = Place::new(within("XDG_DATA_HOME"), within("XDG_STATE_HOME"), place).socket();
    let ear = Ear::of_another(&tag);
    if plant.what.ends_with("once") {
        set_mode(tag.parent().unwrap(), 0o700);
    }
    ear
}

fn world_with_a_key() -> World {
    let mut world = World::new();
    set_mode(world.home.path(), 0o755); // other users come through
    world.home.set("OPENAI_API_KEY", KEY);
    world
}

#[test]
fn a_foreign_socket_hears_not_one_byte() {
    const VERBS: [&[&str]; 8] = [
        &["host", "status"],
        &["host", "stop"],
        &["host", "stop", "--force"],
        &["doctor"],
        &["host", "restart"],
        &["ls"],
        &["new", "-d", "one"],
        &["chat", "hello"],
    ];
    for plant in PLANTS.iter().filter(|plant| can_be_planted(plant)) {
        let mut world = world_with_a_key();
        for verb in VERBS {
            let ear = planted(&mut world, plant);
            let outcome = world.q(verb);
            assert_eq!(ear.heard(), b"", "{}: {verb:?}: {outcome:?}", plant.what);
            match plant.way_out {
                Some(way_out) if verb != ["doctor"] => drop(outcome.exited(5).told(way_out)),
                Some(_) => {}
                None => {
                    let no_host = verb == ["host", "status"];
                    outcome.exited(if no_host { 5 } else { 0 });
                    world.home.host_pid();
                    world.q(&["host", "stop"]).succeeded();
                }
            }
        }
    }
}

/// It asks a host what sessions are called, where one holds the store and something of it is lost.
#[test]
fn the_doctor_beside_a_running_host_asks_no_foreign_socket() {
    for plant in PLANTS.iter().filter(|plant| can_be_planted(plant)) {
        let mut world = world_with_a_key();
        let here = world.home.directory("XDG_RUNTIME_DIR");
        let world_with_a_loss = |world: &World| {
            world.q(&["new", "-d", "api"]).succeeded();
            world.q(&["chat", "-s", "api", "lost"]).succeeded();
            world.q(&["host", "stop"]).succeeded();
            let journal = world.home.directory("XDG_DATA_HOME").join("q/store/0.jnl");
            let mut bytes = fs::read(&journal).unwrap();
            let at = bytes.windows(10).position(|window| window == b"echo: lost").unwrap();
            bytes[at] ^= 1;
            fs::write(journal, bytes).unwrap();
            world.q(&["ls"]).succeeded();
            world.home.host_pid().unwrap()
        };
        let host = world_with_a_loss(&world);
        assert_eq!(
            world.q(&["doctor", "--json"]).json()["losses"][0]["name"],
            "api",
            "asked at the right place"
        );
        let ear = planted(&mut world, plant);
        let told = world.q(&["doctor", "--json"]).succeeded().json();
        assert_eq!(told["condition"], "in_use", "{}: {told}", plant.what);
        assert_eq!(told["losses"][0]["name"], serde_json::Value::Null, "{}: {told}", plant.what);
        assert_eq!(ear.heard(), b"", "{}", plant.what);
        world.home.set("XDG_RUNTIME_DIR", here.to_str().unwrap());
        world.q(&["host", "stop"]).succeeded();
        eventually("it is gone", || !is_alive(host));
    }
}

/// What a client says first.
fn hello() -> Vec<u8> {
    let mut body = vec![0x81, 0xa5];
    body.extend(b"hello\x84\xa8protocol");
    body.push(u8::try_from(PROTOCOL).unwrap());
    body.extend(b"\xa6oldest");
    body.push(u8::try_from(PROTOCOL).unwrap());
    body.extend(b"\xa7version\xa1x\xa5watch\xc2");
    let length = u32::try_from(body.len()).unwrap().to_be_bytes();
    [length.as_slice(), &body].concat()
}

/// What the host says to that: the beginning, or nothing before it hangs up.
#[expect(clippy::disallowed_methods, reason = "a client that checks nothing, to see who is let in")]
fn welcomed(socket: &Path) -> bool {
    let mut stream = UnixStream::connect(socket).unwrap();
    stream.write_all(&hello()).ok(); // it may have hung up already
    let mut answer = [0; 16];
    stream.read_exact(&mut answer).is_ok() && answer.windows(7).any(|window| window == b"welcome")
}

#[test]
#[allow(clippy::print_stderr, reason = "a test that is passed by says so")]
fn the_host_lets_no_other_user_in() {
    let world = World::new().with_sessions(&["one"]);
    let host = world.home.host_pid().unwrap();
    let runtime = world.home.directory("XDG_RUNTIME_DIR");
    let within = |variable: &str| world.home.directory(variable).join("q");
    let socket = Place::new(within("XDG_DATA_HOME"), within("XDG_STATE_HOME"), runtime.join("q")).socket();
    assert!(welcomed(&socket), "its own user is");
    if !geteuid().is_root() {
        eprintln!("passed by: as another user (it wants root)");
        return;
    }
    // As if every other protection had failed.
    for path in [world.home.path(), &runtime, &runtime.join("q")] {
        set_mode(path, 0o755);
    }
    set_mode(&socket, 0o666);
    assert!(!as_another(|| welcomed(&socket)));
    assert!(is_alive(host) && welcomed(&socket), "it goes on for its own");
}

/// This very process: a signal would end the test.
#[test]
fn a_stranger_in_the_place_of_a_host_is_sent_no_signal() {
    for (listens, holds) in [(true, false), (false, true), (true, true)] {
        let world = World::new();
        let within = |variable: &str| world.home.directory(variable).join("q");
        let place = Place::new(within("XDG_DATA_HOME"), within("XDG_STATE_HOME"), within("XDG_RUNTIME_DIR"));
        directory(&within("XDG_RUNTIME_DIR"), None, 0o700);
        let _listener = listens.then(|| UnixListener::bind(place.socket()).unwrap());
        let lock = fs::File::create(place.host_lock()).unwrap();
        if holds {
            lock.lock().unwrap();
        }
        for args in [&["host", "stop"][..], &["host", "stop", "--force"], &["host", "restart"]] {
            let refused = world.q(args).exited(5);
            let is_named = refused.err.contains("was sent no signal") && refused.err.contains("lsof");
            let is_deaf = args[1] == "restart" && refused.err.contains("`q host stop --force`");
            assert!(is_named || is_deaf, "{listens} {holds}: {refused:?}");
            assert!(!refused.err.contains("kill"), "{refused:?}");
        }
    }
}

#[test]
fn a_host_whose_program_was_replaced_is_ended_though_it_does_not_answer() {
    let world = World::new();
    let older = world.home.path().join("bin/q");
    fs::create_dir(older.parent().unwrap()).unwrap();
    fs::copy(env!("CARGO_BIN_EXE_q"), &older).unwrap();
    let made: Command = {
        let mut command = world.home.command(&older);
        command.args(["new", "-d", "kept"]);
        command
    };
    let mut made = made;
    assert!(made.status().unwrap().success());
    let host = world.home.host_pid().unwrap();
    fs::remove_file(&older).unwrap();
    send(host, Signal::STOP);
    world.q(&["ls"]).exited(5).told("`q host stop --force`");
    world.q(&["host", "stop"]).exited(5).told("`q host stop --force`");
    assert!(is_alive(host), "in good order or not at all");
    world.q(&["host", "stop", "--force"]).succeeded();
    eventually("it is gone", || !is_alive(host));
    world.q(&["ls"]).succeeded().said("kept");
}

/// One rule for every directory that is written to.
#[test]
fn a_link_in_the_place_of_the_store_is_refused_as_one_above_it_is() {
    for (link, told) in [
        ("data/q", "where sessions are kept"),
        ("data/q/store", "the store"),
        ("state/q", "where logs are kept"),
        ("state/q/log", "where logs are kept"),
    ] {
        let world = World::new();
        let elsewhere = world.home.path().join("elsewhere");
        fs::create_dir(&elsewhere).unwrap();
        let link = world.home.path().join(link);
        fs::create_dir_all(link.parent().unwrap()).unwrap();
        if link.exists() {
            fs::remove_dir_all(&link).unwrap();
        }
        symlink(&elsewhere, &link).unwrap();
        world.q(&["ls"]).exited(5).told(link.to_str().unwrap()).told(told).told("not a directory of yours");
        if told != "where logs are kept" {
            world.q(&["doctor"]).exited(1).told(link.to_str().unwrap()).told(told);
        }
        assert_eq!(fs::read_dir(&elsewhere).unwrap().count(), 0, "nothing was put there");
    }
}
