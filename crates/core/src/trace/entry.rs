//! Entries of a transcript as words, and what agents' events share with them: plans, outcomes, failures.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::reader::WordReader;
use super::words::{bare, named};
use crate::agent::{AgentFailure, FailureKind, Outcome, PlanStep, Sent, StepState, Wants};
use crate::entry::Compaction;
use crate::entry::{Body, CallOutput, Called, Fault, Interrupter, Prompted, Resulted, Stop};
use crate::id::{CallNo, EntryNo, PromptNo};
use crate::image::{Image, ImageKind, NewImage};
use crate::project::{ProjectFile, ProjectFiles};
use crate::reversal::Reversed;
use crate::source::{Source, Sources};

const WANTS: [(&str, Wants); 3] =
    [("nothing", Wants::Nothing), ("consent", Wants::Consent), ("words", Wants::Words)];
const KINDS: [(&str, ImageKind); 4] =
    [("png", ImageKind::Png), ("jpeg", ImageKind::Jpeg), ("gif", ImageKind::Gif), ("webp", ImageKind::WebP)];
const INTERRUPTERS: [(&str, Interrupter); 3] =
    [("user", Interrupter::User), ("stop", Interrupter::Stop), ("crash", Interrupter::Crash)];

pub(super) fn read(words: &mut WordReader) -> Result<Body, String> {
    let word = words.word("an entry")?;
    Ok(match word.as_str() {
        "prompt" => {
            let (text, images) = (words.word("a text")?, read_images(words)?);
            Body::Prompt(Prompted { text, images, runs: words.take("runs") })
        }
        "answer" => Body::Answer(words.word("a text")?),
        "thinking" => Body::Thinking(words.word("a text")?),
        "call" => Body::Call(Called {
            no: CallNo(words.number()?),
            tool: words.word("a tool")?,
            input: words.word("an input")?,
            wants: words.one_of(&WANTS)?,
        }),
        "result" => Body::Result(Resulted {
            of: EntryNo(words.number()?),
            outcome: outcome(words)?,
            text: words.word("a text")?,
            kept: words.number()?,
            whole: words.number()?,
        }),
        "output" => Body::Output(CallOutput { of: EntryNo(words.number()?), text: words.word("a text")? }),
        "plan" => Body::Plan(read_plan(words)?),
        "sources" => Body::Sources(read_sources(words)?),
        "project" => Body::ProjectFiles(read_project(words)?),
        "interrupted" | "failed" => Body::Stop(read_stop(&word, words)?),
        "summary" => {
            let (of, left_out) = (words.number()?, words.number()?);
            Body::Compaction(Compaction::Summary { text: words.word("a text")?, of, left_out })
        }
        "continued" => Body::Continued,
        "no-summary" => {
            let word = words.word("a stop")?;
            Body::Compaction(Compaction::Stopped(read_stop(&word, words)?))
        }
        "reversed" => Body::Reversed(read_reversed(words)?),
        "undone" => Body::Compaction(Compaction::Undone),
        "left-out" => Body::LeftOut(read_sent(words)?),
        "lost" => Body::Repair(Fault::PromptLost(PromptNo(words.number()?))),
        "cut" if words.take("unknown") => Body::Repair(Fault::LogCut { lost: None }),
        "cut" => Body::Repair(Fault::LogCut { lost: Some(words.number()?) }),
        "seals-too-long" => Body::Repair(Fault::SealsTooLong),
        "torn" => Body::Repair(Fault::AnswerTorn { parts: words.number()? }),
        _ => return Err(format!("`{word}` is not an entry")),
    })
}

