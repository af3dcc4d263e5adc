//! Rules: which calls of tools run, ask or are denied without the person being asked each time, and which rule *always* makes.
//!
//! A call is matched by what its tool says that it runs or opens, never by the text of its arguments. Deny beats ask, ask beats allow.
//! Patterns of commands are what the person chose, and no boundary: what is denied so can be said otherwise.

use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use core::fmt;

use thiserror::Error;

use crate::circumstance::Circumstance;
use crate::handing_on::{hands_on, stem};
use crate::limits::TOOL_BYTES;
use crate::path_pattern;

/// The longest pattern, in bytes: of words, with one between any two.
pub const PATTERN_BYTES: usize = 200;
/// The most rules that stand beside those of a session.
pub const STANDING_RULES: usize = 500;

/// The tool that says what is in a file, and those that say something of it as well: what keeps from the first keeps from these.
const READS: &str = "read";
const READS_TOO: [&str; 3] = ["search", "list", "skill"];

/// What becomes of a call that a rule is for. The later beats the earlier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RuleEffect {
    Allow,
    Ask,
    Deny,
}

impl RuleEffect {
    pub const ALL: [Self; 3] = [Self::Allow, Self::Ask, Self::Deny];

    /// The word for it, in files and lists.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Ask => "ask",
            Self::Deny => "deny",
        }
    }
}

/// Which calls of its tool a rule is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RulePattern {
    /// All calls of it.
    Any,
    /// Those whose command begins with these words.
    Begins(Vec<String>),
    /// Those whose command is exactly this.
    Exactly(Vec<String>),
    /// Those that open such a path.
    Path(String),
}

/// What the person said of some calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToolRule {
    pub effect: RuleEffect,
    pub tool: String,
    /// Which calls of that tool.
    pub pattern: RulePattern,
}

/// A rule beside those of a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StandingRule {
    pub rule: ToolRule,
    /// The directory in whose sessions it counts; everywhere without one.
    pub directory: Option<String>,
}

/// What a call would run or open, as its tool says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum CallSubject {
    /// Neither, or nobody knows.
    #[default]
    Other,
    /// A program and its arguments.
    Command(Vec<String>),
    /// A file, or a directory and nothing beneath.
    File {
        /// Beneath the session's directory; `.` for that itself.
        path: String,
        /// Whether what is so called mostly holds keys.
        is_private: bool,
    },
    /// A host of the network: its name in lower case, with the port where that is not the usual one. Patterns of paths are for
    /// it, as for a path of one name.
    Host(String),
    /// All beneath a directory.
    Tree {
        /// As in [`Self::File`]; it may be a file.
        path: String,
    },
    /// Files that an agent of others says it will touch, by its own means. What allows must be for each of them, what asks or denies
    /// is for any; *always* is for the one that it is.
    Named(Vec<NamedFile>),
}

/// One of the files that a call names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedFile {
    /// As in [`CallSubject::File`]; as it was said, where that leads elsewhere.
    pub path: String,
    /// Whether only a rule for this very file allows it: it mostly holds keys, is a repository's own, or lies elsewhere.
    pub is_private: bool,
}

/// What is known of a call as it comes, for those who decide on it; recorded nowhere.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CallFacts {
    pub subject: CallSubject,
    /// Its agent runs it by itself, and only tells of it: no rule and no person is asked, since none could stop it.
    pub is_told: bool,
    /// What the person who is asked is to know besides.
    pub circumstance: Circumstance,
    /// The rules beside those of its session; from the host.
    pub standing: Vec<StandingRule>,
}

/// Why a rule is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum RuleFault {
    #[error("its tool must have a name of at most {TOOL_BYTES} bytes, without control characters")]
    Tool,
    #[error("its words must begin with a program")]
    NoProgram,
    #[error("its path must be one beneath the session's directory, as in src/**: no / in front, no ..")]
    Path,
    #[error("its pattern is longer than {PATTERN_BYTES} bytes")]
    TooLong,
}

