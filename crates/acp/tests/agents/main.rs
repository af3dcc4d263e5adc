//! Agents that do what they should and what they should not, each in a process of its own: what is told of a turn, and what becomes of
//! them.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests may panic")]
mod bench;
mod leave;

use std::time::Duration;

use futures_util::StreamExt as _;
use q_core::{AgentEvent, FailureKind, Settings};
use q_seat::{AgentControl, AgentOffer, Conversation, Turn};
use q_testkit::process::{is_alive, kill9};

use crate::bench::{Bench, Person, asked, controls, hear, in_words, until, whole};

const SHOWN: &str = r#"{"title":"Make the change","input":{"command":"touch made"}}"#;

#[tokio::test]
async fn what_an_agent_says_and_does_is_told_in_qs_words() {
    let login = "Authentication required; it names Log in: Run agent login in a terminal";
    for (mode, expected) in [
        ("plain", vec!["text told anew", "stop end_turn", "done"]),
        (
            "works",
            vec![
                "plan of 2",
                "title A fine title",
                "thought hm",
                "usage 1200",
                r#"call agent_search {"title":"List","input":{"pattern":"*"}} Nothing told"#,
                "result done a.rs b.rs",
                "text two files",
                "stop end_turn",
                "done",
            ],
        ),
        ("noise", vec!["text heard", "stop end_turn", "done"]),
        ("unknown", vec!["text refused: q does not know this", "stop end_turn", "done"]),
        ("other", vec!["text refused: no file of this session is named", "stop end_turn", "done"]),
        (
            "dies",
            vec!["text half of", "failed cut its process ended: exit code 3; it said: the disk is on fire"],
        ),
        ("gone", vec!["failed not_started its process ended: exit code 1; it said: no licence"]),
        ("no-session", vec!["failed not_started its process ended: exit code 4"]),
        ("old", vec!["failed not_started it does not speak version 1 of the Agent Client Protocol"]),
        ("wants-login", vec![&format!("failed not_logged_in {login}")]),
        ("login", vec![&format!("failed not_logged_in {login}")]),
        ("fails", vec!["failed server_error the model is on strike"]),
        ("empty", vec!["stop end_turn", "failed empty "]),
        ("stops-max_tokens", vec!["text some", "stop max_tokens", "failed length_limit "]),
        ("stops-refusal", vec!["text some", "stop refusal", "failed refused "]),
        ("stops-max_turn_requests", vec!["text some", "stop max_turn_requests", "failed too_many_rounds "]),
        (
            "stops-cancelled",
            vec!["text some", "stop cancelled", "failed cut it stopped for the reason \"cancelled\""],
        ),
        (
            "stops-tomorrow",
            vec!["text some", "stop tomorrow", "failed cut it stopped for the reason \"tomorrow\""],
        ),
        ("endless", vec!["failed too_long it said more at once than it may"]),
    ] {
        let bench = Bench::new(mode);
        let lines = whole(&*bench.open(None), "what is here", Person::Waits).await;
        let mut expected: Vec<String> = expected.into_iter().map(str::to_owned).collect();
        if mode == "works" {
            // A call is told a moment later, and a notice of another sort may overtake it.
            expected = sorted(expected);
            assert_eq!(sorted(lines), expected, "{mode}");
        } else {
            assert_eq!(lines, expected, "{mode}");
        }
        assert!(!bench.has_heard("canary"), "a key is nobody's");
    }
}

fn sorted(mut lines: Vec<String>) -> Vec<String> {
    lines.sort();
    lines
}

