//! Finding: a text in the transcript in view, from what is in sight back; older entries are asked for as it goes. And going from
//! prompt to prompt.

use q_core::{Body, EntryNo, Mirror};

use crate::command::PromptStep;
use crate::found::{PlaceInEntry, TranscriptSearch};
use crate::intent::Intent;
use crate::layout::flow::{self, Scroll, Spot};
use crate::overlay::{FindLine, SeekStep};
use crate::ui::geometry::{Geometry, PaneFrame};
use crate::ui::state::Ui;

/// What is said where older entries are not read any more.
const FULL: &str = "no more is read back here; /pager opens all of it, the newest comes next";

impl Ui {
    /// Opens the line in which is typed what is looked for; where that is said already, it is gone to.
    pub(super) fn find(&mut self, mirror: &Mirror, text: Option<&str>, intents: &mut Vec<Intent>) {
        let PaneFrame { window, geometry: Geometry { rows, .. }, .. } = self.pane().frame;
        let Some(mut flow) = self.flow(mirror) else {
            self.warn("there is no session to search in");
            return;
        };
        let last = flow.below(window.top, rows.saturating_sub(1)).entry;
        let entries = &flow.session.entries;
        let origin = entries.get(last).or_else(|| entries.back()).map_or(EntryNo(0), |entry| entry.no);
        let session = flow.session.summary.id;
        self.found = TranscriptSearch::from(origin);
        let line = FindLine::new(session, text.unwrap_or_default());
        self.overlay = Some(Box::new(line));
        self.search_on(mirror, intents);
        if text.is_some() && self.found.at.is_none() {
            self.seek(mirror, SeekStep::Older, intents);
        }
    }

    /// Does a step of the search.
    pub(super) fn seek(&mut self, mirror: &Mirror, step: SeekStep, intents: &mut Vec<Intent>) {
        let Some(session) = self.focus.and_then(|id| mirror.get(id)) else { return };
        let found = &mut self.found;
        found.give_up(); // whatever was waited for: something else is wanted now
        match step {
            SeekStep::Scroll(step) => {
                self.scroll(mirror, step);
                return;
            }
            SeekStep::Older | SeekStep::Newer if found.pattern.is_none() => return,
            SeekStep::Newer => {
                let next = found.at.and_then(|place| found.after(place));
                if next.is_none() && session.trimmed {
                    self.notify("that is the newest");
                    return;
                }
                found.at = next.or_else(|| found.outermost(false));
            }
            SeekStep::Older => {
                let next = found.at.and_then(|place| found.before(place));
                if next.is_some() {
                    found.at = next;
                } else if let Some(before) = found.look_further(session) {
                    intents.push(Intent::Page { session: session.summary.id, before });
                    return;
                } else {
                    let is_cut = session.trimmed;
                    found.at = found.outermost(true);
                    if is_cut {
                        self.notify(FULL);
                    }
                }
            }
        }
        if let Some(place) = self.found.at {
            self.go_to_place(mirror, place);
        }
    }

    /// Something else is looked for, or the transcript changed meanwhile: begins anew, or counts what came and goes on with what
    /// was waited for.
    pub(super) fn search_on(&mut self, mirror: &Mirror, intents: &mut Vec<Intent>) {
        let Some(session) = self.focus.and_then(|id| mirror.get(id)) else { return };
        let Some(typed) = self.overlay.as_ref().and_then(|overlay| overlay.sought()) else { return };
        let found = &mut self.found;
        if typed != found.typed {
            found.begin(session, typed.to_owned());
            if let Some(place) = found.at {
                self.go_to_place(mirror, place);
            }
            return;
        }
        found.count(session);
        if found.waits_in_vain(session) {
            found.give_up();
        }
        let Some(left) = found.came(session) else { return };
        let older = found.at.map_or_else(|| found.outermost(true), |place| found.before(place));
        let first = session.entries.front().map(|entry| entry.no).filter(|_| session.trimmed);
        match (older, first, left.checked_sub(1)) {
            (None, Some(_), _) if session.is_full() => self.notify(FULL),
            (Some(place), _, _) => {
                found.at = Some(place);
                self.go_to_place(mirror, place);
            }
            (None, Some(before), Some(left)) => {
                found.wait_for(before, left);
                intents.push(Intent::Page { session: session.summary.id, before });
            }
            (None, Some(_), None) => self.notify("nothing so far; Enter looks further back"),
            (None, None, _) => self.notify("nothing older: that was the beginning"),
        }
    }

