//! A session's id as it is written on the wire.

use serde::{Deserialize, Serialize};

use super::leaf::halves;

/// A session's id on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Id(#[serde(with = "halves")] pub u128);
