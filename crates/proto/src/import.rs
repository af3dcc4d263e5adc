//! What a session is beside its entries, on its way out; and all of one, on its way in.

use q_core::{
    Command, Environment, Import, NameFault, NameOrigin, Policy, SessionId, Setup, Token, Usage, WallTime,
};
use serde::{Deserialize, Serialize};

use super::leaf::{NameOriginDef, halves};
use super::request::{New, kind};
use super::view::Item;

/// What no list shows of a session, and an export needs.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Facts {
    /// Who chose its name.
    #[serde(with = "NameOriginDef")]
    pub origin: NameOrigin,
    /// What the agent is told about its task, where that is not the kind's own.
    pub brief: String,
    /// Whether a turn runs.
    pub running: bool,
    /// The texts of prompts that wait, in order.
    pub queue: Vec<String>,
    /// What was typed and not sent.
    pub draft: String,
}

/// [`q_core::Import`], without its id, which the host draws.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Brought {
    /// What it is made with; its name is the one that the importing person typed.
    pub new: New,
    /// What it is called elsewhere.
    pub name: String,
    /// Who chose that name.
    #[serde(with = "NameOriginDef")]
    pub origin: NameOrigin,
    /// Whether it never hibernates by itself.
    pub pinned: bool,
    /// When it was created.
    pub created: u64,
    /// When something last happened in it.
    pub touched: u64,
    /// Tokens read and written.
    pub tokens: (u64, u64),
    /// Whether a turn ran when it was written down.
    pub running: bool,
}

/// [`q_core::Item`].
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "each variant is documented on the core type it mirrors")]
pub enum Part {
    Entry(Item),
    Waiting {
        #[serde(with = "halves")]
        token: u128,
        text: String,
    },
    Draft(String),
}

impl Brought {
    /// The core's command for it, under an id that the host drew.
    pub fn command(self, id: SessionId, environment: Environment) -> Result<Command, NameFault> {
        let Self { new, name, origin, pinned, created, touched, tokens, running } = self;
        let policy = if new.deny_tools { Policy::Deny } else { Policy::Ask };
        let New { name: typed, brief, agent, model, directory, tags, .. } = new;
        let kind = kind(&new.kind)?;
        let setup = Setup { kind, brief, agent, model, directory, environment, policy };
        let (created, touched) = (WallTime(created), WallTime(touched));
        let usage = Usage { input: tokens.0, output: tokens.1 };
        let import =
            Import { id, typed, name, origin, setup, tags, pinned, created, touched, usage, running };
        Ok(Command::Import(Box::new(import)))
    }
}

impl From<Import> for Brought {
    fn from(import: Import) -> Self {
        let Import { id: _, typed, name, origin, setup, tags, pinned, created, touched, usage, running } =
            import;
        let Setup { kind, brief, agent, model, directory, environment: _, policy } = setup;
        let deny_tools = policy == Policy::Deny;
        let kind = kind.word().to_owned();
        let new = New { name: typed, kind, brief, agent, reach: None, model, directory, deny_tools, tags };
        let tokens = (usage.input, usage.output);
        Self { new, name, origin, pinned, created: created.0, touched: touched.0, tokens, running }
    }
}

impl From<q_core::Item> for Part {
    fn from(item: q_core::Item) -> Self {
        match item {
            q_core::Item::Entry(entry) => Self::Entry(entry.into()),
            q_core::Item::Waiting { token, text } => Self::Waiting { token: token.0, text },
            q_core::Item::Draft(text) => Self::Draft(text),
        }
    }
}

impl From<Part> for q_core::Item {
    fn from(part: Part) -> Self {
        match part {
            Part::Entry(item) => Self::Entry(item.into()),
            Part::Waiting { token, text } => Self::Waiting { token: Token(token), text },
            Part::Draft(text) => Self::Draft(text),
        }
    }
}
