//! What an agent of others lets people choose or type: asked for, shown, and a command of its own sent to it.

use q_core::{Mirror, PromptWay, SessionId};

use crate::intent::Intent;
use crate::offers::{OfferList, OfferUse, commands, is_command, modes};
use crate::overlay::OverlaySubject;
use crate::ui::state::Ui;
use crate::ui::status::CommandStatus;

impl Ui {
    pub(super) fn ask_offers(
        &mut self,
        mirror: &Mirror,
        wanted: OfferUse,
        intents: &mut Vec<Intent>,
    ) -> CommandStatus {
        let Some(session) = self.session_in_view(mirror) else { return CommandStatus::Refused };
        intents.push(Intent::Offers { session: session.summary.id, wanted });
        CommandStatus::Done
    }

    /// What a session's agent offers, for what it was asked for.
    pub fn offered(
        &mut self,
        mirror: &Mirror,
        session: SessionId,
        wanted: OfferUse,
        offers: &OfferList,
    ) -> Vec<Intent> {
        let mut intents = Vec::new();
        let subject = OverlaySubject::Session(session);
        match wanted {
            OfferUse::Modes => self.open_page(" modes ", subject, modes(offers)),
            OfferUse::Complete => self.offered_while_typing(mirror, session, offers.clone()),
            OfferUse::Commands => self.open_page(" commands ", subject, commands(offers)),
            OfferUse::Send { line, .. } if is_command(offers, &line) => {
                self.submit(session, line, PromptWay::Ask, &mut intents);
            }
            OfferUse::Send { otherwise, .. } => self.warn(format!("{otherwise} · {}", self.brings_back())),
        }
        intents
    }
}
