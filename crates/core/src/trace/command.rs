//! Commands as words: each stands here twice, as it is read and as it is written.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::reader::WordReader;
use super::words::{bare, digest as digest_words, named, session, turn as turn_words};
use super::{entry, event, rule, setup};
use crate::entry::Entry;
use crate::id::{CallNo, EntryNo, PromptNo, SessionId, Token, TurnNo};
use crate::import::{Import, Item};
use crate::multiplexer::command::Command;
use crate::name::NameOrigin;
use crate::record::Answer;
use crate::settings::SettingChange;
use crate::tag::TagChange;
use crate::time::WallTime;

const ORIGINS: [(&str, NameOrigin); 3] = [
    ("chosen", NameOrigin::Chosen),
    ("automatic", NameOrigin::Automatic),
    ("placeholder", NameOrigin::Placeholder),
];

/// The command that begins with this verb. `request` makes the token where none is written: one that no other line has.
pub(super) fn read(
    verb: &str,
    session: SessionId,
    words: &mut WordReader,
    request: u64,
) -> Result<Command, String> {
    Ok(match verb {
        "create" => {
            let (name, setup, tags) = setup::read(words)?;
            Command::Create { id: session, name, setup, tags }
        }
        "import" => read_import(session, words)?,
        "part" => read_part(session, words)?,
        "imported" => Command::EndImport { session },
        "fork" => Command::Fork {
            session,
            id: words.session()?,
            at: words.number_option("at")?.map(EntryNo),
            name: words.option("name")?,
        },
        "reopen" => Command::Reopen { session },
        "trash" => Command::Trash { session, even_if_working: words.take("anyway") },
        "restore" => Command::Restore { session },
        "erase" => Command::Erase { session, even_if_working: words.take("anyway") },
        "wake" => Command::Wake { session },
        "tag" => Command::Tag { session, changes: read_tags(words) },
        "pin" => Command::Pin { session, pinned: true },
        "unpin" => Command::Pin { session, pinned: false },
        "policy" => Command::SetPolicy { session, policy: setup::read_policy(words)? },
        "rule" => Command::SetRule { session, rule: rule::read(words)?, stands: true },
        "unrule" => Command::SetRule { session, rule: rule::read(words)?, stands: false },
        "set" => Command::Set { session, changes: read_settings(words)? },
        "unread" => Command::MarkUnread { session },
        "read" => Command::MarkRead { session },
        "edit" => Command::Edit { session, prompt: PromptNo(words.number()?), text: words.word("a text")? },
        "move" => Command::Move {
            session,
            prompt: PromptNo(words.number()?),
            place: u32::try_from(words.number::<u64>()?).unwrap_or(u32::MAX),
        },
        "now" => Command::SendNow { session, prompt: PromptNo(words.number()?) },
        "steer" => {
            let (text, images) = (words.word("a text")?, entry::read_new_images(words)?);
            Command::Steer { session, text, images, token: read_token(words, request)? }
        }
        "answer" => read_answer(session, words)?,
        "rename" => Command::Rename { session, name: words.word("a name")? },
        "close" => Command::Close { session, even_if_working: words.take("anyway") },
        "submit" => {
            let (text, images) = (words.word("a text")?, entry::read_new_images(words)?);
            Command::Submit { session, text, images, token: read_token(words, request)? }
        }
        "shell" => {
            let text = words.word("a text")?;
            Command::Shell { session, text, token: read_token(words, request)? }
        }
        "unqueue" => Command::Unqueue { session, prompt: PromptNo(words.number()?) },
        "interrupt" => Command::Interrupt { session },
        "retry" => Command::Retry { session, token: read_token(words, request)? },
        "continue" => Command::Continue { session, token: read_token(words, request)? },
        "reverse" => {
            let turn = TurnNo(words.number()?);
            Command::Reverse { session, redo: words.take("redo"), turn }
        }
        "compact" => Command::Compact { session, undo: words.take("undo") },
        "draft" => Command::SaveDraft { session, text: words.word("a text")? },
        _ => return Err(format!("`{verb}` is not a verb")),
    })
}

