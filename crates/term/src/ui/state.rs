//! What is only this terminal's: which session it shows, what is typed where, how far each is scrolled.
//!
//! Here is what it holds, and no more than looks at that. What changes it stands in the rooms beside.

use std::collections::BTreeMap;

use q_core::{Instant, Mirror, SessionId, SessionInView, WallTime};
use ratatui::style::Style;

use crate::advice;
use crate::archive::Archive;
use crate::command::{Action, Scene};
use crate::found::TranscriptSearch;
use crate::inbox::{Inbox, LineStart};
use crate::keymap::Keymap;
use crate::kinds::Kinds;
use crate::learned::Learned;
use crate::notification::TitleSetting;
use crate::overlay::{Overlay, OverlayContext};
use crate::style::Palette;
use crate::theme::ScreenTheme;
use crate::ui::bulk::BulkUndo;
use crate::ui::completion::Completion;
use crate::ui::geometry::{LastFrame, Places};
use crate::ui::learning::Lessons;
use crate::ui::pane::Pane;
use crate::ui::pointing::Pressed;
use crate::ui::split::Split;
use crate::ui::submissions::Submissions;
use crate::ui::trust_question::TrustQuestion;
use crate::ui::visits::Visits;
use crate::ui::watch::Watch;
use crate::way::Way;
use crate::words::GUIDE;

/// Where what sessions say is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Face {
    /// On a screen of its own, all of which is drawn.
    #[default]
    Full,
    /// Above a few rows that are drawn, where the terminal keeps it.
    Inline,
}

/// What the client knows about the terminal and the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// Where the sessions are shown.
    pub face: Face,
    /// Whether colours may be used; nothing is told by colour alone.
    pub color: bool,
    /// What the colours are, if not the terminal's own.
    pub theme: Option<ScreenTheme>,
    /// Whether anything may move by itself.
    pub motion: bool,
    /// What the title of the window says.
    pub title: TitleSetting,
    /// Whether notifications name sessions.
    pub notify_names: bool,
    /// The widest that prose is set; nothing where it takes the width there is.
    pub text_width: Option<u16>,
    /// How many sessions may be live.
    pub max_live: usize,
    /// The person's home directory, shown as `~`; empty if unknown.
    pub home: String,
    /// The kinds of session that can be made here.
    pub kinds: Kinds,
    /// Who answers in a session that is made here: agent and model.
    pub agent: String,
    /// The agents that can be asked from here, by their names.
    pub agents: Vec<String>,
    /// The keys in force.
    pub keymap: Keymap,
    /// What the person was shown before.
    pub learned: Learned,
    /// Whether anything is said because it may help, and was never said.
    pub hints: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            face: Face::Full,
            color: true,
            theme: None,
            motion: true,
            title: TitleSetting::default(),
            notify_names: false,
            text_width: None,
            max_live: q_core::Limits::default().live_sessions,
            home: String::new(),
            kinds: Kinds::default(),
            agent: GUIDE.to_owned(),
            agents: vec![GUIDE.to_owned()],
            keymap: Keymap::default(),
            learned: Learned::default(),
            hints: true,
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
        Self { text: advice::render(text, Way::Slash).into_owned(), fault }
    }
}

/// One terminal's view of the sessions.
#[derive(Debug)]
pub struct Ui {
    pub(crate) options: Options,
    pub(crate) focus: Option<SessionId>,
    /// The panes, where there are several.
    pub(super) split: Split,
    pub(super) visits: Visits,
    /// Sessions that were live when last looked at.
    pub(super) live: BTreeMap<SessionId, u32>,
    /// The models that agents list, by the agent, as they were last told.
    pub(super) models: BTreeMap<String, Vec<String>>,
    pub(super) panes: BTreeMap<SessionId, Pane>,
    /// The prompt while there is no session.
    pub(super) nowhere: Pane,
    pub(crate) leader: bool,
    pub(super) completion: Completion,
    pub(crate) overlay: Option<Box<dyn Overlay>>,
    /// What is looked for in the transcript, while the overlay is the line for that.
    pub(crate) found: TranscriptSearch,
    /// What the mouse's button is held on, or was last.
    pub(super) pressed: Option<Pressed>,
    /// What was shown of what waits for the person.
    pub(crate) inbox: Inbox,
    /// The time of what happens now, on a clock that never runs backward.
    pub(super) at: Instant,
    /// What the line that is carried out can be about.
    pub(super) line: LineStart,
    /// What a line that is typed in the overlay can be about.
    pub(super) overlay_line: LineStart,
    /// The sessions that are closed, as far as they were told.
    pub(super) archive: Archive,
    /// How what was done last to several sessions is taken back.
    pub(super) undone: Option<BulkUndo>,
    /// Whether anything was copied since this terminal was opened.
    pub(super) copied: bool,
    /// When this terminal was last laid out.
    pub(crate) now: WallTime,
    pub(crate) notice: Option<Notice>,
    /// The tour, and what is said once.
    pub(crate) lessons: Lessons,
    /// Why nothing can be sent, while that is so.
    pub(crate) lost: Option<String>,
    /// Why nothing is taken by the host that is there.
    pub(crate) read_only: Option<String>,
    pub(crate) spinner: usize,
    pub(crate) submissions: Submissions,
    /// What the host was last told of what is in sight, first of the session in front.
    pub(super) shown: Option<Vec<SessionInView>>,
    pub(super) in_front: bool,
    pub(super) watch: Watch,
    /// Whether a session's directory is trusted, while that is asked.
    pub(super) trust: Option<TrustQuestion>,
    pub(crate) places: Places,
    pub(crate) frame: LastFrame,
}

