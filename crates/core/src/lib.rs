//! The pure core of `q`: what is decided, and nothing that touches the world.
//!
//! One synchronous state machine, [`Multiplexer`], is told facts and wishes ([`Input`]) and answers with [`Effects`].
//! It does no I/O, reads no clock, draws no random number, starts no thread and logs nothing. Four rules hold it:
//!
//! 1. **Total.** Every input in every state has a named arm. An impossible wish is a [`Refusal`], which is data; a late
//!    fact is ignored by an arm that says so. No input panics.
//! 2. **Decide, then apply.** Durable state changes only in `apply(&Record)`, which recovery uses too, so a restart
//!    equals a replay by construction.
//! 3. **Persist first.** One call yields at most one [`Batch`]; what must not be seen before it is durable stands
//!    behind it in [`Effects::after`].
//! 4. **Isolated.** A session cannot name its siblings. What sessions share stands in modules of its own and nowhere
//!    else: names and slots (`roster`), agents' concurrency limits (`permits`), memory (`residence`), who looks where (`focus`).
#![no_std]

extern crate alloc;
#[cfg(test)]
extern crate std;

pub mod activity;
pub mod address;
pub mod agent;
pub mod attention;
pub mod circumstance;
pub mod compaction;
pub mod conversation;
pub mod deadline;
pub mod effect;
pub mod entry;
pub mod fitting;
pub mod id;
pub mod image;
pub mod import;
pub mod input;
pub mod kind;
pub mod limits;
pub mod mirror;
pub mod name;
pub mod presence;
pub mod project;
pub mod record;
pub mod refusal;
pub mod retention;
pub mod reversal;
pub mod seal;
mod seals;
pub mod session;
pub mod settings;
pub mod shell_line;
mod skill_list;
pub mod snapshot;
pub mod source;
pub mod stamped;
pub mod tag;
pub mod time;
pub mod tool_rule;
pub mod trace;
mod typed_name;
pub mod usage;
mod view;

mod autoname;
mod budget;
mod focus;
mod handing_on;
mod multiplexer;
mod path_pattern;
mod permits;
mod roster;
mod sessions;

pub use activity::Activity;
pub use agent::{
    AgentEvent, AgentFailure, Call, FailureKind, Outcome, PlanStep, ResumeHandle, Sent, StepState, Wants,
    Whose,
};
pub use budget::{BudgetScope, BudgetUse, Spending};
pub use circumstance::{Circumstance, ReplacedFile};
pub use compaction::WindowUse;
pub use deadline::{Deadline, Reason};
pub use effect::{Batch, Blob, Durability, Effect, Effects, Reply, TurnSetup};
pub use entry::{
    Body, CallOutput, Called, Compaction, Entry, Fault, Interrupter, Mark, Prompted, Resulted, Stop,
};
pub use focus::SessionInView;
pub use id::{
    CallNo, ClientId, Digest, EntryNo, Environment, PromptNo, ReplyTo, RequestId, Seq, SessionId, Token,
    TurnNo,
};
pub use image::{Image, ImageKind, ImagePlace, NewImage};
pub use import::{Import, ImportFault, Item};
pub use input::Input;
pub use kind::{Kind, Policy};
pub use limits::Limits;
pub use mirror::Mirror;
pub use multiplexer::calls::DENIED_UNASKED;
pub use multiplexer::command::{AgentSource, Command, NewSession, PromptWay};
pub use multiplexer::{Multiplexer, RecoverError};
pub use name::{Name, NameFault, NameOrigin};
pub use presence::Presence;
pub use project::{ProjectFile, ProjectFiles};
pub use record::{Answer, Ending, Fork, Record, Setup, Voice, Why};
pub use refusal::Refusal;
pub use reversal::Reversed;
pub use seal::{PlacedSeal, Seal};
pub use seals::Seals;
pub use session::flight::{InFlight, OpenCall};
pub use session::head::{Head, WaitingPrompt};
pub use session::stored::Stored;
pub use session::transcript::Transcript;
pub use settings::{SettingChange, SettingFault, Settings, Temperature};
pub use shell_line::{SHELL_CALL, ShellLine};
pub use skill_list::{LISTED_SKILLS, SkillList};
pub use snapshot::{PendingCall, QueuedPrompt, Retrying, Snapshot, Summary, Update};
pub use source::{Source, Sources};
pub use stamped::Stamped;
pub use tag::{Tag, TagChange};
pub use time::{Instant, Now, Utc, WallTime};
pub use tool_rule::{
    CallFacts, CallSubject, NamedFile, RuleEffect, RuleFault, RulePattern, StandingRule, ToolRule,
};
pub use typed_name::is_typed_name;
pub use usage::Usage;
pub use view::View;
