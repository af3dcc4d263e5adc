//! Rules as they are told to people, tried one by one: no order of effects, patterns by trying every way.

use q_core::{CallFacts, CallSubject, NamedFile, RuleEffect, RulePattern, SessionId, StandingRule, ToolRule};

use super::Model;
use super::deeds::Answered;
use super::wishes::Granted;

/// What the rules of the person say of one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Said {
    /// Some rule denies it.
    pub denies: bool,
    /// None does, and some rule asks.
    pub asks: bool,
    /// None does either, and some rule allows it.
    pub allows: bool,
}

/// What they say of it in a session with these rules, in this directory.
pub fn said(own: &[ToolRule], directory: &str, tool: &str, facts: &CallFacts) -> Said {
    let is_here = |standing: &&StandingRule| {
        let Some(place) = &standing.directory else { return true };
        segments(place) == segments(directory)
    };
    let mut all = own.to_vec();
    all.extend(facts.standing.iter().filter(is_here).map(|standing| standing.rule.clone()));
    let reads = ["read", "search", "list"].contains(&tool);
    let meant = |rule: &ToolRule| {
        rule.tool == tool || (reads && rule.tool == "read" && rule.effect != RuleEffect::Allow)
    };
    all.retain(|rule| meant(rule) && concerns(rule, &facts.subject));
    let some = |effect| all.iter().any(|rule| rule.effect == effect);
    let denies = some(RuleEffect::Deny);
    let asks = !denies && some(RuleEffect::Ask);
    Said { denies, asks, allows: !denies && !asks && some(RuleEffect::Allow) }
}

fn concerns(rule: &ToolRule, subject: &CallSubject) -> bool {
    let allows = rule.effect == RuleEffect::Allow;
    match (subject, &rule.pattern) {
        (CallSubject::Other, pattern) => *pattern == RulePattern::Any,
        (CallSubject::Command(argv), RulePattern::Begins(words)) => {
            let is_line = ["sh", "env"].contains(&argv[0].as_str());
            let fits = argv.len() >= words.len() && argv.iter().zip(words).all(|(a, b)| a == b);
            fits && !(allows && is_line && argv.len() != words.len())
        }
        (CallSubject::Command(argv), RulePattern::Exactly(words)) => argv == words,
        (CallSubject::Command(_) | CallSubject::Tree { .. } | CallSubject::Host(_), RulePattern::Any) => true,
        (CallSubject::Host(host), RulePattern::Path(pattern)) => fits(&segments(pattern), &[host.as_str()]),
        (CallSubject::File { is_private, .. }, RulePattern::Any) => !(allows && *is_private),
        (CallSubject::File { path, is_private }, RulePattern::Path(pattern)) => {
            let is_one = !pattern.contains('*');
            fits(&segments(pattern), &segments(path)) && (is_one || !(allows && *is_private))
        }
        (CallSubject::Named(files), _any_pattern) => {
            let file = |named: &NamedFile| CallSubject::File {
                path: named.path.clone(),
                is_private: named.is_private,
            };
            let mut of_each = files.iter().map(|named| concerns(rule, &file(named)));
            if allows { of_each.all(|is_for| is_for) } else { of_each.any(|is_for| is_for) }
        }
        (CallSubject::Tree { path }, RulePattern::Path(pattern)) => {
            // Some names that may be there; a pattern of the workload that means others means one of these too.
            let beneath = |more: &[&'static str]| [segments(path), more.to_vec()].concat();
            let all = [&[][..], &["a"], &["b"], &["q"], &["a", "b"], &["q", "b"], &["q", "q"]].map(beneath);
            let mut fitting = all.iter().map(|path| fits(&segments(pattern), path));
            if allows { fitting.all(|fits| fits) } else { fitting.any(|fits| fits) }
        }
        (CallSubject::Command(_), RulePattern::Path(_))
        | (
            CallSubject::File { .. } | CallSubject::Tree { .. } | CallSubject::Host(_),
            RulePattern::Begins(_) | RulePattern::Exactly(_),
        ) => false,
    }
}

fn segments(path: &str) -> Vec<&str> {
    path.split('/').filter(|segment| !segment.is_empty() && *segment != ".").collect()
}

fn fits(pattern: &[&str], path: &[&str]) -> bool {
    match pattern {
        [] => path.is_empty(),
        ["**", rest @ ..] => (0..=path.len()).any(|skipped| fits(rest, &path[skipped..])),
        [first, rest @ ..] => {
            path.first().is_some_and(|name| *first == "*" || first == name) && fits(rest, &path[1..])
        }
    }
}

/// What *always* means for such a call; the commands of the workload are short.
pub(super) fn always(tool: &str, subject: &CallSubject) -> Option<ToolRule> {
    let pattern = match subject {
        CallSubject::Command(argv) if argv.starts_with(&["cargo".into(), "test".into()]) => {
            RulePattern::Begins(argv[..2].to_vec())
        }
        CallSubject::Command(argv) => RulePattern::Exactly(argv.clone()),
        CallSubject::File { path: only, is_private: true } | CallSubject::Host(only) => {
            RulePattern::Path(only.clone())
        }
        CallSubject::Named(files) if files.len() == 1 => RulePattern::Path(files[0].path.clone()),
        CallSubject::Named(_) => return None,
        CallSubject::File { .. } | CallSubject::Tree { .. } | CallSubject::Other => RulePattern::Any,
    };
    Some(ToolRule { effect: RuleEffect::Allow, tool: tool.into(), pattern })
}

impl Model {
    pub(super) fn set_rule(&mut self, id: SessionId, rule: ToolRule, stands: bool) -> Granted {
        let at = self.open(id)?;
        if matches!(&rule.pattern, RulePattern::Path(path) if path.starts_with('/')) {
            return Err("bad_rule");
        }
        self.check_room_for(at, &rule, stands)?;
        self.put_rule(at, rule, stands);
        Ok(Answered::Done)
    }

    pub(super) fn check_room_for(
        &self,
        at: usize,
        rule: &ToolRule,
        stands: bool,
    ) -> Result<(), &'static str> {
        let rules = &self.sessions[at].terms.rules;
        let is_new = stands && !rules.contains(rule);
        if is_new && rules.len() >= self.limits.allowed_tools { Err("too_many_rules") } else { Ok(()) }
    }

    pub(super) fn put_rule(&mut self, at: usize, rule: ToolRule, stands: bool) {
        let rules = &mut self.sessions[at].terms.rules;
        let there = rules.iter().position(|other| *other == rule);
        match (there, stands) {
            (None, true) => rules.push(rule),
            (Some(place), false) => drop(rules.remove(place)),
            (Some(_), true) | (None, false) => return,
        }
        self.note(at);
    }
}
