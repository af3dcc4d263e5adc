//! The result of a call in format 1: as a record of its turn, and in an entry from elsewhere.

use std::borrow::Cow;

use q_core::{EntryNo, Resulted};
use serde::{Deserialize, Serialize};

use super::word::Outcome;

/// A struct that ends with a result; what comes before that differs. The fields are written in this order.
macro_rules! with_result {
    ($(#[$doc:meta])* $name:ident { $($word:literal = $field:ident),* }) => {
        $(#[$doc])*
        #[derive(Debug, Serialize, Deserialize)]
        pub(super) struct $name<'a> {
            $(#[serde(rename = $word)] pub(super) $field: u64,)*
            #[serde(rename = "of")]
            of: u64,
            #[serde(rename = "outcome")]
            outcome: Outcome,
            #[serde(rename = "text", borrow)]
            text: Cow<'a, str>,
            /// Where more of it is kept than its text.
            #[serde(rename = "kept", default, skip_serializing_if = "Option::is_none")]
            kept: Option<u64>,
            #[serde(rename = "whole")]
            whole: u64,
        }

        impl<'a> $name<'a> {
            pub(super) fn new(
                $($field: u64,)*
                of: EntryNo,
                outcome: q_core::Outcome,
                text: &'a str,
                kept: u64,
                whole: u64,
            ) -> Self {
                let more_kept = Some(kept).filter(|kept| *kept > text.len() as u64);
                let outcome = outcome.into();
                Self { $($field,)* of: of.0, outcome, text: text.into(), kept: more_kept, whole }
            }

            pub(super) fn into_result(self) -> Resulted {
                Resulted {
                    of: EntryNo(self.of),
                    outcome: self.outcome.into(),
                    kept: self.kept.unwrap_or(self.text.len() as u64),
                    text: self.text.into_owned(),
                    whole: self.whole,
                }
            }
        }
    };
}

with_result! {
    /// [`q_core::Record::Resulted`] in its stored form.
    ResultedV1 { "turn" = turn, "call" = call }
}
with_result! {
    /// [`q_core::Resulted`] in its stored form.
    ResultV1 {}
}
