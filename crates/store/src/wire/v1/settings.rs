//! A session's settings in format 1.

use std::borrow::Cow;

use q_core::{Settings, Temperature};
use serde::{Deserialize, Serialize};

/// [`q_core::Settings`] in its stored form: what is not set is not written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct SettingsV1<'a> {
    #[serde(rename = "model", borrow, default, skip_serializing_if = "Option::is_none")]
    model: Option<Cow<'a, str>>,
    /// In thousandths, as the core has it.
    #[serde(rename = "temperature", default, skip_serializing_if = "Option::is_none")]
    temperature: Option<u16>,
    #[serde(rename = "max_tokens", default, skip_serializing_if = "Option::is_none")]
    max_tokens: Option<u64>,
    #[serde(rename = "reasoning", borrow, default, skip_serializing_if = "Option::is_none")]
    reasoning: Option<Cow<'a, str>>,
    #[serde(rename = "mode", borrow, default, skip_serializing_if = "Option::is_none")]
    mode: Option<Cow<'a, str>>,
    /// 0 where any number is allowed.
    #[serde(rename = "budget_tokens", default, skip_serializing_if = "Option::is_none")]
    budget_tokens: Option<u64>,
}

impl<'a> From<&'a Settings> for SettingsV1<'a> {
    fn from(settings: &'a Settings) -> Self {
        let Settings { model, temperature, max_tokens, reasoning, mode, budget_tokens } = settings;
        Self {
            model: model.as_deref().map(Cow::from),
            temperature: temperature.map(Temperature::thousandths),
            max_tokens: *max_tokens,
            reasoning: reasoning.as_deref().map(Cow::from),
            mode: mode.as_deref().map(Cow::from),
            budget_tokens: *budget_tokens,
        }
    }
}

impl From<SettingsV1<'_>> for Settings {
    fn from(stored: SettingsV1<'_>) -> Self {
        let SettingsV1 { model, temperature, max_tokens, reasoning, mode, budget_tokens } = stored;
        Self {
            model: model.map(Cow::into_owned),
            // What is no temperature was none when it was written either; it is not worth the session.
            temperature: temperature.and_then(Temperature::of_thousandths),
            max_tokens,
            reasoning: reasoning.map(Cow::into_owned),
            mode: mode.map(Cow::into_owned),
            budget_tokens,
        }
    }
}
