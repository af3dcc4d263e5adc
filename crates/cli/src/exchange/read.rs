//! Reading a session's file, entry by entry. It is anybody's: every fault is told with its place, and none costs memory.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::fmt;
use std::io::{self, BufRead, BufReader, Read};

use q_core::Entry;
use serde::Deserializer;
use serde::de::{DeserializeSeed, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::document::{DocumentFacts, FORMAT, VERSION};
use super::entry::{EntryShape, Fields};

/// The most that is read for one entry, or for all facts: the longest text that is kept, every byte of it escaped.
const PIECE_BYTES: u64 = 64 << 20;

/// What other programs put in front of a text.
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// What a file said of its session beside its entries.
#[derive(Debug)]
pub(crate) struct ToldEntries {
    pub(crate) facts: DocumentFacts,
    /// Fields that are not known here.
    pub(crate) unknown: BTreeSet<String>,
}

/// Takes entries as they come; an error ends the reading.
pub(crate) type Taker<'a> = &'a mut dyn FnMut(Entry) -> Result<(), String>;

/// Reads a file to its end, or to what is wrong with it and where.
pub(crate) fn read(file: impl Read, take: Taker<'_>) -> Result<ToldEntries, String> {
    let mut file = BufReader::new(file);
    let begins_with_mark = file.fill_buf().is_ok_and(|bytes| bytes.starts_with(BYTE_ORDER_MARK));
    file.consume(if begins_with_mark { BYTE_ORDER_MARK.len() } else { 0 });
    let progress = Progress { left: Cell::new(PIECE_BYTES), line: Cell::new(1), fault: RefCell::new(None) };
    let bounded = Bounded { file, progress: &progress };
    let mut json = serde_json::Deserializer::from_reader(bounded);
    let told = json.deserialize_map(Document { take, progress: &progress });
    let told = told.and_then(|told| json.end().map(|()| told));
    told.map_err(|error| progress.fault.take().unwrap_or_else(|| error.to_string()))
}

/// How far the reading is.
struct Progress {
    /// Bytes that may still be read of this part.
    left: Cell<u64>,
    line: Cell<u64>,
    /// What is wrong with an entry. The parser would name the place where the next one begins.
    fault: RefCell<Option<String>>,
}

impl Progress {
    fn fault<E: Error>(&self, fault: &str) -> E {
        let fault = format!("line {}: {fault}", self.line.get());
        let error = E::custom(&fault);
        self.fault.replace(Some(fault));
        error
    }
}

/// A reader that gives up where one part is too long.
struct Bounded<'a, R> {
    file: R,
    progress: &'a Progress,
}

impl<R: Read> Read for Bounded<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let Progress { left, line, .. } = self.progress;
        let count = self.file.read(buffer)?;
        let lines = buffer.iter().take(count).filter(|byte| **byte == b'\n').count();
        line.set(line.get() + lines as u64);
        match left.get().checked_sub(count as u64) {
            Some(rest) => left.set(rest),
            None => return Err(io::Error::other("one part of the file is longer than q keeps")),
        }
        Ok(count)
    }
}

struct Document<'a> {
    take: Taker<'a>,
    progress: &'a Progress,
}

impl<'de> Visitor<'de> for Document<'_> {
    type Value = ToldEntries;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a session that `q export` wrote")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<ToldEntries, A::Error> {
        let Self { take, progress } = self;
        let mut told = ToldEntries { facts: DocumentFacts::default(), unknown: BTreeSet::new() };
        let mut unknown = Fields::default();
        let mut seen = BTreeSet::new();
        while let Some(key) = map.next_key::<String>()? {
            if key == "entries" {
                map.next_value_seed(Entries { take: &mut *take, progress, unknown: &mut unknown })?;
            } else if !fact(&mut told.facts, &key, &mut map)? {
                map.next_value::<IgnoredAny>()?;
                unknown.note(key);
                continue;
            }
            if !seen.insert(key.clone()) {
                return Err(A::Error::custom(format!("`{key}` is there twice")));
            }
        }
        for needed in ["format", "version", "name", "entries"] {
            if !seen.contains(needed) {
                return Err(A::Error::custom(format!("`{needed}` is missing")));
            }
        }
        let words = [(&mut told.facts.name_origin, "chosen"), (&mut told.facts.policy, "ask")];
        for (word, usual) in words.into_iter().chain([(&mut told.facts.kind, "development")]) {
            if word.is_empty() {
                usual.clone_into(word);
            }
        }
        told.unknown = unknown.into_names();
        Ok(told)
    }
}

