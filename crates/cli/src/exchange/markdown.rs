//! A session as Markdown, for a pager or a forge. What was said cannot break out of its place: fences are longer than
//! any inside, a fence that an answer leaves open is closed, and no line of it begins raw HTML.

use std::fmt::Write as _;

use q_core::{Body, Entry, Stop, WallTime};
use q_term::Way;
use q_term::sanitize::{visible, visible_line};
use q_term::words::NOT_ANSWERED;

use super::blocks::Blocks;
use super::calendar::moment;
use super::document::DocumentFacts;

pub(crate) fn begin(facts: &DocumentFacts) -> String {
    let mut out = format!("# {}\n\n", facts.name.replace('_', "\\_"));
    for (what, value) in about(facts) {
        // Writing to a string does not fail.
        let _written = writeln!(out, "- {what}: {}", span(&value));
    }
    out
}

/// What people want to know of a session, where there is something to say.
pub(crate) fn about(facts: &DocumentFacts) -> Vec<(&'static str, String)> {
    let told = [
        ("kind", facts.kind.clone()),
        ("agent", facts.agent.clone()),
        ("model", facts.model.clone()),
        ("directory", facts.directory.clone()),
        ("tags", facts.tags.join(" ")),
        ("created", moment(WallTime(facts.created_ms))),
        ("last used", moment(WallTime(facts.touched_ms))),
        ("tokens", tokens(facts)),
    ];
    told.into_iter().filter(|(_, value)| !value.is_empty()).collect()
}

fn tokens(facts: &DocumentFacts) -> String {
    let parts = [
        (facts.usage.input, "read"),
        (facts.usage.output, "written"),
        (facts.usage.cached, "of them from a cache"),
        (facts.usage.cache_written, "of them written to a cache"),
        (facts.usage.reasoning, "of them thought"),
        (facts.usage.guessed, "guessed"),
    ];
    let some = parts.into_iter().filter(|(tokens, _)| *tokens > 0);
    some.map(|(tokens, word)| format!("{tokens} {word}")).collect::<Vec<_>>().join(", ")
}

pub(crate) fn entry(entry: &Entry, unanswered: bool) -> String {
    let at = moment(entry.at);
    match &entry.body {
        Body::Prompt(prompt) => {
            let at = if unanswered { format!("{at}, {NOT_ANSWERED}") } else { at };
            let text = q_term::words::with_images(&prompt.text, &prompt.images);
            format!("\n## You ({at})\n\n{}", prose(&text))
        }
        Body::Answer(text) => format!("\n## Agent ({at})\n\n{}", prose(text)),
        Body::Thinking(text) => format!("\nThinking:\n\n{}", fenced(text)),
        Body::Call(call) => format!("\nCalls {}:\n\n{}", span(&call.tool), fenced(&call.input)),
        Body::Result(result) if result.text.is_empty() => format!("\nResult: {}\n", result.outcome.words()),
        Body::Result(result) => format!("\nResult: {}\n\n{}", result.outcome.words(), fenced(&result.text)),
        Body::Output(output) => format!("\nOutput:\n\n{}", fenced(&output.text)),
        Body::Plan(steps) => format!("\nPlan:\n\n{}", fenced(&q_term::plan::listed(steps))),
        Body::Sources(sources) => format!("\nSources:\n\n{}", fenced(&q_term::sources::whole(sources))),
        Body::ProjectFiles(files) => format!("\n{}\n", span(&q_term::project::told(files, Way::Shell))),
        Body::Stop(stop) => format!("\n{}\n", span(&stopped(stop))),
        Body::Repair(fault) => format!("\n{}\n", span(&q_term::words::repair(*fault, Way::Shell))),
        Body::Continued => format!("\n{}\n", span(q_term::words::CONTINUED)),
        Body::Compaction(compaction) => {
            let said = span(&q_term::words::compaction(compaction, Way::Shell));
            if compaction.text().is_empty() {
                format!("\n{said}\n")
            } else {
                format!("\n{said}\n\n{}", fenced(compaction.text()))
            }
        }
        Body::Reversed(done) => format!("\n{}\n", span(&q_term::changes::reversed(done))),
        Body::LeftOut(sent) => format!("\n{}\n", span(&q_term::words::left_out(*sent))),
    }
}

