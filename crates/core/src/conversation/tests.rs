//! The conversation, by tables and by properties.

use super::*;
use crate::agent::{AgentFailure, FailureKind, Sent, Wants};
use crate::compaction::note;
use crate::entry::Compaction;
use crate::entry::{CallOutput, Called, Fault, Interrupter, Prompted, Stop};
use crate::id::Seq;
use crate::id::{CallNo, PromptNo};
use crate::image::ImageKind;
use crate::reversal::Reversed;
use crate::time::WallTime;
use alloc::string::ToString;
use alloc::vec;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

fn entry(no: u64, body: Body) -> Entry {
    Entry { no: EntryNo(no), at: WallTime(0), body }
}

fn call(no: u64) -> Entry {
    entry(
        no,
        Body::Call(Called { no: CallNo(no), tool: "ls".into(), input: "ls".into(), wants: Wants::Nothing }),
    )
}

fn result(no: u64, of: u64, text: &str) -> Entry {
    let whole = text.len() as u64;
    entry(
        no,
        Body::Result(Resulted {
            of: EntryNo(of),
            outcome: Outcome::Done,
            text: text.into(),
            kept: whole,
            whole,
        }),
    )
}

fn prompt(no: u64, text: &str) -> Entry {
    entry(no, Body::Prompt(text.into()))
}

fn answer(no: u64, text: &str) -> Entry {
    entry(no, Body::Answer(text.into()))
}

fn stop(no: u64) -> Entry {
    entry(no, Body::Stop(Stop::Interrupted(Interrupter::User)))
}

#[test]
fn an_agent_hears_what_was_undone() {
    let undone = Reversed { files: vec!["a.rs".into()], ..Reversed::default() };
    let entries =
        [prompt(1, "fix"), answer(2, "fixed"), entry(3, Body::Reversed(undone.clone())), prompt(4, "so?")];
    let messages = messages(&entries);
    let last = messages.last().unwrap();
    assert_eq!(last.parts, [Part::Text(undone.told()), Part::Text("so?".into())]);
    assert_eq!(broken(&messages), None);
}

/// Any body, in any order, sensible or not: a damaged store gives these.
fn body() -> impl Strategy<Value = Body> {
    let text = || select(["", " ", "\n", "a", "b", "one two"].to_vec()).prop_map(ToString::to_string);
    let failure = AgentFailure { kind: FailureKind::Cut, detail: String::new() };
    prop_oneof![
        text().prop_map(|text| Body::Prompt(text.into())),
        text().prop_map(Body::Answer),
        text().prop_map(Body::Thinking),
        (0..20u64).prop_map(|no| call(no).body),
        (0..20u64, text()).prop_map(|(of, text)| result(0, of, &text).body),
        Just(Body::Stop(Stop::Failed(failure))),
        Just(Body::Stop(Stop::Interrupted(Interrupter::Crash))),
        Just(Body::Repair(Fault::PromptLost(PromptNo(1)))),
        Just(Body::LeftOut(Sent { entries: 3, left_out: 4 })),
        Just(Body::Continued),
        Just(Body::Compaction(Compaction::Stopped(Stop::Interrupted(Interrupter::User)))),
    ]
}

fn summary() -> impl Strategy<Value = Body> {
    let summary = Compaction::Summary { text: "so far".into(), of: 99, left_out: 0 };
    select([Body::Compaction(summary), Body::Compaction(Compaction::Undone)].to_vec())
}

