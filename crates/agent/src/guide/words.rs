//! A text as the terms that are compared: words without endings, and without those that say nothing.
//!
//! Stemming is light on purpose: both sides go through it, so that it need not be right, only alike. The `bm25` crate with
//! its own tokenizer would bring a dozen crates (one of them unmaintained) and tables for 17 languages, and it has no weights
//! for headings, which matter most here.

/// Words that say nothing about what a question is about.
const STOP_WORDS: &str = "\
    a about all also am an and any anything are as at be been but by can could d did do does doing don \
    explain for from get had happen happened happens has have how i if in into is it its just let like \
    ll m make may me mean might my need no not of on or our please q re s see should so some something \
    such t tell than that the their them then there these they thing things this those to up us use ve \
    want was we were what when where which why will with would you your yours";

const GREETINGS: &str = "\
    hello hi hey hallo hola yo moin salut bonjour ciao greetings good morning afternoon evening day \
    help there thanks thank guide test";

/// The terms of a text, in order, repeated ones too.
pub(super) fn terms(text: &str) -> Vec<String> {
    let lower = text.to_lowercase();
    let words = lower.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.filter(|word| !is_in(STOP_WORDS, word)).map(stem).collect()
}

/// Whether nothing is asked: a greeting, a cry for help, or nothing at all.
pub(super) fn is_greeting(text: &str) -> bool {
    let lower = text.to_lowercase();
    let mut words = lower.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).peekable();
    let opens = words.peek().is_none_or(|first| is_in(GREETINGS, first));
    opens && words.all(|word| is_in(GREETINGS, word) || is_in(STOP_WORDS, word))
}

fn is_in(list: &str, word: &str) -> bool {
    list.split_ascii_whitespace().any(|one| one == word)
}

/// A word without its usual English endings. Short words and words of other scripts stay as they are.
fn stem(word: &str) -> String {
    if word.len() < 4 || !word.bytes().all(|byte| byte.is_ascii_lowercase()) {
        return word.to_owned();
    }
    let word = without_plural(word);
    let word = without_ending(&word);
    let word = if word.len() > 3 { word.strip_suffix('e').unwrap_or(&word) } else { &word };
    match word.strip_suffix('y') {
        Some(stem) if word.len() > 3 => format!("{stem}i"),
        Some(_) | None => word.to_owned(),
    }
}

fn without_plural(word: &str) -> String {
    if let Some(stem) = word.strip_suffix("ies") {
        return format!("{stem}y");
    }
    for ending in ["ches", "shes", "sses", "xes"] {
        if word.ends_with(ending) {
            return word.trim_end_matches("es").to_owned();
        }
    }
    match word.strip_suffix('s') {
        Some(stem) if !stem.ends_with(['s', 'u', 'i']) => stem.to_owned(),
        Some(_) | None => word.to_owned(),
    }
}

fn without_ending(word: &str) -> String {
    for ending in ["ation", "ing", "ed", "ion", "ment"] {
        let Some(stem) = word.strip_suffix(ending) else { continue };
        let has_vowel = stem.contains(['a', 'e', 'i', 'o', 'u', 'y']);
        if stem.len() < 3 || !has_vowel || ending == "ion" && !stem.ends_with(['s', 't']) {
            return word.to_owned();
        }
        let mut letters = stem.chars().rev();
        let (last, before) = (letters.next(), letters.next());
        let doubled = last == before && !stem.ends_with(['l', 's', 'z', 'e', 'o']);
        return if doubled { stem[..stem.len() - 1].to_owned() } else { stem.to_owned() };
    }
    word.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_of_a_word_are_alike() {
        for forms in [
            &["switch", "switches", "switching", "switched"][..],
            &["close", "closes", "closing", "closed"],
            &["stop", "stops", "stopping", "stopped"],
            &["retry", "retries", "retrying", "retried"],
            &["interrupt", "interrupted", "interruption", "interrupting"],
            &["configure", "configuration", "configuring"],
            &["connect", "connecting", "connection", "connections"],
            &["queue", "queues", "queued", "queueing"],
            &["name", "names", "naming", "named"],
            &["detach", "detaching", "detached"],
            &["session", "sessions"],
            &["key", "keys"],
            &["status"],
        ] {
            let stems: std::collections::BTreeSet<String> = forms.iter().map(|word| stem(word)).collect();
            assert_eq!(stems.len(), 1, "{stems:?}");
        }
    }

    #[test]
    fn what_says_nothing_is_left_out() {
        assert_eq!(terms("How do I switch slots?"), ["switch", "slot"]);
        assert_eq!(terms("what's Ctrl+C for"), ["ctrl", "c"]);
        assert_eq!(terms("OPENAI_API_KEY"), ["openai", "api", "key"]);
        assert_eq!(terms("Как дела, 世界"), ["как", "дела", "世界"]);
        assert!(terms("").is_empty());
    }

    #[test]
    fn greetings_are_told_from_questions() {
        for (text, greeting) in [
            ("Hello!", true),
            ("hi there", true),
            ("Good morning, guide", true),
            ("help me please", true),
            ("thanks", true),
            ("  ", true),
            ("???", true),
            ("hello, how do I switch?", false),
            ("help with keys", false),
            ("what is q", false),
            ("you", false),
        ] {
            assert_eq!(is_greeting(text), greeting, "{text:?}");
        }
    }
}
