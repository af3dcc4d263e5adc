//! What a call of q's own tools would do, read from its exact bytes for whoever is to consent: a command as it is executed, a change
//! as the lines that go and come. What cannot be read so is shown as it is.
//!
//! Two different inputs never look the same: what hides is shown escaped, what looks escaped already is told apart, and no line
//! of an input can be taken for one of these words.

mod arguments;

use std::collections::BTreeSet;
use std::fmt::Write as _;

use q_core::shell_line::SHELL;
use q_core::{Circumstance, RulePattern, ToolRule};

pub(crate) use self::arguments::MAX_READ;
use self::arguments::{
    EditInput, EditedPiece, FetchInput, RunInput, SearchInput, SkillInput, TodoInput, TodoLine, ToolInput,
};
use crate::circumstances::{DENIED, lines_of, replaces, sandbox_of};
use crate::counted::counted;
use crate::{agent_input, sanitize, word_changes};

/// How many characters beyond ASCII are named.
const NAMED: usize = 12;
/// How long a command may take at most, in seconds: whatever is asked for, no longer than that and no shorter than one.
const MAX_SECONDS: usize = 600;

/// A question for the person about a call, with nothing hidden in it; `always` is the rule that could be made of it, and
/// `circumstance` what stands around it.
pub(crate) fn question(
    tool: &str,
    input: &str,
    always: Option<&ToolRule>,
    circumstance: &Circumstance,
) -> String {
    let Some(understood) = ToolInput::of(tool, input) else {
        return format!("may {} run this? {}", sanitize::exact_line(tool), sanitize::exact(input));
    };
    match understood {
        ToolInput::Read(read) => format!("may {} be read?{}", looked_at(&read.path), looks(always)),
        ToolInput::List(list) => format!("may {} be listed?{}", looked_at(&list.path), looks(always)),
        ToolInput::Search(search) => {
            format!("may this be looked for: {}?{}", searched(&search), looks(always))
        }
        ToolInput::Run(run, is_sandboxed) => {
            let sandbox = if is_sandboxed {
                SANDBOX
            } else if *circumstance == Circumstance::Denied {
                DENIED
            } else {
                ""
            };
            let place = place(&run, sandbox_of(is_sandboxed, circumstance));
            format!("may this run{place}? {}{}{sandbox}", command(&run), remarks(&run))
        }
        ToolInput::Write(write) => format!(
            "may {} be written ({})?{}{}",
            argument(&write.path),
            size(&write.content),
            replaces(circumstance),
            content(&write.content)
        ),
        ToolInput::Edit(edit) => format!("may {} be changed?{}", argument(&edit.path), edits(&edit)),
        ToolInput::Fetch(page) => format!("may this page be fetched? {}{FETCHES}", fetched(&page)),
        ToolInput::Todo(todo) => format!("may this be the plan?{}", steps(&todo)),
        ToolInput::Skill(skill) => format!("may {} be read?", of_skill(&skill)),
        ToolInput::Process(words) => format!("may it {words}?"),
    }
}

/// What the sandbox keeps a command from.
const SANDBOX: &str = "\n(it can write files only beneath the session's directory, and has no network)";

/// Where a command runs.
fn place(run: &RunInput, sandbox: Option<&'static str>) -> String {
    let places =
        [run.shell.is_some().then_some("in a shell"), sandbox, run.background.then_some("in the background")];
    let places: Vec<&str> = places.into_iter().flatten().collect();
    if places.is_empty() { String::new() } else { format!(" {}", places.join(" and ")) }
}

/// Why looking wants consent, as far as it is known: what *always* would make says for what it asks. Where it makes nothing, a rule
/// has it ask.
fn looks(always: Option<&ToolRule>) -> &'static str {
    match always.map(|rule| &rule.pattern) {
        Some(RulePattern::Path(_)) => " (such names mostly hold keys)",
        Some(RulePattern::Any | RulePattern::Begins(_) | RulePattern::Exactly(_)) => {
            " (your home directory is in the session's, or much ran unasked in this turn)"
        }
        None => "",
    }
}

