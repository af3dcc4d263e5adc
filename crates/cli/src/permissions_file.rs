//! The file of rules that count beside those of sessions: `permissions.toml` where the host's notes are. The host reads it before
//! each call; whoever adds or removes a rule writes it anew, whole.
//!
//! Where something in it is wrong nothing of it counts, and every call asks. No project's directory has such a file.

use std::fmt::Write as _;
use std::path::Path;

use q_core::tool_rule::STANDING_RULES;
use q_core::{RuleEffect, RulePattern, StandingRule, ToolRule};
use q_proto::Place;
use serde::Deserialize;
use toml::Spanned;

use crate::error::CliError;
use crate::state_file;

/// The longest file, in bytes: so much is read before a call.
const MOST: usize = 512 << 10;
const ABOVE: &str = "\
# Rules for calls of tools, beside those of sessions: deny beats ask, ask beats allow.
# `q permissions` lists, adds and removes them; it writes this file anew, without remarks of your own.
";

/// The file as written.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct RulesFile {
    #[serde(default)]
    rule: Vec<Spanned<RuleTable>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleTable {
    #[serde(deserialize_with = "effect")]
    effect: RuleEffect,
    tool: String,
    /// What its command begins with, or is.
    argv: Option<Vec<String>>,
    /// Whether that is all of it.
    #[serde(default)]
    exactly: bool,
    path: Option<String>,
    /// In whose sessions it counts; everywhere without one.
    directory: Option<String>,
}

fn effect<'de, D: serde::Deserializer<'de>>(from: D) -> Result<RuleEffect, D::Error> {
    let word = String::deserialize(from)?;
    let known = RuleEffect::ALL.into_iter().find(|effect| effect.word() == word);
    known.ok_or_else(|| serde::de::Error::custom("an effect is allow, ask or deny"))
}

impl RuleTable {
    fn rule(&self) -> Result<StandingRule, String> {
        let pattern = match (&self.argv, &self.path) {
            (Some(_), Some(_)) => return Err("has both argv and path".into()),
            (None, _) if self.exactly => return Err("says exactly, and has no argv".into()),
            (Some(words), None) if self.exactly => RulePattern::Exactly(words.clone()),
            (Some(words), None) => RulePattern::Begins(words.clone()),
            (None, Some(path)) => RulePattern::Path(path.clone()),
            (None, None) => RulePattern::Any,
        };
        if self.directory.as_ref().is_some_and(|directory| !directory.starts_with('/')) {
            return Err("names a directory that does not begin with /".into());
        }
        let rule = ToolRule { effect: self.effect, tool: self.tool.clone(), pattern };
        rule.check().map_err(|fault| fault.to_string())?;
        Ok(StandingRule { rule, directory: self.directory.clone() })
    }
}

/// All rules of the file. One that is not there has none.
pub(crate) fn read(path: &Path) -> Result<Vec<StandingRule>, CliError> {
    let Some(text) = state_file::text(path, "the rules")? else { return Ok(Vec::new()) };
    if text.len() > MOST {
        return Err(mistake(path, 1, &format!("the file is longer than {MOST} bytes")));
    }
    let line = |at: usize| text.get(..at).unwrap_or_default().matches('\n').count() + 1;
    let file: RulesFile = toml::from_str(&text).map_err(|error| {
        mistake(path, error.span().map_or(1, |span| line(span.start)), error.message().trim())
    })?;
    if let Some(surplus) = file.rule.get(STANDING_RULES) {
        let why = format!("there are more than {STANDING_RULES} rules");
        return Err(mistake(path, line(surplus.span().start), &why));
    }
    let rule = |table: &Spanned<RuleTable>| {
        let rule = table.get_ref().rule();
        rule.map_err(|why| mistake(path, line(table.span().start), &format!("the rule {why}")))
    };
    file.rule.iter().map(rule).collect()
}

/// The same for the host, which says it in one line.
pub(crate) fn read_for_host(path: &Path) -> Result<Vec<StandingRule>, String> {
    read(path).map_err(|error| error.on_one_line())
}

fn mistake(path: &Path, line: usize, why: &str) -> CliError {
    CliError::usage(format!("{}, line {line}: {why}", path.display()))
        .hint("mend the file; until then none of its rules counts, and every call asks")
}

/// Has the rule, or no longer; whether that changed anything. Two that do so at once do it one after the other.
pub(crate) fn set(place: &Place, rule: &StandingRule, stands: bool) -> Result<bool, CliError> {
    let path = place.permissions();
    state_file::rewrite(place, &path, || {
        let mut rules = read(&path)?;
        if rules.contains(rule) == stands {
            return Ok(None);
        }
        if stands && rules.len() >= STANDING_RULES {
            let why =
                format!("there are {STANDING_RULES} rules, the most allowed; remove one: `q permissions`");
            return Err(CliError::failed(why));
        }
        rules.retain(|other| other != rule);
        rules.extend(stands.then(|| rule.clone()));
        Ok(Some(text(&rules)))
    })
}

