//! What a client knows and waits for, without any I/O: its mirror, its requests and their answers, and what of them is
//! delivered again when a host is gone.
//!
//! Messages come in by [`ClientState::on_message`], and go out by [`ClientState::next_message`]; how they travel, and when
//! the next host is looked for, is the caller's. So a terminal, a script and a simulated client run the same code.

use std::collections::{BTreeMap, VecDeque};

use q_core::{Command, Mirror, NameFault, NewImage, PromptWay, SessionId, Snapshot, Token, Update};
use q_proto::message::{Hello, NamedAgent, Status};
use q_proto::shaping::ToolEnvironment;
use q_proto::{ClientMessage, HostMessage, Refused, Request, Response};

use crate::acknowledged::Acknowledged;
use crate::bringing::Bringing;

/// A prompt on its way. The token makes it safe to deliver it again: whoever has it already knows it by that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prompt {
    pub session: SessionId,
    /// What makes it this prompt and no other.
    pub token: Token,
    pub text: String,
    /// What goes with it.
    pub images: Vec<NewImage>,
    /// How it is delivered.
    pub way: PromptWay,
}

impl Prompt {
    fn command(&self) -> Command {
        Command::prompt(self.session, self.token, self.text.clone(), self.images.clone(), self.way)
    }
}

/// What a message of the host means for the client's owner. `W` is what the owner waits for.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "one at a time, and the large one is what is waited for")]
pub enum News<W> {
    /// The mirror changed, or nothing did.
    Changed,
    /// The mirror is whole for the first time, or again.
    Whole,
    /// A request was answered.
    Answered {
        request: u64,
        /// What waited for it.
        waiting: W,
        /// The prompt that it delivered, if it did.
        prompt: Option<Prompt>,
        /// What came of it.
        answer: Result<Response, Refused>,
    },
    /// An answer to nothing that waits for one.
    Unasked {
        /// The number it names.
        request: u64,
    },
    Going {
        why: String,
        /// Whether another one is to be started at once, or it was told to stop.
        restart: bool,
    },
}

/// A request that has no answer yet.
#[derive(Debug)]
struct Unanswered<W> {
    /// What its owner waits for; nothing where the client asks for itself.
    waiting: Option<W>,
    /// The prompt it delivers, kept whole: if this host dies before it answers, the next one gets it.
    prompt: Option<Prompt>,
}

/// A request on its way out.
#[derive(Debug)]
struct Outgoing {
    id: u64,
    request: Request,
    /// The agent that it brings, by its name.
    brings: Option<String>,
}

/// A client of one host; and of the next one, what its predecessor left unanswered.
#[derive(Debug)]
pub struct ClientState<W> {
    pub mirror: Mirror,
    last_request: u64,
    unanswered: BTreeMap<u64, Unanswered<W>>,
    /// Prompts that no host before has answered.
    undelivered: Vec<(Prompt, W)>,
    outgoing: VecDeque<Outgoing>,
    bringing: Bringing,
    acknowledged: Acknowledged,
    /// Whether this host lacks what an earlier one acknowledged: it is told now, and not again.
    has_missed: bool,
    /// Updates the mirror took, where they are kept.
    updates: Option<Vec<Update>>,
}

impl<W> ClientState<W> {
    /// A client that can reach these agents, and has heard nothing yet.
    pub fn new(agents: Vec<NamedAgent>) -> Self {
        Self {
            mirror: Mirror::default(),
            last_request: 0,
            unanswered: BTreeMap::new(),
            undelivered: Vec::new(),
            outgoing: VecDeque::new(),
            bringing: Bringing::new(agents),
            acknowledged: Acknowledged::default(),
            has_missed: false,
            updates: None,
        }
    }

    /// What lines for the shell get of this client's environment.
    pub fn set_environment(&mut self, environment: ToolEnvironment) {
        self.bringing.environment = Some(environment);
    }

    /// What is said to the next host first; with `watch`, so that the mirror is fed.
    pub fn hello(&self, watch: bool) -> Hello {
        Hello { acknowledged: self.acknowledged.named(), ..Hello::new(watch) }
    }

    /// How the host was when it welcomed this client.
    pub fn welcomed(&mut self, host: &Status) {
        if !host.missed.is_empty() {
            self.has_missed = true;
            self.acknowledged = Acknowledged::default();
        }
    }

