//! Project files in words: which go along, or why none do.

use q_core::{ProjectFile, ProjectFiles};

use crate::sanitize;
use crate::way::Way;
use crate::words;

/// In which a project names servers, for which more is asked than trust.
const SERVERS_FILE: &str = ".mcp.json";
/// In which it keeps commands and skills.
const WRITTEN: [&str; 2] = ["/commands", "/skills"];
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

/// What is asked where there is something that is not trusted.
pub(crate) fn question(directory: &str, home: &str, paths: &[String]) -> String {
    let directory = words::directory(directory, home);
    let of = |ends: &[&str]| -> Vec<String> {
        paths.iter().filter(|path| ends.iter().any(|end| path.ends_with(end))).cloned().collect()
    };
    let (servers, written) = (of(&[SERVERS_FILE]), of(&WRITTEN));
    let is_text = |path: &&String| !servers.contains(path) && !written.contains(path);
    let texts: Vec<String> = paths.iter().filter(is_text).cloned().collect();
    let then = match (texts.as_slice(), servers.as_slice()) {
        ([], []) => String::new(),
        (texts, []) => format!("{} goes to the model with each turn then", untrusted(texts)),
        ([], servers) => format!("you may accept the servers of {} then", untrusted(servers)),
        (texts, servers) => {
            format!("{} goes to the model then, servers of {} wait", untrusted(texts), untrusted(servers))
        }
    };
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
        for (paths, then) in [
            (
                &["AGENTS.md", "a/CLAUDE.md"][..],
                "AGENTS.md, a/CLAUDE.md goes to the model with each turn then",
            ),
            (&[".mcp.json"], "you may accept the servers of .mcp.json then"),
            (&[".q/commands", ".claude/skills"], ".q/commands, .claude/skills can be used"),
            (
                &["AGENTS.md", ".q/skills"],
                "AGENTS.md goes to the model with each turn then, and .q/skills can be used",
            ),
            (&["AGENTS.md", "a/.mcp.json"], "AGENTS.md goes to the model then, servers of a/.mcp.json wait"),
        ] {
            let paths: Vec<String> = paths.iter().map(|&path| path.to_owned()).collect();
            let expected = format!("y trusts ~/p · n not now · {then}");
            assert_eq!(question("/home/me/p", "/home/me", &paths), expected);
        }
    }
}