proptest! {
    #[test]
    fn whatever_the_entries_the_conversation_is_whole(bodies in vec(body(), 0..20)) {
        let entries: Vec<Entry> =
            bodies.into_iter().enumerate().map(|(no, body)| entry(no as u64, body)).collect();
        let messages = messages(&entries);
        prop_assert_eq!(broken(&messages), None, "{:?}", messages);
    }

    /// Wherever seals stand, nothing else is another than without them, but that two answers need not be one message.
    #[test]
    fn seals_change_nothing_else(bodies in vec(body(), 0..20), places in vec(0..22u64, 0..6)) {
        let entries: Vec<Entry> =
            bodies.into_iter().enumerate().map(|(no, body)| entry(no as u64, body)).collect();
        let mut places = places;
        places.sort_unstable();
        let with = sealed_messages(&entries, places.into_iter().map(|at| sealed(at, "s")).collect());
        prop_assert_eq!(broken(&with), None, "{:?}", with);
        let said = |messages: Vec<Message>| {
            let parts = messages.into_iter().flat_map(|message| message.parts);
            let mut parts: Vec<Part> = parts.filter(|part| !matches!(part, Part::Sealed(_))).collect();
            parts.sort_by_key(|part| matches!(part, Part::Result { .. }));
            parts
        };
        prop_assert_eq!(said(with), said(messages(&entries)));
    }

    #[test]
    fn nothing_is_lost_from_the_first_answered_prompt_on(bodies in vec(body(), 0..20)) {
        let entries: Vec<Entry> = [prompt(0, "first"), answer(1, "answered")].into_iter()
            .chain(bodies.into_iter().enumerate().map(|(no, body)| entry(no as u64 + 2, body)))
            .collect();
        let messages = messages(&entries);
        let parts = || messages.iter().flat_map(|message| &message.parts);
        let calls = entries.iter().filter(|entry| matches!(entry.body, Body::Call(_))).count();
        prop_assert_eq!(parts().filter(|part| matches!(part, Part::Call { .. })).count(), calls);
        prop_assert_eq!(parts().filter(|part| matches!(part, Part::Result { .. })).count(), calls);
        for said in entries.iter().filter(|entry| matches!(entry.body, Body::Answer(_))) {
            let is_there = parts().any(|part| matches!(part, Part::Text(text) if text == said.text()));
            prop_assert!(is_there || said.text().trim().is_empty(), "{:?}", said);
        }
    }

    /// What stands behind the newest summary that counts is sent as if nothing had ever been before it; and where none
    /// counts, as if there had never been one.
    #[test]
    fn a_summary_stands_for_all_before_it(bodies in vec(prop_oneof![4 => body(), 1 => summary()], 0..24)) {
        let entries: Vec<Entry> =
            bodies.into_iter().enumerate().map(|(no, body)| entry(no as u64, body)).collect();
        let mut standing = Vec::new();
        entries.iter().enumerate().for_each(|(place, entry)| note(&mut standing, place, &entry.body));
        let behind = standing.last().map_or(0, |place| place + 1);
        let is_no_summary = |entry: &&Entry| !matches!(entry.body, Body::Compaction(_));
        let summary = standing.last().map(|&place| entries[place].clone());
        let rest = entries[behind..].iter().filter(is_no_summary).cloned();
        let as_if: Vec<Entry> = summary.into_iter().chain(rest).collect();
        let all = messages(&entries);
        prop_assert_eq!(&all, &messages(&as_if));
        let begins = all.first().is_some_and(|first| first.text().starts_with(&framed("so far")));
        prop_assert_eq!(begins, !standing.is_empty());
        prop_assert_eq!(broken(&all), None, "{:?}", all);
    }

    /// A prompt is left out exactly where the next thing that an agent does after it is to stop.
    #[test]
    fn a_prompt_is_sent_unless_its_turn_stopped_before_any_answer(bodies in vec(body(), 0..20)) {
        let entries: Vec<Entry> =
            bodies.into_iter().enumerate().map(|(no, body)| entry(no as u64, body)).collect();
        let marked = unanswered(&entries);
        let mut sent = Vec::new();
        for (place, one) in entries.iter().enumerate() {
            let Body::Prompt(Prompted { text, .. }) = &one.body else { continue };
            let next = entries[place..].iter().find(|later| match &later.body {
                Body::Stop(_) | Body::Call(_) => true,
                Body::Answer(text) => !text.trim().is_empty(),
                Body::Prompt(_) | Body::Thinking(_) | Body::Output(_) | Body::Result(_) | Body::Plan(_) | Body::Sources(_) | Body::ProjectFiles(_) | Body::Continued | Body::Repair(_) | Body::LeftOut(_) | Body::Compaction(_) | Body::Reversed(_) => false,
            });
            let is_left_out = next.is_some_and(|next| matches!(next.body, Body::Stop(_)));
            prop_assert_eq!(marked.contains(&one.no), is_left_out, "{:?}", one);
            sent.extend((!is_left_out && !text.trim().is_empty()).then_some(text.as_str()));
        }
        let messages = messages(&entries);
        let users = messages.iter().filter(|message| message.role == Role::User);
        let texts: Vec<&str> = users
            .flat_map(|message| &message.parts)
            .filter_map(|part| if let Part::Text(text) = part { Some(text.as_str()) } else { None })
            .collect();
        prop_assert_eq!(texts, sent);
    }
}

