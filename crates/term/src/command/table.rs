//! The table of actions: what can be done, by which key, leader key, slash command and CLI verb.
//!
//! The help screen, the leader's hint, `/help` and the manual's table are made from it; commands are looked up in it and nowhere
//! else, keys in the [`crate::keymap`] that is made of it. All else that depends on which verb it is stands here as well: what is asked before it, what is
//! said after it. What a verb does in the terminal itself stands in `ui::commands`, and the others do nothing here.

use q_core::{Answer, Command, PendingCall, SessionId, TurnNo, Wants};

use crate::command::action::Action;
use crate::command::arguments::{Among, Arguments, CoreCommand, Param, params};
use crate::command::motion::{Edit, HistoryStep, PaneStep, PromptStep, ScrollStep};
use crate::keys::KeyCode::{
    Backspace, Delete, Down, End, Enter, Esc, F, Home, Left, PageDown, PageUp, Right, Tab, Up,
};
use crate::keys::{Chord, alt, ctrl, key, plain};

/// The key that announces another unless another is set: the only way that every terminal lets through.
pub const LEADER: Chord = ctrl('x');

/// When a direct key means the action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// Whatever the prompt holds.
    Always,
    /// Only while the prompt is empty.
    Empty,
    /// Only while the prompt has text.
    Text,
}

impl When {
    /// Whether it holds for a prompt that is empty or not.
    pub const fn holds(self, prompt_is_empty: bool) -> bool {
        match self {
            Self::Always => true,
            Self::Empty => prompt_is_empty,
            Self::Text => !prompt_is_empty,
        }
    }
}

/// Under which heading an action is listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Group {
    Sessions,
    /// What waits for the person.
    Waiting,
    /// Keeping and sorting them.
    Keeping,
    Conversation,
    View,
    Editing,
}

impl Group {
    /// Every group with its title, in the order of the help screen.
    pub const TITLED: [(Self, &'static str); 6] = [
        (Self::Sessions, "Sessions"),
        (Self::Conversation, "Conversation"),
        (Self::Waiting, "What waits for you"),
        (Self::Keeping, "Keeping and sorting sessions"),
        (Self::View, "View"),
        (Self::Editing, "Editing"),
    ];

    pub fn title(self) -> &'static str {
        Self::TITLED.iter().find(|(group, _)| *group == self).map_or("", |(_, title)| title)
    }
}

/// All ways to one action.
#[derive(Clone, Copy, Debug)]
pub struct CommandRow {
    pub action: Action,
    pub group: Group,
    /// Keys that do it at once, each with when it does.
    pub direct: &'static [(Chord, When)],
    /// Keys that do it after the leader.
    pub leader: &'static [Chord],
    /// The slash command without the slash, first its name, then other words for it.
    pub slash: &'static [&'static str],
    /// What the command takes.
    pub arguments: &'static str,
    /// The same from the shell.
    pub cli: Option<&'static str>,
    /// What the core is told for it. What has more to it, or nothing for the core, is carried out where it is typed.
    pub core: Option<CoreCommand>,
    /// The line of the shell's help for a verb that is made of this row; empty where the shell has one of its own, or none.
    pub about: &'static str,
    /// A word or two, for the leader's hint.
    pub word: &'static str,
    pub help: &'static str,
}

use Among::{Archived, Kept, Open, Trashed};
use CoreCommand::{Call, Prompt, Session, Turn};
use When::{Always, Empty, Text};

const DIGITS: [Chord; 9] = [
    plain('1'),
    plain('2'),
    plain('3'),
    plain('4'),
    plain('5'),
    plain('6'),
    plain('7'),
    plain('8'),
    plain('9'),
];
const ALT_DIGITS: [(Chord, When); 9] = [
    (alt('1'), Always),
    (alt('2'), Always),
    (alt('3'), Always),
    (alt('4'), Always),
    (alt('5'), Always),
    (alt('6'), Always),
    (alt('7'), Always),
    (alt('8'), Always),
    (alt('9'), Always),
];

