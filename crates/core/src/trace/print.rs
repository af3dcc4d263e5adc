//! From effects to lines: `persist`, then what happens `at once`, then what happens `after` the batch is durable.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::entry::{write_compaction, write_image, write_project, write_reversed, write_sources};
use super::setup::{usual_setup, write_setting, write_setup};
use super::words::{bare, session};
use crate::agent::{AgentFailure, PlanStep, ResumeHandle, Sent, Wants};
use crate::budget::{BudgetScope, BudgetUse};
use crate::compaction::WindowUse;
use crate::effect::{Blob, Durability, Effect, Effects, Reply, TurnSetup};
use crate::entry::{Body, Entry, Fault, Stop};
use crate::id::{ClientId, EntryNo, PromptNo, ReplyTo, SessionId, TurnNo};
use crate::image::{Image, ImagePlace};
use crate::kind::Policy;
use crate::presence::Presence;
use crate::record::{Answer, Ending, Fork, Record, Setup, Voice};
use crate::refusal::Refusal;
use crate::settings::Settings;
use crate::snapshot::{PendingCall, QueuedPrompt, Retrying, Summary, Update};
use crate::stamped::Stamped;
use crate::tag::Tag;
use crate::usage::Usage;

/// The effects of one input, a line each.
pub fn print(effects: &Effects) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(batch) = &effects.batch {
        let durability = match batch.durability {
            Durability::Buffered => "buffered",
            Durability::Synced => "synced",
        };
        lines.extend(batch.records.iter().map(|stamped| format!("persist {durability} {}", record(stamped))));
        let blob = |Blob { session: id, seq, text }: &Blob| format!("{}.{seq} {text:?}", session(*id));
        lines.extend(batch.blobs.iter().map(|one| format!("persist {durability} beside {}", blob(one))));
    }
    lines.extend(effects.at_once.iter().map(|one| format!("at once {}", effect(one))));
    lines.extend(effects.after.iter().map(|one| format!("after {}", effect(one))));
    lines
}

/// Images, with where each is kept.
fn waits(how: &str, prompt: PromptNo, text: &str, images: &[Image], runs: bool) -> String {
    format!("{how} {prompt} {text:?}{}{}", pictures(images), for_the_shell(runs))
}

fn for_the_shell(runs: bool) -> &'static str {
    if runs { " for the shell" } else { "" }
}

fn pictures(images: &[Image]) -> String {
    let words = images.iter().map(|image| {
        let place = image.kept.map_or_else(
            || " kept nowhere".into(),
            |ImagePlace { record, from }| format!(" kept beside {record} from {from}"),
        );
        format!("{}{place}", write_image(image))
    });
    words.collect()
}