/// Reads the value of this fact, if it is known here.
fn fact<'de, A: MapAccess<'de>>(facts: &mut DocumentFacts, key: &str, map: &mut A) -> Result<bool, A::Error> {
    match key {
        "format" => {
            facts.form.format = map.next_value()?;
            if facts.form.format != FORMAT {
                return Err(A::Error::custom(format!("`format` is not \"{FORMAT}\": q did not write this")));
            }
        }
        "version" => {
            facts.form.version = map.next_value()?;
            if facts.form.version != VERSION {
                let version = facts.form.version;
                return Err(A::Error::custom(format!(
                    "the file has version {version} and this q reads {VERSION}; a newer q may read it"
                )));
            }
        }
        "id" => facts.id = map.next_value()?,
        "name" => facts.name = map.next_value()?,
        "name_origin" => facts.name_origin = map.next_value()?,
        "kind" => facts.kind = map.next_value()?,
        "system_prompt" => facts.system_prompt = map.next_value()?,
        "agent" => facts.agent = map.next_value()?,
        "model" => facts.model = map.next_value()?,
        "directory" => facts.directory = map.next_value()?,
        "policy" => facts.policy = map.next_value()?,
        "tags" => facts.tags = map.next_value()?,
        "pinned" => facts.pinned = map.next_value()?,
        "created_ms" => facts.created_ms = map.next_value()?,
        "touched_ms" => facts.touched_ms = map.next_value()?,
        "trashed_ms" => facts.trashed_ms = map.next_value()?,
        "tokens_in" => facts.usage.input = map.next_value()?,
        "tokens_out" => facts.usage.output = map.next_value()?,
        "tokens_cached" => facts.usage.cached = map.next_value()?,
        "tokens_cache_written" => facts.usage.cache_written = map.next_value()?,
        "tokens_reasoning" => facts.usage.reasoning = map.next_value()?,
        "tokens_guessed" => facts.usage.guessed = map.next_value()?,
        "running" => facts.running = map.next_value()?,
        "queue" => facts.queue = map.next_value()?,
        "draft" => facts.draft = map.next_value()?,
        _ => return Ok(false),
    }
    Ok(true)
}

struct Entries<'a, 'b> {
    take: Taker<'a>,
    progress: &'b Progress,
    unknown: &'b mut Fields,
}

impl<'de> DeserializeSeed<'de> for Entries<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Entries<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of entries")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        let Progress { left, .. } = self.progress;
        left.set(PIECE_BYTES);
        while let Some(shape) = seq.next_element::<EntryShape>()? {
            shape.unknown().for_each(|field| self.unknown.note(format!("entries: {field}")));
            let entry = shape.into_entry().map_err(|fault| self.progress.fault(&fault))?;
            (self.take)(entry).map_err(|fault| self.progress.fault::<A::Error>(&fault))?;
            left.set(PIECE_BYTES);
        }
        Ok(())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests may panic")]
mod tests {
    use super::*;

    const HEAD: &str = r#"{"format":"q-session","version":1,"name":"a""#;

    fn reading(text: &str) -> Result<(ToldEntries, Vec<Entry>), String> {
        let mut entries = Vec::new();
        let mut take = |entry| {
            entries.push(entry);
            Ok(())
        };
        let told = read(text.as_bytes(), &mut take)?;
        Ok((told, entries))
    }

    #[test]
    fn facts_may_come_in_any_order_and_more_of_them() {
        let text = r#"{"entries":[{"role":"user","text":"why?","no":1,"mood":{"a":[1]},"at_ms":5}],
            "later":{"x":[]},"version":1,"name":"a","format":"q-session"}"#;
        let (told, entries) = reading(text).unwrap();
        assert_eq!(told.unknown.into_iter().collect::<Vec<_>>(), ["entries: mood", "later"]);
        assert_eq!((told.facts.name.as_str(), entries.len()), ("a", 1));
    }

    #[test]
    fn what_is_not_known_is_skipped_and_not_kept() {
        // What were kept would be read level by level, and the parser goes down 128 of them.
        let deep = format!("{}{}", "[".repeat(1000), "]".repeat(1000));
        let text = format!(
            "{HEAD},\"later\":{deep},\"entries\":[{{\"no\":1,\"role\":\"user\",\"text\":\"why?\",\"mood\":{deep}}}]}}"
        );
        let (told, entries) = reading(&text).unwrap();
        assert_eq!((told.unknown.len(), entries.len()), (2, 1));
    }

    #[test]
    fn every_fault_is_told_with_its_place() {
        let entries = |entries: &str| format!("{HEAD},\"entries\":[\n{entries}\n]}}");
        let table = [
            (String::new(), "EOF while parsing"),
            ("[]".into(), "expected a session that `q export` wrote at line 1"),
            (r#"{"format":"other"}"#.into(), "q did not write this at line 1 column 18"),
            (r#"{"format":"q-session","version":2}"#.into(), "version 2 and this q reads 1"),
            (r#"{"format":"q-session","version":1,"entries":[]}"#.into(), "`name` is missing"),
            (format!("{HEAD},\"name\":\"b\",\"entries\":[]}}"), "`name` is there twice"),
            (format!("{HEAD},\"entries\":[],\"entries\":[]}}"), "`entries` is there twice"),
            (format!("{HEAD},\"entries\":[]}} more"), "trailing characters"),
            (format!("{HEAD},\"pinned\":1,\"entries\":[]}}"), "expected a boolean"),
            (entries("{\"role\":\"user\"}"), "line 2: entry 0: it has no `text`"),
            (entries("{\"no\":7,\"role\":\"god\"}"), "line 2: entry 7: role `god` is none"),
            (entries("{\"no\":-1}"), "line 2"),
            (entries("{\"no\":1.5}"), "line 2"),
            (entries("{\"no\":1,\"no\":2}"), "duplicate field `no`"),
            (
                entries("{\"no\":1,\"role\":\"result\",\"text\":\"\",\"of\":1,\"outcome\":\"well\"}"),
                "outcome `well`",
            ),
            (entries("{\"no\":1,\"role\":\"user\",\"text\":\"\\ud800\"}"), "line 2"),
        ];
        for (text, fault) in table {
            let told = reading(&text).unwrap_err();
            assert!(told.contains(fault), "{text}\n{told}");
        }
    }

    #[test]
    fn no_part_of_a_file_is_read_without_end() {
        let endless = HEAD.as_bytes().chain(&b",\"x\":\""[..]).chain(io::repeat(b'x'));
        let told = read(endless, &mut |_| Ok(())).unwrap_err();
        assert!(told.contains("longer than q keeps"), "{told}");
    }
}