macro_rules! rows {
    ($($group:ident, $action:expr, $direct:expr, $leader:expr, $slash:expr, $arguments:literal, $cli:expr, $core:expr, $about:literal, $word:literal, $help:literal;)*) => {
        &[$(CommandRow {
            action: $action,
            group: Group::$group,
            direct: $direct,
            leader: $leader,
            slash: $slash,
            arguments: $arguments,
            cli: $cli,
            core: $core,
            about: $about,
            word: $word,
            help: $help,
        }),*]
    };
}

/// Every action, in the order of the help screen.
pub const ROWS: &[CommandRow] = rows![
    Sessions, Action::New, &[(ctrl('n'), Empty)], &[plain('n')], &["new"], "[KIND] [NAME]", Some("q new [NAME] [--kind KIND]"), None, "", "new", "create a session and go to it; KIND is development, debug, planning, review, or one of your config; `--agent AGENT` and `--model MODEL` say who answers";
    Sessions, Action::Switch, &ALT_DIGITS, &DIGITS, &["switch", "sw"], "NAME|NUMBER", Some("q attach SESSION"), None, "", "go to", "go to a session by its number, name or the beginning of its name";
    Sessions, Action::Next, &[(key(PageDown).ctrl(), Always), (key(Tab).ctrl(), Always)], &[plain(']')], &["next"], "", None, None, "", "next", "go to the next session";
    Sessions, Action::Previous, &[(key(PageUp).ctrl(), Always), (key(Tab).ctrl().shift(), Always)], &[plain('[')], &["prev", "previous"], "", None, None, "", "previous", "go to the previous session";
    Sessions, Action::Last, &[(alt('l'), Always)], &[key(Tab)], &["last"], "", None, None, "", "last", "go back to the session shown before";
    Sessions, Action::List, &[(alt('s'), Always)], &[plain('l')], &["sessions", "list", "ls"], "", Some("q ls"), None, "", "list", "choose from the list of sessions; type to filter";
    Sessions, Action::Attend, &[(alt('a'), Always)], &[plain('a')], &["attend"], "", Some("q ls --waiting"), None, "", "needs you", "go to the next session that waits for an answer, failed, was interrupted, or has something new";
    Sessions, Action::Split, &[], &[plain('v')], &["split"], "[SESSION]", None, None, "", "split", "open another pane beside this one, for SESSION or the one shown before; each has a prompt of its own";
    Sessions, Action::Unsplit, &[], &[plain('x')], &["unsplit"], "", None, None, "", "unsplit", "close the pane with the keyboard; its session goes on";
    Sessions, Action::Pane(PaneStep::Next), &[(key(F(6)), Always)], &[key(Right)], &["next-pane", "pane"], "", None, None, "", "pane", "give the keyboard to the next pane; so does a click in it";
    Sessions, Action::Pane(PaneStep::Previous), &[(key(F(6)).shift(), Always)], &[key(Left)], &["previous-pane"], "", None, None, "", "pane back", "give the keyboard to the previous pane";
    Sessions, Action::Close, &[(ctrl('w'), Empty)], &[plain('w')], &["close"], "[SESSION]", Some("q close SESSION"), Some(Session(Open, |session, arguments| Command::Close { session, even_if_working: arguments.flags.force })), "Archive a session; its history stays", "close", "archive the session, its history stays; /close! also while it works";
    Sessions, Action::Rename, &[(ctrl('r'), Empty)], &[plain('r')], &["rename"], "NAME", Some("q rename SESSION NAME"), Some(Session(Open, |session, arguments| Command::Rename { session, name: arguments.name() })), "Give a session another name", "rename", "give the session another name";
    Sessions, Action::Fork, &[], &[plain('f')], &["fork"], "[NAME]", Some("q fork SESSION [NAME]"), Some(Session(Open, |session, arguments| Command::Fork { session, id: SessionId::UNDRAWN, at: None, name: arguments.name.clone() })), "", "fork", "create a session that begins with this one's history, and go to it";
    Sessions, Action::Detach, &[(ctrl('d'), Empty)], &[plain('d'), plain('q')], &["detach", "quit", "exit"], "", None, None, "", "detach", "leave; the work goes on, `q` comes back to it";
    Sessions, Action::Help, &[(key(F(1)), Always)], &[plain('?')], &["help"], "[WORD]", Some("q --help"), None, "", "help", "show this; with a WORD only what mentions it";
    Conversation, Action::Submit, &[(key(Enter), Always)], &[], &[], "", Some("q send SESSION PROMPT"), None, "", "send", "send the prompt; while an answer is on its way it waits in the queue";
    Conversation, Action::Edit(Edit::Newline), &[(key(Enter).alt(), Always), (key(Enter).shift(), Always), (ctrl('j'), Always)], &[], &[], "", None, None, "", "new line", "a new line in the prompt; so does Enter after a backslash";
    Conversation, Action::Interrupt, &[(ctrl('c'), Always)], &[], &["interrupt", "stop"], "", Some("q interrupt SESSION"), Some(Session(Open, |session, _| Command::Interrupt { session })), "Stop a session's running turn", "interrupt", "stop the answer and keep what came; when none is on its way, clear the prompt";
    Conversation, Action::Retry, &[], &[], &["retry"], "", Some("q retry SESSION"), Some(Turn(|session, token, _| Command::Retry { session, token })), "Ask again what failed or was interrupted", "retry", "ask again what failed or was interrupted";
    Conversation, Action::Continue, &[], &[], &["continue"], "", Some("q continue SESSION"), Some(Turn(|session, token, _| Command::Continue { session, token })), "Go on with an answer that stopped before its end", "go on", "go on with an answer that stopped before its end: at the length limit, cut off, interrupted";
    Conversation, Action::Compact, &[], &[], &["compact"], "[undo]", Some("q compact SESSION [undo]"), Some(Session(Open, |session, arguments| Command::Compact { session, undo: arguments.flags.undo })), "Have a summary stand for the conversation so far, where a model is asked", "compact", "have the agent summarise the conversation, and get the summary in its place from then on; `/compact undo` takes that back";
    Conversation, Action::Undo, &[], &[plain('z')], &["undo"], "[yes]", Some("q undo SESSION"), Some(Session(Open, |session, arguments| reversal(session, arguments, false))), "", "undo", "show what tools changed in files in the newest turn that changed any, and undo it on a yes; what commands changed stays";
    Conversation, Action::Redo, &[], &[], &["redo"], "[yes]", Some("q redo SESSION"), Some(Session(Open, |session, arguments| reversal(session, arguments, true))), "", "redo", "show what was undone last, and make it again on a yes";
    Conversation, Action::Diff, &[], &[], &["diff"], "", Some("q diff SESSION"), None, "", "diff", "show what this session's tools changed in files, all in all";
    Conversation, Action::Usage, &[], &[], &["usage"], "", Some("q usage [SESSION]"), None, "", "usage", "show the tokens this session cost, and how full its model's window is";
    Conversation, Action::Context, &[], &[], &["context"], "", Some("q context SESSION"), None, "", "context", "show what the next request would have, part by part, how large each is, and what stays behind";
    Conversation, Action::Processes, &[], &[], &["processes"], "", Some("q processes SESSION"), None, "", "processes", "show what commands go on in this session's background, and which have ended";
    Conversation, Action::Kill, &[], &[], &["kill-process"], "NUMBER", Some("q processes SESSION --kill NUMBER"), None, "", "kill", "end the command of that number in this session's background, with all it started";
    Conversation, Action::Steer, &[], &[], &["steer"], "TEXT", Some("q steer SESSION TEXT"), Some(Turn(|session, token, arguments| Command::Steer { session, token, text: arguments.text(), images: Vec::new() })), "Say something into a running turn, where the agent takes it", "steer", "say something into the running answer, where the agent takes it";
    Conversation, Action::Model, &[], &[], &["model"], "[MODEL]", Some("q set SESSION model MODEL"), Some(Session(Open, |session, arguments| Command::Set { session, changes: arguments.changes.clone() })), "", "model", "have another model answer in this session; alone, show which models there are; `default` goes back";
    Conversation, Action::Mode, &[], &[], &["mode"], "[MODE]", Some("q set SESSION mode MODE"), Some(Session(Open, |session, arguments| Command::Set { session, changes: arguments.changes.clone() })), "", "mode", "have an agent over ACP work in another of its modes; alone, show which there are; `default` goes back";
    Conversation, Action::Commands, &[], &[], &["commands"], "", None, None, "", "commands", "show the slash commands that you or this project wrote, and those of this session's agent, where it is one over ACP and has some";
    Conversation, Action::Skill, &[], &[], &["skill", "skills"], "[SKILL] [WORDS]", None, None, "", "skill", "send a skill as a prompt, with WORDS behind it; alone, show which there are";
    Conversation, Action::Set, &[], &[], &["set"], "[SETTING] [VALUE]", Some("q set SESSION [SETTING] [VALUE]"), Some(Session(Open, |session, arguments| Command::Set { session, changes: arguments.changes.clone() })), "Show how a session's turns are asked, or change it: `q set api temperature 0.2`", "set", "set how this session is asked (model, temperature, body and more: `/set ` and Tab); `default` clears it; alone, show them";
    Conversation, Action::Find, &[(alt('f'), Empty)], &[plain('/')], &["find"], "[TEXT]", None, None, "", "find", "look for TEXT in this session, from what is in sight back; capitals count where you type one";
    Conversation, Action::Queue, &[], &[], &["queue"], "", Some("q queue SESSION"), None, "", "queue", "show the prompts that wait, with their numbers";
    Conversation, Action::Unqueue, &[], &[], &["unqueue"], "[NUMBER]", Some("q unqueue SESSION PROMPT"), Some(Prompt(|session, prompt, _| Command::Unqueue { session, prompt })), "Take a waiting prompt back", "unqueue", "take a waiting prompt back into the editor: the last one, or the one of that number";
    Conversation, Action::EditQueued, &[], &[], &["edit"], "NUMBER [TEXT]", Some("q edit SESSION PROMPT TEXT"), Some(Prompt(|session, prompt, arguments| Command::Edit { session, prompt, text: arguments.text() })), "Write a waiting prompt anew", "edit", "write a waiting prompt anew; without TEXT it comes back into the editor";
    Conversation, Action::Move, &[], &[], &["move"], "NUMBER PLACE", Some("q move SESSION PROMPT PLACE"), Some(Prompt(|session, prompt, arguments| Command::Move { session, prompt, place: arguments.place() })), "Give a waiting prompt another place", "move", "give a waiting prompt another place; 1 is sent next";
    Conversation, Action::SendNow, &[], &[], &["now"], "[NUMBER]", Some("q now SESSION [PROMPT]"), Some(Prompt(|session, prompt, _| Command::SendNow { session, prompt })), "Send a waiting prompt at once; a running turn is interrupted for it", "now", "send a waiting prompt at once, the next one or that one; a running answer is interrupted";
    Waiting, Action::Inbox, &[], &[plain('i')], &["inbox"], "", Some("q inbox"), None, "", "inbox", "show what waits for your answer, over all sessions, with numbers";
    Waiting, Action::Approve, &[], &[], &["approve"], "[NUMBER] [all]", Some("q approve SESSION [ID]"), Some(Call(Wants::Consent, |_| Answer::Once)), "", "approve", "let a tool run, this once: the one that waits here, or the one shown with that number; with `all`, every call of that tool that was shown to wait in its session";
    Waiting, Action::Always, &[], &[], &["always"], "[NUMBER]", Some("q approve --always SESSION [ID]"), Some(Call(Wants::Consent, |_| Answer::Always)), "", "always", "the same, and do not ask about such calls again in its session: what that means is shown with the call";
    Waiting, Action::Deny, &[], &[], &["deny"], "[NUMBER] [all] [WORDS]", Some("q deny SESSION [ID]"), Some(Call(Wants::Consent, |arguments| arguments.text.clone().map_or(Answer::Deny, Answer::Words))), "", "deny", "let it not run; WORDS tell the agent what to do instead; with `all`, every call of that tool that was shown to wait in its session";
    Waiting, Action::Answer, &[], &[], &["answer"], "WORDS", Some("q answer SESSION WORDS"), Some(Call(Wants::Words, |arguments| Answer::Words(arguments.text()))), "", "answer", "answer what the agent asks in this session";
    Waiting, Action::Permissions, &[], &[], &["permissions"], "", Some("q permissions"), None, "", "rules", "show the rules by which calls of tools run, ask or are denied here; d removes one";
    Waiting, Action::Trust, &[], &[], &["trust"], "", Some("q trust [DIR]"), None, "", "trust", "trust this session's directory: its AGENTS.md and the like go to the model with each turn";
    Keeping, Action::Tag, &[], &[], &["tag"], "[+TAG|-TAG]…", Some("q tag SESSION [+TAG|-TAG]…"), Some(Session(Open, |session, arguments| Command::Tag { session, changes: arguments.tags.clone() })), "Group sessions by words: `q tag api +work -old`", "tag", "add and remove tags of the session; alone, show them";
    Keeping, Action::Pin, &[], &[], &["pin"], "[SESSION]", Some("q pin SESSION"), Some(Session(Open, |session, _| Command::Pin { session, pinned: true })), "Keep a session from hibernating by itself", "pin", "keep a session from hibernating by itself";
    Keeping, Action::Unpin, &[], &[], &["unpin"], "[SESSION]", Some("q unpin SESSION"), Some(Session(Open, |session, _| Command::Pin { session, pinned: false })), "Let a session hibernate by itself again", "unpin", "let it hibernate by itself again";
    Keeping, Action::Unread, &[], &[], &["unread"], "[SESSION]", Some("q unread SESSION"), Some(Session(Open, |session, _| Command::MarkUnread { session })), "Mark a session as unread, to come back to it", "unread", "count a session as unread until it is shown again";
    Keeping, Action::Read, &[], &[], &["read"], "[SESSION]", Some("q read SESSION"), Some(Session(Open, |session, _| Command::MarkRead { session })), "Mark a session as read; if its last turn failed, that you know", "read", "count a session as read without going there; of one that failed or was interrupted, that you know";
    Keeping, Action::Reopen, &[], &[], &["reopen"], "SESSION", Some("q reopen SESSION"), Some(Session(Archived, |session, _| Command::Reopen { session })), "Take a session out of the archive", "reopen", "take a session out of the archive and go to it";
    Keeping, Action::Delete, &[], &[], &["delete"], "[SESSION]", Some("q delete SESSION [--now]"), Some(Session(Kept, |session, arguments| Command::Trash { session, even_if_working: arguments.flags.force })), "", "delete", "throw a session into the trash, for a month; /delete! also while it works";
    Keeping, Action::Restore, &[], &[], &["restore"], "SESSION", Some("q restore SESSION"), Some(Session(Trashed, |session, _| Command::Restore { session })), "Take a session out of the trash, into the archive", "restore", "take a session out of the trash, into the archive";
    View, Action::Scroll(ScrollStep::PageUp), &[(key(PageUp), Always)], &[], &[], "", None, None, "", "page up", "half a screen up";
    View, Action::Scroll(ScrollStep::PageDown), &[(key(PageDown), Always)], &[], &[], "", None, None, "", "page down", "half a screen down";
    View, Action::Scroll(ScrollStep::LineUp), &[(key(Up).shift(), Always)], &[], &[], "", None, None, "", "line up", "one line up";
    View, Action::Scroll(ScrollStep::LineDown), &[(key(Down).shift(), Always)], &[], &[], "", None, None, "", "line down", "one line down";
    View, Action::Scroll(ScrollStep::Top), &[(key(Home).ctrl(), Always), (key(Home), Empty)], &[], &[], "", None, None, "", "top", "to the oldest entry at hand; older ones follow";
    View, Action::Scroll(ScrollStep::End), &[(key(End).ctrl(), Always), (key(End), Empty)], &[], &[], "", None, None, "", "end", "to the newest line, and stay there";
    View, Action::ToPrompt(PromptStep::Above), &[(key(Up).alt(), Always)], &[key(Up)], &[], "", None, None, "", "prompt above", "to the prompt above what is in sight";
    View, Action::ToPrompt(PromptStep::Below), &[(key(Down).alt(), Always)], &[key(Down)], &[], "", None, None, "", "prompt below", "to the prompt below; behind the last one, to the end";
    View, Action::Copy, &[], &[plain('y')], &["copy"], "[code] [NUMBER]", None, None, "", "copy", "copy the last answer to the clipboard, or the one that NUMBER counts from the newest; with `code`, a block of code";
    View, Action::Pager, &[], &[plain('p')], &["pager"], "", None, None, "", "pager", "read the whole transcript in $PAGER, or less";
    View, Action::Thoughts, &[(ctrl('o'), Always)], &[plain('o')], &["thoughts"], "", None, None, "", "thoughts", "show thoughts, calls and long prompts of this session whole, or fold them again; a click does so with one; behind a folded paste its text; in the shell: `q show SESSION --entry N`";
    View, Action::Tour, &[], &[], &["tour"], "[skip]", None, None, "", "tour", "have q show you around in three steps, which it notices whichever way you take them; `/tour skip` ends that";
    View, Action::Redraw, &[(ctrl('l'), Always)], &[], &["redraw"], "", None, None, "", "redraw", "paint the screen anew";
    View, Action::Suspend, &[(ctrl('z'), Always)], &[], &[], "", None, None, "", "suspend", "back to the shell; fg returns";
    View, Action::Cancel, &[(key(Esc), Always)], &[], &[], "", None, None, "", "cancel", "leave a list, a question, or a half-typed chord";
    Editing, Action::History(HistoryStep::Older), &[(key(Up), Always), (ctrl('p'), Always)], &[], &[], "", None, None, "", "up", "a line up; on the first line, the prompt sent before";
    Editing, Action::History(HistoryStep::Newer), &[(key(Down), Always), (ctrl('n'), Text)], &[], &[], "", None, None, "", "down", "a line down; on the last line, the prompt sent after";
    Editing, Action::History(HistoryStep::Search), &[(ctrl('r'), Text)], &[], &[], "", None, None, "", "search", "search the prompts sent before; again, those of all sessions; also while nothing is typed, once something was sent";
    Editing, Action::Editor, &[(ctrl('g'), Always)], &[], &["editor"], "", None, None, "", "editor", "write the prompt in your own editor, which VISUAL or EDITOR names; what it leaves stands here and is not sent";
    Editing, Action::Complete, &[(key(Tab), Text)], &[], &[], "", None, None, "", "complete", "take from the list above the prompt what is meant: a command after /, what it takes, a file after @; or go through it";
    Editing, Action::Edit(Edit::Left), &[(key(Left), Always), (ctrl('b'), Always)], &[], &[], "", None, None, "", "left", "a character left";
    Editing, Action::Edit(Edit::Right), &[(key(Right), Always), (ctrl('f'), Always)], &[], &[], "", None, None, "", "right", "a character right";
    Editing, Action::Edit(Edit::WordLeft), &[(key(Left).ctrl(), Always), (key(Left).alt(), Always), (alt('b'), Always)], &[], &[], "", None, None, "", "word left", "a word left";
    Editing, Action::Edit(Edit::WordRight), &[(key(Right).ctrl(), Always), (key(Right).alt(), Always), (alt('f'), Text)], &[], &[], "", None, None, "", "word right", "a word right";
    Editing, Action::Edit(Edit::LineStart), &[(key(Home), Text), (ctrl('a'), Always)], &[], &[], "", None, None, "", "line start", "to the line's beginning";
    Editing, Action::Edit(Edit::LineEnd), &[(key(End), Text), (ctrl('e'), Always)], &[], &[], "", None, None, "", "line end", "to the line's end";
    Editing, Action::Edit(Edit::DeleteBack), &[(key(Backspace), Always), (ctrl('h'), Always), (key(Backspace).shift(), Always)], &[], &[], "", None, None, "", "delete", "delete the character before";
    Editing, Action::Edit(Edit::DeleteForward), &[(key(Delete), Always), (ctrl('d'), Text)], &[], &[], "", None, None, "", "delete", "delete the character after";
    Editing, Action::Edit(Edit::DeleteWordBack), &[(ctrl('w'), Text), (key(Backspace).alt(), Always), (key(Backspace).ctrl(), Always)], &[], &[], "", None, None, "", "delete word", "delete the word before";
    Editing, Action::Edit(Edit::DeleteWordForward), &[(alt('d'), Always)], &[], &[], "", None, None, "", "delete word", "delete the word after";
    Editing, Action::Edit(Edit::DeleteToStart), &[(ctrl('u'), Always)], &[], &[], "", None, None, "", "delete", "delete to the line's beginning";
    Editing, Action::Edit(Edit::DeleteToEnd), &[(ctrl('k'), Always)], &[], &[], "", None, None, "", "delete", "delete to the line's end";
    Editing, Action::Edit(Edit::Yank), &[(ctrl('y'), Always)], &[], &[], "", None, None, "", "put back", "put back what was deleted last";
    Editing, Action::Edit(Edit::YankBefore), &[(alt('y'), Always)], &[], &[], "", None, None, "", "put back", "right behind that: what was deleted before it, in its place";
    Editing, Action::Edit(Edit::Undo), &[(alt('u'), Always), (ctrl('_'), Always), (ctrl('/'), Always)], &[plain('u')], &[], "", None, None, "", "undo typing", "undo the last change of what is typed";
    Editing, Action::Edit(Edit::Redo), &[(alt('u').shift(), Always)], &[ctrl('y')], &[], "", None, None, "", "redo typing", "make again what was undone";
];

