//! `search`: lines that a pattern fits, over all files that git would not ignore.
//!
//! The walk is by handle, as everything here, so that a directory that is swapped for a link meanwhile leads nowhere; what
//! `.gitignore` means is the `ignore` crate's to say, what a pattern means the `regex` crate's, whose work is linear in the text.

use std::ffi::OsStr;
use std::fmt::Write as _;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use ignore::gitignore::{Gitignore, GitignoreBuilder};
use regex::bytes::{Regex, RegexBuilder};
use serde::Deserialize;

use crate::definition::ToolDefinition;
use crate::directory::{Listed, WorkingDirectory, entries, open_directory, read_file, shown};
use crate::private::is_private;
use crate::relative_path::RelativePath;
use crate::view::{self, MAX_OUTPUT};

pub(crate) const DEFINITION: ToolDefinition = ToolDefinition {
    name: "search",
    about: "Finds the lines that a regular expression fits, in all text files beneath a directory. Files that .gitignore names, files that hold keys, and links are passed over. Each line of the answer is the path, the line's number, and the line.",
    schema: r#"{"type":"object","properties":{"pattern":{"type":"string","description":"A regular expression (no look-around, no back references), matched line by line"},"path":{"type":"string","description":"The directory or file to search, from the session's directory on; all of it unless given"},"files":{"type":"string","description":"Only files that this glob fits, as *.rs or src/**/*.md"},"ignore_case":{"type":"boolean"}},"required":["pattern"],"additionalProperties":false}"#,
    reads: true,
};

/// How long it may take.
pub(crate) const TIME: Duration = Duration::from_secs(10);
/// The most lines that are told, files and bytes that are looked at, directories that lie in one another.
const MAX_LINES: usize = 300;
const MAX_FILES: usize = 50_000;
const MAX_BYTES: usize = 512 << 20;
const MAX_DEPTH: usize = 64;
/// The longest pattern, and the largest program one may become, in bytes.
const MAX_PATTERN: usize = 1 << 10;
const MAX_PROGRAM: usize = 1 << 20;
/// The most of one line that is told, in bytes.
const MAX_TOLD: usize = 300;
/// The most that is heeded of the patterns of the directories that lie in one another, in bytes: each byte costs about a hundred while
/// it is held. And of all that a search comes by.
const MAX_IGNORE: usize = 32 << 10;
const MAX_ALL_IGNORE: usize = 1 << 20;

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SearchArguments {
    pattern: String,
    #[serde(default)]
    pub(crate) path: String,
    files: Option<String>,
    #[serde(default)]
    ignore_case: bool,
}

/// What is looked for.
pub(crate) struct Wanted {
    pattern: Regex,
    files: Option<Gitignore>,
}

impl Wanted {
    pub(crate) fn of(arguments: &SearchArguments) -> Result<Self, String> {
        if arguments.pattern.is_empty() || arguments.pattern.len() > MAX_PATTERN {
            return Err(format!("a pattern has between 1 and {MAX_PATTERN} bytes"));
        }
        let pattern = RegexBuilder::new(&arguments.pattern)
            .case_insensitive(arguments.ignore_case)
            .size_limit(MAX_PROGRAM)
            .dfa_size_limit(MAX_PROGRAM)
            .build()
            .map_err(|error| format!("the pattern cannot be used: {error}"))?;
        let files = arguments.files.as_deref().map(|glob| patterns(PathBuf::new(), glob)).transpose();
        Ok(Self { pattern, files: files.map_err(|error| format!("files cannot be used: {error}"))? })
    }
}

fn patterns(beneath: PathBuf, text: &str) -> Result<Gitignore, ignore::Error> {
    let mut builder = GitignoreBuilder::new(beneath);
    for line in text.lines() {
        builder.add_line(None, line)?;
    }
    builder.build()
}

pub(crate) fn carry_out(
    directory: &WorkingDirectory,
    place: &RelativePath,
    wanted: &Wanted,
    given_up: &AtomicBool,
) -> Result<String, String> {
    let mut search = Search {
        wanted,
        given_up,
        told: String::new(),
        lines: 0,
        files: 0,
        bytes: 0,
        passed_over: 0,
        stop: None,
    };
    // What is above the place ignores what is in it as well.
    let mut rules = Rules::default();
    rules.enter(directory.descend(&[])?.as_fd(), PathBuf::new());
    let Some((above, name)) = place.split() else {
        search.walk(directory.descend(&[])?.as_fd(), Path::new(""), &mut rules);
        return Ok(search.conclude(&rules));
    };
    for depth in 1..=above.len() {
        let names = above.get(..depth).unwrap_or(above);
        rules.enter(directory.descend(names)?.as_fd(), names.iter().collect());
    }
    let (at, path) = (directory.descend(above)?, place.names().iter().collect::<PathBuf>());
    match open_directory(at.as_fd(), name.as_ref()) {
        Ok(handle) => {
            rules.enter(handle.as_fd(), path.clone());
            search.walk(handle.as_fd(), &path, &mut rules);
        }
        // One that is named is searched, whoever ignores it.
        Err(_) => search.file(at.as_fd(), name.as_ref(), &path).map_err(|why| format!("{place}: {why}"))?,
    }
    Ok(search.conclude(&rules))
}

