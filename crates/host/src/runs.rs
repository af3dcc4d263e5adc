//! Running turns: each session's conversation with its agent is kept until it is released; for each turn the history is read
//! from the store, and what the agent says goes to the loop. A panic in one ends that turn only.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::panic::AssertUnwindSafe;
use std::path::PathBuf;
use std::sync::{Arc, Weak};
use std::time::Duration;

use futures_util::future::{self, BoxFuture, Shared};
use futures_util::stream;
use futures_util::{FutureExt, StreamExt};
use q_agent::{
    Agent, AgentControl, AgentOffers, AgentSpec, BackgroundLine, Controls, Conversation, Seat, Turn,
};
use q_core::conversation::{self, Message};
use q_core::{
    AgentEvent, AgentFailure, Entry, EntryNo, FailureKind, ImagePlace, PlacedSeal, SessionId, TurnNo,
};
use q_store::{ByteRange, Store, StoreError};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::{JoinHandle, JoinSet};

use crate::agent_request::AgentRequest;
use crate::events::{BackgroundReport, RunEvent, RunReporter};
use crate::history::{Histories, SentHistory};
use crate::project_files::{PersonalFiles, ProjectReading};
use crate::summarising;

/// How long an agent may take to park a conversation. What it still holds then is dropped.
const RELEASE_TIME: Duration = Duration::from_secs(5);

/// Comes true when a conversation is parked, or was given up.
type Parked = Shared<BoxFuture<'static, ()>>;

/// The conversations that are open, at most one a session, and the turns that run in them.
pub(crate) struct Runs {
    store: Weak<dyn Store>,
    heard: mpsc::Sender<RunEvent>,
    goes_on: mpsc::UnboundedSender<BackgroundReport>,
    personal: PersonalFiles,
    open: BTreeMap<SessionId, OpenConversation>,
    /// What parks conversations, each of which ends in its time.
    parking: JoinSet<()>,
    histories: Arc<Histories>,
    /// Where files are kept as they were before tools change them, if anywhere.
    changes: Option<PathBuf>,
}

/// A conversation that is open, and for which seat.
struct OpenConversation {
    conversation: Arc<dyn Conversation>,
    /// How it was reached and what it was opened with: for anything else another one is opened.
    agent: AgentSpec,
    seat: Seat,
    /// The newest turn, which may be over.
    turn: TurnNo,
    task: JoinHandle<()>,
    /// The end of the conversation in whose place this one was opened: no turn runs here before.
    predecessor: Parked,
    controls: mpsc::UnboundedSender<AgentControl>,
}

impl OpenConversation {
    /// Whether a turn of that request may run in it. By what handle it was found does not matter once it is open.
    fn serves(&self, request: &AgentRequest) -> bool {
        let Seat { session, directory, environment, policy, changes: _, resume: _ } = &self.seat;
        let wanted = &request.seat;
        self.agent == request.agent
            && (session, directory, environment, policy)
                == (&wanted.session, &wanted.directory, &wanted.environment, &wanted.policy)
    }

    /// Stops the turn that runs and parks the conversation, beside the loop; says when that is done.
    fn park(self, beside: &mut JoinSet<()>) -> Parked {
        self.task.abort();
        let (end, ended) = oneshot::channel::<Infallible>();
        beside.spawn(async move {
            // Dropped whatever becomes of this task, so that nobody waits for it in vain.
            let _end = end;
            let _stopped = self.task.await;
            let parking = AssertUnwindSafe(self.conversation.release()).catch_unwind();
            if !matches!(tokio::time::timeout(RELEASE_TIME, parking).await, Ok(Ok(()))) {
                tracing::warn!(target: "q::turn", session = %self.seat.session, "an agent did not park in time");
            }
        });
        ended.map(drop).boxed().shared()
    }
}

impl Runs {
    pub(crate) fn new(
        store: Weak<dyn Store>,
        heard: mpsc::Sender<RunEvent>,
        goes_on: mpsc::UnboundedSender<BackgroundReport>,
        personal: PersonalFiles,
        changes: Option<PathBuf>,
    ) -> Self {
        Self {
            store,
            heard,
            goes_on,
            personal,
            open: BTreeMap::new(),
            parking: JoinSet::new(),
            histories: Arc::default(),
            changes,
        }
    }

    pub(crate) fn start(&mut self, request: AgentRequest) {
        let agent = request.agent.agent();
        self.start_with(request, &*agent);
    }

