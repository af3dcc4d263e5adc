//! The attached terminal: one loop over keys, the host's news, ticks and signals. It carries and draws; what keys mean
//! is the terminal crate's, what wishes do is the core's.

mod attached;
mod changes;
mod clipboard;
mod draft_editor;
mod filling;
mod finding_files;
pub(crate) mod job;
mod lending;
mod reading_changes;
mod reconnect;
mod requests;
mod screen;
pub(crate) mod signals;

use std::process::ExitCode;
use std::time::Duration;

use futures_util::FutureExt;
use q_client::{Backoff, News};
use q_core::address;
use q_core::{Instant, Mirror};
use q_host::clock::Clock;
use q_term::guard::Taking;
use q_term::theme::{ScreenTheme, Theme};
use q_term::{Face, Options, TerminalEvent, Ui};
use tokio::time::sleep;

use crate::commands::{new, quota};
use crate::context::Context;
use crate::environment::NO_MOTION;
use crate::error::{CliError, ErrorKind};
use crate::keyboard::Keyboard;
use crate::learned_file;
use crate::out;
use crate::successor;
use crate::taken_terminal::TakenTerminal;
use crate::terminals::Terminals;
use attached::{Attached, Leaving};
use finding_files::{FindingFiles, FindingNames};
use requests::{AttachedClient, Continuation, Requests};
use screen::Screen;
use signals::{SignalNews, Signals};

/// What the host says is drawn at most this often; what the person does is drawn at once.
const FRAME: Duration = Duration::from_micros(16_667);
/// How often things that move, move.
const TICK: Duration = Duration::from_millis(250);
/// A draft is saved so long after the first key that is not saved: who types on and on loses no more than that by a crash.
const DRAFT_AFTER: Duration = Duration::from_secs(1);

/// Opens the terminal with that face, at `session` if one is named.
pub(crate) async fn run(
    context: &Context,
    session: Option<String>,
    face: Face,
) -> Result<ExitCode, CliError> {
    // All that can fail in words happens before the terminal is taken.
    let mut client = AttachedClient::attach(context, true).await?;
    let exceeded = quota::exceeded(&mut client).await?;
    let (theme, no_theme) = theme_of(context);
    let clock = Clock::start();
    let mut ui = Ui::new(Options { face, ..options(context, theme.as_ref(), &client) });
    ui.tell_time(clock.mono());
    let terminals = Terminals::of(context);
    let front = match session {
        None => terminals.last(&client.mirror),
        Some(address) => {
            let lines: Vec<_> =
                client.mirror.by_slot().iter().map(|session| session.summary.clone()).collect();
            Some(address::resolve(&address, &lines).map_err(CliError::miss)?)
        }
    };
    let first = match front {
        Some(front) => ui.switch_to(&client.mirror, front),
        None => ui.refreshed(&client.mirror),
    };
    ui.split_again(&client.mirror, &terminals.panes());
    ui.only_read(client.host().read_only.clone());
    say_at_first(&mut ui, context, theme.as_ref(), exceeded, &client.mirror);
    if let Some(why) = no_theme {
        ui.warn(why);
    }
    let signals = Signals::listen()?;
    let way = context.screen.notify.way(|name| context.environment.text(name));
    let _until_it_is_given_back = TakenTerminal::note(&context.environment, &context.place);
    let taking = Taking { face, mouse: context.mouse };
    let screen = Screen::take(taking, way, context.environment.reflows())?;
    // Listened to before the first frame: a size that changes right after it must not be missed.
    let keys = Keyboard::listen()?;
    let mut attached = Attached {
        context,
        client,
        ui,
        terminals,
        requests: Requests::default(),
        changes: None,
        files: None,
        names: None,
        draft: None,
        to_page: None,
        lending: None,
        screen,
        clock,
        stale: true,
        disconnected: None,
        backoff: Backoff::default(),
        switching: None,
        typed: None,
        drawn: Instant::default(),
    };
    attached.backoff.joined(attached.clock.mono());
    attached.begin(first)?;
    let outcome = attached.live(signals, keys).await;
    Box::pin(leave(attached, outcome)).await
}

