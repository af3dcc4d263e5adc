//! What the terminal asks for, and what the answers mean here. That a request is unanswered, and which are delivered again,
//! is known by `q-client`.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use q_client::Prompt;
use q_core::{Command, Entry, EntryNo, Mirror, PromptWay, SessionId, SessionInView, Summary};
use q_proto::view::WireSummary;
use q_proto::{ClientMessage, Facts, Request, Response, WireRule};
use q_term::Way;
use q_term::command::{Action, Arguments, UserCommand};
use q_term::command::{FROM_NEXT_TURN, notice, what_follows};
use q_term::offers::OfferUse;
use q_term::rules::ListedRule;
use q_term::{Intent, Ui};

use crate::attach::filling::{Filling, TypedPrompt};
use crate::client::{Attachment, among, next_page, summaries, token};
use crate::commands::follow_up::FollowUp;
use crate::commands::new::SessionRequest;
use crate::commands::{new, next_request, permissions, processes, settings, trust};
use crate::context::Context;
use crate::error::CliError;
use crate::named_files::{Base, FilledPrompt, TypedPrompts};
use crate::served_words::{self, PromptWords, ServedText};
use crate::{offers, own_texts, permissions_file, trust_file};

/// How much of the transcript is asked for when scrolling back, in bytes.
const PAGE_BYTES: u32 = 64 << 10;

/// What is said of a request that the host did not live to answer.
const UNANSWERED: &str = "the host was restarted before it answered; see what came of it, then try again";

/// A client whose answers come while other things go on.
pub(super) type AttachedClient = Attachment<Continuation>;

/// What is asked for, and the session that was looked up last, with its name: it may not be open, so that no mirror has it.
#[derive(Debug, Default)]
pub(super) struct Requests {
    sought: Option<(SessionId, String)>,
    typed: TypedPrompts,
    /// Prompts for which servers are being asked.
    filling: Filling,
    /// The directories of which it is known whether they are trusted, or is asked.
    looked_at: BTreeSet<String>,
}

/// What an answer is waited for to do.
#[derive(Debug)]
pub(super) enum Continuation {
    /// A new session: it will be switched to.
    New,
    /// A prompt, under the key that the terminal has for it.
    Prompt(u64),
    Wake(SessionId),
    Page {
        session: SessionId,
        before: EntryNo,
    },
    /// All sessions, to find one among them.
    Lookup {
        address: String,
        command: Box<UserCommand>,
        so_far: Vec<WireSummary>,
    },
    /// All sessions, page by page, for the list of them; whether it is the first.
    Archive {
        is_first: bool,
    },
    /// A session that is open again: it will be switched to.
    Enter(SessionId),
    Tags(SessionId),
    /// The models of a session's agent, to be shown or only known.
    Models {
        session: SessionId,
        shows: bool,
    },
    /// What a session's agent offers, and for what that is asked.
    Offers(SessionId, OfferUse),
    /// What goes on in a session's background.
    Processes(SessionId),
    /// The rules of a session, to be shown behind those that stand beside them; or why those are not known.
    Rules {
        session: SessionId,
        standing: Result<Vec<ListedRule>, String>,
    },
    /// What the next request of a session would have: what it is beside its entries, and then these.
    Context {
        session: SessionId,
        facts: Option<Box<Facts>>,
    },
    /// A draft of a session. Where it cannot be saved, it stays where it is typed.
    Draft(SessionId),
    /// Anything else about a session: what to say when it is granted.
    About {
        said: Option<String>,
    },
}

impl Continuation {
    /// It will not be done, for this reason.
    pub(super) fn refused(self, ui: &mut Ui, why: String) {
        match self {
            Self::New | Self::Enter(_) => ui.not_opened(why),
            Self::Lookup { command, .. } if command.opens_session() => ui.not_opened(why),
            Self::Prompt(key) => ui.refused(Some(key), why),
            Self::Wake(session) => ui.not_woken(session, why),
            Self::Draft(session) => ui.draft_refused(session, &why),
            // What was only looked for meanwhile nobody misses.
            Self::Offers(_, OfferUse::Complete) | Self::Archive { .. } => {}
            Self::Page { .. } => {
                ui.page_refused();
                ui.refused(None, why);
            }
            Self::Lookup { .. }
            | Self::Tags(_)
            | Self::Models { .. }
            | Self::Processes(_)
            | Self::Offers(..)
            | Self::Rules { .. }
            | Self::Context { .. }
            | Self::About { .. } => {
                ui.refused(None, why);
            }
        }
    }

