//! `q chat`: one turn. The answer goes to standard output as it comes, all else to standard error.
//!
//! Without a session named, the turn has one of its own, which is archived when the answer is complete: asking from
//! scripts fills no place. One that failed or was interrupted stays open, for a retry.

use std::path::Path;
use std::process::ExitCode;

use q_client::News;
use q_core::mirror::Mirrored;
use q_core::{
    Activity, Body, BudgetUse, Command, DENIED_UNASKED, Entry, EntryNo, FailureKind, Fault, Outcome,
    PendingCall, Retrying, SessionId, Sources, Stop,
};
use q_proto::ClientMessage;
use q_term::sanitize::exact_line;
use q_term::{Way, advice, sources, spending, words};
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::args::ChatArgs;
use crate::client::Client;
use crate::commands::inbox::note_waiting;
use crate::commands::new;
use crate::commands::new::SessionRequest;
use crate::commands::yes_to::YesTo;
use crate::context::Context;
use crate::error::{CliError, ErrorKind};
use crate::input::PromptInput;
use crate::json::{self, ChatJson, SessionJson, SourceJson};
use crate::shared_commands::interrupt;
use crate::{mcp_servers, out};

/// Between texts of one turn that calls of tools stand between.
const BETWEEN: &str = "\n\n";

/// One that reads JSON gets it whatever comes, a refusal too.
pub(crate) async fn run(context: Result<Context, CliError>, args: ChatArgs) -> Result<ExitCode, CliError> {
    let as_json = args.json;
    let asked = match context {
        Ok(context) => ask(&context, args).await,
        Err(refused) => Err(refused),
    };
    if let Some(refused) = asked.as_ref().err().filter(|_| as_json) {
        json::print(&ChatJson::refused(refused.on_one_line()))?;
    }
    asked
}

async fn ask(context: &Context, args: ChatArgs) -> Result<ExitCode, CliError> {
    let yes_to = YesTo::of(args.yes_to)?;
    let said = PromptInput::read(&args.prompt, &context.environment)?;
    let files =
        |said: PromptInput, directory: &str| said.with_files(args.no_files, directory, &context.environment);
    let mut interrupts = signal(SignalKind::interrupt())
        .map_err(|error| CliError::failed(format!("signals cannot be heard: {error}")))?;
    let is_passing = args.session.is_none() && args.new.is_none();
    let mut client = Client::attach(context, true).await?;
    let (session, said) = if let Some(address) = &args.session {
        let session = client.resolve(address).await?;
        context.agents.note_who_answers(&session);
        mcp_servers::note_faults(context, &session.agent, Path::new(&session.directory));
        (session.id, files(said, &session.directory)?)
    } else {
        let directory = context.environment.directory.to_string_lossy().into_owned();
        // Before anything is made: a prompt that cannot be sent leaves no session behind.
        let said = files(said, &directory)?;
        let agent = args.agent.as_deref().unwrap_or(&context.agents.default);
        mcp_servers::note_faults(context, agent, Path::new(&directory));
        let wanted = SessionRequest {
            name: args.new,
            agent: args.agent,
            model: args.model,
            directory,
            ..SessionRequest::default()
        };
        // Which other session sleeps for it is no news for whoever asks one thing.
        (client.create(new::command(context, wanted)?).await?.id, said)
    };
    // What is printed is read. Said before the prompt, so that no answer counts as unread in between.
    client.notify(&ClientMessage::Showing {
        session: Some(session.into()),
        at_end: true,
        beside: Vec::new(),
    })?;
    let last_entry =
        client.mirror.get(session).and_then(|session| session.entries.back()).map(|last| last.no);
    let prompt = match client.submit(session, said).await {
        Err(refused) if is_passing => {
            archive(&mut client, session).await?;
            return Err(refused);
        }
        submitted => submitted?,
    };
    let mut turn = ChatTurn {
        session,
        prompt,
        began: None,
        printed: (0, 0),
        echo: !args.json,
        told: None,
        told_calls: Vec::new(),
        is_typed_at: context.environment.input_is_terminal && !args.json,
        told_through: last_entry,
        yes_to,
    };
    turn.follow(&mut client, &mut interrupts).await?;
    let verdict = turn.conclude(&client, args.json)?;
    if is_passing && turn.ended_well(&client) {
        archive(&mut client, session).await?;
    }
    Ok(verdict)
}

async fn archive(client: &mut Client, session: SessionId) -> Result<(), CliError> {
    client.command(Command::Close { session, even_if_working: false }).await
}

/// The turn that answers our prompt.
struct ChatTurn {
    session: SessionId,
    prompt: u64,
    /// Our prompt's entry, once the turn began: other prompts may have been before it in the queue.
    began: Option<EntryNo>,
    /// How many texts were printed whole, and how many bytes of the one after them.
    printed: (usize, usize),
    echo: bool,
    /// The wait for another ask that was told last.
    told: Option<Retrying>,
    /// What waits for the person and was said to wait.
    told_calls: Vec<PendingCall>,
    /// Whether somebody may type here, which answers nothing.
    is_typed_at: bool,
    /// Behind which entry it is not told yet that the conversation was compacted, or a call denied unasked.
    told_through: Option<EntryNo>,
    /// What is allowed in it without the person.
    yes_to: YesTo,
}

