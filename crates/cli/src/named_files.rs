//! Files that a prompt names by `@path`: read here, by whoever types, when the prompt is sent. Texts are quoted behind it,
//! images go with it.
//!
//! Nothing is read that nobody named in words of their own: what standard input says names nothing. Only regular files
//! are read, within bounds, since a name may lead anywhere.

use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use q_core::NewImage;
use q_core::limits::{IMAGE_BYTES, PROMPT_IMAGE_BYTES, PROMPT_IMAGES};
use q_term::mention::{Mention, mentions};
use q_term::quoted;
use q_term::sanitize;
use q_term::typed;
use q_term::words;

use crate::environment::ProcessEnvironment;
use crate::image_file;
use crate::served_words::ServedText;

/// What one file may have, in bytes.
const MOST_OF_A_FILE: u64 = 256 << 10;
/// What all files of a prompt may add to it, in bytes.
const MOST_OF_A_PROMPT: usize = 1 << 20;
/// So many different names are looked at in one prompt.
const MOST_NAMES: usize = 256;
/// So many entries of a directory are looked at to complete a name, and so many names are said.
const MOST_ENTRIES: usize = 2_000;
const MOST_COMPLETIONS: usize = 200;
/// So many faults are told; each says how to mend it.
const TOLD: usize = 3;

/// Where the names in a prompt begin: `~` is somebody's home there.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Base<'a> {
    directory: &'a Path,
    environment: &'a ProcessEnvironment,
}

/// A prompt as it is sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct FilledPrompt {
    pub(crate) text: String,
    pub(crate) images: Vec<NewImage>,
}

/// What goes with a prompt.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct NamedFiles {
    /// As it stands there; empty where nothing is named.
    blocks: String,
    images: Vec<NewImage>,
    /// Bytes of all their files.
    image_bytes: u64,
    /// A line of each file, for people.
    pub(crate) lines: Vec<String>,
    /// Why some of what is named is not there.
    pub(crate) faults: Vec<String>,
}

/// The prompts that a person types, one after the other.
#[derive(Debug, Default)]
pub(crate) struct TypedPrompts {
    /// One that names files which are not there, as it was last given back: sent again, it is meant as it is.
    faulty: Option<String>,
}

impl TypedPrompts {
    /// A prompt with the files that it names where it may, or why it goes back to where it was typed.
    pub(crate) fn with_files(
        &mut self,
        base: Base<'_>,
        ServedText { text, named }: ServedText,
    ) -> Result<FilledPrompt, String> {
        let files = base.files(&named);
        let is_meant = self.faulty.take().is_some_and(|faulty| faulty == text);
        match files.fault().filter(|_| !is_meant) {
            Some(fault) => {
                self.faulty = Some(text);
                Err(fault)
            }
            None => Ok(files.behind(text)),
        }
    }
}

/// Whether it can stand behind an `@`, and is seen there as it is: anything else is completed to by nobody.
pub(crate) fn can_be_typed(name: &str) -> bool {
    !name.chars().any(|c| c == '"' || sanitize::is_hidden(c) || c.is_control())
}

impl<'a> Base<'a> {
    pub(crate) const fn new(directory: &'a Path, environment: &'a ProcessEnvironment) -> Self {
        Self { directory, environment }
    }

    /// Reads what `words` name. What is quoted behind them already is not read again.
    pub(crate) fn files(self, words: &str) -> NamedFiles {
        let (words, quoted_already) = quoted::split(words);
        let mut seen: BTreeSet<&str> = quoted_already.iter().map(|file| file.name).collect();
        let mut files = NamedFiles::default();
        for mention in mentions(words) {
            if mention.names().any(|name| seen.contains(name)) {
                continue;
            }
            if seen.len() == MOST_NAMES {
                files.faults.push(format!("more than {MOST_NAMES} names follow an @"));
                break;
            }
            seen.insert(mention.name());
            if let Some(path) = self.found(&mention, &mut files.faults) {
                seen.insert(path.0);
                files.take(path.0, read(path.0, &path.1));
            }
        }
        files
    }