/// A call in the transcript: `run cargo test`, `read a.txt`, and beneath it what a change changes.
pub(crate) fn called(tool: &str, input: &str) -> String {
    let Some(understood) = ToolInput::of(tool, input) else {
        let shown = || format!("{} {}", not_understood(tool), sanitize::exact(input));
        return agent_input::called(tool, input).unwrap_or_else(shown);
    };
    match understood {
        ToolInput::Run(run, is_sandboxed) => {
            format!("{}{}", headline_of_run(&run, is_sandboxed), remarks(&run))
        }
        ToolInput::Write(write) => {
            format!("write {} ({}){}", argument(&write.path), size(&write.content), content(&write.content))
        }
        ToolInput::Edit(edit) => format!("edit {}{}", argument(&edit.path), edits(&edit)),
        ToolInput::Todo(todo) => format!("todo{}", steps(&todo)),
        looks @ (ToolInput::Read(_)
        | ToolInput::List(_)
        | ToolInput::Search(_)
        | ToolInput::Fetch(_)
        | ToolInput::Skill(_)
        | ToolInput::Process(_)) => headline_of(&looks),
    }
}

/// The same in a line, to be cut where there is no room.
pub(crate) fn headline(tool: &str, input: &str) -> String {
    let Some(understood) = ToolInput::of(tool, input) else {
        let shown = || format!("{} {}", not_understood(tool), sanitize::exact_line(input));
        return agent_input::headline(tool, input).unwrap_or_else(shown);
    };
    in_a_line(&headline_of(&understood))
}

/// A call that waits, in such a line: what matters most of what stands around it comes first, where nothing is cut.
pub(crate) fn asked(tool: &str, input: &str, circumstance: &Circumstance) -> String {
    let line = match (ToolInput::of(tool, input), circumstance) {
        (Some(ToolInput::Run(run, false)), Circumstance::Denied) => {
            format!("failed in the sandbox; run{} without it: {}", place(&run, None), command(&run))
        }
        (Some(ToolInput::Run(run, false)), Circumstance::Unheld) => {
            format!("run{}: {}", place(&run, sandbox_of(false, circumstance)), command(&run))
        }
        (Some(ToolInput::Run(run, true)), _any) => {
            let place = place(&run, sandbox_of(true, circumstance));
            format!("run{place} (writes here only, no network): {}", command(&run))
        }
        (Some(ToolInput::Write(write)), Circumstance::Replaces(replaced)) => {
            format!("write over {} of {}", lines_of(replaced.lines), argument(&write.path))
        }
        (Some(_) | None, _any) => return headline(tool, input),
    };
    in_a_line(&line)
}

/// Whether a call changes files, so that lines that go and come stand in its words.
pub(crate) fn changes_files(tool: &str) -> bool {
    matches!(tool, "edit" | "write") || agent_input::changes_files(tool)
}

/// How many lines an edit puts in, and how many it takes out, by its own text; nothing for any other call.
pub(crate) fn changed_lines(tool: &str, input: &str) -> Option<(usize, usize)> {
    let Some(ToolInput::Edit(edit)) = ToolInput::of(tool, input).filter(|_| tool == "edit") else {
        return None;
    };
    let changed = edit.edits.iter().map(|piece| word_changes::changed_lines(&piece.old, &piece.new));
    Some(changed.fold((0, 0), |all, (came, went)| (all.0 + came, all.1 + went)))
}

/// In one line a second one of a shell's must not pass for a redirection.
fn in_a_line(text: &str) -> String {
    text.replace("\n> ", " ↵ ")
}

/// What stands before an input that is shown as it is: its tool, or the shell's own sign before a line for it.
fn not_understood(tool: &str) -> String {
    if tool == SHELL { "$".to_owned() } else { format!("{}:", sanitize::exact_line(tool)) }
}