/// Messages as a line: `u`/`a` for who speaks, texts, calls as `+1`, results as `-1`.
fn line(messages: &[Message]) -> String {
    let part = |part: &Part| match part {
        Part::Text(text) => text.clone(),
        Part::GoOn => "go on".into(),
        Part::Image { image, data } => format!("image {} {data}", image.name),
        Part::Sealed(seal) => alloc::format!("<{}>", seal.content),
        Part::Call { entry, .. } => alloc::format!("+{entry}"),
        Part::Result { of, outcome, .. } => alloc::format!("-{of} {}", outcome.words()),
    };
    let message = |message: &Message| {
        let who = if message.role == Role::User { "u" } else { "a" };
        alloc::format!("{who}[{}]", message.parts.iter().map(part).collect::<Vec<_>>().join("; "))
    };
    messages.iter().map(message).collect::<Vec<_>>().join(" ")
}

#[test]
fn entries_become_messages() {
    for (what, entries, expected) in [
        ("nothing", vec_of([]), ""),
        ("a prompt and its answer", vec_of([prompt(1, "why"), answer(2, "so")]), "u[why] a[so]"),
        (
            "what is older than the first prompt",
            vec_of([answer(1, "so"), call(2), prompt(3, "why")]),
            "u[why]",
        ),
        (
            "a call and its result",
            vec_of([prompt(1, "why"), call(2), result(3, 2, "x"), answer(4, "so")]),
            "u[why] a[+2] u[-2 done] a[so]",
        ),
        (
            "two calls at once, results the other way round",
            vec_of([prompt(1, "why"), call(2), call(3), result(4, 3, "x"), result(5, 2, "y")]),
            "u[why] a[+2; +3] u[-2 done; -3 done]",
        ),
        (
            "words while a tool runs",
            vec_of([prompt(1, "why"), call(2), answer(3, "meanwhile"), result(4, 2, "x"), answer(5, "so")]),
            "u[why] a[+2] u[-2 done] a[meanwhile; so]",
        ),
        ("a call without a result", vec_of([prompt(1, "why"), call(2)]), "u[why] a[+2] u[-2 cut short]"),
        (
            "what the person says into a turn",
            vec_of([prompt(1, "why"), call(2), prompt(3, "not so"), result(4, 2, "x")]),
            "u[why] a[+2] u[-2 done; not so]",
        ),
        (
            "a retry without an answer between",
            vec_of([prompt(1, "why"), stop(2), prompt(3, "why"), answer(4, "so")]),
            "u[why] a[so]",
        ),
        (
            "a retry with half an answer between",
            vec_of([prompt(1, "why"), answer(2, "s"), stop(3), prompt(4, "why"), answer(5, "so")]),
            "u[why] a[s] u[why] a[so]",
        ),
        (
            "an answer that is gone on with",
            vec_of([prompt(1, "why"), answer(2, "s"), stop(3), entry(4, Body::Continued), answer(5, "o")]),
            "u[why] a[s] u[go on] a[o]",
        ),
        (
            "one that is to be gone on with, in vain, and again",
            vec_of([
                prompt(1, "why"),
                answer(2, "s"),
                stop(3),
                entry(4, Body::Continued),
                stop(5),
                entry(6, Body::Continued),
            ]),
            "u[why] a[s] u[go on]",
        ),
        ("nothing to go on with", vec_of([entry(1, Body::Continued), prompt(2, "why")]), "u[why]"),
        ("words into a turn that runs", vec_of([prompt(1, "why"), prompt(2, "how")]), "u[why; how]"),
        (
            "the same words twice",
            vec_of([prompt(1, "go on"), answer(2, "a"), prompt(3, "go on"), prompt(4, "go on")]),
            "u[go on] a[a] u[go on; go on]",
        ),
        (
            "blank pieces",
            vec_of([prompt(1, "why"), answer(2, "\n\n"), call(3)]),
            "u[why] a[+3] u[-3 cut short]",
        ),
    ] {
        assert_eq!(line(&messages(&entries)), expected, "{what}");
    }
}

