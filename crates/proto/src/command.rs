//! The core's commands as they are written on the wire, and what is said with one. This is the one place that knows both
//! forms: everywhere else a command is the core's own, from the prompt to the core.
//!
//! Each variant is spelt here once more, and the compiler compares. What only a host knows is not written: the id of a session
//! to be made, and what its client brought along.

use q_core::{
    Answer, CallNo, Command, Digest, EntryNo, Environment, ImageKind, Import, Item, Kind, NameFault,
    NameOrigin, NewImage, Policy, PromptNo, SessionId, SettingChange, Settings, Setup, TagChange, Token,
    ToolRule, TurnNo, Usage, WallTime,
};
use serde::{Deserialize, Serialize};

use super::few::few;
use super::leaf::{ImageKindDef, NameOriginDef, PolicyDef, halves};
use super::rule::ToolRuleDef;
use super::settings::{are_unset, boxed, changes};
use super::view;

const fn undrawn() -> SessionId {
    SessionId::UNDRAWN
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Command", rename_all = "snake_case")]
pub(super) enum CommandDef {
    Create {
        #[serde(skip, default = "undrawn")]
        id: SessionId,
        name: Option<String>,
        #[serde(with = "SetupDef")]
        setup: Setup,
        #[serde(deserialize_with = "few")]
        tags: Vec<String>,
    },
    Fork {
        #[serde(with = "SessionIdDef")]
        session: SessionId,
        #[serde(skip, default = "undrawn")]
        id: SessionId,
        #[serde(with = "entry_or_none")]
        at: Option<EntryNo>,
        name: Option<String>,
    },
    Import(#[serde(with = "boxed_import")] Box<Import>),
    ImportPart {
        #[serde(with = "SessionIdDef")]
        session: SessionId,
        #[serde(with = "items")]
        items: Vec<Item>,
    },
    EndImport {
        #[serde(with = "SessionIdDef")]
        session: SessionId,
    },
    Rename {
        #[serde(with = "SessionIdDef")]
        session: SessionId,
        name: String,
    },
    Close {
        #[serde(with = "SessionIdDef")]
        session: SessionId,
        even_if_working: bool,
    },
    Reopen {
        #[serde(with = "SessionIdDef")]
        session: SessionId,
    },
    Trash {
        #[serde(with = "SessionIdDef")]
        session: SessionId,
        even_if_working: bool,
    },
    Restore {
        #[serde(with = "SessionIdDef")]
        session: SessionId,
    },
    Erase {
        #[serde(with = "SessionIdDef")]
        session: SessionId,
        even_if_working: bool,
    },
    Wake {
        #[serde(with = "SessionIdDef")]
        session: SessionId,
    },
    Tag {
        #[serde(with = "SessionIdDef")]
        session: SessionId,
        #[serde(with = "tag_changes")]
        changes: Vec<TagChange>,
    },
    Pin {
        #[serde(with = "SessionIdDef")]
        session: SessionId,
        pinned: bool,
    },
    SetPolicy {
        #[serde(with = "SessionIdDef")]
        session: SessionId,
        #[serde(with = "PolicyDef")]
        policy: Policy,
    },
    SetRule {
        #[serde(with = "SessionIdDef")]
        session: SessionId,
        #[serde(with = "ToolRuleDef")]
        rule: ToolRule,
        stands: bool,
    },
    Set {
        #[serde(with = "SessionIdDef")]
        session: SessionId,
        #[serde(with = "changes")]
        changes: Vec<SettingChange>,
    },
    MarkUnread {
        #[serde(with = "SessionIdDef")]
        session: SessionId,
    },
    MarkRead {
        #[serde(with = "SessionIdDef")]
        session: SessionId,
    },
    Submit {
        #[serde(with = "SessionIdDef")]
        session: SessionId,
        #[serde(with = "TokenDef")]
        token: Token,
        text: String,
        #[serde(default, skip_serializing_if = "Vec::is_empty", with = "new_images")]
        images: Vec<NewImage>,
    },
    Shell {
        #[serde(with = "SessionIdDef")]
        session: SessionId,
        #[serde(with = "TokenDef")]
        token: Token,
        text: String,
    },
    Unqueue {
        #[serde(with = "SessionIdDef")]
        session: SessionId,
        #[serde(with = "PromptNoDef")]
        prompt: PromptNo,
    },
    Edit {
        #[serde(with = "SessionIdDef")]
        session: SessionId,
        #[serde(with = "PromptNoDef")]
        prompt: PromptNo,
        text: String,
    },
    Move {
        #[serde(with = "SessionIdDef")]
        session: SessionId,
        #[serde(with = "PromptNoDef")]
        prompt: PromptNo,
        place: u32,
    },
    SendNow {
        #[serde(with = "SessionIdDef")]
        session: SessionId,
        #[serde(with = "PromptNoDef")]
        prompt: PromptNo,
    },
    Steer {
        #[serde(with = "SessionIdDef")]
        session: SessionId,
        #[serde(with = "TokenDef")]
        token: Token,
        text: String,
        #[serde(default, skip_serializing_if = "Vec::is_empty", with = "new_images")]
        images: Vec<NewImage>,
    },
    Answer {
        #[serde(with = "SessionIdDef")]
        session: SessionId,
        #[serde(with = "TurnNoDef")]
        turn: TurnNo,
        #[serde(with = "CallNoDef")]
        call: CallNo,
        #[serde(with = "DigestDef")]
        digest: Digest,
        #[serde(with = "AnswerDef")]
        answer: Answer,
    },
    Interrupt {
        #[serde(with = "SessionIdDef")]
        session: SessionId,
    },
    Retry {
        #[serde(with = "SessionIdDef")]
        session: SessionId,
        #[serde(with = "TokenDef")]
        token: Token,
    },
    Continue {
        #[serde(with = "SessionIdDef")]
        session: SessionId,
        #[serde(with = "TokenDef")]
        token: Token,
    },
    Compact {
        #[serde(with = "SessionIdDef")]
        session: SessionId,
        undo: bool,
    },
    Reverse {
        #[serde(with = "SessionIdDef")]
        session: SessionId,
        redo: bool,
        #[serde(with = "TurnNoDef")]
        turn: TurnNo,
    },
    SaveDraft {
        #[serde(with = "SessionIdDef")]
        session: SessionId,
        text: String,
    },
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "SessionId")]
struct SessionIdDef(#[serde(with = "halves")] u128);

#[derive(Serialize, Deserialize)]
#[serde(remote = "Token")]
struct TokenDef(#[serde(with = "halves")] u128);

#[derive(Serialize, Deserialize)]
#[serde(remote = "PromptNo")]
struct PromptNoDef(u64);

#[derive(Serialize, Deserialize)]
#[serde(remote = "TurnNo")]
struct TurnNoDef(u64);

#[derive(Serialize, Deserialize)]
#[serde(remote = "CallNo")]
struct CallNoDef(u64);

#[derive(Serialize, Deserialize)]
#[serde(remote = "Digest")]
struct DigestDef([u8; 32]);

#[derive(Serialize, Deserialize)]
#[serde(remote = "WallTime")]
struct WallTimeDef(u64);

#[derive(Serialize, Deserialize)]
#[serde(remote = "Answer", rename_all = "snake_case")]
enum AnswerDef {
    Once,
    Always,
    Deny,
    Words(String),
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Setup")]
struct SetupDef {
    #[serde(with = "kind_word")]
    kind: Kind,
    system_prompt: String,
    agent: String,
    model: String,
    directory: String,
    #[serde(skip)]
    environment: Environment,
    #[serde(with = "PolicyDef")]
    policy: Policy,
    #[serde(default, skip_serializing_if = "are_unset", with = "boxed")]
    settings: Box<Settings>,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Usage")]
struct UsageDef {
    input: u64,
    output: u64,
    /// Nothing from a q that does not tell, as the three below.
    #[serde(default)]
    cached: u64,
    #[serde(default)]
    cache_written: u64,
    #[serde(default)]
    reasoning: u64,
    #[serde(default)]
    guessed: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Import")]
struct ImportDef {
    #[serde(skip, default = "undrawn")]
    id: SessionId,
    typed: Option<String>,
    name: String,
    #[serde(with = "NameOriginDef")]
    origin: NameOrigin,
    #[serde(with = "SetupDef")]
    setup: Setup,
    #[serde(deserialize_with = "few")]
    tags: Vec<String>,
    pinned: bool,
    #[serde(with = "WallTimeDef")]
    created: WallTime,
    #[serde(with = "WallTimeDef")]
    touched: WallTime,
    #[serde(with = "UsageDef")]
    usage: Usage,
    running: bool,
}

/// One thing of a session that comes in, as it is written.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum WireItem {
    Entry(view::WireEntry),
    Waiting {
        #[serde(with = "halves")]
        token: u128,
        text: String,
    },
    Draft(String),
}

/// A kind by its word: one of `q`'s own, or one that the person defined. Nothing is the plain kind.
pub fn kind(word: &str) -> Result<Kind, NameFault> {
    if word.is_empty() {
        return Ok(Kind::default());
    }
    // q's own words first: nobody's kind takes the place of one of those.
    word.parse().or_else(|_| word.parse().map(Kind::Custom))
}

mod kind_word {
    use q_core::Kind;
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(kind: &Kind, to: S) -> Result<S::Ok, S::Error> {
        kind.word().serialize(to)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Kind, D::Error> {
        super::kind(&String::deserialize(from)?).map_err(D::Error::custom)
    }
}

mod entry_or_none {
    use q_core::EntryNo;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[expect(clippy::ref_option, reason = "serde hands the field over so")]
    pub(super) fn serialize<S: Serializer>(entry: &Option<EntryNo>, to: S) -> Result<S::Ok, S::Error> {
        entry.map(|entry| entry.0).serialize(to)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<EntryNo>, D::Error> {
        Ok(Option::deserialize(from)?.map(EntryNo))
    }
}

mod boxed_import {
    use q_core::Import;
    use serde::{Deserializer, Serializer};

    use super::ImportDef;

    #[expect(clippy::borrowed_box, reason = "serde hands the field over so")]
    pub(super) fn serialize<S: Serializer>(import: &Box<Import>, to: S) -> Result<S::Ok, S::Error> {
        ImportDef::serialize(import, to)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Box<Import>, D::Error> {
        ImportDef::deserialize(from).map(Box::new)
    }
}

/// Changes of tags as they are typed.
mod tag_changes {
    use q_core::TagChange;
    use serde::{Deserializer, Serializer};

    use crate::few::few;

    pub(super) fn serialize<S: Serializer>(changes: &[TagChange], to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(changes.iter().map(|change| match change {
            TagChange::Add(tag) => format!("+{tag}"),
            TagChange::Remove(tag) => format!("-{tag}"),
        }))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<TagChange>, D::Error> {
        let words: Vec<String> = few(from)?;
        Ok(words.iter().map(|word| TagChange::typed(word)).collect())
    }
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "NewImage")]
struct NewImageDef {
    name: String,
    #[serde(with = "ImageKindDef")]
    kind: ImageKind,
    width: u32,
    height: u32,
    data: String,
}

/// Images as they come with a prompt.
mod new_images {
    use q_core::NewImage;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use super::NewImageDef;
    use crate::few::few;

    #[derive(Serialize)]
    struct Written<'a>(#[serde(with = "NewImageDef")] &'a NewImage);

    #[derive(Deserialize)]
    struct Read(#[serde(with = "NewImageDef")] NewImage);

    pub(super) fn serialize<S: Serializer>(images: &[NewImage], to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(images.iter().map(Written))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<NewImage>, D::Error> {
        let read: Vec<Read> = few(from)?;
        Ok(read.into_iter().map(|Read(image)| image).collect())
    }
}

mod items {
    use q_core::{Item, Token};
    use serde::{Deserializer, Serializer};

    use super::WireItem;
    use crate::few::few;

    pub(super) fn serialize<S: Serializer>(items: &[Item], to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(items.iter().map(|item| match item.clone() {
            Item::Entry(entry) => WireItem::Entry(entry.into()),
            Item::Waiting { token, text } => WireItem::Waiting { token: token.0, text },
            Item::Draft(text) => WireItem::Draft(text),
        }))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<Item>, D::Error> {
        let written: Vec<WireItem> = few(from)?;
        let item = |written| match written {
            WireItem::Entry(entry) => Item::Entry(entry.into()),
            WireItem::Waiting { token, text } => Item::Waiting { token: Token(token), text },
            WireItem::Draft(text) => Item::Draft(text),
        };
        Ok(written.into_iter().map(item).collect())
    }
}

#[cfg(test)]
mod tests;
