//! What the person wants, as the client's loop gets it.

use q_core::{Command, EntryNo, PromptWay, SessionId, SessionInView, StandingRule};

use crate::command::table::opens_session;
use crate::command::{Action, Arguments, HelpTopic, UserCommand};
use crate::learned::Learned;
use crate::offers::OfferUse;

/// One wish. Most go to the host; the last ones are the client's own business.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Intent {
    /// A session made of what was typed, and of what is configured, which the client knows; it answers with
    /// [`crate::Ui::created`] or [`crate::Ui::not_opened`].
    Make(Arguments),
    /// A prompt, whichever way it goes into its session; the client answers with [`crate::Ui::accepted`] or
    /// [`crate::Ui::refused`].
    Prompt {
        /// This submission among those of this terminal.
        key: u64,
        session: SessionId,
        text: String,
        way: PromptWay,
    },
    /// Something about a turn of a session, which the core is told under a mark that the client draws.
    Turn {
        session: SessionId,
        command: UserCommand,
    },
    /// Something of a session that may not be open; the client looks it up and answers with [`crate::Ui::found`] or
    /// [`crate::Ui::refused`].
    Lookup {
        /// The session, as typed.
        address: String,
        /// What is wanted of it.
        command: UserCommand,
    },
    /// A command that needs nothing from the client. One that makes a session is answered like [`Intent::Make`].
    Tell(Command),
    /// Several commands at once, and what is said when the last of them was granted.
    Several(Vec<Command>, String),
    /// All sessions, page by page, of which the archive is kept; the client answers with [`crate::Ui::archived`].
    Archive,
    /// What this terminal shows now; told whenever it changes.
    Show {
        /// The session in front, if any.
        session: Option<SessionId>,
        /// Whether the end of its transcript is in sight.
        at_end: bool,
        /// The sessions in other panes.
        beside: Vec<SessionInView>,
    },
    /// Older entries are wanted: the top of what the mirror has is in sight.
    Page {
        session: SessionId,
        /// The oldest entry at hand.
        before: EntryNo,
    },
    /// The names that begin so; the client answers with [`crate::Ui::completed`].
    Complete {
        /// Whose directory they begin in; without one, where this terminal was opened.
        session: Option<SessionId>,
        /// As it is typed behind the `@`.
        begun: String,
        /// Whether all names beneath that directory are to be looked for, too, beside everything else; the client answers with
        /// [`crate::Ui::found_files`] when it has them.
        anew: bool,
    },
    /// A line that begins with a slash and is no command of q's. The client looks whether somebody wrote one of that name, or the agent
    /// has one; it answers with [`crate::Ui::send_written`], [`crate::Ui::offered`] or [`crate::Ui::unknown_command`].
    Written {
        session: Option<SessionId>,
        line: String,
        /// What is said where nobody knows it.
        otherwise: String,
    },
    /// The written commands and skills that there are; the client answers with [`crate::Ui::completed_command`].
    CompleteCommand {
        session: Option<SessionId>,
    },
    /// The skills that there are; the client answers with [`crate::Ui::show_skills`].
    Skills {
        session: Option<SessionId>,
    },
    /// What is set in a session, said by the client: all of it, or one setting.
    Settings {
        session: SessionId,
        only: Option<String>,
    },
    /// The models that a session's agent lists; the client answers with [`crate::Ui::listed`] or [`crate::Ui::refused`].
    Models {
        session: SessionId,
        /// Whether they are to be shown, and not only known.
        shows: bool,
    },
    /// What a session's agent lets people choose or type; the client answers with [`crate::Ui::offered`] or
    /// [`crate::Ui::refused`].
    Offers {
        session: SessionId,
        wanted: OfferUse,
    },
    /// What the next request of a session would have; the client answers with [`crate::Ui::show_context`] or
    /// [`crate::Ui::refused`].
    Context {
        session: SessionId,
    },
    /// What goes on in a session's background, once the one of that number is ended, if one is named; the client answers with
    /// [`crate::Ui::show_processes`] or [`crate::Ui::refused`].
    Processes {
        session: SessionId,
        stop: Option<u64>,
    },
    /// What tools changed in a session's files; the client answers with [`crate::Ui::show_changes`], or says why not.
    Changes {
        session: SessionId,
        /// To be only seen, undone, or made again.
        action: Action,
        /// Whether it is carried out without being shown.
        at_once: bool,
    },
    /// The rules that concern a session; the client answers with [`crate::Ui::show_rules`] or [`crate::Ui::refused`].
    Rules {
        session: SessionId,
    },
    /// The directory of that session is trusted from now on; the client answers with [`crate::Ui::trusted`] or
    /// [`crate::Ui::refused`].
    Trust {
        session: SessionId,
    },
    /// That rule, which is no session's, is to count no longer; the client says what came of it.
    RemoveRule(StandingRule),
    /// What the manual says of a topic; the client answers with [`crate::Ui::show_topic`].
    Topic(&'static HelpTopic),
    /// What this person was shown and tried is to be kept.
    Learned(Learned),
    /// That text is to be on the person's clipboard.
    Copy(String),
    /// The transcript of that session is to be read in a pager, to which the terminal is lent.
    Pager {
        session: SessionId,
    },
    /// Leave; everything goes on without this terminal.
    Detach,
    /// Give the terminal back to the shell for a while.
    Suspend,
    /// Have what is typed edited in the person's own editor; the client answers with [`crate::Ui::edited`], or says why not.
    EditDraft {
        session: Option<SessionId>,
        text: String,
    },
    Redraw,
    /// Ring the bell: the key means nothing here.
    Bell,
    /// Look at once for a host, while there is none.
    Rejoin,
}

impl Intent {
    /// Whether a session is opened by it, which will be shown when it is there.
    pub(crate) const fn opens_session(&self) -> bool {
        matches!(self, Self::Make(_))
            || matches!(self, Self::Tell(command) if opens_session(command))
            || matches!(self, Self::Lookup { command, .. } if command.opens_session())
    }

    /// Whether nothing can come of it while there is no host.
    pub(crate) const fn needs_host(&self) -> bool {
        !matches!(
            self,
            Self::Complete { .. }
                | Self::CompleteCommand { .. }
                | Self::Skills { .. }
                | Self::Settings { .. }
                | Self::Topic(_)
                | Self::Learned(_)
                | Self::Copy(_)
                | Self::Detach
                | Self::Suspend
                | Self::EditDraft { .. }
                | Self::Redraw
                | Self::Bell
                | Self::Rejoin
        )
    }
}