#[test]
fn what_nothing_answered_is_not_sent_with_what_comes_later() {
    for (what, entries, expected) in [
        (
            "a prompt that failed, and the next one",
            vec_of([prompt(1, "why"), stop(2), prompt(3, "how")]),
            "u[how]",
        ),
        (
            "a prompt that failed behind an answer",
            vec_of([prompt(1, "why"), answer(2, "so"), prompt(3, "bad"), stop(4), prompt(5, "how")]),
            "u[why] a[so] u[how]",
        ),
        (
            "several that failed in a row",
            vec_of([prompt(1, "a"), stop(2), prompt(3, "b"), stop(4), prompt(5, "c"), answer(6, "so")]),
            "u[c] a[so]",
        ),
        (
            "one that failed and is asked again, again in vain, and again",
            vec_of([prompt(1, "a"), stop(2), prompt(3, "a"), stop(4), prompt(5, "a")]),
            "u[a]",
        ),
        ("nothing but what failed", vec_of([prompt(1, "a"), stop(2)]), ""),
        (
            "a turn that failed while it thought",
            vec_of([prompt(1, "why"), entry(2, Body::Thinking("hm".into())), stop(3), prompt(4, "how")]),
            "u[how]",
        ),
        (
            "a turn that failed after a blank piece",
            vec_of([prompt(1, "why"), answer(2, " \n"), stop(3), prompt(4, "how")]),
            "u[how]",
        ),
        (
            "a turn that failed in the middle of its answer",
            vec_of([prompt(1, "why"), answer(2, "s"), stop(3), prompt(4, "how")]),
            "u[why] a[s] u[how]",
        ),
        (
            "a turn that failed after its tool ran",
            vec_of([prompt(1, "why"), call(2), result(3, 2, "x"), stop(4), prompt(5, "how")]),
            "u[why] a[+2] u[-2 done; how]",
        ),
        (
            "words into a turn that failed before any answer",
            vec_of([prompt(1, "why"), prompt(2, "not so"), stop(3), prompt(4, "how")]),
            "u[how]",
        ),
        (
            "words into a turn that failed after part of an answer",
            vec_of([prompt(1, "why"), answer(2, "s"), prompt(3, "not so"), stop(4), prompt(5, "how")]),
            "u[why] a[s] u[how]",
        ),
        (
            "words into a call of a turn that failed then",
            vec_of([
                prompt(1, "why"),
                call(2),
                prompt(3, "no"),
                result(4, 2, "x"),
                stop(5),
                prompt(6, "how"),
            ]),
            "u[why] a[+2] u[-2 done; how]",
        ),
    ] {
        assert_eq!(line(&messages(&entries)), expected, "{what}");
    }
}

