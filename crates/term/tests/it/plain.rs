//! Plain mode: changes → lines.

use q_core::{
    Activity, AgentFailure, Body, CallNo, CallOutput, Called, Command, Digest, EntryNo, FailureKind, Fault,
    Instant, Interrupter, Mirror, Outcome, PendingCall, PlanStep, Presence, PromptNo, QueuedPrompt, Resulted,
    RuleEffect, StepState, Stop, ToolRule, TurnNo, Update, Wants,
};
use q_term::Way;
use q_term::command::{Resolved, Scene};
use q_term::kinds::Kinds;
use q_term::plain::{self, Plain};

use crate::world::{But, NOW, asleep, entry, id, line, session};

fn text(entry: u64, offset: u64, text: &str) -> Update {
    Update::Text { session: id(1), entry: EntryNo(entry), offset, text: text.into() }
}

/// A session that works, in front.
fn working() -> (Mirror, Plain) {
    let mut mirror = Mirror::default();
    mirror.load(session(1, "api").activity(Activity::Working));
    let mut plain = Plain::new(&mirror);
    plain.focus_on(mirror.get(id(1)).unwrap());
    (mirror, plain)
}

#[test]
fn what_happens_is_said_line_by_line() {
    let mut mirror = Mirror::default();
    mirror.load(session(1, "api").activity(Activity::Working));
    mirror.load(session(2, "s3-plan").activity(Activity::Working));
    let mut plain = Plain::new(&mirror);
    let mut said = plain.focus_on(mirror.get(id(1)).unwrap());
    let working = session(2, "s3-plan").summary;
    let failure = AgentFailure { kind: FailureKind::WrongKey, detail: "\u{1b}[31m401".into() };
    for update in [
        Update::Entry { session: id(1), entry: entry(1, Body::Prompt("why?".into())) },
        Update::Entry { session: id(1), entry: entry(2, Body::Answer("Because".into())) },
        text(2, 7, " it is.\nAnd"),
        text(2, 7, " it is.\nAnd"),
        line(session(2, "s3-plan").unread(1, 0, 0)),
        text(2, 18, " more\nlast"),
        Update::Queue {
            session: id(1),
            queue: vec![QueuedPrompt { prompt: PromptNo(2), text: "go on".into() }],
        },
        line(session(1, "api")),
        line(session(3, "docs")),
        line(session(3, "manual").activity(Activity::Working)),
        line(session(3, "manual").failed(failure)),
        line(session(3, "manual").but(|snapshot| snapshot.summary.presence = Presence::Closed)),
        Update::Entry { session: id(1), entry: entry(5, Body::Stop(Stop::Interrupted(Interrupter::User))) },
        Update::Session(working.into()),
    ] {
        said.extend(plain.update(&update));
    }
    insta::assert_snapshot!(said.join("\n"));
}

#[test]
fn coming_back_says_what_is_new() {
    let mut mirror = Mirror::default();
    mirror.load(
        session(1, "api")
            .prompt(1, "old")
            .answer(2, "old answer")
            .prompt(4, "new")
            .answer(5, "new answer")
            .unread(1, 2, 10),
    );
    let mut plain = Plain::new(&mirror);
    let said = plain.focus_on(mirror.get(id(1)).unwrap());
    assert_eq!(said, ["* now in api (development, idle)", "[api] you: new", "[api] new answer"]);
    assert_eq!(plain.update(&text(5, 4, "answer")), Vec::<String>::new());
}

#[test]
fn a_prompt_that_nothing_answered_is_said_to_be_so() {
    let stop = || Body::Stop(Stop::Interrupted(Interrupter::User));
    let said_of = |bodies: &[Body]| {
        let mut mirror = Mirror::default();
        mirror.load(session(1, "api"));
        let mut plain = Plain::new(&mirror);
        plain.focus_on(mirror.get(id(1)).unwrap());
        let entries = (1..).zip(bodies).map(|(no, body)| entry(no, body.clone()));
        let said: Vec<String> =
            entries.flat_map(|entry| plain.update(&Update::Entry { session: id(1), entry })).collect();
        said.last().unwrap().contains("not answered: interrupted here")
    };
    let prompt = || Body::Prompt("why?".into());
    for (bodies, unanswered) in [
        (vec![prompt(), stop()], true),
        (vec![prompt(), prompt(), stop()], true),
        (vec![prompt(), Body::Thinking("hm".into()), stop()], true),
        (vec![prompt(), Body::Answer(" ".into()), stop()], true),
        (vec![prompt(), Body::Answer("so".into()), stop()], false),
        (vec![prompt(), stop(), prompt(), Body::Answer("so".into()), stop()], false),
        (vec![prompt(), Body::Answer("so".into()), prompt(), stop()], true),
    ] {
        assert_eq!(said_of(&bodies), unanswered, "{bodies:?}");
    }
    // A prompt that was seen before, and the stop that came meanwhile.
    let mut mirror = Mirror::default();
    mirror.load(
        session(1, "api").prompt(1, "old").stop(2, Stop::Interrupted(Interrupter::User)).unread(1, 1, 0),
    );
    let said = Plain::new(&mirror).focus_on(mirror.get(id(1)).unwrap());
    assert!(said.last().unwrap().contains("not answered: "), "{said:?}");
    let old = entry(1, Body::Prompt("why?\nso".into()));
    assert_eq!(plain::entry(&old, true, Way::Slash), "> why?\n> so\n(not answered)");
    assert_eq!(plain::entry(&old, false, Way::Slash), "> why?\n> so");
}