/// The row of a slash command, by its name or another word for it.
pub fn by_slash(word: &str) -> Option<&'static CommandRow> {
    ROWS.iter().find(|row| row.slash.contains(&word))
}

/// Keys in one short cell: a row of digits as a range, alternatives with a space between.
pub fn keys(chords: &[Chord]) -> String {
    if let [first, .., last] = chords
        && first.digit() == Some(1)
        && last.digit() == Some(9)
    {
        return format!("{first}…9");
    }
    chords.iter().map(Chord::to_string).collect::<Vec<_>>().join(" ")
}

impl Action {
    pub fn row(self) -> Option<&'static CommandRow> {
        ROWS.iter().find(|row| row.action == self)
    }
}

/// The reversal of the changes that were shown: those of the turn of that number.
fn reversal(session: SessionId, arguments: &Arguments, redo: bool) -> Command {
    let turn = TurnNo(arguments.number.unwrap_or_default() as u64);
    Command::Reverse { session, redo, turn }
}

/// Whether a session is opened by it, which is shown then.
pub(crate) const fn opens_session(command: &Command) -> bool {
    command.makes_session() || matches!(command, Command::Reopen { .. })
}

/// Whether a command takes its session out of sight.
pub const fn ends_session(command: &Command) -> bool {
    matches!(command, Command::Close { .. } | Command::Trash { .. } | Command::Erase { .. })
}

