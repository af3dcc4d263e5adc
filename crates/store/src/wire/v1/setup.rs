//! What a session's first record and its head have in common, in format 1: its name, slot, setup and origin.
//!
//! serde could flatten one struct into both, but reads such ones by way of a buffer that knows no numbers of 128 bits.

/// A struct that begins with these fields, which are written in this order, and goes on with others.
macro_rules! with_setup {
    ($(#[$doc:meta])* $vis:vis $name:ident { $($others:tt)* }) => {
        $(#[$doc])*
        #[derive(Debug, serde::Serialize, serde::Deserialize)]
        $vis struct $name<'a> {
            #[serde(rename = "name", borrow)] name: Cow<'a, str>,
            #[serde(rename = "origin")]
            origin: super::word::NameOrigin,
            #[serde(rename = "slot")]
            slot: u32,
            #[serde(rename = "kind", borrow)] kind: Cow<'a, str>,
            #[serde(rename = "agent", borrow)] agent: Cow<'a, str>,
            #[serde(rename = "model", borrow)] model: Cow<'a, str>,
            #[serde(rename = "dir", borrow)] directory: Cow<'a, str>,
            #[serde(rename = "brief", borrow, default, skip_serializing_if = "str::is_empty")]
            system_prompt: Cow<'a, str>,
            #[serde(rename = "env", default, skip_serializing_if = "super::is_default")]
            environment: u64,
            #[serde(rename = "policy", default = "super::asks", skip_serializing_if = "super::is_asks")]
            policy: super::word::Policy,
            #[serde(rename = "settings", borrow, default, skip_serializing_if = "super::is_default")]
            settings: super::settings::SettingsV1<'a>,
            #[serde(rename = "fork", default, skip_serializing_if = "Option::is_none")]
            fork: Option<super::ForkV1>,
            $($others)*
        }
    };
}

/// Such a struct made of what the core has, and of its other fields.
macro_rules! store_setup {
    ($stored:ident { $name:expr, $origin:expr, $slot:expr, $setup:expr, $fork:expr; $($others:tt)* }) => {
        $stored {
            name: $name.as_str().into(),
            origin: $origin.into(),
            slot: $slot,
            kind: $setup.kind.word().into(),
            agent: (&$setup.agent).into(),
            model: (&$setup.model).into(),
            directory: (&$setup.directory).into(),
            system_prompt: (&$setup.system_prompt).into(),
            environment: $setup.environment.0,
            policy: $setup.policy.into(),
            settings: (&*$setup.settings).into(),
            fork: $fork.map(super::ForkV1::from),
            $($others)*
        }
    };
}

/// The core's setup of such a struct, where its kind has a name.
macro_rules! setup_of {
    ($stored:ident) => {
        q_core::Setup {
            kind: super::word::kind(&$stored.kind)?,
            system_prompt: $stored.system_prompt.into_owned(),
            agent: $stored.agent.into_owned(),
            model: $stored.model.into_owned(),
            directory: $stored.directory.into_owned(),
            environment: q_core::Environment($stored.environment),
            policy: $stored.policy.into(),
            settings: Box::new($stored.settings.into()),
        }
    };
}

pub(super) use {setup_of, store_setup, with_setup};
