//! What a call would do that an agent of others carries out itself, read from what it says of it: a command as it would run, files
//! with the lines that go and come. Whatever else it says stands beneath, so that a title hides nothing.
//!
//! Not here: calls of q's own tools, which such an agent has q run as well (`tool_input`).

use std::collections::BTreeSet;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::counted::counted;
use crate::sanitize;
use crate::tool_input::{MAX_READ, argument, argv, beyond_ascii, lines, replaced};

/// What stands in front of the names of such tools.
const TOOL: &str = "agent_";
/// How many lines stand around those that change.
const AROUND: usize = 3;

/// A sort of call: its name in the protocol, and the words for it.
struct SortWords {
    kind: &'static str,
    /// As the agent wishes to do it, and as it does it.
    wish: &'static str,
    does: &'static str,
    /// What a rule allows that is for all of the sort.
    all: &'static str,
}

const fn sort(kind: &'static str, wish: &'static str, does: &'static str, all: &'static str) -> SortWords {
    SortWords { kind, wish, does, all }
}

static SORTS: [SortWords; 10] = [
    sort("execute", "run", "runs", "any command of the agent"),
    sort("edit", "change", "changes", "any file changed by the agent"),
    sort("read", "read", "reads", "any file read by the agent"),
    sort("delete", "delete", "deletes", "any file deleted by the agent"),
    sort("move", "move", "moves", "any file moved by the agent"),
    sort("search", "look for", "looks for", "anything looked for by the agent"),
    sort("fetch", "fetch", "fetches", "any page fetched by the agent"),
    sort("think", "think", "thinks", "any thought of the agent"),
    sort("switch_mode", "go into a mode", "goes into a mode", "any mode of the agent"),
    sort("other", "do this", "does", "anything else that the agent does"),
];

/// Members that say once more what stands in the files.
const SAID_TWICE: [&str; 10] = [
    "path",
    "file_path",
    "filePath",
    "content",
    "old_string",
    "new_string",
    "oldString",
    "newString",
    "oldText",
    "newText",
];

/// A call as the agent's adapter has put it together, and nothing else.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Said<'a> {
    title: String,
    #[serde(borrow)]
    input: Option<&'a RawValue>,
    #[serde(default)]
    paths: Vec<String>,
    #[serde(borrow, default)]
    changes: Vec<Given<'a>>,
    /// The beginning of one that is longer than what is kept of it.
    cut: Option<String>,
}

/// The members of an object, in order; none comes twice.
struct Given<'a>(Vec<(String, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Given<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;
        impl<'de> Visitor<'de> for Members {
            type Value = Given<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Given<'de>, A::Error> {
                let mut members: Vec<(String, &RawValue)> = Vec::new();
                while let Some((name, value)) = map.next_entry::<String, &RawValue>()? {
                    members.push((name, value));
                }
                // An input has room for tens of thousands, and is read for each frame.
                let once: BTreeSet<&str> = members.iter().map(|(name, _)| name.as_str()).collect();
                if once.len() < members.len() {
                    return Err(A::Error::custom("a member comes twice"));
                }
                Ok(Given(members))
            }
        }
        deserializer.deserialize_map(Members)
    }
}

impl Given<'_> {
    /// The text that a member is; taken out, so that it is not said again.
    fn take_text(&mut self, name: &str) -> Option<String> {
        let place = self.0.iter().position(|(known, _)| known == name)?;
        let text = self.0.get(place).and_then(|(_, value)| serde_json::from_str(value.get()).ok())?;
        self.0.remove(place);
        Some(text)
    }

    /// Those that are left, each in a line.
    fn rest(&self) -> String {
        let said = |(name, value): &(String, &RawValue)| {
            format!("\n({}: {})", argument(name), sanitize::exact_line(value.get()))
        };
        self.0.iter().map(said).collect()
    }
}

/// What a call makes of a file.
struct ChangedFile {
    path: String,
    /// Nothing where it says that there is no such file.
    old: Option<String>,
    new: String,
    rest: String,
}

/// A call that is understood.
struct AgentCall {
    words: &'static SortWords,
    /// What it is about in one line: a command, files, or how it is called.
    about: String,
    beneath: String,
}

