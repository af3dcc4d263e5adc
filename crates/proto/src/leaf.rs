//! The core's leaf types as they are written on the wire: explicit tags, checked against the core by the compiler.

use q_core::{
    Activity, FailureKind, ImageKind, Interrupter, NameOrigin, Outcome, Policy, Presence, StepState, Wants,
};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
#[serde(remote = "Activity", rename_all = "snake_case")]
pub(super) enum ActivityDef {
    Idle,
    Working,
    NeedsApproval,
    NeedsInput,
    Failed,
    Interrupted,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Presence", rename_all = "snake_case")]
pub(super) enum PresenceDef {
    Live,
    Hibernated,
    Closed,
    Trashed,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Policy", rename_all = "snake_case")]
pub(super) enum PolicyDef {
    Ask,
    Deny,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "ImageKind")]
pub(super) enum ImageKindDef {
    #[serde(rename = "png")]
    Png,
    #[serde(rename = "jpeg")]
    Jpeg,
    #[serde(rename = "gif")]
    Gif,
    #[serde(rename = "webp")]
    WebP,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "StepState", rename_all = "snake_case")]
pub(super) enum StepStateDef {
    Open,
    Active,
    Done,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "NameOrigin", rename_all = "snake_case")]
pub(super) enum NameOriginDef {
    Placeholder,
    Automatic,
    Chosen,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Wants", rename_all = "snake_case")]
pub(super) enum WantsDef {
    Nothing,
    Consent,
    Words,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Outcome", rename_all = "snake_case")]
pub(super) enum OutcomeDef {
    Done,
    Failed,
    Denied,
    Expired,
    NeverRan,
    CutShort,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Interrupter", rename_all = "snake_case")]
pub(super) enum InterrupterDef {
    User,
    Stop,
    Crash,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "FailureKind", rename_all = "snake_case")]
pub(super) enum FailureKindDef {
    Unreachable,
    ProxyFailed,
    Untrusted,
    WrongPath,
    WrongKey,
    Forbidden,
    QuotaSpent,
    UnknownModel,
    Cut,
    Silent,
    RateLimited,
    Overloaded,
    ContextTooLong,
    NoImages,
    Rejected,
    ServerError,
    TooLong,
    LengthLimit,
    Filtered,
    Refused,
    Paused,
    WantsTool,
    Empty,
    NotShorter,
    NotConfigured,
    Internal,
}

/// 128 bits as two halves, which `MessagePack` writes compactly.
pub(super) mod halves {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(crate) fn serialize<S: Serializer>(value: &u128, to: S) -> Result<S::Ok, S::Error> {
        ((value >> 64) as u64, *value as u64).serialize(to)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<u128, D::Error> {
        let (high, low) = <(u64, u64)>::deserialize(from)?;
        Ok(u128::from(high) << 64 | u128::from(low))
    }
}
