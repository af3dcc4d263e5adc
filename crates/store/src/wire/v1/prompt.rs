//! What a person said in format 1: queued for a turn, or into a running one.

use std::borrow::Cow;

use q_core::{PromptNo, Token};
use serde::{Deserialize, Serialize};

/// A struct that ends with a prompt under its token. The fields are written in this order.
macro_rules! with_prompt {
    ($(#[$doc:meta])* $name:ident { $($word:literal = $field:ident),* }) => {
        $(#[$doc])*
        #[derive(Debug, Serialize, Deserialize)]
        pub(super) struct $name<'a> {
            $(#[serde(rename = $word)] pub(super) $field: u64,)*
            #[serde(rename = "prompt")]
            prompt: u64,
            #[serde(rename = "token")]
            token: u128,
            #[serde(rename = "text", borrow)]
            text: Cow<'a, str>,
        }

        impl<'a> $name<'a> {
            pub(super) fn new($($field: u64,)* prompt: PromptNo, token: Token, text: &'a str) -> Self {
                Self { $($field,)* prompt: prompt.0, token: token.0, text: text.into() }
            }

            pub(super) fn into_prompt(self) -> (PromptNo, Token, String) {
                (PromptNo(self.prompt), Token(self.token), self.text.into_owned())
            }
        }
    };
}

with_prompt! {
    /// [`q_core::Record::Queued`] in its stored form.
    QueuedV1 {}
}
with_prompt! {
    /// [`q_core::Record::Steered`] in its stored form.
    SteeredV1 { "turn" = turn }
}
