//! A session as one HTML file: nothing in it runs, and nothing is fetched. All text is escaped.

use q_core::{Body, Entry};
use q_term::Way;
use q_term::sanitize::{visible, visible_line};
use q_term::words::NOT_ANSWERED;

use super::calendar::moment;
use super::document::DocumentFacts;
use super::markdown::{about, stopped};

const STYLE: &str = "
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 50rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; overflow-wrap: anywhere; }
h2 { font-size: 1rem; margin: 0 0 .25rem; }
h2 time { font-weight: normal; font-size: .85rem; opacity: .7; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .1rem 1rem; }
dt { opacity: .7; } dd { margin: 0; overflow-wrap: anywhere; }
section { border-top: 1px solid color-mix(in srgb, currentColor 25%, transparent); padding: .75rem 0; }
section.user { background: color-mix(in srgb, currentColor 6%, transparent); padding: .75rem; }
section.aside { margin-left: 1.5rem; }
div.text { white-space: pre-wrap; overflow-wrap: anywhere; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; margin: 0; font: .85rem/1.4 ui-monospace, monospace; }
@media print { body { margin: 0; max-width: none; } section { break-inside: auto; } h2 { break-after: avoid; } }
";

pub(crate) fn begin(facts: &DocumentFacts) -> String {
    let name = escaped_line(&facts.name);
    let about: Vec<String> = about(facts)
        .iter()
        .map(|(what, value)| format!("<dt>{what}</dt><dd>{}</dd>\n", escaped_line(value)))
        .collect();
    let about = about.concat();
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n<title>{name}</title>\n\
         <style>{STYLE}</style>\n</head>\n<body>\n<h1>{name}</h1>\n<dl>\n{about}</dl>\n"
    )
}

pub(crate) fn entry(entry: &Entry, unanswered: bool) -> String {
    let at = moment(entry.at);
    match &entry.body {
        Body::Prompt(prompt) => {
            let who = if unanswered { format!("You ({NOT_ANSWERED})") } else { "You".to_owned() };
            let text = q_term::words::with_images(&prompt.text, &prompt.images);
            section("user", &who, &at, "div class=\"text\"", &text)
        }
        Body::Answer(text) => section("agent", "Agent", &at, "div class=\"text\"", text),
        Body::Thinking(text) => section("aside", "Thinking", &at, "pre", text),
        Body::Call(call) => section("aside", &format!("Calls {}", call.tool), &at, "pre", &call.input),
        Body::Result(result) => {
            section("aside", &format!("Result: {}", result.outcome.words()), &at, "pre", &result.text)
        }
        Body::Output(output) => section("aside", "Output", &at, "pre", &output.text),
        Body::Plan(steps) => section("aside", "Plan", &at, "pre", &q_term::plan::listed(steps)),
        Body::Sources(sources) => section("aside", "Sources", &at, "pre", &q_term::sources::whole(sources)),
        Body::ProjectFiles(files) => {
            section("aside", &q_term::project::told(files, Way::Shell), &at, "pre", "")
        }
        Body::Stop(stop) => section("aside", &stopped(stop), &at, "pre", ""),
        Body::Repair(fault) => section("aside", &q_term::words::repair(*fault, Way::Shell), &at, "pre", ""),
        Body::Continued => section("aside", q_term::words::CONTINUED, &at, "pre", ""),
        Body::Compaction(compaction) => section(
            "aside",
            &q_term::words::compaction(compaction, Way::Shell),
            &at,
            "pre",
            compaction.text(),
        ),
        Body::Reversed(done) => section("aside", &q_term::changes::reversed(done), &at, "pre", ""),
        Body::LeftOut(sent) => section("aside", &q_term::words::left_out(*sent), &at, "pre", ""),
    }
}

pub(crate) fn end(facts: &DocumentFacts) -> String {
    let waiting = facts.queue.iter().map(|text| section("user", "Waiting", "", "div class=\"text\"", text));
    let draft = Some(&facts.draft).filter(|draft| !draft.is_empty());
    let draft = draft.map(|text| section("user", "Not sent", "", "div class=\"text\"", text));
    waiting.chain(draft).collect::<String>() + "</body>\n</html>\n"
}

fn section(class: &str, title: &str, at: &str, element: &str, text: &str) -> String {
    let title = escaped_line(title);
    let text = if text.is_empty() {
        String::new()
    } else {
        let name = element.split(' ').next().unwrap_or_default();
        // A line feed right behind the tag would be dropped by a reader, were it the text's own.
        format!("<{element}>\n{}</{name}>\n", escaped(&visible(text)))
    };
    format!("<section class=\"{class}\">\n<h2>{title} <time>{at}</time></h2>\n{text}</section>\n")
}

fn escaped_line(text: &str) -> String {
    escaped(&visible_line(text))
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 16);
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            plain => out.push(plain),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use q_core::{CallNo, Called, EntryNo, WallTime, Wants};

    #[test]
    fn no_text_becomes_markup() {
        let hostile = "</pre><script>alert('1')</script>\u{202e}&\"";
        let call =
            Called { no: CallNo(1), tool: hostile.into(), input: hostile.into(), wants: Wants::Nothing };
        for body in [Body::Prompt(hostile.into()), Body::Answer(hostile.into()), Body::Call(call)] {
            let html = entry(&Entry { no: EntryNo(1), at: WallTime(0), body }, true);
            assert!(!html.contains("<script") && !html.contains("alert('") && !html.contains('\u{202e}'));
            assert_eq!(html.matches("</pre>").count() + html.matches("</div>").count(), 1, "{html}");
        }
        let facts = DocumentFacts {
            name: "a<b".into(),
            directory: "/\"><img src=x>".into(),
            ..DocumentFacts::default()
        };
        assert!(!begin(&facts).contains("<img"));
    }

    #[test]
    fn nothing_runs_and_nothing_is_fetched() {
        let page = begin(&DocumentFacts::default()) + &end(&DocumentFacts::default());
        for foreign in ["<script", "<link", "<img", "src=", "href=", "url(", "@import", "http:", "https:"] {
            assert!(!page.contains(foreign), "{foreign}");
        }
        assert!(page.contains("default-src 'none'; style-src 'unsafe-inline'"));
    }
}
