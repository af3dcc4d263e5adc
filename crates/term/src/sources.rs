//! Sources of an answer in words: as a short list below it, and whole.

use q_core::{EntryNo, Source, Sources};

use crate::advice;
use crate::way::Way;

/// How many sources a screen lists before it says where the rest is.
const SHOWN: usize = 8;

/// Sources on a screen, a line each: what it is called and who has it. Hostile text still.
pub fn listed(no: EntryNo, sources: &Sources, session: &str, way: Way) -> String {
    let line = |(at, source): (usize, &Source)| {
        let host = host(&source.place);
        let (name, host) = match (source.title.trim(), host) {
            ("", "") => (source.quote.as_str(), ""),
            ("", host) => (host, ""),
            (title, host) => (title, host),
        };
        let host = if host.is_empty() { String::new() } else { format!(" ({host})") };
        format!("{} {}{host}", at + 1, on_one_line(name))
    };
    let shown = sources.all.iter().take(SHOWN).enumerate().map(line);
    let more = sources.all.len().saturating_sub(SHOWN);
    let more = if more > 0 { format!("{more} more, and ") } else { String::new() };
    let rest =
        advice::render(&format!("… {more}where they are: `q show {session} --entry {no}`"), way).into_owned();
    shown.chain([rest]).collect::<Vec<_>>().join("\n")
}

/// Sources with all that is known of them. Hostile text still.
pub fn whole(sources: &Sources) -> String {
    let source = |(at, source): (usize, &Source)| {
        let quote = if source.quote.is_empty() { String::new() } else { format!("“{}”", source.quote) };
        let texts = [source.title.as_str(), &source.place, &quote];
        let texts: Vec<String> =
            texts.iter().filter(|text| !text.is_empty()).map(|text| on_one_line(text)).collect();
        format!("{}. {}", at + 1, texts.join("\n   "))
    };
    let left_out =
        (sources.left_out > 0).then(|| format!("and {} more, of which nothing is kept", sources.left_out));
    sources.all.iter().enumerate().map(source).chain(left_out).collect::<Vec<_>>().join("\n")
}

fn on_one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Who has a page, of its address; of a place in a document all of it.
fn host(place: &str) -> &str {
    let Some((_, rest)) = place.split_once("://") else { return place };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    authority.rsplit_once('@').map_or(authority, |(_, host)| host)
}
