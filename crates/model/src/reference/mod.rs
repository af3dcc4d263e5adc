//! A second multiplexer, as naive as can be: lists that are scanned, nothing derived that is kept.
//!
//! It is told what the core is told and must agree with it after every step. It shares the plain data of the core's
//! interface (ids, inputs, limits) and no rule: each stands here anew, as the documents and scenarios say it, so that a mistake
//! has to be made twice to stay unseen. What it takes for granted: a disk that never fails, ids that are never used again,
//! answers of the store that are not late, and histories that fit into memory.
//!
//! Not here: numbers of entries. Those are the core's to choose; the model learns them like any client
//! ([`Model::number`]) and only checks that they rise.

mod budget;
mod compaction;
mod deeds;
mod names;
mod picture;
mod places;
mod prompts;
mod residence;
mod reversal;
pub mod rules;
mod session;
mod settings;
mod turns;
mod window;
mod wishes;

pub use deeds::{Answered, Deed, deeds, new_entries};
pub use picture::{Picture, pictures};

use std::collections::BTreeMap;

use q_core::{
    AgentFailure, CallNo, ClientId, Command, Compaction, Digest, EntryNo, Input, Instant, Interrupter,
    Limits, Now, Outcome, PlanStep, Policy, Presence, ProjectFiles, PromptNo, ReplyTo, ResumeHandle,
    Retrying, Reversed, Sent, SessionId, SessionInView, Sources, Token, ToolRule, TurnNo, Usage, WallTime,
    Wants,
};

/// All sessions and clients, as lists.
#[derive(Clone, Debug)]
pub struct Model {
    limits: Limits,
    now: Now,
    sessions: Vec<Session>,
    clients: Vec<Client>,
    waking: Vec<Waking>,
    /// Sessions whose files are being put back, and who waits for that.
    reversing: Vec<(SessionId, ReplyTo)>,
    /// What goes on beside live sessions.
    background: BTreeMap<SessionId, u32>,
    /// The resident memory of the host's process.
    resident_memory: u64,
    /// Since when nobody is attached and nothing runs.
    deserted: Option<Instant>,
    stopping: bool,
    /// What this step did so far.
    deeds: Vec<Deed>,
}

/// An attached client and what it shows.
#[derive(Clone, Debug)]
struct Client {
    id: ClientId,
    shows: Vec<SessionInView>,
}

/// A session that is being read, and who waits for it.
#[derive(Clone, Debug)]
struct Waking {
    session: SessionId,
    wishes: Vec<(ReplyTo, Command)>,
}

/// A session, whole, whether it is in memory or not.
#[derive(Clone, Debug)]
struct Session {
    id: SessionId,
    parent: Option<SessionId>,
    label: Label,
    named_by: NamedBy,
    agent: Agent,
    terms: Terms,
    presence: Presence,
    trashed: Option<WallTime>,
    entries: Vec<Entry>,
    typed: Typed,
    turns: u64,
    turn: Option<Turn>,
    usage: Usage,
    spending: Spending,
    /// How full its model's window is, and what that holds, where anybody knows.
    window: Option<Window>,
    /// Turns in which it was summarised.
    compactions: Vec<u64>,
    /// What of it was sent last, once something was left out.
    sent: Option<Sent>,
    /// Somebody wants to come back, though all was read.
    marked: bool,
    /// The turn of which somebody said that they know how it ended.
    acknowledged: Option<u64>,
    times: Times,
}

/// What a session cost here, and not where it was before.
#[derive(Clone, Copy, Debug, Default)]
struct Spending {
    in_all: u64,
    /// The day of UTC on which it last cost something, and what.
    on_day: (u64, u64),
}

/// Settings by their names.
type Set = BTreeMap<String, String>;

/// By what people find a session, and whether they want it kept at hand.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Label {
    name: String,
    slot: u32,
    tags: Vec<String>,
    pinned: bool,
}

/// How a session's turns are asked, and what its tools may do.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Terms {
    policy: Policy,
    settings: Set,
    rules: Vec<ToolRule>,
}