impl ChatTurn {
    async fn follow(&mut self, client: &mut Client, interrupts: &mut Signal) -> Result<(), CliError> {
        loop {
            self.note_beginning(client);
            self.tell_wait(client);
            self.tell_entries(client);
            if self.echo {
                self.print_new(client)?;
            }
            let is_over = self.is_over(client);
            // Of our turn alone: what another prompt led to was asked by somebody else.
            if !is_over && self.began.is_some() {
                self.yes_to.answer(client, self.session)?;
            }
            self.note_waiting(client);
            if is_over {
                return Ok(());
            }
            let news = tokio::select! {
                news = client.next() => news?,
                _ = interrupts.recv() => {
                    client.request(interrupt(self.session).into())?;
                    continue;
                }
            };
            match news {
                News::Going { why, .. } => return Err(CliError::failed(why)),
                News::Changed | News::Whole | News::Answered { .. } | News::Unasked { .. } => {}
            }
        }
    }

    fn note_beginning(&mut self, client: &Client) {
        let Some(session) = client.mirror.get(self.session) else { return };
        if self.began.is_none() && !session.queue.iter().any(|waiting| waiting.prompt.0 == self.prompt) {
            let last_prompt =
                session.entries.iter().rev().find(|entry| matches!(entry.body, Body::Prompt(_)));
            self.began = last_prompt.map(|entry| entry.no);
        }
    }

    /// Says once of each call that it waits, and how it is answered: from here nobody can.
    fn note_waiting(&mut self, client: &Client) {
        let Some(session) = client.mirror.get(self.session) else { return };
        let mut tells = false;
        for pending in session
            .pending
            .iter()
            .filter(|pending| !self.told_calls.contains(pending) && !self.yes_to.has(pending))
        {
            note_waiting(&session.summary, pending);
            tells = true;
        }
        if tells && self.is_typed_at {
            out::note("q: in another terminal: what is typed here answers nothing");
        }
        self.told_calls.clone_from(&session.pending);
    }

    /// Says once that the agent waits to ask again: nothing else would be seen of it.
    fn tell_wait(&mut self, client: &Client) {
        let waits = client.mirror.get(self.session).and_then(|session| session.summary.retrying.clone());
        if let Some(waits) = waits.filter(|waits| self.began.is_some() && self.told.as_ref() != Some(waits)) {
            out::note(&format!("q: {}", words::retrying(&waits)));
            self.told = Some(waits);
        }
    }

    /// Says once what became of a compaction that came before our turn by itself, and which calls were denied unasked.
    fn tell_entries(&mut self, client: &Client) {
        let Some(session) = client.mirror.get(self.session) else { return };
        let told = self.told_through;
        for entry in session.entries.iter().filter(|entry| Some(entry.no) > told) {
            if let Body::Compaction(compaction) = &entry.body {
                let said = words::compaction(compaction, Way::Shell);
                let said = said.replace("q compact SESSION", &format!("q compact {}", session.summary.name));
                out::note(&format!("q: {}", said.trim_end_matches(':')));
            }
            if let Body::Result(result) = &entry.body
                && result.outcome == Outcome::Denied
                && DENIED_UNASKED.contains(&result.text.as_str())
            {
                let call = session.entries.iter().find(|entry| entry.no == result.of);
                let tool = call
                    .and_then(|call| if let Body::Call(call) = &call.body { Some(&call.tool) } else { None });
                let tool = tool.map(|tool| exact_line(tool)).unwrap_or_default();
                out::note(&format!("q: a call of {tool} did not run: {}", result.text));
            }
            self.told_through = Some(entry.no);
        }
    }

    /// Over when another turn follows ours, or nothing runs any more. That a turn stopped is an entry before the session's line
    /// says so, and what is printed is both.
    fn is_over(&self, client: &Client) -> bool {
        let Some(session) = client.mirror.get(self.session) else { return true };
        let Some(began) = self.began else { return !session.summary.activity.is_busy() };
        let mut later = session.entries.iter().filter(|entry| entry.no > began);
        !session.summary.activity.is_busy() || later.any(|entry| entry.body.begins_turn())
    }