    /// Goes on where `before` ended, whose host is gone: prompts that it did not answer are kept, to be delivered again.
    /// Gives back what else waited: whether that came through is for its owner to see.
    #[must_use = "what waited is told that nobody answers"]
    pub fn take_over(&mut self, before: Self) -> Vec<W> {
        if !self.has_missed {
            self.acknowledged.take_over(before.acknowledged);
        }
        self.undelivered.extend(before.undelivered);
        let mut given_back = Vec::new();
        for Unanswered { waiting, prompt } in before.unanswered.into_values() {
            match (prompt, waiting) {
                (Some(prompt), Some(waiting)) => self.undelivered.push((prompt, waiting)),
                (None, Some(waiting)) => given_back.push(waiting),
                (_, None) => {}
            }
        }
        given_back
    }

    /// Delivers to this host the prompts that no host before has answered, in their order and under their tokens.
    pub fn deliver_again(&mut self) {
        for (prompt, waiting) in std::mem::take(&mut self.undelivered) {
            self.submit(prompt, waiting);
        }
    }

    /// Asks for something; gives its number.
    pub fn request(&mut self, request: Request, waiting: W) -> u64 {
        self.ask(request, Unanswered { waiting: Some(waiting), prompt: None })
    }

    /// Delivers a prompt; gives the number of the request that does.
    pub fn submit(&mut self, prompt: Prompt, waiting: W) -> u64 {
        let request = prompt.command().into();
        self.ask(request, Unanswered { waiting: Some(waiting), prompt: Some(prompt) })
    }

    /// Every request goes out here: with it, or before it, what it needs and the host lacks.
    fn ask(&mut self, mut request: Request, unanswered: Unanswered<W>) -> u64 {
        if let Some(before) = self.bringing.prepare(&mut request) {
            self.number(before, Unanswered { waiting: None, prompt: None });
        }
        self.number(request, unanswered)
    }

    fn number(&mut self, mut request: Request, unanswered: Unanswered<W>) -> u64 {
        self.last_request += 1;
        let id = self.last_request;
        self.unanswered.insert(id, unanswered);
        let brings = self.bringing.brought_by(&mut request);
        self.outgoing.push_back(Outgoing { id, request, brings });
        id
    }

    /// The next message that is to be sent.
    pub fn next_message(&mut self) -> Option<ClientMessage> {
        let Outgoing { id, request, .. } = self.outgoing.pop_front()?;
        Some(ClientMessage::Request { id, request })
    }

    /// The agent that the next message brings: its key may have to be fetched first.
    pub fn next_brings(&self) -> Option<&str> {
        self.outgoing.front()?.brings.as_deref()
    }

    /// The key of an agent became known: it goes with all that brings that agent from here on.
    pub fn know_key(&mut self, agent: &str, key: &str) {
        self.bringing.know(agent, key);
        let waiting = self.outgoing.iter_mut().filter(|out| out.brings.as_deref() == Some(agent));
        for Outgoing { request, .. } in waiting {
            if let Request::SetAgent { agent, .. } = request {
                agent.reach.set_key(key);
            } else if let Request::Command { reach: Some(reach), .. } = request {
                reach.set_key(key);
            }
        }
    }

    /// The next message cannot be sent, since the agent that it brings cannot be brought: what was asked is refused.
    pub fn refuse_next(&mut self, why: Refused) -> Option<News<W>> {
        loop {
            let Outgoing { id, request, .. } = self.outgoing.pop_front()?;
            if let Request::SetAgent { session, .. } = request {
                self.bringing.still_wanted(session.into());
            }
            // An agent alone is brought for the request behind it.
            if let Some(Unanswered { waiting: Some(waiting), prompt }) = self.unanswered.remove(&id) {
                return Some(News::Answered { request: id, waiting, prompt, answer: Err(why) });
            }
        }
    }

    /// A request could not be sent: nobody will answer it. Gives back what waited for that.
    pub fn withdraw(&mut self, request: u64) -> Option<W> {
        self.unanswered.remove(&request)?.waiting
    }

