//! The simple repository protocol of package indexes: the page of one package, as JSON or as HTML, and the address of one file on it.
//! Pages come from anywhere: what is not understood is passed over.

use serde::Deserialize;

/// What is asked for, the better form first.
pub(super) const ACCEPT: &str =
    "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.1";

#[derive(Deserialize)]
struct Page {
    files: Vec<PublishedFile>,
}

#[derive(Deserialize)]
struct PublishedFile {
    filename: String,
    url: String,
}

/// The address that a page has for that file, as it stands there.
pub(super) fn address_of(page: &str, file: &str) -> Option<String> {
    match serde_json::from_str::<Page>(page) {
        Ok(page) => page.files.into_iter().find(|one| one.filename == file).map(|one| one.url),
        Err(_) => in_html(page, file),
    }
}

/// An anchor whose address ends in that file, whatever else stands in its tag.
fn in_html(page: &str, file: &str) -> Option<String> {
    page.split('<').filter(|tag| tag.starts_with("a ") || tag.starts_with("A ")).find_map(|tag| {
        let tag = tag.split('>').next()?;
        let (_, value) = tag.split_once("href=")?;
        let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''))?;
        let address = value[1..].split(quote).next()?.replace("&amp;", "&");
        let name = address.split(['#', '?']).next()?.rsplit('/').next()?;
        (name == file).then_some(address)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_found_in_either_form() {
        let json = r#"{"meta":{"api-version":"1.1"},"files":[{"filename":"a-1.whl","url":"../a-1.whl","hashes":{}},{"filename":"a-2.whl","url":"https://x.test/a-2.whl","size":1}]}"#;
        let html = "<!DOCTYPE html><html><body>\n<a href=\"/f/a-1.whl#sha256=00\" data-requires-python=\"&gt;=3\">a-1.whl</a><br/>\n\
                    <a data-x='1' href='https://x.test/a-2.whl?k=1&amp;l=2#sha256=1'>a-2.whl</a></body></html>";
        for (page, file, address) in [
            (json, "a-1.whl", Some("../a-1.whl")),
            (json, "a-2.whl", Some("https://x.test/a-2.whl")),
            (json, "a-3.whl", None),
            (html, "a-1.whl", Some("/f/a-1.whl#sha256=00")),
            (html, "a-2.whl", Some("https://x.test/a-2.whl?k=1&l=2#sha256=1")),
            (html, "a.whl", None),
            ("<a href=", "a", None),
            ("<a href=\"", "a", None),
            ("<a href=ä", "a", None),
            ("", "a", None),
        ] {
            assert_eq!(address_of(page, file).as_deref(), address, "{file} in {page}");
        }
    }
}
