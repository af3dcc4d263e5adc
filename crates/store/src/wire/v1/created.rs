//! A session's first record in format 1.

use std::borrow::Cow;

use q_core::{Environment, NameFault, Setup};
use serde::{Deserialize, Serialize};

use super::word::{self, NameOrigin, Policy};
use super::{Fork, asks, is_asks, is_default};

/// [`q_core::Record::Created`] in its stored form.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Created<'a> {
    #[serde(rename = "name", borrow)]
    name: Cow<'a, str>,
    #[serde(rename = "origin")]
    origin: NameOrigin,
    #[serde(rename = "slot")]
    slot: u32,
    #[serde(rename = "kind", borrow)]
    kind: Cow<'a, str>,
    #[serde(rename = "agent", borrow)]
    agent: Cow<'a, str>,
    #[serde(rename = "model", borrow)]
    model: Cow<'a, str>,
    #[serde(rename = "dir", borrow)]
    directory: Cow<'a, str>,
    #[serde(rename = "brief", borrow, default, skip_serializing_if = "str::is_empty")]
    brief: Cow<'a, str>,
    #[serde(rename = "env", default, skip_serializing_if = "is_default")]
    environment: u64,
    #[serde(rename = "policy", default = "asks", skip_serializing_if = "is_asks")]
    policy: Policy,
    #[serde(rename = "fork", default, skip_serializing_if = "Option::is_none")]
    fork: Option<Fork>,
}

impl<'a> Created<'a> {
    pub(super) fn new(
        name: &'a q_core::Name,
        origin: q_core::NameOrigin,
        slot: u32,
        setup: &'a Setup,
        fork: Option<q_core::Fork>,
    ) -> Self {
        Self {
            name: name.as_str().into(),
            origin: origin.into(),
            slot,
            kind: setup.kind.word().into(),
            agent: (&setup.agent).into(),
            model: (&setup.model).into(),
            directory: (&setup.directory).into(),
            brief: (&setup.brief).into(),
            environment: setup.environment.0,
            policy: setup.policy.into(),
            fork: fork.map(Fork::from),
        }
    }

    pub(super) fn into_core(self) -> Result<q_core::Record, NameFault> {
        Ok(q_core::Record::Created {
            name: self.name.parse()?,
            origin: self.origin.into(),
            slot: self.slot,
            setup: Setup {
                kind: word::kind(&self.kind)?,
                brief: self.brief.into_owned(),
                agent: self.agent.into_owned(),
                model: self.model.into_owned(),
                directory: self.directory.into_owned(),
                environment: Environment(self.environment),
                policy: self.policy.into(),
            },
            fork: self.fork.map(q_core::Fork::from),
        })
    }
}
