//! What is written is read back: every input, however hostile its texts.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "tests may panic")]

use std::time::Duration;

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use q_core::trace::{Directive, Line, parse, write};
use q_core::{
    AgentEvent, AgentFailure, Answer, Body, Call, CallFacts, CallNo, CallOutput, CallSubject, Called,
    Circumstance, ClientId, Command, Compaction, Digest, Entry, EntryNo, Environment, FailureKind, Fault,
    Head, Image, ImageKind, Import, Input, Interrupter, Item, Kind, NameOrigin, NamedFile, NewImage, Outcome,
    PlanStep, Policy, PromptNo, Prompted, Record, ReplyTo, RequestId, Resulted, ResumeHandle, RuleEffect,
    RulePattern, Seal, Sent, Seq, SessionId, SessionInView, SettingChange, Settings, Setup, Source, Sources,
    Stamped, StandingRule, StepState, Stop, Stored, TagChange, Temperature, Token, ToolRule, TurnNo, Usage,
    WallTime, Wants,
};

proptest! {
    #[test]
    fn an_input_survives_being_written(
        input in input(),
        micros in prop_oneof![Just(0), 0..5_000_000u64, any::<u32>().prop_map(|s| u64::from(s) * 1_000_000)],
        wall in option::of(0..u64::MAX / 1000),
    ) {
        let (after, wall) = (Duration::from_micros(micros), wall.map(WallTime));
        let line = write(after, wall, &input);
        prop_assert_eq!(line.lines().count(), 1, "more than one line: {}", &line);
        let request = if let Input::Wish { to, .. } = &input { to.request.0 } else { 0 };
        let directive = if let Input::Loaded { session, stored: Ok(_) } = input {
            Directive::Loaded(session)
        } else {
            Directive::Input(input)
        };
        prop_assert_eq!(parse(&line, request), Ok(Line { after, wall, directive }), "{}", line);
    }

    #[test]
    fn no_line_makes_reading_panic(line in "\\PC{0,60}") {
        drop(parse(&line, 1));
    }

    #[test]
    fn no_words_make_reading_panic(words in vec(word(), 1..8)) {
        drop(parse(&words.join(" "), 1));
    }
}

#[test]
fn what_is_usual_is_left_out() {
    let id = SessionId(1);
    let wish = |client, command| Input::Wish {
        to: ReplyTo { client: ClientId(client), request: RequestId(1) },
        command,
    };
    let hour = Duration::from_hours(1);
    for (input, after, line) in [
        (wish(1, Command::Interrupt { session: id }), Duration::ZERO, "interrupt s1"),
        (wish(2, Command::Interrupt { session: id }), hour, "interrupt s1 by c2 after 1h"),
        (
            Input::Agent { session: id, turn: TurnNo(1), event: AgentEvent::Text("a \"b\"\n".into()) },
            Duration::from_millis(1500),
            "text s1 \"a \\\"b\\\"\\n\" after 1500ms",
        ),
        (Input::Tick, Duration::from_micros(7), "tick after 7us"),
    ] {
        assert_eq!(write(after, None, &input), line);
    }
}

#[test]
fn a_bad_line_says_what_is_wrong() {
    for (line, fault) in [
        ("", "a verb is missing"),
        ("frobnicate s1", "`frobnicate` is not a verb"),
        ("interrupt", "a session is missing"),
        ("interrupt x1", "`x1` is not a session, like s1"),
        ("interrupt s1 s2", "`s2` is not expected"),
        ("submit s1", "a text is missing"),
        ("submit s1 \"open", "a text does not end"),
        ("text s1 \"\\u{110000}\"", "a text has an escape that is no character"),
        ("create s1 name", "a word after `name` is missing"),
        ("attach 1", "`1` is not a client, like c1"),
        ("tick after 5", "`5` is not a time, like 100ms or 30d"),
        ("call s1 one sh \"x\"", "`one` is not a number"),
        ("call s1 1 sh \"x\" digest x12", "`x12` is not a digest"),
        ("result s1 1 perhaps \"\"", "`perhaps` is not an outcome"),
        ("answer s1 1 maybe", "`maybe` is not once, always, deny or words"),
        ("policy s1 allow", "`allow` is not ask or deny"),
        ("set s1 temperature", "`temperature` is not expected"),
        ("set s1 to temperature", "a value is missing"),
        (
            "create s1 set top_p 1",
            "there is no setting `top_p`; there are model, temperature, max_tokens, reasoning, mode, body, omit, first_byte, idle_timeout and budget_tokens",
        ),
        ("failed s1 tired", "`tired` is not a failure"),
        ("create s1 kind 1st", "`1st` is not a kind"),
    ] {
        assert_eq!(parse(line, 1).unwrap_err().fault, fault, "{line}");
    }
}