/// Gives the terminal back, and says in it what is not saved, and what goes on.
async fn leave(attached: Attached<'_>, outcome: Result<Leaving, CliError>) -> Result<ExitCode, CliError> {
    let Attached { screen, mut client, mut ui, mut terminals, disconnected, requests, lending, .. } =
        attached;
    let left_behind = match lending {
        Some(lending) => lending.end().await,
        None => None,
    };
    drop(screen);
    if let Some(path) = left_behind {
        out::note(&format!("what you were writing is in {}", path.display()));
    }
    for text in requests.unfilled() {
        out::note(&format!("not sent, its server had not answered: {text}"));
    }
    terminals.note(ui.focus(), ui.split());
    let goes_on = disconnected.is_none() && matches!(outcome, Ok(Leaving::Detached | Leaving::Signal(_)));
    let is_taken =
        goes_on && client.leave(|waiting, error| waiting.refused(&mut ui, error.on_one_line())).await;
    let unsaved: Vec<&str> = if is_taken {
        ui.drafts_at_risk().collect()
    } else {
        // What it had not answered it may not have kept.
        ui.host_lost("the host is gone, or does not answer");
        ui.undelivered().collect()
    };
    for text in unsaved {
        out::note(&format!("not saved: {text}"));
    }
    farewell(outcome, is_taken, &client)
}

/// The theme, or why it cannot be had, which is said and costs nothing else.
fn theme_of(context: &Context) -> (Option<Theme>, Option<String>) {
    match context.theme() {
        Ok(theme) => (theme, None),
        Err(error) => (None, Some(error.on_one_line())),
    }
}

/// What is said in the first frame: of all that could be, the last counts most.
fn say_at_first(
    ui: &mut Ui,
    context: &Context,
    theme: Option<&Theme>,
    exceeded: Option<String>,
    mirror: &Mirror,
) {
    if let Some(exceeded) = exceeded {
        ui.notify(exceeded);
    }
    if let Some((colour, contrast)) = theme.and_then(|theme| theme.hard_to_read().next()) {
        ui.notify(format!(
            "the theme's {colour} is hard to read on its ground: a contrast of {}.{:02}, and 4.5 is the least",
            contrast / 100,
            contrast % 100
        ));
    }
    ui.welcome_back(mirror);
    if let Some(faults) = context.keys.told() {
        ui.warn(faults);
    }
}

/// What the terminal and the configuration are like.
fn options(context: &Context, theme: Option<&Theme>, client: &AttachedClient) -> Options {
    let environment = &context.environment;
    let color = environment.wants_color();
    Options {
        face: Face::Full,
        title: context.screen.title.for_terminal(|name| environment.text(name)),
        notify_names: context.screen.notify_names,
        text_width: context.screen.text_width,
        color,
        theme: theme.filter(|_| color).and_then(|theme| ScreenTheme::of(theme, environment.colour_depth())),
        motion: environment.text(NO_MOTION).is_none(),
        max_live: usize::try_from(client.host().max_live).unwrap_or(usize::MAX),
        kinds: context.kinds.clone(),
        agent: new::answers(context),
        agents: context.agents.agents.iter().map(|agent| agent.name.clone()).collect(),
        keymap: context.keys.keymap.clone(),
        learned: learned_file::read(context, !client.mirror.is_empty()),
        hints: context.screen.hints,
        home: environment.text("HOME").unwrap_or_default().to_owned(),
    }
}

/// What is said in the terminal that is given back, and the exit code.
fn farewell(
    outcome: Result<Leaving, CliError>,
    is_taken: bool,
    client: &AttachedClient,
) -> Result<ExitCode, CliError> {
    match outcome {
        Ok(Leaving::Detached) if !is_taken => Ok(ExitCode::from(ErrorKind::Unreachable.exit_code())),
        Ok(Leaving::Detached) => {
            out::note(&detached(client));
            Ok(ExitCode::SUCCESS)
        }
        Ok(Leaving::Stopped(why)) => {
            out::note(&format!("{why}; sessions are kept, `q` brings them back"));
            Ok(ExitCode::SUCCESS)
        }
        Ok(Leaving::Signal(number)) => Ok(ExitCode::from(128 + number)),
        Err(error) => Err(error),
    }
}

