//! What is only this terminal's: which session it shows, what is typed where, how far each is scrolled.
//!
//! [`Ui::handle`] turns events into intents, [`Ui::refreshed`] follows the mirror. Neither draws nor waits.

mod commands;
mod compose;
mod focus;
mod geometry;
mod overlay;
mod pane;
mod reading;
mod sleep;
mod submissions;

pub(crate) use geometry::{Geometry, Places};
pub(crate) use pane::Pane;
pub(crate) use sleep::Waking;

use std::collections::{BTreeMap, BTreeSet};

use q_core::{Activity, Mirror, SessionId, WallTime};
use ratatui::style::Style;

use crate::advice;
use crate::command::UserCommand;
use crate::command::table::{self, Action, LEADER};
use crate::editor::{Editor, History};
use crate::event::Event;
use crate::granted::Way;
use crate::inbox::Inbox;
use crate::intent::Intent;
use crate::keys::{Chord, KeyCode, ctrl, key};
use crate::kinds::Kinds;
use crate::layout::Cache;
use crate::layout::flow::Window;
use crate::overlay::Overlay;
use crate::style::Palette;
use crate::{typed, words};
use submissions::Submissions;

/// The built-in agent's name.
pub(crate) const GUIDE: &str = "guide";

/// What the client knows about the terminal and the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// Whether colours may be used; nothing is told by colour alone.
    pub color: bool,
    /// Whether anything may move by itself.
    pub motion: bool,
    /// How many sessions may be live.
    pub max_live: usize,
    /// The person's home directory, shown as `~`; empty if unknown.
    pub home: String,
    /// The kinds of session that can be made here.
    pub kinds: Kinds,
    /// Who answers in a session that is made here: agent and model.
    pub agent: String,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            color: true,
            motion: true,
            max_live: q_core::Limits::default().live_sessions,
            home: String::new(),
            kinds: Kinds::default(),
            agent: GUIDE.to_owned(),
        }
    }
}

/// A line for the person that goes with the next key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Notice {
    pub(crate) text: String,
    pub(crate) fault: bool,
}

impl Notice {
    fn new(text: &str, fault: bool) -> Self {
        Self { text: advice::said(text, Way::Slash).into_owned(), fault }
    }
}

/// One terminal's view of the sessions.
#[derive(Debug)]
pub struct Ui {
    pub(crate) options: Options,
    pub(crate) focus: Option<SessionId>,
    /// Sessions shown, the latest last.
    recent: Vec<SessionId>,
    /// Sessions that were live when last looked at.
    live: BTreeSet<SessionId>,
    /// Created and not in the mirror yet.
    awaited: Option<SessionId>,
    /// The session in front whose closing this terminal asked for.
    closing: Option<SessionId>,
    /// The session this terminal was taken to, as the one in front was closed elsewhere: nothing is sent there unasked.
    taken_to: Option<SessionId>,
    panes: BTreeMap<SessionId, Pane>,
    /// The prompt while there is no session.
    nowhere: Pane,
    pub(crate) leader: bool,
    pub(crate) overlay: Option<Box<dyn Overlay>>,
    /// What was shown of what waits for the person.
    pub(crate) inbox: Inbox,
    /// When this terminal was last laid out.
    pub(crate) now: WallTime,
    pub(crate) notice: Option<Notice>,
    /// Why nothing can be sent, while that is so.
    pub(crate) lost: Option<String>,
    /// Why nothing is taken by the host that is there.
    pub(crate) read_only: Option<String>,
    pub(crate) spinner: usize,
    pub(crate) submissions: Submissions,
    shown: Option<(Option<SessionId>, bool)>,
    in_front: bool,
    pub(crate) geometry: Geometry,
    pub(crate) places: Places,
    /// What of the transcript is in sight.
    pub(crate) window: Window,
    pub(crate) cache: Cache,
}

impl Ui {
    /// A terminal that has shown nothing yet.
    pub fn new(options: Options) -> Self {
        Self {
            options,
            focus: None,
            recent: Vec::new(),
            live: BTreeSet::new(),
            awaited: None,
            closing: None,
            taken_to: None,
            panes: BTreeMap::new(),
            nowhere: Pane::default(),
            leader: false,
            overlay: None,
            inbox: Inbox::default(),
            now: WallTime::default(),
            notice: None,
            lost: None,
            read_only: None,
            spinner: 0,
            submissions: Submissions::default(),
            shown: None,
            in_front: true,
            geometry: Geometry::default(),
            places: Places::default(),
            window: Window::default(),
            cache: Cache::default(),
        }
    }

    /// Takes an event in. Total: whatever a terminal may send has an answer.
    pub fn handle(&mut self, mirror: &Mirror, event: Event) -> Vec<Intent> {
        let mut intents = Vec::new();
        match event {
            Event::Key(key) => {
                if let Some(chord) = Chord::pressed(key) {
                    self.press(mirror, chord, &mut intents);
                }
            }
            Event::Paste(text) => {
                self.leader = false;
                self.notice = None;
                let text = typed::text(&text);
                match &mut self.overlay {
                    Some(overlay) => overlay.paste(text.lines().next().unwrap_or_default().trim()),
                    None => self.pane_mut().editor.insert(&text),
                }
            }
            Event::Focus(in_front) => self.in_front = in_front,
            Event::Resize(..) | Event::Other => {}
        }
        self.settle(mirror, &mut intents);
        intents
    }