    /// The host said something. What follows from it for the host is to be sent afterwards.
    pub fn on_message(&mut self, message: HostMessage) -> Result<News<W>, NameFault> {
        self.bringing.follow(&message);
        Ok(match message {
            HostMessage::Snapshot(shot) => {
                self.mirror.load(Snapshot::try_from(shot)?);
                News::Changed
            }
            HostMessage::Update(piece) => {
                let update = Update::try_from(piece)?;
                self.acknowledged.follow(&update);
                if let Some(updates) = &mut self.updates {
                    updates.push(update.clone());
                }
                if let Err(missed) = self.mirror.apply(update) {
                    let again = Request::Resync { session: missed.0.into() };
                    self.number(again, Unanswered { waiting: None, prompt: None });
                }
                News::Changed
            }
            HostMessage::Ready => News::Whole,
            HostMessage::Reply { id, answer } => self.on_reply(id, answer),
            HostMessage::Going { why, restart } => News::Going { why, restart },
            HostMessage::Welcome(host) => {
                self.welcomed(&host);
                News::Changed
            }
            HostMessage::Unwelcome { .. } => News::Changed, // said once, instead of a welcome
        })
    }

    fn on_reply(&mut self, request: u64, answer: Result<Response, Refused>) -> News<W> {
        let Some(Unanswered { waiting, prompt }) = self.unanswered.remove(&request) else {
            return News::Unasked { request };
        };
        if let (Some(prompt), Ok(Response::Accepted(number))) = (&prompt, &answer) {
            self.acknowledged.note(prompt.session, *number);
        }
        match waiting {
            Some(waiting) => News::Answered { request, waiting, prompt, answer },
            None => News::Changed,
        }
    }

    /// The prompts that no host has answered, the oldest first.
    pub fn prompts(&self) -> impl Iterator<Item = &Prompt> {
        let undelivered = self.undelivered.iter().map(|(prompt, _)| prompt);
        undelivered.chain(self.unanswered.values().filter_map(|unanswered| unanswered.prompt.as_ref()))
    }

    /// How many answers are waited for.
    pub fn waits_for(&self) -> usize {
        self.unanswered.len()
    }

    /// Whether the host said anything of that session.
    pub fn has_seen(&self, session: SessionId) -> bool {
        self.bringing.has_seen(session)
    }

    /// Keeps updates from here on, for [`ClientState::take_updates`].
    pub fn keep_updates(&mut self) {
        self.updates.get_or_insert_default();
    }

