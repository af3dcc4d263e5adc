//! Plain mode: changes → lines.

use q_core::{
    Activity, AgentFailure, Body, EntryNo, FailureKind, Interrupter, Mirror, Presence, PromptNo,
    QueuedPrompt, Stop, Update,
};
use q_term::plain::{self, Plain};

use crate::world::{But, NOW, entry, id, session};

fn text(entry: u64, offset: u64, text: &str) -> Update {
    Update::Text { session: id(1), entry: EntryNo(entry), offset, text: text.into() }
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
        Update::Session(session(2, "s3-plan").unread(1, 0, 0).summary),
        text(2, 18, " more\nlast"),
        Update::Queue {
            session: id(1),
            queue: vec![QueuedPrompt { prompt: PromptNo(2), text: "go on".into() }],
        },
        Update::Session(session(1, "api").summary),
        Update::Session(session(3, "docs").summary),
        Update::Session(session(3, "manual").activity(Activity::Working).summary),
        Update::Session(session(3, "manual").failed(failure).summary),
        Update::Session(
            session(3, "manual").but(|snapshot| snapshot.summary.presence = Presence::Closed).summary,
        ),
        Update::Entry { session: id(1), entry: entry(5, Body::Stop(Stop::Interrupted(Interrupter::User))) },
        Update::Session(working),
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
