//! Completion while something is typed: a list follows the text, and is entered by keys that would do nothing else. What is typed
//! stays as it is until one of the list is taken, and Enter takes one only where one was chosen.

use q_core::{Mirror, SessionId, Setup};

use crate::command::{Action, HistoryStep};
use crate::completion::{
    CompletionItem, CompletionKind, CompletionList, CompletionScene, CompletionSources, FileName, subject,
};
use crate::intent::Intent;
use crate::keys::{Chord, KeyCode, key};
use crate::mention;
use crate::offers::{OfferList, OfferUse};
use crate::sanitize;
use crate::ui::state::Ui;
use crate::written::WrittenText;

/// Goes back in the list.
const BACK: Chord = key(KeyCode::Tab).shift();

/// What of a text could be completed, as this terminal sees it.
#[derive(Debug, Default)]
pub(crate) struct Completion {
    list: Option<CompletionList>,
    sources: CompletionSources,
    /// What the client was asked for, since something of that kind is being typed.
    asked: AskedSources,
    /// As what the names begin that were asked for last.
    asked_names: Option<String>,
    /// The session and the place of a word whose list was closed.
    closed: Option<(Option<SessionId>, usize)>,
    /// Tab was pressed before it was known what there is. It is for that text alone, and what is pressed next is instead of it.
    wanted: bool,
}

#[derive(Clone, Copy, Debug, Default)]
struct AskedSources {
    written: bool,
    offers: bool,
    models: bool,
    files: bool,
}

impl Completion {
    /// Whether a session of the archive is being named.
    pub(super) fn wants_archive(&self) -> bool {
        self.list.as_ref().is_some_and(|list| list.subject.kind == CompletionKind::Closed)
    }
}

impl Ui {
    /// The list, where it is on the screen: what is typed is what it is for.
    pub(crate) fn completion_in_view(&self) -> Option<&CompletionList> {
        let list = self.completion.list.as_ref().filter(|list| list.session == self.focus)?;
        let editor = &self.pane().editor;
        let is_now = || subject(editor.text(), editor.cursor()).as_ref() == Some(&list.subject);
        (self.overlay.is_none() && !list.items.is_empty() && is_now()).then_some(list)
    }

    /// Something may have been typed: the list follows, and what it lacks is asked for.
    pub(super) fn follow_typing(&mut self, mirror: &Mirror, intents: &mut Vec<Intent>) {
        let editor = &self.pane().editor;
        let Some(now) = subject(editor.text(), editor.cursor()) else {
            self.completion = Completion::default();
            return;
        };
        let place = (self.focus, now.range.start);
        if let Some(list) = self.completion.list.as_ref().filter(|list| list.session == self.focus) {
            let is_file = now.kind == CompletionKind::File;
            if list.subject == now && (!is_file || self.completion.asked_names.as_ref() == Some(&now.begun)) {
                return;
            }
        } else if self.completion.closed != Some(place) {
            self.completion = Completion::default(); // of another session, or of nothing yet
        }
        self.completion.closed = self.completion.closed.filter(|closed| *closed == place);
        self.ask_for_sources(mirror, now.kind, &now.begun, intents);
        self.list_anew(mirror);
    }

    /// Something else is pressed: a Tab that waits is not done any more.
    pub(super) const fn forget_tab(&mut self) {
        self.completion.wanted = false;
    }

    /// Whether the names that begin as it is typed are still on their way.
    fn awaits_names(&self) -> bool {
        let list = self.completion.list.as_ref();
        let files = list.filter(|list| list.subject.kind == CompletionKind::File);
        files.is_some_and(|list| self.completion.sources.beginning_of.as_ref() != Some(&list.subject.begun))
    }

