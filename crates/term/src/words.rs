//! Words for people: activities, stops, ages, sizes, places. The same on the whole screen, in plain mode and in the shell.

mod amounts;

use std::borrow::Cow;

use q_core::attention::{self, Need};
use q_core::{
    Activity, AgentFailure, Called, Compaction, EntryNo, Fault, Image, Interrupter, Mirror, NewImage,
    Outcome, PendingCall, Presence, Resulted, Retrying, Sent, SessionId, Stop, Summary, Usage, WallTime,
    Wants, WindowUse,
};

pub use self::amounts::{age, duration, elapsed, size, thought, tokens, took};
pub use crate::counted::counted;
pub use crate::tool_input::argv;

use crate::layout::wrap::truncated;
use crate::rules;
use crate::sanitize;
use crate::tool_input;
use crate::way::Way;
use crate::{advice, agent_input, server_question};

/// The built-in agent's name.
pub(crate) const GUIDE: &str = q_core::Setup::GUIDE;

/// What a session is doing, or where it is if it does nothing.
pub const fn state(summary: &Summary) -> &'static str {
    match (summary.presence, summary.activity) {
        // One that hibernates did so after its turn ended: how, is still worth knowing.
        (Presence::Live, activity)
        | (Presence::Hibernated, activity @ (Activity::Failed | Activity::Interrupted)) => activity.words(),
        (presence @ (Presence::Hibernated | Presence::Closed | Presence::Trashed), _) => presence.word(),
    }
}

/// What stands at a prompt whose turn stopped before anything answered it: it is not sent with later ones.
pub const NOT_ANSWERED: &str = "not answered";

/// What stands where a turn goes on with the answer that stopped before it.
pub const CONTINUED: &str = "goes on from there";

/// What a stop says in the transcript.
pub fn stop(stop: &Stop, way: Way) -> String {
    let text = match stop {
        Stop::Interrupted(Interrupter::User) => "interrupted here; `/retry` asks again".to_owned(),
        Stop::Interrupted(Interrupter::Stop) => format!("interrupted here (the host was stopped); {CHOICES}"),
        Stop::Interrupted(Interrupter::Crash) => format!("interrupted here (the host died); {CHOICES}"),
        Stop::Failed(failure) => return failed(failure, way),
    };
    advice::render(&text, way).into_owned()
}

/// What failed, why, and what to do. Only the last is translated: what a server said stays as it is.
pub fn failed(failure: &AgentFailure, way: Way) -> String {
    failed_and(failure, &advice::render(failure.kind.way_out(), way))
}

/// The same for a shell, where it is known which session failed: what to do names it.
pub fn failed_in(session: &str, failure: &AgentFailure) -> String {
    failed_and(failure, &advice::render(failure.kind.way_out(), Way::Shell).replace("SESSION", session))
}

fn failed_and(failure: &AgentFailure, advice: &str) -> String {
    let what = failure.to_string();
    let what = sanitize::visible_line(what.strip_suffix(failure.kind.way_out()).unwrap_or(&what));
    format!("{what}{advice}")
}

/// What can be done with what nobody interrupted on purpose.
const CHOICES: &str = "`/retry` asks again, a new prompt goes on from here, `/close` or `/delete` ends it";

/// Sessions that were interrupted and not looked at since, other than the one in view; nothing when there is none.
pub fn interrupted(mirror: &Mirror, in_view: Option<SessionId>) -> Option<String> {
    let sessions = mirror.by_slot();
    let names: Vec<&str> = sessions
        .iter()
        .map(|session| &session.summary)
        .filter(|summary| summary.activity == Activity::Interrupted && summary.unread > 0)
        .filter(|summary| Some(summary.id) != in_view)
        .map(|summary| summary.name.as_str())
        .collect();
    (!names.is_empty()).then(|| format!("interrupted meanwhile: {}", names.join(", ")))
}