/// As a line of a part has it, and the record of it.
pub(super) fn write(body: &Body) -> String {
    match body {
        Body::Prompt(prompt) => {
            let images: String = prompt.images.iter().map(write_image).collect();
            let runs = if prompt.runs { " runs" } else { "" };
            format!("prompt {:?}{images}{runs}", prompt.text)
        }
        Body::Answer(text) => format!("answer {text:?}"),
        Body::Thinking(text) => format!("thinking {text:?}"),
        Body::Call(Called { no, tool, input, wants }) => {
            format!("call {no} {} {input:?} {}", bare(tool), named(&WANTS, *wants))
        }
        Body::Result(Resulted { of, outcome, text, kept, whole }) => {
            format!("result {of} {} {text:?} {kept} {whole}", bare(outcome.words()))
        }
        Body::Output(CallOutput { of, text }) => format!("output {of} {text:?}"),
        Body::Plan(steps) => format!("plan{}", write_plan(steps)),
        Body::Sources(sources) => format!("sources{}", write_sources(sources)),
        Body::ProjectFiles(files) => format!("project{}", write_project(files)),
        Body::Continued => "continued".into(),
        Body::Stop(stop) => write_stop(stop),
        Body::Compaction(compaction) => write_compaction(compaction),
        Body::Reversed(reversed) => format!("reversed{}", write_reversed(reversed)),
        Body::LeftOut(sent) => format!("left-out {} {}", sent.entries, sent.left_out),
        Body::Repair(Fault::PromptLost(prompt)) => format!("lost {prompt}"),
        Body::Repair(Fault::LogCut { lost: None }) => "cut unknown".into(),
        Body::Repair(Fault::LogCut { lost: Some(lost) }) => format!("cut {lost}"),
        Body::Repair(Fault::SealsTooLong) => "seals-too-long".into(),
        Body::Repair(Fault::AnswerTorn { parts }) => format!("torn {parts}"),
    }
}

/// All images that follow, none of which is kept here.
fn read_images(words: &mut WordReader) -> Result<Vec<Image>, String> {
    let mut images = Vec::new();
    while words.take("image") {
        let (name, kind) = (words.word("a name")?, words.one_of(&KINDS)?);
        let (width, height, size) = (words.number()?, words.number()?, words.number()?);
        images.push(Image { name, kind, width, height, size, kept: None });
    }
    Ok(images)
}

/// What is known of an image, but for where it is kept.
pub(super) fn write_image(image: &Image) -> String {
    let Image { name, kind, width, height, size, .. } = image;
    format!(" image {} {} {width} {height} {size}", bare(name), kind.word())
}

/// All images that follow, as they come with a prompt.
pub(super) fn read_new_images(words: &mut WordReader) -> Result<Vec<NewImage>, String> {
    let mut images = Vec::new();
    while words.take("image") {
        let (name, kind) = (words.word("a name")?, words.one_of(&KINDS)?);
        let (width, height) = (words.number()?, words.number()?);
        images.push(NewImage { name, kind, width, height, data: words.word("base64")? });
    }
    Ok(images)
}

pub(super) fn write_new_images(images: &[NewImage]) -> String {
    let words = images.iter().map(|NewImage { name, kind, width, height, data }| {
        format!(" image {} {} {width} {height} {data:?}", bare(name), kind.word())
    });
    words.collect()
}

fn read_stop(word: &str, words: &mut WordReader) -> Result<Stop, String> {
    match word {
        "interrupted" => Ok(Stop::Interrupted(words.one_of(&INTERRUPTERS)?)),
        "failed" => Ok(Stop::Failed(AgentFailure { kind: failure(words)?, detail: words.word("a text")? })),
        _ => Err(format!("`{word}` is not a stop")),
    }
}

fn write_stop(stop: &Stop) -> String {
    match stop {
        Stop::Interrupted(by) => format!("interrupted {}", named(&INTERRUPTERS, *by)),
        Stop::Failed(AgentFailure { kind, detail }) => format!("failed {} {detail:?}", kind.code()),
    }
}

/// As an entry of its own, and what a record says of it.
pub(super) fn write_compaction(compaction: &Compaction) -> String {
    match compaction {
        Compaction::Summary { text, of, left_out } => format!("summary {of} {left_out} {text:?}"),
        Compaction::Stopped(stop) => format!("no-summary {}", write_stop(stop)),
        Compaction::Undone => "undone".into(),
    }
}

