//! Overlays: a question, a line, a list or a page on top of the session, which alone gets the keys.

use q_core::mirror::Mirrored;
use q_core::{Command, Mirror, Name, Refusal, SessionId, Summary};

use crate::action::{self, Action, Edit, LEADER};
use crate::editor::Editor;
use crate::intent::Intent;
use crate::keys::Chord;
use crate::sanitize;
use crate::slash::{self, Slash};
use crate::ui::Ui;
use crate::ui::commands::Outcome;
use crate::ui::hints::Does;

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
    /// Something to read, and a line for a command about it.
    Page {
        /// What.
        sheet: Sheet,
        /// The command being typed.
        line: Editor,
        /// Rows scrolled.
        scroll: usize,
    },
}

/// What a page shows. It follows what changes meanwhile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Sheet {
    /// The prompts that wait in a session.
    Queue(SessionId),
    /// The calls that wait for the person.
    Inbox,
    /// What can be done; with a topic, what mentions it.
    Help(Option<String>),
}

impl Sheet {
    /// The commands that it advertises.
    pub(crate) const fn commands(&self) -> &'static [Action] {
        match self {
            Self::Queue(_) => &[Action::Unqueue, Action::EditQueued, Action::Move, Action::SendNow],
            Self::Inbox => &[Action::Approve, Action::Always, Action::Deny, Action::Switch, Action::Answer],
            Self::Help(_) => &[], // its text is all there are
        }
    }
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
    pub(super) fn page(sheet: Sheet) -> Self {
        Self::Page { sheet, line: Editor::default(), scroll: 0 }
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

    pub(super) fn help(topic: Option<String>) -> Self {
        Self::page(Sheet::Help(topic))
    }

    /// The session it is about.
    pub(super) const fn session(&self) -> Option<SessionId> {
        match self {
            Self::End { session, .. }
            | Self::Rename { session, .. }
            | Self::Page { sheet: Sheet::Queue(session), .. } => Some(*session),
            Self::Switcher { .. } | Self::Page { sheet: Sheet::Inbox | Sheet::Help(_), .. } => None,
        }
    }

    pub(super) fn paste(&mut self, text: &str) {
        let text = text.lines().next().unwrap_or_default().trim();
        match self {
            Self::Rename { editor, .. } | Self::Switcher { filter: editor, .. } => editor.insert(text),
            Self::Page { line, .. } if !line.is_empty() || text.starts_with('/') => line.insert(text),
            Self::End { .. } | Self::Page { .. } => {}
        }
    }
}

