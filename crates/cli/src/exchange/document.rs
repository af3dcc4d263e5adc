//! What a file says of a session beside its entries. Documented in docs/json.md, and stable: fields are added, never
//! renamed.

use q_core::{Import, Kind, NameOrigin, Policy, SessionId, Setup, Summary, Usage, WallTime};
use q_proto as wire;
use q_term::typed;
use serde::{Serialize, Serializer};

use crate::json::TokensJson;

/// What the field `format` of each document says.
pub(crate) const FORMAT: &str = "q-session";
/// The newest version of it that is known here.
pub(crate) const VERSION: u64 = 1;

const ORIGINS: [(&str, NameOrigin); 3] = [
    ("chosen", NameOrigin::Chosen),
    ("automatic", NameOrigin::Automatic),
    ("placeholder", NameOrigin::Placeholder),
];

/// A session's facts, in the order in which they are written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct DocumentFacts {
    #[serde(flatten)]
    pub(crate) form: DocumentForm,
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) name_origin: String,
    pub(crate) kind: String,
    pub(crate) system_prompt: String,
    pub(crate) agent: String,
    pub(crate) model: String,
    pub(crate) directory: String,
    pub(crate) policy: String,
    pub(crate) tags: Vec<String>,
    pub(crate) pinned: bool,
    pub(crate) created_ms: u64,
    pub(crate) touched_ms: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) trashed_ms: Option<u64>,
    #[serde(flatten, serialize_with = "tokens")]
    pub(crate) usage: Usage,
    pub(crate) running: bool,
    pub(crate) queue: Vec<String>,
    pub(crate) draft: String,
}

/// What kind of file it is, by the words that each begins with.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct DocumentForm {
    pub(crate) format: String,
    pub(crate) version: u64,
}

fn tokens<S: Serializer>(usage: &Usage, to: S) -> Result<S::Ok, S::Error> {
    TokensJson::from(*usage).serialize(to)
}

impl DocumentFacts {
    pub(crate) fn new(session: &Summary, facts: wire::Facts) -> Self {
        let origin = ORIGINS.iter().find(|(_, origin)| *origin == facts.origin).map_or("chosen", |one| one.0);
        Self {
            form: DocumentForm { format: FORMAT.to_owned(), version: VERSION },
            id: session.id.to_string(),
            name: session.name.to_string(),
            name_origin: origin.to_owned(),
            kind: session.kind.to_string(),
            system_prompt: facts.system_prompt,
            agent: session.agent.clone(),
            model: session.model.clone(),
            directory: session.directory.clone(),
            policy: session.policy.word().to_owned(),
            tags: session.tags.iter().map(ToString::to_string).collect(),
            pinned: session.pinned,
            created_ms: session.created.0,
            touched_ms: session.touched.0,
            trashed_ms: session.trashed.map(|since| since.0),
            usage: session.usage,
            running: facts.running,
            queue: facts.queue,
            draft: facts.draft,
        }
    }

    /// What the host is told of it, or what is no word of this format. Waiting prompts and the draft come later.
    pub(crate) fn into_import(self, typed: Option<String>) -> Result<Import, String> {
        let origin = ORIGINS.iter().find(|(word, _)| *word == self.name_origin);
        let origin = origin
            .ok_or_else(|| {
                format!("name_origin `{}` is not chosen, automatic or placeholder", self.name_origin)
            })?
            .1;
        let policy =
            Policy::of(&self.policy).ok_or_else(|| format!("policy `{}` is not ask or deny", self.policy))?;
        let kind = self.kind.parse().or_else(|_| self.kind.parse().map(Kind::Custom));
        let kind = kind.map_err(|fault| format!("kind `{}` cannot be one: {fault}", self.kind))?;
        let Self { agent, model, directory, .. } = self;
        let system_prompt = typed::text(&self.system_prompt).into_owned();
        Ok(Import {
            id: SessionId::UNDRAWN,
            typed,
            name: self.name,
            origin,
            setup: Setup { kind, system_prompt, agent, model, directory, policy, ..Setup::default() },
            tags: self.tags,
            pinned: self.pinned,
            created: WallTime(self.created_ms),
            touched: WallTime(self.touched_ms),
            usage: self.usage,
            running: self.running,
        })
    }
}