/// What the person typed in it.
#[derive(Clone, Debug, Default)]
struct Typed {
    draft: String,
    queue: Vec<Prompt>,
    /// The prompt that was run last.
    last: Option<Prompt>,
    /// How many prompts were taken so far.
    prompts: u64,
    /// Which prompt each submission made.
    tokens: Vec<(Token, PromptNo)>,
}

/// When it came, when something happened in it, and when somebody was there last.
#[derive(Clone, Copy, Debug)]
struct Times {
    created: WallTime,
    touched: WallTime,
    used: Instant,
}

/// Who answers in it.
#[derive(Clone, Debug)]
struct Agent {
    name: String,
    /// Whether somebody said how it is reached.
    reached: bool,
    /// Whether it was asked here and not parked since.
    seated: bool,
    told: Told,
}

/// What an agent told of itself, as last told.
#[derive(Clone, Debug, Default)]
struct Told {
    /// Why it stopped in the last turn.
    reason: String,
    /// Which model it said that it is.
    answering: String,
    /// By what it is found again.
    resume: Option<ResumeHandle>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum NamedBy {
    Nobody,
    Prompt,
    Person,
}

#[derive(Clone, Debug)]
struct Prompt {
    no: PromptNo,
    text: String,
}

/// The turn that runs.
#[derive(Clone, Debug)]
struct Turn {
    no: TurnNo,
    /// Since when it waits for a permit; `None` once its agent was asked.
    held: Option<Instant>,
    /// The summary, where it is to summarise the conversation and has no prompt.
    summary: Option<SummarySoFar>,
    filling: Filling,
    steerable: bool,
    usage: Usage,
    uncounted: Uncounted,
    reason: String,
    /// Since when the last entry has text that is not written.
    unwritten: Option<Instant>,
    /// Calls that ran by themselves since the person last answered.
    unasked: u32,
    /// Until when its agent waits to ask again, and why.
    retrying: Option<Retrying>,
    /// What its answer rests on, as far as it was told.
    sources: Sources,
    /// Something was sealed behind the last words of its answer; and more than is kept.
    is_sealed_off: bool,
    seals_are_out: bool,
}

/// A summary that is being said, and how many of the oldest entries it knows nothing of.
#[derive(Clone, Debug, Default)]
struct SummarySoFar {
    text: String,
    left_out: u64,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Ending {
    Done,
    Interrupted(Interrupter),
    Failed(AgentFailure),
}

#[derive(Clone, Debug)]
struct Entry {
    no: Option<EntryNo>,
    at: WallTime,
    /// Of which turn; 0 when it was another session's.
    turn: TurnNo,
    what: What,
    text: String,
    /// Bytes that a crash leaves.
    written: usize,
    /// Bytes that were shown with the end in sight; `None` before.
    read: Option<usize>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum What {
    Prompt,
    Answer,
    Thinking,
    Call(Call),
    /// Of the call at this place in the list.
    Result {
        of: usize,
        outcome: Outcome,
        kept: u64,
        whole: u64,
    },
    Stop(Ending),
    LeftOut(Sent),
    /// Of the call at this place in the list.
    Output {
        of: usize,
    },
    Plan(Vec<PlanStep>),
    Sources(Sources),
    SealsTooLong,
    ProjectFiles(ProjectFiles),
    AnswerTorn(u64),
    /// That the last answer is gone on with.
    Continued,
    Compaction(Compaction),
    Reversed(Reversed),
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Call {
    no: CallNo,
    tool: String,
    digest: Digest,
    wants: Wants,
    /// What *always* would mean for it, where that can be said.
    always: Option<ToolRule>,
    state: CallState,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum CallState {
    Waits { since: Instant },
    Runs,
    Over,
}

/// How much of its model's window a conversation takes, as the naive one counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Window {
    tokens: u64,
    of: u64,
    bytes: u64,
}

/// By what a turn fills the window, since its agent was asked last.
#[derive(Clone, Copy, Debug, Default)]
struct Filling {
    /// Bytes that its agent was asked with, and tokens that its model takes at once.
    asked: (u64, u64),
    /// What the turn had cost by then.
    spent: Usage,
    /// Bytes since then of answers, calls and words of the person's.
    said: u64,
    /// Bytes since then of results.
    results: u64,
    /// How full the window was before, where it was asked more than once.
    before: Option<Window>,
}

/// By what is guessed what a turn costs of which nobody tells.
#[derive(Clone, Copy, Debug, Default)]
struct Uncounted {
    /// Whether its agent said what it costs, since it was last asked.
    is_told: bool,
    /// What it cost before that of which nobody told.
    guessed: u64,
    /// Bytes that the agent had said by then.
    said_before: u64,
    /// Whether the host died in it.
    is_cut: bool,
}

impl Model {
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            now: Now::default(),
            sessions: Vec::new(),
            clients: Vec::new(),
            waking: Vec::new(),
            reversing: Vec::new(),
            background: BTreeMap::new(),
            resident_memory: 0,
            deserted: None,
            stopping: false,
            deeds: Vec::new(),
        }
    }

