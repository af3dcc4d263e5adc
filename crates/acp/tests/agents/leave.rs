//! What leave an agent gets by what it shows, and what nobody is asked about.

use q_core::{AgentEvent, CallSubject, NamedFile};
use serde_json::{Value, json};

use crate::bench::{Bench, Person, asked, controls, hear, until, whole};
use futures_util::StreamExt as _;
use q_testkit::process::is_alive;

/// One that asks leave for this call, taking these kinds of answers, and then writes that into `made`.
fn asks(mode: &str, mut call: Value, answers: &[&str], writes: &str) -> Bench {
    let bench = Bench::new(mode);
    let place = bench.directory.display().to_string();
    if let Some(call) = call.as_object_mut() {
        call.insert("toolCallId".into(), "c1".into());
    }
    let kinds = [("yes", "allow_once"), ("yes", "allow_always"), ("no", "reject_once")];
    let kinds = kinds.into_iter().filter(|(_, kind)| answers.contains(kind));
    let options: Vec<Value> =
        kinds.map(|(id, kind)| json!({ "optionId": id, "name": id, "kind": kind })).collect();
    let ask = json!({ "sessionId": "SESSION", "toolCall": call, "options": options });
    let write = json!({ "sessionId": "SESSION", "path": "DIR/made", "content": writes });
    for (name, params) in [("ask.json", ask), ("write.json", write)] {
        std::fs::write(bench.directory.join(name), params.to_string().replace("DIR", &place)).unwrap();
    }
    bench
}

const BOTH: [&str; 2] = ["allow_once", "reject_once"];

fn diff(path: &str, old: impl Into<Option<&'static str>>, new: &str) -> Value {
    json!({ "type": "diff", "path": path, "oldText": old.into(), "newText": new })
}

#[tokio::test]
async fn leave_to_write_is_for_what_was_shown_in_place_of_all_that_stands_there_and_never_a_rules() {
    let (old, new) = ("one\ntwo\n", "one\nthree\n");
    let shown = json!([diff("DIR/made", old, new)]);
    let part = json!([diff("DIR/made", "two\n", "three\n")]);
    let made = json!([diff("DIR/made", None, new)]);
    for (what, stands, content, writes, person, is_asked) in [
        ("as shown", Some(old), &shown, new, Person::Allows, false),
        ("a new file", None, &made, new, Person::Allows, false),
        ("a rule's yes", Some(old), &shown, new, Person::HasARule, true),
        ("a part in place of all", Some(old), &part, "three\n", Person::Allows, true),
        ("something else", Some(old), &shown, "four\n", Person::Allows, true),
        ("changed since", Some("two\n"), &shown, new, Person::Allows, true),
        ("a file where none was", Some(old), &made, new, Person::Allows, true),
        ("none where one was", None, &shown, new, Person::Allows, true),
    ] {
        let call = json!({ "title": "Edit", "kind": "edit", "content": content });
        let bench = asks("given", call, &BOTH, writes);
        if let Some(stands) = stands {
            std::fs::write(bench.directory.join("made"), stands).unwrap();
        }
        let lines = whole(&*bench.open(None), "do it", person).await;
        let write = lines.iter().find(|line| line.starts_with("call write")).unwrap_or(&lines[0]);
        assert_eq!(write.ends_with(" Consent"), is_asked, "{what}: {lines:?}");
        assert_eq!(std::fs::read_to_string(bench.directory.join("made")).unwrap(), writes, "{what}");
    }
}

