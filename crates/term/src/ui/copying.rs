//! Copying: what goes to the clipboard by a command or by the mouse, and what is said of it.

use q_core::Mirror;

use crate::command::Arguments;
use crate::copied::{self, CopiedText};
use crate::intent::Intent;
use crate::layout::flow::FlowPiece;
use crate::layout::selection::{TextOfRows, TextReach};
use crate::ui::state::Ui;
use crate::ui::status::CommandStatus;

impl Ui {
    /// Copies an answer or a block of code of the session in view.
    pub(super) fn copy(
        &mut self,
        mirror: &Mirror,
        arguments: &Arguments,
        intents: &mut Vec<Intent>,
    ) -> CommandStatus {
        let Some(session) = self.session_in_view(mirror) else { return CommandStatus::Refused };
        match copied::wanted(session, arguments) {
            Ok(copied) => self.hand_over(copied, intents),
            Err(why) => {
                self.warn(why);
                return CommandStatus::Refused;
            }
        }
        CommandStatus::Done
    }

    /// Copies what the mouse selected.
    pub(super) fn copy_selection(&mut self, mirror: &Mirror, intents: &mut Vec<Intent>) {
        let Some(reach) = self.pane().selected() else { return };
        let text = self.selected(mirror, reach);
        if text.trim().is_empty() {
            return;
        }
        let name = self.focus.and_then(|id| mirror.get(id)).map(|session| session.summary.name.clone());
        let name = name.as_ref().map_or("SESSION", |name| name.as_str());
        self.hand_over(
            CopiedText::of("the selection", &text, &format!("in the shell: q show {name}")),
            intents,
        );
    }

    /// What helps where a terminal keeps nothing is said once: who has seen it work needs it no more.
    fn hand_over(&mut self, CopiedText { text, said, if_empty }: CopiedText, intents: &mut Vec<Intent>) {
        let is_first = !std::mem::replace(&mut self.copied, true) && !if_empty.is_empty();
        self.notify(if is_first { format!("{said}; {if_empty}") } else { said });
        intents.push(Intent::Copy(text));
    }

    /// The text of what is selected, as it was before it was broken into rows; a little more than can be copied at most.
    fn selected(&mut self, mirror: &Mirror, reach: TextReach) -> String {
        let mut whole = TextOfRows::default();
        let Some(session) = self.focus.and_then(|id| mirror.get(id)) else { return String::new() };
        let first = session.entries.partition_point(|entry| entry.no < reach.0.row.0);
        let Some(mut flow) = self.flow(mirror) else { return String::new() };
        for (index, entry) in session.entries.iter().enumerate().skip(first) {
            if entry.no > reach.1.row.0 || whole.text.len() > copied::MOST {
                break;
            }
            flow.height(index); // lays it out
            let mut number = 0;
            flow.rows(index, 0, |piece| {
                let row = if let FlowPiece::Row { row, .. } = piece { Some(row) } else { None };
                let place = (entry.no, number);
                // In an empty row there is nothing of which a column could be selected.
                let is_text = row.is_some() || place > reach.0.row && place < reach.1.row;
                if let Some(columns) = reach.columns(place).filter(|_| is_text) {
                    whole.push(row, &columns);
                }
                number += 1;
                place <= reach.1.row
            });
        }
        whole.text
    }
}