    fn start_with(&mut self, request: AgentRequest, agent: &dyn Agent) {
        let session = request.seat.session;
        let seat = Seat { changes: self.changes.clone(), ..request.seat.clone() };
        let Some(store) = self.store.upgrade() else { return }; // the host ends
        let kept = self.open.remove(&session);
        let (conversation, earlier, predecessor, seat) = match kept {
            Some(kept) if kept.serves(&request) => {
                kept.task.abort(); // over already, or its turn is
                (kept.conversation, Some(kept.task), kept.predecessor, kept.seat)
            }
            replaced => {
                let predecessor = match replaced {
                    Some(replaced) => self.park(replaced),
                    None => future::ready(()).boxed().shared(),
                };
                let conversation = agent.open(seat.clone());
                if let Some(running) = conversation.running() {
                    tokio::spawn(tell_what_goes_on(session, running, self.goes_on.clone()));
                }
                (conversation, None, predecessor, seat)
            }
        };
        let (controls, told) = mpsc::unbounded_channel();
        let told = stream::unfold(told, |mut told| async move { Some((told.recv().await?, told)) });
        let (turn, reach) = (request.turn, request.agent.clone());
        let (heard, histories) = (self.heard.clone(), Arc::clone(&self.histories));
        let personal = self.personal.clone();
        let (talks, before) = (Arc::clone(&conversation), predecessor.clone());
        let task = tokio::spawn(async move {
            // Never two turns of one session at once.
            before.await;
            if let Some(earlier) = earlier {
                let _over = earlier.await;
            }
            let reporter = RunReporter { session, turn, heard: &heard };
            let running = run(&request, talks, store, &histories, &personal, reporter, told.boxed());
            unless_it_panics(&request, &heard, running).await;
        });
        self.open.insert(
            session,
            OpenConversation { conversation, agent: reach, seat, turn, task, predecessor, controls },
        );
    }

    pub(crate) fn cancel(&mut self, session: SessionId, turn: TurnNo) {
        if let Some(open) = self.open.get(&session).filter(|open| open.turn == turn) {
            open.task.abort();
        }
    }

    /// Tells the agent of a turn something while it works. One that is gone hears nothing.
    pub(crate) fn control(&self, session: SessionId, turn: TurnNo, control: AgentControl) {
        if let Some(open) = self.open.get(&session).filter(|open| open.turn == turn) {
            let _agent_listens_no_longer = open.controls.send(control);
        }
    }

    /// What goes on in the background of a session, once the one of that number is ended, if one is named. One whose agent was
    /// not asked yet, or is parked, has none.
    pub(crate) fn processes(
        &self,
        session: SessionId,
        stop: Option<u64>,
    ) -> Result<Vec<BackgroundLine>, String> {
        let Some(open) = self.open.get(&session) else {
            return stop.map_or(Ok(Vec::new()), |number| Err(format!("there is no process {number} here")));
        };
        if let Some(number) = stop
            && !open.conversation.stop_process(number)?
        {
            return Err(format!("process {number} had ended already"));
        }
        Ok(open.conversation.processes())
    }

    /// What a session's agent lets people choose or type; nothing of one that was not asked yet, or is parked.
    pub(crate) fn offers(&self, session: SessionId) -> AgentOffers {
        self.open.get(&session).map(|open| open.conversation.offers()).unwrap_or_default()
    }

    /// Parks a session's conversation.
    pub(crate) fn release(&mut self, session: SessionId) {
        if let Some(open) = self.open.remove(&session) {
            let _parked = self.park(open);
        }
    }

    fn park(&mut self, conversation: OpenConversation) -> Parked {
        while self.parking.try_join_next().is_some() {} // what is done is forgotten
        conversation.park(&mut self.parking)
    }

    /// Waits so long until all that was released or replaced is parked; whether it is. For a host that ends.
    pub(crate) async fn are_parked_within(&mut self, time: Duration) -> bool {
        let all = async { while self.parking.join_next().await.is_some() {} };
        tokio::time::timeout(time, all).await.is_ok()
    }

    /// As if an agent were parked that never comes to an end.
    #[cfg(test)]
    pub(crate) fn park_for_ever(&mut self) {
        self.parking.spawn(future::pending());
    }
}

/// Tells the loop how many commands go on in a session's background whenever that changes, as long as its conversation is there.
async fn tell_what_goes_on(
    session: SessionId,
    mut running: watch::Receiver<usize>,
    tell: mpsc::UnboundedSender<BackgroundReport>,
) {
    while running.changed().await.is_ok() {
        let report = BackgroundReport { session, running: *running.borrow_and_update() };
        if tell.send(report).is_err() {
            return; // the host ends
        }
    }
}

/// Ends the turn, and nothing else, when running it panics.
async fn unless_it_panics(
    request: &AgentRequest,
    heard: &mpsc::Sender<RunEvent>,
    running: impl Future<Output = ()>,
) {
    if AssertUnwindSafe(running).catch_unwind().await.is_err() {
        tracing::error!(target: "q::turn", session = %request.seat.session, "an agent panicked");
        fail(request, heard, "it panicked").await;
    }
}

