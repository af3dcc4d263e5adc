//! What the person wants done, by a key or as a typed line: one type for both, and the table of all there is.
//!
//! From the bottom: `motion`, `action` and `arguments` are what the rows of the [`table`] are made of; `user_command` is what a key or a
//! line means; `parse` and `read` make it of a line; `resolve` makes the core's command of it.

pub mod table;

mod action;
mod arguments;
mod motion;
mod notice;
mod parse;
mod read;
mod resolve;
mod topic;
mod user_command;

pub use action::Action;
pub(crate) use action::Question;
pub use arguments::{Among, Arguments, CoreCommand, Flags, Param};
pub use motion::{Edit, HistoryStep, PaneStep, PromptStep, ScrollStep};
pub use notice::{FROM_NEXT_TURN, notice, what_follows};
pub use parse::{SlashError, parse};
pub use read::{Typed, read};
pub(crate) use read::{answer, begins_answer};
pub use resolve::{Resolved, Scene, WordsFor, queue, tags};
pub use table::ends_session;
pub use topic::{HelpTopic, TOPICS, topic_named, topic_page};
pub use user_command::UserCommand;