fn record(stamped: &Stamped) -> String {
    let place = format!("{}.{}", session(stamped.session), stamped.seq);
    let fact = match &stamped.record {
        Record::Created { name, slot, setup, fork, .. } => {
            format!("created {name} in slot {slot} {}", origin(setup, fork.as_ref()))
        }
        Record::Renamed { name, origin } => format!("renamed {name} ({origin:?})"),
        Record::Closed => "closed".into(),
        Record::Reopened { slot } => format!("reopened in slot {slot}"),
        Record::Hibernated { why } => format!("hibernated for {why:?}").to_lowercase(),
        Record::Woken => "woken".into(),
        Record::Trashed => "trashed".into(),
        Record::Restored => "restored".into(),
        Record::Erased => "erased".into(),
        Record::Tagged { tags } => format!("tagged [{}]", words(tags)),
        Record::Pinned { pinned } => if *pinned { "pinned" } else { "unpinned" }.into(),
        Record::PolicySet { policy } => format!("policy {}", policy.word()),
        Record::RuleSet { rule, stands } => {
            let stands = if *stands { "has" } else { "no longer has" };
            format!("{stands} rule {}", super::rule::write(rule))
        }
        Record::SettingsSet { settings } => format!("set to {}", set(settings)),
        Record::Edited { prompt, text, images, runs } => waits("edited", *prompt, text, images, *runs),
        Record::Moved { prompt, place } => format!("moved {prompt} to place {place}"),
        Record::Steered { turn, prompt, text, .. } => format!("steered turn {turn} with {prompt} {text:?}"),
        Record::Called { turn, call, waits } => {
            let stage = if *waits { "waits" } else { "runs" };
            format!("called turn {turn} call {} {} {:?} {stage}", call.no, call.tool, call.input)
        }
        Record::Sealed { turn, seal } => format!("sealed turn {turn} by {:?} {:?}", seal.by, seal.content),
        Record::Planned { turn, steps } => format!("planned turn {turn} [{}]", plan(steps)),
        Record::Cited { turn, sources } => format!("cited turn {turn}{}", write_sources(sources)),
        Record::ProjectRead { turn, files } => format!("project turn {turn}{}", write_project(files)),
        Record::Compacting { turn } => format!("compacting turn {turn}"),
        Record::Compacted { turn, compaction, usage } => {
            format!("compacted turn {turn} {}{}", write_compaction(compaction), cost_and_reason(*usage, ""))
        }
        Record::Answering { turn, model } => format!("answering turn {turn} model {model:?}"),
        Record::Resumable { turn, handle: ResumeHandle(handle) } => {
            format!("resumable turn {turn} by {handle:?}")
        }
        Record::Answered { turn, call, answer } => {
            format!("answered turn {turn} call {call} {}", answered(answer))
        }
        Record::Resulted { turn, call, of, outcome, text, kept, whole } => {
            let cut = cut(text, *kept, *whole);
            format!("resulted turn {turn} call {call} of {of} {} {text:?}{cut}", outcome.words())
        }
        Record::MarkedUnread => "marked unread".into(),
        Record::MarkedRead => "marked read".into(),
        Record::Sent { turn, sent: told, is_said } => {
            let said = if *is_said { ", said" } else { "" };
            format!("turn {turn} was sent {}{said}", sent(*told))
        }
        Record::Repaired { fault } => repaired(*fault),
        Record::Queued { prompt, text, images, runs, .. } => waits("queued", *prompt, text, images, *runs),
        Record::Unqueued { prompt } => format!("unqueued {prompt}"),
        Record::Retried { prompt, .. } => format!("retried {prompt}"),
        Record::Continued { turn, prompt, .. } => {
            format!("began turn {turn}, which goes on with prompt {prompt}")
        }
        Record::Began { turn, prompt, runs, .. } => {
            format!("began turn {turn} with prompt {prompt}{}", for_the_shell(*runs))
        }
        Record::Said { turn, entry, voice, text } => said(*turn, *entry, *voice, text),
        Record::Ended { turn, ending, usage, reason, window } => {
            let window = window.map(window_use).unwrap_or_default();
            format!("ended turn {turn} {}{}{window}", ended(ending), cost_and_reason(*usage, reason))
        }
        Record::Reversed { reversed } => format!("reversed{}", write_reversed(reversed)),
        Record::Seen { through } => format!("seen through {}+{}", through.entry, through.bytes),
        Record::Drafted { text } => format!("drafted {text:?}"),
        Record::Imported { at, body } => format!("imported {} {}", at.0, super::entry::write(body)),
        Record::ImportEnded { created, touched, usage } => format!(
            "import ended, created {} touched {} {}+{} tokens",
            created.0, touched.0, usage.input, usage.output
        ),
    };
    format!("{place} {fact}")
}

fn said(turn: TurnNo, entry: EntryNo, voice: Voice, text: &str) -> String {
    match voice {
        Voice::Answer => format!("said turn {turn} entry {entry} {text:?}"),
        Voice::Thinking => format!("thought turn {turn} entry {entry} {text:?}"),
        Voice::Output { of } => format!("put out turn {turn} entry {entry} of {of} {text:?}"),
    }
}

/// What a session was made for, or from.
fn origin(setup: &Setup, fork: Option<&Fork>) -> String {
    match fork {
        None => {
            let mut words = write_setup(setup);
            words.insert(0, setup.kind.to_string());
            format!("for {}", words.join(" "))
        }
        Some(fork) => format!("from {} up to entry {}", session(fork.parent), fork.last),
    }
}

/// How much more is kept than is shown, and how much there was in all where that is not kept.
fn cut(text: &str, kept: u64, whole: u64) -> String {
    let shown = text.len() as u64;
    let beside = if kept > shown { format!(" and {} bytes beside", kept - shown) } else { String::new() };
    if whole == kept { beside } else { format!("{beside} of {whole} bytes") }
}

