//! Lines and the inputs in them: read and written.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::time::Duration;

use super::line::{Directive, Faulty, Line};
use super::reader::WordReader;
use super::words::{bare, read_span, session, span, turn as turn_words};
use super::{command, entry, event};
use crate::focus::SessionInView;
use crate::id::{ClientId, ReplyTo, RequestId, Seq};
use crate::input::Input;
use crate::time::WallTime;

/// Reads a line. `request` numbers the wish in it, if it is one.
pub fn parse(line: &str, request: u64) -> Result<Line, Faulty> {
    let read = || {
        let mut words = WordReader::new(line)?;
        let line = read_line(&mut words, request)?;
        words.end().map(|()| line)
    };
    read().map_err(|fault| Faulty { line: line.to_string(), fault })
}

fn read_line(words: &mut WordReader, request: u64) -> Result<Line, String> {
    let verb = words.word("a verb")?;
    let directive = match verb.as_str() {
        "crash" => Directive::Crash,
        "loaded" => Directive::Loaded(words.session()?),
        "lose" => Directive::Lose(words.session()?, Seq(words.number()?)),
        "cut" => Directive::Cut(words.session()?, Seq(words.number()?)),
        "look" => Directive::Look(words.session()?),
        "inbox" => Directive::Inbox,
        "due" => Directive::Due,
        verb => Directive::Input(read_input(verb, words, request)?),
    };
    let mut time = |name| words.option(name)?.map(|word| read_span(&word)).transpose();
    let after = time("after")?.unwrap_or_default();
    let wall = time("wall")?.map(|wall| WallTime(u64::try_from(wall.as_millis()).unwrap_or(u64::MAX)));
    Ok(Line { after, wall, directive })
}

fn read_input(verb: &str, words: &mut WordReader, request: u64) -> Result<Input, String> {
    Ok(match verb {
        "started" => Input::Started,
        "stopping" => Input::Stopping,
        "tick" => Input::Tick,
        "attach" => Input::Attached(words.client()?),
        "detach" => Input::Detached(words.client()?),
        "show" => {
            let client = words.client()?;
            let session = if words.take("nothing") { None } else { Some(words.session()?) };
            let at_end = !words.take("scrolled");
            Input::Showing { client, session, at_end, beside: read_beside(words)? }
        }
        "offer" => Input::Offered { session: words.session()?, agent: words.word("an agent")? },
        "unbound" => Input::NotBound { session: words.session()?, turn: words.turn()? },
        "reversed" => {
            let (session, redo) = (words.session()?, words.take("redo"));
            Input::Reversed { session, redo, outcome: Ok(entry::read_files(words)?) }
        }
        "unreversed" => {
            let (session, redo) = (words.session()?, words.take("redo"));
            Input::Reversed { session, redo, outcome: Err(words.word("a reason")?) }
        }
        "memory" => Input::Memory { bytes: words.number()? },
        "background" => Input::Background { session: words.session()?, running: words.number()? },
        "unreadable" => Input::Loaded { session: words.session()?, stored: Err(words.word("a reason")?) },
        // All else is about a session, which comes first.
        verb => {
            let session = words.session()?;
            if let Some(event) = event::read(verb, words)? {
                return Ok(Input::Agent { session, turn: words.turn()?, event });
            }
            let command = command::read(verb, session, words, request)?;
            let client = if words.take("by") { words.client()? } else { ClientId(1) };
            Input::Wish { to: ReplyTo { client, request: RequestId(request) }, command }
        }
    })
}

/// The sessions that are shown beside that one.
fn read_beside(words: &mut WordReader) -> Result<Vec<SessionInView>, String> {
    let mut beside = Vec::new();
    while words.take("beside") {
        beside.push(SessionInView { session: words.session()?, at_end: !words.take("scrolled") });
    }
    Ok(beside)
}

/// The line that tells this, as [`parse`] reads it back. What was loaded is not written out: a script's own disk has it. The
/// number of a wish is its line's.
pub fn write(after: Duration, wall: Option<WallTime>, input: &Input) -> String {
    let mut line = input_words(input);
    if !after.is_zero() {
        line = format!("{line} after {}", span(after));
    }
    match wall {
        Some(wall) => format!("{line} wall {}", span(Duration::from_millis(wall.0))),
        None => line,
    }
}

fn input_words(input: &Input) -> String {
    match input {
        Input::Started => "started".into(),
        Input::Stopping => "stopping".into(),
        Input::Tick => "tick".into(),
        Input::Attached(client) => format!("attach c{client}"),
        Input::Detached(client) => format!("detach c{client}"),
        Input::Showing { client, session: shown, at_end, beside } => {
            let shown = shown.map_or_else(|| "nothing".into(), session);
            let end = |at_end: bool| if at_end { "" } else { " scrolled" };
            let beside =
                beside.iter().map(|other| format!(" beside {}{}", session(other.session), end(other.at_end)));
            format!("show c{client} {shown}{}{}", end(*at_end), beside.collect::<String>())
        }
        Input::Offered { session: id, agent } => format!("offer {} {}", session(*id), bare(agent)),
        Input::NotBound { session: id, turn } => format!("unbound {}{}", session(*id), turn_words(*turn)),
        Input::Reversed { session: id, redo, outcome } => {
            let redo = if *redo { " redo" } else { "" };
            match outcome {
                Ok(files) => format!("reversed {}{redo}{}", session(*id), entry::write_files(files)),
                Err(why) => format!("unreversed {}{redo} {why:?}", session(*id)),
            }
        }
        Input::Memory { bytes } => format!("memory {bytes}"),
        Input::Background { session: id, running } => format!("background {} {running}", session(*id)),
        Input::Loaded { session: id, stored: Ok(_) } => format!("loaded {}", session(*id)),
        Input::Loaded { session: id, stored: Err(why) } => format!("unreadable {} {why:?}", session(*id)),
        Input::Agent { session: id, turn, event } => {
            format!("{}{}", event::write(*id, event), turn_words(*turn))
        }
        Input::Wish { to, command } if to.client == ClientId(1) => command::write(command),
        Input::Wish { to, command } => format!("{} by c{}", command::write(command), to.client),
    }
}
