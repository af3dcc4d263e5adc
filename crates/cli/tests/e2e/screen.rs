//! What a person reads on the screen, and types.

use q_testkit::terminal::Terminal;

/// The leader.
pub(crate) const LEADER: &str = "\x18";
pub(crate) const CTRL_C: &str = "\x03";
pub(crate) const CTRL_D: &str = "\x04";
pub(crate) const CTRL_PAGE_UP: &str = "\x1b[5;5~";
pub(crate) const CTRL_PAGE_DOWN: &str = "\x1b[6;5~";
pub(crate) const ESCAPE: &str = "\x1b";
pub(crate) const UP: &str = "\x1b[A";

/// Alt and a character.
pub(crate) fn alt(key: char) -> String {
    format!("\x1b{key}")
}

/// The leader and a key.
pub(crate) fn leader(key: &str) -> String {
    format!("{LEADER}{key}")
}

/// Text as a terminal pastes it.
pub(crate) fn pasted(text: &str) -> String {
    format!("\x1b[200~{text}\x1b[201~")
}

/// What a person does at a terminal: looks until something is there, and goes on once it is.
pub(crate) trait Person {
    /// Waits until the prompt is that session's, with nothing typed.
    fn wait_prompt(&self, name: &str);
    /// Waits until the prompt is that session's and holds `typed`.
    fn wait_typed(&self, name: &str, typed: &str);
    /// Waits until the bar contains `text`.
    fn wait_bar(&self, text: &str);
    /// The row of the screen that contains `text`.
    fn row_with(&self, text: &str) -> usize;
    /// Presses what leads to that session, and waits until its prompt is there.
    fn press_to(&mut self, keys: impl AsRef<[u8]>, name: &str);
    /// Goes to that session by its name.
    fn switch(&mut self, name: &str);
    /// Makes a session of that name, and waits until it is in front.
    fn make(&mut self, name: &str);
    /// Types a line, enters it, and waits until `shown` is on the screen.
    fn enter(&mut self, line: &str, shown: &str);
    /// The same with several lines, each once the one before it is answered.
    fn enter_each(&mut self, lines: &[(&str, &str)]);
    /// Types a line, enters it, and waits until `gone` is no longer on the screen.
    fn enter_away(&mut self, line: &str, gone: &str);
    /// Says no to a question, and waits until that is gone.
    fn decline(&mut self, question: &str);
    /// Types into that session's prompt without sending it.
    fn type_at(&mut self, name: &str, text: &str);
    /// Waits until q has left in good order.
    fn wait_detached(&self);
}

impl Person for Terminal {
    fn wait_prompt(&self, name: &str) {
        let wanted = format!("[{name}] >");
        self.wait_for(&format!("an empty prompt {wanted:?}"), |screen| {
            let last = last_row(&screen.contents());
            last.strip_prefix(&wanted).is_some_and(|rest| rest.trim().is_empty() || is_placeholder(rest))
        });
    }

    fn wait_typed(&self, name: &str, typed: &str) {
        let wanted = format!("[{name}] > {typed}");
        self.wait_for(&format!("{wanted:?}"), |screen| last_row(&screen.contents()) == wanted);
    }

    fn wait_bar(&self, text: &str) {
        self.wait_for(&format!("{text:?} in the bar"), |screen| {
            screen.contents().lines().next().unwrap_or_default().contains(text)
        });
    }

    fn row_with(&self, text: &str) -> usize {
        let screen = self.screen_text();
        let place = screen.lines().position(|line| line.contains(text));
        place.unwrap_or_else(|| panic!("{text:?} is not on the screen:\n{screen}"))
    }

    fn press_to(&mut self, keys: impl AsRef<[u8]>, name: &str) {
        self.send(keys);
        self.wait_prompt(name);
    }

    fn switch(&mut self, name: &str) {
        self.send_line(&format!("/switch {name}"));
        self.wait_prompt(name);
    }

    fn make(&mut self, name: &str) {
        self.send_line(&format!("/new {name}"));
        self.wait_prompt(name);
    }

    fn enter(&mut self, line: &str, shown: &str) {
        self.send_line(line);
        self.wait_text(shown);
    }

    fn enter_each(&mut self, lines: &[(&str, &str)]) {
        for (line, shown) in lines {
            self.enter(line, shown);
        }
    }

    fn enter_away(&mut self, line: &str, gone: &str) {
        self.send_line(line);
        self.wait_no_text(gone);
    }

    fn decline(&mut self, question: &str) {
        self.send("n");
        self.wait_no_text(question);
    }

    fn type_at(&mut self, name: &str, text: &str) {
        self.send(text);
        self.wait_typed(name, text);
    }

    fn wait_detached(&self) {
        assert_eq!(self.wait_exit().exit_code(), 0);
    }
}

fn last_row(contents: &str) -> String {
    contents.trim_end_matches('\n').lines().last().unwrap_or_default().trim_end().to_owned()
}

fn is_placeholder(text: &str) -> bool {
    ["ask something, or /help", "the answer, or /deny"].contains(&text.trim())
}
