//! The guide answers questions about `q`.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests may panic")]

use futures_util::{FutureExt, StreamExt};
use q_agent::{AgentSpec, Message, Role, Seat, Turn};
use q_core::{AgentEvent, SessionId, Usage};

/// What the guide says, which it must have ready at once.
fn events(question: &str) -> Vec<AgentEvent> {
    let messages = vec![Message::words(Role::User, question)];
    let answer = AgentSpec::Guide
        .agent()
        .open(Seat::of(SessionId(1)))
        .turn(Turn { messages, ..Turn::default() }, futures_util::stream::pending().boxed());
    answer.collect::<Vec<_>>().now_or_never().expect("the guide waits for nothing")
}

fn answer(question: &str) -> String {
    let mut events = events(question);
    assert_eq!(events.pop(), Some(AgentEvent::Done), "{question}");
    // It says that it costs nothing, so that nobody guesses what it does.
    assert_eq!(events.pop(), Some(AgentEvent::Usage(Usage::default())), "{question}");
    let text = events
        .into_iter()
        .map(|event| if let AgentEvent::Text(text) = event { Ok(text) } else { Err(Box::new(event)) });
    text.collect::<Result<_, _>>().expect("nothing but text")
}

/// The heading of the section an answer shows, if it shows one.
fn title(answer: &str) -> Option<&str> {
    answer.lines().find_map(|line| line.strip_prefix("## "))
}

#[test]
fn questions_find_their_section() {
    assert_found(&[
        ("What is q?", "What q is"),
        ("who are you?", "What the guide is"),
        ("Are you ChatGPT?", "What the guide is"),
        ("How do I get started?", "Getting started"),
        ("How do I export a session?", "Take a session elsewhere"),
        ("copy a chat to another machine", "Take a session elsewhere"),
        ("How do I switch sessions?", "Switching between sessions"),
        ("switch to another chat", "Switching between sessions"),
        ("How can I go back to the previous session", "Switching between sessions"),
        ("how do I create a new session", "Creating a session"),
        ("open another conversation", "Creating a session"),
        ("How do I rename a session?", "Names of sessions"),
        ("what kinds of session are there", "Kinds of session"),
        ("How do I close a session?", "Closing a session"),
        ("how do I reopen a closed session", "Closing a session"),
        ("delete a session", "Deleting a session"),
        ("restore from the trash", "Deleting a session"),
        ("can I fork a session", "Forking a session"),
        ("duplicate a chat", "Forking a session"),
        ("how do I tag a session", "Tags, pins, and marks"),
        ("what does zz mean", "Hibernation"),
        ("why is my session hibernated", "Hibernation"),
        ("how do I approve a tool", "What waits for your answer"),
        ("change the colour theme", "Colours and themes"),
        ("is there a dark theme", "Colours and themes"),
        ("the inbox", "The inbox"),
        ("define my own kind", "Kinds of session"),
        ("reorder the queue", "The queue"),
        ("change limits", "Changing limits"),
        ("what is a slot", "Slots and how sessions are addressed"),
        ("show all sessions", "The list of sessions"),
        ("What happens in the background while I'm away?", "Background work and unread marks"),
        ("what does the unread mark mean", "Background work and unread marks"),
        ("Can I type while it is busy?", "The queue"),
        ("how do I stop an answer", "Interrupting an answer"),
        ("How do I retry?", "Retrying"),
        ("How do I connect a model?", "Connecting a model"),
        ("where do I put my OpenAI API key", "Connecting a model"),
        ("use ollama", "Local models: Ollama, llama.cpp, vLLM"),
        ("llama.cpp", "Local models: Ollama, llama.cpp, vLLM"),
        ("config.toml", "The configuration file"),
        ("how can I change settings", "The configuration file"),
        ("I get a 401 error", "When a model does not answer"),
        ("stop the daemon", "The host and its logs"),
        ("what happens when I close the terminal", "Detaching and coming back"),
        ("how do I exit?", "Detaching and coming back"),
        ("can I use two terminals", "Several terminals"),
        ("is my data safe after a crash?", "After a crash"),
        ("power cut", "After a crash"),
        ("my disk is corrupted", "A damaged disk"),
        ("how do I check the integrity of my data?", "A damaged disk"),
        ("how to use q in a script", "Using q in scripts"),
        ("exit codes", "Exit codes"),
        ("I use a screen reader", "Plain mode and screen readers"),
        ("turn off colors", "Plain mode and screen readers"),
        ("keyboard shortcuts", "Keys"),
        ("how do I change a key binding?", "Set your own keys"),
        ("can I use tmux keys?", "Set your own keys"),
        ("how do I disable a key", "Set your own keys"),
        ("shift enter does not work", "When a key does nothing"),
        ("ctrl tab does nothing in tmux", "When a key does nothing"),
        ("I have a russian keyboard layout", "When a key does nothing"),
        ("which slash commands exist", "Slash commands"),
        ("how many sessions can I have", "Limits"),
        ("where are my files stored", "Where q keeps its data"),
        ("how do I free disk space", "Freeing disk space"),
        ("clean up old sessions", "Freeing disk space"),
        ("do you send telemetry?", "Privacy"),
        ("how do I write a prompt of several lines", "Writing a prompt"),
        ("what is a session", "What a session is"),
        ("does it keep working when I log out", "Detaching and coming back"),
        ("does q resend my prompt after a crash?", "After a crash"),
        ("how do I see the logs", "The host and its logs"),
        ("how to cancel a queued prompt", "The queue"),
        ("make the answer stop", "Interrupting an answer"),
        ("explain the bar at the top", "What the marks in the bar mean"),
    ]);
}

