//! Slash commands that people write themselves: `NAME.md`, or `FOLDER/NAME.md` for `/FOLDER:NAME`. What a file says is a prompt, with
//! what is typed behind its name in it.
//!
//! Not here: which commands q has itself, and whether a project is trusted (whoever asks knows).

use std::ffi::OsStr;
use std::os::fd::{AsFd as _, BorrowedFd};
use std::path::Path;

use q_core::is_typed_name;

use crate::front_matter::FrontMatter;
use crate::project::ProjectPlace;
use crate::text_place::{TextKeeper, TextPlace, below, text_at};

/// Where the person's are, beneath what is their own; and where a project's are.
pub const COMMANDS: &str = "commands";
pub(crate) const OF_PROJECTS: [[&str; 2]; 2] = [[".q", COMMANDS], [".claude", COMMANDS]];
const ENDING: &str = ".md";
/// The most commands that are listed, and names that are looked at for that.
const MOST: usize = 200;
const MOST_LOOKED_AT: usize = 20_000;
/// The longest prompt that one makes, in bytes.
const PROMPT_BYTES: usize = 256 << 10;
/// How much of what is said of one is listed, in letters.
const ABOUT: usize = 200;

/// A command as its file has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommandFile {
    /// As it is typed behind the slash.
    pub name: String,
    pub about: String,
    /// What is typed behind its name, in words for people.
    pub hint: String,
    pub path: String,
    pub keeper: TextKeeper,
    /// What it says; or why it is none.
    pub text: Result<String, String>,
}

/// The places of all commands in one directory of a session.
#[derive(Debug)]
pub struct CommandFiles {
    places: Vec<TextPlace>,
}

/// A name in a place, which is not opened yet.
struct FoundFile<'a> {
    place: &'a TextPlace,
    folder: Option<String>,
    stem: String,
}

impl CommandFiles {
    /// Those beneath what is the person's own, and those of a project. No file is opened yet.
    pub fn of(person: &Path, project: Option<&ProjectPlace>) -> Self {
        Self { places: TextPlace::all(Some(&person.join(COMMANDS)), project, &OF_PROJECTS) }
    }

    /// The one of that name that counts, read now.
    pub fn find(&self, name: &str) -> Option<CommandFile> {
        let (folder, stem) = name.split_once(':').map_or((None, name), |(folder, stem)| (Some(folder), stem));
        if !is_typed_name(stem) || !folder.is_none_or(is_typed_name) {
            return None;
        }
        let of = |place| FoundFile { place, folder: folder.map(str::to_owned), stem: stem.to_owned() };
        self.places.iter().find_map(|place| of(place).read())
    }

    /// All of them with what is wrong with some, in the order in which they count; and how many more there are.
    pub fn all(&self) -> (Vec<CommandFile>, usize) {
        let (found, left_out) = self.found();
        let mut all: Vec<CommandFile> = Vec::new();
        for mut file in found.iter().filter_map(FoundFile::read) {
            if let Some(first) = all.iter().find(|known| known.name == file.name) {
                file.text = Err(format!("the one of {} counts", first.path));
            } else if !file.name.split(':').all(is_typed_name) {
                file.text = Err("a name has letters, digits, - and _, at most 64".to_owned());
            }
            all.push(file);
        }
        (all, left_out)
    }

    /// The names that can be typed; no file is opened for them.
    pub fn names(&self) -> Vec<String> {
        let (found, _) = self.found();
        let mut names: Vec<String> = found.iter().map(FoundFile::name).collect();
        names.retain(|name| name.split(':').all(is_typed_name));
        names.sort_unstable();
        names.dedup();
        names
    }

    fn found(&self) -> (Vec<FoundFile<'_>>, usize) {
        let (mut found, mut left_out, mut looked_at) = (Vec::new(), 0, 0_usize);
        let mut take = |place, folder: Option<String>, name: &OsStr| {
            let Some(stem) = name.to_str().and_then(|name| name.strip_suffix(ENDING)) else { return };
            if found.len() < MOST {
                found.push(FoundFile { place, folder, stem: stem.to_owned() });
            } else {
                left_out += 1;
            }
        };
        for place in &self.places {
            let entries = place.entries();
            looked_at += entries.len();
            for entry in entries {
                if !entry.is_directory {
                    take(place, None, &entry.name);
                    continue;
                }
                let Some(folder) = entry.name.to_str().filter(|_| looked_at < MOST_LOOKED_AT) else {
                    continue;
                };
                let Some(at) = below(place.handle.as_fd(), &entry.name) else { continue };
                let beneath = crate::directory::entries(at.as_fd()).map(|(all, _)| all).unwrap_or_default();
                looked_at += beneath.len();
                for entry in beneath.iter().filter(|entry| !entry.is_directory) {
                    take(place, Some(folder.to_owned()), &entry.name);
                }
            }
        }
        (found, left_out)
    }
}