fn vec_of<const N: usize>(entries: [Entry; N]) -> Vec<Entry> {
    entries.into()
}

#[test]
fn what_a_call_put_out_before_it_was_cut_short_is_its_result() {
    let output =
        |no, of, text: &str| entry(no, Body::Output(CallOutput { of: EntryNo(of), text: text.into() }));
    let ended = |outcome, text: &str| {
        let mut result = result(7, 2, text);
        if let Body::Result(result) = &mut result.body {
            result.outcome = outcome;
        }
        result
    };
    for (outcome, text, told) in [
        (Outcome::CutShort, "", "Until then it put out:\none\ntwo"),
        (Outcome::CutShort, "its server ended", "its server ended"),
        (Outcome::Done, "", ""),
        (Outcome::NeverRan, "", ""),
    ] {
        let entries = [
            prompt(1, "go"),
            call(2),
            call(3),
            output(4, 2, "one\n"),
            output(5, 3, "other"),
            output(6, 2, "two"),
            ended(outcome, text),
            stop(8),
            prompt(9, "so?"),
        ];
        let messages = messages(&entries);
        let of = EntryNo(2);
        assert_eq!(messages[2].parts[0], Part::Result { of, outcome, text: told.into() });
    }
}

#[test]
fn a_message_can_be_read_as_text() {
    assert_eq!(Message::words(Role::User, "why?").text(), "why?");
    let (entry, of, outcome) = (EntryNo(3), EntryNo(3), Outcome::CutShort);
    let parts = [
        Part::Result { of, outcome, text: "half".into() },
        Part::Text("and then?".into()),
        Part::Call { entry, tool: "sh".into(), input: "make".into() },
    ];
    let message = Message { role: Role::Assistant, parts: parts.into() };
    assert_eq!(message.text(), "[result: cut short]\nhalf\n\nand then?\n\n[called sh]\nmake");
}

#[test]
fn each_rule_is_checked() {
    let text = |text: &str| Part::Text(text.into());
    let call = |no| Part::Call { entry: EntryNo(no), tool: String::new(), input: String::new() };
    let result = |of| Part::Result { of: EntryNo(of), outcome: Outcome::Done, text: String::new() };
    let user = |parts: &[Part]| Message { role: Role::User, parts: parts.into() };
    let agent = |parts: &[Part]| Message { role: Role::Assistant, parts: parts.into() };
    let alternate = Some("the person and the assistant do not alternate");
    let (unanswered, unasked) = (Some("a call has no result"), Some("a result has no call before it"));
    for (messages, fault) in [
        (Vec::from([]), None),
        (Vec::from([user(&[text("a")]), agent(&[call(1)]), user(&[result(1), text("b")])]), None),
        (Vec::from([agent(&[text("a")])]), alternate),
        (Vec::from([user(&[text("a")]), user(&[text("b")])]), alternate),
        (Vec::from([user(&[text("a")]), agent(&[text("b")]), agent(&[text("c")])]), alternate),
        (Vec::from([user(&[])]), Some("a message is empty")),
        (Vec::from([user(&[text("")])]), Some("a text is empty")),
        (Vec::from([user(&[text("a")]), agent(&[text(" \n")])]), Some("a text is empty")),
        (Vec::from([user(&[result(1)])]), unasked),
        (Vec::from([user(&[text("a")]), agent(&[call(1)]), user(&[result(2)])]), unasked),
        (Vec::from([user(&[text("a")]), agent(&[call(1)]), user(&[result(1), result(1)])]), unasked),
        (Vec::from([user(&[text("a")]), agent(&[call(1)])]), unanswered),
        (Vec::from([user(&[text("a")]), agent(&[call(1)]), user(&[text("b")])]), unanswered),
        (Vec::from([user(&[text("a")]), agent(&[call(1), call(2)]), user(&[result(1)])]), unanswered),
    ] {
        assert_eq!(broken(&messages), fault, "{messages:?}");
    }
}