/// What [`read`] reads back.
pub(super) fn write(command: &Command) -> String {
    let anyway = |even_if_working: bool| if even_if_working { " anyway" } else { "" };
    match command {
        Command::Create { id, name, setup, tags } => {
            let mut words = Vec::from([format!("create {}", session(*id))]);
            words.extend(setup::write(name.as_deref(), setup, tags));
            words.join(" ")
        }
        Command::Import(import) => write_import(import),
        Command::ImportPart { session: id, items } => write_part(*id, items),
        Command::EndImport { session: id } => format!("imported {}", session(*id)),
        Command::Fork { session: id, id: new, at, name } => {
            let at = at.map(|at| format!(" at {at}")).unwrap_or_default();
            let name = name.as_ref().map(|name| format!(" name {}", bare(name))).unwrap_or_default();
            format!("fork {} {}{at}{name}", session(*id), session(*new))
        }
        Command::Rename { session: id, name } => format!("rename {} {}", session(*id), bare(name)),
        Command::Close { session: id, even_if_working } => {
            format!("close {}{}", session(*id), anyway(*even_if_working))
        }
        Command::Reopen { session: id } => format!("reopen {}", session(*id)),
        Command::Trash { session: id, even_if_working } => {
            format!("trash {}{}", session(*id), anyway(*even_if_working))
        }
        Command::Restore { session: id } => format!("restore {}", session(*id)),
        Command::Erase { session: id, even_if_working } => {
            format!("erase {}{}", session(*id), anyway(*even_if_working))
        }
        Command::Wake { session: id } => format!("wake {}", session(*id)),
        Command::Tag { session: id, changes } => write_tags(*id, changes),
        Command::Pin { session: id, pinned: true } => format!("pin {}", session(*id)),
        Command::Pin { session: id, pinned: false } => format!("unpin {}", session(*id)),
        Command::SetPolicy { session: id, policy } => format!("policy {} {}", session(*id), policy.word()),
        Command::SetRule { session: id, rule, stands } => {
            let verb = if *stands { "rule" } else { "unrule" };
            format!("{verb} {} {}", session(*id), rule::write(rule))
        }
        Command::Set { session: id, changes } => {
            let changes = changes.iter().map(|change| format!(" to {}", setup::write_setting(change)));
            format!("set {}{}", session(*id), changes.collect::<String>())
        }
        Command::MarkUnread { session: id } => format!("unread {}", session(*id)),
        Command::MarkRead { session: id } => format!("read {}", session(*id)),
        Command::Submit { session: id, token, text, images } => {
            let images = entry::write_new_images(images);
            format!("submit {} {text:?}{images} token {}", session(*id), token.0)
        }
        Command::Shell { session: id, token, text } => {
            format!("shell {} {text:?} token {}", session(*id), token.0)
        }
        Command::Unqueue { session: id, prompt } => format!("unqueue {} {prompt}", session(*id)),
        Command::Edit { session: id, prompt, text } => format!("edit {} {prompt} {text:?}", session(*id)),
        Command::Move { session: id, prompt, place } => format!("move {} {prompt} {place}", session(*id)),
        Command::SendNow { session: id, prompt } => format!("now {} {prompt}", session(*id)),
        Command::Steer { session: id, token, text, images } => {
            let images = entry::write_new_images(images);
            format!("steer {} {text:?}{images} token {}", session(*id), token.0)
        }
        Command::Answer { session: id, turn, call, digest, answer } => {
            let answer = match answer {
                Answer::Once => "once".into(),
                Answer::Always => "always".into(),
                Answer::Deny => "deny".into(),
                Answer::Words(text) => format!("words {text:?}"),
            };
            let digest = digest_words(*digest, call.0);
            format!("answer {} {call} {answer}{digest}{}", session(*id), turn_words(*turn))
        }
        Command::Interrupt { session: id } => format!("interrupt {}", session(*id)),
        Command::Retry { session: id, token } => format!("retry {} token {}", session(*id), token.0),
        Command::Continue { session: id, token } => format!("continue {} token {}", session(*id), token.0),
        Command::Reverse { session: id, redo, turn } => {
            format!("reverse {} {turn}{}", session(*id), if *redo { " redo" } else { "" })
        }
        Command::Compact { session: id, undo: false } => format!("compact {}", session(*id)),
        Command::Compact { session: id, undo: true } => format!("compact {} undo", session(*id)),
        Command::SaveDraft { session: id, text } => format!("draft {} {text:?}", session(*id)),
    }
}