    /// What came of our turn.
    fn entries<'a>(&self, client: &'a Client) -> impl Iterator<Item = &'a Entry> {
        let ours = |(began, session): (EntryNo, &'a Mirrored)| {
            let after = session.entries.iter().filter(move |entry| entry.no > began);
            after.take_while(|entry| !entry.body.begins_turn())
        };
        self.began.zip(client.mirror.get(self.session)).into_iter().flat_map(ours)
    }

    /// What was said in our turn, each text with what stands between it and the one before: nothing where the model only thought
    /// there, since it may have been in the middle of a word.
    fn answers<'a>(&self, client: &'a Client) -> Vec<(&'static str, &'a str)> {
        let (mut texts, mut between) = (Vec::new(), "");
        for entry in self.entries(client) {
            if let Body::Answer(text) = &entry.body {
                texts.push((between, text.as_str()));
                between = "";
            } else if matches!(entry.body, Body::Call(_)) && !texts.is_empty() {
                between = BETWEEN;
            }
        }
        texts
    }

    /// What the answers of our turn rest on.
    fn sources<'a>(&self, client: &'a Client) -> Vec<(EntryNo, &'a Sources)> {
        let sources = |entry: &'a Entry| {
            if let Body::Sources(sources) = &entry.body { Some((entry.no, sources)) } else { None }
        };
        self.entries(client).filter_map(sources).collect()
    }

    /// How many parts of the answers of our turn came and could not be read.
    fn torn(&self, client: &Client) -> u64 {
        let (Some(began), Some(session)) = (self.began, client.mirror.get(self.session)) else { return 0 };
        let after = session.entries.iter().filter(|entry| entry.no > began);
        after
            .take_while(|entry| !matches!(entry.body, Body::Prompt(_) | Body::Continued))
            .map(|entry| if let Body::Repair(Fault::AnswerTorn { parts }) = entry.body { parts } else { 0 })
            .fold(0, u64::saturating_add)
    }

    fn stop<'a>(&self, client: &'a Client) -> Option<&'a Stop> {
        let (began, session) = (self.began?, client.mirror.get(self.session)?);
        let mut after = session.entries.iter().filter(|entry| entry.no > began);
        after.find_map(|entry| if let Body::Stop(stop) = &entry.body { Some(stop) } else { None })
    }

    fn ended_well(&self, client: &Client) -> bool {
        self.began.is_some() && self.stop(client).is_none()
    }

    fn print_new(&mut self, client: &Client) -> Result<(), CliError> {
        let answers = self.answers(client);
        for (place, (between, answer)) in answers.iter().enumerate().skip(self.printed.0) {
            if place > self.printed.0 {
                out::text(between)?;
                self.printed = (place, 0);
            }
            let fresh = answer.get(self.printed.1..).unwrap_or("");
            self.printed.1 = answer.len();
            if !fresh.is_empty() {
                out::text(fresh)?;
            }
        }
        Ok(())
    }

    fn conclude(&self, client: &Client, as_json: bool) -> Result<ExitCode, CliError> {
        let Some(session) = client.mirror.get(self.session) else {
            return Err(CliError::failed("the session was closed meanwhile"));
        };
        let answer: String =
            self.answers(client).into_iter().flat_map(|(between, text)| [between, text]).collect();
        let budget = session.summary.budget;
        // What waits behind a turn that did not end well waits for the person, whatever may be spent.
        let is_idle = session.summary.activity == Activity::Idle;
        let waits_for_budget = is_idle && budget.is_some_and(BudgetUse::is_spent);
        let torn = Some(self.torn(client)).filter(|parts| *parts > 0);
        let warning = budget.and_then(spending::budget_warning);
        let (outcome, failure, code) = match self.stop(client) {
            None if self.began.is_some() => ("done", None, 0),
            None if waits_for_budget => ("waiting", None, ErrorKind::Limit.exit_code()),
            None => ("waiting", None, ErrorKind::Failed.exit_code()),
            Some(Stop::Interrupted(_)) => ("interrupted", None, ErrorKind::Interrupted.exit_code()),
            Some(Stop::Failed(failure)) => (
                "failed",
                Some(words::failed_in(session.summary.name.as_str(), failure)),
                if failure.kind == FailureKind::BudgetSpent { ErrorKind::Limit } else { ErrorKind::Failed }
                    .exit_code(),
            ),
        };
        if as_json {
            let session = SessionJson::from(&session.summary);
            let sources = self.sources(client).into_iter().flat_map(|(_, sources)| &sources.all);
            let sources = sources.map(SourceJson::from).collect();
            let (session, prompt) = (Some(session), Some(self.prompt));
            json::print(&ChatJson { session, prompt, answer, sources, torn, outcome, failure })?;
            return Ok(ExitCode::from(code));
        }
        if !answer.is_empty() && !answer.ends_with('\n') {
            out::text("\n")?;
        }
        for (no, told) in self.sources(client) {
            let listed = sources::listed(no, told, session.summary.name.as_str(), Way::Shell);
            out::note(&format!("q: from {}", words::hanging(&listed)));
        }
        if let Some(parts) = torn {
            out::note(&format!("q: {}", words::torn(parts)));
        }
        let kept = if answer.is_empty() { "" } else { "; the text so far is kept" };
        match failure {
            Some(failure) => out::note(&format!("q: {failure}{kept}")),
            None if outcome == "waiting" && waits_for_budget => {
                out::note("q: the prompt waits for the budget");
            }
            None if outcome == "waiting" => out::note(&format!(
                "q: the turn before it did not end well, so the prompt waits; `q retry {}` goes on",
                session.summary.name
            )),
            None if outcome == "interrupted" => out::note(&format!("q: interrupted{kept}")),
            None => {}
        }
        if let Some(warning) = warning {
            out::note(&format!("q: {}", advice::render(&warning, Way::Shell)));
        }
        Ok(ExitCode::from(code))
    }
}
