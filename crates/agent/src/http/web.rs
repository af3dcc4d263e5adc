//! A page that a model wants, fetched for it: from the world alone, without any key, within bounds of time and size, and as text.

use std::time::Duration;

use q_tools::{MAX_OUTPUT, ToolReply, WantedPage, without_hidden};

use super::address::Address;
use super::exchange::{Exchange, HeaderName};
use super::failure::server_words;
use super::fetch::joined;
use super::page_text;
use super::public::{NOT_PUBLIC, may_be_public};
use super::route::Route;
use crate::network::NetworkEnvironment;

/// How long all of it may take, and a server stay silent.
const TIME: Duration = Duration::from_secs(30);
const SILENCE: Duration = Duration::from_secs(15);
/// How many times a server may say that it is elsewhere on the same host.
const MAX_REDIRECTS: usize = 4;
/// How much of a body is read, unpacked, in bytes.
const MAX_BODY: usize = 2 << 20;
/// How much is told of what a server says with a failure, in bytes.
const MAX_FAULT: usize = 2 << 10;
/// Kinds of content that are text, beside all of `text/` and what ends in `+json` or `+xml`.
const TEXTS: [&str; 8] = [
    "application/json",
    "application/xml",
    "application/javascript",
    "application/yaml",
    "application/x-yaml",
    "application/toml",
    "application/x-ndjson",
    "application/x-sh",
];

/// The page, or why it cannot be had.
pub(super) async fn fetched(network: &NetworkEnvironment, page: &WantedPage) -> ToolReply {
    match tokio::time::timeout(TIME, try_fetch(network, page)).await {
        Ok(Ok(text)) => ToolReply { text, is_failed: false },
        Ok(Err(why)) => ToolReply::failed(why),
        Err(_) => {
            ToolReply::failed(format!("it took longer than {} seconds and was given up", TIME.as_secs()))
        }
    }
}

/// Refuses a page that is this machine's or its network's by its address alone: nobody need be asked about it.
pub(super) fn refuse_own(page: &WantedPage) -> Result<(), String> {
    public_address(&page.url).map(drop)
}

fn public_address(url: &str) -> Result<Address, String> {
    let address = Address::of(url).map_err(server_words)?;
    if may_be_public(address.host()) { Ok(address) } else { Err(NOT_PUBLIC.to_owned()) }
}

async fn try_fetch(network: &NetworkEnvironment, page: &WantedPage) -> Result<String, String> {
    let accept = "text/html, text/plain, text/*;q=0.9, application/json;q=0.9, */*;q=0.1";
    let headers = [(HeaderName::from_static("accept"), accept.to_owned())];
    let mut url = page.url.clone();
    for _ in 0..=MAX_REDIRECTS {
        let address = public_address(&url)?;
        let route = Route::to(&address, network, None).await.map_err(server_words)?.leading_to_the_world();
        let exchange = Exchange::get(&route, &address, &headers, SILENCE).await;
        let exchange = exchange.map_err(|attempt| server_words(attempt.failure))?.unpacked();
        let target =
            exchange.header("location").filter(|_| matches!(exchange.status(), 301..=303 | 307 | 308));
        let Some(target) = target else { return read(exchange, page, &url).await };
        url = next(&url, target, page)?;
    }
    Err("the server redirects again and again".into())
}

/// Where a redirect leads, on the same host and no less secured: nobody was asked about any other.
fn next(url: &str, target: &str, page: &WantedPage) -> Result<String, String> {
    let next = joined(url, target).ok_or("the server redirects to no address")?;
    let next = WantedPage::at(&next)
        .map_err(|why| format!("the server redirects to what cannot be fetched: {why}"))?;
    if next.host == page.host && (!url.starts_with("https://") || next.url.starts_with("https://")) {
        return Ok(next.url);
    }
    Err(format!(
        "it is elsewhere, which was not asked for and not followed: {}\nCall fetch with that address if you want it.",
        next.url
    ))
}

async fn read(mut exchange: Exchange, page: &WantedPage, url: &str) -> Result<String, String> {
    let (status, kind) = (exchange.status(), exchange.header("content-type").unwrap_or_default().to_owned());
    if let Some(packing) = exchange.unknown_packing() {
        return Err(format!("it comes packed in a way that is not known here ({})", shown(packing)));
    }
    let essence = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let is_page = matches!(essence.as_str(), "text/html" | "application/xhtml+xml");
    let ends_as_text = essence.ends_with("+json") || essence.ends_with("+xml");
    let is_text = is_page || essence.is_empty() || essence.starts_with("text/") || ends_as_text;
    if !is_text && !TEXTS.contains(&essence.as_str()) {
        return Err(format!("it is no text ({}, status {status}); nothing of it is told", shown(&essence)));
    }
    let (body, is_cut) = exchange.body(MAX_BODY, SILENCE).await.map_err(server_words)?;
    if body.contains(&0) {
        return Err(format!("it is no text, although it says {}; nothing of it is told", shown(&essence)));
    }
    let body = decoded(&body, &kind);
    let text = if is_page { page_text::text(&body) } else { body };
    let text = without_hidden(text.into());
    if status >= 400 {
        let said = text.get(..text.floor_char_boundary(MAX_FAULT)).unwrap_or_default();
        return Err(format!("the server says {status}\n{said}"));
    }
    let begin = text.floor_char_boundary(page.from);
    let end = text.floor_char_boundary(begin.saturating_add(MAX_OUTPUT));
    let part = text.get(begin..end).unwrap_or_default();
    let size = text.len();
    let more = match size - end {
        0 if is_cut => format!("\n(… the page goes on; only its first {} MB are read …)", MAX_BODY >> 20),
        0 => String::new(),
        more => format!("\n(… {more} bytes more; \"from\": {end} reads on …)"),
    };
    Ok(format!("{url} says ({size} bytes of text, from byte {begin} on):\n\n{part}{more}\n"))
}

/// A server's word in a line of q's.
fn shown(word: &str) -> String {
    word.chars().filter(char::is_ascii_graphic).take(60).collect()
}

/// A body as characters; where it names the one other encoding that is still met, by that.
fn decoded(body: &[u8], kind: &str) -> String {
    let kind = kind.to_ascii_lowercase();
    let is_latin = ["iso-8859-1", "latin1", "windows-1252"].iter().any(|name| kind.contains(name));
    if is_latin && std::str::from_utf8(body).is_err() {
        return body.iter().map(|byte| char::from(*byte)).collect();
    }
    String::from_utf8_lossy(body).into_owned()
}
