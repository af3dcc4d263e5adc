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
    #[serde(rename = "body", borrow, default, skip_serializing_if = "Option::is_none")]
    body: Option<Cow<'a, str>>,
    #[serde(rename = "omit", borrow, default, skip_serializing_if = "Option::is_none")]
    omit: Option<Cow<'a, str>>,
    #[serde(rename = "first_byte", default, skip_serializing_if = "Option::is_none")]
    first_byte: Option<u64>,
    #[serde(rename = "idle_timeout", default, skip_serializing_if = "Option::is_none")]
    idle_timeout: Option<u64>,
    /// 0 where any number is allowed.
    #[serde(rename = "budget_tokens", default, skip_serializing_if = "Option::is_none")]
    budget_tokens: Option<u64>,
}

impl<'a> From<&'a Settings> for SettingsV1<'a> {
    fn from(settings: &'a Settings) -> Self {
        let text = |set: &'a Option<String>| set.as_deref().map(Cow::from);
        Self {
            model: text(&settings.model),
            temperature: settings.temperature.map(Temperature::thousandths),
            max_tokens: settings.max_tokens,
            reasoning: text(&settings.reasoning),
            mode: text(&settings.mode),
            body: text(&settings.body),
            omit: text(&settings.omit),
            first_byte: settings.first_byte,
            idle_timeout: settings.idle_timeout,
            budget_tokens: settings.budget_tokens,
        }
    }
}

impl From<SettingsV1<'_>> for Settings {
    fn from(stored: SettingsV1<'_>) -> Self {
        Self {
            model: stored.model.map(Cow::into_owned),
            // What is no temperature was none when it was written either; it is not worth the session.
            temperature: stored.temperature.and_then(Temperature::of_thousandths),
            max_tokens: stored.max_tokens,
            reasoning: stored.reasoning.map(Cow::into_owned),
            mode: stored.mode.map(Cow::into_owned),
            body: stored.body.map(Cow::into_owned),
            omit: stored.omit.map(Cow::into_owned),
            first_byte: stored.first_byte,
            idle_timeout: stored.idle_timeout,
            budget_tokens: stored.budget_tokens,
        }
    }
}
