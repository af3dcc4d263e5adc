//! What slash commands do where lines are read. Which does what is listed in `commands`.

use std::fmt::Write as _;
use std::path::Path;

use q_core::{Command, PromptWay, SessionId, attention};
use q_proto::{Request, Response};
use q_term::Way;
use q_term::advice;
use q_term::command::Action;
use q_term::command::table::{self, Group};
use q_term::command::{
    self, FROM_NEXT_TURN, Resolved, Scene, UserCommand, ends_session, notice, what_follows,
};
use q_term::offers::{OfferList, OfferUse};
use q_term::plain::sessions;
use q_term::quoted;
use q_term::suggest;

use crate::changes::{self, WantedChanges};
use crate::client::{token, unexpected};
use crate::commands::follow_up::FollowUp;
use crate::commands::{next_request, permissions, processes, settings, trust};
use crate::error::CliError;
use crate::help;
use crate::offers;
use crate::out;
use crate::own_texts;
use crate::plain::frontend::{Frontend, notice as notice_line, print_lines};
use crate::shared_commands::unqueue;
use crate::trust_file;

impl Frontend<'_> {
    pub(crate) async fn switch(&mut self, address: Option<&str>) -> Result<(), CliError> {
        let id = self.scene().session(address).map_err(CliError::failed)?;
        self.go_to(id).await
    }

    pub(crate) async fn steer(&mut self, text: String) -> Result<(), CliError> {
        self.scene().running().map_err(CliError::failed)?;
        self.submit(text, PromptWay::Steer).await
    }

    pub(crate) async fn go_back(&mut self) -> Result<(), CliError> {
        match self.before {
            Some(before) => self.go_to(before).await,
            None => Err(CliError::failed("no other session was in focus before")),
        }
    }

    /// Goes to the next session that needs the person.
    pub(crate) async fn attend(&mut self) -> Result<(), CliError> {
        let sessions = self.client.mirror.by_slot();
        let next = attention::next(sessions.iter().map(|session| &session.summary), self.plain.focus());
        if let Some(next) = next {
            return self.go_to(next).await;
        }
        let here = self.plain.focus().and_then(|id| self.client.mirror.get(id));
        let nothing = q_term::words::nothing_needs(here.map(|session| &session.summary));
        Err(CliError::failed(nothing))
    }

    pub(crate) fn print_sessions(&self) -> Result<(), CliError> {
        print_lines(&sessions(&self.client.mirror, self.plain.focus(), q_host::clock::wall()))
    }

    pub(crate) fn print_inbox(&mut self) -> Result<(), CliError> {
        let lines = self.plain.inbox(&self.client.mirror, q_host::clock::wall());
        self.say(&lines)
    }

    pub(crate) fn print_queue(&self) -> Result<(), CliError> {
        let session = self.client.mirror.get(self.here()?);
        let mut lines = session.map(command::queue).unwrap_or_default();
        if lines.is_empty() {
            lines.push("* no prompt waits here".to_owned());
        }
        print_lines(&lines)
    }

    /// Shows what tools changed here, and reverses it where that was said.
    pub(crate) async fn print_changes(&mut self, action: Action, is_wanted: bool) -> Result<(), CliError> {
        let Some(here) = self.client.mirror.get(self.here()?).map(|session| session.summary.clone()) else {
            return Ok(());
        };
        let Some(wanted) = WantedChanges::of(self.context, &here, action) else { return Ok(()) };
        let Some(set) = wanted.read().map_err(CliError::failed)? else {
            return print_lines(&[format!("* {}", wanted.look.nothing())]);
        };
        let command = wanted.look.command(&set);
        if let Some(core) = command.as_ref().filter(|_| is_wanted).and_then(|it| it.of_session(here.id)) {
            self.client.told(core).await?;
            return self.print_updates().map(drop);
        }
        print_lines(&[changes::text(wanted.look, &set)])?;
        match command.and(wanted.look.yes()) {
            Some(does) => {
                print_lines(&[format!("* `/{} yes` {does}", action.row().map_or("", |row| row.word))])
            }
            None => Ok(()),
        }
    }

    pub(crate) fn print_usage(&self) -> Result<(), CliError> {
        let session = self.client.mirror.get(self.here()?);
        let line = session.map(|session| format!("* {}", q_term::spending::usage(&session.summary)));
        print_lines(&line.into_iter().collect::<Vec<_>>())
    }

    pub(crate) fn print_tags_here(&self) -> Result<(), CliError> {
        self.print_tags(self.here()?)
    }

    /// Tells the core what a command asks of it; a session that is not open is looked up first.
    pub(crate) async fn send_to_core(&mut self, command: UserCommand) -> Result<(), CliError> {
        let (name, core) = match self.scene().resolve(&command).map_err(CliError::failed)? {
            Resolved::Command(session, core) => {
                let name = self.client.mirror.get(session).map(|session| session.summary.name.to_string());
                (name.unwrap_or_default(), core)
            }
            Resolved::Answers(answers, said) => {
                for answer in answers {
                    self.command(answer).await?;
                }
                return print_lines(&[format!("* {said}")]);
            }
            Resolved::Turn(session) => {
                let Some(core) = command.of_turn(session, token()?) else { return Ok(()) };
                (String::new(), core)
            }
            // What is printed is printed whole: only what was never told can be meant.
            Resolved::Show(_) | Resolved::ShowAll => return self.print_inbox(),
            Resolved::Lookup(address) => {
                let found = self.client.resolve_first(&address, |session| command.fits(session)).await?;
                let Some(core) = command.of_session(found.id) else { return Ok(()) };
                (found.name.to_string(), core)
            }
        };
        let follow_up = FollowUp::of(&core);
        if follow_up == Some(FollowUp::GoTo) {
            return self.go_to_made(core).await.map(drop);
        }
        let here = core.session().and_then(|id| self.client.mirror.get(id));
        let follows = what_follows(&core, here.map(|session| session.pending.as_slice()).unwrap_or_default());
        let follows = follows.map(|more| format!("; {more}")).unwrap_or_default();
        let answer = self.client.told(core.clone()).await;
        self.print_updates()?;
        let later = if answer? { FROM_NEXT_TURN } else { "" };
        if ends_session(&core) {
            // That it was closed or deleted is printed as it comes; here it goes on elsewhere.
            return self.go_on().await;
        }
        match follow_up {
            Some(FollowUp::Enter(session)) => self.go_to(session).await,
            Some(FollowUp::SayTags(session)) => self.print_tags(session),
            Some(FollowUp::GoTo | FollowUp::Say(_) | FollowUp::Wake(_) | FollowUp::Keep) | None => {
                match notice(&core, &name, Way::Slash) {
                    Some(done) => print_lines(&[format!("* {done}{later}{follows}")]),
                    None => Ok(()),
                }
            }
        }
    }

    pub(super) fn scene(&self) -> Scene<'_> {
        Scene {
            mirror: &self.client.mirror,
            focus: self.plain.focus(),
            inbox: self.plain.shown(),
            line: self.plain.line(),
        }
    }

    pub(super) fn here(&self) -> Result<SessionId, CliError> {
        self.scene().here().map_err(CliError::failed)
    }

    fn print_tags(&self, session: SessionId) -> Result<(), CliError> {
        match self.client.mirror.get(session) {
            Some(session) => {
                print_lines(&[format!("* {}", advice::render(&command::tags(session), Way::Slash))])
            }
            None => Ok(()),
        }
    }

    pub(crate) fn print_settings(&self, only: Option<&str>) -> Result<(), CliError> {
        let Some(session) = self.client.mirror.get(self.here()?) else { return Ok(()) };
        let configured = settings::configured(self.context, &session.summary.agent);
        let shown = q_term::settings::shown(&session.summary, &configured, only);
        print_lines(&[notice_line(&shown)])
    }

    pub(crate) async fn print_models(&mut self) -> Result<(), CliError> {
        let session = self.here()?;
        let answer = self.client.ask(Request::Models { session: session.into() }).await;
        self.print_updates()?;
        let Response::Models(models) = answer? else { return Err(unexpected()) };
        let Some(session) = self.client.mirror.get(session) else { return Ok(()) };
        let mut lines = q_term::settings::models(&session.summary, &models);
        if let Some(first) = lines.first_mut() {
            *first = notice_line(first);
        }
        print_lines(&lines)
    }

    pub(crate) async fn print_offers(&mut self, wanted: &OfferUse) -> Result<(), CliError> {
        let session = self.here()?;
        let offered = offers::ask(&mut self.client, session).await;
        self.print_updates()?;
        let offered = offered?;
        match wanted {
            OfferUse::Complete => Ok(()), // a line is completed by whoever hands it in
            OfferUse::Modes => print_lines(&q_term::offers::modes(&offered)),
            OfferUse::Commands => {
                let written = own_texts::command_lines(self.context, self.directory());
                print_lines(&q_term::offers::commands(&OfferList { written, ..offered }))
            }
            OfferUse::Send { line, .. } if q_term::offers::is_command(&offered, line) => {
                self.submit(line.clone(), PromptWay::Ask).await
            }
            OfferUse::Send { line, otherwise } => {
                let said = own_texts::unknown(self.context, self.directory(), line, otherwise.clone());
                Err(CliError::usage(said))
            }
        }
    }

    pub(crate) async fn skill(&mut self, typed: Option<&str>) -> Result<(), CliError> {
        match typed {
            Some(typed) => self.submit(q_term::written::skill(typed), PromptWay::Ask).await,
            None => print_lines(&own_texts::skill_lines(self.context, self.directory())),
        }
    }

    pub(crate) async fn print_processes(&mut self, stop: Option<u64>) -> Result<(), CliError> {
        let session = self.here()?;
        let told = processes::ask(&mut self.client, session, stop).await;
        self.print_updates()?;
        print_lines(&processes::lines_and_way_out(&told?))
    }

    pub(crate) async fn print_context(&mut self) -> Result<(), CliError> {
        let session = self.here()?;
        let told = next_request::told(&mut self.client, session).await;
        self.print_updates()?;
        let (facts, entries) = told?;
        let Some(session) = self.client.mirror.get(session) else { return Ok(()) };
        print_lines(&next_request::lines(self.context, &session.summary, &facts, &entries))
    }

    pub(crate) async fn print_rules(&mut self) -> Result<(), CliError> {
        let session = self.here()?;
        let answer = self.client.ask(permissions::request(session)).await;
        self.print_updates()?;
        let Response::Facts(facts) = answer? else { return Err(unexpected()) };
        let Some(session) = self.client.mirror.get(session) else { return Ok(()) };
        let mut rules = permissions::of_session(&session.summary, facts.rules);
        rules.extend(permissions::standing(self.context, Some(&session.summary.directory))?);
        let mut lines = vec![notice_line(if rules.is_empty() {
            "no rules: what changes or runs something asks"
        } else {
            "rules; in the shell, q permissions remove ID takes one back:"
        })];
        lines.extend(rules.iter().map(|rule| format!("{}  {}", rule.id(), rule.line())));
        print_lines(&lines)
    }

    /// That the directory of the session in focus is not trusted, where there is something to trust.
    pub(super) fn say_untrusted(&self) -> Result<(), CliError> {
        let Some(session) = self.client.mirror.get(self.here()?) else { return Ok(()) };
        let directory = &session.summary.directory;
        let Some(paths) = trust_file::untrusted(&self.context.place, Path::new(directory)) else {
            return Ok(());
        };
        let paths = q_term::project::untrusted(&paths.all());
        print_lines(&[notice_line(&format!(
            "{paths} not read: the directory is not trusted; /trust does that"
        ))])
    }

    pub(crate) fn trust_here(&self) -> Result<(), CliError> {
        let Some(session) = self.client.mirror.get(self.here()?) else { return Ok(()) };
        let said = trust::trust(self.context, Path::new(&session.summary.directory))?;
        print_lines(&[notice_line(&said)])
    }

    /// Asks the host, and says what changed meanwhile.
    pub(super) async fn command(&mut self, command: Command) -> Result<(), CliError> {
        let answer = self.client.command(command).await;
        self.print_updates()?;
        answer
    }

    /// After the session in focus was closed: to the one before, or the first there is.
    async fn go_on(&mut self) -> Result<(), CliError> {
        if self.plain.focus().is_some() {
            return Ok(());
        }
        let mirror = &self.client.mirror;
        let before = self.before.filter(|&id| mirror.get(id).is_some());
        let next = before.or_else(|| mirror.by_slot().first().map(|session| session.summary.id));
        match next {
            Some(id) => self.go_to(id).await,
            None => Ok(()),
        }
    }

    pub(crate) async fn take_back(&mut self, number: Option<usize>) -> Result<(), CliError> {
        let chosen = self.scene().last_waiting(number);
        let (session, waiting) =
            chosen.map(|(session, waiting)| (session, waiting.clone())).map_err(CliError::failed)?;
        self.command(unqueue(session, waiting.prompt)).await?;
        print_lines(&[format!("* taken back: {}", quoted::folded(&waiting.text))])
    }

    pub(crate) async fn step(&mut self, by: isize) -> Result<(), CliError> {
        let ids: Vec<SessionId> =
            self.client.mirror.by_slot().iter().map(|session| session.summary.id).collect();
        let here = ids.iter().position(|&id| Some(id) == self.plain.focus()).unwrap_or(0);
        let count = ids.len().cast_signed();
        match here
            .cast_signed()
            .saturating_add(by)
            .checked_rem_euclid(count)
            .and_then(|at| ids.get(at.cast_unsigned()))
        {
            Some(&id) => self.go_to(id).await,
            None => Err(CliError::failed("there is no session; type a prompt, or /new")),
        }
    }
}

/// What can be typed, from the one table.
pub(crate) fn print_help(topic: Option<&str>) -> Result<(), CliError> {
    out::text(&help_text(topic)?)
}

fn help_text(topic: Option<&str>) -> Result<String, CliError> {
    if let Some(page) = topic.and_then(help::page) {
        return Ok(page);
    }
    let mut text = String::new();
    for row in table::ROWS {
        let command = row.command();
        // What only moves on a screen means nothing here.
        let is_here = !command.is_empty() && row.group != Group::View;
        if is_here && topic.is_none_or(|topic| row.mentions(topic)) {
            let _infallible = writeln!(text, "{command:<22} {}", row.help);
        }
    }
    if let Some(topic) = topic.filter(|_| text.is_empty()) {
        return Err(CliError::usage(suggest::no_topic(topic, Way::Slash)));
    }
    text.push_str(
        "Anything else is a prompt. A line that begins with // sends a prompt that begins with /.\n",
    );
    Ok(text)
}