/// An image of so many bytes, kept beside that record.
fn image(name: &str, size: u64, record: Option<u64>) -> Image {
    let kept = record.map(|record| ImagePlace { record: Seq(record), from: 3 });
    Image { name: name.into(), kind: ImageKind::Png, width: 640, height: 480, size, kept }
}

#[test]
fn images_stand_before_their_words_and_the_newest_are_shown() {
    let prompt = |text: &str, images| Body::Prompt(Prompted { text: text.into(), images, runs: false });
    let most = SENT_IMAGE_BYTES;
    let entries = [
        entry(1, prompt("old?", vec![image("old", most, Some(1))])),
        entry(2, Body::Answer("so".into())),
        entry(
            3,
            prompt(
                "both?",
                vec![image("imported", 2, None), image("lost", 3, Some(9)), image("new", 3, Some(3))],
            ),
        ),
    ];
    let asked = messages(&entries);
    assert_eq!(line(&asked), "u[image old ; old?] a[so] u[image imported ; image lost ; image new ; both?]");
    let estimate = 4 * 410 * 4 + "old?soboth?".len() as u64;
    assert_eq!(bytes(&asked), estimate, "an image counts as the text that costs as much");
    let read = |place: ImagePlace, length: u64| {
        Ok::<_, ()>(if place.record == Seq(9) { String::new() } else { "i".repeat(length as usize) })
    };
    let sent = shown(asked.clone(), read).unwrap();
    assert_eq!(
        line(&sent),
        "u[[image old, 640×480: sent earlier, not sent again]; old?] a[so] u[[image imported, 640×480: not \
         kept here]; [image lost, 640×480: not kept here]; image new iiii; both?]"
    );
    assert_eq!(broken(&sent), None);
    assert_eq!(shown(asked.clone(), |_, _| Err("gone")), Err("gone"));
    let told = unseen(asked);
    assert_eq!(line(&told).matches(": not shown]").count(), 4);
    assert_eq!(broken(&told), None);
    assert_eq!(told[0].text(), "[image old, 640×480: not shown]\n\nold?");
}

#[test]
fn no_more_images_are_shown_than_go_at_once() {
    let images = (0..40).map(|no| image(&alloc::format!("{no}"), 3, Some(1))).collect();
    let entries = [entry(1, Body::Prompt(Prompted { text: "see".into(), images, runs: false }))];
    let sent = shown(messages(&entries), |_, _| Ok::<_, ()>("abcd".into())).unwrap();
    let names: Vec<&str> = sent[0]
        .parts
        .iter()
        .filter_map(
            |part| if let Part::Image { image, .. } = part { Some(image.name.as_str()) } else { None },
        )
        .collect();
    assert_eq!((names.len(), names[0], names[SENT_IMAGES - 1]), (SENT_IMAGES, "24", "39"));
}

fn sealed(at: u64, content: &str) -> PlacedSeal {
    PlacedSeal { at: Seq(at), seal: Seal { by: "m".into(), content: content.into() } }
}