fn headline_of(input: &ToolInput) -> String {
    match input {
        ToolInput::Read(read) => {
            let from = from_line(read.from);
            let lines = read.lines.map(|lines| format!(", {}", counted(lines, "line"))).unwrap_or_default();
            format!("read {}{from}{lines}", looked_at(&read.path))
        }
        ToolInput::List(list) => format!("list {}", looked_at(&list.path)),
        ToolInput::Search(search) => format!("search {}", searched(search)),
        ToolInput::Run(run, is_sandboxed) => headline_of_run(run, *is_sandboxed),
        ToolInput::Write(write) => format!("write {}", argument(&write.path)),
        ToolInput::Edit(edit) => format!("edit {}", argument(&edit.path)),
        ToolInput::Fetch(page) => format!("fetch {}", fetched(page)),
        ToolInput::Todo(todo) => format!("todo ({})", counted(todo.steps.len(), "step")),
        ToolInput::Skill(skill) => format!("read {}", of_skill(skill)),
        ToolInput::Process(words) => words.clone(),
    }
}

/// What an address that is asked for tells whoever is there.
const FETCHES: &str = "\n(the host learns this address; no key goes along)";

/// An address as it is asked for, to its last character.
fn fetched(page: &FetchInput) -> String {
    let from = if page.from > 0 { format!(" from byte {}", page.from) } else { String::new() };
    format!("{}{from}", sanitize::exact_line(&page.url))
}

/// Whether a call told a plan and nothing else: what it told is an entry of its own.
pub(crate) fn tells_plan(tool: &str, input: &str) -> bool {
    // Each draw asks this of each call: no other is read for it.
    tool == "todo" && matches!(ToolInput::of(tool, input), Some(ToolInput::Todo(_)))
}

/// The steps of a plan, each behind a sign.
fn steps(todo: &TodoInput) -> String {
    let step = |TodoLine { text, state }: &TodoLine| format!("\n- {} ({})", argument(text), argument(state));
    todo.steps.iter().map(step).collect()
}

fn headline_of_run(run: &RunInput, is_sandboxed: bool) -> String {
    let place = place(run, sandbox_of(is_sandboxed, &Circumstance::Plain));
    format!("run{place}{} {}", if place.is_empty() { "" } else { ":" }, command(run))
}

/// What `always` allows of a tool.
pub(crate) fn always(tool: &str) -> String {
    match tool {
        "run" => "any command".to_owned(),
        "run_sandboxed" => "any command in the sandbox".to_owned(),
        "write" => "any file written".to_owned(),
        "edit" => "any file changed".to_owned(),
        "fetch" => "any page".to_owned(),
        _other => agent_input::always(tool)
            .map_or_else(|| format!("anything by {}", sanitize::exact_line(tool)), str::to_owned),
    }
}

fn from_line(from: Option<usize>) -> String {
    from.map(|from| format!(" from line {from}")).unwrap_or_default()
}

/// Which skill, and which of its files where that is said.
fn of_skill(SkillInput { name, file, from }: &SkillInput) -> String {
    let file = file.as_ref().map(|file| format!("{} of ", argument(file))).unwrap_or_default();
    format!("{file}the skill {}{}", argument(name), from_line(*from))
}

fn looked_at(path: &str) -> String {
    if path.is_empty() { ".".to_owned() } else { argument(path) }
}

fn searched(search: &SearchInput) -> String {
    let files = search.files.as_ref().map(|files| format!(" (files {})", argument(files)));
    let case = if search.ignore_case { " (in any case)" } else { "" };
    format!("{} in {}{}{case}", argument(&search.pattern), looked_at(&search.path), files.unwrap_or_default())
}

/// A command as it is executed. What follows the first line of a shell's stands behind a sign.
fn command(RunInput { argv, shell, .. }: &RunInput) -> String {
    let argv = self::argv(argv.as_deref().unwrap_or_default());
    let line = shell.as_deref().map(|line| sanitize::exact(line).replace('\n', "\n> "));
    argv + &line.unwrap_or_default()
}

/// A program and its arguments, each told apart from the next, with nothing hidden in them.
pub fn argv(words: &[String]) -> String {
    words.iter().map(|word| argument(word)).collect::<Vec<_>>().join(" ")
}

/// What else is to be known of a command.
fn remarks(RunInput { argv, shell, seconds, background }: &RunInput) -> String {
    let mut said = String::new();
    if *background {
        said.push_str("\n(it goes on until it is stopped, or its session sleeps or is closed)");
    }
    if let Some(seconds) = seconds {
        let seconds = usize::try_from(*seconds).unwrap_or(MAX_SECONDS);
        // Writing to a string does not fail.
        let _written = write!(said, "\n(for {} at most)", counted(seconds.clamp(1, MAX_SECONDS), "second"));
    }
    said + &beyond_ascii(argv.iter().flatten().chain(shell).map(String::as_str))
}