/// A piece of some line: what reading is likely to trip over.
fn word() -> impl Strategy<Value = String> {
    let plain = "create fork answer call result failed tag show after wall by token turn digest name \
                 kind policy set to temperature words s1 s99999999999999999999999999999999999999999 c1 \
                 1 -1 18446744073709551616 x 5ms 99999999999999999999d +a deny";
    let quoted = ["\"", "\"\\", "\"\\u{"];
    let known: Vec<&str> = plain.split(' ').chain(quoted).collect();
    prop_oneof![proptest::sample::select(known).prop_map(String::from), "\\PC{0,6}"]
}

fn beside() -> impl Strategy<Value = Vec<SessionInView>> {
    let other = (session(), any::<bool>());
    vec(other.prop_map(|(session, at_end)| SessionInView { session, at_end }), 0..3)
}

fn input() -> impl Strategy<Value = Input> {
    prop_oneof![
        1 => Just(Input::Started),
        1 => Just(Input::Stopping),
        1 => Just(Input::Tick),
        1 => any::<u64>().prop_map(|n| Input::Attached(ClientId(n))),
        1 => any::<u64>().prop_map(|n| Input::Detached(ClientId(n))),
        1 => (any::<u64>(), option::of(session()), any::<bool>(), beside()).prop_map(|(client, session, at_end, beside)| {
            Input::Showing { client: ClientId(client), session, at_end, beside }
        }),
        1 => (session(), text()).prop_map(|(session, agent)| Input::Offered { session, agent }),
        1 => (session(), any::<u64>())
            .prop_map(|(session, turn)| Input::NotBound { session, turn: TurnNo(turn) }),
        1 => any::<u64>().prop_map(|bytes| Input::Memory { bytes }),
        1 => (session(), any::<u32>())
            .prop_map(|(session, running)| Input::Background { session, running }),
        1 => session().prop_map(|session| Input::Loaded { session, stored: Ok(Box::new(stored(session))) }),
        1 => (session(), text()).prop_map(|(session, why)| Input::Loaded { session, stored: Err(why) }),
        8 => (session(), any::<u64>(), event())
            .prop_map(|(session, turn, event)| Input::Agent { session, turn: TurnNo(turn), event }),
        24 => (1..4u64, any::<u64>(), command()).prop_map(|(client, request, command)| Input::Wish {
            to: ReplyTo { client: ClientId(client), request: RequestId(request) },
            command,
        }),
    ]
}

fn stored(session: SessionId) -> Stored {
    let record = Record::Created {
        name: "a".parse().unwrap(),
        origin: NameOrigin::Chosen,
        slot: 1,
        setup: Setup::default(),
        fork: None,
    };
    let head = Head::created(&Stamped { session, seq: Seq(1), at: WallTime(0), record }).unwrap();
    Stored { head, tail: Vec::new(), trimmed: false, fault: None }
}

fn sent() -> impl Strategy<Value = Sent> {
    any::<(u64, u64)>().prop_map(|(entries, left_out)| Sent { entries, left_out })
}