impl AgentCall {
    fn of(tool: &str, input: &str) -> Option<Self> {
        let words = words(tool)?;
        if input.len() > MAX_READ {
            return None;
        }
        let Said { title, input, paths, changes, cut } = serde_json::from_str(input).ok()?;
        let mut changed = Vec::new();
        for mut given in changes {
            let (path, new) = (given.take_text("path")?, given.take_text("newText")?);
            let old = given.take_text("oldText");
            given.0.retain(|(name, value)| {
                !(name == "type" && value.get() == "\"diff\"" || name == "oldText" && value.get() == "null")
            });
            changed.push(ChangedFile { path, old, new, rest: given.rest() });
        }
        let mut beneath = String::new();
        let mut command = None;
        match input.map(|input| (input, serde_json::from_str::<Given<'_>>(input.get()))) {
            Some((_, Ok(mut given))) => {
                if words.kind == "execute" {
                    command = self::command(&mut given, &mut beneath);
                }
                given.0.retain(|(name, value)| !is_said(name, value, &changed) && !is_title(value, &title));
                beneath += &given.rest();
            }
            Some((input, Err(_))) => note(&mut beneath, "given", &sanitize::exact_line(input.get())),
            None => {}
        }
        if let Some(cut) = cut {
            note(&mut beneath, "only the beginning is kept", &sanitize::exact_line(&cut));
        }
        let mut files: Vec<String> = changed.iter().map(|change| argument(&change.path)).collect();
        files.extend(paths.iter().map(|path| argument(path)));
        let mut once: BTreeSet<&str> = BTreeSet::new();
        let named: Vec<&str> = files.iter().map(String::as_str).filter(|file| once.insert(*file)).collect();
        let (files, title) = (named.join(", "), sanitize::exact_line(&title).into_owned());
        let is_of_files = matches!(words.kind, "edit" | "read" | "delete" | "move");
        let about = match command {
            Some(command) => command,
            None if is_of_files && !files.is_empty() => files.clone(),
            None => title.clone(),
        };
        if about != title && !title.is_empty() {
            beneath.insert_str(0, &format!("\n(it calls this: {title})"));
        }
        if about != files && !files.is_empty() {
            note(&mut beneath, "files", &files);
        }
        let several = changed.len() > 1;
        beneath.extend(changed.iter().map(|change| change.shown(several)));
        Some(Self { words, about, beneath })
    }
}

/// Adds a line that says something beside the call itself.
fn note(beneath: &mut String, what: &str, said: &str) {
    beneath.extend(["\n(", what, ": ", said, ")"]);
}

/// The words for a tool; none for one that is no agent's.
fn words(tool: &str) -> Option<&'static SortWords> {
    let kind = tool.strip_prefix(TOOL)?;
    SORTS.iter().find(|sort| sort.kind == kind)
}

/// The command of a call, taken out of what it is given; what of its letters can pass for others is said beneath.
fn command(given: &mut Given<'_>, beneath: &mut String) -> Option<String> {
    if let Some(line) = given.take_text("command") {
        beneath.push_str(&beyond_ascii(std::iter::once(line.as_str())));
        return Some(sanitize::exact(&line).replace('\n', "\n> "));
    }
    let place = given.0.iter().position(|(name, _)| name == "command")?;
    let (_, value) = given.0.get(place)?;
    let words: Vec<String> = serde_json::from_str(value.get()).ok()?;
    given.0.remove(place);
    beneath.push_str(&beyond_ascii(words.iter().map(String::as_str)));
    Some(argv(&words))
}

/// Whether a member says what stands in the changed files anyway.
fn is_said(name: &str, value: &RawValue, changed: &[ChangedFile]) -> bool {
    let Ok(text) = serde_json::from_str::<String>(value.get()) else { return false };
    let holds = |change: &ChangedFile| {
        let old = change.old.as_deref().unwrap_or_default();
        change.path == text || old.contains(&text) || change.new.contains(&text)
    };
    SAID_TWICE.contains(&name) && changed.iter().any(holds)
}

fn is_title(value: &RawValue, title: &str) -> bool {
    serde_json::from_str::<String>(value.get()).is_ok_and(|text| text == title)
}