/// The token that is written, or one that no other line has.
fn read_token(words: &mut WordReader, request: u64) -> Result<Token, String> {
    Ok(Token(words.number_option("token")?.unwrap_or_else(|| 1000 + u128::from(request))))
}

/// What follows, a `to` before each setting and its value.
fn read_settings(words: &mut WordReader) -> Result<Vec<SettingChange>, String> {
    let mut changes = Vec::new();
    while words.take("to") {
        changes.push(setup::read_setting(words)?);
    }
    Ok(changes)
}

/// All words that follow and begin with a sign.
fn read_tags(words: &mut WordReader) -> Vec<TagChange> {
    core::iter::from_fn(|| words.take_signed(['+', '-'])).map(|word| TagChange::typed(&word)).collect()
}

fn write_tags(id: SessionId, changes: &[TagChange]) -> String {
    let mut words = Vec::from([format!("tag {}", session(id))]);
    words.extend(changes.iter().map(|change| match change {
        TagChange::Add(tag) => bare(&format!("+{tag}")),
        TagChange::Remove(tag) => bare(&format!("-{tag}")),
    }));
    words.join(" ")
}

fn read_answer(session: SessionId, words: &mut WordReader) -> Result<Command, String> {
    let no = words.number()?;
    let word = words.word("an answer")?;
    let answer = match word.as_str() {
        "once" => Answer::Once,
        "always" => Answer::Always,
        "deny" => Answer::Deny,
        "words" => Answer::Words(words.word("a text")?),
        _ => return Err(format!("`{word}` is not once, always, deny or words")),
    };
    let (digest, turn) = (words.digest(no)?, words.turn()?);
    Ok(Command::Answer { session, turn, call: CallNo(no), digest, answer })
}

fn read_import(id: SessionId, words: &mut WordReader) -> Result<Command, String> {
    let name = words.word("a name")?;
    let origin = words.one_of(&ORIGINS)?;
    let (pinned, running) = (words.take("pinned"), words.take("running"));
    let (created, touched) = (WallTime(words.number()?), WallTime(words.number()?));
    let usage = event::read_usage(words)?;
    let (typed, setup, tags) = setup::read(words)?;
    let import = Import { id, typed, name, origin, setup, tags, pinned, created, touched, usage, running };
    Ok(Command::Import(Box::new(import)))
}

fn write_import(import: &Import) -> String {
    let Import { id, typed, name, origin, setup, tags, pinned, created, touched, usage, running } = import;
    let mut words = Vec::from([format!("import {} {}", session(*id), bare(name)), named(&ORIGINS, *origin)]);
    words.extend(pinned.then(|| "pinned".to_string()));
    words.extend(running.then(|| "running".to_string()));
    words.push(format!("{} {} {}", created.0, touched.0, event::write_usage(*usage)));
    words.extend(setup::write(typed.as_deref(), setup, tags));
    words.join(" ")
}

fn read_part(session: SessionId, words: &mut WordReader) -> Result<Command, String> {
    let mut items = Vec::new();
    loop {
        if words.take("entry") {
            let (no, at) = (EntryNo(words.number()?), WallTime(words.number()?));
            items.push(Item::Entry(Entry { no, at, body: entry::read(words)? }));
        } else if words.take("waits") {
            let token = Token(words.number()?);
            items.push(Item::Waiting { token, text: words.word("a text")? });
        } else if words.take("typed") {
            items.push(Item::Draft(words.word("a text")?));
        } else {
            return Ok(Command::ImportPart { session, items });
        }
    }
}

fn write_part(id: SessionId, items: &[Item]) -> String {
    let mut words = Vec::from([format!("part {}", session(id))]);
    words.extend(items.iter().map(|item| match item {
        Item::Entry(entry) => format!("entry {} {} {}", entry.no, entry.at.0, entry::write(&entry.body)),
        Item::Waiting { token, text } => format!("waits {} {text:?}", token.0),
        Item::Draft(text) => format!("typed {text:?}"),
    }));
    words.join(" ")
}