    /// The host did not live to answer it.
    fn unanswered(self, ui: &mut Ui) {
        // Asked for again when it is in sight. A prompt is delivered again, and never given back.
        let comes_again =
            matches!(self, Self::Page { .. } | Self::Wake(_) | Self::Draft(_) | Self::Prompt(_));
        if !comes_again {
            self.refused(ui, UNANSWERED.to_owned());
        }
    }
}

/// Nothing is done with the answer.
impl Default for Continuation {
    fn default() -> Self {
        Self::About { said: None }
    }
}

impl Requests {
    /// Sends what is wanted. What cannot be sent is refused here, as by a host.
    pub(super) fn send(
        &mut self,
        context: &Context,
        client: &mut AttachedClient,
        ui: &mut Ui,
        intent: Intent,
    ) -> Result<(), CliError> {
        let Some(intent) = Self::without_one_request(context, client, ui, intent) else { return Ok(()) };
        let (continuation, request) = match intent {
            Intent::Make(typed) => {
                let Some(command) = made(context, ui, typed) else { return Ok(()) };
                (Continuation::New, command.into())
            }
            Intent::Prompt { key, session, text, way } => {
                let typed = TypedPrompt { key, session, way };
                match served(context, &client.mirror, session, (&text, way)) {
                    Ok(PromptWords::Served(words)) => self.filling.begin(typed, text, *words),
                    Ok(PromptWords::Ready(text)) => self.submit(context, client, ui, typed, text)?,
                    Err(why) => Continuation::Prompt(key).refused(ui, why),
                }
                return Ok(());
            }
            Intent::Turn { session, command } => {
                let Some(command) = command.of_turn(session, token()?) else { return Ok(()) };
                (Continuation::About { said: None }, command.into())
            }
            Intent::Lookup { address, command } => {
                (Continuation::Lookup { address, command: command.into(), so_far: Vec::new() }, Request::List)
            }
            Intent::Tell(command) => {
                let Some(continuation) = self.continuation(ui, &client.mirror, &command) else {
                    return Ok(());
                };
                (continuation, command.into())
            }
            Intent::Page { session, before } => {
                (Continuation::Page { session, before }, page_before(session, before))
            }
            Intent::Archive => (Continuation::Archive { is_first: true }, Request::List),
            Intent::Models { session, shows } => {
                (Continuation::Models { session, shows }, Request::Models { session: session.into() })
            }
            Intent::Processes { session, stop } => {
                (Continuation::Processes(session), processes::request(session, stop))
            }
            Intent::Context { session } => {
                (Continuation::Context { session, facts: None }, next_request::request(session))
            }
            Intent::Rules { session } => {
                (Self::rules(context, client, session), permissions::request(session))
            }
            Intent::Show { session, at_end, beside } => {
                self.ask_trust(context, client, ui, session);
                client.state.mirror.keep_pages_of(&ui.reads_back());
                return client.notify(&showing(session, at_end, beside));
            }
            Intent::Several(..)
            | Intent::Offers { .. }
            | Intent::Settings { .. }
            | Intent::Trust { .. }
            | Intent::RemoveRule(_)
            | Intent::Complete { .. }
            | Intent::CompleteCommand { .. }
            | Intent::Written { .. }
            | Intent::Skills { .. }
            | Intent::Changes { .. }
            | Intent::Topic(_)
            | Intent::Learned(_)
            | Intent::Copy(_)
            | Intent::Pager { .. }
            | Intent::Detach
            | Intent::Suspend
            | Intent::EditDraft { .. }
            | Intent::Redraw
            | Intent::Bell
            | Intent::Rejoin => return Ok(()), // done above, or the loop's own
        };
        ask(client, ui, continuation, request);
        Ok(())
    }

    /// What the rules of a session are waited for to do: to be shown before those that stand beside it, which are read here.
    fn rules(context: &Context, client: &AttachedClient, session: SessionId) -> Continuation {
        let directory = client.mirror.get(session).map(|here| here.summary.directory.as_str());
        let standing = permissions::standing(context, directory).map_err(|error| error.on_one_line());
        Continuation::Rules { session, standing }
    }

