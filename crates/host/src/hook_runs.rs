//! Hooks: commands of the person's that are told what happened in sessions. They observe: nothing waits for one, and nothing that
//! one says is heard.
//!
//! Not here: which there are (the client's own program reads that), and what happened (a follower sees it in what is committed).

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use q_agent::{ToolSettings, Toolbox};
use q_core::WallTime;
use tokio::runtime::Handle;
use tokio::sync::Semaphore;

use crate::followers::metrics::Recorder;

/// How many run at once, and how many more may wait; what is beyond that is dropped, counted and said.
const AT_ONCE: usize = 4;
const WAITING: usize = 256;

/// What a hook may be for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HookEvent {
    SessionCreated,
    SessionClosed,
    SessionHibernated,
    SessionWoken,
    TurnBegan,
    /// It is done, or was interrupted.
    TurnEnded,
    TurnFailed,
    /// A call waits for consent.
    ApprovalWaiting,
    /// A call waits for words.
    QuestionWaiting,
    /// Any of those for which the person is needed.
    NeedsYou,
}

impl HookEvent {
    pub const ALL: [Self; 10] = [
        Self::SessionCreated,
        Self::SessionClosed,
        Self::SessionHibernated,
        Self::SessionWoken,
        Self::TurnBegan,
        Self::TurnEnded,
        Self::TurnFailed,
        Self::ApprovalWaiting,
        Self::QuestionWaiting,
        Self::NeedsYou,
    ];

    /// What it is called where hooks are written, and by what hooks are told.
    pub const fn name(self) -> &'static str {
        match self {
            Self::SessionCreated => "session.created",
            Self::SessionClosed => "session.closed",
            Self::SessionHibernated => "session.hibernated",
            Self::SessionWoken => "session.woken",
            Self::TurnBegan => "turn.began",
            Self::TurnEnded => "turn.ended",
            Self::TurnFailed => "turn.failed",
            Self::ApprovalWaiting => "approval.waiting",
            Self::QuestionWaiting => "question.waiting",
            Self::NeedsYou => "needs.you",
        }
    }
}

/// What happened, for hooks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Happening {
    pub event: &'static str,
    pub at: WallTime,
    /// The id that lists have.
    pub session: String,
    pub name: String,
    pub directory: String,
    pub agent: String,
    pub model: String,
    pub turn: Option<u64>,
    /// How that turn ended, where it did.
    pub outcome: Option<&'static str>,
    /// The code of its failure.
    pub failure: Option<&'static str>,
    /// What the call that waits is of.
    pub tool: Option<String>,
    /// Why the person is needed.
    pub needs: Option<&'static str>,
    /// The beginning of the turn's last answer.
    pub answer: String,
}

/// A hook as it is run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hook {
    pub event: HookEvent,
    pub command: Vec<String>,
    pub seconds: u64,
    /// Where it runs, a whole path.
    pub directory: PathBuf,
    /// Variables beside those that commands get.
    pub variables: Vec<(String, String)>,
}

/// Where it is written which hooks there are, and who can read and tell them: the client's own program.
#[derive(Clone, Debug)]
pub struct HookReader {
    pub file: PathBuf,
    pub trusted: PathBuf,
    /// Where it is kept which files of projects were accepted.
    pub accepted: PathBuf,
    /// What commands get, and variables that the person's own hooks get beside those.
    pub settings: ToolSettings,
    pub variables: Vec<(String, String)>,
    /// Those of a session in that directory. What cannot be read has none.
    pub read: fn(reader: &Self, directory: &Path) -> Vec<Hook>,
    /// What a hook reads, within a bound.
    pub told: fn(&Happening) -> Vec<u8>,
}

/// The hooks that run and those that wait: beside the loop and the writer, and over with the host.
#[derive(Clone, Debug)]
pub(crate) struct HookRuns {
    reader: HookReader,
    on: Handle,
    places: Arc<Semaphore>,
    waiting: Arc<AtomicUsize>,
    recorder: Recorder,
}

impl HookRuns {
    pub(crate) fn new(reader: HookReader, on: Handle, recorder: Recorder) -> Self {
        let (places, waiting) = (Arc::new(Semaphore::new(AT_ONCE)), Arc::default());
        Self { reader, on, places, waiting, recorder }
    }

    /// Has the hooks for it run, each once and whenever its turn comes. Waits for none.
    pub(crate) fn happened(&self, events: &[HookEvent], happening: &Happening) {
        let all = (self.reader.read)(&self.reader, Path::new(&happening.directory));
        for hook in all.into_iter().filter(|hook| events.contains(&hook.event)) {
            let happening = Happening { event: hook.event.name(), ..happening.clone() };
            let told = (self.reader.told)(&happening);
            self.run(hook, told);
        }
    }

    fn run(&self, hook: Hook, told: Vec<u8>) {
        let event = hook.event.name();
        if self.waiting.fetch_add(1, Ordering::Relaxed) >= WAITING {
            self.waiting.fetch_sub(1, Ordering::Relaxed);
            let dropped = self.recorder.failed("hook_dropped");
            if dropped.is_power_of_two() {
                tracing::warn!(target: "q::hook", event, dropped, "hooks did not run: {WAITING} wait already");
            }
            return;
        }
        let Self { places, waiting, recorder, .. } = self.clone();
        let settings = self.reader.settings.clone();
        self.on.spawn(async move {
            let place = places.acquire().await;
            waiting.fetch_sub(1, Ordering::Relaxed);
            let toolbox = Toolbox::new(hook.directory, &settings).giving(hook.variables);
            let reply = toolbox.run_told(&hook.command, told, hook.seconds).await;
            drop(place);
            if reply.is_failed {
                // What it put out is nobody's to keep: how it ended stands in the first line.
                let how = reply.text.lines().next().unwrap_or_default();
                let failed = recorder.failed("hook_failed");
                let program = hook.command.first();
                tracing::warn!(target: "q::hook", event, ?program, how, failed, "a hook failed");
            }
        });
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests may panic")]
mod tests {
    use super::*;

    #[tokio::test]
    async fn of_a_thousand_at_once_as_many_run_as_may_wait_and_the_rest_is_counted() {
        let place = tempfile::tempdir().unwrap();
        let read = |reader: &HookReader, _: &Path| {
            let command = ["/bin/sh", "-c", "echo >>runs"].map(str::to_owned).into();
            let (event, directory) = (HookEvent::TurnEnded, reader.file.clone());
            vec![Hook { event, command, seconds: 20, directory, variables: Vec::new() }]
        };
        let reader = HookReader {
            file: place.path().canonicalize().unwrap(),
            trusted: PathBuf::new(),
            accepted: PathBuf::new(),
            settings: ToolSettings::default(),
            variables: Vec::new(),
            read,
            told: |_| Vec::new(),
        };
        let recorder = Recorder::default();
        let runs = HookRuns::new(reader, Handle::current(), recorder.clone());
        for _ in 0..1000 {
            runs.happened(&[HookEvent::TurnEnded], &Happening::default());
        }
        assert_eq!(recorder.failed("hook_dropped"), 1000 - WAITING as u64 + 1);
        let done = async {
            while std::fs::read(place.path().join("runs")).map_or(0, |lines| lines.len()) < WAITING {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(std::time::Duration::from_mins(1), done).await.unwrap();
        assert_eq!(recorder.failed("hook_failed"), 1);
    }
}
