//! Hooks: commands of the person's that are told what happened in sessions. They observe: nothing waits for one, and nothing that
//! one says is heard.
//!
//! Not here: which there are (the client's own program reads that), and what happened (a follower sees it in what is committed).

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use q_agent::{ToolSettings, Toolbox};
use q_core::WallTime;
use tokio::runtime::Handle;
use tokio::sync::Semaphore;
use tokio::time::Instant;

use crate::followers::metrics::Recorder;

/// How many run at once, of projects among them, and how many more may wait; what is beyond that is dropped, counted and said.
const AT_ONCE: usize = 4;
const OF_PROJECTS: usize = 2;
const WAITING: usize = 256;
/// How long one may wait: what it would tell is no news then, and is dropped as well.
const PATIENCE: Duration = Duration::from_mins(1);

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
    pub read: fn(reader: &Self, directory: &Path) -> HooksThere,
    /// What a hook reads, within a bound.
    pub told: fn(&Happening) -> Vec<u8>,
}

/// Which hooks there are for a session.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HooksThere {
    pub own: Vec<Hook>,
    /// Those that were accepted of its project, which have some of the places only.
    pub of_project: Vec<Hook>,
    /// Why none of the person's own can be read.
    pub fault: Option<String>,
}

/// The hooks that run and those that wait: beside the loop and the writer, and over with the host.
#[derive(Clone, Debug)]
pub(crate) struct HookRuns {
    reader: HookReader,
    on: Handle,
    places: Arc<Semaphore>,
    of_projects: Arc<Semaphore>,
    waiting: Arc<AtomicUsize>,
    /// Whether it was said that there are none since the configuration cannot be read: each event would say it again.
    is_said: Arc<AtomicBool>,
    recorder: Recorder,
}

impl HookRuns {
    pub(crate) fn new(reader: HookReader, on: Handle, recorder: Recorder) -> Self {
        let (places, of_projects) =
            (Arc::new(Semaphore::new(AT_ONCE)), Arc::new(Semaphore::new(OF_PROJECTS)));
        let (waiting, is_said) = Default::default();
        Self { reader, on, places, of_projects, waiting, is_said, recorder }
    }

    /// Has the hooks for it run, each once and whenever its turn comes. Waits for none.
    pub(crate) fn happened(&self, events: &[HookEvent], happening: &Happening) {
        let HooksThere { own, of_project, fault } =
            (self.reader.read)(&self.reader, Path::new(&happening.directory));
        self.note_fault(fault.as_deref());
        let own = own.into_iter().map(|hook| (hook, false));
        let all = own.chain(of_project.into_iter().map(|hook| (hook, true)));
        for (hook, is_of_project) in all.filter(|(hook, _)| events.contains(&hook.event)) {
            let happening = Happening { event: hook.event.name(), ..happening.clone() };
            let told = (self.reader.told)(&happening);
            self.run(hook, is_of_project, &happening.directory, told);
        }
    }

    /// Counts each event for which the person's own hooks could not be read, and says so once until they can be again.
    fn note_fault(&self, fault: Option<&str>) {
        let Some(why) = fault else {
            self.is_said.store(false, Ordering::Relaxed);
            return;
        };
        let unread = self.recorder.failed("hook_unread");
        if !self.is_said.swap(true, Ordering::Relaxed) {
            tracing::warn!(target: "q::hook", why, unread, "no hook of the configuration runs");
        }
    }