#[tokio::test]
async fn a_call_is_about_all_files_that_it_names() {
    let named = |files: &[(&str, bool)]| {
        let file = |&(path, is_private): &(&str, bool)| NamedFile { path: path.into(), is_private };
        CallSubject::Named(files.iter().map(file).collect())
    };
    let at = |path: &str| json!({ "path": path });
    for (kind, locations, content, expected) in [
        ("edit", json!([at("DIR/a")]), json!([diff("DIR/a", "", "x")]), named(&[("a", false)])),
        (
            "edit",
            json!([at("DIR/a")]),
            json!([diff("DIR/.env", "", "x")]),
            named(&[(".env", true), ("a", false)]),
        ),
        (
            "edit",
            json!([at("DIR/a"), at("DIR/b/../.env")]),
            json!([]),
            named(&[("a", false), (".env", true)]),
        ),
        (
            "edit",
            json!([]),
            json!([diff("DIR/a", "", "x"), diff("DIR//.npmrc", "", "x")]),
            named(&[("a", false), (".npmrc", true)]),
        ),
        // What else its input says is known to no rule that allows.
        ("edit and", json!([at("DIR/a")]), json!([]), named(&[("a", false), ("/ and more", true)])),
        ("edit", json!([at("DIR/.git/config")]), json!([]), named(&[(".git/config", true)])),
        ("delete", json!([at("/etc/passwd")]), json!([]), named(&[("/etc/passwd", true)])),
        ("move", json!([at("DIR/a"), at("DIR/b")]), json!([]), named(&[("a", false), ("b", false)])),
    ] {
        let (kind, input) = match kind.strip_suffix(" and") {
            Some(kind) => (kind, json!({ "command": "rm -rf /" })),
            None => (kind, Value::Null),
        };
        let bench = asks(
            "given",
            json!({ "title": "It", "kind": kind, "locations": locations, "content": content, "rawInput": input }),
            &BOTH,
            "",
        );
        let conversation = bench.open(None);
        let (_tell, told) = controls();
        let mut events = conversation.turn(asked("do it"), told);
        let subject = loop {
            if let AgentEvent::Call(_, facts) = events.next().await.unwrap() {
                break facts.subject;
            }
        };
        let place = bench.directory.display().to_string();
        let said = format!("{subject:?}").replace(&place, "DIR");
        assert_eq!(said, format!("{expected:?}"), "{kind} {locations}");
    }
}

#[tokio::test]
async fn what_cannot_be_shown_or_answered_is_asked_of_nobody_and_that_is_said() {
    let many: Vec<Value> = (0..65).map(|no| json!({ "path": format!("DIR/{no}") })).collect();
    let long = "x".repeat(300 << 10);
    for (call, answers, why) in [
        (
            json!({ "title": "big", "kind": "execute", "rawInput": { "command": long } }),
            &BOTH[..],
            "it is longer than the 256 KB that are shown",
        ),
        (
            json!({ "title": "big", "kind": "edit", "locations": many }),
            &BOTH,
            "it names more files than are shown",
        ),
        (
            json!({ "title": "big", "kind": "execute", "rawInput": { "command": "ls" } }),
            &BOTH[1..],
            "it takes no yes for an answer",
        ),
        (
            json!({ "title": "big", "kind": "execute", "rawInput": { "command": "ls" } }),
            &["allow_once", "allow_always", "reject_once"],
            "two of its answers have one id, so that a no could be taken for a yes",
        ),
        (json!({ "title": " \n", "rawInput": {} }), &BOTH, "it does not say what it is"),
    ] {
        let title = call["title"].as_str().unwrap_or_default().to_owned();
        let lines = whole(&*asks("given", call, answers, "").open(None), "do it", Person::Allows).await;
        let told = format!("thought The agent asked leave for {title:?} and was told no unasked: {why}.");
        assert!(lines.contains(&told) && lines.contains(&"text then not".to_owned()), "{lines:?}");
        assert!(!lines.iter().any(|line| line.ends_with("Consent")), "{lines:?}");
    }
}

