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

/// Something that the help says more of than the table of actions: by its name, or another word for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HelpTopic {
    pub name: &'static str,
    also: &'static [&'static str],
    /// What it is about, in a few words.
    pub about: &'static str,
    /// The sections of the manual that say it, by their titles; none where the page stands here.
    pub sections: &'static [&'static str],
}

macro_rules! topics {
    ($($name:literal, [$($also:literal),*], $about:literal, [$($section:literal),*];)*) => {
        &[$(HelpTopic { name: $name, also: &[$($also),*], about: $about, sections: &[$($section),*] }),*]
    };
}

/// All topics, in reading order.
pub const TOPICS: &[HelpTopic] = topics![
    "multi-session", ["multi-sessions", "multisession"], "many sessions at once, on one page", [];
    "start", ["setup", "first-steps", "tutorial"], "the first minutes, and an agent that answers", ["Getting started", "Setting up an agent"];
    "sessions", ["session"], "what a session is, how one is made and put away", ["What a session is", "Creating a session", "Names of sessions", "Closing a session"];
    "switching", ["bar"], "going from one to another, and the list of all", ["Switching between sessions", "The list of sessions"];
    "background", ["notifications", "marks"], "what the others do meanwhile, and how it is told", ["Background work and unread marks", "What the marks in the bar mean", "Being told when you look elsewhere"];
    "inbox", ["waiting"], "what waits for your answer", ["What waits for your answer"];
    "editing", ["prompt", "prompts", "completion"], "writing prompts, and completing them", ["Writing a prompt", "Completion while you type", "Your own editor", "Searching earlier prompts"];
    "files", ["images"], "files and images in a prompt", ["Files in a prompt", "Images in a prompt"];
    "queue", ["retrying"], "prompts that wait, and answers that stopped", ["The queue", "Interrupting an answer", "Retrying", "Continuing"];
    "find", ["search", "copying", "clipboard"], "finding and copying in a session", ["Finding in a session", "Copying"];
    "keys", ["keyboard", "shortcuts", "keybindings"], "keys of your own, and keys that do nothing", ["Set your own keys", "When a key does nothing"];
    "mouse", [], "what the mouse does, and how to have it back", ["The mouse"];
    "themes", ["theme", "colours", "colors"], "colours", ["Colours and themes"];
    "plain", ["screen-reader", "accessibility"], "line by line, for screen readers and simple terminals", ["Plain mode and screen readers"];
    "models", ["providers", "agents"], "which model answers, and at whose address", ["Connecting a model", "Providers by name", "Another model in one session"];
    "local", ["ollama", "offline"], "models on this machine", ["Local models: Ollama, llama.cpp, vLLM", "A model without any server: q model"];
    "window", ["compacting", "budgets", "tokens"], "long conversations, and what they may cost", ["Long conversations: compacting, and how full the window is", "Budgets: how many tokens may be spent"];
    "tools", ["sandbox"], "what a model may do in a directory", ["Letting a model work in a directory", "What tools do and do not", "Taking changes back"];
    "consent", ["approval", "approvals", "rules"], "what is asked before a tool runs, and rules for that", ["Allowing several calls at once", "Rules for calls", "What a rule is for"];
    "trust", ["projects"], "what counts of a project's own files", ["Files of a project, and trust", "Servers that a project names"];
    "skills", ["slash-commands"], "skills and commands of your own", ["Skills", "Commands of your own"];
    "mcp", ["servers"], "tools of MCP servers", ["Tools of MCP servers", "Servers at an address", "Prompts and resources of servers", "When a server changes or fails"];
    "acp", ["claude-code", "codex"], "agents that are programs of their own", ["Agents that are programs of their own", "What such an agent may do", "Modes and commands of such an agent"];
    "editors", ["zed"], "q behind an editor", ["q in an editor", "What an editor can do in a session"];
    "scripts", ["scripting", "shell"], "q in scripts", ["Using q in scripts", "Exit codes"];
    "hooks", ["events"], "commands that are told what happens", ["Commands that are told what happens"];
    "config", ["configuration", "settings", "config.toml"], "the configuration file, and the environment", ["The configuration file", "Changing limits", "Environment variables"];
    "host", ["detaching"], "what goes on when you leave", ["The host and its logs", "Detaching and coming back", "Several terminals"];
    "crashes", ["crash", "recovery"], "after a crash, and where a disk is full or damaged", ["After a crash", "A full disk", "A damaged disk"];
    "data", ["privacy", "storage"], "where everything is kept", ["Where q keeps its data", "Freeing disk space", "Take a session elsewhere", "Privacy"];
    "limits", ["memory"], "how much of everything", ["Limits", "Limits of memory and processes"];
];

/// The topic of that word, whatever its case.
pub fn topic_named(word: &str) -> Option<&'static HelpTopic> {
    let word = word.to_lowercase();
    TOPICS.iter().find(|topic| topic.name == word || topic.also.contains(&word.as_str()))
}

/// The page of a topic that stands here, its title first; nothing where the manual or the table says it.
pub fn topic_page(topic: &str) -> Option<&'static [&'static str]> {
    topic_named(topic).is_some_and(|topic| topic.sections.is_empty()).then_some(MANY)
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
        assert!(topic_page("sessions").is_none(), "the manual says more of that");
    }

    #[test]
    fn a_word_leads_to_one_topic() {
        let mut seen = std::collections::BTreeSet::new();
        for topic in TOPICS {
            for word in topic.also.iter().chain([&topic.name]) {
                assert!(seen.insert(*word), "{word} twice");
                assert_eq!(topic_named(&word.to_uppercase()), Some(topic));
            }
        }
        assert!(topic_named("nonsense").is_none());
    }
}
