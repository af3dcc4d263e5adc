//! Rules in words: the same in the list of them, in what is asked before one is made, and in the shell.

use q_core::{RulePattern, StandingRule, ToolRule};

use crate::sanitize;
use crate::tool_input;

/// Where a rule counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RuleScope {
    /// In a session, by that name.
    Session(q_core::SessionId, String),
    /// In the sessions of a directory.
    Directory(String),
    Everywhere,
}

/// A rule that concerns somebody, with where it counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedRule {
    pub rule: ToolRule,
    pub scope: RuleScope,
}

impl ListedRule {
    /// One of those beside the rules of sessions.
    pub fn standing(StandingRule { rule, directory }: StandingRule) -> Self {
        Self { rule, scope: directory.map_or(RuleScope::Everywhere, RuleScope::Directory) }
    }

    /// Eight digits that stand for exactly this rule there (FNV-1a: they name, they protect nothing).
    pub fn id(&self) -> String {
        let mut hash: u32 = 0x811c_9dc5;
        for byte in self.line().bytes() {
            hash = (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193);
        }
        format!("{hash:08x}")
    }

    /// `allow run cargo test … (in session api)`.
    pub fn line(&self) -> String {
        format!("{} ({})", words(&self.rule), place(&self.scope))
    }
}

/// `allow run cargo test …`, `deny read secrets/**`, `allow edit any file changed`.
pub fn words(rule: &ToolRule) -> String {
    let tool = sanitize::exact_line(&rule.tool);
    let what = match &rule.pattern {
        RulePattern::Any => tool_input::always(&rule.tool),
        RulePattern::Begins(argv) => format!("{} …", tool_input::argv(argv)),
        RulePattern::Exactly(argv) => format!("exactly {}", tool_input::argv(argv)),
        RulePattern::Path(path) => sanitize::exact_line(path).into_owned(),
    };
    format!("{} {tool}: {what}", rule.effect)
}

/// What `always` would allow of a call: `any file changed here, always`.
pub(crate) fn always(rule: &ToolRule) -> String {
    match &rule.pattern {
        RulePattern::Any => format!("{} here, always", tool_input::always(&rule.tool)),
        RulePattern::Begins(argv) => format!("always `{} …` here", tool_input::argv(argv)),
        RulePattern::Exactly(_) => "always exactly this here".to_owned(),
        RulePattern::Path(path) => format!("always `{}` here", sanitize::exact_line(path)),
    }
}

fn place(scope: &RuleScope) -> String {
    match scope {
        RuleScope::Session(_, name) => format!("in session {}", sanitize::visible_line(name)),
        RuleScope::Directory(directory) => format!("in {}", sanitize::exact_line(directory)),
        RuleScope::Everywhere => "everywhere".to_owned(),
    }
}
