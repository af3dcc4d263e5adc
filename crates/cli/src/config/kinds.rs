//! `[kinds.NAME]`: kinds of session that the person defines, and other system prompts for those that `q` brings.

use std::collections::BTreeMap;

use q_core::{Kind, Name, Policy};
use q_term::kinds::{Colour, Kinds, usual};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

use crate::error::CliError;

/// A kind of session, as written.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct KindConfig {
    /// What the agent is told about its task; empty for the kind's own words.
    pub(crate) system_prompt: String,
    /// What tools may do, where that is not as usual for the kind.
    pub(crate) tools: Option<Tools>,
    /// The colour of its prompt.
    #[serde(deserialize_with = "colour")]
    pub(crate) colour: Option<Colour>,
}

/// What the tools of a kind may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Tools {
    /// What wants consent asks for it.
    Ask,
    /// What wants consent is denied.
    Deny,
}

impl From<Tools> for Policy {
    fn from(tools: Tools) -> Self {
        match tools {
            Tools::Ask => Self::Ask,
            Tools::Deny => Self::Deny,
        }
    }
}

fn colour<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Colour>, D::Error> {
    let word = String::deserialize(from)?;
    word.parse().map(Some).map_err(|_| D::Error::unknown_variant(&word, &Colour::WORDS))
}

/// Every kind that sessions can be made of, with its colour: q's own, and those that are written down.
pub(crate) fn all(written: &BTreeMap<String, KindConfig>) -> Result<Kinds, CliError> {
    let mut kinds = Kinds::default();
    for (word, written) in written {
        let kind = match word.parse::<Kind>() {
            Ok(own) => own,
            Err(_) => Kind::Custom(name(word)?),
        };
        kinds.define(word, written.colour.unwrap_or_else(|| usual(&kind)));
    }
    Ok(kinds)
}

fn name(word: &str) -> Result<Name, CliError> {
    word.parse().map_err(|fault| {
        CliError::usage(format!("[kinds.{word}]: `{word}` cannot be the name of a kind: {fault}"))
            .hint("for example: [kinds.writing]")
    })
}
