//! What a session is beside its entries: what no list shows of it.

use q_core::NameOrigin;
use serde::{Deserialize, Serialize};

use super::leaf::NameOriginDef;
use super::rule::WireRule;

/// What no list shows of a session, and an export or a list of its rules needs.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Facts {
    /// Who chose its name.
    #[serde(with = "NameOriginDef")]
    pub origin: NameOrigin,
    /// What the agent is told about its task, where that is not the kind's own.
    pub system_prompt: String,
    /// Whether a turn runs.
    pub running: bool,
    /// The texts of prompts that wait, in order.
    pub queue: Vec<String>,
    /// What was typed and not sent.
    pub draft: String,
    /// What the person said of its calls, the oldest first.
    #[serde(default)]
    pub rules: Vec<WireRule>,
}
