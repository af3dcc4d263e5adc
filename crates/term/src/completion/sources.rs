//! What there is of each kind: q's own from its table and the mirror, and beside it what the client was asked for.

use q_core::settings::NAMES;
use q_core::{Mirror, SessionId};

use crate::archive::Archive;
use crate::command::table::{self, ROWS};
use crate::completion::{CompletionItem, CompletionKind, CompletionList, CompletionSubject};
use crate::kinds::Kinds;
use crate::offers::OfferList;
use crate::words;
use crate::written::WrittenText;

/// What is said of a new session, in a few words.
const NEW_OPTIONS: [(&str, &str); 3] =
    [("--agent", "who answers"), ("--model", "which of its models"), ("--kind", "what it is for")];

/// What was told of what q does not know itself, since something of that kind is being typed.
#[derive(Clone, Debug, Default)]
pub(crate) struct CompletionSources {
    /// Commands and skills that somebody wrote; nothing before they were told.
    pub(crate) written: Option<(Vec<WrittenText>, Vec<WrittenText>)>,
    /// What the session's agent offers.
    pub(crate) offers: OfferList,
    /// The names that begin as it is typed.
    pub(crate) beginning: Vec<FileName>,
    /// As what those begin; nothing before they were told.
    pub(crate) beginning_of: Option<String>,
    /// All files of the session's directory.
    pub(crate) files: Vec<FileName>,
}

/// A file's name, and the same in lower case, as it is compared at each key.
#[derive(Clone, Debug)]
pub(crate) struct FileName {
    pub(crate) name: String,
    pub(crate) lower: String,
}

impl FileName {
    pub(crate) fn new(name: String) -> Self {
        Self { lower: name.to_lowercase(), name }
    }

    /// Behind the name of a file goes on what is said of it; behind that of a directory, what is in it.
    pub(crate) fn item(&self) -> CompletionItem {
        CompletionItem { goes_on: !self.name.ends_with('/'), ..CompletionItem::named(&self.name) }
    }
}

/// What else is looked at.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CompletionScene<'a> {
    pub(crate) mirror: &'a Mirror,
    pub(crate) focus: Option<SessionId>,
    pub(crate) kinds: &'a Kinds,
    pub(crate) archive: &'a Archive,
    /// Those that can be asked from here, and who answers if none is named.
    pub(crate) agents: &'a [String],
    pub(crate) agent: &'a str,
    /// Of the session's agent, as far as they are known.
    pub(crate) models: &'a [String],
}

impl CompletionSources {
    /// Those that fit what is typed in the session in view.
    pub(crate) fn list(&self, subject: CompletionSubject, scene: CompletionScene<'_>) -> CompletionList {
        let all = match subject.kind {
            CompletionKind::Agent => agents(scene),
            CompletionKind::Closed => closed(scene),
            CompletionKind::Command => self.commands(),
            // Those that begin as it is typed, then those that lie anywhere beneath.
            CompletionKind::File => {
                return CompletionList::of_files(scene.focus, subject, &self.beginning, &self.files);
            }
            CompletionKind::Kind => scene.kinds.words().map(CompletionItem::named).collect(),
            CompletionKind::Mode => told(&self.offers.modes),
            CompletionKind::Model => scene.models.iter().map(CompletionItem::named).collect(),
            CompletionKind::NewOption => {
                NEW_OPTIONS.map(|(name, about)| CompletionItem::named(name).about(about).going_on()).to_vec()
            }
            CompletionKind::Session => sessions(scene),
            CompletionKind::Setting => {
                let item = |name: &&str| CompletionItem::named(*name).about(about_setting(name)).going_on();
                NAMES.iter().map(item).collect()
            }
            CompletionKind::Skill => {
                let skills = self.written.iter().flat_map(|(_, skills)| skills);
                skills.filter_map(written).map(CompletionItem::going_on).collect()
            }
            CompletionKind::Tag => tags(scene),
            CompletionKind::Literal(word) => vec![CompletionItem::named(word)],
        };
        CompletionList::new(scene.focus, subject, all)
    }