    /// The updates since they were last taken, in order.
    pub fn take_updates(&mut self) -> Vec<Update> {
        self.updates.as_mut().map(std::mem::take).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::panic, reason = "tests may panic")]
    use q_proto::Id;

    use super::*;

    const SESSION: SessionId = SessionId(5);

    fn prompt(token: u128) -> Prompt {
        let (text, images) = (format!("{token}?"), Vec::new());
        Prompt { session: SESSION, token: Token(token), text, images, way: PromptWay::Ask }
    }

    /// What is sent, as number and request.
    fn sent<W>(client: &mut ClientState<W>) -> Vec<(u64, Request)> {
        let messages = std::iter::from_fn(|| client.next_message());
        let asked = |message| {
            let ClientMessage::Request { id, request } = message else { panic!("{message:?} is no request") };
            (id, request)
        };
        messages.map(asked).collect()
    }

    fn tokens<W>(client: &mut ClientState<W>) -> Vec<u128> {
        let token = |request| {
            let Request::Command { command: Command::Submit { token, .. }, .. } = request else {
                panic!("{request:?} submits nothing");
            };
            token.0
        };
        sent(client).into_iter().map(|(_, request)| token(request)).collect()
    }

    fn accepted(id: u64, number: u64) -> HostMessage {
        HostMessage::Reply { id, answer: Ok(Response::Accepted(number)) }
    }

    #[test]
    fn what_a_host_did_not_answer_is_delivered_to_the_next_in_order_and_all_else_given_back() {
        let mut first = ClientState::new(Vec::new());
        for (token, waiting) in [(1, "one"), (2, "two"), (3, "three")] {
            first.submit(prompt(token), waiting);
        }
        first.request(Request::List, "list");
        assert_eq!(sent(&mut first).len(), 4);
        assert!(matches!(
            first.on_message(accepted(2, 7)),
            Ok(News::Answered { request: 2, waiting: "two", prompt: Some(_), answer: Ok(_) })
        ));
        assert!(matches!(first.on_message(accepted(2, 7)), Ok(News::Unasked { request: 2 })));
        assert_eq!(first.hello(true).acknowledged, [(Id(5), 7)]);

        // The second goes before anything was delivered to it; the third is told all of it once.
        let mut second = ClientState::new(Vec::new());
        assert_eq!(second.take_over(first), ["list"]);
        second.submit(prompt(4), "four");
        let mut third = ClientState::new(Vec::new());
        assert!(third.take_over(second).is_empty());
        assert_eq!(third.prompts().map(|prompt| prompt.token.0).collect::<Vec<_>>(), [1, 3, 4]);
        third.deliver_again();
        assert_eq!(tokens(&mut third), [1, 3, 4]);
        third.deliver_again();
        assert!(sent(&mut third).is_empty(), "once is enough");
        assert_eq!(third.waits_for(), 3);
        assert_eq!(third.hello(true).acknowledged, [(Id(5), 7)]);
    }

    #[test]
    fn what_a_host_lacks_is_told_once() {
        let mut before = ClientState::new(Vec::new());
        let id = before.submit(prompt(1), ());
        assert!(before.on_message(accepted(id, 1)).is_ok());
        let lacks = |missed| {
            let mut host = status();
            host.missed = missed;
            host
        };
        for (missed, named) in [(vec![], 1), (vec![Id(5)], 0)] {
            let mut after = ClientState::<()>::new(Vec::new());
            after.welcomed(&lacks(missed));
            let mut gone = ClientState::new(Vec::new());
            gone.acknowledged = before.acknowledged.clone();
            assert!(after.take_over(gone).is_empty());
            assert_eq!(after.hello(true).acknowledged.len(), named);
        }
    }

    fn status() -> Status {
        Status {
            protocol: q_proto::PROTOCOL,
            version: String::new(),
            pid: 1,
            started: 0,
            clients: 0,
            live: 0,
            max_live: 0,
            hibernated: 0,
            working: 0,
            stored: 0,
            stored_bytes: 0,
            store_bytes: 0,
            trash_for_ms: 0,
            limits: None,
            missed: Vec::new(),
            read_only: None,
        }
    }

    #[test]
    fn what_brings_an_agent_waits_for_its_key_and_is_refused_without() {
        let reach = q_proto::message::Reach::Http {
            base_url: String::new(),
            key: None,
            model: String::new(),
            idle_timeout_ms: 1,
            network: q_proto::network::Network::default(),
            shaping: q_proto::shaping::Shaping::default(),
        };
        let agent = NamedAgent { name: "a".into(), reach };
        let create = || -> Request {
            let setup = q_core::Setup { agent: "a".into(), ..q_core::Setup::default() };
            Command::Create { id: SessionId::UNDRAWN, name: None, setup, tags: Vec::new() }.into()
        };
        let why = Refused { code: "no_key".into(), message: "locked".into(), limit: false };
        let has_key =
            |sent: &[(u64, Request)]| format!("{:?}", serde_json::to_string(&sent[0].1)).contains("sk-1");

        let mut client = ClientState::new(vec![agent]);
        client.request(create(), "one");
        client.request(Request::List, "list");
        assert_eq!(client.next_brings(), Some("a"));
        assert!(matches!(
            client.refuse_next(why),
            Some(News::Answered { request: 1, waiting: "one", prompt: None, answer: Err(_) })
        ));
        assert_eq!(client.next_brings(), None);
        assert_eq!(sent(&mut client).len(), 1, "the list is asked for all the same");

        client.request(create(), "two");
        client.know_key("a", "sk-1");
        assert!(has_key(&sent(&mut client)), "what waited has it");
        client.request(create(), "three");
        assert!(has_key(&sent(&mut client)), "and so has what comes later");
    }

    #[test]
    fn a_request_that_cannot_be_sent_is_waited_for_no_more() {
        let mut client = ClientState::new(Vec::new());
        let id = client.submit(prompt(1), "one");
        assert_eq!(client.withdraw(id), Some("one"));
        assert_eq!((client.waits_for(), client.withdraw(id), client.prompts().count()), (0, None, 0));
    }
}