/// What became of a session's turn, as said about one that is not in sight.
pub fn outcome(summary: &Summary) -> String {
    match summary.activity {
        Activity::Working => "is working".into(),
        Activity::NeedsApproval => "asks whether a tool may run".into(),
        Activity::NeedsInput => "asks you something".into(),
        Activity::Idle if summary.unread > 0 => format!("answered ({} unread)", summary.unread),
        Activity::Idle => "answered".into(),
        Activity::Interrupted => "was interrupted; /retry asks again".into(),
        Activity::Failed => match &summary.failure {
            Some(failure) => format!("failed: {}", failed(failure, Way::Slash)),
            None => "failed".into(),
        },
    }
}

/// Why a session needs the person, for a list of those that do.
pub fn need(summary: &Summary) -> Option<String> {
    Some(match attention::need(summary)? {
        Need::Answer => outcome(summary),
        Need::Failure => match failure(summary) {
            Some(failure) => format!("failed{failure}"),
            None => "was interrupted".to_owned(),
        },
        Need::Reading => format!("{} unread", summary.unread),
    })
}

/// That there is no other session to go to that needs the person.
pub fn nothing_needs(here: Option<&Summary>) -> &'static str {
    match here.and_then(attention::need) {
        Some(_) => "nothing else needs you",
        None => "nothing needs you",
    }
}

/// Why the last turn failed, if it did, and how often in a row: ` 3 times: the server rejects the key (401)`.
pub fn failure(summary: &Summary) -> Option<String> {
    let failure = summary.failure.as_ref().filter(|_| summary.activity == Activity::Failed)?;
    let count = if summary.failures > 1 { format!(" {} times", summary.failures) } else { String::new() };
    Some(format!("{count}: {}", why(failure)))
}

/// Why an agent gave up, in a line; not what to do about it.
pub fn why(failure: &AgentFailure) -> String {
    let what = failure.kind.what();
    if failure.detail.is_empty() {
        return what.to_owned();
    }
    sanitize::visible_line(&format!("{what} ({})", failure.detail)).into_owned()
}

/// That an agent asks again by itself, in how many seconds from now on: `asks again in 4 s (2 of 6): the server is overloaded`.
pub fn countdown(retrying: &Retrying, now: WallTime) -> String {
    let left = retrying.at.0.saturating_sub(now.0).min(retrying.wait_ms).div_ceil(1000);
    let when = if left == 0 { "now".to_owned() } else { format!("in {left} s") };
    asks_again(retrying, &when)
}

/// The same said once, for where nothing counts: `asks again after 4 s (2 of 6): the server is overloaded`.
pub fn retrying(retrying: &Retrying) -> String {
    asks_again(retrying, &format!("after {} s", retrying.wait_ms.div_ceil(1000)))
}

fn asks_again(Retrying { attempt, of, failure, .. }: &Retrying, when: &str) -> String {
    format!("asks again {when} ({attempt} of {of}): {}", failure.kind.what())
}

/// What a list says last of a session: that its agent waits to ask again, why it failed, or how its last answer begins. Never an answer of before the failure.
pub fn last_word(summary: &Summary) -> String {
    if let Some(waits) = &summary.retrying {
        return retrying(waits);
    }
    match failure(summary) {
        Some(failure) => failure.trim_start_matches([' ', ':']).to_owned(),
        None => sanitize::visible_line(&summary.preview).into_owned(),
    }
}

/// That a session is longer than what an agent is sent of it.
pub fn left_out(sent: Sent) -> String {
    let Sent { entries, left_out } = sent;
    format!(
        "this session is longer than what is sent at once: from here on the agent gets the newest of it, now {entries} of {} entries; all of them stay here",
        entries.saturating_add(left_out)
    )
}