#[test]
fn what_is_sealed_stands_in_front_of_what_was_said_and_called_then() {
    for (what, entries, seals, expected) in [
        ("before a text", vec![prompt(1, "a"), answer(4, "b")], vec![sealed(3, "s")], "u[a] a[<s>; b]"),
        (
            "two, in order",
            vec![prompt(1, "a"), answer(4, "b")],
            vec![sealed(2, "s"), sealed(3, "t")],
            "u[a] a[<s>; <t>; b]",
        ),
        (
            "at the end of a turn",
            vec![prompt(1, "a"), answer(2, "b"), prompt(4, "c")],
            vec![sealed(3, "s")],
            "u[a] a[b] u[c]",
        ),
        ("before anything", vec![prompt(2, "a"), answer(3, "b")], vec![sealed(1, "s")], "u[a] a[b]"),
        (
            "before a blank",
            vec![prompt(1, "a"), answer(3, " "), prompt(4, "c")],
            vec![sealed(2, "s")],
            "u[a; c]",
        ),
        (
            "of each round",
            vec![prompt(1, "a"), call(3), result(4, 3, "x"), call(6), result(7, 6, "y"), answer(9, "b")],
            vec![sealed(2, "s"), sealed(5, "t"), sealed(8, "u")],
            "u[a] a[<s>; +3] u[-3 done] a[<t>; +6] u[-6 done] a[<u>; b]",
        ),
    ] {
        let messages = sealed_messages(&entries, seals);
        assert_eq!(line(&messages), expected, "{what}");
        assert_eq!(broken(&messages), None, "{what}");
    }
}

#[test]
fn an_answer_is_gone_on_with_behind_a_line_for_the_shell() {
    let ran_between = |text: &str| {
        let [call, result] = ran(5, Outcome::Done, "ok");
        let asked = [prompt(1, "why"), answer(2, "s"), stop(3)];
        let later = [typed(4, text), call, result, entry(8, Body::Continued), answer(9, "o")];
        line(&messages(&[&asked[..], &later].concat()))
    };
    let told = "[The person ran this in a shell by themselves: \"make\". done; it put out:]\n| ok";
    assert_eq!(ran_between("!make"), format!("u[why] a[s] u[{told}; go on] a[o]"));
    assert_eq!(ran_between("!!make"), "u[why] a[s] u[go on] a[o]", "as if it had not been there");
}

fn typed(no: u64, text: &str) -> Entry {
    entry(no, Body::Prompt(Prompted { runs: true, ..text.into() }))
}

fn ran(no: u64, outcome: Outcome, text: &str) -> [Entry; 2] {
    let called = Called { no: CallNo(1), tool: "shell".into(), input: "make".into(), wants: Wants::Nothing };
    let (kept, whole) = (text.len() as u64, text.len() as u64);
    let result = Resulted { of: EntryNo(no), outcome, text: text.into(), kept, whole };
    [entry(no, Body::Call(called)), entry(no + 2, Body::Result(result))]
}

#[test]
fn the_agent_hears_of_a_line_for_the_shell_with_the_next_prompt_or_never() {
    let seen = entry(4, Body::Output(CallOutput { of: EntryNo(3), text: "half\n".into() }));
    let told = |of: &str, how: &str| format!("[The person ran this in a shell by themselves: {of:?}. {how}");
    for (what, line_typed, [call, result], put_out, expected) in [
        (
            "told",
            "!make",
            ran(3, Outcome::Done, "ok\n[go on]"),
            None,
            told("make", "done; it put out:]\n| ok\n| [go on]; why?"),
        ),
        ("kept from it", "!!make", ran(3, Outcome::Done, "secret"), None, "why?".into()),
        (
            "failed in silence",
            "!make",
            ran(3, Outcome::Failed, ""),
            None,
            told("make", "failed; it put out nothing]; why?"),
        ),
        (
            "cut short",
            "!make",
            ran(3, Outcome::CutShort, ""),
            Some(seen),
            told("make", "cut short; it put out:]\n| half; why?"),
        ),
        (
            "several lines in one",
            "!a\n]\nb",
            ran(3, Outcome::Done, "x"),
            None,
            told("a\n]\nb", "done; it put out:]\n| x; why?"),
        ),
    ] {
        let entries: Vec<Entry> = [typed(2, line_typed), call]
            .into_iter()
            .chain(put_out)
            .chain([result, prompt(9, "why?")])
            .collect();
        let made = messages(&entries);
        assert_eq!(line(&made), format!("u[{expected}]"), "{what}");
        assert_eq!(broken(&made), None, "{what}");
    }
}
