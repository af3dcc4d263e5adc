//! `q context`: what the next request of a session would have: each part, why it is there, how large it is, and what stays
//! behind. Made of the session's entries and of what this client would bring: another client may have another configuration.

use std::path::Path;
use std::process::ExitCode;

use q_core::conversation::{self, Message, Part};
use q_core::{Body, Entry, Policy, ProjectFile, SessionId, Summary, WindowUse};
use q_proto::message::Reach;
use q_proto::{Facts, Request, Response};
use q_term::sanitize::visible_line;
use q_term::words;
use q_tools::{SKILLS, ToolDefinition};
use serde::Serialize;

use crate::args::ContextArgs;
use crate::client::{Client, unexpected};
use crate::context::Context;
use crate::error::CliError;
use crate::places::own_directory;
use crate::{json, mcp_servers, out, trust_file};

/// How much of a history is sent at most, in bytes, as a host has it.
const HISTORY_BYTES: u32 = 400 << 10;
/// What a token is taken to be where no server ever counted, and how far one that did is believed.
const TOKEN_BYTES: u64 = 4;
const LEAST_TOKEN_BYTES: u64 = 2;
const MOST_TOKEN_BYTES: u64 = 8;

/// One part of it.
#[derive(Debug, Serialize)]
struct RequestPart {
    part: String,
    /// How many there are of it.
    count: u64,
    bytes: u64,
    /// Guessed by the bytes.
    tokens: u64,
    why: String,
    /// Whether it goes along.
    sent: bool,
}

/// What `q context --json` prints; docs/json.md promises it.
#[derive(Debug, Serialize)]
struct NextRequestJson {
    parts: Vec<RequestPart>,
    /// Of all that goes along.
    bytes: u64,
    tokens: u64,
    /// What the conversation took last, and whether a server counted that.
    last: Option<CountedJson>,
    /// What the model takes at once; 0 where nobody says.
    window: u64,
}

#[derive(Debug, Serialize)]
struct CountedJson {
    tokens: u64,
    counted: bool,
}

/// Puts a request together, part by part.
struct Parts {
    all: Vec<RequestPart>,
    window: Option<WindowUse>,
}

impl Parts {
    fn tokens(&self, bytes: u64) -> u64 {
        let (bytes_then, tokens) = self.window.map_or((0, 0), |window| (window.bytes, window.tokens));
        let each = bytes_then.checked_div(tokens).filter(|each| *each > 0).unwrap_or(TOKEN_BYTES);
        bytes.div_ceil(each.clamp(LEAST_TOKEN_BYTES, MOST_TOKEN_BYTES))
    }

    fn add(&mut self, part: impl Into<String>, (count, bytes): (u64, u64), why: &str, sent: bool) {
        if count > 0 {
            let (part, why, tokens) = (part.into(), why.to_owned(), self.tokens(bytes));
            self.all.push(RequestPart { part, count, bytes, tokens, why, sent });
        }
    }

    /// The system prompt, files of the project, and tools.
    fn before_conversation(&mut self, context: &Context, session: &Summary, facts: &Facts) {
        let (prompt, why) = match facts.system_prompt.as_str() {
            "" => (session.kind.system_prompt(), "of its kind"),
            own => (own, "as it was made"),
        };
        self.add("system prompt", (u64::from(!prompt.is_empty()), prompt.len() as u64), why, true);
        let agent = context.agents.agents.iter().find(|agent| agent.name == session.agent);
        let Some(Reach::Http { shaping, .. }) = agent.map(|agent| &agent.reach) else { return };
        let mut has_skills = false;
        if shaping.no_project_files {
            self.add("project files", (1, 0), "project_files = false", false);
        } else {
            let room = shaping.window.map_or(u64::MAX, |tokens| tokens.saturating_mul(3));
            let most = usize::try_from(room).unwrap_or(usize::MAX);
            let directory = Path::new(&session.directory);
            let reader =
                trust_file::reader(&context.place, own_directory(&context.environment).unwrap_or_default());
            let read = (reader.read)(&reader, directory, most, shaping.tools.is_some());
            let is_text = |file: &ProjectFile| !file.path.ends_with(SKILLS);
            for file in read.files.all.into_iter().filter(is_text) {
                let why = match (read.files.withheld, file.bytes, file.left_out) {
                    (true, ..) => "its directory is not trusted: `q trust`".to_owned(),
                    (false, 0, left_out) => {
                        format!("no text, a link, or no room for {}", words::size(left_out))
                    }
                    (false, _, 0) => "of a trusted directory".to_owned(),
                    (false, _, left_out) => {
                        format!("of a trusted directory; {} left out", words::size(left_out))
                    }
                };
                self.add(visible_line(&file.path), (1, file.bytes), &why, file.bytes > 0);
            }
            let (count, bytes, left_out) = read.listed.size();
            let why = "their names and what they are for: `/skills`";
            self.add("skills", (count, bytes), why, true);
            self.add("more skills", (left_out, 0), "more than are listed", false);
            has_skills = count > 0;
        }
        if shaping.tools.is_some() {
            self.tools(context, session, has_skills);
        }
    }