#[test]
fn questions_about_models_find_their_section() {
    assert_found(&[
        ("can I use Claude", "Providers by name"),
        ("how do I try whether an agent works", "Providers by name"),
        ("set the temperature", "Shaping requests"),
        ("extra headers for requests", "Shaping requests"),
        ("background processes", "Processes a model leaves running"),
        ("how do I run shell commands myself", "Running a command yourself"),
        ("denied by the sandbox", "What tools do and do not"),
        ("what does a hook get on standard input", "Commands that are told what happens"),
        ("oauth", "Signing in at a server"),
        ("custom slash command", "Commands of your own"),
        ("what are skills", "Skills"),
        ("two sessions side by side", "Several sessions at once"),
        ("vim keys", "What q does not have"),
    ]);
}

/// Each of these questions finds its section; all that do not are told.
fn assert_found(questions: &[(&str, &str)]) {
    let lost = |(question, section): &(&str, &str)| {
        let answer = answer(question);
        let found = title(&answer);
        (found != Some(*section)).then(|| format!("{question} → {found:?}, not {section}"))
    };
    let lost: Vec<String> = questions.iter().filter_map(lost).collect();
    assert!(lost.is_empty(), "{lost:#?}");
}

#[test]
fn questions_about_other_things_are_not_answered() {
    for question in [
        "Write a poem about cats",
        "What is the capital of France?",
        "Как дела?",
        "implement quicksort in haskell",
        "asdf",
    ] {
        let answer = answer(question);
        assert_eq!(title(&answer), None, "{question}\n{answer}");
        assert!(answer.contains("OPENAI_API_KEY") && answer.contains("- Getting started\n"), "{answer}");
    }
}

#[test]
fn the_guide_is_never_silent_and_always_says_what_it_is() {
    for question in
        ["", " ", "hello", "?", "\0\u{1b}[2J", "session", "the", "q", "\u{202e}", &"x ".repeat(100_000)]
    {
        assert!(answer(question).contains("not a language model"), "{question:?}");
    }
    let nothing = AgentSpec::Guide
        .agent()
        .open(Seat::of(SessionId(1)))
        .turn(Turn::default(), futures_util::stream::pending().boxed());
    let nothing = nothing.collect::<Vec<_>>().now_or_never().expect("ready");
    assert!(nothing.len() > 1);
}

#[test]
fn only_the_newest_prompt_is_answered() {
    let said = |role, text: &str| Message::words(role, text);
    let messages = vec![
        said(Role::User, "How do I connect a model?"),
        said(Role::Assistant, "…"),
        // What the person ran or undid before stands in the same message.
        Message {
            role: Role::User,
            parts: ["[The person ran this in a shell by themselves: \"ls\".]", "exit codes"]
                .map(|text| q_core::conversation::Part::Text(text.into()))
                .into(),
        },
    ];
    let events: Vec<AgentEvent> = AgentSpec::Guide
        .agent()
        .open(Seat::of(SessionId(1)))
        .turn(Turn { messages, ..Turn::default() }, futures_util::stream::pending().boxed())
        .collect()
        .now_or_never()
        .expect("ready");
    assert!(events.contains(&AgentEvent::Text("## Exit codes\n".into())));
}

#[test]
fn an_answer_comes_line_by_line() {
    let events = events("keys");
    assert!(events.len() > 10);
    let (lines, end) = events.split_last_chunk::<2>().expect("something");
    assert_eq!(*end, [AgentEvent::Usage(Usage::default()), AgentEvent::Done]);
    let is_line = |text: &str| text.matches('\n').count() == 1 && text.ends_with('\n');
    assert!(lines.iter().all(|event| matches!(event, AgentEvent::Text(text) if is_line(text))));
}

#[test]
fn the_greeting() {
    insta::assert_snapshot!(answer("Hello!"));
}

#[test]
fn an_answer() {
    insta::assert_snapshot!(answer("How do I connect a model?"));
}

#[test]
fn no_answer() {
    insta::assert_snapshot!(answer("Write a poem about cats"));
}