    /// What is known only to the client or the host, asked for once; files as far as their name is typed.
    fn ask_for_sources(
        &mut self,
        mirror: &Mirror,
        kind: CompletionKind,
        begun: &str,
        intents: &mut Vec<Intent>,
    ) {
        let session = self.focus;
        let here = session.and_then(|id| mirror.get(id)).filter(|_| self.lost.is_none());
        let asked = &mut self.completion.asked;
        let first = |asked: &mut bool| !std::mem::replace(asked, true);
        let wants_offers = matches!(kind, CompletionKind::Command | CompletionKind::Mode);
        if matches!(kind, CompletionKind::Command | CompletionKind::Skill) && first(&mut asked.written) {
            intents.push(Intent::CompleteCommand { session });
        }
        if let Some(here) = here.filter(|here| wants_offers && here.summary.agent != Setup::GUIDE)
            && first(&mut asked.offers)
        {
            intents.push(Intent::Offers { session: here.summary.id, wanted: OfferUse::Complete });
        }
        if let Some(here) = here.filter(|_| kind == CompletionKind::Model)
            && !self.models.contains_key(&here.summary.agent)
            && first(&mut asked.models)
        {
            intents.push(Intent::Models { session: here.summary.id, shows: false });
        }
        if kind == CompletionKind::File {
            let anew = first(&mut asked.files);
            self.completion.asked_names = Some(begun.to_owned());
            intents.push(Intent::Complete { session, begun: begun.to_owned(), anew });
        }
    }

    /// Makes the list of what is known now; what was chosen stays chosen.
    fn list_anew(&mut self, mirror: &Mirror) {
        let editor = &self.pane().editor;
        let now = subject(editor.text(), editor.cursor());
        let Some(now) = now.filter(|now| self.completion.closed != Some((self.focus, now.range.start)))
        else {
            self.completion.list = None;
            return;
        };
        let here = self.focus.and_then(|id| mirror.get(id));
        let models = here.and_then(|here| self.models.get(&here.summary.agent));
        let scene = CompletionScene {
            mirror,
            focus: self.focus,
            kinds: &self.options.kinds,
            archive: &self.archive,
            agents: &self.options.agents,
            agent: &self.options.agent,
            models: models.map_or(&[], Vec::as_slice),
        };
        let mut list = self.completion.sources.list(now, scene);
        let before = self.completion.list.take();
        match before.filter(|before| before.subject == list.subject) {
            Some(before) => {
                let chosen = before.chosen.and_then(|place| before.items.get(place));
                list.chosen = list.items.iter().position(|item| Some(item) == chosen);
            }
            None => self.completion.wanted = false,
        }
        self.completion.list = Some(list);
    }

    /// More is known of what could be meant in that session; a Tab that waited for it is done.
    pub(super) fn offer_anew(&mut self, mirror: &Mirror, session: Option<SessionId>) {
        if session != self.focus || self.completion.list.is_none() {
            return;
        }
        self.list_anew(mirror);
        if !self.completion.wanted || self.awaits_names() {
            return;
        }
        if self.completion_in_view().is_some() {
            self.notice = None;
            self.take_or_enter();
            self.list_anew(mirror);
        } else if self.overlay.is_none() {
            self.say_nothing_fits();
        }
    }

    fn say_nothing_fits(&mut self) {
        let editor = &self.pane().editor;
        if let Some(now) = subject(editor.text(), editor.cursor()) {
            let begun = sanitize::visible_line(&now.begun).into_owned();
            self.notify(format!("no other {} fits {begun}", now.kind.word()));
        }
    }

    /// Tab: takes what alone is meant, types as far as all that begin so are one, or enters the list.
    pub(super) fn complete(&mut self, mirror: &Mirror) {
        if self.completion.closed.take().is_some() {
            // It comes back first, with what was known of it: who closed it does not mean the first of it.
            self.list_anew(mirror);
            if self.completion_in_view().is_some() {
                return;
            }
        }
        if self.awaits_names() {
            self.completion.wanted = true; // what is known is of a shorter beginning
            return;
        }
        if self.completion_in_view().is_some() {
            self.take_or_enter();
            return;
        }
        let editor = &self.pane().editor;
        match subject(editor.text(), editor.cursor()) {
            None => self.notify(self.completes()),
            Some(now) if now.kind == CompletionKind::Model && self.focus.is_none() => {
                self.warn("there is no session yet; type a prompt, or /new");
            }
            Some(_) => {
                self.completion.wanted = true;
                self.say_nothing_fits();
            }
        }
    }