    /// Does what the client does by itself, or with several requests; gives back any other intent.
    fn without_one_request(
        context: &Context,
        client: &mut AttachedClient,
        ui: &mut Ui,
        intent: Intent,
    ) -> Option<Intent> {
        #[expect(clippy::wildcard_enum_match_arm, reason = "each of the others is one request")]
        match intent {
            Intent::Several(answers, said) => {
                let count = answers.len();
                for (place, answer) in answers.into_iter().enumerate() {
                    // Said once, behind the last of them.
                    let said = Some(said.clone()).filter(|_| place + 1 == count);
                    ask(client, ui, Continuation::About { said }, answer.into());
                }
            }
            Intent::Offers { session, wanted } => {
                ask(client, ui, Continuation::Offers(session, wanted), offers::request(session));
            }
            Intent::Settings { session, only } => {
                if let Some(here) = client.mirror.get(session) {
                    let configured = settings::configured(context, &here.summary.agent);
                    ui.notify(q_term::settings::shown(&here.summary, &configured, only.as_deref()));
                }
            }
            Intent::Trust { session } => {
                if let Some(here) = client.mirror.get(session) {
                    match trust::trust(context, Path::new(&here.summary.directory)) {
                        Ok(said) => ui.trusted(session, said),
                        Err(error) => ui.refused(None, error.on_one_line()),
                    }
                }
            }
            Intent::RemoveRule(rule) => match permissions_file::set(&context.place, &rule, false) {
                Ok(_) => ui.notify(format!("removed: {}", ListedRule::standing(rule).line())),
                Err(error) => ui.refused(None, error.on_one_line()),
            },
            other => return Some(other),
        }
        None
    }

    /// Asks whether the directory of the session that is shown is trusted: once in each of these, where there is something to
    /// trust.
    fn ask_trust(
        &mut self,
        context: &Context,
        client: &AttachedClient,
        ui: &mut Ui,
        session: Option<SessionId>,
    ) {
        let Some(here) = session.and_then(|session| client.mirror.get(session)) else { return };
        let directory = &here.summary.directory;
        if self.looked_at.insert(directory.clone())
            && let Some(paths) = trust_file::untrusted(&context.place, Path::new(directory))
        {
            ui.ask_trust(here.summary.id, directory, &paths);
        }
    }

    /// Sends a prompt with the files that it names.
    fn submit(
        &mut self,
        context: &Context,
        client: &mut AttachedClient,
        ui: &mut Ui,
        TypedPrompt { key, session, way }: TypedPrompt,
        text: ServedText,
    ) -> Result<(), CliError> {
        match self.with_files(context, &client.mirror, session, (text, way)) {
            Ok(FilledPrompt { text, images }) => {
                let prompt = Prompt { session, token: token()?, text, images, way };
                client.state.submit(prompt, Continuation::Prompt(key));
                send(client, ui);
            }
            Err(why) => Continuation::Prompt(key).refused(ui, why),
        }
        Ok(())
    }

    /// Waits for a prompt for which servers were asked; for ever where there is none.
    pub(super) async fn filled(&mut self) -> (TypedPrompt, Result<ServedText, String>) {
        self.filling.next().await
    }

    /// Sends such a prompt. What a server said names no files.
    pub(super) fn send_filled(
        &mut self,
        context: &Context,
        client: &mut AttachedClient,
        ui: &mut Ui,
        (typed, filled): (TypedPrompt, Result<ServedText, String>),
    ) -> Result<(), CliError> {
        match filled {
            Ok(text) => self.submit(context, client, ui, typed, text)?,
            Err(why) => Continuation::Prompt(typed.key).refused(ui, why),
        }
        Ok(())
    }

    /// The prompts for which servers are still being asked, as they were typed: they are not sent.
    pub(super) fn unfilled(&self) -> impl Iterator<Item = &str> {
        self.filling.texts()
    }

    /// A prompt with the files that it names, or why it goes back to where it was typed.
    fn with_files(
        &mut self,
        context: &Context,
        mirror: &Mirror,
        session: SessionId,
        (text, way): (ServedText, PromptWay),
    ) -> Result<FilledPrompt, String> {
        if way == PromptWay::Run {
            return Ok(FilledPrompt { text: text.text, images: Vec::new() });
        }
        let there = mirror.get(session).map(|session| Path::new(&session.summary.directory));
        let directory = there.unwrap_or(&context.environment.directory);
        let whole = self.typed.with_files(Base::new(directory, &context.environment), text);
        let sends = context.keys.keymap.press(Action::Submit, false);
        whole.map_err(|fault| format!("{fault} ({sends} again sends it without)"))
    }

    /// After the host died: goes on with its successor, to which the prompts are delivered that it had not answered; those it
    /// had kept are recognised by their token. Other requests are given back: whether they came through is on the screen.
    pub(super) fn go_on(client: &mut AttachedClient, before: AttachedClient, ui: &mut Ui) {
        for continuation in client.state.take_over(before.state) {
            continuation.unanswered(ui);
        }
        client.state.deliver_again();
        send(client, ui);
    }