fn event() -> impl Strategy<Value = AgentEvent> {
    prop_oneof![
        sent().prop_map(AgentEvent::Sent),
        any::<(u64, u64)>().prop_map(|(bytes, window)| AgentEvent::Asked { bytes, window }),
        text().prop_map(AgentEvent::Text),
        text().prop_map(AgentEvent::Thinking),
        any::<[u64; 6]>().prop_map(|counts| AgentEvent::Usage(usage(counts))),
        (text(), text()).prop_map(|(by, content)| AgentEvent::Sealed(Seal { by, content })),
        text().prop_map(AgentEvent::Title),
        plan().prop_map(AgentEvent::Plan),
        sources().prop_map(AgentEvent::Sources),
        any::<u64>().prop_map(AgentEvent::Torn),
        text().prop_map(AgentEvent::Model),
        text().prop_map(|handle| AgentEvent::Resume(ResumeHandle(handle))),
        text().prop_map(AgentEvent::StopReason),
        (any::<(u32, u32, u64)>(), failure()).prop_map(|((attempt, of, wait_ms), failure)| {
            AgentEvent::Retrying { attempt, of, wait_ms, failure }
        }),
        (any::<u64>(), text()).prop_map(|(call, text)| AgentEvent::Progress { call: CallNo(call), text }),
        Just(AgentEvent::Steerable),
        (call(), facts()).prop_map(|(call, facts)| AgentEvent::Call(call, facts)),
        (any::<u64>(), proptest::sample::select(Outcome::ALL.as_slice()), text())
            .prop_map(|(call, outcome, text)| AgentEvent::Result { call: CallNo(call), outcome, text }),
        Just(AgentEvent::Done),
        failure().prop_map(AgentEvent::Failed),
    ]
}

fn failure() -> impl Strategy<Value = AgentFailure> {
    (proptest::sample::select(FailureKind::ALL.as_slice()), text())
        .prop_map(|(kind, detail)| AgentFailure { kind, detail })
}

fn call() -> impl Strategy<Value = Call> {
    let wants = prop_oneof![Just(Wants::Nothing), Just(Wants::Consent), Just(Wants::Words)];
    (any::<u64>(), text(), text(), digest(), wants).prop_map(|(no, tool, input, digest, wants)| Call {
        no: CallNo(no),
        tool,
        input,
        digest,
        wants,
    })
}

fn facts() -> impl Strategy<Value = CallFacts> {
    let subject = prop_oneof![
        Just(CallSubject::Other),
        vec(text(), 1..4).prop_map(CallSubject::Command),
        (text(), any::<bool>()).prop_map(|(path, is_private)| CallSubject::File { path, is_private }),
        text().prop_map(|path| CallSubject::Tree { path }),
        text().prop_map(CallSubject::Host),
        vec((text(), any::<bool>()), 1..4).prop_map(|files| CallSubject::Named(named(files))),
    ];
    let standing =
        (rule(), option::of(text())).prop_map(|(rule, directory)| StandingRule { rule, directory });
    let circumstance = prop_oneof![
        Just(Circumstance::Plain),
        Just(Circumstance::Unheld),
        Just(Circumstance::Denied),
        Just(Circumstance::New),
        (any::<u64>(), text()).prop_map(|(lines, difference)| Circumstance::replaces(lines, difference)),
    ];
    let facts =
        |(subject, is_told, circumstance, standing)| CallFacts { subject, is_told, circumstance, standing };
    (subject, any::<bool>(), circumstance, vec(standing, 0..3)).prop_map(facts)
}

fn named(files: Vec<(String, bool)>) -> Vec<NamedFile> {
    files.into_iter().map(|(path, is_private)| NamedFile { path, is_private }).collect()
}

fn rule() -> impl Strategy<Value = ToolRule> {
    let pattern = prop_oneof![
        Just(RulePattern::Any),
        vec(text(), 1..4).prop_map(RulePattern::Begins),
        vec(text(), 1..4).prop_map(RulePattern::Exactly),
        text().prop_map(RulePattern::Path),
    ];
    let effect = proptest::sample::select(RuleEffect::ALL.as_slice());
    (effect, text(), pattern).prop_map(|(effect, tool, pattern)| ToolRule { effect, tool, pattern })
}

fn command() -> impl Strategy<Value = Command> {
    prop_oneof![
        6 => create(),
        2 => (session(), session(), option::of(any::<u64>()), option::of(text())).prop_map(|(session, id, at, name)| {
            Command::Fork { session, id, at: at.map(EntryNo), name }
        }),
        4 => import(),
        8 => about_the_session(),
        8 => about_its_prompts(),
    ]
}