impl ToolRule {
    /// One for all calls of a tool.
    pub const fn any(effect: RuleEffect, tool: String) -> Self {
        Self { effect, tool, pattern: RulePattern::Any }
    }

    /// The narrowest allowance of sense for a call like this one; none where it would be too long.
    pub fn narrowest(tool: &str, subject: &CallSubject) -> Option<Self> {
        let pattern = match subject {
            CallSubject::Other | CallSubject::Tree { .. } | CallSubject::File { is_private: false, .. } => {
                RulePattern::Any
            }
            CallSubject::File { path: only, is_private: true } | CallSubject::Host(only) => {
                RulePattern::Path(path_pattern::literal(only))
            }
            CallSubject::Named(files) => match files.as_slice() {
                [file] => RulePattern::Path(path_pattern::literal(&file.path)),
                _none_or_several => return None,
            },
            CallSubject::Command(argv) => match stem(argv) {
                Some(words) => RulePattern::Begins(words.to_vec()),
                None => RulePattern::Exactly(argv.clone()),
            },
        };
        let rule = Self { effect: RuleEffect::Allow, tool: tool.to_string(), pattern };
        rule.check().is_ok().then_some(rule)
    }

    /// Whether it is one.
    pub fn check(&self) -> Result<(), RuleFault> {
        let Self { effect: _, tool, pattern } = self;
        if tool.is_empty() || tool.len() > TOOL_BYTES || tool.chars().any(char::is_control) {
            return Err(RuleFault::Tool);
        }
        match pattern {
            RulePattern::Any => Ok(()),
            RulePattern::Begins(words) | RulePattern::Exactly(words) => {
                if words.first().is_none_or(String::is_empty) {
                    Err(RuleFault::NoProgram)
                } else if words.iter().map(|word| word.len() + 1).sum::<usize>() > PATTERN_BYTES + 1 {
                    Err(RuleFault::TooLong)
                } else {
                    Ok(())
                }
            }
            RulePattern::Path(path) if path.len() > PATTERN_BYTES => Err(RuleFault::TooLong),
            RulePattern::Path(path) => {
                let leads_out = path.starts_with('/') || path_pattern::names(path).any(|name| name == "..");
                if leads_out || path.is_empty() { Err(RuleFault::Path) } else { Ok(()) }
            }
        }
    }

    /// Whether it is for such a call. An allowance is for less than what asks or denies: a line for a shell only as it is, what
    /// mostly holds keys only by its whole path, what looks beneath a directory only where all of that is meant. What asks or denies
    /// for reading does so for what finds lines or tells names there, and for a skill's text.
    pub fn is_for(&self, tool: &str, subject: &CallSubject) -> bool {
        let allows = self.effect == RuleEffect::Allow;
        let keeps_from_reading = !allows && self.tool == READS && READS_TOO.contains(&tool);
        if self.tool != tool && !keeps_from_reading {
            return false;
        }
        match (&self.pattern, subject) {
            (_any, CallSubject::Named(files)) if allows => {
                !files.is_empty() && files.iter().all(|file| self.is_for_file(&file.path, file.is_private))
            }
            (RulePattern::Any, CallSubject::Named(_)) => true,
            (_any_other, CallSubject::Named(files)) => {
                files.iter().any(|file| self.is_for_file(&file.path, file.is_private))
            }
            (_any, CallSubject::File { path, is_private }) => self.is_for_file(path, *is_private),
            (RulePattern::Any, _any_other) => true,
            (RulePattern::Exactly(words), CallSubject::Command(argv)) => words == argv,
            (RulePattern::Begins(words), CallSubject::Command(argv)) => {
                words == argv || (argv.starts_with(words) && !(allows && hands_on(argv, words.len())))
            }
            (RulePattern::Path(pattern), CallSubject::Host(host)) => path_pattern::matches(pattern, host),
            (RulePattern::Path(pattern), CallSubject::Tree { path }) if allows => {
                path_pattern::covers(pattern, path)
            }
            (RulePattern::Path(pattern), CallSubject::Tree { path }) => path_pattern::touches(pattern, path),
            (RulePattern::Exactly(_) | RulePattern::Begins(_) | RulePattern::Path(_), _neither) => false,
        }
    }