/// Which characters beyond ASCII there are in a command; mostly nothing.
pub(crate) fn beyond_ascii<'a>(texts: impl Iterator<Item = &'a str>) -> String {
    let foreign: BTreeSet<char> = texts.flat_map(str::chars).filter(|c| !c.is_ascii()).collect();
    // What can pass for a sign or a space of a command is named first.
    let (letters, signs): (Vec<char>, Vec<char>) = foreign.into_iter().partition(|c| c.is_alphanumeric());
    let count = letters.len() + signs.len();
    if count == 0 {
        return String::new();
    }
    let named = signs.into_iter().chain(letters).take(NAMED);
    let named: Vec<String> = named.map(|c| format!("U+{:04X}", u32::from(c))).collect();
    let more = count.saturating_sub(NAMED);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("\n(characters beyond ASCII: {}{more})", named.join(" "))
}

/// An argument as it would have to be typed, so that it can be told where each begins and ends.
pub(crate) fn argument(argument: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || "-_./=:,@%+".contains(c);
    if !argument.is_empty() && argument.chars().all(is_plain) {
        return sanitize::exact(argument).into_owned();
    }
    let escaped =
        argument.replace('\\', "\\\\").replace('\'', "\\'").replace('\n', "\\n").replace('\t', "\\t");
    let quoted = if escaped == argument { format!("'{argument}'") } else { format!("$'{escaped}'") };
    sanitize::exact(&quoted).into_owned()
}

/// How much a file is: `4 bytes, 2 lines`.
fn size(content: &str) -> String {
    let bytes = content.len();
    format!("{}, {}", counted(bytes, "byte"), counted(content.lines().count(), "line"))
}

fn content(content: &str) -> String {
    let end = if content.is_empty() || content.ends_with('\n') { "" } else { "\n(no line end)" };
    lines(content, '+') + end
}

fn edits(EditInput { edits, .. }: &EditInput) -> String {
    let mut said = String::new();
    for (place, EditedPiece { old, new, all }) in edits.iter().enumerate() {
        let between = if place > 0 { "\n" } else { "" };
        let wherever = if *all { "\nwherever it stands:" } else { "" };
        // Writing to a string does not fail.
        let _written = write!(said, "{between}{wherever}{}", replaced(old, new));
    }
    said
}

/// The lines of a text that go, and those that come in their place.
pub(crate) fn replaced(old: &str, new: &str) -> String {
    let ends = |text: &str| text.is_empty() || text.ends_with('\n');
    let end = match (ends(old), ends(new)) {
        (true, false) => "\n(without its line end)",
        (false, true) if !new.is_empty() => "\n(and a line end)",
        (true | false, _) => "",
    };
    format!("{}{}{end}", lines(old, '-'), lines(new, '+'))
}

/// Each line of a text behind a sign.
pub(crate) fn lines(text: &str, sign: char) -> String {
    let mut said = String::new();
    for line in text.split_terminator('\n') {
        // Writing to a string does not fail.
        let _written = write!(said, "\n{sign} {}", sanitize::exact(line));
    }
    said
}

#[cfg(test)]
mod tests {
    use q_core::RuleEffect;

    use super::*;

