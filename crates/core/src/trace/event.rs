//! What agents say, as words.

use alloc::format;
use alloc::string::String;

use super::entry;
use super::reader::WordReader;
use super::rule;
use super::words::{bare, digest as digest_words, session};
use crate::agent::{AgentEvent, AgentFailure, Call, ResumeHandle, Wants};
use crate::id::{CallNo, SessionId};
use crate::seal::Seal;
use crate::usage::Usage;

/// The event that begins with this verb, if one does.
pub(super) fn read(verb: &str, words: &mut WordReader) -> Result<Option<AgentEvent>, String> {
    Ok(Some(match verb {
        "sent" => AgentEvent::Sent(entry::read_sent(words)?),
        "asked" => {
            AgentEvent::Asked { bytes: words.number()?, window: words.number_option("window")?.unwrap_or(0) }
        }
        "text" => AgentEvent::Text(words.word("a text")?),
        "thinking" => AgentEvent::Thinking(words.word("a text")?),
        "sealed" => {
            AgentEvent::Sealed(Seal { by: words.word("a maker")?, content: words.word("a content")? })
        }
        "plan" => AgentEvent::Plan(entry::read_plan(words)?),
        "sources" => AgentEvent::Sources(entry::read_sources(words)?),
        "project" => AgentEvent::ProjectFiles(entry::read_project(words)?),
        "torn" => AgentEvent::Torn(words.number()?),
        "model" => AgentEvent::Model(words.word("a model")?),
        "progress" => AgentEvent::Progress { call: CallNo(words.number()?), text: words.word("a text")? },
        "resumable" => AgentEvent::Resume(ResumeHandle(words.word("a handle")?)),
        "reason" => AgentEvent::StopReason(words.word("a reason")?),
        "retrying" => AgentEvent::Retrying {
            attempt: words.number()?,
            of: words.number()?,
            wait_ms: words.number()?,
            failure: read_failure(words)?,
        },
        "title" => AgentEvent::Title(words.word("a title")?),
        "steerable" => AgentEvent::Steerable,
        "call" => AgentEvent::Call(read_call(words)?, rule::read_facts(words)?),
        "result" => AgentEvent::Result {
            call: CallNo(words.number()?),
            outcome: entry::outcome(words)?,
            text: words.word("a text")?,
        },
        "usage" => AgentEvent::Usage(read_usage(words)?),
        "done" => AgentEvent::Done,
        "failed" => AgentEvent::Failed(read_failure(words)?),
        _ => return Ok(None),
    }))
}

/// What is of one of the two, and what is guessed, stands behind its word where there is any.
pub(super) fn read_usage(words: &mut WordReader) -> Result<Usage, String> {
    let (input, output) = (words.number()?, words.number()?);
    let mut of = |word| Ok::<u64, String>(words.number_option(word)?.unwrap_or(0));
    Ok(Usage {
        input,
        output,
        cached: of("cached")?,
        cache_written: of("cache_written")?,
        reasoning: of("reasoning")?,
        guessed: of("guessed")?,
    })
}

pub(super) fn write_usage(usage: Usage) -> String {
    let Usage { input, output, cached, cache_written, reasoning, guessed } = usage;
    let parts = [
        ("cached", cached),
        ("cache_written", cache_written),
        ("reasoning", reasoning),
        ("guessed", guessed),
    ];
    let parts = parts.into_iter().filter(|(_, tokens)| *tokens > 0);
    parts.fold(format!("{input} {output}"), |line, (word, tokens)| format!("{line} {word} {tokens}"))
}

fn read_failure(words: &mut WordReader) -> Result<AgentFailure, String> {
    Ok(AgentFailure { kind: entry::failure(words)?, detail: words.option("detail")?.unwrap_or_default() })
}

fn read_call(words: &mut WordReader) -> Result<Call, String> {
    let no = words.number()?;
    let (tool, input) = (words.word("a tool")?, words.word("an input")?);
    let wants = if words.take("consent") {
        Wants::Consent
    } else if words.take("words") {
        Wants::Words
    } else {
        Wants::Nothing
    };
    Ok(Call { no: CallNo(no), tool, input, digest: words.digest(no)?, wants })
}

pub(super) fn write(id: SessionId, event: &AgentEvent) -> String {
    let id = session(id);
    match event {
        AgentEvent::Sent(sent) => format!("sent {id} {} {}", sent.entries, sent.left_out),
        AgentEvent::Asked { bytes, window: 0 } => format!("asked {id} {bytes}"),
        AgentEvent::Asked { bytes, window } => format!("asked {id} {bytes} window {window}"),
        AgentEvent::Text(text) => format!("text {id} {text:?}"),
        AgentEvent::Thinking(text) => format!("thinking {id} {text:?}"),
        AgentEvent::Sealed(Seal { by, content }) => format!("sealed {id} {by:?} {content:?}"),
        AgentEvent::Plan(steps) => format!("plan {id}{}", entry::write_plan(steps)),
        AgentEvent::Sources(sources) => format!("sources {id}{}", entry::write_sources(sources)),
        AgentEvent::ProjectFiles(files) => format!("project {id}{}", entry::write_project(files)),
        AgentEvent::Torn(parts) => format!("torn {id} {parts}"),
        AgentEvent::Model(model) => format!("model {id} {model:?}"),
        AgentEvent::Progress { call, text } => format!("progress {id} {call} {text:?}"),
        AgentEvent::Resume(ResumeHandle(handle)) => format!("resumable {id} {handle:?}"),
        AgentEvent::StopReason(reason) => format!("reason {id} {reason:?}"),
        AgentEvent::Title(title) => format!("title {id} {title:?}"),
        AgentEvent::Steerable => format!("steerable {id}"),
        AgentEvent::Usage(usage) => format!("usage {id} {}", write_usage(*usage)),
        AgentEvent::Call(call, facts) => {
            format!("call {id} {}{}", write_call(call), rule::write_facts(facts))
        }
        AgentEvent::Result { call, outcome, text } => {
            format!("result {id} {call} {} {text:?}", bare(outcome.words()))
        }
        AgentEvent::Done => format!("done {id}"),
        AgentEvent::Retrying { attempt, of, wait_ms, failure } => {
            format!("retrying {id} {attempt} {of} {wait_ms} {}", write_failure(failure))
        }
        AgentEvent::Failed(failure) => format!("failed {id} {}", write_failure(failure)),
    }
}

fn write_failure(AgentFailure { kind, detail }: &AgentFailure) -> String {
    let detail = if detail.is_empty() { String::new() } else { format!(" detail {detail:?}") };
    format!("{}{detail}", kind.code())
}

fn write_call(call: &Call) -> String {
    let Call { no, tool, input, digest, wants } = call;
    let wants = match wants {
        Wants::Nothing => "",
        Wants::Consent => " consent",
        Wants::Words => " words",
    };
    format!("{no} {} {input:?}{wants}{}", bare(tool), digest_words(*digest, no.0))
}