/// Which way, each file behind its word, and how many more.
fn read_reversed(words: &mut WordReader) -> Result<Reversed, String> {
    let (redo, files) = (words.take("redo"), read_files(words)?);
    Ok(Reversed { redo, files, more: words.number_option("more")?.unwrap_or(0) })
}

pub(super) fn read_files(words: &mut WordReader) -> Result<Vec<String>, String> {
    let mut files = Vec::new();
    while words.take("file") {
        files.push(words.word("a path")?);
    }
    Ok(files)
}

pub(super) fn write_reversed(Reversed { redo, files, more }: &Reversed) -> String {
    let redo = if *redo { " redo" } else { "" };
    let more = if *more > 0 { format!(" more {more}") } else { String::new() };
    format!("{redo}{}{more}", write_files(files))
}

pub(super) fn write_files(files: &[String]) -> String {
    let words = files.iter().map(|file| format!(" file {file:?}"));
    words.collect::<Vec<_>>().concat()
}

/// How much was sent and how much left out.
pub(super) fn read_sent(words: &mut WordReader) -> Result<Sent, String> {
    Ok(Sent { entries: words.number()?, left_out: words.number()? })
}

/// Steps, each behind the word for how far it is.
pub(super) fn read_plan(words: &mut WordReader) -> Result<Vec<PlanStep>, String> {
    let mut steps = Vec::new();
    while let Some(state) = StepState::ALL.into_iter().find(|state| words.take(state.word())) {
        steps.push(PlanStep { text: words.word("a step")?, state });
    }
    Ok(steps)
}

pub(super) fn write_plan(steps: &[PlanStep]) -> String {
    let words = steps.iter().map(|step| format!("{} {:?}", step.state.word(), step.text));
    core::iter::once(String::new()).chain(words).collect::<Vec<_>>().join(" ")
}

/// Sources, each behind its word; then how many are left out, where any are.
pub(super) fn read_sources(words: &mut WordReader) -> Result<Sources, String> {
    let mut sources = Sources::default();
    while words.take("source") {
        let (title, place) = (words.word("a title")?, words.word("a place")?);
        sources.all.push(Source { title, place, quote: words.word("a quote")? });
    }
    sources.left_out = words.number_option("more")?.unwrap_or(0);
    Ok(sources)
}

pub(super) fn write_sources(sources: &Sources) -> String {
    let source = |Source { title, place, quote }: &Source| format!(" source {title:?} {place:?} {quote:?}");
    let more = if sources.left_out > 0 { format!(" more {}", sources.left_out) } else { String::new() };
    sources.all.iter().map(source).chain([more]).collect()
}

/// Project files, each behind its word; then whether they are withheld.
pub(super) fn read_project(words: &mut WordReader) -> Result<ProjectFiles, String> {
    let mut files = ProjectFiles::default();
    while words.take("file") {
        let (path, bytes, left_out) = (words.word("a path")?, words.number()?, words.number()?);
        files.all.push(ProjectFile { path, bytes, left_out, fingerprint: words.number()? });
    }
    files.withheld = words.take("withheld");
    Ok(files)
}

pub(super) fn write_project(files: &ProjectFiles) -> String {
    let file = |ProjectFile { path, bytes, left_out, fingerprint }: &ProjectFile| {
        format!(" file {path:?} {bytes} {left_out} {fingerprint}")
    };
    let withheld = if files.withheld { " withheld" } else { "" };
    files.all.iter().map(file).chain([withheld.into()]).collect()
}

pub(super) fn outcome(words: &mut WordReader) -> Result<Outcome, String> {
    let word = words.word("an outcome")?;
    let known = Outcome::ALL.into_iter().find(|outcome| outcome.words() == word);
    known.ok_or_else(|| format!("`{word}` is not an outcome"))
}

/// A kind of failure by its code.
pub(super) fn failure(words: &mut WordReader) -> Result<FailureKind, String> {
    let code = words.word("a failure")?;
    let kind = FailureKind::ALL.into_iter().find(|kind| kind.code() == code);
    kind.ok_or_else(|| format!("`{code}` is not a failure"))
}