/// What became of a compaction, in a line; the summary itself stands beneath.
pub fn compaction(compaction: &Compaction, way: Way) -> String {
    let said = match compaction {
        Compaction::Summary { text, of, left_out } => {
            let lacks = match left_out {
                0 => String::new(),
                1 => "; the oldest entry did not fit, and is not in it".to_owned(),
                count => format!("; the oldest {count} entries did not fit, and are not in it"),
            };
            format!(
                "summary of all above, which the agent gets in its place ({} for {}){lacks}; `/compact undo` takes that back:",
                size(text.len() as u64),
                size(*of)
            )
        }
        Compaction::Stopped(Stop::Interrupted(by)) => {
            let by = match by {
                Interrupter::User => "interrupted",
                Interrupter::Stop => "the host was stopped",
                Interrupter::Crash => "the host died",
            };
            format!("not compacted: {by}; the conversation is as it was, `/compact` tries again")
        }
        // What a server said stays as it is.
        Compaction::Stopped(Stop::Failed(failure)) => {
            return format!("not compacted: {}; the conversation is as it was", why(failure));
        }
        Compaction::Undone => {
            "the summary counts no longer: the agent gets the conversation itself again".to_owned()
        }
    };
    advice::render(&said, way).into_owned()
}

/// How full its model's window is: `12k/128k`, `~12k` where that is guessed; the window itself is not always known.
pub fn window_use(window: WindowUse) -> String {
    let guessed = if window.is_counted { "" } else { "~" };
    let of = if window.of > 0 { format!("/{}", tokens(window.of)) } else { String::new() };
    format!("{guessed}{}{of}", tokens(window.tokens))
}

/// Tokens that were spent, and what of them was cached or thought, where servers say that.
pub fn spent(usage: Usage) -> String {
    let Usage { input, output, cached, cache_written, reasoning, guessed } = usage;
    let of = |parts: &[(u64, &str)]| {
        let some = parts.iter().filter(|(count, _)| *count > 0);
        let some: Vec<String> = some.map(|(count, word)| format!("{} {word}", tokens(*count))).collect();
        if some.is_empty() { String::new() } else { format!(" ({})", some.join(", ")) }
    };
    let of_read = of(&[(cached, "from a cache"), (cache_written, "written to one")]);
    let of_written = of(&[(reasoning, "thought")]);
    let guessed = if guessed > 0 { format!(", ~{} guessed", tokens(guessed)) } else { String::new() };
    format!("{} tokens read{of_read}, {} written{of_written}{guessed}", tokens(input), tokens(output))
}

/// A call: what it does, from exactly what it was given.
pub fn call(called: &Called) -> String {
    match called.wants {
        Wants::Words => sanitize::visible(&called.input).into_owned(),
        Wants::Consent | Wants::Nothing => tool_input::called(&called.tool, &called.input),
    }
}

/// A call in a line, in front of what came of it.
pub(crate) fn call_line(called: &Called) -> String {
    /// Columns by which it can be recognised.
    const COLUMNS: usize = 60;
    truncated(&call_headline(called), COLUMNS).into_owned()
}

/// The same as long as it is.
pub(crate) fn call_headline(called: &Called) -> String {
    match called.wants {
        Wants::Words => "question".to_owned(),
        Wants::Consent | Wants::Nothing => tool_input::headline(&called.tool, &called.input),
    }
}

/// What was typed while a call waits is sent later, and answers nothing.
pub const STILL_ASKS: &str = "the question still waits: y, a or n answers it, n WORDS says what to do instead; what you sent comes after it";

/// How consent is given: what is typed for it, and what that allows.
pub fn ways(pending: &PendingCall) -> String {
    let always = pending.always.as_ref().map(|rule| format!(" · a {}", rules::always(rule)));
    format!("y once{} · n no, then Enter", always.unwrap_or_default())
}

/// Text of which all lines but the first are indented, as code is.
pub fn hanging(text: &str) -> String {
    text.replace('\n', "\n    ")
}

/// How a call ended, in a line, and beneath it what came out of it: what a command's first line says of its end stands in the first.
pub(crate) fn result_parts<'a>(call: Option<&str>, result: &'a Resulted) -> (String, &'a str) {
    let (end, text) = command_end(result);
    let end = end.map(|end| format!(", {}", sanitize::visible_line(end))).unwrap_or_default();
    let lines = lines_of(result, text).map(|lines| format!(", {lines}")).unwrap_or_default();
    let call = call.map(|call| format!("{call}: ")).unwrap_or_default();
    (format!("{call}{}{end}{lines}", self::result(result)), text)
}

