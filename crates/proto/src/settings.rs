//! Settings as they are written on the wire: what a session has of its own, and changes of it as they were typed.

use q_core::{Settings, Temperature};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

/// What is not set is not written.
#[derive(Serialize, Deserialize)]
#[serde(remote = "Settings")]
pub(super) struct SettingsDef {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    model: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none", with = "thousandths")]
    temperature: Option<Temperature>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    max_tokens: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reasoning: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    mode: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    budget_tokens: Option<u64>,
}

/// Whether nothing is set: such settings are left out.
pub(super) fn are_unset(settings: &Settings) -> bool {
    *settings == Settings::default()
}

pub(super) mod boxed {
    use q_core::Settings;

    use super::{Deserializer, Serializer, SettingsDef};

    #[expect(clippy::borrowed_box, reason = "serde hands the field over so")]
    pub(in super::super) fn serialize<S: Serializer>(set: &Box<Settings>, to: S) -> Result<S::Ok, S::Error> {
        SettingsDef::serialize(set, to)
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Box<Settings>, D::Error> {
        SettingsDef::deserialize(from).map(Box::new)
    }
}

mod thousandths {
    use super::{Deserialize, Deserializer, Error, Serialize, Serializer, Temperature};

    #[expect(
        clippy::ref_option,
        clippy::trivially_copy_pass_by_ref,
        reason = "serde hands the field over so"
    )]
    pub(super) fn serialize<S: Serializer>(set: &Option<Temperature>, to: S) -> Result<S::Ok, S::Error> {
        set.map(Temperature::thousandths).serialize(to)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Temperature>, D::Error> {
        let read = |thousandths| {
            Temperature::of_thousandths(thousandths).ok_or_else(|| D::Error::custom("no temperature"))
        };
        Option::deserialize(from)?.map(read).transpose()
    }
}

/// Changes, each as a name and a value.
pub(super) mod changes {
    use q_core::SettingChange;

    use super::{Deserializer, Serializer};
    use crate::few::few;

    pub(in super::super) fn serialize<S: Serializer>(
        changes: &[SettingChange],
        to: S,
    ) -> Result<S::Ok, S::Error> {
        to.collect_seq(changes.iter().map(|SettingChange { name, value }| (name, value)))
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Vec<SettingChange>, D::Error> {
        let typed: Vec<(String, String)> = few(from)?;
        Ok(typed.into_iter().map(|(name, value)| SettingChange { name, value }).collect())
    }
}