/// What the `.gitignore` files say of the directories that lie in one another here, the innermost last.
#[derive(Default)]
pub(crate) struct Rules {
    levels: Vec<(Gitignore, usize)>,
    /// Bytes of patterns that came so far.
    came: usize,
    /// How many files of patterns were more than is heeded.
    unheeded: usize,
}

impl Rules {
    /// Goes into a directory. A file of patterns that cannot be read, or is too much, ignores nothing.
    pub(crate) fn enter(&mut self, at: BorrowedFd<'_>, beneath: PathBuf) {
        let held: usize = self.levels.iter().map(|(_, bytes)| bytes).sum();
        let text = read_file(at, ".gitignore".as_ref()).map(|content| content.bytes).unwrap_or_default();
        self.came += text.len();
        if held + text.len() > MAX_IGNORE || self.came > MAX_ALL_IGNORE {
            self.unheeded += usize::from(!text.is_empty());
            self.levels.push((Gitignore::empty(), 0));
            return;
        }
        let mut builder = GitignoreBuilder::new(beneath);
        for line in String::from_utf8_lossy(&text).lines() {
            // A line that is no pattern ignores nothing.
            let _mistake = builder.add_line(None, line);
        }
        let rules = builder.build().unwrap_or_else(|_| Gitignore::empty());
        self.levels.push((rules, text.len()));
    }

    pub(crate) fn leave(&mut self) {
        self.levels.pop();
    }

    pub(crate) fn depth(&self) -> usize {
        self.levels.len()
    }

    pub(crate) fn is_ignored(&self, path: &Path, is_directory: bool) -> bool {
        let verdicts = self.levels.iter().rev().map(|(rules, _)| rules.matched(path, is_directory));
        verdicts.into_iter().find(|found| !found.is_none()).is_some_and(|verdict| verdict.is_ignore())
    }
}

struct Search<'a> {
    wanted: &'a Wanted,
    /// Nobody waits for it any longer.
    given_up: &'a AtomicBool,
    told: String,
    lines: usize,
    files: usize,
    bytes: usize,
    /// How many files of keys were not read.
    passed_over: usize,
    /// Why it went no further.
    stop: Option<&'static str>,
}

impl Search<'_> {
    fn walk(&mut self, at: BorrowedFd<'_>, path: &Path, rules: &mut Rules) {
        if rules.depth() > MAX_DEPTH {
            self.stop = Some("directories lie deeper in one another than is looked");
            return;
        }
        let Ok((all, is_whole)) = entries(at) else { return };
        if !is_whole {
            self.stop = Some("a directory has more entries than are read");
        }
        for Listed { name, is_directory } in all {
            if self.is_over() {
                return;
            }
            let path = path.join(&name);
            if name == ".git" || rules.is_ignored(&path, is_directory) {
                continue;
            }
            if is_private(&shown(&name)) {
                self.passed_over += 1;
                continue;
            }
            if is_directory {
                let beneath: Option<OwnedFd> = open_directory(at, &name).ok();
                let Some(beneath) = beneath else { continue };
                rules.enter(beneath.as_fd(), path.clone());
                self.walk(beneath.as_fd(), &path, rules);
                rules.leave();
            } else if self.wanted.files.as_ref().is_none_or(|files| files.matched(&path, false).is_ignore()) {
                // What cannot be read has no lines.
                let _unreadable = self.file(at, &name, &path);
            }
        }
    }

    fn file(&mut self, at: BorrowedFd<'_>, name: &OsStr, path: &Path) -> Result<(), String> {
        let content = read_file(at, name)?;
        self.files += 1;
        self.bytes += content.bytes.len();
        if view::is_binary(&content.bytes) {
            return Ok(());
        }
        for (index, line) in view::lines(&content.bytes).enumerate() {
            if !self.wanted.pattern.is_match(line) {
                continue;
            }
            if self.is_over() {
                break;
            }
            let text = view::without_tags(String::from_utf8_lossy(line));
            let kept = text.get(..text.floor_char_boundary(MAX_TOLD)).unwrap_or_default();
            let more = if kept.len() < text.len() { "…" } else { "" };
            let _never = writeln!(self.told, "{}:{}: {kept}{more}", shown(path.as_os_str()), index + 1);
            self.lines += 1;
        }
        Ok(())
    }

    fn is_over(&mut self) -> bool {
        let why = if self.given_up.load(Ordering::Relaxed) {
            "it took too long"
        } else if self.lines >= MAX_LINES || self.told.len() >= MAX_OUTPUT {
            "there are more lines than are told at once"
        } else if self.files >= MAX_FILES || self.bytes >= MAX_BYTES {
            "there is more to search than is searched at once"
        } else {
            return false;
        };
        self.stop = Some(why);
        true
    }

    fn conclude(mut self, rules: &Rules) -> String {
        if self.lines == 0 {
            let _never = writeln!(self.told, "(no line fits, in {} files)", self.files);
        }
        if self.passed_over > 0 {
            let _never =
                writeln!(self.told, "(files that mostly hold keys were passed over: {})", self.passed_over);
        }
        if rules.unheeded > 0 {
            let _never = writeln!(self.told, "(.gitignore files too large to be heeded: {})", rules.unheeded);
        }
        if let Some(why) = self.stop {
            let _never =
                writeln!(self.told, "(not all was searched: {why}; name a path, or a closer pattern)");
        }
        self.told
    }
}