    /// The file that is meant, if there is one; a fault where one must be meant.
    fn found<'m>(self, mention: &Mention<'m>, faults: &mut Vec<String>) -> Option<(&'m str, PathBuf)> {
        let mut fault = Some("there is no such file".to_owned());
        for name in mention.names() {
            let path = match self.path(name) {
                Ok(path) => path,
                Err(why) => {
                    fault = Some(why);
                    continue;
                }
            };
            match fs::metadata(&path) {
                Ok(found) if found.is_file() => return Some((name, path)),
                // A word that happens to be a directory's name names nothing.
                Ok(_) if !mention.is_path() => return None,
                Ok(found) if found.is_dir() => fault = Some("that is a directory".to_owned()),
                Ok(_) => fault = Some("that is no regular file".to_owned()),
                Err(error) if is_absent(&error) => {}
                Err(error) => fault = Some(error.to_string()),
            }
        }
        if let Some(why) = fault.filter(|_| mention.is_path()) {
            faults.push(format!("@{}: {why}", mention.name()));
        }
        None
    }

    /// The names that begin so, in order; those of directories with a slash at their end. Hidden files are among them only
    /// if that is how the name begins.
    pub(crate) fn beginning_with(self, begun: &str) -> Vec<String> {
        if begun == "~" {
            return vec!["~/".to_owned()];
        }
        let (above, beginning) = begun.split_at(begun.rfind('/').map_or(0, |slash| slash + 1));
        let Some(entries) = self.path(above).ok().and_then(|path| fs::read_dir(path).ok()) else {
            return Vec::new();
        };
        let fits = |name: &String| {
            name.starts_with(beginning)
                && (beginning.starts_with('.') || !name.starts_with('.'))
                && can_be_typed(name)
        };
        let name = |entry: io::Result<fs::DirEntry>| {
            let entry = entry.ok()?;
            let name = entry.file_name().into_string().ok().filter(fits)?;
            Some((entry, name))
        };
        let found = entries.take(MOST_ENTRIES).filter_map(name).take(MOST_COMPLETIONS);
        let mut names: Vec<String> = found
            .map(|(entry, name)| {
                let is_directory = fs::metadata(entry.path()).is_ok_and(|found| found.is_dir());
                format!("{above}{name}{}", if is_directory { "/" } else { "" })
            })
            .collect();
        names.sort_unstable();
        names
    }

    fn path(self, name: &str) -> Result<PathBuf, String> {
        let home = self.environment.path("HOME").filter(|home| home.is_absolute());
        let below = match name.strip_prefix('~') {
            Some("") => "",
            Some(below) if below.starts_with('/') => below.trim_start_matches('/'),
            Some(_) | None => return Ok(self.directory.join(name)),
        };
        home.map(|home| home.join(below)).ok_or_else(|| "~ means nothing: HOME is not set".to_owned())
    }
}

impl NamedFiles {
    fn take(&mut self, name: &str, content: Result<NamedFile, String>) {
        match content {
            Ok(NamedFile::Text(text)) => self.take_text(name, &text),
            Ok(NamedFile::Image(image)) => self.take_image(image),
            Err(why) => self.faults.push(format!("@{name}: {why}")),
        }
    }

    fn take_image(&mut self, image: NewImage) {
        let (name, size) = (&image.name, image.size().unwrap_or_default());
        if self.images.len() == PROMPT_IMAGES {
            self.faults
                .push(format!("@{name}: {PROMPT_IMAGES} images are the most that one prompt may have"));
        } else if self.image_bytes.saturating_add(size) > PROMPT_IMAGE_BYTES {
            let most = words::size(PROMPT_IMAGE_BYTES);
            self.faults.push(format!("@{name}: with it the images have more than {most} in all"));
        } else {
            self.image_bytes += size;
            self.lines.push(format!("+ {}", words::new_image(&image)));
            self.images.push(image);
        }
    }

    fn take_text(&mut self, name: &str, content: &str) {
        let block = quoted::block(name, content);
        if self.blocks.len() + block.len() > MOST_OF_A_PROMPT {
            let most = words::size(MOST_OF_A_PROMPT as u64);
            self.faults.push(format!("@{name}: with it the files have more than {most} in all"));
        } else {
            self.blocks.push_str(&block);
            self.lines.push(quoted::line(name, content));
        }
    }

    /// The prompt with them behind it; without any, as it is.
    pub(crate) fn behind(self, prompt: String) -> FilledPrompt {
        let text = if self.blocks.is_empty() { prompt } else { prompt.trim_end().to_owned() + &self.blocks };
        FilledPrompt { text, images: self.images }
    }