impl ChangedFile {
    /// The lines that go and come, with some around them; `is_named` says which file's.
    fn shown(&self, is_named: bool) -> String {
        let file = if is_named { format!("\n(in {})", argument(&self.path)) } else { String::new() };
        let Some(old) = &self.old else {
            let new = replaced("", &self.new);
            return format!("{file}{}\n(a new file){new}", self.rest);
        };
        let olds: Vec<&str> = old.split_inclusive('\n').collect();
        let news: Vec<&str> = self.new.split_inclusive('\n').collect();
        let before = olds.iter().zip(&news).take_while(|(one, other)| one == other).count();
        let most = olds.len().min(news.len()) - before;
        let behind = olds
            .iter()
            .rev()
            .zip(news.iter().rev())
            .take_while(|(one, other)| one == other)
            .count()
            .min(most);
        let part =
            |all: &[&str]| all.get(before..all.len() - behind).map(<[&str]>::concat).unwrap_or_default();
        let stays = |count: usize| {
            if count > 0 { format!("\n(… {} as before)", counted(count, "line")) } else { String::new() }
        };
        let common = |from: usize, to: usize| {
            lines(&olds.get(from..to).map(<[&str]>::concat).unwrap_or_default(), ' ')
        };
        let above = before.saturating_sub(AROUND);
        let below = olds.len() - behind;
        let end = olds.len().min(below + AROUND);
        format!(
            "{file}{}{}{}{}{}{}",
            self.rest,
            stays(above),
            common(above, before),
            replaced(&part(&olds), &part(&news)),
            common(below, end),
            stays(olds.len() - end)
        )
    }
}

/// A question for the person about such a call; nothing for any other.
pub(crate) fn question(tool: &str, input: &str) -> Option<String> {
    let AgentCall { words, about, beneath } = AgentCall::of(tool, input)?;
    Some(format!("the agent asks to {}: {about}{beneath}", words.wish))
}

/// Such a call in the transcript, with all that is known of it.
pub(crate) fn called(tool: &str, input: &str) -> Option<String> {
    let AgentCall { words, about, beneath } = AgentCall::of(tool, input)?;
    Some(format!("agent {}: {about}{beneath}", words.does))
}

/// The same in a line.
pub(crate) fn headline(tool: &str, input: &str) -> Option<String> {
    let AgentCall { words, about, .. } = AgentCall::of(tool, input)?;
    Some(format!("agent {}: {}", words.does, about.replace("\n> ", " ↵ ")))
}

/// What is said in a line of one that is too long to be read for each frame: only its title is.
pub(crate) fn long_line(tool: &str, input: &str, size: &str) -> Option<String> {
    let (words, rest) = (words(tool)?, input.strip_prefix("{\"title\":")?);
    let title = serde_json::Deserializer::from_str(rest).into_iter::<String>().next()?.ok()?;
    Some(format!("agent {} ({size}, it calls this: {})", words.does, sanitize::exact_line(&title)))
}

/// Whether such a tool changes files, so that lines that go and come stand in its words.
pub(crate) fn changes_files(tool: &str) -> bool {
    words(tool).is_some_and(|words| words.kind == "edit")
}