async fn run(
    request: &AgentRequest,
    conversation: Arc<dyn Conversation>,
    store: Arc<dyn Store>,
    histories: &Arc<Histories>,
    personal: &PersonalFiles,
    reporter: RunReporter<'_>,
    controls: Controls,
) {
    let session = request.seat.session;
    let histories = Arc::clone(histories);
    let is_shown = !request.compacts;
    let read = tokio::task::spawn_blocking(move || {
        let SentHistory { entries, seals, sent } = histories.read(&*store, session)?;
        // A summary is made of words: its request names images, and brings none.
        let messages = if is_shown { shown(&*store, session, &entries, seals)? } else { Vec::new() };
        Ok::<_, StoreError>((entries, messages, sent))
    });
    let (entries, messages, sent) = match read.await {
        Ok(Ok(read)) => read,
        Ok(Err(error)) => return fail(request, reporter.heard, &error.to_string()).await,
        Err(_) => return fail(request, reporter.heard, "the history could not be read").await,
    };
    if request.compacts {
        let messages = conversation::unseen(conversation::messages(&entries));
        return summarising::summarise(request, &*conversation, messages, sent, reporter).await;
    }
    let mut project = project(request, personal).await;
    let news = project.is_news(&entries).then(|| AgentEvent::ProjectFiles(project.files.clone()));
    let system_prompt = project.behind(&request.system_prompt);
    drop(entries);
    let beside = (system_prompt.len() as u64).saturating_add(conversation.overhead());
    let bytes = conversation::bytes(&messages).saturating_add(beside);
    let window = request.agent.window();
    let before = [Some(AgentEvent::Sent(sent)), news, Some(AgentEvent::Asked { bytes, window })];
    for event in before.into_iter().flatten() {
        if !reporter.report(event).await {
            return; // the host ends
        }
    }
    let AgentRequest { model, settings, .. } = request.clone();
    let servers = personal.servers.reading(&request.agent, &request.seat.directory).await;
    let skills = std::mem::take(&mut project.skills);
    let asked = Turn { no: request.turn, system_prompt, model, settings, servers, skills, messages };
    let mut events = conversation.turn(asked, controls);
    while let Some(event) = events.next().await {
        let event = if let AgentEvent::Call(call, facts) = event {
            let facts = personal.rules.with_rules(&call, facts).await;
            AgentEvent::Call(call, facts)
        } else {
            event
        };
        if !reporter.report(event).await {
            return; // the host ends
        }
    }
}

/// What of the project goes along, where its agent takes that.
async fn project(request: &AgentRequest, personal: &PersonalFiles) -> ProjectReading {
    if request.agent.takes_project_files() {
        let AgentRequest { agent, seat, .. } = request;
        personal.projects.reading(&seat.directory, agent.window(), agent.reads_skills()).await
    } else {
        ProjectReading::default()
    }
}

/// The messages that these entries make, with the images that go with them read.
fn shown(
    store: &dyn Store,
    session: SessionId,
    entries: &[Entry],
    seals: Vec<PlacedSeal>,
) -> Result<Vec<Message>, StoreError> {
    conversation::shown(
        conversation::sealed_messages(entries, seals),
        |ImagePlace { record, from }, length| {
            let bytes = usize::try_from(length).unwrap_or(usize::MAX);
            store.result(session, ByteRange { entry: EntryNo(record.0), from, bytes })
        },
    )
}

async fn fail(request: &AgentRequest, heard: &mpsc::Sender<RunEvent>, why: &str) {
    let (session, turn) = (request.seat.session, request.turn);
    let _host_gone = RunReporter { session, turn, heard }.report(AgentEvent::Failed(internal(why))).await;
}