    /// q's own, then those that somebody wrote, then the agent's: with a second slash where q has one of that name.
    fn commands(&self) -> Vec<CompletionItem> {
        let own = ROWS.iter().filter_map(|row| {
            let (name, also) = row.slash.split_first()?;
            let item = CompletionItem::named(*name).about(row.help);
            Some(CompletionItem {
                also,
                usage: row.arguments.to_owned(),
                goes_on: !row.arguments.is_empty(),
                ..item
            })
        });
        let is_own = |name: &str| table::by_slash(name).is_some();
        let commands = self.written.iter().flat_map(|(commands, _)| commands);
        let commands = commands.filter_map(written).filter(|item| !is_own(&item.name));
        let offered = told(&self.offers.commands).into_iter().map(|item| CompletionItem {
            name: if is_own(&item.name) { format!("/{}", item.name) } else { item.name.clone() },
            ..item
        });
        own.chain(commands).chain(offered).collect()
    }
}

/// One that somebody wrote; nothing of one that cannot be used.
fn written(WrittenText { name, hint, about, fault, path: _ }: &WrittenText) -> Option<CompletionItem> {
    let item = CompletionItem::named(name).about(about);
    fault.is_none().then(|| CompletionItem { usage: hint.clone(), goes_on: !hint.is_empty(), ..item })
}

/// What an agent says of its own.
fn told(offered: &[(String, String)]) -> Vec<CompletionItem> {
    offered.iter().map(|(name, about)| CompletionItem::named(name).about(about)).collect()
}

fn sessions(scene: CompletionScene<'_>) -> Vec<CompletionItem> {
    let all = scene.mirror.by_slot();
    let item = |summary: &q_core::Summary| {
        let said = format!("{} · {}", words::state(summary), words::last_word(summary));
        CompletionItem::named(summary.name.as_str()).about(said.trim_end_matches(" · "))
    };
    all.iter().map(|session| item(&session.summary)).collect()
}

/// Those in the archive, the latest first.
fn closed(scene: CompletionScene<'_>) -> Vec<CompletionItem> {
    let mut all: Vec<&q_core::Summary> = scene.archive.sessions().map(|session| &session.summary).collect();
    all.sort_by_key(|summary| std::cmp::Reverse((summary.touched, summary.id)));
    let item = |summary: &&q_core::Summary| {
        CompletionItem::named(summary.name.as_str()).about(words::last_word(summary))
    };
    all.iter().map(item).collect()
}

fn agents(scene: CompletionScene<'_>) -> Vec<CompletionItem> {
    let usual = scene.agent.split('·').next().unwrap_or_default();
    let about = |name: &str| if name == usual { "answers where none is named" } else { "" };
    scene.agents.iter().map(|name| CompletionItem::named(name).about(about(name)).going_on()).collect()
}

/// What a setting is, in a few words.
fn about_setting(name: &str) -> &'static str {
    match name {
        "model" => "which model answers",
        "temperature" => "how much is left to chance, 0 to 2",
        "max_tokens" => "how long an answer may be",
        "reasoning" => "how much is thought first",
        "mode" => "in which of its modes an agent over ACP works",
        "body" => "members of the request, as JSON",
        "omit" => "members that are left out of the request",
        "first_byte" => "seconds until an answer has to begin",
        "idle_timeout" => "seconds that an answer may pause",
        "budget_tokens" => "how many tokens the session may cost",
        _other => "",
    }
}

/// Those that sessions have and this one could have, and those that it could lose.
fn tags(scene: CompletionScene<'_>) -> Vec<CompletionItem> {
    let own = scene.focus.and_then(|id| scene.mirror.get(id)).map(|here| here.summary.tags.as_slice());
    let own = own.unwrap_or_default();
    let mut others: Vec<&q_core::Tag> =
        scene.mirror.by_slot().iter().flat_map(|session| &session.summary.tags).collect();
    others.retain(|tag| !own.contains(tag));
    others.sort_unstable();
    others.dedup();
    let signed = |sign: char, tag: &q_core::Tag| CompletionItem::named(format!("{sign}{}", tag.as_str()));
    let gains = others.into_iter().map(|tag| signed('+', tag));
    gains.chain(own.iter().map(|tag| signed('-', tag))).map(CompletionItem::going_on).collect()
}
