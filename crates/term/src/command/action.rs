//! What a key or a command can do, and what of that depends on nothing else: what is asked before it, what it does to a text.

use crate::command::motion::{Edit, HistoryStep, PaneStep, PromptStep, ScrollStep};

/// One thing that a key or a command can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Action {
    /// Create a session and go to it.
    New,
    /// Go to the session in the next slot.
    Next,
    /// Go to the session in the slot before.
    Previous,
    /// Go to the session shown before this one.
    Last,
    /// Go to the session named or numbered.
    Switch,
    /// Choose from a list.
    List,
    /// Go to the next session that waits for an answer, failed, stopped, or has something new.
    Attend,
    /// Open another pane, for a session beside the one in view.
    Split,
    /// Close the pane with the keyboard.
    Unsplit,
    /// Give the keyboard to another pane.
    Pane(PaneStep),
    Close,
    /// Give the session another name.
    Rename,
    /// Create a session that begins with this one's history.
    Fork,
    /// Take a session out of the archive.
    Reopen,
    /// Throw the session away.
    Delete,
    /// Take a session out of the trash.
    Restore,
    /// Change the session's tags, or show them.
    Tag,
    /// Show the rules for calls of tools.
    Permissions,
    /// Trust the session's directory.
    Trust,
    /// Change how the session's turns are asked, or show it.
    Set,
    /// Change which model answers, or show which there are.
    Model,
    Mode,
    Commands,
    /// Send a skill as a prompt, or show which there are.
    Skill,
    /// Keep the session from hibernating by itself.
    Pin,
    Unpin,
    /// Count the session as unread, to come back to it.
    Unread,
    /// Count it as read, and how its last turn ended as known.
    Read,
    /// Show what waits for an answer, over all sessions.
    Inbox,
    /// Let a call run that waits for consent.
    Approve,
    /// Let its tool run from here on.
    Always,
    /// Let it not run.
    Deny,
    /// Answer an agent's question.
    Answer,
    /// Leave; everything goes on.
    Detach,
    /// Show what can be done.
    Help,
    /// Begin the tour, or end it.
    Tour,
    Submit,
    /// Stop the turn; when none runs, clear the prompt.
    Interrupt,
    Retry,
    Continue,
    /// Have a summary stand for the conversation so far, or no longer.
    Compact,
    /// Take back what tools changed in files.
    Undo,
    Redo,
    /// Show what tools changed in files.
    Diff,
    /// Show what the session cost.
    Usage,
    /// Show what the next request would have.
    Context,
    /// Show what goes on in the session's background.
    Processes,
    /// End one of these.
    Kill,
    /// Show the prompts that wait.
    Queue,
    /// Take a waiting prompt back.
    Unqueue,
    /// Write a waiting prompt anew.
    EditQueued,
    /// Give a waiting prompt another place.
    Move,
    /// Send a waiting prompt at once.
    SendNow,
    /// Say something into the running turn.
    Steer,
    /// Look for a text in the transcript.
    Find,
    /// Hand an answer, or a block of code, to the clipboard.
    Copy,
    /// Read the transcript in a pager.
    Pager,
    /// Move in the transcript.
    Scroll(ScrollStep),
    /// Go from prompt to prompt in it.
    ToPrompt(PromptStep),
    /// Show thoughts and calls that have ended whole, or fold them again.
    Thoughts,
    /// Paint the screen anew.
    Redraw,
    /// Back to the shell; `fg` returns.
    Suspend,
    /// Leave an overlay or a half-typed chord.
    Cancel,
    /// Have what is typed edited in the person's own editor.
    Editor,
    /// Complete the name that is being typed.
    Complete,
    /// Bring an earlier prompt back.
    History(HistoryStep),
    /// Change the text or move in it.
    Edit(Edit),
}

/// What is asked before a command that ends a session in the middle of its work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Question {
    /// Above it, and in it.
    pub(crate) title: &'static str,
    pub(crate) does: &'static str,
    /// What a yes does.
    pub(crate) yes: &'static str,
    /// What is not lost by it.
    pub(crate) stays: &'static str,
    /// The same of several.
    pub(crate) of_several: &'static str,
}

impl Action {
    /// Whether it opens a session, which is shown then.
    pub const fn opens_session(self) -> bool {
        matches!(self, Self::New | Self::Fork | Self::Reopen)
    }

    /// Whether it can be done while no host is there.
    pub(crate) const fn needs_no_host(self) -> bool {
        matches!(
            self,
            Self::Help
                | Self::Tour
                | Self::Switch
                | Self::Detach
                | Self::List
                | Self::Editor
                | Self::Split
                | Self::Unsplit
                | Self::Pane(_)
        )
    }

    /// What is asked before it where the session works; a `!` behind the command asks nothing.
    #[expect(clippy::wildcard_enum_match_arm, reason = "nothing else ends what works")]
    pub(crate) const fn question(self) -> Option<Question> {
        let (title, does, yes, stays, of_several) = match self {
            Self::Close => (" close ", "Close", "closes it", "the history stays", "The histories stay"),
            Self::Delete => (
                " delete ",
                "Delete",
                "deletes it",
                "it stays in the trash for a while",
                "They stay in the trash for a while",
            ),
            _ => return None,
        };
        Some(Question { title, does, yes, stays, of_several })
    }

    /// What it does to a text that is being typed; nothing where it is not for texts.
    pub(crate) const fn edits(self) -> Option<Edit> {
        if let Self::Edit(edit) = self { Some(edit) } else { None }
    }

    /// How far it moves in what is read or chosen from.
    #[expect(clippy::wildcard_enum_match_arm, reason = "nothing else moves")]
    pub(crate) const fn moves(self) -> Option<ScrollStep> {
        match self {
            Self::Scroll(step) => Some(step),
            // No earlier prompt is meant there: the arrow keys go from row to row.
            Self::History(HistoryStep::Older) => Some(ScrollStep::LineUp),
            Self::History(HistoryStep::Newer) => Some(ScrollStep::LineDown),
            _ => None,
        }
    }

    /// Whether it is about the text being typed alone, so that it means nothing to the session beneath an overlay.
    pub(crate) const fn is_about_text(self) -> bool {
        matches!(self, Self::Edit(_) | Self::History(_) | Self::Cancel | Self::Complete)
    }
}