    /// Tells the host how long a switch took.
    pub(super) fn switched(client: &mut AttachedClient, took: Duration) -> Result<(), CliError> {
        let took_us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        client.notify(&ClientMessage::Switched { took_us })
    }

    pub(super) fn answered(
        &mut self,
        context: &Context,
        ui: &mut Ui,
        client: &mut AttachedClient,
        continuation: Continuation,
        answer: Result<Response, CliError>,
    ) -> Vec<Intent> {
        let mirror = &mut client.state.mirror;
        match (continuation, answer) {
            (Continuation::New, Ok(Response::Created { session, hibernated, ended })) => {
                let intents = ui.created(mirror, session.into());
                hibernated.inspect(|name| ui.made_room(name, ended));
                return intents;
            }
            (Continuation::Prompt(key), Ok(_)) => ui.accepted(key),
            (Continuation::Page { session, before }, Ok(Response::Page(page))) => {
                let entries = page.entries.into_iter().map(Entry::from).collect();
                mirror.prepend(session, before, entries, page.trimmed);
            }
            (Continuation::Lookup { address, command, so_far }, Ok(Response::List(page))) => {
                return self.looked_up(ui, client, (address, command, so_far), page);
            }
            (Continuation::Archive { is_first }, Ok(Response::List(page))) => {
                archived(ui, client, page, is_first);
            }
            (Continuation::Enter(session), Ok(_)) => return ui.created(mirror, session),
            (Continuation::Tags(session), Ok(_)) => {
                mirror.get(session).inspect(|session| ui.notify(q_term::command::tags(session)));
            }
            (Continuation::Models { session, shows }, Ok(Response::Models(models))) => {
                ui.listed(mirror, session, models, shows);
            }
            (Continuation::Offers(session, wanted), Ok(Response::Offers(offered))) => {
                let written = written(context, mirror, session, &wanted);
                return ui.offered(mirror, session, wanted, &offers::list(*offered, written));
            }
            (Continuation::Processes(session), Ok(Response::Processes(all))) => {
                ui.show_processes(session, processes::lines_and_way_out(&all));
            }
            (Continuation::Rules { session, standing }, Ok(Response::Facts(facts))) => {
                if let Some(here) = mirror.get(session) {
                    show_rules(ui, &here.summary, standing, facts.rules);
                }
            }
            (Continuation::Context { session, .. }, Ok(Response::Facts(facts))) => {
                let next = Continuation::Context { session, facts: Some(facts) };
                ask(client, ui, next, next_request::page_request(session));
            }
            (Continuation::Context { session, facts: Some(facts) }, Ok(Response::Page(page))) => {
                if let Some(here) = mirror.get(session) {
                    let entries: Vec<Entry> = page.entries.into_iter().map(Entry::from).collect();
                    let lines = next_request::lines(context, &here.summary, &facts, &entries);
                    ui.show_context(session, lines);
                }
            }
            (Continuation::About { said: Some(said) }, Ok(Response::FromNextTurn)) => {
                ui.notify(format!("{said}{FROM_NEXT_TURN}"));
            }
            (Continuation::About { said: Some(said) }, Ok(_)) => ui.notify(said),
            (
                Continuation::New
                | Continuation::Page { .. }
                | Continuation::Wake(_)
                | Continuation::Lookup { .. }
                | Continuation::Archive { .. }
                | Continuation::Models { .. }
                | Continuation::Processes(_)
                | Continuation::Offers(..)
                | Continuation::Rules { .. }
                | Continuation::Context { .. }
                | Continuation::Draft(_)
                | Continuation::About { said: None },
                Ok(_),
            ) => {}
            (continuation, Err(error)) => continuation.refused(ui, error.on_one_line()),
        }
        Vec::new()
    }

    /// A page of all sessions came: asks for the next one, or goes on with the session that was looked for.
    fn looked_up(
        &mut self,
        ui: &mut Ui,
        client: &mut AttachedClient,
        (address, command, mut so_far): (String, Box<UserCommand>, Vec<WireSummary>),
        page: Vec<WireSummary>,
    ) -> Vec<Intent> {
        let next = next_page(&page);
        so_far.extend(page);
        if let Some(next) = next {
            ask(client, ui, Continuation::Lookup { address, command, so_far }, next);
            return Vec::new();
        }
        let found = summaries(so_far)
            .and_then(|sessions| among(&sessions, &address, |session| command.fits(session)));
        match found {
            Ok(session) => {
                self.sought = Some((session.id, session.name.to_string()));
                return ui.found(&client.state.mirror, &session, &command);
            }
            Err(error) => {
                Continuation::Lookup { address, command, so_far: Vec::new() }
                    .refused(ui, error.on_one_line());
            }
        }
        Vec::new()
    }

