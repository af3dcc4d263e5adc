//! Topics of the help that have a page of their own, beside the table of actions.

/// How many sessions are had at once: the page behind `/help multi-session`.
const MANY: &[&str] = &[
    "Many sessions at once",
    "",
    "A session is one conversation, with a history, an agent and a directory of its own. None sees another.",
    "",
    "  /new NAME            opens one; the one that you leave goes on working",
    "  /switch NAME         goes to another; Alt+1 … Alt+9 by number",
    "  Ctrl+X Tab           goes back to the last one",
    "  /sessions, Ctrl+X l  lists all, to choose from",
    "  /attend, Ctrl+X a    goes to the next one that needs you",
    "  /inbox, Ctrl+X i     shows all that waits for your answer, anywhere",
    "  /close               puts one away; /reopen NAME brings it back",
    "  Ctrl+D               leaves; all go on, and `q` brings you back",
    "",
    "The bar on top shows each: one that works turns, +2 has something new, ? asks you, ✗ failed. Ten are live at once; \
     the rest hibernate until you go to them.",
    "",
    "From the shell: `q new -d NAME`, `q send NAME PROMPT`, `q wait NAME`, `q show NAME`, `q ls`.",
];

/// The page of that topic, its title first; nothing where only the table can say something.
pub fn topic_page(topic: &str) -> Option<&'static [&'static str]> {
    let is_many =
        ["multi-session", "multi-sessions", "multisession"].contains(&topic.to_lowercase().as_str());
    is_many.then_some(MANY)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::table;

    #[test]
    fn a_page_names_commands_that_there_are() {
        let page = topic_page("Multi-Session").unwrap_or_default();
        let words = page
            .iter()
            .flat_map(|line| line.split([' ', ',', '`']))
            .filter_map(|word| word.strip_prefix('/'));
        let unknown: Vec<&str> = words.filter(|word| table::by_slash(word).is_none()).collect();
        assert!(unknown.is_empty() && page.len() > 10, "{unknown:?}");
        assert!(topic_page("sessions").is_none(), "the table says more of that");
    }
}
