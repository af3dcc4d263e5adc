//! Several sessions told something at once, and that taken back: each is one wish to the core, as if it had been made by itself.

use q_core::{Command, Mirror, Presence, SessionId, Summary, TagChange};

use crate::command::{Action, Edit, UserCommand, ends_session};
use crate::intent::Intent;
use crate::ui::state::Ui;
use crate::words::counted;

/// What undoes it in the list, where nothing is typed that it could be about.
pub(crate) const UNDO: Action = Action::Edit(Edit::Undo);

/// How what was done last to several sessions is taken back.
#[derive(Debug)]
pub(super) struct BulkUndo {
    commands: Vec<Command>,
    said: String,
}

impl Ui {
    /// Does it to each of these sessions to which it can be done, and keeps how that is taken back.
    pub(super) fn act_on_several(
        &mut self,
        mirror: &Mirror,
        sessions: &[SessionId],
        command: &UserCommand,
        intents: &mut Vec<Intent>,
    ) {
        let (mut told, mut back) = (Vec::new(), Vec::new());
        for id in sessions {
            let Some(session) = mirror.get(*id).or_else(|| self.archive.get(*id)) else { continue };
            let undone = undo(&session.summary, command);
            if let Some(core) = command.of_session(*id).filter(|_| !undone.is_empty()) {
                told.push(core);
                back.extend(undone);
            }
        }
        let count = told.len();
        if count == 0 {
            self.warn("there is nothing to be done to those that are marked");
            return;
        }
        if told.iter().any(|core| core.session() == self.focus && ends_session(core)) {
            self.visits.closing = self.focus;
        }
        let said = format!("{} {}", counted(count, "session"), became(command.action));
        self.undone = Some(BulkUndo { commands: back, said: said.clone() });
        let key = self.options.keymap.at_once(UNDO, true).map(|key| format!("; {key} in the list undoes it"));
        intents.push(Intent::Several(told, said + &key.unwrap_or_default()));
        self.archive.is_stale();
    }

    /// Takes back what was done last to several sessions.
    pub(super) fn undo_on_several(&mut self, intents: &mut Vec<Intent>) {
        let Some(BulkUndo { commands, said }) = self.undone.take() else {
            self.notify("nothing was done to several sessions that could be undone");
            return;
        };
        intents.push(Intent::Several(commands, format!("undone: {said}")));
        self.archive.is_stale();
    }

    /// Asks for the archive where something is looked for in it, and lets go of it with the list.
    pub(super) fn follow_archive(&mut self, mirror: &Mirror, intents: &mut Vec<Intent>) {
        self.archive.note_open(mirror.len());
        if self.wants_archive() {
            if self.archive.ask() {
                intents.push(Intent::Archive);
            }
            return;
        }
        match &self.overlay {
            Some(_) => {}
            None if self.archive.sessions().next().is_some() => self.archive.let_go(),
            None => self.archive.is_stale(),
        }
    }

    /// Whether something is looked for among the sessions that are closed: in the list of sessions, or by what is typed.
    fn wants_archive(&self) -> bool {
        match &self.overlay {
            Some(overlay) => overlay.wants_archive(),
            None => self.completion.wants_archive(),
        }
    }

    /// A page of all sessions, as they were asked for; whether the next one is wanted, if there is one.
    #[must_use = "what nobody wants is not asked for"]
    pub fn archived(&mut self, mirror: &Mirror, page: Vec<Summary>, is_first: bool) -> bool {
        let is_wanted = self.wants_archive();
        if is_wanted {
            self.archive.take(page, is_first);
            self.offer_anew(mirror, self.focus);
        } else {
            self.archive.is_stale();
        }
        is_wanted
    }
}

/// What takes it back of that session; nothing where it changes nothing there.
#[expect(clippy::wildcard_enum_match_arm, reason = "nothing else is done to several")]
fn undo(session: &Summary, command: &UserCommand) -> Vec<Command> {
    let id = session.id;
    let is_open = session.presence.is_open();
    let back = |holds: bool, command: Command| if holds { vec![command] } else { Vec::new() };
    match command.action {
        Action::Close => back(is_open, Command::Reopen { session: id }),
        Action::Reopen => {
            back(session.presence == Presence::Closed, Command::Close { session: id, even_if_working: false })
        }
        Action::Delete => {
            let mut all = vec![Command::Restore { session: id }];
            all.extend(is_open.then_some(Command::Reopen { session: id }));
            all
        }
        Action::Pin => back(is_open && !session.pinned, Command::Pin { session: id, pinned: false }),
        Action::Unpin => back(is_open && session.pinned, Command::Pin { session: id, pinned: true }),
        Action::Read => {
            let stopped = session.interrupter.is_some() || session.failure.is_some();
            let is_news = session.unread > 0 || stopped && !session.acknowledged;
            back(is_open && is_news, Command::MarkUnread { session: id })
        }
        Action::Unread => back(is_open && session.unread == 0, Command::MarkRead { session: id }),
        Action::Tag => {
            let has = |tag: &str| session.tags.iter().any(|known| known.as_str() == tag);
            let changes: Vec<TagChange> =
                command.arguments.tags.iter().filter_map(|change| opposite(change, has)).collect();
            back(is_open && !changes.is_empty(), Command::Tag { session: id, changes })
        }
        _nothing_for_several => Vec::new(),
    }
}

/// What makes a change of tags undone; nothing where it changes nothing.
fn opposite(change: &TagChange, has: impl Fn(&str) -> bool) -> Option<TagChange> {
    match change {
        TagChange::Add(tag) => (!has(&tag.to_lowercase())).then(|| TagChange::Remove(tag.clone())),
        TagChange::Remove(tag) => has(&tag.to_lowercase()).then(|| TagChange::Add(tag.clone())),
    }
}

/// What became of them, in words.
#[expect(clippy::wildcard_enum_match_arm, reason = "nothing else is done to several")]
const fn became(action: Action) -> &'static str {
    match action {
        Action::Close => "closed, the histories stay",
        Action::Reopen => "open again",
        Action::Delete => "in the trash",
        Action::Pin => "pinned",
        Action::Unpin => "no longer pinned",
        Action::Read => "read",
        Action::Unread => "unread",
        _tags => "with other tags",
    }
}
