//! What a prompt takes from MCP servers: `/SERVER:PROMPT ARGUMENTS` becomes what that prompt of the server says, `@SERVER:URI` is quoted
//! behind it as files are. Asked from here, by whoever types, when it is sent, and of servers that are accepted.
//!
//! Commands and skills that somebody wrote become what their files say, in the same place (`own_texts`), and resources are quoted behind
//! them as well. A server of that name goes before them, and two slashes send the line as it is.
//!
//! What a server says names nothing: no file is read for it, and no other resource.

use std::cell::LazyCell;
use std::collections::BTreeSet;
use std::path::Path;

use q_mcp::{McpSpec, Pin, PinnedTools};
use q_term::mention::mentions;
use q_term::sanitize::visible_line;
use q_term::{quoted, served, written};

use crate::context::Context;
use crate::environment::ProcessEnvironment;
use crate::mcp_servers::KnownServer;
use crate::{mcp_look, mcp_servers, own_texts};

/// The most resources of one prompt.
const MOST: usize = 8;

/// A prompt as it was typed.
#[derive(Debug)]
pub(crate) enum PromptWords {
    /// It wants nothing of any server.
    Ready(ServedText),
    Served(Box<ServedWords>),
}

/// A prompt whose servers are not asked yet.
#[derive(Debug)]
pub(crate) struct ServedWords {
    environment: ProcessEnvironment,
    pinned: PinnedTools,
    text: ServedText,
    wanted: Vec<Wanted>,
}

#[derive(Debug)]
struct Wanted {
    spec: McpSpec,
    what: WantedWords,
}

#[derive(Debug)]
enum WantedWords {
    Prompt {
        name: String,
        words: String,
    },
    /// As it is written, and its address.
    Resource {
        written: String,
        uri: String,
    },
}

/// A prompt as it goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ServedText {
    pub(crate) text: String,
    /// What of it may name files of the person's: what they wrote themselves, and nothing that a server or a project said.
    pub(crate) named: String,
}

impl ServedText {
    /// As it was typed.
    pub(crate) fn plain(text: &str) -> Self {
        Self { text: text.to_owned(), named: text.to_owned() }
    }
}

/// What a prompt wants of servers, in a session of that agent and directory; of two slashes in front of what would be a server's prompt,
/// or somebody's command, one is left. Says why one of them cannot be asked.
pub(crate) fn wanted(
    context: &Context,
    agent: &str,
    directory: &Path,
    text: &str,
) -> Result<PromptWords, String> {
    let is_asked = |one: &&str| served::prompt(one).is_some() || written::command(one).is_some();
    if let Some(one) = text.strip_prefix('/').filter(is_asked) {
        return Ok(PromptWords::Ready(ServedText::plain(one)));
    }
    let known = LazyCell::new(|| mcp_servers::of_agent(context, agent, directory));
    let prompt = served::prompt(text);
    let is_of = |server: &str| known.iter().any(|(known, _)| known.spec.name == server);
    let is_written = prompt.is_none_or(|prompt| !is_of(prompt.server));
    let written = if is_written { own_texts::prompt(context, directory, text)? } else { None };
    let (prompt, text) = match written {
        // Its words, and those of a file of the person's, name resources as what is typed does.
        Some(written) => (None, written),
        None => (prompt, ServedText::plain(text)),
    };
    let (typed, there) = quoted::split(&text.named);
    let there: BTreeSet<&str> = there.iter().map(|file| file.name).collect();
    let named: BTreeSet<&str> = mentions(typed).map(|mention| mention.name()).collect();
    let resources: Vec<(&str, &str, &str)> = named
        .into_iter()
        .filter(|name| !there.contains(name))
        .filter_map(|name| served::resource(name).map(|(server, uri)| (name, server, uri)))
        .collect();
    if prompt.is_none() && resources.is_empty() {
        return Ok(PromptWords::Ready(text));
    }
    let all = all_wanted(&known, prompt, &resources)?;
    if all.is_empty() {
        return Ok(PromptWords::Ready(text));
    }
    let pinned = PinnedTools { directory: context.place.accepted_servers() };
    let environment = context.environment.clone();
    Ok(PromptWords::Served(Box::new(ServedWords { environment, pinned, text, wanted: all })))
}

/// What is wanted of servers that may be asked, among those that the agent has: a prompt, or else resources.
fn all_wanted(
    known: &[(KnownServer, Result<Option<Pin>, String>)],
    prompt: Option<served::ServedPrompt<'_>>,
    resources: &[(&str, &str, &str)],
) -> Result<Vec<Wanted>, String> {
    let of = |name: &str| known.iter().find(|(server, _)| server.spec.name == name);
    let usable = |name: &str| match of(name) {
        Some((server, pin)) => match server.fault(pin) {
            Some(why) => Err(format!("MCP server {name}: {why}")),
            None => Ok(server.spec.clone()),
        },
        None => Err(format!(
            "there is no MCP server {name} for this agent: `q mcp list` lists them; two slashes in front send it as it is"
        )),
    };
    if let Some(served::ServedPrompt { server, name, words }) = prompt {
        let what = WantedWords::Prompt { name: name.to_owned(), words: words.to_owned() };
        return Ok(vec![Wanted { spec: usable(server)?, what }]);
    }
    let mut all = Vec::new();
    // What names no server may name a file, or nobody.
    for (written, server, uri) in resources.iter().filter(|(_, server, _)| of(server).is_some()) {
        let what = WantedWords::Resource { written: (*written).to_owned(), uri: (*uri).to_owned() };
        all.push(Wanted { spec: usable(server)?, what });
    }
    if all.len() > MOST {
        return Err(format!("more than {MOST} resources of servers are named"));
    }
    Ok(all)
}

impl ServedWords {
    /// Asks the servers, one after the other; or says why one of them does not answer.
    pub(crate) async fn filled(self) -> Result<ServedText, String> {
        let Self { environment, pinned, text, wanted } = self;
        let ServedText { text, named } = text;
        let (text, named) = (text.trim_end().to_owned(), named.trim_end().to_owned());
        let mut filled = ServedText { text, named };
        // Each server is started once, whatever is wanted of it.
        let mut left = wanted.as_slice();
        while let Some(Wanted { spec, .. }) = left.first() {
            let (of_it, rest) = left.split_at(left.partition_point(|one| one.spec.name == spec.name));
            left = rest;
            let asked = mcp_look::asked(&environment, spec, &pinned, async |server| {
                let mut said = Vec::new();
                for one in of_it {
                    said.push(match &one.what {
                        WantedWords::Prompt { name, words } => server.prompt(name, words).await?,
                        WantedWords::Resource { uri, .. } => server.resource(uri).await?,
                    });
                }
                Ok(said)
            });
            let said = asked.await.map_err(|why| {
                let why = format!("MCP server {}: {why}", spec.name);
                visible_line(&why).into_owned()
            })?;
            for (one, said) in of_it.iter().zip(said) {
                match &one.what {
                    WantedWords::Prompt { .. } => filled = ServedText { text: said, named: String::new() },
                    WantedWords::Resource { written, .. } => {
                        let block = quoted::block(written, &said);
                        filled.text += &block;
                        filled.named += &block;
                    }
                }
            }
        }
        Ok(filled)
    }
}