/// ` window ~12/100`, as far as anything is known of it.
fn window_use(WindowUse { tokens, is_counted, of, bytes }: WindowUse) -> String {
    let guessed = if is_counted { "" } else { "~" };
    let of = if of > 0 { format!("/{of}") } else { String::new() };
    let bytes = if bytes > 0 { format!(" by {bytes} bytes") } else { String::new() };
    format!(" window {guessed}{tokens}{of}{bytes}")
}

fn plan(steps: &[PlanStep]) -> String {
    let steps: Vec<String> =
        steps.iter().map(|step| format!("{} {:?}", step.state.word(), step.text)).collect();
    steps.join(", ")
}

fn words(tags: &[Tag]) -> String {
    tags.iter().map(Tag::as_str).collect::<Vec<_>>().join(" ")
}

fn answered(answer: &Answer) -> String {
    match answer {
        Answer::Once => "once".into(),
        Answer::Always => "always".into(),
        Answer::Deny => "deny".into(),
        Answer::Words(text) => format!("{text:?}"),
    }
}

fn sent(Sent { entries, left_out }: Sent) -> String {
    format!("{entries} entries, {left_out} left out")
}

fn repaired(fault: Fault) -> String {
    match fault {
        Fault::PromptLost(prompt) => format!("repaired: the text of waiting prompt {prompt} is lost"),
        Fault::LogCut { lost: Some(lost) } => format!("repaired: records are lost, {lost} in all"),
        Fault::LogCut { lost: None } => "repaired: records are lost".into(),
        Fault::SealsTooLong => "repaired: more is sealed than is kept".into(),
        Fault::AnswerTorn { parts } => format!("torn: {parts} parts of it could not be read"),
    }
}

fn ended(ending: &Ending) -> String {
    match ending {
        Ending::Done => "done".into(),
        Ending::Interrupted(by) => format!("interrupted by {by:?}").to_lowercase(),
        Ending::Failed(failure) => failed(failure),
    }
}

/// What the turn cost, and why the agent stopped, where it told.
fn cost_and_reason(usage: Usage, reason: &str) -> String {
    let Usage { input, output, cached, cache_written, reasoning, guessed } = usage;
    let counted = if input + output == 0 { String::new() } else { format!(" {input}+{output} tokens") };
    let parts = [("cached", cached), ("written to the cache", cache_written), ("thought", reasoning)];
    let parts = parts.into_iter().filter(|(_, tokens)| *tokens > 0);
    let parts: Vec<String> = parts.map(|(word, tokens)| format!("{tokens} {word}")).collect();
    let parts = if parts.is_empty() { String::new() } else { format!(" ({})", parts.join(", ")) };
    let guessed = if guessed > 0 { format!(" ~{guessed} tokens") } else { String::new() };
    let cost = format!("{counted}{parts}{guessed}");
    let reason = if reason.is_empty() { String::new() } else { format!(" reason {reason:?}") };
    cost + &reason
}

fn failed(failure: &AgentFailure) -> String {
    let AgentFailure { kind, detail } = failure;
    let detail = if detail.is_empty() { String::new() } else { format!(" {detail:?}") };
    format!("failed {}{detail}", kind.code())
}

fn run(id: SessionId, turn: TurnNo, setup: &TurnSetup) -> String {
    let TurnSetup { agent, model, settings, system_prompt, directory, policy, resume, compacts } = setup;
    let mut words = Vec::from([format!("run {agent} for {} turn {turn}", session(id))]);
    words.extend((!model.is_empty()).then(|| format!("model {model}")));
    let settings = Settings { model: None, ..settings.clone() }; // it is the one named
    words.extend((settings != Settings::default()).then(|| format!("with {}", set(&settings))));
    words.extend((!system_prompt.is_empty()).then(|| format!("system_prompt {system_prompt:?}")));
    words.extend((*directory != usual_setup().directory).then(|| format!("in {}", bare(directory))));
    words.extend((*policy != Policy::Ask).then(|| format!("policy {}", policy.word())));
    words.extend(resume.iter().map(|ResumeHandle(handle)| format!("resume {handle:?}")));
    words.extend(compacts.then(|| "compacts".to_string()));
    words.join(" ")
}