/// How a command ended that failed, where its result begins with that, and what it put out.
pub(crate) fn command_end(result: &Resulted) -> (Option<&str>, &str) {
    let (first, rest) = result.text.split_once('\n').unwrap_or((&result.text, ""));
    let is_end = result.outcome == Outcome::Failed
        && (first.starts_with("exit code ") || first.starts_with("ended by signal "))
        && first.len() < 40;
    if is_end { (Some(first.trim_end_matches('\r')), rest) } else { (None, &result.text) }
}

/// How many lines came out, where all of them are here.
pub(crate) fn lines_of(result: &Resulted, text: &str) -> Option<String> {
    let is_all = result.whole <= result.text.len() as u64;
    let count = text.trim_end().lines().count();
    (is_all && count > 0).then(|| counted(count, "line"))
}

/// That lines of a result are left out between its beginning and its end.
pub(crate) fn lines_more(no: EntryNo, count: usize, way: Way) -> String {
    let said = format!("… {} more: `q show SESSION --entry {no}`", counted(count, "line"));
    advice::render(&said, way).into_owned()
}

/// How a call ended, and what came of it if not all of that is here.
pub fn result(result: &Resulted) -> String {
    let shown = result.text.len() as u64;
    let outcome = match result.outcome {
        Outcome::CutShort => "cut short; what it did until then is not known",
        outcome @ (Outcome::Done
        | Outcome::Failed
        | Outcome::Denied
        | Outcome::Expired
        | Outcome::NeverRan) => outcome.words(),
    };
    if result.whole > shown {
        format!("{outcome} (the first {shown} of {} bytes)", result.whole)
    } else {
        outcome.to_owned()
    }
}

/// What stands beneath a result that goes on, in the entry with that number.
pub fn rest(no: EntryNo, result: &Resulted, way: Way) -> Option<String> {
    let more = result.kept.saturating_sub(result.text.len() as u64);
    let said = || format!("… {more} bytes more are kept: `q show SESSION --entry {no}`");
    (more > 0).then(|| advice::render(&said(), way).into_owned())
}

/// A call that waits for the person.
pub fn pending(pending: &PendingCall) -> String {
    match pending.wants {
        Wants::Words => server_question::whole(&pending.tool, &pending.input),
        Wants::Consent | Wants::Nothing => {
            let PendingCall { tool, input, always, circumstance, .. } = pending;
            let asks =
                || format!("asks: {}", tool_input::question(tool, input, always.as_ref(), circumstance));
            agent_input::question(tool, input).unwrap_or_else(asks)
        }
    }
}

/// A call that waits for the person, in a line that is cut where there is no room.
pub fn pending_line(pending: &PendingCall) -> String {
    /// Of what is longer only the size is said: a line shows none of it, and is made for every frame.
    const LONG: usize = 16 << 10;
    match pending.wants {
        Wants::Words => server_question::line(&pending.tool, &pending.input),
        Wants::Consent | Wants::Nothing if pending.input.len() > LONG => {
            let size = size(pending.input.len() as u64);
            let long = agent_input::long_line(&pending.tool, &pending.input, &size);
            long.unwrap_or_else(|| format!("{} ({size})", sanitize::exact_line(&pending.tool)))
        }
        Wants::Consent | Wants::Nothing => {
            tool_input::asked(&pending.tool, &pending.input, &pending.circumstance)
        }
    }
}

/// That a session hibernates now, told about one that is not in sight; with so many commands of its background, which end.
pub fn hibernated(name: &str, ended: u32) -> String {
    asleep(name, "", ended)
}

/// The same of one that had to, so that another has its place.
pub fn made_room(name: &str, ended: u32) -> String {
    asleep(name, " to make room", ended)
}

fn asleep(name: &str, why: &str, ended: u32) -> String {
    let commands = counted(ended as usize, "command");
    let ends = if ended == 0 { String::new() } else { format!(", which ends {commands} in its background") };
    format!("{name} hibernates now{why}{ends}; its history is kept, going there wakes it")
}

