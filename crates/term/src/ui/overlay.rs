//! The overlay that lies on top: it gets the keys, and what follows from them is carried out here.

use q_core::Mirror;

use crate::command;
use crate::intent::Intent;
use crate::keys::Chord;
use crate::overlay::{Overlay, OverlayContext, Reaction};
use crate::ui::Ui;
use crate::ui::commands::Outcome;

impl Ui {
    /// Puts it on top, in the place of any other.
    pub(super) fn open(&mut self, overlay: impl Overlay + 'static) {
        self.overlay = Some(Box::new(overlay));
    }

    pub(crate) fn overlay_context<'a>(&'a self, mirror: &'a Mirror) -> OverlayContext<'a> {
        OverlayContext {
            mirror,
            focus: self.focus,
            inbox: &self.inbox,
            now: self.now,
            palette: self.palette(),
            rows: self.geometry.rows,
            fault: self.notice.as_ref().filter(|notice| notice.fault).map(|notice| notice.text.as_str()),
        }
    }

    pub(super) fn press_in_overlay(&mut self, mirror: &Mirror, chord: Chord, intents: &mut Vec<Intent>) {
        let Some(mut overlay) = self.overlay.take() else { return };
        match overlay.press(&self.overlay_context(mirror), chord) {
            Reaction::Stay => self.overlay = Some(overlay),
            Reaction::Leave => {}
            Reaction::Open(other) => self.overlay = Some(other),
            Reaction::Bell => {
                self.overlay = Some(overlay);
                intents.push(Intent::Bell);
            }
            Reaction::Complain(why) => {
                self.overlay = Some(overlay);
                self.complain(why);
            }
            Reaction::Tell(command) => {
                self.tell_unasked(command, intents);
            }
            Reaction::Show(session) => self.show(mirror, session, intents),
            Reaction::End(command) => {
                // A question about it takes the place.
                let _asked_or_told: Outcome = self.tell(mirror, command, intents);
                self.overlay.get_or_insert(overlay);
            }
            Reaction::Act(action) => self.press_for(mirror, action, chord, intents),
            Reaction::Leader => self.leader = true,
            Reaction::Run(typed) => self.run_line(mirror, &typed, overlay, intents),
        }
    }

    /// Does a command that was typed in an overlay. What the core alone is told leaves the overlay there, and so does what
    /// is refused; anything else goes on where it leads.
    fn run_line(
        &mut self,
        mirror: &Mirror,
        typed: &str,
        overlay: Box<dyn Overlay>,
        intents: &mut Vec<Intent>,
    ) {
        let command = command::parse(typed, &self.options.kinds);
        let from = self.focus;
        let outcome = self.command(mirror, command, typed, intents);
        if self.overlay.is_none() && self.focus == from && outcome != Outcome::Done {
            self.overlay = Some(overlay);
        }
    }
}
