//! What an answer rests on, as the dialects say it: pages with addresses, places in documents, pieces that are quoted. They say it
//! beside the words, of which they say it, in pieces and again at the end; each is kept once.

use q_core::Source;
use serde_json::value::RawValue;

use super::reading::{each, member, words};
use crate::http::answer::AnswerBuilder;
use crate::http::usage::count;
use q_json::{members, text};

/// The first of these members that says something.
fn first_of<const N: usize>(of: &RawValue, names: [&str; N]) -> String {
    members(of, names).into_iter().map(words).find(|said| !said.is_empty()).unwrap_or_default()
}

/// Page 3, or characters 10 to 20: from a member to another, both counted by the server.
fn span(of: &RawValue, what: &str, from: &str, to: &str) -> String {
    match members(of, [from, to]).map(|number| number.and_then(count)) {
        [Some(from), Some(to)] if to > from => format!("{what} {from} to {to}"),
        [Some(from), _] => format!("{what} {from}"),
        [None, _] => String::new(),
    }
}

/// A source whose members have the names that most servers give them: of a page its address, of a document where in it.
pub(super) fn cite(source: &RawValue, answer: &mut AnswerBuilder) {
    let spans = [
        ("page", "start_page_number", "end_page_number"),
        ("characters", "start_char_index", "end_char_index"),
        ("block", "start_block_index", "end_block_index"),
    ];
    let address = first_of(source, ["url", "uri", "retrievedUrl", "source"]);
    let place = std::iter::once(address)
        .chain(spans.into_iter().map(|(what, from, to)| span(source, what, from, to)))
        .find(|place| !place.is_empty());
    answer.on_source(Source {
        title: first_of(source, ["title", "document_title", "filename", "file_id", "name"]),
        place: place.unwrap_or_default(),
        quote: first_of(source, ["cited_text", "snippet", "content", "text", "quote"]),
    });
}

/// A list of sources, some of which are an address and nothing else.
pub(super) fn cite_each(sources: Option<&RawValue>, answer: &mut AnswerBuilder) {
    for source in each(sources) {
        match text(source) {
            Some(place) => answer.on_source(Source { place, ..Source::default() }),
            None => cite(source, answer),
        }
    }
}

/// Annotations of `OpenAI` and those like it: what one is of stands in it, or in a member with the name of its kind.
pub(super) fn annotate(annotations: Option<&RawValue>, answer: &mut AnswerBuilder) {
    for annotation in each(annotations) {
        cite_annotation(annotation, answer);
    }
}

pub(super) fn cite_annotation(annotation: &RawValue, answer: &mut AnswerBuilder) {
    let kind = words(member(Some(annotation), "type"));
    cite(member(Some(annotation), &kind).unwrap_or(annotation), answer);
}

/// Citations of Bedrock, which have a place of each kind in a member of its own, and what is quoted in pieces.
pub(super) fn cite_located(citation: &RawValue, answer: &mut AnswerBuilder) {
    let [location, quoted, source] = members(citation, ["location", "sourceContent", "source"]);
    let spans = [
        ("page", "documentPage"),
        ("characters", "documentChar"),
        ("chunk", "documentChunk"),
        ("search result", "searchResultLocation"),
    ];
    let place =
        |(what, name): (&str, &str)| member(location, name).map(|place| span(place, what, "start", "end"));
    let url = words(member(member(location, "web"), "url"));
    let place = [url, words(source)]
        .into_iter()
        .chain(spans.into_iter().filter_map(place))
        .find(|place| !place.is_empty());
    let quote = each(quoted).into_iter().map(|part| words(member(Some(part), "text"))).collect();
    let title = words(member(Some(citation), "title"));
    answer.on_source(Source { title, place: place.unwrap_or_default(), quote });
}
