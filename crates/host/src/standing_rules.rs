//! Rules beside those of sessions, read anew for each call from where the person keeps them: what is taken back counts from the
//! next call on. While they cannot be read, every call asks.

use std::path::{Path, PathBuf};

use q_core::{Call, CallFacts, RuleEffect, StandingRule, ToolRule};

/// Where such rules are kept, and who can read that.
#[derive(Clone, Debug)]
pub struct RuleFile {
    pub path: PathBuf,
    /// Says why where it cannot.
    pub read: fn(&Path) -> Result<Vec<StandingRule>, String>,
}

impl RuleFile {
    /// None are kept anywhere.
    #[cfg(test)]
    pub(crate) fn none() -> Self {
        Self { path: PathBuf::new(), read: |_| Ok(Vec::new()) }
    }

    /// What is known of a call, with the rules that stand as it comes.
    pub(crate) async fn with_rules(&self, call: &Call, facts: CallFacts) -> CallFacts {
        let Self { path, read } = self.clone();
        let rules = tokio::task::spawn_blocking(move || read(&path)).await;
        let rules = rules.unwrap_or_else(|_| Err("reading them broke".into()));
        let standing = rules.unwrap_or_else(|why| {
            tracing::warn!(target: "q::turn", %why, "the rules cannot be read, so every call asks");
            let rule = ToolRule::any(RuleEffect::Ask, call.tool.clone());
            vec![StandingRule { rule, directory: None }]
        });
        CallFacts { standing, ..facts }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]
    use q_core::{CallNo, CallSubject, Digest, Wants};

    use super::*;

    fn call(tool: &str) -> Call {
        let (no, digest) = (CallNo(1), Digest::numbered(1));
        Call { no, tool: tool.into(), input: String::new(), digest, wants: Wants::Nothing }
    }

    #[tokio::test]
    async fn a_call_comes_with_the_rules_that_stand_and_asks_where_nobody_can_read_them() {
        let deny = |_: &Path| {
            let rule = ToolRule::any(RuleEffect::Deny, "run".into());
            Ok(vec![StandingRule { rule, directory: None }])
        };
        let facts = || CallFacts { subject: CallSubject::Tree { path: "a".into() }, ..CallFacts::default() };
        let readable = RuleFile { path: PathBuf::new(), read: deny };
        let with = readable.with_rules(&call("run"), facts()).await;
        assert_eq!(with.subject, facts().subject);
        assert_eq!(with.verdict("run", "/d", &[]), Some(RuleEffect::Deny));
        let allow = ToolRule::any(RuleEffect::Allow, "run".into());
        let unreadable = RuleFile { path: PathBuf::new(), read: |_| Err("line 3".into()) };
        let with = unreadable.with_rules(&call("run"), facts()).await;
        assert_eq!(with.verdict("run", "/d", &[allow]), Some(RuleEffect::Ask));
    }
}
