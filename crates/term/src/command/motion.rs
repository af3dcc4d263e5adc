//! What keys do to a text, a page or a list by themselves: nothing is asked of anybody, and no verb stands behind it.

/// One change of a text being typed, or of the place in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Edit {
    Newline,
    Left,
    Right,
    WordLeft,
    WordRight,
    /// To the line's beginning.
    LineStart,
    /// To the line's end.
    LineEnd,
    /// Delete the character before.
    DeleteBack,
    /// Delete the character after.
    DeleteForward,
    /// Delete the word before.
    DeleteWordBack,
    /// Delete the word after.
    DeleteWordForward,
    /// Delete to the line's beginning.
    DeleteToStart,
    /// Delete to the line's end.
    DeleteToEnd,
    /// Put back what was deleted last.
    Yank,
    /// What was deleted before that, in its place.
    YankBefore,
    Undo,
    Redo,
}

impl Edit {
    /// Whether it deletes what can be put back.
    pub(crate) const fn kills(self) -> bool {
        matches!(
            self,
            Self::DeleteWordBack | Self::DeleteWordForward | Self::DeleteToStart | Self::DeleteToEnd
        )
    }
}

/// One step in what is too long for the screen: a transcript, a page, a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ScrollStep {
    LineUp,
    LineDown,
    /// Half a screen up.
    PageUp,
    /// Half a screen down.
    PageDown,
    /// To the beginning: in a transcript the oldest entry at hand.
    Top,
    /// To the end; a transcript stays there.
    End,
}

impl ScrollStep {
    /// The row in sight first once it is taken from that one; how far the end is, is known once what is scrolled is laid out.
    pub(crate) const fn from(self, row: usize, page: usize) -> usize {
        match self {
            Self::LineUp => row.saturating_sub(1),
            Self::LineDown => row.saturating_add(1),
            Self::PageUp => row.saturating_sub(page),
            Self::PageDown => row.saturating_add(page),
            Self::Top => 0,
            Self::End => usize::MAX,
        }
    }
}

/// One step through a transcript, from what was asked to what was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PromptStep {
    /// To the prompt above what is in sight.
    Above,
    /// To the one below it; behind the last one to the end.
    Below,
}

/// One step from pane to pane, round and round.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PaneStep {
    Next,
    Previous,
}

/// One step among the prompts sent before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum HistoryStep {
    /// Up a line, or to the prompt sent before.
    Older,
    /// Down a line, or to the prompt sent after.
    Newer,
    /// Search through all of them.
    Search,
}