    /// Whether it is for a call of its tool that is about this file.
    fn is_for_file(&self, path: &str, is_private: bool) -> bool {
        let is_meant = !(self.effect == RuleEffect::Allow && is_private);
        match &self.pattern {
            RulePattern::Any => is_meant,
            RulePattern::Path(pattern) => {
                (is_meant || path_pattern::is_literal(pattern)) && path_pattern::matches(pattern, path)
            }
            RulePattern::Exactly(_) | RulePattern::Begins(_) => false,
        }
    }

    /// Bytes of its texts.
    pub fn text_bytes(&self) -> usize {
        self.tool.len()
            + match &self.pattern {
                RulePattern::Any => 0,
                RulePattern::Begins(words) | RulePattern::Exactly(words) => {
                    words.iter().map(String::len).sum()
                }
                RulePattern::Path(path) => path.len(),
            }
    }
}

impl StandingRule {
    /// Whether it counts in sessions of that directory.
    pub fn counts_in(&self, directory: &str) -> bool {
        self.directory.as_ref().is_none_or(|own| path_pattern::names(own).eq(path_pattern::names(directory)))
    }
}

impl CallFacts {
    /// What the rules say of this call of a session with these rules of its own; nothing where none is for it.
    pub fn verdict(&self, tool: &str, directory: &str, own: &[ToolRule]) -> Option<RuleEffect> {
        let standing = self.standing.iter().filter(|standing| standing.counts_in(directory));
        let all = own.iter().chain(standing.map(|standing| &standing.rule));
        all.filter(|rule| rule.is_for(tool, &self.subject)).map(|rule| rule.effect).max()
    }
}

impl fmt::Display for RuleEffect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn command(line: &str) -> CallSubject {
        CallSubject::Command(line.split(' ').map(String::from).collect())
    }

    #[test]
    fn an_open_end_is_for_nothing_that_leads_elsewhere() {
        for (first, allowed, elsewhere) in [
            ("git diff", Some("git diff HEAD~2 -- src"), &["git diff --output=/home/me/.profile"] as &[&str]),
            ("git log -1", Some("git log --oneline"), &["git log --outpu /home/me/.profile"]),
            (
                "cargo test",
                Some("cargo test -p core -- --nocapture"),
                &[
                    "cargo test --config target.x.runner='sh'",
                    "cargo test --manifest-path /elsewhere/Cargo.toml",
                ],
            ),
            ("go test", Some("go test ./..."), &["go test -exec sh ./..."]),
            ("npm test", None, &["npm test --prefix /elsewhere"]),
        ] {
            let rule = ToolRule::narrowest("run", &command(first));
            let is_for = |line| rule.as_ref().is_some_and(|rule| rule.is_for("run", &command(line)));
            assert!(allowed.is_none_or(is_for), "{rule:?} {allowed:?}");
            for line in elsewhere {
                assert!(!is_for(line), "{rule:?} {line}");
            }
        }
        // What leads there is allowed as it was shown, and no further.
        let shown = command("git diff --output=a");
        let rule = ToolRule::narrowest("run", &shown);
        assert!(
            rule.as_ref().is_some_and(|rule| matches!(rule.pattern, RulePattern::Exactly(_))),
            "{rule:?}"
        );
        assert!(rule.is_some_and(|rule| rule.is_for("run", &shown)));
        // What denies is for all of it.
        let words = ["git".to_string(), "diff".to_string()].into();
        let deny =
            ToolRule { effect: RuleEffect::Deny, tool: "run".into(), pattern: RulePattern::Begins(words) };
        assert!(deny.is_for("run", &shown));
    }
}