#[test]
fn the_list() {
    let mut mirror = Mirror::default();
    mirror.load(session(1, "api").activity(Activity::Working).queued(&["x"]));
    mirror.load(session(2, "s3-plan").model("openai", "gpt-4o").unread(2, 0, 0));
    assert_eq!(
        plain::sessions(&mirror, Some(id(1)), NOW),
        ["> 1 api (working, 1 queued, guide, 5m)", "  2 s3-plan (idle, 2 unread, openai·gpt-4o, 5m)"]
    );
    assert_eq!(plain::prompt(&mirror, Some(id(2))), "[s3-plan] > ");
    assert_eq!(plain::prompt(&mirror, None), "> ");
}

#[test]
fn calls_thoughts_and_sleep_are_said_in_lines() {
    let mut mirror = Mirror::default();
    mirror.load(session(1, "api").activity(Activity::Working));
    mirror.load(session(2, "docs"));
    let mut plain = Plain::new(&mirror);
    let mut said = plain.focus_on(mirror.get(id(1)).unwrap());
    let call = |no, tool: &str, input: &str, wants| {
        Body::Call(Called { no: CallNo(no), tool: tool.into(), input: input.into(), wants })
    };
    let pending = |call, wants, input: &str| PendingCall {
        turn: TurnNo(1),
        call: CallNo(call),
        tool: "shell".into(),
        input: input.into(),
        digest: Digest::numbered(call),
        wants,
        always: (wants == Wants::Consent).then(|| ToolRule::any(RuleEffect::Allow, "shell".into())),
        circumstance: q_core::Circumstance::Plain,
        since: NOW,
    };
    let result = Resulted {
        of: EntryNo(3),
        outcome: Outcome::Failed,
        text: "no such file\n\u{1b}[31mred".into(),
        kept: 18,
        whole: 18,
    };
    let asked =
        Update::Pending { session: id(1), pending: vec![pending(2, Wants::Consent, "make\ninstall")] };
    for update in [
        Update::Entry { session: id(1), entry: entry(1, Body::Prompt("tidy up".into())) },
        Update::Entry { session: id(1), entry: entry(2, Body::Thinking("First the".into())) },
        Update::Text { session: id(1), entry: EntryNo(2), offset: 9, text: " files".into() },
        Update::Entry { session: id(1), entry: entry(3, call(1, "read", "a.txt", Wants::Nothing)) },
        Update::Entry { session: id(1), entry: entry(4, Body::Result(result)) },
        Update::Entry { session: id(1), entry: entry(5, call(2, "shell", "make\ninstall", Wants::Consent)) },
        asked.clone(),
        asked,
        line(asleep(2, "docs")),
        line(asleep(2, "docs")),
        Update::Pending { session: id(2), pending: vec![pending(1, Wants::Words, "Which?")] },
        Update::Entry { session: id(1), entry: entry(7, Body::Repair(Fault::PromptLost(PromptNo(3)))) },
        Update::Entry { session: id(1), entry: entry(8, Body::Answer("Done.".into())) },
        line(session(1, "api")),
        line(session(2, "docs").but(|snapshot| snapshot.summary.presence = Presence::Trashed)),
        Update::Gone(id(1)),
    ] {
        said.extend(plain.update(&update));
    }
    insta::assert_snapshot!(said.join("\n"));
}