    #[test]
    fn a_call_is_shown_as_what_it_does() {
        for (tool, input, expected) in [
            (
                "run",
                r#"{"argv":["cargo","test","-p","a b","it's","a\nb",""]}"#,
                r"may this run? cargo test -p 'a b' $'it\'s' $'a\nb' ''",
            ),
            (
                "run",
                r#"{"shell":"a | b\n(for 1 second at most)","seconds":5}"#,
                "may this run in a shell? a | b\n> (for 1 second at most)\n(for 5 seconds at most)",
            ),
            (
                "run_sandboxed",
                r#"{"shell":"a | b"}"#,
                "may this run in a shell and in a sandbox? a | b\n(it can write files only beneath the session's directory, and has no network)",
            ),
            ("run", r#"{"argv":["ls"],"seconds":0}"#, "may this run? ls\n(for 1 second at most)"),
            ("run", r#"{"argv":["ls"],"seconds":9000}"#, "may this run? ls\n(for 600 seconds at most)"),
            ("run", r#"{"argv":["cаt"]}"#, "may this run? cаt\n(characters beyond ASCII: U+0430)"),
            (
                "run",
                r#"{"shell":"äöüßéèêñçàáâ a\u2215b\u00a0c"}"#,
                "may this run in a shell? äöüßéèêñçàáâ a∕b<U+00A0>c\n(characters beyond ASCII: U+00A0 U+2215 U+00DF U+00E0 U+00E1 U+00E2 U+00E4 U+00E7 U+00E8 U+00E9 U+00EA U+00F1 and 2 more)",
            ),
            ("run", r#"{"argv":["ls"],"argv":["rm"]}"#, r#"may run run this? {"argv":["ls"],"argv":["rm"]}"#),
            ("run", r#"{"argv":["ls"],"shell":"rm"}"#, r#"may run run this? {"argv":["ls"],"shell":"rm"}"#),
            ("run", r#"{"argv":["ls"],"cwd":"/"}"#, r#"may run run this? {"argv":["ls"],"cwd":"/"}"#),
            (
                "write",
                r#"{"path":"a b","content":"x\ny\n"}"#,
                "may 'a b' be written (4 bytes, 2 lines)? (what is there is replaced whole)\n+ x\n+ y",
            ),
            (
                "write",
                r#"{"path":"a","content":"ä\u00a0b\r\n(no line end)"}"#,
                "may a be written (20 bytes, 2 lines)? (what is there is replaced whole)\n+ ä<U+00A0>b<U+000D>\n+ (no line end)\n(no line end)",
            ),
            (
                "edit",
                r#"{"path":"a","edits":[{"old":"x\n","new":"y\n"},{"old":"q","new":"","all":true},{"old":"r","new":"s"}]}"#,
                "may a be changed?\n- x\n+ y\n\nwherever it stands:\n- q\n\n- r\n+ s",
            ),
            (
                "edit",
                r#"{"path":"a","edits":[{"old":"x\n","new":"y"}]}"#,
                "may a be changed?\n- x\n+ y\n(without its line end)",
            ),
            (
                "run_sandboxed",
                r#"{"shell":"a | b","background":true}"#,
                "may this run in a shell and in a sandbox and in the background? a | b\n(it goes on until it is stopped, or its session sleeps or is closed)\n(it can write files only beneath the session's directory, and has no network)",
            ),
            (
                "todo",
                r#"{"steps":[{"text":"read","state":"done"},{"text":"fix\nit","state":"open"}]}"#,
                "may this be the plan?\n- read (done)\n- $'fix\\nit' (open)",
            ),
            (
                "fetch",
                r#"{"url":"https://docs.rs/a?b=c d\u202e","from":7}"#,
                "may this page be fetched? https://docs.rs/a?b=c d<U+202E> from byte 7\n(the host learns this address; no key goes along)",
            ),
            ("skill", r#"{"name":"pdf"}"#, "may the skill pdf be read?"),
            ("shell", "a\r\nb", "may shell run this? a<U+000D>\nb"),
            ("run", "make", "may run run this? make"),
        ] {
            assert_eq!(question(tool, input, None, &Circumstance::Plain), expected, "{tool} {input}");
        }
    }

    #[test]
    fn why_a_look_asks_is_one_reason() {
        for (tool, input, wish) in
            [("read", r#"{"path":".env"}"#, "may .env be read?"), ("list", "{}", "may . be listed?")]
        {
            let rule = |pattern| ToolRule { effect: RuleEffect::Allow, tool: tool.into(), pattern };
            for (always, why) in [
                (None, ""),
                (Some(rule(RulePattern::Path(".env".into()))), " (such names mostly hold keys)"),
                (
                    Some(rule(RulePattern::Any)),
                    " (your home directory is in the session's, or much ran unasked in this turn)",
                ),
            ] {
                let asked = question(tool, input, always.as_ref(), &Circumstance::Plain);
                assert_eq!(asked, format!("{wish}{why}"), "{tool} {input}");
            }
        }
    }

    #[test]
    fn a_call_has_a_line() {
        for (tool, input, expected) in [
            ("read", r#"{"path":"a.txt"}"#, "read a.txt"),
            ("read", r#"{"path":"a.txt","from":5,"lines":1}"#, "read a.txt from line 5, 1 line"),
            ("list", "", "list ."),
            (
                "search",
                r#"{"pattern":"a b","path":"src","files":"*.rs"}"#,
                "search 'a b' in src (files '*.rs')",
            ),
            ("run", r#"{"argv":["cargo","test"]}"#, "run cargo test"),
            ("run", r#"{"shell":"a | b"}"#, "run in a shell: a | b"),
            ("run", r#"{"shell":"echo a\n> b\nls"}"#, "run in a shell: echo a ↵ > b ↵ ls"),
            ("run_sandboxed", r#"{"argv":["ls"]}"#, "run in a sandbox: ls"),
            ("run", r#"{"argv":["npm","start"],"background":true}"#, "run in the background: npm start"),
            ("write", r#"{"path":"a","content":"x\n"}"#, "write a"),
            ("edit", r#"{"path":"a","edits":[]}"#, "edit a"),
            ("todo", r#"{"steps":[{"text":"read","state":"done"}]}"#, "todo (1 step)"),
            ("fetch", r#"{"url":"https://docs.rs/"}"#, "fetch https://docs.rs/"),
            ("skill", r#"{"name":"pdf"}"#, "read the skill pdf"),
            (
                "skill",
                r#"{"name":"a b","file":"forms.md","from":7}"#,
                "read forms.md of the skill 'a b' from line 7",
            ),
            ("skill", r#"{"name":"pdf","lines":1}"#, r#"skill: {"name":"pdf","lines":1}"#),
            ("processes", "{}", "list what goes on in the background"),
            ("output", r#"{"process":71}"#, "output of process 71"),
            ("output", r#"{"process":71,"seconds":5}"#, "output of process 71, waiting up to 5 s for more"),
            ("stop", r#"{"process":71}"#, "stop process 71"),
            ("stop", r#"{"process":71,"seconds":5}"#, r#"stop: {"process":71,"seconds":5}"#),
            (
                "run",
                r#"{"argv":["a"],"background":true,"seconds":5}"#,
                r#"run: {"argv":["a"],"background":true,"seconds":5}"#,
            ),
            ("!", "ls", "$ ls"),
            ("shell", "ls", "shell: ls"),
            ("lookup", "ls", "lookup: ls"),
        ] {
            assert_eq!(headline(tool, input), expected, "{tool} {input}");
        }
    }

    #[test]
    fn different_inputs_never_look_the_same() {
        for (tool, one, other) in [
            ("run", r#"{"shell":"echo \u202ea"}"#, r#"{"shell":"echo <U+202E>a"}"#),
            ("run", r#"{"argv":["a\u202e"]}"#, r#"{"argv":["a<U+202E>"]}"#),
            ("run", r#"{"argv":["a b"]}"#, r#"{"argv":["a\u00a0b"]}"#),
            ("run", r#"{"shell":"a\r\nb"}"#, r#"{"shell":"a\nb"}"#),
            ("run", r#"{"shell":"a\n> b"}"#, r#"{"shell":"a\nb"}"#),
            ("write", r#"{"path":"a","content":"x"}"#, r#"{"path":"a","content":"x\n"}"#),
            ("write", r#"{"path":"a","content":"x"}"#, r#"{"path":"a","content":"x\n(no line end)\n"}"#),
            ("fetch", r#"{"url":"https://a.test/\u00a0"}"#, r#"{"url":"https://a.test/ "}"#),
            ("other", "<U+001B>", "\u{1b}"),
        ] {
            let shown = |input| question(tool, input, None, &Circumstance::Plain);
            assert_ne!(shown(one), shown(other), "{one} {other}");
            assert_ne!(called(tool, one), called(tool, other), "{one} {other}");
        }
    }
}