    /// Why the prompt is not sent as it is, if anything that it names is not there.
    pub(crate) fn fault(&self) -> Option<String> {
        let told = self.faults.iter().take(TOLD).cloned().collect::<Vec<_>>().join("; ");
        match self.faults.len().saturating_sub(TOLD) {
            0 if told.is_empty() => None,
            0 => Some(told),
            more => Some(format!("{told}; and {more} more")),
        }
    }
}

/// Whether nothing stands at that name.
fn is_absent(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory | io::ErrorKind::InvalidFilename
    )
}

/// What a file is that goes with a prompt.
enum NamedFile {
    Text(String),
    Image(NewImage),
}

/// What a file says or shows, or why that is not sent.
fn read(name: &str, path: &Path) -> Result<NamedFile, String> {
    let bytes = bytes(path).map_err(|error| error.to_string())??;
    match image_file::kind(&bytes) {
        Some(kind) => image_file::image(&sanitize::visible_line(name), kind, &bytes).map(NamedFile::Image),
        None if image_file::is_named(path) => {
            Err("it is named as an image, and its bytes are none that models take".to_owned())
        }
        None => text(&bytes).map(|text| NamedFile::Text(typed::text(&text).into_owned())),
    }
}

/// Its bytes, if they are few enough: more of an image than of a text.
fn bytes(path: &Path) -> io::Result<Result<Vec<u8>, String>> {
    // Another one may be in its place by now: a pipe must not hold us, and a terminal not become ours.
    let flags = rustix::fs::OFlags::NONBLOCK | rustix::fs::OFlags::NOCTTY;
    let file: File = OpenOptions::new().read(true).custom_flags(flags.bits().cast_signed()).open(path)?;
    let found = file.metadata()?;
    if !found.is_file() {
        return Ok(Err("that is no regular file".to_owned()));
    }
    let mut bytes = Vec::new();
    // What a file says of its length need not be so.
    let mut file = file.take(MOST_OF_A_FILE + 1);
    file.read_to_end(&mut bytes)?;
    if image_file::kind(&bytes).is_some() {
        file.set_limit(IMAGE_BYTES + 1 - (bytes.len() as u64).min(IMAGE_BYTES));
        file.read_to_end(&mut bytes)?;
        if bytes.len() as u64 > IMAGE_BYTES {
            return Ok(Err(image_file::too_large(found.len().max(bytes.len() as u64))));
        }
    } else if bytes.len() as u64 > MOST_OF_A_FILE {
        let (size, most) = (words::size(found.len().max(bytes.len() as u64)), words::size(MOST_OF_A_FILE));
        return Ok(Err(format!("it has {size}, and {most} is the most that one file may have")));
    }
    Ok(Ok(bytes))
}