    /// What its model may call, q's own tools and those of servers, as its policy has it.
    fn tools(&mut self, context: &Context, session: &Summary, has_skills: bool) {
        let of = |sizes: &mut dyn Iterator<Item = usize>| {
            sizes.fold((0, 0), |(count, bytes), size| (count + 1, bytes + size as u64))
        };
        let is_denied = session.policy == Policy::Deny;
        let is_offered =
            |tool: &&ToolDefinition| (tool.reads || !is_denied) && (has_skills || tool.name != "skill");
        let own = q_tools::TOOLS.iter().filter(is_offered);
        let own = of(&mut own.map(|tool| tool.name.len() + tool.about.len() + tool.schema.len()));
        let why = if is_denied { "those that only look: its policy denies" } else { "tools = true; at most" };
        self.add("tools", own, why, true);
        let servers = mcp_servers::of_agent(context, &session.agent, Path::new(&session.directory));
        for (server, pin) in servers {
            let name = &server.spec.name;
            let fault = server.fault(&pin).or_else(|| is_denied.then(|| "its policy denies".to_owned()));
            let tools = pin.ok().flatten().map(|pin| pin.tools).unwrap_or_default();
            let sizes = tools
                .iter()
                .map(|tool| tool.offered_as(name).len() + tool.description.len() + tool.schema.len());
            let sizes = of(&mut { sizes });
            match fault {
                Some(why) => self.add(format!("MCP server {name}"), (1, sizes.1), &why, false),
                None => self.add(format!("tools of {name}"), sizes, "of an MCP server, as accepted", true),
            }
        }
    }

    fn conversation(&mut self, entries: &[Entry]) {
        let messages = conversation::messages(entries);
        let parts =
            || messages.iter().flat_map(|message| message.parts.iter().map(|part| (message.role, part)));
        let of = |fits: fn(conversation::Role, &Part) -> bool| {
            let fitting = parts().filter(|(role, part)| fits(*role, part));
            fitting.fold((0, 0), |(count, bytes), (role, part)| {
                let alone = Message { role, parts: vec![part.clone()] };
                (count + 1, bytes + conversation::bytes(&[alone]))
            })
        };
        let said = "of the conversation";
        self.add("prompts", of(|role, part| is_text(part) && role == conversation::Role::User), said, true);
        self.add("images", of(|_, part| matches!(part, Part::Image { .. })), "beside their prompts", true);
        self.add(
            "answers",
            of(|role, part| is_text(part) && role == conversation::Role::Assistant),
            said,
            true,
        );
        self.add("calls", of(|_, part| matches!(part, Part::Call { .. })), said, true);
        self.add("results", of(|_, part| matches!(part, Part::Result { .. })), said, true);
    }

