//! What a command of a tool may take with all that it starts: more of it is ended whole, and the model is told why.

use q_testkit::server::Script;
use serde_json::json;

use crate::tools::{Workshop, call, is_alive, until};

/// A workshop whose commands may take that, and whose model wants such a line run.
fn wanting(limits: &str, line: &str, in_background: bool) -> Workshop {
    let shop = Workshop::new(&format!("tools = true\n[limits]\n{limits}"));
    let arguments = json!({ "shell": line, "background": in_background });
    let said = Script::new().say("I see.").done();
    shop.rounds("do it", vec![call("run", &arguments), said]);
    shop.begin("api", "do it");
    shop.approve_shown("api", &["in a shell"]);
    shop
}

/// The numbers of the processes that wrote them into a file.
fn pids(shop: &Workshop) -> Vec<String> {
    shop.file("pids").lines().map(str::to_owned).collect()
}

#[test]
fn a_command_that_makes_more_and_more_of_itself_is_ended_with_all_of_it() {
    // Each makes two more after a while, some of them away from its group, and none ends by itself: 511 of them after four
    // seconds, and more than may be after three.
    let line = "cat >more <<'end'\necho $$ >>pids\ntrap '' TERM\n[ $1 = 0 ] || { sleep 0.5; sh more $(($1-1)) & setsid sh more $(($1-1)) & }\n\
                while :; do sleep 60; done\nend\nexec sh more 8";
    let shop = wanting("command_processes = 60", line, false);
    shop.wait("api").succeeded();
    let told = shop.told(1).concat();
    assert!(told.contains("it had more than 60 processes") && told.contains("command_processes"), "{told}");
    assert!(told.contains("exit code 137"), "{told}");
    let pids = pids(&shop);
    assert!(pids.len() < 511, "it did not come to its end: {}", pids.len());
    until("the end of all of them", || (!pids.iter().any(|pid| is_alive(pid))).then_some(()));
}

#[test]
fn a_command_that_takes_more_and_more_memory_is_ended() {
    let line = "echo $$ >>pids; head -c 900000000 /dev/zero | tail";
    let shop = wanting("command_memory_bytes = 100000000", line, false);
    shop.wait("api").succeeded();
    let told = shop.told(1).concat();
    assert!(told.contains("it took more than 95 MB of memory"), "{told}");
    until("its end", || (!is_alive(&pids(&shop)[0])).then_some(()));
}

#[test]
fn what_goes_on_in_the_background_is_held_to_the_same() {
    let line = "echo $$ >>pids; while [ ! -e go ]; do sleep 0.1; done; for n in 1 2 3 4 5 6 7 8 9; do sleep 60 & done; wait";
    let shop = wanting("command_processes = 5", line, true);
    shop.wait("api").succeeded();
    assert!(is_alive(&pids(&shop)[0]));
    std::fs::write(shop.directory.join("go"), "").unwrap();
    let ended = until("its end", || {
        let all = shop.world.q(&["processes", "api", "--json"]).succeeded().json();
        all[0]["ended"].as_str().map(str::to_owned)
    });
    assert!(ended.contains("exit code 137"), "{ended}");
    until("its end", || (!is_alive(&pids(&shop)[0])).then_some(()));
}

#[test]
fn what_has_ended_counts_no_more_whoever_its_parent_was() {
    // Each outlives its parent, comes to who supervises the command, and ends; the command waits until none of them is left.
    let line = "n=0; : >pids; while [ $n -lt 60 ]; do n=$((n+1)); (sh -c 'echo $$ >>pids' &); while [ $(wc -l <pids) -lt $n ]; do :; done; done\n\
                for pid in $(cat pids); do while [ -e /proc/$pid ]; do sleep 0.1; done; done; echo all gone";
    let shop = wanting("command_processes = 20", line, false);
    shop.wait("api").succeeded();
    let told = shop.told(1).concat();
    assert!(told.contains("all gone"), "{told}");
    assert_eq!(pids(&shop).len(), 60);
}