impl Attached<'_> {
    async fn live(&mut self, mut signals: Signals, mut keys: Keyboard) -> Result<Leaving, CliError> {
        loop {
            self.hand_over(&mut keys)?;
            let now = self.clock.mono();
            let next_frame = self.clock.until(self.drawn.after(FRAME));
            if self.stale && next_frame.is_zero() {
                self.draw()?;
            }
            let notice_due = self.ui.notification_due().map(|due| self.clock.until(due));
            let draft_due = self.typed.map(|typed| typed.after(DRAFT_AFTER).since(now));
            let moves = self.ui.wants_ticks(&self.client.mirror);
            let leaving = tokio::select! {
                biased;
                signal = signals.next() => self.on_signal(signal)?,
                event = keys.next() => match event {
                    Ok(event) => self.at_terminal(event)?,
                    Err(_) => Some(Leaving::Signal(signals::HANGUP)), // the terminal is gone
                },
                news = self.client.next(), if self.disconnected.is_none() => self.on_news(news)?,
                successor = successor::found(&mut self.disconnected), if self.disconnected.is_some() => {
                    self.reconnect(successor)?
                }
                ended = lending::ended(&mut self.lending), if self.lending.is_some() => {
                    self.take_back(ended)?;
                    None
                }
                read = reading_changes::read(&mut self.changes), if self.changes.is_some() => {
                    self.show_changes(read)?;
                    None
                }
                found = FindingNames::found(&mut self.names), if self.names.is_some() => {
                    self.found_names(found);
                    None
                }
                found = FindingFiles::found(&mut self.files), if self.files.is_some() => {
                    self.found_files(found);
                    None
                }
                filled = self.requests.filled() => {
                    self.requests.send_filled(self.context, &mut self.client, &mut self.ui, filled)?;
                    self.stale = true;
                    None
                }
                () = sleep(next_frame), if self.stale => None,
                () = sleep(draft_due.unwrap_or_default()), if draft_due.is_some() => {
                    self.save_drafts()?;
                    None
                }
                () = sleep(notice_due.unwrap_or_default()), if notice_due.is_some() => {
                    self.notify()?;
                    None
                }
                () = sleep(TICK), if moves => {
                    self.ui.tick();
                    self.stale = true;
                    None
                }
            };
            if let Some(leaving) = leaving {
                if !matches!(leaving, Leaving::Stopped(_)) {
                    self.save_drafts()?;
                }
                return Ok(leaving);
            }
        }
    }

    fn on_signal(&mut self, signal: SignalNews) -> Result<Option<Leaving>, CliError> {
        if self.is_lent() && lending::is_for_program(signal) {
            return Ok(None);
        }
        match signal {
            SignalNews::End(number) => return Ok(Some(Leaving::Signal(number))),
            SignalNews::Stop => self.suspend()?,
            SignalNews::GoOn => {
                self.go_on()?;
                self.draw()?;
            }
        }
        Ok(None)
    }

    /// Something happened at the terminal: answered within this frame.
    fn at_terminal(&mut self, event: TerminalEvent) -> Result<Option<Leaving>, CliError> {
        let came = self.clock.mono();
        if matches!(event, TerminalEvent::Resize(..)) {
            // Also when the size is the same again: another one may have been in between.
            self.screen.forget()?;
        }
        let before = self.ui.focus();
        self.ui.tell_time(came);
        let intents = self.ui.handle(&self.client.mirror, event);
        if before.is_some() && before != self.ui.focus() {
            self.switching = Some(came);
        }
        self.typed.get_or_insert(came);
        self.stale = true;
        let leaving = self.carry(intents)?;
        self.draw()?;
        Ok(leaving)
    }

    /// The host said something. Whatever else it said already is taken in before the next frame.
    fn on_news(&mut self, news: Result<News<Continuation>, CliError>) -> Result<Option<Leaving>, CliError> {
        let mut next = Some(news);
        while let Some(news) = next {
            match news {
                Ok(News::Changed | News::Whole | News::Unasked { .. }) => {}
                Ok(News::Answered { waiting, answer, .. }) => {
                    let answer = answer.map_err(CliError::from);
                    let intents =
                        self.requests.answered(self.context, &mut self.ui, &mut self.client, waiting, answer);
                    self.carry(intents)?;
                }
                Ok(News::Going { why, restart: false }) => return Ok(Some(Leaving::Stopped(why))),
                Ok(News::Going { why, restart: true }) => return self.disconnect(&why).map(|()| None),
                Err(error) => return self.disconnect(&error.message).map(|()| None),
            }
            next = self.client.next().now_or_never();
        }
        self.stale = true;
        self.ui.tell_time(self.clock.mono());
        let intents = self.ui.refreshed(&self.client.mirror);
        self.carry(intents)
    }
}

/// What goes on without this terminal.
fn detached(client: &AttachedClient) -> String {
    let sessions = client.mirror.by_slot();
    let working = sessions.iter().filter(|s| s.summary.activity.is_busy()).count();
    match (sessions.len(), working) {
        (0, _) => "detached".to_owned(),
        (_, 0) => "detached; `q` brings your sessions back".to_owned(),
        (_, 1) => "detached; 1 session goes on working, `q` brings it back".to_owned(),
        (_, many) => format!("detached; {many} sessions go on working, `q` brings them back"),
    }
}