fn effect(effect: &Effect) -> String {
    match effect {
        Effect::Run { session, turn, setup } => run(*session, *turn, setup),
        Effect::Cancel { session: id, turn } => format!("cancel {} turn {turn}", session(*id)),
        Effect::Steer { session: id, turn, text } => format!("steer {} turn {turn} {text:?}", session(*id)),
        Effect::Permit { session: id, turn, call, entry, digest, by_rule } => {
            let by = if *by_rule { " by a rule" } else { "" };
            format!("permit {} turn {turn} call {call} entry {entry} {digest:?}{by}", session(*id))
        }
        Effect::Settle { session: id, turn, call, entry, outcome, text } => {
            let of = format!("settle {} turn {turn} call {call} entry {entry}", session(*id));
            format!("{of} {} {text:?}", outcome.words())
        }
        Effect::Bind { session: id, agent } => format!("bind {} to {}", bare(agent), session(*id)),
        Effect::Unbind { session: id } => format!("unbind {}", session(*id)),
        Effect::Release { session: id } => format!("release {}", session(*id)),
        Effect::Load { session: id } => format!("load {}", session(*id)),
        Effect::Reverse { session: id, redo, turn, directory } => {
            let redo = if *redo { " redo" } else { "" };
            format!("reverse {} turn {turn} in {}{redo}", session(*id), bare(directory))
        }
        Effect::Shell { session: id, turn, line, directory } => {
            format!("shell {} turn {turn} in {} {line:?}", session(*id), bare(directory))
        }
        Effect::Resync { session: id } => format!("resync {}", session(*id)),
        Effect::Reply { to, answer } => format!("{}{}", reply(answer), unless_first(*to)),
        Effect::Update(told) => update(told),
        Effect::Leave => "leave".into(),
    }
}

/// What is set, in words; `nothing` where nothing is.
fn set(settings: &Settings) -> String {
    let words: Vec<String> = settings.changes().iter().map(write_setting).collect();
    if words.is_empty() { "nothing".to_string() } else { words.join(", ") }
}

fn reply(answer: &Result<Reply, Refusal>) -> String {
    match answer {
        Ok(Reply::Done) => "reply done".into(),
        Ok(Reply::FromNextTurn) => "reply done from the next turn on".into(),
        Ok(Reply::Created { session: id, hibernated, ended }) => {
            let ended = if *ended == 0 { String::new() } else { format!(" with {ended} in its background") };
            let made_room = hibernated.map(|other| format!(", {} made room{ended}", session(other)));
            format!("reply created {}{}", session(*id), made_room.unwrap_or_default())
        }
        Ok(Reply::Accepted(prompt)) => format!("reply accepted {prompt}"),
        Err(refusal) => format!("refuse {}: {refusal}", refusal.code()),
    }
}

/// Whom a reply is for, where that is not the usual client.
fn unless_first(to: ReplyTo) -> String {
    if to.client == ClientId(1) { String::new() } else { format!(" (to c{})", to.client) }
}

fn update(update: &Update) -> String {
    match update {
        Update::Session(told) => summary(told),
        Update::Entry { session: id, entry: told } => format!("entry {} {}", session(*id), entry(told)),
        Update::Text { session: id, entry, offset, text } => {
            format!("text {} {entry}+{offset} {text:?}", session(*id))
        }
        Update::Queue { session: id, queue } => {
            format!("queue {} [{}]", session(*id), waiting(queue))
        }
        Update::Gone(id) => format!("gone {}", session(*id)),
        Update::Pending { session: id, pending } => {
            let pending: Vec<String> = pending.iter().map(pending_call).collect();
            format!("pending {} [{}]", session(*id), pending.join(", "))
        }
        Update::Draft { session: id, text } => format!("draft {} {text:?}", session(*id)),
    }
}

pub(super) fn waiting(queue: &[QueuedPrompt]) -> String {
    let waiting: Vec<String> = queue.iter().map(|one| format!("{} {:?}", one.prompt, one.text)).collect();
    waiting.join(", ")
}