/// The text that these bytes are: UTF-8, or UTF-16 that says so at its beginning.
fn text(bytes: &[u8]) -> Result<String, String> {
    let utf16 = |bytes: &[u8], unit: fn([u8; 2]) -> u16| {
        let (pairs, rest) = bytes.as_chunks::<2>();
        let units: Vec<u16> = pairs.iter().map(|&pair| unit(pair)).collect();
        let text = if rest.is_empty() { String::from_utf16(&units).ok() } else { None };
        text.ok_or_else(|| "it begins as UTF-16 text and is none".to_owned())
    };
    let text = match bytes {
        [0xff, 0xfe, rest @ ..] => utf16(rest, u16::from_le_bytes)?,
        [0xfe, 0xff, rest @ ..] => utf16(rest, u16::from_be_bytes)?,
        bytes => match std::str::from_utf8(bytes) {
            Ok(text) => text.to_owned(),
            Err(_) if bytes.contains(&0) => return Err("it is no text".to_owned()),
            Err(error) => {
                let at = error.valid_up_to();
                return Err(format!("it is no UTF-8 text (byte {at} is the first that is not)"));
            }
        },
    };
    if text.contains('\0') { Err("it is no text".to_owned()) } else { Ok(text) }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]
    use std::os::unix::fs::symlink;

    use super::*;

    /// A picture of six pixels, as far as anybody here looks.
    const DOT: &[u8] = b"GIF89a\x03\0\x02\0\x80\0\0\0\0\0\xff\xff\xff,\0\0\0\0\x03\0\x02\0\0\x02\x03\x44\x02\x05\0;\0\0\0\0\0";

    /// A directory with files, and what is read of them there.
    fn files(words: &str) -> NamedFiles {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        fs::create_dir_all(at("src")).unwrap();
        fs::create_dir_all(at("home")).unwrap();
        for (name, content) in [
            ("a.rs", b"fn main() {}\n".as_slice()),
            ("fake.PNG", b"no picture\n"),
            ("src/b.rs", b"mod a;\n"),
            ("Makefile", b"all:\n\ttrue\n"),
            ("my notes.txt", b"note"),
            ("odd.", b"ends with a dot"),
            ("crlf.txt", b"one\r\ntwo\r\n"),
            ("utf16.txt", b"\xff\xfeh\0i\0"),
            ("half.txt", b"\xff\xfeh"),
            ("latin.txt", b"caf\xe9"),
            ("binary", b"\x7fELF\0\x01\xff"),
            ("nul.txt", b"a\0b"),
            ("photo", b"\xff\xd8\xff\xe0"),
            ("dot", DOT),
            ("lies.txt", DOT),
            ("icon.webp", b"RIFF\0\0\0\0WEBPVP8 "),
            ("empty.txt", b""),
            ("home/h.txt", b"at home"),
            ("日本.txt", "日本\n".as_bytes()),
        ] {
            fs::write(at(name), content).unwrap();
        }
        fs::write(at("large.txt"), "x".repeat((256 << 10) + 1)).unwrap();
        for number in 0..5 {
            fs::write(at(&format!("quarter{number}")), "x".repeat(250 << 10)).unwrap();
        }
        symlink("a.rs", at("link.rs")).unwrap();
        symlink("loop", at("loop")).unwrap();
        let home = at("home").to_string_lossy().into_owned();
        let environment = ProcessEnvironment::of(&[("HOME", &home)], "/");
        Base::new(dir.path(), &environment).files(words)
    }

    #[test]
    fn text_files_are_quoted_and_all_else_is_told() {
        for words in ["why?", "mail me@a.rs", "@src"] {
            assert_found(words, &[], &[]);
        }
        for (words, line) in [
            ("@bob, see @a.rs.", "+ a.rs (1 line, 13 B)"),
            ("@a.rs and @a.rs, again", "+ a.rs (1 line, 13 B)"),
            ("@\"my notes.txt\"", "+ my notes.txt (1 line, 4 B)"),
            ("@odd.", "+ odd. (1 line, 15 B)"),
            ("@crlf.txt", "+ crlf.txt (2 lines, 8 B)"),
            ("@utf16.txt", "+ utf16.txt (1 line, 2 B)"),
            ("@empty.txt", "+ empty.txt (0 lines, 0 B)"),
            ("@日本.txt", "+ 日本.txt (1 line, 7 B)"),
            ("@~/h.txt", "+ ~/h.txt (1 line, 7 B)"),
            ("@link.rs", "+ link.rs (1 line, 13 B)"),
            ("@dot", "+ dot (image, 3×2, 41 B)"),
            ("look at @lies.txt.", "+ lies.txt (image, 3×2, 41 B)"),
        ] {
            assert_found(words, &[line], &[]);
        }
        let both = ["+ src/b.rs (1 line, 7 B)", "+ Makefile (2 lines, 11 B)"];
        assert_found("@src/b.rs @Makefile", &both, &[]);
        for (words, fault) in [
            ("@src/", "@src/: that is a directory"),
            ("@./src", "@./src: that is a directory"),
            ("@/dev/null", "@/dev/null: that is no regular file"),
            ("@gone.rs!", "@gone.rs: there is no such file"),
            ("@a.rs/b", "@a.rs/b: there is no such file"),
            ("@~nobody/x", "@~nobody/x: there is no such file"),
            ("@binary", "@binary: it is no text"),
            ("@fake.PNG", "@fake.PNG: it is named as an image, and its bytes are none that models take"),
            ("@photo.", "@photo: it begins as a jpeg image and is none, or is cut off"),
            ("@./photo", "@./photo: it begins as a jpeg image and is none, or is cut off"),
            ("@icon.webp", "@icon.webp: it begins as a webp image and is none, or is cut off"),
            ("@nul.txt", "@nul.txt: it is no text"),
            ("@half.txt", "@half.txt: it begins as UTF-16 text and is none"),
            ("@latin.txt", "@latin.txt: it is no UTF-8 text (byte 3 is the first that is not)"),
            ("@large.txt", "@large.txt: it has 262 KB, and 262 KB is the most that one file may have"),
        ] {
            assert_found(words, &[], &[fault]);
        }
        assert_eq!(files("@loop.").faults.len(), 0, "a word that names nothing readable");
        assert_eq!(files("@./loop").faults.len(), 1, "a link that leads nowhere");
    }

    /// What those words quote, and what is told of the others; something goes along where anything is quoted.
    fn assert_found(words: &str, lines: &[&str], faults: &[&str]) {
        let found = files(words);
        assert_eq!(
            (to_strs(&found.lines), to_strs(&found.faults)),
            (lines.to_vec(), faults.to_vec()),
            "{words}"
        );
        let is_alone = found.blocks.is_empty() && found.images.is_empty();
        assert_eq!(is_alone, lines.is_empty(), "{words}");
    }

    fn to_strs(texts: &[String]) -> Vec<&str> {
        texts.iter().map(String::as_str).collect()
    }

    #[test]
    fn names_are_completed_from_what_is_there() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["main.rs", "make.rs", ".hidden", "a\u{1b}b", "a\"b", "src/deep.rs"] {
            let path = dir.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        let home = dir.path().to_string_lossy().into_owned();
        let environment = ProcessEnvironment::of(&[("HOME", &home)], "/");
        for (begun, names) in [
            ("ma", &["main.rs", "make.rs"] as &[&str]),
            ("", &["main.rs", "make.rs", "src/"]),
            ("sr", &["src/"]),
            ("src/", &["src/deep.rs"]),
            ("./src/d", &["./src/deep.rs"]),
            ("~", &["~/"]),
            ("~/ma", &["~/main.rs", "~/make.rs"]),
            (".", &[".hidden"]),
            ("a", &[]),
            ("gone/", &[]),
            ("main.rs/", &[]),
        ] {
            assert_eq!(Base::new(dir.path(), &environment).beginning_with(begun), names, "{begun}");
        }
        for number in 0..=MOST_COMPLETIONS {
            fs::write(dir.path().join(format!("many{number}")), "").unwrap();
        }
        let most = Base::new(dir.path(), &environment).beginning_with("many").len();
        assert_eq!(most, MOST_COMPLETIONS);
    }

    #[test]
    fn all_files_of_a_prompt_and_all_its_names_are_bounded() {
        let found = files("@quarter0 @quarter1 @quarter2 @quarter3 @quarter4");
        assert_eq!(found.lines.len(), 4);
        assert_eq!(found.faults, ["@quarter4: with it the files have more than 1.0 MB in all"]);
        let many: Vec<String> = (0..10_000).map(|number| format!("@gone.{number}")).collect();
        let found = files(&many.join(" "));
        assert_eq!(found.faults.len(), MOST_NAMES + 1);
        assert!(found.fault().unwrap().ends_with("; and 254 more"), "{:?}", found.fault());
    }

    #[test]
    fn a_prompt_that_names_nothing_stays_as_it_is() {
        for words in ["", " two  spaces \n", "\ttab\n\n", "me@example.com\n", "@bob ", "@gone.rs\n"] {
            let sent = files(words).behind(words.to_owned());
            assert_eq!((sent.text.as_str(), sent.images.len()), (words, 0));
        }
        let sent = files("see @a.rs \n").behind("see @a.rs \n".to_owned());
        assert!(sent.text.starts_with("see @a.rs\n\nFile a.rs"));
        let sent = files("see @dot \n").behind("see @dot \n".to_owned());
        assert_eq!((sent.text.as_str(), sent.images.len()), ("see @dot \n", 1));
    }

    #[test]
    fn what_is_quoted_already_is_not_read_again() {
        let words = "explain @a.rs and @src/b.rs";
        let once = format!("{words}{}", files(words).blocks);
        assert_eq!(files(&once), NamedFiles::default());
        // Of what a file says nothing is a name.
        let once = format!("x{}", quoted::block("c", "@a.rs"));
        assert_eq!(files(&once), NamedFiles::default());
    }
}
