//! Calls about the session alone: its plan, its background, and the texts of skills.

use std::sync::{MutexGuard, PoisonError};

use q_core::{CallSubject, PlanStep};
use q_seat::SkillPlace;

use super::{AT_WORK, Toolbox, blocking};
use crate::background::OutputArguments;
use crate::relative_path::RelativePath;
use crate::skill::{self, SkillArguments};
use crate::todo;

/// A call about the session alone, in which nobody has anything to ask about.
#[derive(Clone, Debug)]
pub(super) enum OfSession {
    Plan(Vec<PlanStep>),
    /// What goes on in the background.
    Processes,
    Output(OutputArguments),
    Stop(u64),
    /// A text of a skill, which the person or a project that is trusted put there to be read.
    Skill(SkillPlace, SkillArguments),
}

impl Toolbox {
    /// From here on these skills may be read, and no others.
    pub fn take_skills(&self, skills: Vec<SkillPlace>) {
        *self.skills() = skills;
    }

    pub(super) fn skills(&self) -> MutexGuard<'_, Vec<SkillPlace>> {
        self.skills.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What rules for files say of a skill's text: where the skill lies in the session's directory, its path.
    pub(super) fn subject_of_skill(&self, place: &SkillPlace, asked: &SkillArguments) -> CallSubject {
        let path = asked.path(place).ok().and_then(|path| RelativePath::of(path.to_str()?, &self.path).ok());
        path.map_or(CallSubject::Other, |path| CallSubject::File {
            path: path.to_string(),
            is_private: self.is_guarded(&path),
        })
    }

    pub(super) async fn carry_out_in_session(&self, action: OfSession) -> Result<String, String> {
        match action {
            OfSession::Plan(steps) => Ok(todo::told(&steps)),
            OfSession::Processes => Ok(self.backgrounds.told()),
            OfSession::Output(asked) => self.backgrounds.output(&asked).await,
            OfSession::Skill(place, asked) => {
                let _place = AT_WORK.acquire().await;
                blocking(move || skill::carry_out(&place, &asked)).await
            }
            OfSession::Stop(number) => {
                let ran = self.backgrounds.stop(number)?;
                self.backgrounds.is_told(number);
                let how = if ran { "is ended" } else { "had ended already" };
                Ok(format!("process {number} {how}\n"))
            }
        }
    }
}
