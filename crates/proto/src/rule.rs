//! Rules as they are written on the wire.

use q_core::{RuleEffect, RulePattern, ToolRule};
use serde::{Deserialize, Serialize};

use super::few::few;
use super::leaf::RuleEffectDef;

#[derive(Serialize, Deserialize)]
#[serde(remote = "ToolRule")]
pub(super) struct ToolRuleDef {
    #[serde(with = "RuleEffectDef")]
    effect: RuleEffect,
    tool: String,
    #[serde(with = "RulePatternDef")]
    pattern: RulePattern,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "RulePattern", rename_all = "snake_case")]
enum RulePatternDef {
    Any,
    Begins(#[serde(deserialize_with = "few")] Vec<String>),
    Exactly(#[serde(deserialize_with = "few")] Vec<String>),
    Path(String),
}

/// [`ToolRule`] in its spoken form.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct WireRule(#[serde(with = "ToolRuleDef")] pub ToolRule);
