//! A session as this terminal left it: what is typed, how far it is scrolled, what was new.

use q_core::mirror::Mirrored;
use q_core::{Body, EntryNo, Mark, Presence};

use crate::editor::{Editor, History};
use crate::inbox::LineStart;
use crate::layout::flow::Scroll;
use crate::layout::folds::Folds;
use crate::layout::selection::{Selection, TextReach};
use crate::quoted;
use crate::ui::geometry::PaneFrame;

/// What was done so that a session in view wakes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum WakeState {
    /// Nothing yet, or it is awake.
    #[default]
    NotAsked,
    /// The host was asked.
    Asked,
    /// The host cannot do it now; it is asked again when the person comes back.
    Refused,
}

/// One session's view here.
#[derive(Clone, Debug)]
pub(crate) struct Pane {
    pub(crate) editor: Editor,
    /// What the line in the editor can be about.
    pub(crate) line: LineStart,
    pub(crate) history: History,
    pub(crate) scroll: Scroll,
    /// Where it was on the screen, when it was last.
    pub(crate) frame: PaneFrame,
    /// What was seen when the session was switched to, if something after it was new.
    pub(crate) mark: Option<Mark>,
    /// Which entries are shown whole.
    pub(crate) folds: Folds,
    /// What of the transcript is selected.
    pub(crate) selection: Option<Selection>,
    /// The draft as last agreed with the host.
    agreed: String,
    /// Whether the agreed draft was sent and has not come back yet.
    sent: bool,
    /// Whether the last draft that was answered was refused.
    refused: bool,
    /// The oldest entry for which older ones were asked.
    pub(crate) paged: Option<EntryNo>,
    /// What was done to wake it, while it hibernates.
    pub(crate) waking: WakeState,
    /// Whether the prompts sent before are in the history.
    seeded: bool,
}

/// A history and an editor of an empty prompt.
impl Default for Pane {
    fn default() -> Self {
        Self::new(Editor::default(), History::default())
    }
}

impl Pane {
    fn new(editor: Editor, history: History) -> Self {
        Self {
            editor,
            line: LineStart::default(),
            history,
            scroll: Scroll::End,
            frame: PaneFrame::default(),
            mark: None,
            folds: Folds::default(),
            selection: None,
            agreed: String::new(),
            sent: false,
            refused: false,
            paged: None,
            waking: WakeState::NotAsked,
            seeded: false,
        }
    }

    /// The pane of a session seen for the first time here.
    pub(crate) fn of(session: &Mirrored) -> Self {
        let mut pane = Self::new(Editor::with(session.draft.clone()), History::default());
        pane.agreed.clone_from(&session.draft);
        pane.woken(session);
        pane
    }

    /// Its session is there whole, or its line alone.
    pub(crate) fn woken(&mut self, session: &Mirrored) {
        if session.summary.presence == Presence::Hibernated {
            return;
        }
        self.waking = WakeState::NotAsked;
        if std::mem::replace(&mut self.seeded, true) {
            return;
        }
        let prompts = session.entries.iter().filter_map(|entry| {
            if let Body::Prompt(prompt) = &entry.body { Some(quoted::split(&prompt.text).0) } else { None }
        });
        self.history.seed(prompts);
    }

    /// What of its transcript is selected, at the width it has now.
    pub(crate) fn selected(&self) -> Option<TextReach> {
        self.selection?.reach(self.frame.geometry.columns)
    }

    /// The draft to save, if it differs from what the host has; it counts as sent then.
    pub(crate) fn unsaved(&mut self) -> Option<String> {
        if self.editor.text() == self.agreed {
            return None;
        }
        self.editor.text().clone_into(&mut self.agreed);
        self.sent = true;
        Some(self.agreed.clone())
    }

    /// The host did not take a draft. Says whether there still is one, and whether that is news.
    pub(crate) fn refuse_draft(&mut self) -> bool {
        if self.editor.is_empty() {
            return false; // one that the host has still is not typed again
        }
        self.agreed.clear();
        self.sent = false;
        !std::mem::replace(&mut self.refused, true)
    }

    /// The host that a draft was sent to is gone: it may have kept it or not.
    pub(crate) fn doubt_draft(&mut self) {
        if std::mem::take(&mut self.sent) {
            self.agreed.clear();
        }
    }

    /// What is typed, if the host has something else or nothing.
    pub(crate) fn draft_at_risk(&self) -> Option<&str> {
        let typed = self.editor.text();
        (!typed.trim().is_empty() && typed != self.agreed).then_some(typed)
    }

    /// Takes over a draft typed elsewhere, unless something else is typed here.
    pub(crate) fn adopt(&mut self, draft: &str) {
        if draft == self.agreed {
            let is_kept = std::mem::take(&mut self.sent);
            self.refused &= !is_kept;
            return;
        }
        if self.sent {
            return; // an echo of something older is on its way here before ours
        }
        if self.editor.text() == self.agreed {
            self.editor.set(draft);
        }
        draft.clone_into(&mut self.agreed);
    }

    /// What was typed while there was no session is this one's, behind a draft that it has.
    pub(crate) fn take_over(&mut self, typed: Self) {
        self.history.go_on_from(typed.history);
        if self.editor.is_empty() {
            (self.editor, self.line) = (typed.editor, typed.line);
        } else if !typed.editor.is_empty() {
            let draft = self.editor.take();
            self.editor.set(format!("{draft}\n{}", typed.editor.text()));
        }
    }

    /// What became of what was typed in another editor stands in its place; what is typed here meanwhile is kept among the prompts
    /// sent before.
    pub(crate) fn edited(&mut self, before: &str, text: String) {
        if self.editor.text() != before {
            self.history.keep(self.editor.text());
        }
        self.editor.set(text);
    }

    /// Puts text that could not be sent back in front of what is typed.
    pub(crate) fn give_back(&mut self, text: &str) {
        if self.editor.is_empty() {
            self.editor.set(text);
        } else if self.editor.text() != text {
            let typed = self.editor.take();
            self.editor.set(format!("{text}\n{typed}"));
        }
    }
}