/// Why a turn stopped. Not what to do about it: a file is no place for that.
pub(crate) fn stopped(stop: &Stop) -> String {
    match stop {
        Stop::Interrupted(_) => "interrupted here".to_owned(),
        Stop::Failed(failure) if failure.detail.is_empty() => failure.kind.what().to_owned(),
        Stop::Failed(failure) => format!("{} ({})", failure.kind.what(), failure.detail),
    }
}

pub(crate) fn end(facts: &DocumentFacts) -> String {
    let waiting = facts.queue.iter().map(|text| format!("\n## Waiting\n\n{}", prose(text)));
    let draft = Some(&facts.draft).filter(|draft| !draft.is_empty());
    waiting.chain(draft.map(|text| format!("\n## Not sent\n\n{}", prose(text)))).collect()
}

/// Text in a fence that nothing in it can close.
fn fenced(text: &str) -> String {
    let text = visible(text);
    let fence = "`".repeat(longest_run(&text).max(2) + 1);
    let end = if text.ends_with('\n') { "" } else { "\n" };
    format!("{fence}text\n{text}{end}{fence}\n")
}

/// One line as code, whatever is in it.
fn span(text: &str) -> String {
    let text = visible_line(text);
    let mark = "`".repeat(longest_run(&text) + 1);
    let pad = if text.starts_with('`') || text.ends_with('`') { " " } else { "" };
    format!("{mark}{pad}{text}{pad}{mark}")
}

fn longest_run(text: &str) -> usize {
    text.split(|c| c != '`').map(str::len).max().unwrap_or_default()
}

/// What is Markdown itself, kept to its place.
fn prose(text: &str) -> String {
    let text = visible(text);
    let mut out = String::with_capacity(text.len() + 8);
    let mut blocks = Blocks::default();
    for line in text.lines() {
        match blocks.line(line).and_then(|html| line.split_at_checked(html)) {
            Some((before, html)) => out.extend([before, "\\", html]),
            None => out += line,
        }
        out.push('\n');
    }
    if let Some(closing) = blocks.closing() {
        out.extend([closing.as_str(), "\n"]);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_said_stays_in_its_place() {
        for (said, written) in [
            ("plain", "plain\n"),
            ("```rust\nfn", "```rust\nfn\n```\n"),
            ("~~~~\n~~~\n```", "~~~~\n~~~\n```\n~~~~\n"),
            ("```\na\n``` b\n````", "```\na\n``` b\n````\n"),
            ("```a`b", "```a`b\n"),
            ("<!-- so", "\\<!-- so\n"),
            ("  <script>", "  \\<script>\n"),
            ("- <b>\n> 1. <!--", "- \\<b>\n> 1. \\<!--\n"),
            ("- ```\n  <b>\n  ```\n\nmore", "- ```\n  <b>\n  ```\n\nmore\n"),
            ("```\n<b>\n```\n<b>", "```\n<b>\n```\n\\<b>\n"),
            ("x\u{202e}\u{1b}[2J", "x<U+202E><U+001B>[2J\n"),
        ] {
            assert_eq!(prose(said), written, "{said:?}");
        }
    }

    #[test]
    fn no_fence_is_closed_from_within() {
        for (text, written) in [
            ("a", "```text\na\n```\n"),
            ("```\nb\n", "````text\n```\nb\n````\n"),
            ("a `````b", "``````text\na `````b\n``````\n"),
        ] {
            assert_eq!(fenced(text), written);
        }
        for (text, written) in [("a", "`a`"), ("`a", "`` `a ``"), ("a``b\nc", "```a``b c```")] {
            assert_eq!(span(text), written);
        }
    }
}
