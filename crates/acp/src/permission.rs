//! What an agent asks to be allowed: a request that waits as long as the person does.

use std::collections::BTreeSet;

use q_core::{CallNo, Digest};
use q_json::{elements, members, text};
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::frame::RequestId;

/// The most requests that wait at once, as many as the core has open.
pub(crate) const MOST_WAITING: usize = 16;
/// The most answers of one request that are looked at.
const MOST_OPTIONS: usize = 16;
/// The longest that a person can be asked about, in bytes.
pub(crate) const MOST_SHOWN: usize = 256 << 10;

/// A request that waits.
#[derive(Debug)]
pub(crate) struct WaitingPermission {
    pub(crate) id: RequestId,
    /// The call that stands for it, and what of that was shown.
    pub(crate) no: CallNo,
    pub(crate) digest: Digest,
    pub(crate) options: PermissionOptions,
    /// Whether that call is the request alone: what it is about was told before.
    pub(crate) is_apart: bool,
    /// What may be written or run without being asked about again, once the person said yes to it: it was shown.
    pub(crate) grants: Vec<[u8; 32]>,
}

/// The answers that it takes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct PermissionOptions {
    allow: Option<String>,
    reject: Option<String>,
    /// Whether the only yes counts for all that is like it: who is asked has to know that.
    pub(crate) is_for_ever: bool,
    /// Whether two answers have one name, so that nobody knows which of them the agent would hear.
    is_torn: bool,
}

impl PermissionOptions {
    /// Of those that are offered the ones for this once: what counts longer is q's to remember, where it can be taken back.
    pub(crate) fn of(params: &RawValue) -> Self {
        let [options] = members(params, ["options"]);
        let all = options.map(elements).unwrap_or_default();
        let mut names = BTreeSet::new();
        let is_torn = all
            .iter()
            .filter_map(|option| members(option, ["optionId"])[0].and_then(text))
            .any(|id| !names.insert(id));
        if is_torn {
            return Self { is_torn, ..Self::default() };
        }
        let offered = all.into_iter().take(MOST_OPTIONS).filter_map(|option| {
            let [id, kind] = members(option, ["optionId", "kind"]);
            Some((id.and_then(text)?, kind.and_then(text)?))
        });
        let offered: Vec<(String, String)> = offered.collect();
        let of = |kind: &str| offered.iter().find(|(_, offered)| offered == kind).map(|(id, _)| id.clone());
        let once = of("allow_once");
        let is_for_ever = once.is_none();
        Self {
            allow: once.or_else(|| of("allow_always")),
            reject: of("reject_once").or_else(|| of("reject_always")),
            is_for_ever,
            is_torn,
        }
    }

    /// Why it cannot be answered with a yes; mostly nothing.
    pub(crate) const fn no_yes(&self) -> Option<&'static str> {
        if self.is_torn {
            Some("two of its answers have one id, so that a no could be taken for a yes")
        } else if self.allow.is_none() {
            Some("it takes no yes for an answer")
        } else {
            None
        }
    }

    pub(crate) fn granted(&self) -> Value {
        self.allow.as_deref().map_or_else(cancelled, selected)
    }

    pub(crate) fn denied(&self) -> Value {
        self.reject.as_deref().map_or_else(cancelled, selected)
    }
}

fn selected(option: &str) -> Value {
    json!({ "outcome": { "outcome": "selected", "optionId": option } })
}

/// Nobody answers any more.
pub(crate) fn cancelled() -> Value {
    json!({ "outcome": { "outcome": "cancelled" } })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]
    use super::*;

    #[test]
    fn what_is_answered_is_for_this_once() {
        for (offered, granted, denied) in [
            ("[]", cancelled(), cancelled()),
            ("7", cancelled(), cancelled()),
            (
                r#"[{"optionId":"a","kind":"allow_always"},{"optionId":"b","kind":"allow_once"},{"optionId":"c","kind":"reject_once"}]"#,
                selected("b"),
                selected("c"),
            ),
            (
                r#"[{"optionId":"a","kind":"allow_always"},{"optionId":"c","kind":"reject_always"},{"kind":"allow_once"}]"#,
                selected("a"),
                selected("c"),
            ),
            (r#"[{"optionId":"a","kind":"tomorrow"}]"#, cancelled(), cancelled()),
            (
                r#"[{"optionId":"a","kind":"allow_once"},{"optionId":"a","kind":"reject_once"}]"#,
                cancelled(),
                cancelled(),
            ),
            (
                r#"[{"optionId":"a","kind":"allow_once"},{"optionId":"b","kind":"reject_once"},{"optionId":"b"}]"#,
                cancelled(),
                cancelled(),
            ),
        ] {
            let params = format!("{{\"options\":{offered}}}");
            let options = PermissionOptions::of(serde_json::from_str(&params).unwrap());
            assert_eq!((options.granted(), options.denied()), (granted, denied), "{offered}");
        }
    }
}
