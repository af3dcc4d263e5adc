//! A web page where an answer was expected: what it says, without its markup.

/// Whether a body is markup.
pub(super) fn is_page(body: &str) -> bool {
    let mut start = body.trim_start_matches('\u{feff}').trim_start().bytes();
    start.next() == Some(b'<')
        && start.next().is_some_and(|byte| byte.is_ascii_alphabetic() || byte == b'!' || byte == b'?')
}

/// The page's title, and the beginning of its text where that says more.
pub(super) fn words(page: &str) -> String {
    let mut title = String::new();
    let mut text = String::new();
    let mut region = PageRegion::Body;
    let mut rest = page;
    while let Some(start) = rest.find('<') {
        let (plain, markup) = rest.split_at(start);
        region.take(plain, &mut title, &mut text);
        let (tag, behind) = match markup.strip_prefix("<!--") {
            Some(comment) => ("!", comment.split_once("-->").map_or("", |(_, behind)| behind)),
            None => markup.get(1..).and_then(|tag| tag.split_once('>')).unwrap_or((markup, "")),
        };
        rest = behind;
        let name = tag.split(|c: char| c.is_whitespace() || c == '/').find(|part| !part.is_empty());
        let name = name.unwrap_or_default().to_ascii_lowercase();
        region = match (name.as_str(), tag.starts_with('/')) {
            ("title", false) => PageRegion::Title,
            ("script" | "style", false) => {
                // Neither holds markup: what looks like a tag in them is none.
                let end = if name == "script" { "</script" } else { "</style" };
                rest = rest.to_ascii_lowercase().find(end).and_then(|end| rest.get(end..)).unwrap_or("");
                PageRegion::Body
            }
            _other => PageRegion::Body,
        };
    }
    region.take(rest, &mut title, &mut text);
    let (title, text) = (line(&title), line(&text));
    if title.is_empty() || text.starts_with(&title) {
        text
    } else if text.is_empty() {
        title
    } else {
        format!("{title}: {text}")
    }
}

/// Where in a page something stands.
#[derive(Clone, Copy)]
enum PageRegion {
    Title,
    Body,
}

impl PageRegion {
    fn take(self, plain: &str, title: &mut String, text: &mut String) {
        let to = match self {
            Self::Title => title,
            Self::Body => text,
        };
        to.push_str(plain);
        to.push(' ');
    }
}

/// One line, with the names of characters that every page uses put back.
fn line(text: &str) -> String {
    let named =
        [("&nbsp;", " "), ("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&amp;", "&")];
    let text = named.iter().fold(text.to_owned(), |text, (name, character)| text.replace(name, character));
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_its_title_and_its_text() {
        let nginx = "<html>\r\n<head><title>413 Request Entity Too Large</title></head>\r\n<body>\r\n<center><h1>413 \
                     Request Entity Too Large</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>";
        for (page, said) in [
            (nginx, "413 Request Entity Too Large nginx"),
            (
                "<!DOCTYPE html><title>Zebra Sign in</title><body>Please  sign in</body>",
                "Zebra Sign in: Please sign in",
            ),
            ("<p>Log in to <b>the</b> airport", "Log in to the airport"),
            (
                "<html><TITLE >A &amp; B</TITLE><script>if (a<b) {'<p>'}</script><style>p{}</style>x<!-- <p>y -->",
                "A & B: x",
            ),
            ("<title>only</title>", "only"),
            ("<script>never closed", ""),
            ("<", ""),
        ] {
            assert_eq!(words(page), said, "{page}");
        }
    }

    #[test]
    fn what_is_a_page_is_known_by_its_beginning() {
        for (body, page) in [
            ("<html>", true),
            ("\u{feff}\n <!doctype html>", true),
            ("<?xml version", true),
            ("<Error><Code>", true),
            ("< 5", false),
            ("{\"a\": \"<p>\"}", false),
            ("", false),
        ] {
            assert_eq!(is_page(body), page, "{body}");
        }
    }
}
