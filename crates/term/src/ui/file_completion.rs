//! The name of a file behind an `@`, completed: which there are only the client can see.

use crate::intent::Intent;
use crate::mention;
use crate::sanitize;
use crate::ui::state::Ui;

impl Ui {
    /// Asks which files begin as it is typed; whether one is being typed.
    pub(super) fn complete_file(&mut self, intents: &mut Vec<Intent>) -> bool {
        let editor = &self.pane().editor;
        let Some((_, begun)) = mention::begun(editor.text(), editor.cursor()) else { return false };
        intents.push(Intent::Complete { session: self.focus, begun: begun.to_owned() });
        true
    }

    /// The names that begin as it was typed, those of directories with a slash at their end: as far as they are one, they
    /// are typed; several are shown. Nothing is done where something else is typed by now.
    pub fn completed(&mut self, begun: &str, names: &[String]) {
        let editor = &self.pane().editor;
        let here = mention::begun(editor.text(), editor.cursor()).filter(|(_, typed)| *typed == begun);
        let Some((range, _)) = here else { return };
        let shared = shared(names);
        let is_whole = names.len() == 1 && !shared.ends_with('/');
        if shared.len() > begun.len() || is_whole {
            let written = mention::written(shared, is_whole);
            let blank = if is_whole { " " } else { "" };
            self.pane_mut().editor.replace(range, &format!("{written}{blank}"));
        }
        match names {
            [] => self.notify(format!("no file begins with {}", sanitize::visible_line(begun))),
            [_] => {}
            names => {
                let last = |name: &'_ String| {
                    let path = name.trim_end_matches('/');
                    let from = path.rfind('/').map_or(0, |slash| slash + 1);
                    name.get(from..).unwrap_or_default().to_owned()
                };
                let shown: Vec<String> = names.iter().map(last).collect();
                self.notify_names(shown.iter().map(String::as_str));
            }
        }
    }
}

/// The beginning that all have.
fn shared(names: &[String]) -> &str {
    let Some((first, rest)) = names.split_first() else { return "" };
    let alike = |name: &String| {
        let mut pairs = first.char_indices().zip(name.chars());
        pairs.find(|((_, one), other)| one != other).map_or(first.len().min(name.len()), |((at, _), _)| at)
    };
    first.get(..rest.iter().map(alike).min().unwrap_or(first.len())).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::Options;
    use q_core::Mirror;

    #[test]
    fn a_name_grows_as_far_as_all_are_one() {
        for (typed, names, grown, notice) in [
            ("see @sr", &["src/"] as &[&str], "see @src/", None),
            ("see @src/m", &["src/main.rs"], "see @src/main.rs ", None),
            ("@a", &["alpha.rs", "alphabet.rs"], "@alpha", Some("alpha.rs  alphabet.rs")),
            ("@alpha", &["alpha.rs", "alphabet.rs"], "@alpha", Some("alpha.rs  alphabet.rs")),
            ("@d/日", &["d/日本", "d/日曜"], "@d/日", Some("日本  日曜")),
            ("@my", &["my notes.txt"], "@\"my notes.txt\" ", None),
            ("@\"my n", &["my notes.txt"], "@\"my notes.txt\" ", None),
            ("@my", &["my files/"], "@\"my files/", None),
            ("@x", &[], "@x", Some("no file begins with x")),
            (
                "no name",
                &["a"],
                "no name",
                Some("Tab completes /COMMAND, @FILE, /model NAME and /set SETTING"),
            ),
        ] {
            let mut ui = Ui::new(Options::default());
            ui.nowhere.editor.set(typed);
            let mut intents = Vec::new();
            ui.complete(&Mirror::default(), &mut intents);
            if let [Intent::Complete { session: None, begun }] = intents.as_slice() {
                let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
                ui.completed(begun, &names);
            }
            assert_eq!(ui.nowhere.editor.text(), grown, "{typed}");
            assert_eq!(ui.notice.as_ref().map(|notice| notice.text.as_str()), notice, "{typed}");
        }
    }

    #[test]
    fn names_that_come_late_change_nothing() {
        let mut ui = Ui::new(Options::default());
        ui.nowhere.editor.set("@src/x");
        ui.completed("sr", &["src/".to_owned()]);
        assert_eq!(ui.nowhere.editor.text(), "@src/x");
    }
}
