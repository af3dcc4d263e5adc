//! `q keys`: what arrives when a key is pressed, and what it means; `q keys list`: the keys in force.

use std::io::{self, Write};
use std::process::ExitCode;

use crossterm::terminal;
use q_term::command::Action;
use q_term::command::table::{CommandRow, ROWS, When};
use q_term::guard::{Guard, Taking};
use q_term::keymap::{ActionKeys, Keymap};
use q_term::keys::{Arrived, Chord};
use q_term::sanitize::visible_line;
use q_term::{Face, TerminalEvent};
use serde::Serialize;

use crate::attach::job;
use crate::attach::signals::{SignalNews, Signals};
use crate::commands::{KeysVerb, terminal_habits};
use crate::config::keys::KeysConfig;
use crate::context;
use crate::environment::ProcessEnvironment;
use crate::error::CliError;
use crate::keyboard::Keyboard;
use crate::{json, out};

/// So many of the newest lines are printed again once the terminal is given back.
const KEPT: usize = 200;
/// Bytes of one key that are shown.
const SHOWN: usize = 48;

/// `q keys list --json`; docs/json.md promises it.
#[derive(Serialize)]
struct KeymapJson<'a> {
    leader: String,
    actions: Vec<ActionJson<'a>>,
    /// Mistakes in the configuration's table of keys.
    faults: &'a [String],
}

#[derive(Serialize)]
struct ActionJson<'a> {
    action: &'static str,
    /// Keys at the prompt, whatever it holds.
    direct: Vec<String>,
    /// Keys while it is empty, and while there is text in it.
    empty: Vec<String>,
    text: Vec<String>,
    after_leader: Vec<String>,
    list: Vec<String>,
    page: Vec<String>,
    slash: Vec<String>,
    verb: Option<&'a str>,
    help: &'a str,
}

/// Carries the verb out. Without one it is shown what arrives.
pub(crate) async fn run(
    environment: &ProcessEnvironment,
    verb: Option<KeysVerb>,
) -> Result<ExitCode, CliError> {
    let keys = context::config(environment)?.keys;
    let ended = match verb {
        Some(KeysVerb::List(args)) => list(&keys, args.json).map(|()| ExitCode::SUCCESS)?,
        None => watch(environment, &keys.keymap).await?,
    };
    for fault in &keys.faults {
        out::note(fault);
    }
    Ok(ended)
}

