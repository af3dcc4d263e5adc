//! Rules, and what calls are matched by, as words.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::reader::WordReader;
use super::words::bare;
use crate::agent::Wants;
use crate::circumstance::Circumstance;
use crate::snapshot::PendingCall;
use crate::tool_rule::{CallFacts, CallSubject, NamedFile, RuleEffect, RulePattern, StandingRule, ToolRule};

const EFFECTS: [(&str, RuleEffect); 3] =
    [("allow", RuleEffect::Allow), ("ask", RuleEffect::Ask), ("deny", RuleEffect::Deny)];

/// `allow run word cargo word test`, with `exactly` behind where that is all of the command; `deny read path "secrets/**"`.
pub(super) fn read(words: &mut WordReader) -> Result<ToolRule, String> {
    let effect = words.one_of(&EFFECTS)?;
    let tool = words.word("a tool")?;
    let command = read_each("word", words)?;
    let pattern = if let Some(path) = words.option("path")? {
        RulePattern::Path(path)
    } else if words.take("exactly") {
        RulePattern::Exactly(command)
    } else if command.is_empty() {
        RulePattern::Any
    } else {
        RulePattern::Begins(command)
    };
    Ok(ToolRule { effect, tool, pattern })
}

pub(super) fn write(rule: &ToolRule) -> String {
    let ToolRule { effect, tool, pattern } = rule;
    let pattern = match pattern {
        RulePattern::Any => String::new(),
        RulePattern::Begins(words) => write_each("word", words),
        RulePattern::Exactly(words) => format!("{} exactly", write_each("word", words)),
        RulePattern::Path(path) => format!(" path {path:?}"),
    };
    format!("{effect} {}{pattern}", bare(tool))
}

/// `argv ls argv "-l"`, `file "a"`, `tree "src"`, `host "a.test"`, `named "a" named "b" private`; then `told`, then `denied` or another circumstance, then rules, each with `in "/d"` behind where it is for a directory.
pub(super) fn read_facts(words: &mut WordReader) -> Result<CallFacts, String> {
    let argv = read_each("argv", words)?;
    let subject = if let Some(path) = words.option("file")? {
        CallSubject::File { path, is_private: words.take("private") }
    } else if let Some(path) = words.option("tree")? {
        CallSubject::Tree { path }
    } else if let Some(host) = words.option("host")? {
        CallSubject::Host(host)
    } else if let Some(path) = words.option("named")? {
        let mut files = Vec::from([NamedFile { path, is_private: words.take("private") }]);
        while let Some(path) = words.option("named")? {
            files.push(NamedFile { path, is_private: words.take("private") });
        }
        CallSubject::Named(files)
    } else if argv.is_empty() {
        CallSubject::Other
    } else {
        CallSubject::Command(argv)
    };
    let is_told = words.take("told");
    let circumstance = read_circumstance(words)?;
    let mut standing = Vec::new();
    while words.take("rule") {
        standing.push(StandingRule { rule: read(words)?, directory: words.option("in")? });
    }
    Ok(CallFacts { subject, is_told, circumstance, standing })
}

pub(super) fn write_facts(facts: &CallFacts) -> String {
    let subject = match &facts.subject {
        CallSubject::Other => String::new(),
        CallSubject::Command(argv) => write_each("argv", argv),
        CallSubject::File { path, is_private } => write_file("file", path, *is_private),
        CallSubject::Named(files) => {
            files.iter().map(|file| write_file("named", &file.path, file.is_private)).collect()
        }
        CallSubject::Tree { path } => format!(" tree {path:?}"),
        CallSubject::Host(host) => format!(" host {host:?}"),
    };
    let standing = facts.standing.iter().map(|StandingRule { rule, directory }| {
        let place = directory.as_ref().map(|directory| format!(" in {directory:?}")).unwrap_or_default();
        format!(" rule {}{place}", write(rule))
    });
    let told = if facts.is_told { " told" } else { "" };
    standing.fold(subject + told + &write_circumstance(&facts.circumstance), |line, rule| line + &rule)
}

fn read_circumstance(words: &mut WordReader) -> Result<Circumstance, String> {
    Ok(if words.take("unheld") {
        Circumstance::Unheld
    } else if words.take("denied") {
        Circumstance::Denied
    } else if words.take("new") {
        Circumstance::New
    } else if words.take("replaces") {
        Circumstance::replaces(words.number()?, words.word("a difference")?)
    } else {
        Circumstance::Plain
    })
}

/// What stands around a call: ` replaces 2 "-a"`.
pub(super) fn write_circumstance(circumstance: &Circumstance) -> String {
    match circumstance {
        Circumstance::Plain => String::new(),
        Circumstance::Unheld => " unheld".into(),
        Circumstance::Denied => " denied".into(),
        Circumstance::New => " new".into(),
        Circumstance::Replaces(replaced) => format!(" replaces {} {:?}", replaced.lines, replaced.difference),
    }
}

/// What *always* would mean for a call that waits, where that is not its whole tool.
pub(super) fn always(pending: &PendingCall) -> String {
    let whole = ToolRule::any(RuleEffect::Allow, pending.tool.clone());
    match &pending.always {
        Some(rule) if *rule == whole => String::new(),
        Some(rule) => format!(" always {}", write(rule)),
        None if pending.wants == Wants::Consent => " never always".into(),
        None => String::new(),
    }
}

fn read_each(name: &str, words: &mut WordReader) -> Result<Vec<String>, String> {
    let mut all = Vec::new();
    while let Some(word) = words.option(name)? {
        all.push(word);
    }
    Ok(all)
}

fn write_file(name: &str, path: &str, is_private: bool) -> String {
    format!(" {name} {path:?}{}", if is_private { " private" } else { "" })
}

fn write_each(name: &str, words: &[String]) -> String {
    words.iter().fold(String::new(), |line, word| format!("{line} {name} {word:?}"))
}