    fn take_or_enter(&mut self) {
        self.completion.wanted = false;
        let Some(list) = &mut self.completion.list else { return };
        if let Some(only) = list.only().cloned() {
            self.take(&only);
        } else if let Some(grown) = list.grown().map(str::to_owned) {
            let (range, is_file) = (list.subject.range.clone(), list.subject.kind == CompletionKind::File);
            let text = if is_file { mention::written(&grown, false) } else { grown };
            self.pane_mut().editor.replace(range, &text);
        } else {
            list.choose_next();
        }
    }

    /// Puts one of the list in the place of what is typed.
    fn take(&mut self, item: &CompletionItem) {
        let Some(mut list) = self.completion.list.take() else { return };
        let is_file = list.subject.kind == CompletionKind::File;
        let text = if is_file { mention::written(&item.name, item.goes_on) } else { item.name.clone() };
        let editor = &mut self.pane_mut().editor;
        let behind = editor.text().get(list.subject.range.end..).unwrap_or_default();
        let blank = if item.goes_on && !behind.starts_with(char::is_whitespace) { " " } else { "" };
        editor.replace(list.subject.range.clone(), &format!("{text}{blank}"));
        // It is another text now, for which the list is made anew.
        list.chosen = None;
        self.completion.list = Some(list);
        self.notice = None;
    }

    /// Enters the list from the prompt's last row; whether there is one.
    pub(super) fn enter_list(&mut self) -> bool {
        let is_there = self.completion_in_view().is_some();
        if let Some(list) = self.completion.list.as_mut().filter(|_| is_there) {
            list.choose_next();
        }
        is_there
    }

    /// A key where a list is on the screen; whether it was for that. Any key that is not leaves what is chosen.
    pub(super) fn press_in_list(&mut self, chord: Chord) -> bool {
        if self.completion_in_view().is_none() {
            return false;
        }
        let Some(list) = &mut self.completion.list else { return false };
        let action = self.options.keymap.by_chord(chord, false);
        let is_forth = [Some(Action::Complete), Some(Action::History(HistoryStep::Newer))].contains(&action);
        if action == Some(Action::Cancel) {
            self.completion.closed = Some((list.session, list.subject.range.start));
            self.completion.list = None;
        } else if chord == BACK {
            list.choose_previous();
        } else if let Some(chosen) = list.chosen.take() {
            let item = list.items.get(chosen).cloned();
            list.chosen = Some(chosen);
            if is_forth {
                list.choose_next();
            } else if action == Some(Action::History(HistoryStep::Older)) {
                list.choose_previous();
            } else if let Some(item) = item.filter(|_| action == Some(Action::Submit)) {
                self.take(&item);
            } else {
                list.chosen = None;
                return false;
            }
        } else {
            return false;
        }
        true
    }

    /// The names that begin as it was typed, those of directories with a slash at their end. Nothing is done where something else is
    /// typed by now.
    pub fn completed(
        &mut self,
        mirror: &Mirror,
        session: Option<SessionId>,
        begun: &str,
        names: Vec<String>,
    ) {
        let is_now = |list: &CompletionList| list.subject.begun == begun && list.session == session;
        if self.completion.list.as_ref().is_some_and(is_now) {
            self.completion.sources.beginning = names.into_iter().map(FileName::new).collect();
            self.completion.sources.beginning_of = Some(begun.to_owned());
            self.offer_anew(mirror, session);
        }
    }

    /// All files of that session's directory, as far as they are looked at.
    pub fn found_files(&mut self, mirror: &Mirror, session: Option<SessionId>, names: Vec<String>) {
        if session == self.focus && self.completion.asked.files {
            self.completion.sources.files = names.into_iter().map(FileName::new).collect();
            self.offer_anew(mirror, session);
        }
    }

    /// These are the commands and the skills that somebody wrote.
    pub fn completed_command(
        &mut self,
        mirror: &Mirror,
        session: Option<SessionId>,
        (commands, skills): (Vec<WrittenText>, Vec<WrittenText>),
    ) {
        if session == self.focus {
            self.completion.sources.written = Some((commands, skills));
            self.offer_anew(mirror, session);
        }
    }

    /// What a session's agent offers, asked for because something of it could be meant.
    pub(super) fn offered_while_typing(&mut self, mirror: &Mirror, session: SessionId, offers: OfferList) {
        if Some(session) == self.focus {
            self.completion.sources.offers = offers;
            self.offer_anew(mirror, Some(session));
        }
    }
}
