//! The guide: answers questions about `q` from its manual, offline. Never pretends to be a language model.
//!
//! | room | what lives there |
//! |---|---|
//! | `manual` | the manual as sections |
//! | `search` | which sections fit a question |
//! | `words` | a text as the terms that are compared |

mod manual;
mod search;
mod words;

use std::sync::{Arc, LazyLock};

use futures_util::stream::{self, BoxStream, StreamExt};
use q_core::{AgentEvent, Usage};

use manual::Section;
use q_seat::{Agent, Controls, Conversation, Seat, Turn};
use search::Index;

/// The built-in guide. Only the person's newest message is answered; what was said before does not matter.
#[derive(Clone, Copy, Debug, Default)]
pub struct Guide;

impl Agent for Guide {
    fn open(&self, _seat: Seat) -> Arc<dyn Conversation> {
        Arc::new(*self)
    }
}

impl Conversation for Guide {
    fn turn(&self, turn: Turn, _controls: Controls) -> BoxStream<'static, AgentEvent> {
        let seen = if turn.has_images() { NO_PICTURES } else { "" };
        let answer = seen.to_owned() + &answer_to(turn.prompt());
        let lines: Vec<_> =
            answer.split_inclusive('\n').map(|line| AgentEvent::Text(line.to_owned())).collect();
        let end = [AgentEvent::Usage(Usage::default()), AgentEvent::Done]; // no model was asked
        stream::iter(lines).chain(stream::iter(end)).boxed()
    }
}

/// How many sections are named besides the one that is shown.
const SEE_ALSO: usize = 2;

/// The section that says what `q` is.
const OVERVIEW: usize = 0;

const GREETING: &str = "\
Hello! I am the guide built into q. I am not a language model: I search q's manual, offline, and show what fits.

Ask me anything about q, for example:

- How do I open a second session?
- How do I switch between sessions?
- How do I connect a model?

Press `Ctrl+X` then `?` for the keys, or type `/help` for the commands.
";

/// What is said first to who shows it something.
const NO_PICTURES: &str = "\
*I cannot see pictures: I am q's guide, and search the manual by your words. A connected model may look at them (\"How do I \
connect a model?\").*

";

/// The section of the manual with that title, and its heading; nothing where there is none.
pub fn section(title: &str) -> Option<String> {
    manual::titled(title)
}

static MANUAL: LazyLock<(Vec<Section>, Index)> = LazyLock::new(|| {
    let sections = manual::sections();
    let index = Index::new(&sections);
    (sections, index)
});

fn answer_to(question: &str) -> String {
    if words::is_greeting(question) {
        return GREETING.to_owned();
    }
    let (sections, index) = &*MANUAL;
    let found = if words::terms(question).is_empty() {
        // "What is q?": no word in it tells one section from another.
        vec![OVERVIEW]
    } else {
        index.search(question)
    };
    let found: Vec<&Section> = found.into_iter().filter_map(|at| sections.get(at)).collect();
    match found.split_first() {
        Some((best, others)) => shown(best, others),
        None => nothing_found(sections),
    }
}

fn shown(best: &Section, others: &[&Section]) -> String {
    let mut answer = format!(
        "*I am q's guide, not a language model; I searched the manual. This fits best:*\n\n## {}\n\n{}\n",
        best.title, best.body
    );
    let others: Vec<String> =
        others.iter().take(SEE_ALSO).map(|section| format!("*{}*", section.title)).collect();
    if !others.is_empty() {
        answer.extend(["\nSee also: ", &others.join(", "), "\n"]);
    }
    answer
}

fn nothing_found(sections: &[Section]) -> String {
    let topics: String = sections.iter().flat_map(|section| ["- ", section.title, "\n"]).collect();
    format!(
        "*I am q's guide, not a language model; I searched the manual and found nothing about this.*\n\n\
         For questions about anything but q, connect a model: set `OPENAI_API_KEY` and `OPENAI_MODEL` (or `Q_BASE_URL` and \
         `Q_MODEL` for a server of your own) and open a new session. Ask me \"How do I connect a model?\" for more.\n\n\
         I know about:\n\n{topics}"
    )
}