fn internal(detail: &str) -> AgentFailure {
    AgentFailure { kind: FailureKind::Internal, detail: detail.to_owned() }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic, reason = "tests may panic")]
    use std::sync::Mutex;

    use futures_util::stream::BoxStream;
    use q_core::ResumeHandle;

    use super::*;

    /// What becomes of conversations, in order.
    #[derive(Clone, Default)]
    struct Diary(Arc<Mutex<Vec<&'static str>>>);

    impl Diary {
        fn note(&self, what: &'static str) {
            self.0.lock().unwrap().push(what);
        }
    }

    /// An agent that writes a diary; a turn of it says its handle and never ends.
    struct Keeper(Diary);

    impl Agent for Keeper {
        fn open(&self, _seat: Seat) -> Arc<dyn Conversation> {
            self.0.note("opened");
            Arc::new(Self(self.0.clone()))
        }
    }

    impl Conversation for Keeper {
        fn turn(&self, _: Turn, _: Controls) -> BoxStream<'static, AgentEvent> {
            self.0.note("turn");
            let handle = AgentEvent::Resume(ResumeHandle("m".into()));
            stream::iter([handle]).chain(stream::pending()).boxed()
        }

        fn release(&self) -> BoxFuture<'static, ()> {
            self.0.note("released");
            future::ready(()).boxed()
        }
    }

    fn request(turn: u64, policy: q_core::Policy) -> AgentRequest {
        AgentRequest {
            seat: Seat { policy, ..Seat::of(SessionId(1)) },
            turn: TurnNo(turn),
            agent: AgentSpec::Guide,
            model: String::new(),
            settings: q_core::Settings::default(),
            system_prompt: String::new(),
            compacts: false,
        }
    }

    #[tokio::test]
    async fn a_conversation_is_kept_between_turns_until_its_seat_changes_or_it_is_released() {
        let store: Arc<dyn Store> = Arc::new(q_store::MemoryStore::default());
        let (heard, mut hear) = mpsc::channel(4);
        let mut runs = Runs::new(
            Arc::downgrade(&store),
            heard,
            mpsc::unbounded_channel().0,
            PersonalFiles::none(),
            None,
        );
        let diary = Diary::default();
        let keeper = Keeper(diary.clone());
        for (turn, policy) in [(1, q_core::Policy::Ask), (2, q_core::Policy::Ask), (3, q_core::Policy::Deny)]
        {
            runs.start_with(request(turn, policy), &keeper);
            loop {
                let told = hear.recv().await.unwrap();
                if told.turn == TurnNo(turn) && matches!(told.event, AgentEvent::Resume(_)) {
                    break;
                }
            }
            runs.cancel(SessionId(1), TurnNo(turn));
        }
        runs.release(SessionId(1));
        runs.release(SessionId(1));
        assert!(runs.are_parked_within(RELEASE_TIME).await);
        let happened = diary.0.lock().unwrap().clone();
        assert_eq!(happened, ["opened", "turn", "turn", "opened", "released", "turn", "released"]);
    }

    /// An agent whose conversations park once this many permits are given.
    struct Slow(Arc<tokio::sync::Semaphore>);

    impl Agent for Slow {
        fn open(&self, _seat: Seat) -> Arc<dyn Conversation> {
            Arc::new(Self(Arc::clone(&self.0)))
        }
    }

    impl Conversation for Slow {
        fn turn(&self, _: Turn, _: Controls) -> BoxStream<'static, AgentEvent> {
            stream::pending().boxed()
        }

        fn release(&self) -> BoxFuture<'static, ()> {
            let parks = Arc::clone(&self.0);
            async move { parks.acquire().await.unwrap().forget() }.boxed()
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_host_that_ends_waits_for_a_conversation_that_was_replaced_too() {
        let store: Arc<dyn Store> = Arc::new(q_store::MemoryStore::default());
        let (heard, mut hear) = mpsc::channel(4);
        let mut runs = Runs::new(
            Arc::downgrade(&store),
            heard,
            mpsc::unbounded_channel().0,
            PersonalFiles::none(),
            None,
        );
        let parks = Arc::new(tokio::sync::Semaphore::new(0));
        let slow = Slow(Arc::clone(&parks));
        runs.start_with(request(1, q_core::Policy::Ask), &slow);
        assert!(matches!(hear.recv().await.unwrap().event, AgentEvent::Sent(_)));
        assert!(matches!(hear.recv().await.unwrap().event, AgentEvent::Asked { .. }));
        // Its seat has changed. The turn that waits for it is given up, and so is the next one's task.
        for turn in [2, 3] {
            runs.start_with(request(turn, q_core::Policy::Deny), &slow);
            runs.cancel(SessionId(1), TurnNo(turn));
        }
        runs.start_with(request(4, q_core::Policy::Deny), &slow);
        assert!(!runs.are_parked_within(Duration::from_secs(1)).await, "it is parking still");
        assert!(hear.try_recv().is_err(), "no turn begins before that");
        parks.add_permits(1);
        assert!(runs.are_parked_within(Duration::from_secs(1)).await);
        let told = hear.recv().await.unwrap();
        assert_eq!((told.turn, matches!(told.event, AgentEvent::Sent(_))), (TurnNo(4), true));
    }

    #[tokio::test]
    async fn a_panic_ends_its_turn_and_nothing_else() {
        let (heard, mut hear) = mpsc::channel(4);
        let request = request(2, q_core::Policy::Ask);
        unless_it_panics(&request, &heard, async { panic!("as a test does") }).await;
        let told = hear.recv().await.unwrap();
        assert_eq!((told.session, told.turn), (SessionId(1), TurnNo(2)));
        let AgentEvent::Failed(failure) = told.event else { panic!("{:?}", told.event) };
        assert_eq!(failure.kind, FailureKind::Internal);
        unless_it_panics(&request, &heard, async {}).await;
        drop(heard);
        assert!(hear.recv().await.is_none(), "nothing is said for one that does not panic");
    }
}