/// The answer to a call that waits: for exactly what was shown of it.
pub const fn answer(session: SessionId, pending: &PendingCall, answer: Answer) -> Command {
    Command::Answer { session, turn: pending.turn, call: pending.call, digest: pending.digest, answer }
}

impl CommandRow {
    /// Whether a `!` behind its command means something: also while the session works.
    pub const fn may_force(&self) -> bool {
        self.action.question().is_some()
    }

    /// Its parameters as a slash command.
    pub(crate) fn params(&self) -> impl Iterator<Item = Param> + use<> {
        params(self.arguments)
    }

    /// Its verb in the shell with the flags that make it mean this, and the parameters of that; nothing without one.
    pub fn shell_verb(&self) -> Option<(&'static str, impl Iterator<Item = Param> + use<>)> {
        let usage = self.cli?.strip_prefix("q ")?;
        let is_param = |word: &str| word.starts_with(|first: char| first.is_uppercase() || first == '[');
        let at =
            usage.split(' ').take_while(|word| !is_param(word)).map(|word| word.len() + 1).sum::<usize>();
        let (verb, rest) = usage.split_at_checked(at).unwrap_or((usage, ""));
        Some((verb.trim_end(), params(rest)))
    }

    /// Whether its commands, its heading or what is said of it contain the topic, whatever its case.
    pub fn mentions(&self, topic: &str) -> bool {
        let topic = topic.to_lowercase();
        let contains = |text: &str| text.to_lowercase().contains(&topic);
        let mut texts = self.slash.iter().copied().chain([self.word, self.help, self.group.title()]);
        texts.any(contains)
    }