/// What an answer lacks.
pub fn torn(parts: u64) -> String {
    let parts = if parts == 1 { "1 part of it".to_owned() } else { format!("{parts} parts of it") };
    format!(
        "the answer is torn: {parts} came damaged, in a form that q does not know, or otherwise than the server says at its end"
    )
}

/// What a repair says in the transcript.
pub fn repair(fault: Fault, way: Way) -> String {
    let said = match fault {
        Fault::PromptLost(prompt) => format!(
            "repaired here: the text of waiting prompt {prompt} is not in the store any more, so it left the queue; send it again"
        ),
        Fault::LogCut { lost } => {
            let lost = match lost {
                Some(1) => "1 record of it is lost".to_owned(),
                Some(count) => format!("{count} records of it are lost"),
                None => "some of it is lost".to_owned(),
            };
            format!(
                "repaired here: the stored history was damaged; {lost} (`q doctor` says where); the damaged image is kept aside"
            )
        }
        Fault::SealsTooLong => "not kept here: what the provider sealed of the model's thoughts in this turn is longer than q keeps; it is not sent back, and the model thinks anew".to_owned(),
        Fault::AnswerTorn { parts } => format!("{}; `/retry` asks again", torn(parts)),
    };
    advice::render(&said, way).into_owned()
}

/// An image of a prompt, as a line of its own.
pub fn image(image: &Image) -> String {
    let Image { name, width, height, size: bytes, .. } = image;
    format!("[image {}, {width}×{height}, {}]", sanitize::visible_line(name), size(*bytes))
}

/// An image that goes with a prompt that is being sent.
pub fn new_image(image: &NewImage) -> String {
    let NewImage { name, width, height, .. } = image;
    let bytes = size(image.size().unwrap_or_default());
    format!("{} (image, {width}×{height}, {bytes})", sanitize::visible_line(name))
}

/// A prompt's words with a line behind them for each image that goes with it.
pub fn with_images<'a>(text: &'a str, images: &[Image]) -> Cow<'a, str> {
    if images.is_empty() {
        return Cow::Borrowed(text);
    }
    let lines = images.iter().map(image);
    let lines: Vec<String> = std::iter::once(text.trim_end().to_owned()).chain(lines).collect();
    Cow::Owned(lines.join("\n"))
}

/// A directory with the person's home as `~`, and the middle of a long one left out.
pub fn directory(path: &str, home: &str) -> String {
    /// Longer paths keep only their last two parts.
    const LONG: usize = 32;
    let path = sanitize::visible_line(path);
    let inside = path.strip_prefix(home).filter(|rest| rest.is_empty() || rest.starts_with('/'));
    let short = match inside {
        Some(rest) if !home.is_empty() => format!("~{rest}"),
        Some(_) | None => path.into_owned(),
    };
    if short.chars().count() <= LONG {
        return short;
    }
    let mut parts = short.rsplit('/');
    match (parts.next(), parts.next()) {
        (Some(last), Some(parent)) => format!("…/{parent}/{last}"),
        (Some(_), None) | (None, _) => short,
    }
}

/// Agent and model, as far as there is one.
pub fn agent(summary: &Summary) -> String {
    agent_and_model(&summary.agent, &summary.model)
}

/// The same, with the model that answers where that is not the one that is asked.
pub fn answering(summary: &Summary) -> String {
    if summary.answering.is_empty() || summary.answering == summary.model {
        return agent(summary);
    }
    format!("{}→{}", agent(summary), sanitize::visible_line(&summary.answering))
}

/// The same of an agent that has no session yet.
pub fn agent_and_model(agent: &str, model: &str) -> String {
    let named = if model.is_empty() { agent.to_owned() } else { format!("{agent}·{model}") };
    sanitize::visible_line(&named).into_owned()
}

