//! Project files in words: which go along, or why none do.

use q_core::{ProjectFile, ProjectFiles};

use crate::sanitize;
use crate::way::Way;
use crate::words;

/// How many paths a line names.
const NAMED: usize = 6;

/// What an entry says of them.
pub fn told(files: &ProjectFiles, way: Way) -> String {
    if files.all.is_empty() {
        return "no project files go along any more".to_owned();
    }
    let named = files.all.iter().take(NAMED);
    let more = match files.all.len().saturating_sub(NAMED) {
        0 => String::new(),
        count => format!(" and {count} more"),
    };
    if files.withheld {
        let paths: Vec<String> = named.map(|file| sanitize::visible_line(&file.path).into_owned()).collect();
        let trust = match way {
            Way::Slash => "/trust",
            Way::Shell => "q trust",
        };
        let paths = paths.join(", ");
        return format!("{paths}{more} not sent: this directory is not trusted; {trust} changes that");
    }
    let paths: Vec<String> = named.map(sized).collect();
    format!("project files go along from here on: {}{more}", paths.join(", "))
}

/// `AGENTS.md (1.2 KB, 3 KB left out)`
pub(crate) fn sized(file: &ProjectFile) -> String {
    let path = sanitize::visible_line(&file.path);
    match (file.bytes, file.left_out) {
        (0, left_out) if left_out > 0 => format!("{path} (left out, {})", words::size(left_out)),
        (bytes, 0) => format!("{path} ({})", words::size(bytes)),
        (bytes, left_out) => {
            format!("{path} ({}, {} left out)", words::size(bytes), words::size(left_out))
        }
    }
}

/// What of a project would count if it were trusted, by what trust is for: whoever looks for it knows that, and no name is read twice.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UntrustedPaths {
    /// What goes to the model.
    pub texts: Vec<String>,
    /// In which servers are named, and hooks: for each of them more is asked than trust.
    pub servers: Vec<String>,
    pub hooks: Vec<String>,
    /// Directories of commands and skills.
    pub written: Vec<String>,
}

impl UntrustedPaths {
    pub fn is_empty(&self) -> bool {
        self.all().is_empty()
    }

    /// All of them, where it does not matter what they are.
    pub fn all(&self) -> Vec<String> {
        let Self { texts, servers, hooks, written } = self;
        [texts.as_slice(), servers, hooks, written].concat()
    }
}

/// What is asked where there is something that is not trusted.
pub(crate) fn question(directory: &str, home: &str, paths: &UntrustedPaths) -> String {
    let directory = words::directory(directory, home);
    let UntrustedPaths { texts, servers, hooks, written } = paths;
    let waits = !servers.is_empty() || !hooks.is_empty();
    let mut then = Vec::new();
    if !texts.is_empty() {
        let turns = if waits { "" } else { " with each turn" };
        then.push(format!("{} goes to the model{turns} then", untrusted(texts)));
    }
    match (texts.as_slice(), servers.as_slice()) {
        (_, []) => {}
        ([], servers) => then.push(format!("you may accept the servers of {} then", untrusted(servers))),
        (_, servers) => then.push(format!("servers of {} wait", untrusted(servers))),
    }
    if !hooks.is_empty() {
        then.push(format!("hooks of {} wait until you accept them: `q hooks accept`", untrusted(hooks)));
    }
    let then = then.join(", ");
    let and = if then.is_empty() || written.is_empty() { "" } else { ", and " };
    let used = match written.as_slice() {
        [] => String::new(),
        written => format!("{} can be used", untrusted(written)),
    };
    format!("y trusts {directory} · n not now · {then}{and}{used}")
}

/// The paths that would count, a few of them.
pub fn untrusted(paths: &[String]) -> String {
    let named = paths.iter().take(NAMED).map(|path| sanitize::visible_line(path).into_owned());
    let more = match paths.len().saturating_sub(NAMED) {
        0 => String::new(),
        count => format!(" and {count} more"),
    };
    named.collect::<Vec<_>>().join(", ") + &more
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_question_says_what_trust_is_for() {
        let all = |paths: &[&str]| paths.iter().map(|&path| path.to_owned()).collect();
        let named = |texts: &[&str], servers: &[&str], hooks: &[&str], written: &[&str]| UntrustedPaths {
            texts: all(texts),
            servers: all(servers),
            hooks: all(hooks),
            written: all(written),
        };
        let hooks = "hooks of .q/hooks.toml wait until you accept them: `q hooks accept`";
        for (paths, then) in [
            (
                named(&["AGENTS.md", "a/CLAUDE.md"], &[], &[], &[]),
                "AGENTS.md, a/CLAUDE.md goes to the model with each turn then",
            ),
            (named(&[], &[".mcp.json"], &[], &[]), "you may accept the servers of .mcp.json then"),
            (
                named(&[], &[], &[], &[".q/commands", ".claude/skills"]),
                ".q/commands, .claude/skills can be used",
            ),
            (
                named(&["AGENTS.md"], &[], &[], &[".q/skills"]),
                "AGENTS.md goes to the model with each turn then, and .q/skills can be used",
            ),
            (
                named(&["AGENTS.md"], &["a/.mcp.json"], &[], &[]),
                "AGENTS.md goes to the model then, servers of a/.mcp.json wait",
            ),
            (named(&[], &[], &[".q/hooks.toml"], &[]), hooks),
            (
                named(&["AGENTS.md"], &[".mcp.json"], &[".q/hooks.toml"], &[".q/skills"]),
                &format!(
                    "AGENTS.md goes to the model then, servers of .mcp.json wait, {hooks}, and .q/skills can be used"
                ),
            ),
        ] {
            let expected = format!("y trusts ~/p · n not now · {then}");
            assert_eq!(question("/home/me/p", "/home/me", &paths), expected);
        }
    }
}
