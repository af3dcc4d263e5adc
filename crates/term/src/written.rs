//! Commands and skills that people write themselves, as they are typed and listed. Which there are only a client can say.

use q_core::is_typed_name;

use crate::command::table;
use crate::sanitize::visible_line;

/// The command behind which a skill is named.
const SKILL: &str = "skill";

/// What somebody wrote, as a line has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WrittenCommand<'a> {
    /// `/NAME` or `/FOLDER:NAME`, or the name of a skill.
    pub name: &'a str,
    /// All that is typed behind it.
    pub words: &'a str,
    pub is_skill: bool,
}

/// One of these as people are told of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WrittenText {
    pub name: String,
    /// What is typed behind its name, in words for people.
    pub hint: String,
    pub about: String,
    pub path: String,
    /// Why it is not used.
    pub fault: Option<String>,
}

/// The command or skill that a prompt may be; nothing where it can be none.
pub fn command(prompt: &str) -> Option<WrittenCommand<'_>> {
    let (name, words) = first_word(prompt.strip_prefix('/')?);
    if name != SKILL {
        return is_name(name).then_some(WrittenCommand { name, words, is_skill: false });
    }
    let (name, words) = first_word(words);
    (!name.is_empty()).then_some(WrittenCommand { name, words, is_skill: true })
}

/// The prompt that asks for a skill.
pub fn skill(typed: &str) -> String {
    format!("/{SKILL} {}", typed.trim())
}

fn first_word(text: &str) -> (&str, &str) {
    let (word, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    (word, rest.trim())
}

/// The name of one, or of the folder that it is in with its own.
fn is_name(name: &str) -> bool {
    name.split(':').count() <= 2 && name.split(':').all(is_typed_name)
}

/// All commands, each with what it takes, what it is for and where it is; none where there are none.
pub fn commands(all: &[WrittenText], more: usize) -> Vec<String> {
    let own = |name: &str| table::by_slash(name).map(|_| format!("q's own /{name} counts"));
    let listed = all.iter().map(|one| {
        line("/", &WrittenText { fault: own(&one.name).or_else(|| one.fault.clone()), ..one.clone() })
    });
    let first = "yours and this project's, sent as prompts; q's own names go first".to_owned();
    with_more(first, listed, more)
}

/// All skills, in the same way.
pub fn skills(all: &[WrittenText], more: usize) -> Vec<String> {
    if all.is_empty() {
        return vec![
            "no skills: one is a directory with a SKILL.md, beneath skills/ beside your configuration, or .q/skills, .claude/skills, .agents/skills of a trusted project".to_owned(),
        ];
    }
    let first = "`/skill NAME WORDS` sends one; models with tools read them themselves".to_owned();
    with_more(first, all.iter().map(|one| line("", one)), more)
}

fn with_more(first: String, listed: impl ExactSizeIterator<Item = String>, more: usize) -> Vec<String> {
    if listed.len() == 0 {
        return Vec::new();
    }
    let more = (more > 0).then(|| format!("  and {more} more, which are not listed"));
    [first].into_iter().chain(listed).chain(more).collect()
}

fn line(before: &str, WrittenText { name, hint, about, path, fault }: &WrittenText) -> String {
    let hint = if hint.is_empty() { String::new() } else { format!(" {hint}") };
    let said = match fault {
        Some(why) => format!("not used: {why}"),
        None => about.clone(),
    };
    let blank = if said.is_empty() { "" } else { "  " };
    let line = format!("{before}{name}{hint}{blank}{said}  ({path})");
    format!("  {}", visible_line(&line))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_written_command_is_a_first_word_behind_a_slash() {
        let typed = |name, words| Some(WrittenCommand { name, words, is_skill: false });
        assert_eq!(command("/review"), typed("review", ""));
        assert_eq!(command("/review a.rs\nb"), typed("review", "a.rs\nb"));
        assert_eq!(command("/git:log_2 x"), typed("git:log_2", "x"));
        let named = WrittenCommand { name: "pdf", words: "fill it", is_skill: true };
        assert_eq!(command("/skill pdf fill it"), Some(named));
        for none in "/skill|/etc/hosts|/a:b:c|/:a|/-a|/größe|//review|review|/| /review".split('|') {
            assert_eq!(command(none), None, "{none:?}");
        }
        assert_eq!(command(&skill("pdf  x ")), command("/skill pdf  x"));
    }

    #[test]
    fn what_counts_and_what_does_not_is_listed() {
        let one = |name: &str, fault: Option<&str>| WrittenText {
            name: name.to_owned(),
            hint: "[FILE]".to_owned(),
            about: "Looks\u{1b}".to_owned(),
            path: "/c/x.md".to_owned(),
            fault: fault.map(str::to_owned),
        };
        let listed = commands(&[one("review", None), one("close", None), one("b", Some("it is long"))], 2);
        assert_eq!(
            listed[1..],
            [
                "  /review [FILE]  Looks<U+001B>  (/c/x.md)".to_owned(),
                "  /close [FILE]  not used: q's own /close counts  (/c/x.md)".to_owned(),
                "  /b [FILE]  not used: it is long  (/c/x.md)".to_owned(),
                "  and 2 more, which are not listed".to_owned(),
            ]
        );
        assert_eq!(commands(&[], 0), Vec::<String>::new());
        assert!(skills(&[], 0)[0].starts_with("no skills") && skills(&[one("pdf", None)], 0).len() == 2);
    }
}