impl FoundFile<'_> {
    fn name(&self) -> String {
        match &self.folder {
            Some(folder) => format!("{folder}:{}", self.stem),
            None => self.stem.clone(),
        }
    }

    fn read(&self) -> Option<CommandFile> {
        let file = format!("{}{ENDING}", self.stem);
        let read = |at: BorrowedFd<'_>| text_at(at, &file);
        let (text, beneath) = match &self.folder {
            Some(folder) => {
                let at = below(self.place.handle.as_fd(), OsStr::new(folder))?;
                (read(at.as_fd())?, format!("{folder}/{file}"))
            }
            None => (read(self.place.handle.as_fd())?, file.clone()),
        };
        let read = text.and_then(|text| FrontMatter::of(&text));
        let short = |name| -> String {
            let said = read.as_ref().map_or("", |read| read.field(name));
            said.chars().take(ABOUT).collect()
        };
        let (about, hint) = (short("description"), short("argument-hint"));
        let text = read.and_then(|FrontMatter { body, .. }| match body.trim() {
            "" => Err("it says nothing".to_owned()),
            _said => Ok(body),
        });
        let path = format!("{}/{beneath}", self.place.shown);
        Some(CommandFile { name: self.name(), about, hint, path, keeper: self.place.keeper, text })
    }
}

/// A prompt made of what a command says: `$ARGUMENTS` is all that was typed behind its name, `$1` to `$9` are words of that. Where it
/// names neither, what was typed stands behind it. What was typed is not read again for such names.
pub fn with_arguments(said: &str, typed: &str) -> Result<String, String> {
    let words = quoted_words(typed);
    let (mut prompt, mut rest, mut are_named) = (String::new(), said, false);
    while let Some((before, behind)) = rest.split_once('$') {
        prompt += before;
        let digit = behind.chars().next().and_then(|first| first.to_digit(10)).filter(|digit| *digit > 0);
        let after = behind.get(1..).unwrap_or_default();
        let number = digit.filter(|_| !after.starts_with(|next: char| next.is_ascii_digit()));
        if let Some(after) = behind.strip_prefix("ARGUMENTS") {
            (are_named, rest) = (true, after);
            prompt += typed;
        } else if let Some(number) = number {
            (are_named, rest) = (true, after);
            prompt += words.get(number as usize - 1).map_or("", String::as_str);
        } else {
            rest = behind;
            prompt.push('$');
        }
        if prompt.len() > PROMPT_BYTES {
            break;
        }
    }
    prompt += rest;
    if !are_named && !typed.is_empty() {
        prompt += "\n\n";
        prompt += typed;
    }
    if prompt.len() > PROMPT_BYTES {
        return Err(format!("the prompt that it makes has more than {PROMPT_BYTES} bytes"));
    }
    Ok(prompt)
}

/// Words, of which those between quotes are one.
pub fn quoted_words(text: &str) -> Vec<String> {
    let (mut words, mut word, mut is_quoted, mut is_open) = (Vec::new(), String::new(), false, false);
    for letter in text.chars() {
        match letter {
            '"' => (is_quoted, is_open) = (!is_quoted, true),
            blank if blank.is_whitespace() && !is_quoted => {
                if std::mem::take(&mut is_open) {
                    words.push(std::mem::take(&mut word));
                }
            }
            other => {
                is_open = true;
                word.push(other);
            }
        }
    }
    if is_open {
        words.push(word);
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_typed_stands_where_the_command_has_it() {
        for (said_and_typed, prompt) in [
            ("Look. <", "Look. "),
            ("Look.<a b", "Look.\n\na b"),
            ("Look at $ARGUMENTS.<a  b", "Look at a  b."),
            ("$1 then $2, $9!<\"a b\" c", "a b then c, !"),
            ("$ARGUMENTS$1<$1 $ARGUMENTS", "$1 $ARGUMENTS$1"),
            ("$10 $0 $ $x $$1<a", "$10 $0 $ $x $a"),
            ("costs 5$<", "costs 5$"),
            ("$1é<ü", "üé"),
        ] {
            let (said, typed) = said_and_typed.split_once('<').unwrap_or_default();
            assert_eq!(with_arguments(said, typed).as_deref(), Ok(prompt), "{said_and_typed}");
        }
        let (many, long) = ("$ARGUMENTS".repeat(6_000), "a".repeat(1 << 20));
        assert!(with_arguments(&many, &long).is_err());
    }
}
