//! What came with rules.

use q_core::{Head, Record, RuleEffect, RulePattern, ToolRule};

use super::{full_head, settings_head};

fn rules() -> Vec<ToolRule> {
    let words = |words: &[&str]| words.iter().map(|&word| word.to_owned()).collect();
    let rule = |effect, tool: &str, pattern| ToolRule { effect, tool: tool.into(), pattern };
    vec![
        rule(RuleEffect::Allow, "run", RulePattern::Begins(words(&["cargo", "test"]))),
        rule(RuleEffect::Allow, "run", RulePattern::Exactly(words(&["rm", "-r", "target"]))),
        rule(RuleEffect::Ask, "edit", RulePattern::Path("docs/**".into())),
        rule(RuleEffect::Deny, "fetch", RulePattern::Any),
    ]
}

/// Records that came with rules.
pub(super) fn rule_records() -> Vec<(&'static str, Record)> {
    let titles = ["has: begins", "has: exactly", "has: a path", "has: any"];
    let set = |stands| move |rule| Record::RuleSet { rule, stands };
    let gone = rules().into_iter().take(1).map(set(false)).map(|record| ("no longer has: begins", record));
    titles.into_iter().zip(rules().into_iter().map(set(true))).chain(gone).collect()
}

/// As [`settings_head`], with what came with them. One whose rules are all for whole tools is written as before there were any.
pub(super) fn rules_head() -> Head {
    Head { rules: [full_head().rules, rules()].concat(), ..settings_head() }
}
