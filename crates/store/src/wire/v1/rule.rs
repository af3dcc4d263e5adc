//! Rules in format 1.

use std::borrow::Cow;

use q_core::{RulePattern, ToolRule};
use serde::{Deserialize, Serialize};

use super::word::RuleEffect;

/// [`ToolRule`] in its stored form.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct RuleV1<'a> {
    #[serde(rename = "effect")]
    effect: RuleEffect,
    #[serde(rename = "tool", borrow)]
    tool: Cow<'a, str>,
    #[serde(rename = "for", borrow, default, skip_serializing_if = "Option::is_none")]
    pattern: Option<PatternV1<'a>>,
}

/// [`RulePattern`] in its stored form; without one it is any call.
#[derive(Debug, Serialize, Deserialize)]
enum PatternV1<'a> {
    #[serde(rename = "begins", borrow)]
    Begins(Vec<Cow<'a, str>>),
    #[serde(rename = "exactly", borrow)]
    Exactly(Vec<Cow<'a, str>>),
    #[serde(rename = "path", borrow)]
    Path(Cow<'a, str>),
}

impl<'a> From<&'a ToolRule> for RuleV1<'a> {
    fn from(rule: &'a ToolRule) -> Self {
        let words = |words: &'a [String]| words.iter().map(Cow::from).collect();
        let pattern = match &rule.pattern {
            RulePattern::Any => None,
            RulePattern::Begins(argv) => Some(PatternV1::Begins(words(argv))),
            RulePattern::Exactly(argv) => Some(PatternV1::Exactly(words(argv))),
            RulePattern::Path(path) => Some(PatternV1::Path(path.into())),
        };
        Self { effect: rule.effect.into(), tool: (&rule.tool).into(), pattern }
    }
}

impl From<RuleV1<'_>> for ToolRule {
    fn from(RuleV1 { effect, tool, pattern }: RuleV1<'_>) -> Self {
        let words = |words: Vec<Cow<'_, str>>| words.into_iter().map(Cow::into_owned).collect();
        let pattern = match pattern {
            None => RulePattern::Any,
            Some(PatternV1::Begins(argv)) => RulePattern::Begins(words(argv)),
            Some(PatternV1::Exactly(argv)) => RulePattern::Exactly(words(argv)),
            Some(PatternV1::Path(path)) => RulePattern::Path(path.into_owned()),
        };
        Self { effect: effect.into(), tool: tool.into_owned(), pattern }
    }
}

/// The rules of a head, as it has them: tools that run always, and all rules where there are others than those.
///
/// A head of before there were rules has the first alone, and one that has no others is still written so.
#[derive(Debug)]
pub(super) struct StoredRules<'a> {
    pub(super) allowed: Vec<Cow<'a, str>>,
    pub(super) rules: Vec<RuleV1<'a>>,
}

impl<'a> From<&'a [ToolRule]> for StoredRules<'a> {
    fn from(rules: &'a [ToolRule]) -> Self {
        let allowed = |rule: &'a ToolRule| {
            let is_whole = *rule == ToolRule::any(q_core::RuleEffect::Allow, rule.tool.clone());
            is_whole.then(|| Cow::from(&rule.tool))
        };
        match rules.iter().map(allowed).collect() {
            Some(allowed) => Self { allowed, rules: Vec::new() },
            None => Self { allowed: Vec::new(), rules: rules.iter().map(RuleV1::from).collect() },
        }
    }
}

impl From<StoredRules<'_>> for Vec<ToolRule> {
    fn from(StoredRules { allowed, rules }: StoredRules<'_>) -> Self {
        let allowed = allowed.into_iter().map(Cow::into_owned);
        let whole = allowed.map(|tool| ToolRule::any(q_core::RuleEffect::Allow, tool));
        whole.chain(rules.into_iter().map(ToolRule::from)).collect()
    }
}