fn setup() -> impl Strategy<Value = Setup> {
    let texts = (text(), text(), text(), text());
    (kind(), texts, any::<u64>(), policy(), settings()).prop_map(
        |(kind, texts, environment, policy, settings)| {
            let (system_prompt, agent, model, directory) = texts;
            let settings = Box::new(settings);
            let environment = Environment(environment);
            Setup { kind, system_prompt, agent, model, directory, environment, policy, settings }
        },
    )
}

fn usage([input, output, cached, cache_written, reasoning, guessed]: [u64; 6]) -> Usage {
    Usage { input, output, cached, cache_written, reasoning, guessed }
}

/// In a box: an unoptimized build has no stack for all of it.
fn import() -> BoxedStrategy<Command> {
    let origins = [NameOrigin::Placeholder, NameOrigin::Automatic, NameOrigin::Chosen];
    let names = (option::of(text()), text(), proptest::sample::select(origins.to_vec()));
    let made = (names, setup(), vec(text(), 0..4));
    let numbers = (any::<[u64; 2]>(), any::<[u64; 6]>(), any::<[bool; 2]>());
    let import = (session(), made, numbers).prop_map(
        |(id, ((typed, name, origin), setup, tags), ([created, touched], counts, [pinned, running]))| {
            let (created, touched, usage) = (WallTime(created), WallTime(touched), usage(counts));
            let import =
                Import { id, typed, name, origin, setup, tags, pinned, created, touched, usage, running };
            Command::Import(Box::new(import))
        },
    );
    let entry = (any::<u64>(), any::<u64>(), body())
        .prop_map(|(no, at, body)| Item::Entry(Entry { no: EntryNo(no), at: WallTime(at), body }));
    let item = prop_oneof![
        6 => entry,
        1 => (any::<u128>().prop_map(Token), text()).prop_map(|(token, text)| Item::Waiting { token, text }),
        1 => text().prop_map(Item::Draft),
    ];
    prop_oneof![
        import,
        (session(), vec(item, 0..6)).prop_map(|(session, items)| Command::ImportPart { session, items }),
        session().prop_map(|session| Command::EndImport { session }),
    ]
    .boxed()
}

fn new_image() -> impl Strategy<Value = NewImage> {
    let kind = proptest::sample::select(ImageKind::ALL.as_slice());
    (text(), kind, any::<(u32, u32)>(), text()).prop_map(|(name, kind, (width, height), data)| NewImage {
        name,
        kind,
        width,
        height,
        data,
    })
}

/// What is known of an image that comes from elsewhere.
fn image() -> impl Strategy<Value = Image> {
    (new_image(), any::<u64>()).prop_map(|(NewImage { name, kind, width, height, .. }, size)| Image {
        name,
        kind,
        width,
        height,
        size,
        kept: None,
    })
}

/// In a box: an unoptimized build has no stack for all of it.
fn body() -> BoxedStrategy<Body> {
    let by = [Interrupter::User, Interrupter::Stop, Interrupter::Crash];
    let outcome = proptest::sample::select(Outcome::ALL.as_slice());
    let failure = proptest::sample::select(FailureKind::ALL.as_slice());
    prop_oneof![
        (text(), vec(image(), 0..3), any::<bool>()).prop_map(|(text, images, runs)| Body::Prompt(Prompted {
            text,
            images,
            runs
        })),
        text().prop_map(Body::Answer),
        text().prop_map(Body::Thinking),
        call().prop_map(|Call { no, tool, input, wants, .. }| Body::Call(Called { no, tool, input, wants })),
        (any::<u64>(), outcome, text(), any::<(u64, u64)>()).prop_map(
            |(of, outcome, text, (kept, whole))| {
                Body::Result(Resulted { of: EntryNo(of), outcome, text, kept, whole })
            }
        ),
        proptest::sample::select(by.to_vec()).prop_map(|by| Body::Stop(Stop::Interrupted(by))),
        (failure, text()).prop_map(|(kind, detail)| Body::Stop(Stop::Failed(AgentFailure { kind, detail }))),
        any::<u64>().prop_map(|prompt| Body::Repair(Fault::PromptLost(PromptNo(prompt)))),
        option::of(any::<u64>()).prop_map(|lost| Body::Repair(Fault::LogCut { lost })),
        sent().prop_map(Body::LeftOut),
        Just(Body::Continued),
        (any::<u64>(), any::<u64>(), text())
            .prop_map(|(of, left_out, text)| Body::Compaction(Compaction::Summary { text, of, left_out })),
        text().prop_map(|detail| Body::Compaction(Compaction::Stopped(Stop::Failed(AgentFailure {
            kind: FailureKind::Cut,
            detail
        })))),
        proptest::sample::select(by.to_vec())
            .prop_map(|by| Body::Compaction(Compaction::Stopped(Stop::Interrupted(by)))),
        Just(Body::Compaction(Compaction::Undone)),
        (any::<u64>(), text()).prop_map(|(of, text)| Body::Output(CallOutput { of: EntryNo(of), text })),
        plan().prop_map(Body::Plan),
        sources().prop_map(Body::Sources),
    ]
    .boxed()
}