    fn run(&self, hook: Hook, is_of_project: bool, of: &str, told: Vec<u8>) {
        let event = hook.event.name();
        if self.waiting.fetch_add(1, Ordering::Relaxed) >= WAITING {
            self.waiting.fetch_sub(1, Ordering::Relaxed);
            drop_one(&self.recorder, event, "too many wait already");
            return;
        }
        let Self { reader, places, of_projects, waiting, recorder, .. } = self.clone();
        let of = PathBuf::from(of);
        let since = Instant::now();
        let mut unless_cut =
            UnlessCut { event, has_begun: false, is_over: false, recorder: recorder.clone() };
        self.on.spawn(async move {
            let of_project = if is_of_project { Some(of_projects.acquire().await) } else { None };
            let place = places.acquire().await;
            waiting.fetch_sub(1, Ordering::Relaxed);
            if since.elapsed() > PATIENCE {
                unless_cut.ends();
                drop_one(&recorder, event, "it waited for too long");
                return;
            }
            // What it was accepted for may be another's by now: the file is looked at when it runs, not when it was wanted, and
            // beside the loop, as files may be anywhere.
            let (settings, wanted) = (reader.settings.clone(), hook.clone());
            let is_accepted = !is_of_project
                || tokio::task::spawn_blocking(move || {
                    (reader.read)(&reader, &of).of_project.contains(&wanted)
                })
                .await
                .unwrap_or_default();
            if !is_accepted {
                unless_cut.ends();
                drop_one(&recorder, event, "it is not accepted any more");
                return;
            }
            unless_cut.begins();
            let toolbox = Toolbox::new(hook.directory, &settings).giving(hook.variables);
            let reply = toolbox.run_told(&hook.command, told, hook.seconds).await;
            unless_cut.ends();
            drop((place, of_project));
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

/// Counts one that does not run, and says so now and then.
fn drop_one(recorder: &Recorder, event: &str, why: &str) {
    let dropped = recorder.failed("hook_dropped");
    if dropped.is_power_of_two() {
        tracing::warn!(target: "q::hook", event, why, dropped, "hooks did not run");
    }
}

/// Says, where a hook goes with the host before it is over, that it did.
struct UnlessCut {
    event: &'static str,
    has_begun: bool,
    is_over: bool,
    recorder: Recorder,
}

// By methods, so that the task owns all of it: of single fields it would have copies, and this would be gone at once.
impl UnlessCut {
    const fn begins(&mut self) {
        self.has_begun = true;
    }

    const fn ends(&mut self) {
        self.is_over = true;
    }
}

impl Drop for UnlessCut {
    fn drop(&mut self) {
        if self.is_over {
            return;
        }
        let Self { event, has_begun, .. } = *self;
        let cut = self.recorder.failed("hook_cut");
        if has_begun || cut.is_power_of_two() {
            tracing::warn!(target: "q::hook", event, has_begun, cut, "a hook was cut by the end of the host");
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic, reason = "tests may panic")]
mod tests {
    use super::*;

    /// A run of hooks of which each event has that one, the person's own or a project's.
    fn runs(place: &Path, recorder: &Recorder, read: fn(&HookReader, &Path) -> HooksThere) -> HookRuns {
        let reader = HookReader {
            file: place.canonicalize().unwrap(),
            trusted: PathBuf::new(),
            accepted: PathBuf::new(),
            settings: ToolSettings::default(),
            variables: Vec::new(),
            read,
            told: |_| Vec::new(),
        };
        HookRuns::new(reader, Handle::current(), recorder.clone())
    }

    fn hook(reader: &HookReader, line: &str) -> Hook {
        let command = ["/bin/sh", "-c", line].map(str::to_owned).into();
        let (event, directory) = (HookEvent::TurnEnded, reader.file.clone());
        Hook { event, command, seconds: 20, directory, variables: Vec::new() }
    }

    async fn until(what: &str, mut is_so: impl FnMut() -> bool) {
        let so = async {
            while !is_so() {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_mins(1), so).await.unwrap_or_else(|_| panic!("{what}"));
    }

    fn size(place: &Path, name: &str) -> usize {
        std::fs::read(place.join(name)).map_or(0, |lines| lines.len())
    }

    #[tokio::test]
    async fn of_a_thousand_at_once_as_many_run_as_may_wait_and_the_rest_is_counted() {
        let place = tempfile::tempdir().unwrap();
        let recorder = Recorder::default();
        let runs = runs(place.path(), &recorder, |reader, _| HooksThere {
            own: vec![hook(reader, "echo >>runs")],
            ..HooksThere::default()
        });
        for _ in 0..1000 {
            runs.happened(&[HookEvent::TurnEnded], &Happening::default());
        }
        assert_eq!(recorder.failed("hook_dropped"), 1000 - WAITING as u64 + 1);
        until("they run", || size(place.path(), "runs") >= WAITING).await;
        assert_eq!(recorder.failed("hook_failed"), 1);
    }

    #[tokio::test]
    async fn hooks_of_projects_leave_places_to_the_persons_own_and_what_waits_is_cut_with_the_host() {
        let place = tempfile::tempdir().unwrap();
        let recorder = Recorder::default();
        let runs = runs(place.path(), &recorder, |reader, directory| {
            let of_project = vec![hook(reader, "echo >>begun; exec sleep 20")];
            let own = vec![hook(reader, "echo >>own")];
            let none = HooksThere::default();
            if directory == Path::new("own") {
                HooksThere { own, ..none }
            } else {
                HooksThere { of_project, ..none }
            }
        });
        let other = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let runs = HookRuns { on: other.handle().clone(), ..runs };
        let (end, ended) = tokio::sync::oneshot::channel::<()>();
        let host = std::thread::spawn(move || other.block_on(ended));
        for _ in 0..2 * AT_ONCE {
            runs.happened(&[HookEvent::TurnEnded], &Happening::default());
        }
        until("those of the project begin", || size(place.path(), "begun") == OF_PROJECTS).await;
        runs.happened(
            &[HookEvent::TurnEnded],
            &Happening { directory: "own".into(), ..Happening::default() },
        );
        until("the person's own runs", || size(place.path(), "own") == 1).await;
        assert_eq!(size(place.path(), "begun"), OF_PROJECTS);
        until("it is over", || runs.places.available_permits() == AT_ONCE - OF_PROJECTS).await;
        end.send(()).unwrap();
        host.join().unwrap().unwrap();
        assert_eq!(recorder.failed("hook_cut"), 2 * AT_ONCE as u64 + 1);
    }

    #[tokio::test(start_paused = true)]
    async fn what_waited_for_longer_than_a_minute_is_dropped() {
        let place = tempfile::tempdir().unwrap();
        let recorder = Recorder::default();
        let runs = runs(place.path(), &recorder, |reader, _| HooksThere {
            own: vec![hook(reader, "echo >>runs")],
            ..HooksThere::default()
        });
        let taken = runs.places.acquire_many(u32::try_from(AT_ONCE).unwrap()).await.unwrap();
        runs.happened(&[HookEvent::TurnEnded], &Happening::default());
        tokio::time::advance(PATIENCE + Duration::from_secs(1)).await;
        drop(taken);
        while runs.waiting.load(Ordering::Relaxed) > 0 {
            tokio::task::yield_now().await;
        }
        assert_eq!((recorder.failed("hook_dropped"), size(place.path(), "runs")), (2, 0));
    }

    #[tokio::test]
    async fn a_hook_of_a_project_that_is_not_accepted_any_more_when_its_turn_comes_does_not_run() {
        let place = tempfile::tempdir().unwrap();
        let recorder = Recorder::default();
        let runs = runs(place.path(), &recorder, |reader, _| {
            let is_there = !reader.file.join("changed").exists();
            let of_project = is_there.then(|| hook(reader, "echo >>runs")).into_iter().collect();
            HooksThere { of_project, own: vec![hook(reader, "echo >>own")], fault: None }
        });
        let taken = runs.places.acquire_many(u32::try_from(AT_ONCE).unwrap()).await.unwrap();
        runs.happened(&[HookEvent::TurnEnded], &Happening::default());
        std::fs::write(place.path().join("changed"), "").unwrap();
        drop(taken);
        until("the person's own runs", || size(place.path(), "own") == 1).await;
        until("the other's turn comes", || runs.waiting.load(Ordering::Relaxed) == 0).await;
        until("both are over", || runs.places.available_permits() == AT_ONCE).await;
        assert_eq!((recorder.failed("hook_dropped"), size(place.path(), "runs")), (2, 0));
    }

    #[tokio::test]
    async fn a_configuration_that_cannot_be_read_is_said_again_after_it_was_well() {
        let recorder = Recorder::default();
        let place = tempfile::tempdir().unwrap();
        let runs = runs(place.path(), &recorder, |_, directory| HooksThere {
            fault: (directory == Path::new("broken")).then(|| "why".into()),
            ..HooksThere::default()
        });
        let said = ["broken", "broken", "well", "broken"].map(|directory| {
            runs.happened(&[], &Happening { directory: directory.into(), ..Happening::default() });
            runs.is_said.load(Ordering::Relaxed)
        });
        assert_eq!(said, [true, true, false, true]);
        assert_eq!(recorder.failed("hook_unread"), 4);
    }
}