    /// What the transcript has and no request does.
    fn left_out(&mut self, session: &Summary, entries: &[Entry]) {
        let of = |fits: fn(&Body) -> bool| {
            let fitting = entries.iter().filter(|entry| fits(&entry.body));
            fitting.fold((0, 0), |(count, bytes), entry| (count + 1, bytes + entry.body.readable() as u64))
        };
        self.add("thoughts", of(|body| matches!(body, Body::Thinking(_))), "never sent as words", false);
        self.add("output", of(|body| matches!(body, Body::Output(_))), "the results say it", false);
        let own = |body: &Body| matches!(body, Body::Plan(_) | Body::Sources(_));
        self.add("plans and sources", of(own), "for you", false);
        let older = session.sent.map_or(0, |sent| sent.left_out);
        self.add("older entries", (older, 0), "more than 400 KB are not sent: `/compact`", false);
    }
}

const fn is_text(part: &Part) -> bool {
    matches!(part, Part::Text(_) | Part::GoOn)
}

/// What is asked of a host for it, first and then.
pub(crate) fn request(session: SessionId) -> Request {
    Request::Facts { session: session.into() }
}

pub(crate) fn page_request(session: SessionId) -> Request {
    Request::Page { session: session.into(), before: None, bytes: HISTORY_BYTES }
}

fn next_request(context: &Context, session: &Summary, facts: &Facts, entries: &[Entry]) -> NextRequestJson {
    let mut parts = Parts { all: Vec::new(), window: session.window };
    parts.before_conversation(context, session, facts);
    parts.conversation(entries);
    parts.left_out(session, entries);
    let bytes = parts.all.iter().filter(|part| part.sent).map(|part| part.bytes).sum();
    NextRequestJson {
        bytes,
        tokens: parts.tokens(bytes),
        last: session.window.map(|last| CountedJson { tokens: last.tokens, counted: last.is_counted }),
        window: session.window.map_or(0, |last| last.of),
        parts: parts.all,
    }
}

/// The same in lines.
pub(crate) fn lines(context: &Context, session: &Summary, facts: &Facts, entries: &[Entry]) -> Vec<String> {
    let next = next_request(context, session, facts, entries);
    let line = |part: &RequestPart| {
        let count = if part.count == 1 { String::new() } else { format!(" ({})", part.count) };
        let name = format!("{}{count}", part.part);
        let (size, tokens) = (words::size(part.bytes), words::tokens(part.tokens));
        format!("{name:<24} {size:>9}  ~{tokens:<5} {}", part.why)
    };
    let mut lines = vec!["The next request would have:".to_owned()];
    lines.extend(next.parts.iter().filter(|part| part.sent).map(line));
    let of = if next.window > 0 { format!(" of {}", words::tokens(next.window)) } else { String::new() };
    lines.push(format!(
        "{:<24} {:>9}  ~{}{of} tokens",
        "in all",
        words::size(next.bytes),
        words::tokens(next.tokens)
    ));
    if let Some(last) = &next.last {
        let how = if last.counted { "as its server counted" } else { "guessed by the bytes" };
        lines.push(format!("The last one took {} tokens, {how}.", words::tokens(last.tokens)));
    }
    if next.parts.iter().any(|part| !part.sent) {
        lines.push("And it would not have:".to_owned());
        lines.extend(next.parts.iter().filter(|part| !part.sent).map(line));
    }
    lines
}

/// Both answers of a host, the one after the other.
pub(crate) async fn told(client: &mut Client, session: SessionId) -> Result<(Facts, Vec<Entry>), CliError> {
    let Response::Facts(facts) = client.ask(request(session)).await? else { return Err(unexpected()) };
    let Response::Page(page) = client.ask(page_request(session)).await? else { return Err(unexpected()) };
    Ok((*facts, page.entries.into_iter().map(Entry::from).collect()))
}

pub(crate) async fn run(context: &Context, args: ContextArgs) -> Result<ExitCode, CliError> {
    let mut client = Client::attach(context, false).await?;
    let session = client.resolve(&args.session).await?;
    let (facts, entries) = told(&mut client, session.id).await?;
    if args.json {
        json::print(&next_request(context, &session, &facts, &entries))?;
    } else {
        lines(context, &session, &facts, &entries).iter().try_for_each(|line| out::line(line))?;
    }
    Ok(ExitCode::SUCCESS)
}