    /// Takes one input in; gives what it did, sorted.
    pub fn handle(&mut self, now: Now, input: &Input) -> Vec<Deed> {
        let before = std::mem::replace(&mut self.now, now).wall;
        if *input != Input::Started {
            self.do_what_is_due(before); // ages count from the start on
        }
        // What is due comes first, as if the host had been woken in time.
        self.take(input);
        self.empty_trash();
        self.ask_whom_it_can();
        self.shed_memory();
        let live: Vec<SessionId> = self.live().into_iter().map(|at| self.sessions[at].id).collect();
        self.background.retain(|id, _| live.contains(id));
        self.watch_desertion();
        let mut deeds = std::mem::take(&mut self.deeds);
        deeds.sort();
        deeds
    }

    /// The host dies: what was not written is gone, and with it whatever concerns clients and agents.
    pub fn crash(&mut self) {
        self.clients.clear();
        self.waking.clear();
        self.reversing.clear();
        self.background.clear();
        self.resident_memory = 0;
        self.deserted = None;
        self.stopping = false;
        self.sessions.iter_mut().for_each(Session::lose_unwritten);
    }

    /// Takes over the numbers that the core gave to new entries.
    pub fn number(&mut self, told: &BTreeMap<SessionId, Vec<EntryNo>>) -> Result<(), String> {
        for session in &mut self.sessions {
            let numbers = told.get(&session.id).map_or(&[][..], Vec::as_slice);
            let mut last = session.entries.iter().filter_map(|entry| entry.no).max().unwrap_or_default();
            let new: Vec<_> = session.entries.iter_mut().filter(|entry| entry.no.is_none()).collect();
            if new.len() != numbers.len() {
                let (id, model, core) = (session.id, new.len(), numbers.len());
                return Err(format!("{id}: the core told of {core} new entries, the model has {model}"));
            }
            for (entry, &no) in new.into_iter().zip(numbers) {
                if no <= last {
                    return Err(format!("{}: entry {no} comes after entry {last}", session.id));
                }
                last = no;
                entry.no = Some(no);
            }
        }
        Ok(())
    }

    /// What the person said in a session that its agent is sent now, in order.
    pub fn words_sent(&self, id: SessionId) -> Vec<String> {
        let session = self.sessions.iter().find(|session| session.id == id);
        session
            .map(|session| session.words_sent().into_iter().map(str::to_owned).collect())
            .unwrap_or_default()
    }

    fn do_what_is_due(&mut self, before: WallTime) {
        self.write_what_waited();
        self.expire_calls();
        self.begin_day(before);
        self.hibernate_unused();
        self.empty_trash();
        self.leave_if_deserted();
    }