/// Who answers in a new session, for whoever has none yet.
pub fn who_answers(agent: &str) -> String {
    if agent == GUIDE {
        "The built-in guide answers: it looks things up in q's manual, offline, and is not a language model. Ask \
         it how to have a model answer."
            .to_owned()
    } else {
        format!("{agent} answers.")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_on_is_told_to_the_second_at_first() {
        for (seconds, said) in [(0, "0s"), (59, "59s"), (60, "1m"), (3_600, "1h")] {
            assert_eq!(duration(WallTime(seconds * 1000), WallTime(0)), said);
        }
    }

    #[test]
    fn what_is_counted_is_told_to_the_second_and_nothing_before_the_first() {
        for (ms, said) in [
            (999, ""),
            (1_000, "1 s"),
            (59_999, "59 s"),
            (60_000, "1 min 0 s"),
            (3_599_000, "59 min 59 s"),
            (7_500_000, "2 h 5 min"),
        ] {
            assert_eq!(elapsed(WallTime(ms), WallTime(0)), said);
        }
        assert_eq!(elapsed(WallTime(0), WallTime(5_000)), "", "a clock that ran backward");
    }

    #[test]
    fn ages_are_short() {
        for (seconds, said) in [
            (0, "now"),
            (59, "now"),
            (60, "1m"),
            (3_599, "59m"),
            (7_200, "2h"),
            (172_800, "2d"),
            (1_209_600, "2w"),
        ] {
            assert_eq!(age(WallTime(seconds * 1000), WallTime(0)), said);
        }
        assert_eq!(age(WallTime(0), WallTime(5_000)), "now", "a clock that ran backward");
    }

    #[test]
    fn how_full_a_window_is_says_what_is_guessed_and_what_is_not_known() {
        for (tokens, is_counted, of, said) in [
            (12_345, true, 128_000, "12k/128k"),
            (12_345, false, 128_000, "~12k/128k"),
            (99, true, 0, "99"),
            (99, false, 0, "~99"),
        ] {
            assert_eq!(window_use(WindowUse { tokens, is_counted, of, bytes: 0 }), said);
        }
    }

    #[test]
    fn a_compaction_says_what_became_of_it_and_leaves_a_servers_words_alone() {
        let summary = |left_out| Compaction::Summary { text: "so far".into(), of: 9_000, left_out };
        let failure = AgentFailure::new(q_core::FailureKind::Cut, "see `/retry`");
        for (compaction, way, said) in [
            (summary(0), Way::Slash, "(6 B for 9 KB); /compact undo"),
            (summary(1), Way::Slash, "; the oldest entry did not fit, and is not in it; /compact undo"),
            (summary(7), Way::Slash, "; the oldest 7 entries did not fit, and are not in it; /compact undo"),
            (
                Compaction::Stopped(Stop::Interrupted(Interrupter::Crash)),
                Way::Slash,
                "not compacted: the host died",
            ),
            (Compaction::Stopped(Stop::Failed(failure)), Way::Shell, "(see `/retry`)"),
            (Compaction::Undone, Way::Shell, "counts no longer"),
        ] {
            let text = super::compaction(&compaction, way);
            assert!(text.contains(said), "{text}");
        }
    }

    #[test]
    fn figures_are_short() {
        for (count, said) in [(0, "0"), (999, "999"), (12_345, "12k"), (3_450_000, "3.4M")] {
            assert_eq!(tokens(count), said);
        }
        for (bytes, said) in [
            (0, "0 B"),
            (999, "999 B"),
            (1_000, "1 KB"),
            (999_999, "999 KB"),
            (1_000_000, "1.0 MB"),
            (3_450_000, "3.4 MB"),
            (999_999_999, "999.9 MB"),
            (10_000_000_000, "10.0 GB"),
        ] {
            assert_eq!(size(bytes), said);
        }
    }

    #[test]
    fn directories_begin_at_home() {
        for (path, said) in [
            ("/home/ann", "~"),
            ("/home/ann/api", "~/api"),
            ("/home/anna/api", "/home/anna/api"),
            ("/srv", "/srv"),
            ("/home/ann/src/company/services/billing/api", "…/billing/api"),
            ("/tmp/a\u{1b}b", "/tmp/a<U+001B>b"),
        ] {
            assert_eq!(directory(path, "/home/ann"), said);
        }
        assert_eq!(directory("/home/ann", ""), "/home/ann");
    }
}