impl Ui {
    /// A terminal that has shown nothing yet.
    pub fn new(options: Options) -> Self {
        Self {
            lessons: Lessons::of(&options.learned),
            options,
            focus: None,
            split: Split::default(),
            visits: Visits::default(),
            live: BTreeMap::new(),
            models: BTreeMap::new(),
            panes: BTreeMap::new(),
            nowhere: Pane::default(),
            leader: false,
            completion: Completion::default(),
            overlay: None,
            found: TranscriptSearch::default(),
            pressed: None,
            inbox: Inbox::default(),
            at: Instant::default(),
            line: LineStart::default(),
            overlay_line: LineStart::default(),
            archive: Archive::default(),
            undone: None,
            copied: false,
            now: WallTime::default(),
            notice: None,
            lost: None,
            read_only: None,
            spinner: 0,
            submissions: Submissions::default(),
            shown: None,
            in_front: true,
            watch: Watch::default(),
            trust: None,
            places: Places::default(),
            frame: LastFrame::default(),
        }
    }

    /// The session in front: what is typed goes there.
    pub const fn focus(&self) -> Option<SessionId> {
        self.focus
    }

    /// Shows a line until the next key.
    pub fn notify(&mut self, text: impl Into<String>) {
        self.notice = Some(Notice::new(&text.into(), false));
    }

    /// Shows a line until the next key, as something that is wrong.
    pub fn warn(&mut self, text: impl Into<String>) {
        self.notice = Some(Notice::new(&text.into(), true));
    }

    pub(crate) fn kind_style(&self, kind: &q_core::Kind) -> Style {
        self.palette().kind(self.options.kinds.colour(kind))
    }

    pub(crate) const fn palette(&self) -> Palette {
        Palette { color: self.options.color }
    }

    /// The pane with the keyboard.
    pub(crate) fn pane(&self) -> &Pane {
        self.pane_of(self.focus)
    }

    pub(super) fn pane_mut(&mut self) -> &mut Pane {
        self.pane_of_mut(self.focus)
    }

    /// The pane of a session, or the prompt while there is none.
    pub(crate) fn pane_of(&self, session: Option<SessionId>) -> &Pane {
        session.and_then(|id| self.panes.get(&id)).unwrap_or(&self.nowhere)
    }

    pub(crate) fn pane_of_mut(&mut self, session: Option<SessionId>) -> &mut Pane {
        match session {
            Some(id) => self.panes.entry(id).or_default(),
            None => &mut self.nowhere,
        }
    }

    /// The key to press for an action as things stand at the prompt: for texts that name it.
    pub fn key(&self, action: Action) -> String {
        self.options.keymap.press(action, self.pane().editor.is_empty())
    }

    /// What a command is resolved by.
    pub(super) fn scene<'a>(&'a self, mirror: &'a Mirror) -> Scene<'a> {
        Scene { mirror, focus: self.focus, inbox: &self.inbox, line: &self.line }
    }

    pub(crate) fn overlay_context<'a>(&'a self, mirror: &'a Mirror) -> OverlayContext<'a> {
        OverlayContext {
            keymap: &self.options.keymap,
            mirror,
            focus: self.focus,
            inbox: &self.inbox,
            archive: &self.archive,
            can_undo: self.undone.is_some(),
            now: self.now,
            found: &self.found,
            palette: self.palette(),
            rows: self.pane().frame.geometry.rows,
            fault: self.notice.as_ref().filter(|notice| notice.fault).map(|notice| notice.text.as_str()),
        }
    }
}