fn sources() -> impl Strategy<Value = Sources> {
    let source = (text(), text(), text()).prop_map(|(title, place, quote)| Source { title, place, quote });
    (vec(source, 0..3), any::<u64>()).prop_map(|(all, left_out)| Sources { all, left_out })
}

fn plan() -> impl Strategy<Value = Vec<PlanStep>> {
    let state = proptest::sample::select(StepState::ALL.as_slice());
    vec((text(), state).prop_map(|(text, state)| PlanStep { text, state }), 0..4)
}

fn create() -> impl Strategy<Value = Command> {
    let setup = setup();
    (session(), option::of(text()), setup, vec(text(), 0..4))
        .prop_map(|(id, name, setup, tags)| Command::Create { id, name, setup, tags })
}

fn about_the_session() -> impl Strategy<Value = Command> {
    let change = prop_oneof![text().prop_map(TagChange::Add), text().prop_map(TagChange::Remove)];
    let setting = (text(), text()).prop_map(|(name, value)| SettingChange { name, value });
    let with_force =
        (session(), any::<bool>(), 0..3u8).prop_map(|(session, even_if_working, which)| match which {
            0 => Command::Close { session, even_if_working },
            1 => Command::Trash { session, even_if_working },
            _ => Command::Erase { session, even_if_working },
        });
    prop_oneof![
        3 => with_force,
        1 => (session(), text()).prop_map(|(session, name)| Command::Rename { session, name }),
        1 => session().prop_map(|session| Command::Reopen { session }),
        1 => session().prop_map(|session| Command::Restore { session }),
        1 => session().prop_map(|session| Command::Wake { session }),
        2 => (session(), vec(change, 0..4)).prop_map(|(session, changes)| Command::Tag { session, changes }),
        1 => (session(), any::<bool>()).prop_map(|(session, pinned)| Command::Pin { session, pinned }),
        1 => (session(), policy()).prop_map(|(session, policy)| Command::SetPolicy { session, policy }),
        2 => (session(), vec(setting, 0..4)).prop_map(|(session, changes)| Command::Set { session, changes }),
        2 => (session(), rule(), any::<bool>())
            .prop_map(|(session, rule, stands)| Command::SetRule { session, rule, stands }),
        1 => session().prop_map(|session| Command::MarkUnread { session }),
        1 => session().prop_map(|session| Command::MarkRead { session }),
        1 => session().prop_map(|session| Command::Interrupt { session }),
    ]
}

