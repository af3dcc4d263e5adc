//! A session as this terminal left it: what is typed, how far it is scrolled, what was new.

use q_core::mirror::Mirrored;
use q_core::{Body, EntryNo, Mark};

use crate::editor::{Editor, History};
use crate::layout::flow::Scroll;

/// One session's view here.
#[derive(Clone, Debug)]
pub(crate) struct Pane {
    pub(crate) editor: Editor,
    pub(crate) history: History,
    pub(crate) scroll: Scroll,
    /// What was seen when the session was switched to, if something after it was new.
    pub(crate) mark: Option<Mark>,
    /// The draft as last agreed with the host.
    agreed: String,
    /// Whether the agreed draft was sent and has not come back yet.
    sent: bool,
    /// The oldest entry for which older ones were asked.
    pub(crate) paged: Option<EntryNo>,
}

impl Pane {
    pub(crate) fn new(editor: Editor, history: History) -> Self {
        Self {
            editor,
            history,
            scroll: Scroll::End,
            mark: None,
            agreed: String::new(),
            sent: false,
            paged: None,
        }
    }

    /// The pane of a session seen for the first time here.
    pub(crate) fn of(session: &Mirrored) -> Self {
        let mut history = History::default();
        history.seed(session.entries.iter().filter_map(|entry| match &entry.body {
            Body::Prompt(text) => Some(text.as_str()),
            Body::Answer(_) | Body::Stop(_) => None,
        }));
        let mut pane = Self::new(Editor::with(session.draft.clone()), history);
        pane.agreed.clone_from(&session.draft);
        pane
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

    /// Takes over a draft typed elsewhere, unless something else is typed here.
    pub(crate) fn adopt(&mut self, draft: &str) {
        if draft == self.agreed {
            self.sent = false;
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
