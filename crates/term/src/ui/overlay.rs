//! Overlays: a question, a line, a list or a page on top of the session, which alone gets the keys.

use q_core::mirror::Mirrored;
use q_core::{Command, Mirror, Name, Refusal, SessionId, Summary};

use crate::action::{self, Action, Edit};
use crate::editor::Editor;
use crate::intent::Intent;
use crate::keys::Chord;
use crate::sanitize;
use crate::ui::Ui;

/// What lies on top.
#[derive(Clone, Debug)]
pub(crate) enum Overlay {
    /// End a session that works?
    End {
        /// Which.
        session: SessionId,
        /// How.
        ending: Ending,
    },
    /// Another name.
    Rename {
        /// Of which session.
        session: SessionId,
        /// The name so far.
        editor: Editor,
    },
    /// The list of sessions.
    Switcher {
        /// What is typed to filter it.
        filter: Editor,
        /// Which of those left is chosen.
        selected: usize,
    },
    /// Lines to read.
    Page {
        /// What they are.
        title: &'static str,
        /// Each of any length.
        lines: Vec<String>,
        /// Rows scrolled.
        scroll: usize,
    },
    /// What can be done.
    Help {
        /// Only what mentions it.
        topic: Option<String>,
        /// Rows scrolled.
        scroll: usize,
    },
}

/// How a session may be ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// Into the archive.
    Close,
    /// Into the trash.
    Delete,
}

impl Ending {
    pub(super) const fn command(self, session: SessionId, even_if_working: bool) -> Command {
        match self {
            Self::Close => Command::Close { session, even_if_working },
            Self::Delete => Command::Trash { session, even_if_working },
        }
    }
}

impl Overlay {
    pub(super) const fn page(title: &'static str, lines: Vec<String>) -> Self {
        Self::Page { title, lines, scroll: 0 }
    }

    pub(super) fn rename(summary: &Summary) -> Self {
        Self::Rename { session: summary.id, editor: Editor::with(summary.name.as_str()) }
    }

    /// The list, with the session in view chosen.
    pub(super) fn switcher(focus: Option<SessionId>, mirror: &Mirror) -> Self {
        let sessions = mirror.by_slot();
        let here = sessions.iter().position(|session| Some(session.summary.id) == focus);
        Self::Switcher { filter: Editor::default(), selected: here.unwrap_or(0) }
    }

    pub(super) const fn help(topic: Option<String>) -> Self {
        Self::Help { topic, scroll: 0 }
    }

    /// The session it is about.
    pub(super) const fn session(&self) -> Option<SessionId> {
        match self {
            Self::End { session, .. } | Self::Rename { session, .. } => Some(*session),
            Self::Switcher { .. } | Self::Page { .. } | Self::Help { .. } => None,
        }
    }

    pub(super) fn paste(&mut self, text: &str) {
        match self {
            Self::Rename { editor, .. } | Self::Switcher { filter: editor, .. } => {
                editor.insert(text.lines().next().unwrap_or_default().trim());
            }
            Self::End { .. } | Self::Page { .. } | Self::Help { .. } => {}
        }
    }
}

/// The sessions that a filter leaves: first those whose name or number it is part of, then those whose name has its
/// letters in order, then those whose kind, agent or last answer contain it; each by slot.
pub(crate) fn chosen<'a>(mirror: &'a Mirror, filter: &str) -> Vec<&'a Mirrored> {
    let wanted = filter.trim().to_lowercase();
    let rank = |summary: &Summary| {
        let name = summary.name.folded();
        let mut letters = name.chars();
        let texts = [summary.kind.word(), &summary.agent, &summary.preview];
        if name.contains(&wanted) || summary.slot.to_string() == wanted {
            Some(0)
        } else if wanted.chars().all(|letter| letters.any(|other| other == letter)) {
            Some(1)
        } else {
            texts.iter().any(|text| text.to_lowercase().contains(&wanted)).then_some(2)
        }
    };
    let mut ranked: Vec<(u8, &Mirrored)> = mirror
        .by_slot()
        .into_iter()
        .filter_map(|session| rank(&session.summary).map(|rank| (rank, session)))
        .collect();
    ranked.sort_by_key(|(rank, _)| *rank);
    ranked.into_iter().map(|(_, session)| session).collect()
}

impl Ui {
    pub(super) fn press_in_overlay(&mut self, mirror: &Mirror, chord: Chord, intents: &mut Vec<Intent>) {
        let Some(overlay) = self.overlay.take() else { return };
        let written = chord.to_string();
        if written == "Esc" || written == "Ctrl+C" {
            return;
        }
        match overlay {
            Overlay::End { session, ending } => self.press_in_end(session, ending, chord, intents),
            Overlay::Rename { session, editor } => {
                self.press_in_rename(mirror, session, editor, chord, intents);
            }
            Overlay::Switcher { filter, selected } => {
                self.press_in_switcher(mirror, filter, selected, chord, intents);
            }
            Overlay::Page { title, lines, scroll } => {
                let scroll = self.scrolled(scroll, chord);
                self.overlay = scroll.map(|scroll| Overlay::Page { title, lines, scroll });
            }
            Overlay::Help { topic, scroll } => {
                let scroll = self.scrolled(scroll, chord);
                self.overlay = scroll.map(|scroll| Overlay::Help { topic, scroll });
            }
        }
    }