fn about_its_prompts() -> impl Strategy<Value = Command> {
    let answer = prop_oneof![
        Just(Answer::Once),
        Just(Answer::Always),
        Just(Answer::Deny),
        text().prop_map(Answer::Words)
    ];
    let token = || any::<u128>().prop_map(Token);
    let prompt = || any::<u64>().prop_map(PromptNo);
    prop_oneof![
        (session(), token(), text(), vec(new_image(), 0..3))
            .prop_map(|(session, token, text, images)| Command::Submit { session, token, text, images }),
        (session(), token(), text(), vec(new_image(), 0..3))
            .prop_map(|(session, token, text, images)| Command::Steer { session, token, text, images }),
        (session(), token()).prop_map(|(session, token)| Command::Retry { session, token }),
        (session(), token()).prop_map(|(session, token)| Command::Continue { session, token }),
        (session(), any::<bool>()).prop_map(|(session, undo)| Command::Compact { session, undo }),
        (session(), any::<bool>(), any::<u64>()).prop_map(|(session, redo, turn)| Command::Reverse {
            session,
            redo,
            turn: TurnNo(turn)
        }),
        (session(), any::<u128>().prop_map(Token), text())
            .prop_map(|(session, token, text)| Command::Shell { session, token, text }),
        (session(), prompt()).prop_map(|(session, prompt)| Command::Unqueue { session, prompt }),
        (session(), prompt(), text()).prop_map(|(session, prompt, text)| Command::Edit {
            session,
            prompt,
            text
        }),
        (session(), prompt(), any::<u32>()).prop_map(|(session, prompt, place)| Command::Move {
            session,
            prompt,
            place
        }),
        (session(), prompt()).prop_map(|(session, prompt)| Command::SendNow { session, prompt }),
        (session(), any::<u64>(), any::<u64>(), digest(), answer).prop_map(
            |(session, turn, call, digest, answer)| Command::Answer {
                session,
                turn: TurnNo(turn),
                call: CallNo(call),
                digest,
                answer
            }
        ),
        (session(), text()).prop_map(|(session, text)| Command::SaveDraft { session, text }),
    ]
}

fn session() -> impl Strategy<Value = SessionId> {
    prop_oneof![0..20u128, 990..1010u128, any::<u128>()].prop_map(SessionId)
}

fn digest() -> impl Strategy<Value = Digest> {
    prop_oneof![any::<u64>().prop_map(Digest::numbered), any::<[u8; 32]>().prop_map(Digest)]
}

fn kind() -> impl Strategy<Value = Kind> {
    let names = ["debug", "development", "release", "Выпуск"];
    let custom = names.map(|name| Kind::Custom(name.parse().unwrap()));
    prop_oneof![
        proptest::sample::select(Kind::BUILT_IN.as_slice()),
        proptest::sample::select(custom.to_vec())
    ]
}

/// Such as can be set.
fn settings() -> impl Strategy<Value = Settings> {
    let word =
        || option::of("[a-z0-9]{1,9}".prop_filter("it says that there is none", |word| word != "default"));
    let temperature =
        option::of((0..=2000u16).prop_map(|thousandths| Temperature::of_thousandths(thousandths).unwrap()));
    let tokens = (option::of(1..=10_000_000u64), option::of(0..=1_000_000_000_000u64));
    let body = option::of("[a-z\\\\\": ]{0,9}".prop_map(|members| format!("{{{members}}}")));
    let seconds = || option::of(1..=86_400u64);
    let request = (body, word(), seconds(), seconds());
    (word(), temperature, tokens, word(), word(), request).prop_map(
        |(
            model,
            temperature,
            (max_tokens, budget_tokens),
            reasoning,
            mode,
            (body, omit, first_byte, idle_timeout),
        )| Settings {
            model,
            temperature,
            max_tokens,
            reasoning,
            mode,
            body,
            omit,
            first_byte,
            idle_timeout,
            budget_tokens,
        },
    )
}

fn policy() -> impl Strategy<Value = Policy> {
    prop_oneof![Just(Policy::Ask), Just(Policy::Deny)]
}

/// Any text, those among them that look like something else to a reader of lines.
fn text() -> impl Strategy<Value = String> {
    let tricky = [
        "",
        " ",
        "\"",
        "\\",
        "\\n",
        "\n",
        "\r\n",
        "\t\0",
        "\u{1b}[2J",
        "\u{202e}",
        "e\u{301}",
        "name",
        "after",
        "by",
        "-x",
        "+",
        "guide",
        "/d",
        "turn",
        "token 7",
        "{}",
        "\\u{41}",
    ];
    prop_oneof![proptest::sample::select(tricky.to_vec()).prop_map(String::from), any::<String>()]
}