/// The sessions that a filter leaves: first those whose name or number it is part of, then those whose name has its
/// letters in order, then those whose kind, agent or last answer contain it; each by slot.
pub(crate) fn chosen<'a>(mirror: &'a Mirror, filter: &str) -> Vec<&'a Mirrored> {
    // What begins with a slash is a command, which filters nothing.
    let filter = if filter.starts_with('/') { "" } else { filter };
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
        let does = overlay.does(chord);
        if does == Some(Does::Leave) {
            return;
        }
        match overlay {
            Overlay::End { session, ending } if does == Some(Does::Accept) => {
                intents.push(Intent::Tell(ending.command(session, true)));
            }
            Overlay::End { session, ending } => {
                self.overlay = Some(Overlay::End { session, ending });
                intents.push(Intent::Bell);
            }
            Overlay::Rename { session, editor } => {
                self.press_in_rename(mirror, session, editor, (chord, does), intents);
            }
            Overlay::Switcher { filter, selected } => {
                self.press_in_switcher(mirror, filter, selected, (chord, does), intents);
            }
            Overlay::Page { sheet, line, scroll } => {
                self.press_in_page(mirror, sheet, line, scroll, (chord, does), intents);
            }
        }
    }

    fn press_in_rename(
        &mut self,
        mirror: &Mirror,
        session: SessionId,
        mut editor: Editor,
        (chord, does): (Chord, Option<Does>),
        intents: &mut Vec<Intent>,
    ) {
        if does != Some(Does::Accept) {
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
        (chord, does): (Chord, Option<Does>),
        intents: &mut Vec<Intent>,
    ) {
        let sessions = chosen(mirror, filter.text());
        let last = sessions.len().saturating_sub(1);
        let selected = selected.min(last);
        let here = sessions.get(selected).map(|session| &session.summary);
        let is_command = filter.text().starts_with('/');
        let selected = match (does, action::by_chord(chord, filter.is_empty())) {
            (Some(Does::Accept), _) if is_command => {
                let again = Overlay::Switcher { filter: Editor::default(), selected };
                self.run_line(mirror, filter.text(), again, intents);
                return;
            }
            (Some(Does::Clear), _) => {
                filter.take();
                selected
            }
            (Some(Does::Accept), _) => {
                if let Some(summary) = here {
                    self.show(mirror, summary.id, intents);
                    return;
                }
                selected
            }
            (Some(Does::Rename), _) => {
                self.overlay = here.map(Overlay::rename);
                return;
            }
            (Some(Does::Close), _) => {
                if let Some(summary) = here {
                    self.end(mirror, summary.id, Ending::Close, false, intents);
                }
                // A question about it may have taken the list's place.
                if self.overlay.is_some() {
                    return;
                }
                selected
            }
            (_, Some(Action::Switch)) => {
                if let Some(digit) = chord.digit() {
                    self.show_slot(mirror, digit.into(), intents);
                }
                return;
            }
            (_, Some(Action::New)) => {
                intents.push(Intent::New { kind: String::new(), name: None });
                return;
            }
            (_, Some(Action::List)) => return,
            (_, Some(Action::HistoryUp | Action::LineUp)) => selected.checked_sub(1).unwrap_or(last),
            (_, Some(Action::HistoryDown | Action::LineDown)) => {
                if selected >= last {
                    0
                } else {
                    selected + 1
                }
            }
            (_, Some(Action::PageUp | Action::Top)) => 0,
            (_, Some(Action::PageDown | Action::End)) => last,
            (_, Some(_) | None) => {
                let before = filter.text().to_owned();
                type_into(&mut filter, chord);
                if filter.text() == before { selected } else { 0 }
            }
        };
        self.overlay = Some(Overlay::Switcher { filter, selected });
    }

    /// A page gets the keys that scroll it and a command's line. Whatever else a key means, it leaves the page and is done:
    /// the page may be what told of it.
    fn press_in_page(
        &mut self,
        mirror: &Mirror,
        sheet: Sheet,
        mut line: Editor,
        scroll: usize,
        (chord, does): (Chord, Option<Does>),
        intents: &mut Vec<Intent>,
    ) {
        if chord == LEADER {
            self.leader = true;
            return;
        }
        let page = self.geometry.rows.max(2) / 2;
        let scroll = match (does, action::by_chord(chord, line.is_empty())) {
            (Some(Does::Accept), _) => {
                let again = Overlay::page(sheet);
                self.run_line(mirror, line.text(), again, intents);
                return;
            }
            (Some(Does::Clear), _) => {
                line.take();
                scroll
            }
            (Some(Does::Up), _) | (_, Some(Action::HistoryUp | Action::LineUp)) => scroll.saturating_sub(1),
            (Some(Does::Down), _) | (_, Some(Action::HistoryDown | Action::LineDown)) => scroll + 1,
            (Some(Does::PageUp), _) | (_, Some(Action::PageUp)) => scroll.saturating_sub(page),
            (Some(Does::PageDown), _) | (_, Some(Action::PageDown)) => scroll + page,
            (_, Some(Action::Top)) => 0,
            (_, Some(Action::End)) => usize::MAX,
            (_, Some(Action::Help | Action::Submit)) => return,
            (_, Some(Action::Edit(_) | Action::HistorySearch | Action::Cancel)) => {
                type_into(&mut line, chord);
                scroll
            }
            (_, Some(other)) => {
                self.press_for(mirror, other, chord, intents);
                return;
            }
            (_, None) => match chord.typed() {
                Some('q') if line.is_empty() => return,
                Some(' ') if line.is_empty() => scroll + page,
                // Anything but a command would be lost with the page.
                Some(typed) if typed == '/' || !line.is_empty() => {
                    line.type_in(typed);
                    scroll
                }
                Some(_) | None => scroll,
            },
        };
        self.overlay = Some(Overlay::Page { sheet, line, scroll });
    }

    /// Does a command that was typed in an overlay. What is asked about the session in view leaves the overlay there, and
    /// so does what is refused; anything else goes on where it leads.
    fn run_line(&mut self, mirror: &Mirror, typed: &str, again: Overlay, intents: &mut Vec<Intent>) {
        let command = slash::parse(typed, &self.options.kinds);
        let stays = matches!(command, Ok(Slash::Wish(_)));
        let from = self.focus;
        let outcome = self.command(mirror, command, typed, intents);
        if self.overlay.is_none() && self.focus == from && (stays || outcome == Outcome::Refused) {
            self.overlay = Some(again);
        }
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
