//! What the help says of a topic: the sections of the manual, the topics there are, and `q help`.

use std::process::ExitCode;

use q_agent::guide;
use q_term::Way;
use q_term::command::{HelpTopic, TOPICS, topic_named, topic_page};
use q_term::suggest;

use crate::commands::HelpArgs;
use crate::error::CliError;
use crate::out;
use crate::usage::{is_command, of_command};

/// What the manual says of it, in Markdown.
pub(crate) fn of_manual(topic: &HelpTopic) -> String {
    let sections: Vec<String> = topic.sections.iter().filter_map(|title| guide::section(title)).collect();
    sections.join("\n")
}

/// The page of a topic, as text; nothing where it is none.
pub(crate) fn page(word: &str) -> Option<String> {
    if let Some(page) = topic_page(word) {
        return Some(format!("{}\n", page.join("\n")));
    }
    topic_named(word).map(of_manual)
}

/// `q help`: the topics; with one, its page; with a command, what that takes.
pub(crate) fn run(args: &HelpArgs) -> Result<ExitCode, CliError> {
    let text = match args.words.as_slice() {
        [] => topics(),
        [word] => {
            match page(word).map(|page| page + &of_command_beside(word)).or_else(|| of_command(&args.words)) {
                Some(text) => text,
                None => {
                    return Err(CliError::usage(suggest::no_topic(word, Way::Shell))
                        .hint("`q help` lists the topics"));
                }
            }
        }
        words => of_command(words).ok_or_else(|| {
            CliError::usage(format!("there is no command `q {}`", words.join(" ")))
                .hint("`q --help` lists the commands")
        })?,
    };
    out::text(&text).map(|()| ExitCode::SUCCESS)
}

fn topics() -> String {
    let mut text = "Topics, each with `q help TOPIC`, and in q with `/help TOPIC`:\n\n".to_owned();
    for topic in TOPICS {
        text.extend(["  ", &format!("{:<15}", topic.name), topic.about, "\n"]);
    }
    text.push_str("\n`q --help` lists the commands, `q help COMMAND` says what one takes.\n");
    text
}

/// Where a command is called as a topic is, how its help is seen.
fn of_command_beside(word: &str) -> String {
    if is_command(word) {
        format!("\n`q {word} --help` says what the command takes.\n")
    } else {
        String::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_topic_has_its_sections_in_the_manual() {
        for topic in TOPICS {
            for title in topic.sections {
                assert!(guide::section(title).is_some(), "{}: {title}", topic.name);
            }
            assert!(page(topic.name).is_some_and(|page| page.len() > 100), "{}", topic.name);
        }
        assert!(page("nonsense").is_none());
    }
}