    fn take(&mut self, input: &Input) {
        match input {
            Input::Started => self.take_up(),
            Input::Stopping => self.stop(),
            Input::Attached(client) => self.attach(*client),
            Input::Detached(client) => self.detach(*client),
            Input::Showing { client, session, at_end, beside } => {
                let first = session.map(|session| SessionInView { session, at_end: *at_end });
                let beside = beside.iter().copied().take(SessionInView::MOST);
                self.show(*client, &first.into_iter().chain(beside).collect::<Vec<_>>());
            }
            Input::Wish { to, command } => self.grant(*to, command.clone()),
            Input::Loaded { session, stored } => self.loaded(*session, stored.is_ok()),
            Input::Offered { session, agent } => self.offered(*session, agent),
            Input::NotBound { session, turn } => self.not_bound(*session, *turn),
            Input::Reversed { session, redo, outcome } => self.reversed(*session, *redo, outcome),
            Input::Memory { bytes } => self.weigh(*bytes),
            Input::Background { session, running } => self.goes_on(*session, *running),
            Input::Agent { session, turn, event } => self.on_agent_event(*session, *turn, event.clone()),
            Input::Tick => {}
        }
    }

    fn take_up(&mut self) {
        for at in self.live() {
            self.note(at);
            if self.sessions[at].turn.is_some() {
                self.end(at, Ending::Interrupted(Interrupter::Crash));
            }
        }
    }

    fn stop(&mut self) {
        for at in self.live() {
            self.cut(at, Interrupter::Stop);
            self.release(at);
        }
        for waking in std::mem::take(&mut self.waking) {
            for (to, _) in waking.wishes {
                self.reply(to, Answered::Refused("stopping"));
            }
        }
        for (_, to) in std::mem::take(&mut self.reversing) {
            self.reply(to, Answered::Refused("stopping"));
        }
        self.stopping = true;
    }

    fn attach(&mut self, id: ClientId) {
        if self.clients.iter().all(|client| client.id != id) {
            self.clients.push(Client { id, shows: Vec::new() });
        }
    }

    fn detach(&mut self, id: ClientId) {
        self.show(id, &[]);
        self.clients.retain(|client| client.id != id);
    }

    /// Whatever a client leaves was used, and read as far as it was shown; so is what it turns to.
    fn show(&mut self, id: ClientId, shows: &[SessionInView]) {
        let Some(place) = self.clients.iter().position(|client| client.id == id) else { return };
        for shown in self.clients[place].shows.clone() {
            self.look(shown);
        }
        self.clients[place].shows = shows.to_vec();
        for shown in shows {
            self.look(*shown);
        }
    }

    fn look(&mut self, shown: SessionInView) {
        let Some(at) = self.find(shown.session) else { return };
        self.note(at);
        if shown.at_end {
            self.read_if_watched(at);
        }
    }

    fn find(&self, id: SessionId) -> Option<usize> {
        self.sessions.iter().position(|session| session.id == id)
    }

    /// Where the live ones stand in the list.
    fn live(&self) -> Vec<usize> {
        (0..self.sessions.len()).filter(|&at| self.sessions[at].presence == Presence::Live).collect()
    }

    fn in_view(&self) -> impl Iterator<Item = &SessionInView> {
        self.clients.iter().flat_map(|client| &client.shows)
    }

    fn is_shown(&self, id: SessionId) -> bool {
        self.in_view().any(|shown| shown.session == id)
    }

    fn is_watched(&self, id: SessionId) -> bool {
        self.in_view().any(|shown| shown.session == id && shown.at_end)
    }

    /// What a client shows to its end is read, once there is something to show.
    fn read_if_watched(&mut self, at: usize) {
        if self.is_watched(self.sessions[at].id) && self.sessions[at].presence == Presence::Live {
            self.write(at);
            self.sessions[at].read();
        }
    }

    /// Somebody uses the session, or something of it is written.
    fn note(&mut self, at: usize) {
        self.sessions[at].times.used = self.now.mono;
    }

    /// Something happened in the conversation.
    fn happened(&mut self, at: usize) {
        self.note(at);
        self.sessions[at].times.touched = self.now.wall;
    }

    fn reply(&mut self, to: ReplyTo, answer: Answered) {
        self.deeds.push(Deed::Reply { client: to.client, request: to.request, answer });
    }
}