    /// Ends a search that is open, and forgets what it found.
    pub(super) fn end_search(&mut self) {
        if self.is_searching() {
            self.overlay = None;
            self.found = TranscriptSearch::default();
        }
    }

    /// Older entries that were asked for do not come: a search waits for them no more.
    pub fn page_refused(&mut self) {
        self.found.give_up();
    }

    /// Whether something is being looked for.
    pub(crate) fn is_searching(&self) -> bool {
        self.overlay.as_ref().is_some_and(|overlay| overlay.sought().is_some())
    }

    /// Brings a place into sight, a third of the screen from its top; a view that has it already stays.
    fn go_to_place(&mut self, mirror: &Mirror, PlaceInEntry { entry, number }: PlaceInEntry) {
        let Some(session) = self.focus.and_then(|id| mirror.get(id)) else { return };
        if let Some(fold) = flow::fold_of(session, entry) {
            self.pane_mut().folds.unfold(fold);
        }
        let Some(pattern) = self.found.pattern.clone() else { return };
        let (scroll, height) = (self.pane().scroll, self.pane().frame.geometry.rows);
        let Some(mut flow) = self.flow(mirror) else { return };
        let Some((spot, _)) = flow.place_of(entry, number, &pattern) else { return };
        let top = flow.window(scroll, height).top;
        if spot < top || spot >= flow.below(top, height) {
            let top = flow.above(spot, height / 3);
            let scroll = flow.at(top, height);
            self.pane_mut().scroll = scroll;
        }
    }

    /// Where the place that was gone to stands in the frame that is laid out.
    pub(super) fn lay_out_found(&mut self, mirror: &Mirror) {
        let place = self.found.at.filter(|_| self.is_searching());
        let look = place.and_then(|place| Some((place, self.flow(mirror)?.look_of(place.entry)?)));
        if self.found.spot_of == look {
            return; // nothing of it changed since the frame before
        }
        self.found.spot_of = look;
        let wanted = place.zip(self.found.pattern.clone());
        self.found.spot = wanted
            .and_then(|(place, pattern)| self.flow(mirror)?.place_of(place.entry, place.number, &pattern));
    }

    /// Goes to the prompt above what is in sight, or to the one below; beyond the last one to the end.
    pub(super) fn go_to_prompt(&mut self, mirror: &Mirror, step: PromptStep) {
        let (scroll, height) = (self.pane().scroll, self.pane().frame.geometry.rows);
        let Some(mut flow) = self.flow(mirror) else { return };
        let top = flow.window(scroll, height).top;
        let entries = &flow.session.entries;
        // The row between two entries is the one below's.
        let is_prompt =
            |at: &usize| entries.get(*at).is_some_and(|entry| matches!(entry.body, Body::Prompt(_)));
        let row = |at: usize| usize::from(at > 0);
        let wanted = match step {
            PromptStep::Above => (0..=top.entry)
                .rev()
                .find(|at| is_prompt(at) && Spot { entry: *at, row: row(*at) } < top)
                .or(Some(0)),
            PromptStep::Below => (top.entry..entries.len())
                .find(|at| is_prompt(at) && Spot { entry: *at, row: row(*at) } > top),
        };
        let scroll = match wanted {
            Some(entry) => flow.at(Spot { entry, row: row(entry) }, height),
            None => Scroll::End,
        };
        self.pane_mut().scroll = scroll;
    }
}