    /// Its slash command with arguments; empty without one.
    pub fn command(&self) -> String {
        match self.slash.first() {
            Some(name) if self.arguments.is_empty() => format!("/{name}"),
            Some(name) => format!("/{name} {}", self.arguments),
            None => String::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_row_stands_under_a_title() {
        for row in ROWS {
            assert!(!row.group.title().is_empty(), "{:?} has no title", row.group);
        }
    }

    #[test]
    fn every_key_is_a_chord_in_its_normal_form() {
        for row in ROWS {
            for key in row.direct.iter().map(|(key, _)| *key).chain(row.leader.iter().copied()) {
                assert_eq!(key.to_string().parse::<Chord>(), Ok(key), "{key}");
            }
        }
    }

    #[test]
    fn no_chord_means_two_things() {
        for empty in [true, false] {
            let mut seen = BTreeSet::from([LEADER.to_string()]);
            for (key, when) in ROWS.iter().flat_map(|row| row.direct) {
                assert!(!when.holds(empty) || seen.insert(key.to_string()), "{key} twice (empty: {empty})");
            }
        }
        let mut seen = BTreeSet::new();
        for key in ROWS.iter().flat_map(|row| row.leader) {
            assert!(seen.insert(key.to_string()), "leader {key} twice");
        }
        let mut seen = BTreeSet::new();
        for word in ROWS.iter().flat_map(|row| row.slash) {
            assert!(seen.insert(word), "/{word} twice");
        }
    }

    #[test]
    fn each_action_stands_once_and_can_be_reached() {
        let mut seen = BTreeSet::new();
        for row in ROWS {
            assert!(seen.insert(row.action), "{:?} twice", row.action);
            assert!(!row.direct.is_empty() || !row.slash.is_empty(), "{:?} has no way to it", row.action);
        }
    }

    #[test]
    fn whatever_concerns_sessions_has_a_leader_chord_and_a_command() {
        for row in ROWS.iter().filter(|row| row.group == Group::Sessions) {
            assert!(!row.leader.is_empty() && !row.slash.is_empty(), "{:?}", row.action);
        }
    }

    #[test]
    fn what_a_row_takes_is_known_to_who_reads_it() {
        const SLASH: [&str; 20] = [
            "KIND",
            "NAME",
            "NAME|NUMBER",
            "SESSION",
            "NUMBER",
            "PLACE",
            "TEXT",
            "WORD",
            "WORDS",
            "+TAG|-TAG",
            "undo",
            "all",
            "code",
            "yes",
            "skip",
            "MODEL",
            "MODE",
            "SKILL",
            "SETTING",
            "VALUE",
        ];
        const SHELL: [&str; 9] =
            ["SESSION", "NAME", "PROMPT", "PLACE", "TEXT", "+TAG|-TAG", "undo", "SETTING", "VALUE"];
        for row in ROWS {
            for param in params(row.arguments) {
                assert!(SLASH.contains(&param.word), "{param:?} of {:?}", row.action);
            }
            if row.about.is_empty() {
                continue;
            }
            // Of such a row the shell makes a verb: about a session, which stands first.
            let (_, shell) = row.shell_verb().unwrap();
            let words: Vec<&str> = shell.map(|param| param.word).collect();
            assert_eq!(words.first(), Some(&"SESSION"), "{:?}", row.action);
            assert!(words.iter().all(|word| SHELL.contains(word)), "{words:?} of {:?}", row.action);
            assert!(
                matches!(row.core, Some(Session(..) | Turn(_) | Prompt(_))),
                "{:?} tells the core nothing that a verb could",
                row.action
            );
        }
    }
}