    /// Why the host takes nothing that is to be kept, if that is so.
    pub fn only_read(&mut self, why: Option<String>) {
        self.read_only = why.map(|why| advice::said(&why, Way::Slash).into_owned());
    }

    /// For the first look after a while, and at the next host: says which other sessions were interrupted meanwhile.
    pub fn welcome_back(&mut self, mirror: &Mirror) {
        if let Some(interrupted) = words::interrupted(mirror, self.focus) {
            self.say(format!("{interrupted}; Alt+A goes there"));
        }
    }

    /// The mirror changed: keeps the focus valid, adopts drafts, asks for pages in sight.
    pub fn refreshed(&mut self, mirror: &Mirror) -> Vec<Intent> {
        let mut intents = Vec::new();
        self.settle(mirror, &mut intents);
        intents
    }

    /// The next frame of what moves.
    pub fn tick(&mut self) {
        self.spinner = self.spinner.wrapping_add(1);
    }

    /// Whether anything on the screen moves: call [`Ui::tick`] at most four times a second then, and never otherwise.
    pub fn wants_ticks(&self, mirror: &Mirror) -> bool {
        self.options.motion && self.in_front && self.lost.is_none() && anything_moves(mirror)
    }

    /// The session on the screen.
    pub const fn focus(&self) -> Option<SessionId> {
        self.focus
    }

    /// Shows a line until the next key.
    pub fn say(&mut self, text: impl Into<String>) {
        self.notice = Some(Notice::new(&text.into(), false));
    }

    /// Shows a line until the next key, as something that is wrong.
    pub fn complain(&mut self, text: impl Into<String>) {
        self.notice = Some(Notice::new(&text.into(), true));
    }

    pub(crate) fn kind_style(&self, kind: &q_core::Kind) -> Style {
        self.palette().kind(self.options.kinds.colour(kind))
    }

    pub(crate) const fn palette(&self) -> Palette {
        Palette { color: self.options.color }
    }

    /// The pane in view.
    pub(crate) fn pane(&self) -> &Pane {
        self.focus.and_then(|id| self.panes.get(&id)).unwrap_or(&self.nowhere)
    }

    fn pane_mut(&mut self) -> &mut Pane {
        match self.focus {
            Some(id) => self.panes.entry(id).or_default(),
            None => &mut self.nowhere,
        }
    }

    fn press(&mut self, mirror: &Mirror, chord: Chord, intents: &mut Vec<Intent>) {
        self.notice = None;
        if self.overlay.is_some() {
            self.press_in_overlay(mirror, chord, intents);
            return;
        }
        if std::mem::take(&mut self.leader) {
            match table::by_leader(chord) {
                Some(action) => self.press_for(mirror, action, chord, intents),
                None if [LEADER, key(KeyCode::Esc), ctrl('c')].contains(&chord) => {}
                None => {
                    self.complain(format!("{LEADER} {chord} means nothing; {LEADER} ? shows what does"));
                }
            }
        } else if chord == LEADER {
            self.leader = true;
        } else if let Some(action) = table::by_chord(chord, self.pane().editor.is_empty()) {
            self.press_for(mirror, action, chord, intents);
        } else if let Some(typed) = chord.typed() {
            self.pane_mut().editor.type_in(typed);
        }
    }

    fn press_for(&mut self, mirror: &Mirror, action: Action, chord: Chord, intents: &mut Vec<Intent>) {
        // A key needs no answer: what it did, or why not, is on the screen.
        let command = UserCommand::key(action, chord.digit());
        let _on_screen: commands::Outcome = self.carry_out(mirror, command, intents);
    }

    /// What follows from every change: a valid focus, known drafts, and telling the host what is in sight.
    fn settle(&mut self, mirror: &Mirror, intents: &mut Vec<Intent>) {
        if self.lost.is_some() {
            let count = intents.len();
            intents.retain(|intent| !intent.needs_host());
            if intents.len() < count {
                self.closing = None;
                self.complain("that needs the host");
            }
            return;
        }
        if intents.iter().any(Intent::opens_session) {
            self.submissions.opens();
        }
        self.keep_focus_valid(mirror, intents);
        self.keep_awake(mirror, intents);
        self.adopt_drafts(mirror);
        self.follow(mirror, intents);
    }
}

/// Whether any agent works. One that waits for the person does not.
pub(crate) fn anything_moves(mirror: &Mirror) -> bool {
    mirror.by_slot().iter().any(|session| session.summary.activity == Activity::Working)
}

/// A history and an editor of an empty prompt.
impl Default for Pane {
    fn default() -> Self {
        Self::new(Editor::default(), History::default())
    }
}