pub(super) fn pending_call(one: &PendingCall) -> String {
    let wants = match one.wants {
        Wants::Nothing => "nothing",
        Wants::Consent => "consent",
        Wants::Words => "words",
    };
    let circumstance = super::rule::write_circumstance(&one.circumstance);
    let always = super::rule::always(one);
    format!("{} {} {:?} wants {wants}{always}{circumstance}", one.call, one.tool, one.input)
}

pub(super) fn summary(told: &Summary) -> String {
    let presence = match told.presence {
        Presence::Live => format!("slot {}", told.slot),
        Presence::Hibernated => format!("slot {} hibernated", told.slot),
        Presence::Closed | Presence::Trashed => told.presence.word().to_string(),
    };
    let activity = told.activity.words();
    let held = if told.held { " held" } else { "" };
    let retrying = told.retrying.as_ref().map(|Retrying { attempt, of, wait_ms: _, at, failure }| {
        format!(" asks again at {} ({attempt} of {of}): {}", at.0, failed(failure))
    });
    let retrying = retrying.unwrap_or_default();
    let pinned = if told.pinned { " pinned" } else { "" };
    let tags = if told.tags.is_empty() { String::new() } else { format!(" [{}]", words(&told.tags)) };
    let unread = if told.unread == 0 { String::new() } else { format!(" {} unread", told.unread) };
    let queued = if told.queued == 0 { String::new() } else { format!(" {} queued", told.queued) };
    let background = match told.background {
        0 => String::new(),
        running => format!(" {running} in the background"),
    };
    let policy = match told.policy {
        Policy::Ask => "",
        Policy::Deny => " denies tools",
    };
    let inherited = told.inherited.map(|count| format!(" ({count} entries)")).unwrap_or_default();
    let parent = told.parent.map(|parent| format!(" from {}{inherited}", session(parent)));
    let parent = parent.unwrap_or_default();
    let failures = if told.failures > 1 { format!(" {} times", told.failures) } else { String::new() };
    let answering = if told.answering.is_empty() || told.answering == told.model {
        String::new()
    } else {
        format!(" by {}", bare(&told.answering))
    };
    let settings = if told.settings == Settings::default() {
        String::new()
    } else {
        format!(" set to {}", set(&told.settings))
    };
    let budget = told.budget.map(budget).unwrap_or_default();
    let (id, name) = (session(told.id), &told.name);
    format!(
        "line {id} {name} {presence} {activity}{failures}{answering}{held}{retrying}{unread}{queued}{background}{budget}{pinned}{policy}{settings}{parent}{tags}"
    )
}

/// ` spent 80 of 100`, and whose budget that is where it is not the session's own.
fn budget(BudgetUse { scope, spent, of }: BudgetUse) -> String {
    let today = match scope {
        BudgetScope::Session => "",
        BudgetScope::Day => " today",
    };
    format!(" spent {spent} of {of}{today}")
}

pub(super) fn entry(entry: &Entry) -> String {
    let body = match &entry.body {
        Body::Prompt(prompt) => {
            format!("prompt {:?}{}{}", prompt.text, pictures(&prompt.images), for_the_shell(prompt.runs))
        }
        Body::Answer(text) => format!("answer {text:?}"),
        Body::Thinking(text) => format!("thinking {text:?}"),
        Body::Call(call) => format!("call {} {} {:?}", call.no, call.tool, call.input),
        Body::Output(output) => format!("output of {} {:?}", output.of, output.text),
        Body::Plan(steps) => format!("plan [{}]", plan(steps)),
        Body::Sources(sources) => format!("sources{}", write_sources(sources)),
        Body::ProjectFiles(files) => format!("project{}", write_project(files)),
        Body::Result(result) => {
            let cut = cut(&result.text, result.kept, result.whole);
            format!("result of {} {} {:?}{cut}", result.of, result.outcome.words(), result.text)
        }
        Body::Continued => "goes on".into(),
        Body::Repair(fault) => repaired(*fault),
        Body::LeftOut(told) => format!("sent {}", sent(*told)),
        Body::Compaction(compaction) => write_compaction(compaction),
        Body::Reversed(reversed) => format!("reversed{}", write_reversed(reversed)),
        Body::Stop(Stop::Interrupted(by)) => format!("interrupted by {by:?}").to_lowercase(),
        Body::Stop(Stop::Failed(failure)) => failed(failure),
    };
    format!("{} {body}", entry.no)
}
