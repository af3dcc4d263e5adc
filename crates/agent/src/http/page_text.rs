//! What a page of the web says, as text for a model: its lines, headings, items and links, in one pass over its markup.

/// Of these nothing is said.
const UNSAID: [&str; 7] = ["script", "style", "noscript", "svg", "template", "iframe", "textarea"];
/// Each of these stands on lines of its own; the second group has an empty one before it.
const LINES: [&str; 14] = [
    "br",
    "div",
    "tr",
    "dt",
    "dd",
    "option",
    "figcaption",
    "nav",
    "main",
    "form",
    "fieldset",
    "summary",
    "thead",
    "tbody",
];
const PARAGRAPHS: [&str; 13] = [
    "p",
    "ul",
    "ol",
    "dl",
    "table",
    "pre",
    "blockquote",
    "section",
    "article",
    "header",
    "footer",
    "aside",
    "hr",
];
/// The longest address of a link that is told, and name of a character that is one, in bytes.
const MAX_LINK: usize = 300;
const MAX_NAME: usize = 10;
const NAMED: [(&str, &str); 15] = [
    ("amp", "&"),
    ("lt", "<"),
    ("gt", ">"),
    ("quot", "\""),
    ("apos", "'"),
    ("nbsp", " "),
    ("copy", "©"),
    ("mdash", "—"),
    ("ndash", "–"),
    ("hellip", "…"),
    ("lsquo", "‘"),
    ("rsquo", "’"),
    ("ldquo", "“"),
    ("rdquo", "”"),
    ("para", "¶"),
];

/// The page as text.
pub(super) fn text(page: &str) -> String {
    let mut said = Said::default();
    let mut rest = page;
    while let Some((plain, markup)) = rest.split_once('<') {
        said.words(plain);
        if let Some(comment) = markup.strip_prefix("!--") {
            rest = comment.split_once("-->").map_or("", |(_, behind)| behind);
            continue;
        }
        if !markup.starts_with(|first: char| first.is_ascii_alphabetic() || "/!?".contains(first)) {
            said.words("<"); // it is no markup
            rest = markup;
            continue;
        }
        let (tag, behind) = markup.split_once('>').unwrap_or((markup, ""));
        rest = behind;
        let (is_end, tag) = tag.strip_prefix('/').map_or((false, tag), |tag| (true, tag));
        let length = tag.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(tag.len());
        let (name, attributes) = tag.split_at(length);
        let name = name.to_ascii_lowercase();
        if UNSAID.contains(&name.as_str()) && !is_end {
            rest = behind_end(rest, &name);
        } else {
            said.tag(&name, is_end, attributes);
        }
    }
    said.words(rest);
    said.text
}

/// What stands behind the end of an element in which nothing is markup; nothing where it has none.
fn behind_end<'a>(within: &'a str, name: &str) -> &'a str {
    let mut at = 0;
    while let Some(next) = within.get(at..).and_then(|rest| rest.find("</")) {
        let tag = at + next + 2;
        let found = within.get(tag..tag + name.len());
        if found.is_some_and(|found| found.eq_ignore_ascii_case(name)) {
            let rest = within.get(tag..).unwrap_or_default();
            return rest.split_once('>').map_or("", |(_, behind)| behind);
        }
        at = tag;
    }
    ""
}

/// What was said so far, and what is to stand before the next word.
#[derive(Default)]
struct Said {
    text: String,
    feeds: usize,
    has_space: bool,
    /// What the next word begins with: the sign of an item or a heading.
    sign: String,
    /// How many elements are open in which spaces and lines count.
    pre: usize,
    /// The address of the link that is open, and where its words begin.
    link: Option<(String, usize)>,
}

impl Said {
    fn feed(&mut self, count: usize) {
        self.feeds = self.feeds.max(count);
        self.has_space = false;
    }

    fn tag(&mut self, name: &str, is_end: bool, attributes: &str) {
        let level = match name.as_bytes() {
            [b'h', level @ b'1'..=b'6'] => usize::from(level - b'0'),
            _other => 0,
        };
        if level > 0 || PARAGRAPHS.contains(&name) {
            self.feed(2);
        } else if name == "li" || LINES.contains(&name) {
            self.feed(1);
        }
        match name {
            "pre" if is_end => self.pre = self.pre.saturating_sub(1),
            "pre" => self.pre += 1,
            "td" | "th" if !is_end => self.put(" "),
            "title" if is_end => self.feed(2),
            "a" if is_end => self.end_link(),
            "a" => self.link = href(attributes).map(|href| (href, self.text.len())),
            "li" if !is_end => "- ".clone_into(&mut self.sign),
            _other if level > 0 && !is_end => self.sign = "#".repeat(level) + " ",
            _other if is_end => self.sign.clear(),
            _other => {}
        }
    }

    fn end_link(&mut self) {
        if let Some((href, begin)) = self.link.take()
            && self.text.len() > begin
        {
            self.put(&format!(" ({href})"));
        }
    }