#[tokio::test]
async fn a_yes_for_ever_is_said_and_given_by_no_rule_for_less() {
    for (call, about) in [
        (json!({ "title": "It", "kind": "execute", "rawInput": { "command": "ls" } }), "Command([\"{"),
        (
            json!({ "title": "It", "kind": "delete", "locations": [{ "path": "DIR/a" }] }),
            "path: \"/ and more\"",
        ),
    ] {
        let bench = asks("given", call, &["allow_always", "reject_once"], "");
        let (_tell, told) = controls();
        let mut events = bench.open(None).turn(asked("do it"), told);
        let (input, subject) = loop {
            if let AgentEvent::Call(call, facts) = events.next().await.unwrap() {
                break (call.input, format!("{:?}", facts.subject));
            }
        };
        assert!(input.starts_with(r#"{"title":"It (this agent can only be told: always)""#), "{input}");
        assert!(subject.contains(about), "{subject}");
    }
}

#[tokio::test]
async fn what_a_call_was_told_as_stands_and_what_it_becomes_is_told_with_its_end() {
    let call = |update: &str, id: &str, line: &str, status: &str| {
        json!({ "sessionUpdate": update, "toolCallId": id, "title": line, "kind": "execute", "status": status,
            "rawInput": { "command": line } })
    };
    let said =
        |line: &str| format!(r#"call agent_execute {{"title":"{line}","input":{{"command":"{line}"}}}}"#);
    let (new, more) = ("tool_call", "tool_call_update");
    let (rm, ls) = (format!("{} Nothing told", said("rm x")), format!("{} Nothing told", said("ls")));
    for (what, told, asks, after, expected) in [
        (
            "completed as another at once",
            vec![call(new, "c1", "rm x", "in_progress"), call(more, "c1", "ls", "completed")],
            false,
            vec![],
            vec![rm.clone(), "result done told as `rm x`, then as `ls`".into()],
        ),
        (
            "another of a used id",
            vec![call(new, "c1", "ls", "completed"), call(new, "c1", "rm x", "completed")],
            false,
            vec![],
            vec![ls.clone(), "result done ".into(), rm.clone(), "result done ".into()],
        ),
        (
            "more of one that is over",
            vec![call(new, "c1", "ls", "completed"), call(more, "c1", "rm x", "completed")],
            false,
            vec![],
            vec![ls.clone(), "result done ".into(), rm.clone(), "result done ".into()],
        ),
        (
            "the same once more",
            vec![call(new, "c1", "ls", "completed"), call(more, "c1", "ls", "completed")],
            false,
            vec![],
            vec![ls.clone(), "result done ".into()],
        ),
        (
            "allowed as another",
            vec![],
            true,
            vec![call(more, "c1", "rm x", "in_progress"), call(more, "c1", "rm x", "completed")],
            vec![format!("{} Consent", said("ls")), "result done told as `ls`, then as `rm x`".into()],
        ),
        (
            "never ended",
            vec![],
            true,
            vec![call(more, "c1", "rm x", "in_progress")],
            vec![
                format!("{} Consent", said("ls")),
                "thought A call of the agent that has not ended was told as `ls`, then as `rm x`.".into(),
            ],
        ),
    ] {
        let bench = if asks {
            let shown = json!({ "title": "ls", "kind": "execute", "rawInput": { "command": "ls" } });
            self::asks("tells", shown, &BOTH, "")
        } else {
            Bench::new("tells")
        };
        for (name, updates) in [("told.txt", told), ("after.txt", after)] {
            let mut lines: Vec<String> = updates.iter().map(Value::to_string).collect();
            lines.push(String::new());
            std::fs::write(bench.directory.join(name), lines.join("\n")).unwrap();
        }
        let mut lines = whole(&*bench.open(None), "do it", Person::Allows).await;
        lines.retain(|line| ["call", "resu", "thou"].iter().any(|word| line.starts_with(word)));
        assert_eq!(lines, expected, "{what}");
    }
}

#[tokio::test]
async fn an_answer_is_for_one_request_alone() {
    for (mode, failure) in [
        (
            "one-id",
            "failed cut it asks for two things by one number, so that an answer for one could be taken for the other",
        ),
        ("long-id", "text refused: q does not know this"),
    ] {
        let lines = hear(&*Bench::new(mode).open(None), asked("do it"), Person::Waits, failure).await;
        assert!(lines.iter().any(|line| line == failure), "{lines:?}");
    }
}

#[tokio::test]
async fn the_end_of_who_leads_an_agent_is_seen_whatever_it_left_behind() {
    let bench = Bench::new("killed");
    let lines = whole(&*bench.open(None), "do it", Person::Waits).await;
    assert_eq!(lines, ["text here", "failed cut its process ended: ended by signal 9"]);
    let [_leader, left] = bench.double.processes()[..] else { panic!("two processes") };
    until("the end of what it left behind", || !is_alive(left)).await;
}