/// What `always` allows of such a tool.
pub(crate) fn always(tool: &str) -> Option<&'static str> {
    words(tool).map(|words| words.all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_of_an_agent_is_shown_as_what_it_does_whatever_it_is_called() {
        for (tool, input, expected) in [
            (
                "agent_execute",
                r#"{"title":"Run npm test","input":{"command":"npm test"}}"#,
                "agent runs: npm test\n(it calls this: Run npm test)",
            ),
            (
                "agent_execute",
                r#"{"title":"npm test","input":{"command":"npm test","description":"npm test"}}"#,
                "agent runs: npm test",
            ),
            (
                "agent_execute",
                r#"{"title":"ls\nrm","input":{"command":"rm -rf a\n(it calls this: ls)","cwd":"/x","n":{"a":1}}}"#,
                "agent runs: rm -rf a\n> (it calls this: ls)\n(it calls this: ls<U+000A>rm)\n(cwd: \"/x\")\n(n: {\"a\":1})",
            ),
            (
                "agent_execute",
                r#"{"title":"c","input":{"command":["sh","-c","a b"]}}"#,
                "agent runs: sh -c 'a b'\n(it calls this: c)",
            ),
            (
                "agent_execute",
                r#"{"title":"c","input":{"command":"cаt"}}"#,
                "agent runs: cаt\n(it calls this: c)\n(characters beyond ASCII: U+0430)",
            ),
            (
                "agent_execute",
                r#"{"title":"c","input":{"command":"ls","command":"rm"}}"#,
                "agent runs: c\n(given: {\"command\":\"ls\",\"command\":\"rm\"})",
            ),
            (
                "agent_read",
                r#"{"title":"Read it","paths":["/w/a b","/w/a b","/w/c"]}"#,
                "agent reads: '/w/a b', /w/c\n(it calls this: Read it)",
            ),
            (
                "agent_fetch",
                r#"{"title":"Look","input":{"url":"https://x.test"}}"#,
                "agent fetches: Look\n(url: \"https://x.test\")",
            ),
            (
                "agent_search",
                r#"{"title":"Look","paths":["/w"],"input":[1]}"#,
                "agent looks for: Look\n(given: [1])\n(files: /w)",
            ),
            (
                "agent_other",
                r#"{"title":"big","cut":"{\"title\":"}"#,
                "agent does: big\n(only the beginning is kept: {\"title\":)",
            ),
        ] {
            assert_eq!(called(tool, input).as_deref(), Some(expected), "{tool} {input}");
        }
        // As many members as there is room for; one that comes twice among them is seen.
        let many: Vec<String> = (0..30_000).map(|no| format!(r#""m{no}":1,"#)).collect();
        let many = many.concat();
        for (last, begins) in [("last", "agent does: c\n(m0: 1)\n"), ("m7", "agent does: c\n(given: {")] {
            let input = format!(r#"{{"title":"c","input":{{{many}"{last}":1}}}}"#);
            let said = called("agent_other", &input).unwrap_or_default();
            assert!(said.starts_with(begins), "{last}");
        }
        for (tool, input) in [
            ("agent_execute", "npm"),
            ("agent_execute", r#"{"title":"a","more":1}"#),
            ("agent_tomorrow", r#"{"title":"a"}"#),
            ("edit", r#"{"title":"a"}"#),
        ] {
            assert_eq!(called(tool, input), None, "{tool} {input}");
        }
    }

    #[test]
    fn a_change_of_an_agent_is_shown_by_the_lines_that_go_and_come() {
        let whole = r"1\n2\n3\n4\n5\n6\n7\n8\n9\n";
        let changed = whole.replace(r"5\n", r"five\nfifth\n");
        let in_a_file = format!(
            r#"{{"title":"Edit","input":{{"file_path":"/w/a","new_string":"five","replace_all":false}},"changes":[{{"type":"diff","path":"/w/a","oldText":"{whole}","newText":"{changed}"}}]}}"#
        );
        for (input, expected) in [
            (
                in_a_file.as_str(),
                "the agent asks to change: /w/a\n(it calls this: Edit)\n(replace_all: false)\n(… 1 line as before)\n  2\n  3\n  4\n- 5\n+ five\n+ fifth\n  6\n  7\n  8\n(… 1 line as before)",
            ),
            (
                r#"{"title":"/w/a","changes":[{"type":"diff","path":"/w/a","oldText":null,"newText":"x\n"}]}"#,
                "the agent asks to change: /w/a\n(a new file)\n+ x",
            ),
            (
                r#"{"title":"/w/a","paths":["/w/a"],"changes":[{"path":"/w/a","oldText":"x\n","newText":"x"}]}"#,
                "the agent asks to change: /w/a\n- x\n+ x\n(without its line end)",
            ),
            (
                r#"{"title":"","changes":[{"path":"a","oldText":"x\n","newText":"y\n","_meta":1},{"path":".env","newText":"k\n"}]}"#,
                "the agent asks to change: a, .env\n(in a)\n(_meta: 1)\n- x\n+ y\n(in .env)\n(a new file)\n+ k",
            ),
        ] {
            assert_eq!(question("agent_edit", input).as_deref(), Some(expected), "{input}");
        }
    }

    #[test]
    fn a_call_of_an_agent_has_a_line_however_long_it_is() {
        let long = format!(r#"{{"title":"Edit\na","input":"{}"}}"#, "x".repeat(40_000));
        assert_eq!(
            long_line("agent_edit", &long, "40 KB").as_deref(),
            Some("agent changes (40 KB, it calls this: Edit<U+000A>a)")
        );
        assert_eq!(
            headline("agent_execute", r#"{"title":"x","input":{"command":"a\nb","cwd":"/"}}"#).as_deref(),
            Some("agent runs: a ↵ b")
        );
    }
}