#[tokio::test]
async fn what_an_agent_asks_waits_for_the_person_and_is_answered_for_this_once() {
    for (mode, person, answer, said) in [
        ("asks", Person::Allows, "yes", vec!["result done made", "text it is done"]),
        ("asks", Person::Denies, "no", vec!["text then not"]),
        ("asks", Person::AllowsAnother, "no", vec!["result failed ", "text then not"]),
    ] {
        let bench = Bench::new(mode);
        let lines = whole(&*bench.open(None), "do it", person).await;
        let call = format!("call agent_execute {SHOWN} Consent");
        let expected: Vec<&str> =
            [call.as_str()].into_iter().chain(said).chain(["stop end_turn", "done"]).collect();
        assert_eq!(lines, expected, "{person:?}");
        let answer =
            format!(r#""id":"p1","result":{{"outcome":{{"outcome":"selected","optionId":"{answer}"}}}}"#);
        assert!(bench.has_heard(&answer), "{:?}", bench.double.heard());
    }
    // What was told already is asked about apart, each time.
    let bench = Bench::new("twice");
    let lines = hear(&*bench.open(None), asked("do it"), Person::Allows, "done").await;
    let asked: Vec<&String> = lines.iter().filter(|line| line.ends_with("Consent")).collect();
    assert_eq!(asked.len(), 2, "{lines:?}");
    assert!(lines.iter().any(|line| line.ends_with("Nothing told")), "{lines:?}");
}

#[tokio::test]
async fn files_are_served_beneath_the_directory_and_written_with_consent() {
    let bench = Bench::new("reads");
    std::fs::write(bench.directory.join("notes.txt"), "one").unwrap();
    let lines = whole(&*bench.open(None), "look", Person::Waits).await;
    let path = bench.directory.join("notes.txt").display().to_string();
    let call = format!(r#"call read {{"path":"{path}"}} Nothing"#);
    let said = format!("result done 1 lines of {path}");
    assert_eq!(lines, [call.as_str(), &said, "text got: content:one", "stop end_turn", "done"]);
    for (person, is_written, said) in [
        (Person::Allows, true, "text got: "),
        (Person::Denies, false, "text refused: not so"),
        (Person::AllowsAnother, false, "text refused: what was permitted is not this call; it did not run"),
    ] {
        let bench = Bench::new("writes");
        let lines = whole(&*bench.open(None), "do it", person).await;
        assert!(lines[0].starts_with("call write ") && lines[0].ends_with(" Consent"), "{lines:?}");
        assert!(lines.iter().any(|line| line == said), "{lines:?}");
        assert_eq!(bench.directory.join("made").exists(), is_written, "{person:?}");
    }
    // What is refused unasked leaves a call behind that says so.
    for (mode, call) in [
        ("outside", r#"call read {"path":"/etc/passwd"} Nothing told"#),
        ("writes-outside", r#"call write {"path":"/etc/passwd","content":"new\n"} Nothing told"#),
    ] {
        let lines = whole(&*Bench::new(mode).open(None), "look", Person::Allows).await;
        assert_eq!(lines[0], call, "{lines:?}");
        for said in ["result failed `/etc/passwd` is outside", "text refused: `/etc/passwd` is outside"] {
            assert!(lines.iter().any(|line| line.starts_with(said)), "{mode}: {lines:?}");
        }
    }
    // Not without end: what is refused beyond that is only answered.
    let bench = Bench::new("outside-often");
    let lines = whole(&*bench.open(None), "look", Person::Waits).await;
    let of = |begins: &str| lines.iter().filter(|line| line.starts_with(begins)).count();
    assert_eq!((of("call "), of("result failed ")), (1000, 1000));
    let answered = bench.double.heard().iter().filter(|line| line.contains("is outside")).count();
    assert_eq!(answered, 1006);
}

#[tokio::test]
async fn commands_are_run_for_an_agent_with_consent_and_followed_by_it() {
    let sh = r#"{"argv":["sh","-c","echo out; echo $MADE; exit 3"]}"#;
    let of_another = "text refused: what was permitted is not this call; it did not run";
    let ended = "text exitCode:3,signal:null output:outnn,truncated:false,exitStatus:exitCode:3,signal:null";
    let cut = "text exitCode:0,signal:null output:890ü,truncated:true,exitStatus:exitCode:0,signal:null";
    let with = r#"{"argv":["env","-C","./sub","MADE=so","sh","-c","pwd; echo $MADE"]}"#;
    let line = r#"{"shell":"printf 1234567890; printf ü"}"#;
    for (mode, person, input, said) in [
        ("terminal", Person::Allows, sh, vec!["result failed exit code 3 out", ended]),
        ("terminal", Person::Denies, sh, vec!["text refused: not so"]),
        ("terminal", Person::AllowsAnother, sh, vec![of_another]),
        ("terminal-with", Person::Allows, with, vec!["result done DIR/sub so"]),
        (
            "terminal-line",
            Person::Allows,
            line,
            vec!["result done (… what came before is left out …) 890ü", cut],
        ),
        (
            "terminal-killed",
            Person::Allows,
            r#"{"argv":["sleep","1000"]}"#,
            vec!["result failed it was stopped"],
        ),
    ] {
        let bench = Bench::new(mode);
        std::fs::create_dir(bench.directory.join("sub")).unwrap();
        let conversation = bench.open(None);
        let lines = whole(&*conversation, "do it", person).await;
        let place = bench.directory.display().to_string();
        let plain =
            |line: &String| line.replace(&place, "DIR").split_whitespace().collect::<Vec<_>>().join(" ");
        let lines: Vec<String> = lines.iter().map(plain).collect();
        assert_eq!(lines[0], format!("call run {input} Consent"), "{mode}: {lines:?}");
        for said in said {
            assert!(lines.contains(&said.to_owned()), "{mode}: {said} in {lines:?}");
        }
        assert_eq!(
            lines.iter().filter(|line| line.starts_with("result")).count(),
            usize::from(person == Person::Allows || person == Person::AllowsAnother),
            "{lines:?}"
        );
        assert!(conversation.processes().is_empty(), "it was released");
    }
    // What is not there, or lies outside, is asked of nobody. The agent hears that what it gave is wrong.
    for (mode, why, has_call) in [
        ("terminal-foreign", "no terminal of this session is named", false),
        ("terminal-outside", "it is to run outside of the session's directory", true),
    ] {
        let bench = Bench::new(mode);
        let mut lines = whole(&*bench.open(None), "do it", Person::Allows).await;
        assert!(bench.has_heard("-32602"), "{mode}: {lines:?}");
        if has_call {
            assert!(lines[0].starts_with("call run ") && lines[0].ends_with(" Nothing told"), "{lines:?}");
            assert_eq!(lines[1], format!("result failed {why}"));
            lines.drain(..2);
        }
        assert_eq!(lines, [&format!("text refused: {why}"), "stop end_turn", "done"], "{mode}");
    }
    // What was shown as a command and allowed is run once without another question.
    let bench = Bench::new("terminal-granted");
    let lines = whole(&*bench.open(None), "do it", Person::Allows).await;
    let asked: Vec<&String> = lines.iter().filter(|line| line.ends_with("Consent")).collect();
    assert_eq!(asked.len(), 1, "{lines:?}");
    assert!(lines.iter().any(|line| line.starts_with("call run") && line.ends_with("Nothing")), "{lines:?}");
    assert!(bench.directory.join("made").exists());
}

#[tokio::test]
async fn a_command_goes_on_behind_its_turn_and_ends_with_an_interrupt_or_the_conversation() {
    let running = |conversation: &dyn Conversation| {
        conversation.processes().iter().filter(|process| process.ended.is_none()).count()
    };
    let bench = Bench::new("terminal-goes-on");
    let conversation = bench.open(None);
    let lines = whole(&*conversation, "do it", Person::Allows).await;
    assert!(
        lines.iter().any(|line| line.starts_with("result done it goes on in the background")),
        "{lines:?}"
    );
    let [process] = &conversation.processes()[..] else { panic!("one process") };
    assert_eq!((process.argv.join(" "), process.ended.is_none()), ("sleep 1000".to_owned(), true));
    assert_eq!(conversation.stop_process(process.number), Ok(true));
    assert_eq!(running(&*conversation), 0);
    let waits = Bench::new("terminal-waits");
    let conversation = waits.open(None);
    hear(&*conversation, asked("again"), Person::Allows, "text it runs").await;
    until("the end of what ran when the turn was given up", || running(&*conversation) == 0).await;
    let conversation = bench.open(None);
    whole(&*conversation, "do it", Person::Allows).await;
    assert_eq!(running(&*conversation), 1);
    conversation.release().await;
    assert_eq!(running(&*conversation), 0);
}

#[tokio::test]
async fn what_is_said_into_a_turn_reaches_an_agent_that_takes_it() {
    for (mode, expected) in [
        ("steers", vec!["Steerable", "text at work", "text told: not that way"]),
        (
            "steers-late",
            vec![
                "Steerable",
                "text at work",
                "thought The agent did not take the words that were said into its turn. Say them in the next prompt.",
            ],
        ),
        ("plain", vec!["text told anew"]),
    ] {
        let bench = Bench::new(mode);
        let conversation = bench.open(None);
        let (tell, told) = controls();
        let mut events = conversation.turn(asked("do it"), told);
        let mut lines = Vec::new();
        while let Some(event) = events.next().await {
            if matches!(&event, AgentEvent::Text(said) if said == "at work") {
                tell.send(AgentControl::Steer("not that way".into())).unwrap();
            }
            lines.push(in_words(event));
        }
        lines.retain(|line| !line.starts_with("resume") && !line.starts_with("model"));
        let expected: Vec<&str> = expected.into_iter().chain(["stop end_turn", "done"]).collect();
        assert_eq!(lines, expected, "{mode}");
        assert_eq!(bench.has_heard("_session/steering"), mode != "plain");
    }
}

#[tokio::test]
async fn a_turn_that_is_given_up_is_cancelled_and_its_agent_ended_unless_it_says_it_ended() {
    for (mode, up_to, goes_on) in [("asks", "call", true), ("late", "call", true), ("deaf", "text", false)] {
        let bench = Bench::new(mode);
        let conversation = bench.open(None);
        hear(&*conversation, asked("do it"), Person::Waits, up_to).await;
        until("the word of it", || bench.has_heard("session/cancel")).await;
        let heard = bench.double.heard();
        let place = |part: &str| heard.iter().position(|line| line.contains(part));
        if mode != "deaf" {
            let answered = place(r#""id":"p1","result":{"outcome":{"outcome":"cancelled"}}"#);
            assert!(answered.is_some() && answered < place("session/cancel"), "{heard:?}");
        }
        let [process] = bench.double.processes()[..] else { panic!("one process") };
        if !goes_on {
            until("its end", || !is_alive(process)).await;
        }
        let lines = hear(&*conversation, asked("and now"), Person::Waits, up_to).await;
        assert!(
            !lines.iter().any(|line| line.contains("late")),
            "what is late belongs to no turn: {lines:?}"
        );
        assert_eq!(bench.double.processes().len(), if goes_on { 1 } else { 2 }, "{mode}");
    }
}

#[tokio::test]
async fn a_conversation_is_found_again_or_told_anew_and_nothing_is_sent_twice() {
    for (mode, method, said) in [
        ("plain", "session/load", "text hello"),
        ("resumes", "session/resume", "text hello"),
        ("forgets", "session/new", "text told anew"),
    ] {
        let bench = Bench::new(mode);
        let first = bench.open(None);
        let lines = hear(&*first, asked("one"), Person::Waits, "done").await;
        let handle = lines.iter().find_map(|line| line.strip_prefix("resume ")).unwrap().to_owned();
        let [process] = bench.double.processes()[..] else { panic!("one process") };
        // In the same process only what is new is said.
        assert_eq!(whole(&*first, "two", Person::Waits).await[0], "text hello");
        first.release().await;
        assert!(!is_alive(process), "a conversation that is parked has no process");
        assert_eq!(bench.has_heard("session/close"), mode == "resumes");
        let lines = hear(&*bench.open(Some(&handle)), asked("three"), Person::Waits, "done").await;
        assert!(lines.contains(&said.to_owned()), "{mode}: {lines:?}");
        assert!(
            !lines.contains(&"text all of it again".to_owned()),
            "the transcript is the truth: {lines:?}"
        );
        assert_eq!(lines.iter().any(|line| line.starts_with("resume")), mode == "forgets", "{lines:?}");
        assert_eq!(
            lines.iter().any(|line| line.starts_with("thought The agent has no memory")),
            mode == "forgets"
        );
        let heard = bench.double.heard();
        assert!(heard.iter().skip(4).any(|line| line.contains(method)), "{heard:?}");
        for prompt in ["\"one\"", "\"two\"", "\"three\""] {
            let times = heard.iter().filter(|line| line.contains(prompt)).count();
            assert_eq!(times, 1, "{prompt} is a prompt once");
        }
    }
}

#[tokio::test]
async fn an_agent_that_died_before_it_took_its_first_prompt_is_told_all_in_the_next_turn() {
    let bench = Bench::new("dies-early");
    let conversation = bench.open(None);
    let lines = hear(&*conversation, asked("one"), Person::Waits, "").await;
    assert!(lines.last().is_some_and(|line| line.starts_with("failed cut")), "{lines:?}");
    assert!(!lines.iter().any(|line| line.starts_with("resume")), "nothing is there to be found: {lines:?}");
    let lines = hear(&*conversation, asked("two"), Person::Waits, "").await;
    assert!(lines.contains(&"text told anew".to_owned()), "{lines:?}");
    assert!(!bench.has_heard("session/load"), "{:?}", bench.double.heard());
    assert_eq!(lines.iter().filter(|line| line.starts_with("resume")).count(), 1, "{lines:?}");
}

#[tokio::test]
async fn a_program_is_looked_for_at_places_that_no_project_has() {
    let bench = Bench::with("plain", |spec| {
        spec.command[0] = "own-agent".into();
        spec.environment.insert("PATH".into(), ":.:bin".into());
    });
    let program = bench.directory.join("own-agent");
    std::os::unix::fs::symlink("/bin/sh", &program).unwrap();
    let conversation = bench.open(None);
    let lines = whole(&*conversation, "hello", Person::Waits).await;
    assert_eq!(lines, ["failed not_started own-agent is not on PATH; install it: press the button"]);
    let bench = Bench::with("plain", |spec| {
        spec.command[0] = "own-agent".into();
        let place = program.parent().unwrap().display();
        spec.environment.insert("PATH".into(), format!(".:{place}:/bin:/usr/bin"));
    });
    assert_eq!(whole(&*bench.open(None), "hello", Person::Waits).await[0], "text told anew");
}

#[tokio::test]
async fn an_agent_that_ends_between_two_turns_is_started_again_for_the_next() {
    let bench = Bench::new("plain");
    let conversation = bench.open(None);
    whole(&*conversation, "one", Person::Waits).await;
    let [process] = bench.double.processes()[..] else { panic!("one process") };
    kill9(process);
    until("its end", || !is_alive(process)).await;
    assert_eq!(whole(&*conversation, "two", Person::Waits).await[0], "text hello");
    assert_eq!(bench.double.processes().len(), 2);
    assert!(bench.has_heard("session/load"));
}

#[tokio::test]
async fn what_is_not_there_or_stays_silent_is_said_in_a_sentence() {
    let missing = Bench::with("plain", |spec| spec.command = vec!["no-such-agent".into()]);
    assert_eq!(
        whole(&*missing.open(None), "hello", Person::Waits).await,
        ["failed not_started no-such-agent is not on PATH; install it: press the button"]
    );
    let silent = Bench::with("silent", |spec| spec.silence = Duration::from_millis(300));
    let lines = whole(&*silent.open(None), "hello", Person::Waits).await;
    assert_eq!(lines, ["text thinking", "failed silent the agent said nothing for 0 seconds"]);
    // Not while the person is asked: the agent waits for them.
    let asks = Bench::with("asks", |spec| spec.silence = Duration::from_millis(50));
    let conversation = asks.open(None);
    let waiting = hear(&*conversation, asked("do it"), Person::Waits, "failed");
    assert!(tokio::time::timeout(Duration::from_millis(400), waiting).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn an_agent_that_never_greets_is_given_up() {
    let lines = whole(&*Bench::new("mute").open(None), "hello", Person::Waits).await;
    let silent = FailureKind::Silent.code();
    assert_eq!(lines, [format!("failed {silent} it did not answer the greeting within 60 seconds")]);
}

#[tokio::test]
async fn a_model_is_chosen_among_those_that_the_agent_has() {
    for (model, expected) in [
        ("large", "model large"),
        ("", "model small"),
        ("huge", "failed unknown_model huge is none of small, large"),
    ] {
        let bench = Bench::with("plain", |spec| spec.model = model.to_owned());
        let lines = hear(&*bench.open(None), asked("hello"), Person::Waits, "").await;
        assert!(lines.contains(&expected.to_owned()), "{lines:?}");
    }
}

#[tokio::test]
async fn a_mode_is_chosen_for_the_session_and_one_that_is_left_is_shown_and_left() {
    let bench = Bench::new("modes");
    let conversation = bench.open(None);
    let turn = |prompt: &str, mode: Option<&str>| {
        let settings = Settings { mode: mode.map(str::to_owned), ..Settings::default() };
        Turn { settings, ..asked(prompt) }
    };
    let chosen = || {
        let heard = bench.double.heard();
        let of = |line: &String| line.split("\"modeId\":\"").nth(1).map(|rest| rest[..4].to_owned());
        heard
            .iter()
            .filter(|line| line.contains("session/set_mode"))
            .filter_map(of)
            .collect::<Vec<_>>()
            .join(" ")
    };
    let names =
        |offers: &[AgentOffer]| offers.iter().map(|offer| offer.name.clone()).collect::<Vec<_>>().join(" ");
    for (prompt, mode, modes_chosen, is_in) in [
        ("one", None, "", "code"),
        ("two", Some("plan"), "plan", "plan"),
        ("three", Some("plan"), "plan", "plan"),
        ("leave it", Some("plan"), "plan", "code"),
        ("four", Some("plan"), "plan", "code"),
        ("five", Some("code"), "plan", "code"),
        ("six", Some("plan"), "plan plan", "plan"),
        ("seven", None, "plan plan code", "code"),
    ] {
        let lines = hear(&*conversation, turn(prompt, mode), Person::Waits, "").await;
        assert_eq!(lines.last().map(String::as_str), Some("done"), "{lines:?}");
        let is_told = lines.contains(&"thought The agent is in its mode code from here on.".to_owned());
        assert_eq!(is_told, prompt == "leave it", "{prompt}");
        let offers = conversation.offers();
        assert_eq!((chosen().as_str(), offers.mode.as_str()), (modes_chosen, is_in), "{prompt}");
        assert_eq!(
            (names(&offers.modes).as_str(), names(&offers.commands).as_str()),
            ("code plan", "init compact")
        );
    }
    // Its models are known too, and what it changes of them by itself.
    for (prompt, now, models) in
        [("seven", "small", "small large"), ("change it", "large", "small large vast")]
    {
        hear(&*conversation, turn(prompt, None), Person::Waits, "").await;
        let offers = conversation.offers();
        assert_eq!((offers.model.as_str(), names(&offers.models).as_str()), (now, models));
    }
    let lines = hear(&*conversation, turn("eight", Some("fly")), Person::Waits, "").await;
    assert_eq!(lines, ["failed setting_refused fly is none of code, plan"]);
}

#[tokio::test]
async fn calls_without_end_are_told_up_to_a_number() {
    let lines = whole(&*Bench::new("many").open(None), "look", Person::Waits).await;
    let calls = lines.iter().filter(|line| line.starts_with("call")).count();
    assert_eq!((calls, lines.last().map(String::as_str)), (1000, Some("done")));
}
