//! What a person sticks on a session: tags, a pin, "come back to this", what its tools may do by policy and by rules.

use crate::effect::Reply;
use crate::id::SessionId;
use crate::kind::Policy;
use crate::multiplexer::sessions::checked_tags;
use crate::multiplexer::step::Step;
use crate::record::Record;
use crate::refusal::Refusal;
use crate::tag::TagChange;
use crate::tool_rule::ToolRule;

impl Step<'_> {
    pub(super) fn tag(&mut self, id: SessionId, changes: &[TagChange]) -> Result<Reply, Refusal> {
        let head = self.open(id)?.head();
        let tags = checked_tags(&head.tags, changes)?;
        if tags != head.tags {
            self.record(id, Record::Tagged { tags });
            self.changed(id);
        }
        Ok(Reply::Done)
    }

    pub(super) fn pin(&mut self, id: SessionId, pinned: bool) -> Result<Reply, Refusal> {
        if self.open(id)?.head().pinned != pinned {
            self.record(id, Record::Pinned { pinned });
            self.changed(id);
        }
        Ok(Reply::Done)
    }

    pub(super) fn set_policy(&mut self, id: SessionId, policy: Policy) -> Result<Reply, Refusal> {
        if self.open(id)?.head().setup.policy != policy {
            self.record(id, Record::PolicySet { policy });
            self.changed(id);
        }
        Ok(Reply::Done)
    }

    /// Counts from the next call on; what waits already, waits.
    pub(super) fn set_rule(&mut self, id: SessionId, rule: ToolRule, stands: bool) -> Result<Reply, Refusal> {
        self.open(id)?;
        rule.check().map_err(|fault| Refusal::BadRule { fault })?;
        if stands {
            self.refuse_too_many_rules(id, &rule)?;
        }
        self.put_rule(id, rule, stands);
        Ok(Reply::Done)
    }

    /// A rule that is there already needs no room.
    pub(super) fn refuse_too_many_rules(&self, id: SessionId, rule: &ToolRule) -> Result<(), Refusal> {
        let (limit, rules) = (self.state().limits.allowed_tools, &self.open(id)?.head().rules);
        if rules.len() >= limit && !rules.contains(rule) {
            return Err(Refusal::TooManyRules { limit });
        }
        Ok(())
    }

    pub(super) fn put_rule(&mut self, id: SessionId, rule: ToolRule, stands: bool) {
        if self.head(id).is_some_and(|head| head.rules.contains(&rule) != stands) {
            self.record(id, Record::RuleSet { rule, stands });
            self.changed(id);
        }
    }

    /// Counts as unread until a client shows it anew; whoever looks at it now is taken to look away.
    pub(super) fn mark_unread(&mut self, id: SessionId) -> Result<Reply, Refusal> {
        self.open(id)?;
        self.mark_seen_if_watched(id);
        self.state_mut().focus.look_away_from(id);
        self.record(id, Record::MarkedUnread);
        self.changed(id);
        Ok(Reply::Done)
    }

    /// Counts as read up to its end, whoever looks at it; of a turn that stopped the person says that they know.
    pub(super) fn mark_read(&mut self, id: SessionId) -> Result<Reply, Refusal> {
        self.open(id)?;
        self.write_stream(id);
        if self.open(id)?.head().is_news() {
            self.record(id, Record::MarkedRead);
            self.changed(id);
        }
        Ok(Reply::Done)
    }
}