    /// Words as they stand between markup.
    fn words(&mut self, plain: &str) {
        let mut rest = plain;
        while let Some((before, behind)) = rest.split_once('&') {
            self.put(before);
            let end = behind.bytes().take(MAX_NAME + 1).position(|byte| byte == b';');
            let named = end.and_then(|end| Some((character(behind.get(..end)?)?, behind.get(end + 1..)?)));
            let (letter, after) = named.unwrap_or_else(|| ("&".into(), behind));
            self.put(&letter);
            rest = after;
        }
        self.put(rest);
    }

    fn put(&mut self, text: &str) {
        for letter in text.chars() {
            if self.pre > 0 && letter == '\n' {
                self.feeds = (self.feeds + 1).min(2);
            } else if self.pre == 0 && letter.is_whitespace() {
                self.has_space = true;
            } else if !letter.is_control() || letter == '\t' {
                self.begin();
                self.text.push(letter);
            }
        }
    }

    fn begin(&mut self) {
        if !self.text.is_empty() {
            self.text.extend(std::iter::repeat_n('\n', self.feeds));
            if self.has_space && self.feeds == 0 && !self.text.ends_with(' ') {
                self.text.push(' ');
            }
        }
        (self.feeds, self.has_space) = (0, false);
        self.text.push_str(&std::mem::take(&mut self.sign));
    }
}

/// The address in the attributes of a link, where it leads to another page.
fn href(attributes: &str) -> Option<String> {
    let at = attributes.to_ascii_lowercase().find("href")?;
    let value = attributes.get(at + 4..)?.trim_start().strip_prefix('=')?.trim_start();
    let value = match value.chars().next()? {
        quote @ ('"' | '\'') => value.get(1..)?.split(quote).next()?,
        _bare => value.split_whitespace().next()?,
    };
    let leads = !value.starts_with('#') && (!value.contains(':') || value.starts_with("http"));
    let is_plain = value.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'<' && byte != b'>');
    (leads && is_plain && !value.is_empty() && value.len() <= MAX_LINK).then(|| value.replace("&amp;", "&"))
}

/// The character of that name or number.
fn character(name: &str) -> Option<String> {
    let Some(number) = name.strip_prefix('#') else {
        return NAMED.iter().find(|(known, _)| *known == name).map(|(_, letter)| (*letter).to_owned());
    };
    let number = match number.strip_prefix(['x', 'X']) {
        Some(hexadecimal) => u32::from_str_radix(hexadecimal, 16),
        None => number.parse(),
    };
    char::from_u32(number.ok()?).filter(|letter| !letter.is_control()).map(String::from)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_page_is_what_it_says() {
        for (page, said) in [
            (
                "<html><head><title>A &amp; B</title></head><body><h1>One</h1><p>two  <b>three</b></p></body>",
                "A & B\n\n# One\n\ntwo three",
            ),
            ("<ul><li>a<li>b</ul>c", "- a\n- b\n\nc"),
            ("<p>see <a class=x href=\"/b?c=1&amp;d\">the page</a>.", "see the page (/b?c=1&d)."),
            ("<a href='#top'>up</a> <a href=javascript:alert(1)>no</a> <a name=x>x</a>", "up no x"),
            ("<a href=/empty><img></a>x", "x"),
            (
                "a<script>if (a<b) { '</scrip' }</SCRIPT >b<style>p{}</style><svg><text>no</text></svg>c",
                "abc",
            ),
            ("a<!-- <p>no -->b<script>never closed", "ab"),
            ("<pre>fn a() {\n    b\n}</pre>c", "fn a() {\n    b\n}\n\nc"),
            ("<table><tr><td>a<td>b<tr><td>c", "a b\nc"),
            ("1 < 2 &lt; 3 &#x41;&#66;&nope; &#27;", "1 < 2 < 3 AB&nope; &#27;"),
            ("<", "<"),
            ("a<b", "a"),
            ("&", "&"),
            ("", ""),
        ] {
            assert_eq!(text(page), said, "{page}");
        }
    }

    proptest! {
        #[test]
        fn whatever_comes_is_read_and_no_control_character_is_said(
            pieces in prop::collection::vec(prop_oneof![".{0,8}", prop::sample::select(vec![
                "<", ">", "</", "<a href=", "<pre>", "</pre>", "<script>", "</script>", "&#", ";", "<!--", "-->", "<li>", "<h2>", "\u{1b}", "\r\n",
            ]).prop_map(str::to_owned)], 0..40)
        ) {
            let page = pieces.concat();
            let said = text(&page);
            prop_assert!(!said.chars().any(|c| c.is_control() && c != '\n' && c != '\t'), "{said:?}");
            prop_assert!(said.len() <= page.len() * 3 + 16, "{} of {}", said.len(), page.len());
        }
    }
}