fn list(keys: &KeysConfig, as_json: bool) -> Result<(), CliError> {
    let keymap = &keys.keymap;
    let rows = || ROWS.iter().zip(keymap.actions());
    if as_json {
        let actions = rows().map(|(row, keys)| ActionJson::new(row, keys)).collect();
        return json::print(&KeymapJson {
            leader: keymap.leader().to_string(),
            actions,
            faults: &keys.faults,
        });
    }
    let mut cells = vec![["ACTION", "KEYS", "AFTER THE LEADER", "TYPED", "IN THE SHELL"].map(str::to_owned)];
    cells.extend(rows().map(|(row, keys)| {
        let cli = row.cli.unwrap_or_default().to_owned();
        [
            row.action.name().to_owned(),
            direct(keymap, keys),
            keymap.leader_keys(row.action),
            row.command(),
            cli,
        ]
    }));
    let mut widths = [0; 5];
    for row in &cells {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    for row in &cells {
        let padded = row.iter().zip(widths).map(|(cell, width)| format!("{cell:<width$}"));
        out::line(padded.collect::<Vec<_>>().join("  ").trim_end())?;
    }
    out::line(
        "° on an empty prompt, ^ with text in it. In the configuration: [keys.direct], [keys.empty], [keys.text], [keys.after_leader], [keys.list], [keys.page]",
    )
}

/// Direct keys in a cell, each marked where it depends on the prompt.
fn direct(keymap: &Keymap, keys: &ActionKeys) -> String {
    if keys.has_digits() {
        return keymap.direct_keys(keys.action);
    }
    let marked = keys.direct.iter().map(|(key, when)| match when {
        When::Always => key.to_string(),
        When::Empty => format!("{key}°"),
        When::Text => format!("{key}^"),
    });
    marked.collect::<Vec<_>>().join(" ")
}

impl<'a> ActionJson<'a> {
    fn new(row: &'a CommandRow, keys: &ActionKeys) -> Self {
        let written = |chords: &[Chord]| chords.iter().map(Chord::to_string).collect();
        let on = |wanted: When| {
            let keys = keys.direct.iter().filter(|(_, when)| *when == wanted);
            keys.map(|(key, _)| key.to_string()).collect()
        };
        Self {
            action: row.action.name(),
            direct: on(When::Always),
            empty: on(When::Empty),
            text: on(When::Text),
            after_leader: written(&keys.leader),
            list: written(&keys.list),
            page: written(&keys.page),
            slash: row.slash.iter().map(|word| format!("/{word}")).collect(),
            verb: row.cli,
            help: row.help,
        }
    }
}

/// Shows what arrives until it is left, and prints it once more in the terminal that is given back.
async fn watch(environment: &ProcessEnvironment, keymap: &Keymap) -> Result<ExitCode, CliError> {
    if environment.wants_plain() {
        let complaint = CliError::usage("keys are pressed at a terminal, and this is none");
        return Err(complaint.hint("`q keys list` prints the keys in force"));
    }
    let signals = Signals::listen()?;
    let guard = Guard::enter(Taking { face: Face::Full, mouse: false }).map_err(failed)?;
    let keyboard = Keyboard::listen()?;
    let mut shown = ShownKeys { guard, lines: Vec::new() };
    let (columns, _) = terminal::size().map_err(failed)?;
    for line in introduction(environment).iter().flat_map(|line| broken(line, columns.into())) {
        shown.say(line).map_err(failed)?;
    }
    let ended = shown.until_left(keymap, signals, keyboard).await;
    let ShownKeys { guard, lines } = shown;
    drop(guard);
    if let Ok(Some(number)) = ended {
        return Ok(ExitCode::from(128 + number)); // the terminal may be gone
    }
    for line in lines {
        out::line(&line)?;
    }
    ended.map(|_| ExitCode::SUCCESS)
}

#[expect(clippy::needless_pass_by_value, reason = "the form `map_err` takes")]
fn failed(error: io::Error) -> CliError {
    CliError::failed(format!("the terminal cannot be used: {error}"))
}

/// What is on the screen of `q keys`.
struct ShownKeys {
    guard: Guard,
    lines: Vec<String>,
}

impl ShownKeys {
    /// Shows what arrives until it is left, or a signal ends it: then which.
    async fn until_left(
        &mut self,
        keymap: &Keymap,
        mut signals: Signals,
        mut keyboard: Keyboard,
    ) -> Result<Option<u8>, CliError> {
        let mut before = None;
        loop {
            let arrived = tokio::select! {
                biased;
                signal = signals.next() => match signal {
                    SignalNews::End(number) => return Ok(Some(number)),
                    SignalNews::Stop => {
                        self.suspend()?;
                        continue;
                    }
                    SignalNews::GoOn => {
                        self.go_on().map_err(failed)?;
                        continue;
                    }
                },
                arrived = keyboard.arrives() => arrived.map_err(failed)?,
            };
            self.say(told(keymap, &arrived)).map_err(failed)?;
            let chord = arrived
                .event
                .and_then(|event| if let TerminalEvent::Key(chord) = event { Some(chord) } else { None });
            let ends = |chord: &Chord| ["Esc", "Ctrl+C"].contains(&chord.to_string().as_str());
            if chord.is_some() && chord == before && chord.as_ref().is_some_and(ends) {
                return Ok(None);
            }
            before = chord;
        }
    }

    fn say(&mut self, line: String) -> io::Result<()> {
        print(&line)?;
        if self.lines.len() == KEPT {
            self.lines.remove(0);
        }
        self.lines.push(line);
        Ok(())
    }

    /// Gives the terminal to the shell, if one would bring this process back, and stops until then.
    fn suspend(&self) -> Result<(), CliError> {
        if !job::is_watched() {
            return Ok(());
        }
        self.guard.pause();
        job::stop().map_err(failed)
    }

    /// Takes the terminal, which others had, with what stood there.
    fn go_on(&self) -> io::Result<()> {
        self.guard.resume()?;
        self.lines.iter().try_for_each(|line| print(line))
    }
}

/// The terminal is raw: a line begins where it is told to.
fn print(line: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    write!(out, "{line}\r\n").and_then(|()| out.flush())
}

fn introduction(environment: &ProcessEnvironment) -> Vec<String> {
    let mut lines = vec![
        "Press keys: what arrives, the key, and what it means in q. Esc twice, or Ctrl+C twice, leaves."
            .to_owned(),
        String::new(),
    ];
    lines.extend(terminal_habits::here(|name| environment.text(name)).map(str::to_owned));
    lines.push(String::new());
    lines
}

/// A line as lines that are no longer than that, broken between words.
fn broken(line: &str, columns: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in line.split(' ') {
        match lines.last_mut() {
            Some(last) if last.is_empty() => last.push_str(word),
            Some(last) if last.chars().count() + 1 + word.chars().count() < columns => {
                last.push(' ');
                last.push_str(word);
            }
            Some(_) | None => lines.push(word.to_owned()),
        }
    }
    lines
}

/// What came, which key that is, and what it means.
fn told(keymap: &Keymap, arrived: &Arrived) -> String {
    let bytes = shown(&arrived.bytes);
    let (key, meaning) = match &arrived.event {
        Some(TerminalEvent::Key(chord)) => (chord.to_string(), meaning(keymap, *chord)),
        Some(TerminalEvent::Paste(text)) => ("paste".to_owned(), format!("{} bytes", text.len())),
        Some(TerminalEvent::Focus(true)) => ("focus".to_owned(), "the window is in front".to_owned()),
        Some(TerminalEvent::Focus(false)) => ("focus".to_owned(), "the window is not in front".to_owned()),
        Some(TerminalEvent::Resize(columns, rows)) => ("size".to_owned(), format!("{columns} × {rows}")),
        Some(TerminalEvent::Mouse(mouse)) => ("mouse".to_owned(), format!("{}, {}", mouse.column, mouse.row)),
        None => ("-".to_owned(), "no key that q knows; it types nothing".to_owned()),
    };
    format!("{bytes:<18} {:<16} {meaning}", visible_line(&key))
}

/// Bytes as people write them down: `\e[1;5C`, `^W`.
fn shown(bytes: &[u8]) -> String {
    let mut text = String::new();
    for character in String::from_utf8_lossy(bytes).chars().take(SHOWN) {
        match character {
            '\u{1b}' => text.push_str("\\e"),
            '\u{7f}' => text.push_str("^?"),
            '\0'..='\u{1f}' => {
                text.push('^');
                text.extend(char::from_u32(u32::from(character) + 64));
            }
            other => text.push_str(&visible_line(other.encode_utf8(&mut [0; 4]))),
        }
    }
    text
}

fn meaning(keymap: &Keymap, chord: Chord) -> String {
    if chord == keymap.leader() {
        return "the leader: one more key follows".to_owned();
    }
    let named = |action: Option<Action>| action.map(Action::name);
    let after = named(keymap.by_leader(chord)).map(|name| format!("{name} after the leader"));
    let here = match (named(keymap.by_chord(chord, true)), named(keymap.by_chord(chord, false))) {
        (Some(empty), Some(text)) if empty == text => Some(empty.to_owned()),
        (None, None) => chord.typed().map(|_| "typed".to_owned()),
        (empty, text) => {
            let says = |name: Option<&str>, when: &str| format!("{} {when}", name.unwrap_or("nothing"));
            Some(format!("{}, {}", says(empty, "on an empty prompt"), says(text, "with text in it")))
        }
    };
    let means = [here, after].into_iter().flatten().collect::<Vec<_>>();
    if means.is_empty() { "means nothing".to_owned() } else { means.join("; ") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use q_term::keys::Decoder;

    #[test]
    fn what_arrives_is_told_with_what_it_means() {
        for (bytes, told_so) in [
            ("\u{e}", "^N                 Ctrl+N           new on an empty prompt, newer with text in it"),
            ("\u{18}", "^X                 Ctrl+X           the leader: one more key follows"),
            ("\u{1b}[27;5;9~", "\\e[27;5;9~         Ctrl+Tab         next"),
            ("n", "n                  n                typed; new after the leader"),
            ("\u{1b}[5;9~", "\\e[5;9~            -                no key that q knows; it types nothing"),
            ("\u{1b}g", "\\eg                Alt+G            means nothing"),
        ] {
            let arrived = Decoder::default().take_in(bytes.as_bytes());
            let told: Vec<String> = arrived.iter().map(|arrived| told(&Keymap::default(), arrived)).collect();
            assert_eq!(told, [told_so], "{bytes:?}");
        }
    }
}