fn text(rules: &[StandingRule]) -> String {
    let mut text = ABOVE.to_owned();
    for StandingRule { rule: ToolRule { effect, tool, pattern }, directory } in rules {
        // Writing to a string does not fail.
        let _written = write!(text, "\n[[rule]]\neffect = \"{effect}\"\ntool = {}\n", quoted(tool));
        let words = |words: &[String]| words.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(", ");
        let pattern = match pattern {
            RulePattern::Any => String::new(),
            RulePattern::Begins(argv) => format!("argv = [{}]\n", words(argv)),
            RulePattern::Exactly(argv) => format!("argv = [{}]\nexactly = true\n", words(argv)),
            RulePattern::Path(path) => format!("path = {}\n", quoted(path)),
        };
        text += &pattern;
        if let Some(directory) = directory {
            let _written = writeln!(text, "directory = {}", quoted(directory));
        }
    }
    text
}

/// A basic string of TOML. What controls or hides is written by its number, so that the file can be read.
pub(crate) fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for letter in text.chars() {
        match letter {
            '"' | '\\' => quoted.extend(['\\', letter]),
            ' '..='~' => quoted.push(letter),
            letter if letter.is_alphanumeric() => quoted.push(letter),
            hidden => {
                let _written = write!(quoted, "\\U{:08X}", u32::from(hidden));
            }
        }
    }
    quoted + "\""
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn rule(effect: RuleEffect, tool: &str, pattern: RulePattern, directory: Option<&str>) -> StandingRule {
        let rule = ToolRule { effect, tool: tool.into(), pattern };
        StandingRule { rule, directory: directory.map(str::to_owned) }
    }

    #[test]
    fn rules_are_kept_as_they_are_and_read_by_their_owner_alone() {
        let home = tempfile::tempdir().unwrap();
        let at = |name: &str| home.path().join(name);
        let place = Place::new(at("data"), at("state"), at("run"));
        let words = |words: &[&str]| words.iter().map(|&word| word.to_owned()).collect();
        let rules = [
            rule(RuleEffect::Allow, "run", RulePattern::Begins(words(&["cargo", "test"])), Some("/home/a b")),
            rule(
                RuleEffect::Deny,
                "run",
                RulePattern::Exactly(words(&["sh", "-c", "a\n\"b\" \\\u{202e}é"])),
                None,
            ),
            rule(RuleEffect::Ask, "read", RulePattern::Path("**/*.pem".into()), None),
            rule(RuleEffect::Deny, "fetch", RulePattern::Any, None),
        ];
        assert_eq!(read(&place.permissions()).unwrap(), []);
        for rule in &rules {
            assert!(set(&place, rule, true).unwrap());
            assert!(!set(&place, rule, true).unwrap(), "it is there already");
        }
        assert_eq!(read(&place.permissions()).unwrap(), rules);
        let mode = fs::metadata(place.permissions()).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert!(set(&place, &rules[1], false).unwrap());
        assert_eq!(read(&place.permissions()).unwrap(), [&rules[..1], &rules[2..]].concat());
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line_and_nothing_of_the_file_counts() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("permissions.toml");
        let good = "# mine\n[[rule]]\neffect = \"allow\"\ntool = \"run\"\n";
        let many = "[[rule]]\neffect = \"deny\"\ntool = \"a\"\n".repeat(STANDING_RULES + 1);
        let long = format!("{good}argv = [\"{}\"]\n", "a".repeat(300));
        for (text, line, why) in [
            (format!("{good}[[rule]]\neffect = \"maybe\"\ntool = \"run\"\n"), 6, "allow, ask or deny"),
            (format!("{good}path = \"a\"\nargv = [\"b\"]\n"), 2, "both argv and path"),
            (format!("{good}exactly = true\n"), 2, "no argv"),
            (format!("{good}path = \"../a\"\n"), 2, "beneath the session's directory"),
            (format!("{good}directory = \"here\"\n"), 2, "does not begin with /"),
            (format!("{good}pth = \"a\"\n"), 5, "unknown field"),
            (format!("{good}[[rule\n"), 5, ""),
            (many, 3 * STANDING_RULES + 1, "more than 500 rules"),
            (long, 2, "longer than 200 bytes"),
            ("#".repeat(MOST + 1), 1, "longer than"),
        ] {
            fs::write(&path, &text).unwrap();
            let told = read(&path).unwrap_err().on_one_line();
            assert!(told.contains(&format!("line {line}: ")) && told.contains(why), "{told}");
            assert!(told.contains("every call asks"), "{told}");
        }
        fs::write(&path, good).unwrap();
        assert_eq!(read(&path).unwrap().len(), 1);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o666)).unwrap();
        assert!(read(&path).is_err(), "anybody could have written it");
    }
}