    /// What the answer to a command means here; nothing for one that a terminal does not send as it is.
    fn continuation(&self, ui: &Ui, mirror: &Mirror, command: &Command) -> Option<Continuation> {
        Some(match FollowUp::of(command)? {
            FollowUp::GoTo => Continuation::New,
            FollowUp::Wake(session) => Continuation::Wake(session),
            FollowUp::Enter(session) => Continuation::Enter(session),
            FollowUp::SayTags(session) => Continuation::Tags(session),
            FollowUp::Keep => Continuation::Draft(command.session()?),
            FollowUp::Say(session) => {
                let open = mirror.get(session).map(|session| session.summary.name.as_str());
                let sought =
                    self.sought.as_ref().filter(|(id, _)| *id == session).map(|(_, name)| name.as_str());
                let said = open.or(sought).and_then(|name| notice(command, name, Way::Slash));
                let beside = ui.unlisted(mirror, command).unwrap_or_default();
                let waiting = mirror.get(session).map(|session| session.pending.as_slice());
                let follows = what_follows(command, waiting.unwrap_or_default());
                let follows = follows.map(|more| format!("; {more}")).unwrap_or_default();
                Continuation::About { said: said.map(|said| said + &beside + &follows) }
            }
        })
    }
}

/// Hands a page of all sessions over, and asks for the next one while it is wanted. One that cannot be read is left out.
fn archived(ui: &mut Ui, client: &mut AttachedClient, page: Vec<WireSummary>, is_first: bool) {
    let next = next_page(&page);
    let lines = page.into_iter().filter_map(|line| summaries(vec![line]).ok()).flatten().collect();
    if let (true, Some(next)) = (ui.archived(&client.state.mirror, lines, is_first), next) {
        ask(client, ui, Continuation::Archive { is_first: false }, next);
    }
}

/// What makes the session that was asked for; nothing where it cannot be made, which is said.
fn made(context: &Context, ui: &mut Ui, typed: Arguments) -> Option<Command> {
    let command = new::command(context, SessionRequest::typed(context, typed));
    command.map_err(|error| Continuation::New.refused(ui, error.on_one_line())).ok()
}

/// What the host is told of what is in sight.
fn showing(session: Option<SessionId>, at_end: bool, beside: Vec<SessionInView>) -> ClientMessage {
    let beside = beside.into_iter().map(|other| (other.session.into(), other.at_end)).collect();
    ClientMessage::Showing { session: session.map(Into::into), at_end, beside }
}

/// The entries before that one.
fn page_before(session: SessionId, before: EntryNo) -> Request {
    Request::Page { session: session.into(), before: Some(before.0), bytes: PAGE_BYTES }
}

/// What a prompt wants of servers, or as it is sent without.
fn served(
    context: &Context,
    mirror: &Mirror,
    session: SessionId,
    (text, way): (&str, PromptWay),
) -> Result<PromptWords, String> {
    let here = mirror.get(session).map(|here| &here.summary);
    // What the shell gets is asked of no server.
    match here.filter(|_| way != PromptWay::Run) {
        Some(here) => served_words::wanted(context, &here.agent, Path::new(&here.directory), text),
        None => Ok(PromptWords::Ready(ServedText::plain(text))),
    }
}

/// What is listed of commands that somebody wrote, where commands are listed.
fn written(context: &Context, mirror: &Mirror, session: SessionId, wanted: &OfferUse) -> Vec<String> {
    let here = mirror.get(session).filter(|_| *wanted == OfferUse::Commands);
    here.map(|here| own_texts::command_lines(context, Path::new(&here.summary.directory))).unwrap_or_default()
}

/// Shows a session's own rules, and behind them those that stand beside it, or why they are not known.
fn show_rules(ui: &mut Ui, session: &Summary, standing: Result<Vec<ListedRule>, String>, own: Vec<WireRule>) {
    let (standing, fault) = match standing {
        Ok(standing) => (standing, None),
        Err(why) => (Vec::new(), Some(why)),
    };
    let own = permissions::of_session(session, own);
    ui.show_rules(session.id, [own, standing].concat(), fault);
}

fn ask(client: &mut AttachedClient, ui: &mut Ui, continuation: Continuation, request: Request) {
    client.state.request(request, continuation);
    send(client, ui);
}

/// What cannot be sent is refused here, as by a host.
fn send(client: &mut AttachedClient, ui: &mut Ui) {
    for (continuation, error) in client.send() {
        continuation.refused(ui, error.on_one_line());
    }
}
