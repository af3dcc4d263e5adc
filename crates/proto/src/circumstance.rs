//! What stands around a call, as it is written on the wire.

use q_core::Circumstance;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
#[serde(remote = "Circumstance", rename_all = "snake_case")]
enum CircumstanceDef {
    Plain,
    Unheld,
    Denied,
    New,
    Replaces { lines: u64, difference: String },
}

/// [`Circumstance`] in its spoken form; the plain one is left out where it stands.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct WireCircumstance(#[serde(with = "CircumstanceDef")] pub Circumstance);
