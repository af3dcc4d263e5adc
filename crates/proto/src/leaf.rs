//! The core's leaf types as they are written on the wire: explicit tags, checked against the core by the compiler.

use q_core::{
    Activity, ImageKind, Interrupter, NameOrigin, Outcome, Policy, Presence, RuleEffect, StepState, Wants,
};
use serde::{Deserialize, Serialize};

/// The written form of one of the core's enums without data: each variant by its name in snake case. The compiler compares
/// it with the core's, variant by variant.
macro_rules! leaf {
    ($core:literal as $written:ident { $($variant:ident),+ }) => {
        #[derive(Serialize, Deserialize)]
        #[serde(remote = $core, rename_all = "snake_case")]
        pub(super) enum $written {
            $($variant,)+
        }
    };
}

leaf! { "Activity" as ActivityDef { Idle, Working, NeedsApproval, NeedsInput, Failed, Interrupted } }
leaf! { "Presence" as PresenceDef { Live, Hibernated, Closed, Trashed } }
leaf! { "Policy" as PolicyDef { Ask, Deny } }
leaf! { "RuleEffect" as RuleEffectDef { Allow, Ask, Deny } }
leaf! { "StepState" as StepStateDef { Open, Active, Done } }
leaf! { "NameOrigin" as NameOriginDef { Placeholder, Automatic, Chosen } }
leaf! { "Wants" as WantsDef { Nothing, Consent, Words } }
leaf! { "Outcome" as OutcomeDef { Done, Failed, Denied, Expired, NeverRan, CutShort } }
leaf! { "Interrupter" as InterrupterDef { User, Stop, Crash } }

/// Each kind's own word, which snake case would take apart.
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

/// A kind of failure as its code: the codes are public already, in `--json`.
pub(super) mod failure_code {
    use std::fmt;

    use q_core::FailureKind;
    use serde::de::{Deserializer, Error, Visitor};
    use serde::{Serialize as _, Serializer};

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands the field over so")]
    pub(crate) fn serialize<S: Serializer>(kind: &FailureKind, to: S) -> Result<S::Ok, S::Error> {
        kind.code().serialize(to)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<FailureKind, D::Error> {
        from.deserialize_str(Code)
    }

    struct Code;

    impl Visitor<'_> for Code {
        type Value = FailureKind;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("the code of a failure")
        }

        fn visit_str<E: Error>(self, code: &str) -> Result<FailureKind, E> {
            let known = FailureKind::ALL.into_iter().find(|kind| kind.code() == code);
            known.ok_or_else(|| E::custom("no failure that is known here"))
        }
    }
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