#[test]
fn a_line_answers_what_alone_waited_since_the_line_before() {
    let pending = |call: u64, input: &str| PendingCall {
        turn: TurnNo(1),
        call: CallNo(call),
        tool: "shell".into(),
        input: input.into(),
        digest: Digest::numbered(call),
        wants: Wants::Consent,
        always: Some(ToolRule::any(RuleEffect::Allow, "shell".into())),
        circumstance: q_core::Circumstance::Plain,
        since: NOW,
    };
    let (mut mirror, mut plain) = working();
    let ms = |ms: u64| Instant(ms * 1000);
    let tell = |plain: &mut Plain, mirror: &mut Mirror, calls: Vec<PendingCall>, at| {
        let update = Update::Pending { session: id(1), pending: calls };
        mirror.apply(update.clone()).unwrap();
        plain.update(&update);
        plain.printed(ms(at));
    };
    let say = |plain: &mut Plain, mirror: &Mirror, line: &str, at| {
        plain.line_read(ms(at));
        let scene = Scene { mirror, focus: plain.focus(), inbox: plain.shown(), line: plain.line() };
        let command =
            scene.answer(line).unwrap_or_else(|| q_term::command::parse(line, &Kinds::default()).unwrap());
        let resolved = scene.resolve(&command);
        plain.line_done(mirror);
        match resolved {
            Ok(Resolved::Command(_, Command::Answer { call, .. })) => Ok(call),
            other => Err(format!("{other:?}")),
        }
    };
    for (word, number) in [("/approve", 1), ("y", 3), ("n", 5)] {
        // Typed before anything asked.
        tell(&mut plain, &mut mirror, vec![pending(number, "echo A")], number * 10_000);
        let refused = say(&mut plain, &mirror, word, number * 10_000 + 28).unwrap_err();
        assert!(refused.contains("another call waits now"), "{refused}");
        assert_eq!(say(&mut plain, &mirror, word, number * 10_000 + 400), Ok(CallNo(number)));
        // Another one came while it was typed.
        tell(&mut plain, &mut mirror, vec![], number * 10_000 + 500);
        tell(&mut plain, &mut mirror, vec![pending(number + 1, "echo BBBB")], number * 10_000 + 600);
        let refused = say(&mut plain, &mirror, word, number * 10_000 + 5_000).unwrap_err();
        assert!(refused.contains("another call waits now"), "{refused}");
        assert_eq!(say(&mut plain, &mirror, word, number * 10_000 + 6_000), Ok(CallNo(number + 1)));
        tell(&mut plain, &mut mirror, vec![], number * 10_000 + 7_000);
        let _refused = say(&mut plain, &mirror, "/approve", number * 10_000 + 8_000).unwrap_err();
    }
}

#[test]
fn a_plan_is_said_whole_once_and_then_what_is_different() {
    let mut plain = working().1;
    let mut said = Vec::new();
    let mut no = 0;
    for (state, outcome) in [
        (StepState::Active, Outcome::Done),
        (StepState::Done, Outcome::Done),
        (StepState::Done, Outcome::Failed),
    ] {
        let input = r#"{"steps":[{"text":"read","state":"active"}]}"#.into();
        let called = Called { no: CallNo(no), tool: "todo".into(), input, wants: Wants::Nothing };
        let steps = [("read", state), ("fix", StepState::Open)];
        let steps = steps.map(|(text, state)| PlanStep { text: text.into(), state });
        let text = String::new();
        let result = Resulted { of: EntryNo(no + 1), outcome, text, kept: 0, whole: 0 };
        let told = (outcome == Outcome::Done).then(|| Body::Plan(steps.to_vec()));
        for body in [Some(Body::Call(called)), told, Some(Body::Result(result))].into_iter().flatten() {
            no += 1;
            said.extend(plain.update(&Update::Entry { session: id(1), entry: entry(no, body) }));
        }
    }
    assert_eq!(
        said,
        [
            "[api] plan [>] read\n    [ ] fix",
            "[api] plan (1 of 2 done)\n    [x] read",
            "[api] todo (1 step): failed"
        ]
    );
}

#[test]
fn what_a_command_puts_out_is_said_once() {
    let mut plain = working().1;
    let called = Called {
        no: CallNo(1),
        tool: "run".into(),
        input: r#"{"argv":["make"]}"#.into(),
        wants: Wants::Nothing,
    };
    let output = CallOutput { of: EntryNo(1), text: "10%\r90%\rbuilt\n".into() };
    let text = "exit code 2\n10%\r90%\rbuilt\n".to_owned();
    let (kept, whole) = (text.len() as u64, text.len() as u64);
    let result = Resulted { of: EntryNo(1), outcome: Outcome::Failed, text, kept, whole };
    let mut said = Vec::new();
    for body in [Body::Call(called), Body::Output(output), Body::Result(result)] {
        let no = said.len() as u64 + 1;
        said.extend(plain.update(&Update::Entry { session: id(1), entry: entry(no, body) }));
    }
    assert_eq!(
        said,
        ["[api] call run make", "[api] puts out: built", "[api] run make: failed, exit code 2, 1 line"]
    );
}