    fn press_in_end(&mut self, session: SessionId, ending: Ending, chord: Chord, intents: &mut Vec<Intent>) {
        let typed = chord.with_latin().unwrap_or(chord).typed();
        match typed {
            Some('y' | 'Y') => intents.push(Intent::Tell(ending.command(session, true))),
            Some('n' | 'N') => {}
            Some(_) | None => {
                self.overlay = Some(Overlay::End { session, ending });
                intents.push(Intent::Bell);
            }
        }
    }

    fn press_in_rename(
        &mut self,
        mirror: &Mirror,
        session: SessionId,
        mut editor: Editor,
        chord: Chord,
        intents: &mut Vec<Intent>,
    ) {
        if action::by_chord(chord, editor.is_empty()) != Some(Action::Submit) {
            type_into(&mut editor, chord);
            self.overlay = Some(Overlay::Rename { session, editor });
            return;
        }
        let name = editor.text().trim().to_owned();
        let same = mirror.get(session).is_some_and(|session| session.summary.name.as_str() == name);
        match name.parse::<Name>() {
            Ok(_) if same => {}
            Ok(_) => intents.push(Intent::Tell(Command::Rename { session, name })),
            Err(fault) => {
                let name = sanitize::visible_line(&name).into_owned();
                self.complain(Refusal::BadName { name, fault }.to_string());
                self.overlay = Some(Overlay::Rename { session, editor });
            }
        }
    }

    fn press_in_switcher(
        &mut self,
        mirror: &Mirror,
        mut filter: Editor,
        selected: usize,
        chord: Chord,
        intents: &mut Vec<Intent>,
    ) {
        let sessions = chosen(mirror, filter.text());
        let last = sessions.len().saturating_sub(1);
        let selected = selected.min(last);
        let here = sessions.get(selected).map(|session| &session.summary);
        let action = action::by_chord(chord, filter.is_empty());
        let selected = match action {
            Some(Action::Submit) => {
                if let Some(summary) = here {
                    self.show(mirror, summary.id, intents);
                    return;
                }
                selected
            }
            Some(Action::Switch) => {
                if let Some(digit) = chord.digit() {
                    self.show_slot(mirror, digit.into(), intents);
                }
                return;
            }
            Some(Action::Rename) => {
                self.overlay = here.map(Overlay::rename);
                return;
            }
            Some(Action::Close) => {
                if let Some(summary) = here {
                    self.end(mirror, summary.id, Ending::Close, false, intents);
                }
                // A question about it may have taken the list's place.
                if self.overlay.is_some() {
                    return;
                }
                selected
            }
            Some(Action::New) => {
                intents.push(Intent::New { kind: String::new(), name: None });
                return;
            }
            Some(Action::List) => return,
            Some(Action::HistoryUp | Action::LineUp) => selected.checked_sub(1).unwrap_or(last),
            Some(Action::HistoryDown | Action::LineDown) => {
                if selected >= last {
                    0
                } else {
                    selected + 1
                }
            }
            Some(Action::PageUp | Action::Top) => 0,
            Some(Action::PageDown | Action::End) => last,
            Some(_) | None => {
                let before = filter.text().to_owned();
                type_into(&mut filter, chord);
                if filter.text() == before { selected } else { 0 }
            }
        };
        self.overlay = Some(Overlay::Switcher { filter, selected });
    }

    /// Where a page stands after a key; nothing where the key leaves it.
    fn scrolled(&self, scroll: usize, chord: Chord) -> Option<usize> {
        let page = self.geometry.rows.max(2) / 2;
        Some(match action::by_chord(chord, true) {
            Some(Action::HistoryUp | Action::LineUp) => scroll.saturating_sub(1),
            Some(Action::HistoryDown | Action::LineDown) => scroll + 1,
            Some(Action::PageUp) => scroll.saturating_sub(page),
            Some(Action::PageDown) => scroll + page,
            Some(Action::Top) => 0,
            Some(Action::End) => usize::MAX,
            Some(Action::Help | Action::Submit) => return None,
            Some(_) => scroll,
            None => match chord.typed() {
                Some('q') => return None,
                Some(' ') => scroll + page,
                Some(_) | None => scroll,
            },
        })
    }
}

/// A key in a one-line editor.
fn type_into(editor: &mut Editor, chord: Chord) {
    // The keys that manage sessions on an empty prompt edit here, whatever the line holds.
    match action::by_chord(chord, false) {
        Some(Action::Edit(edit)) if edit != Edit::Newline => editor.edit(edit),
        Some(_) => {}
        None => {
            if let Some(typed) = chord.typed() {
                editor.type_in(typed);
            }
        }
    }
}
