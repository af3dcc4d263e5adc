//! Random events: nothing panics, nothing is acknowledged or asked before it is durable, every request is answered once.

use std::collections::BTreeMap;
use std::time::Duration;

use proptest::prelude::*;
use q_core::{AgentEvent, AgentFailure, ClientId, FailureKind, PromptNo, Record};

use super::{Bench, Id, create};
use crate::events::Event;
use crate::wire::{Answer, ClientMessage, HostMessage, Request};
use crate::world::Question;

/// One thing that happens. Clients and sessions are small numbers, of which not all exist.
#[derive(Clone, Debug)]
enum Step {
    Connect(u64, bool, bool),
    Disconnect(u64),
    Ask(u64, Wanted, u128),
    Submit(u64, u128, u128, String),
    Show(u64, Option<u128>, bool),
    Lag(u64),
    Commit(usize),
    Say(u128, u64, Said),
    Pass(u64),
}

#[derive(Clone, Copy, Debug)]
enum Wanted {
    Create,
    Rename,
    Close,
    Unqueue,
    Interrupt,
    Retry,
    Draft,
    List,
    Resync,
    Status,
    Stats,
}

#[derive(Clone, Copy, Debug)]
enum Said {
    Text,
    Nothing,
    Done,
    Failed,
}

fn step() -> impl Strategy<Value = Step> {
    use Wanted::{Close, Create, Draft, Interrupt, List, Rename, Resync, Retry, Stats, Status, Unqueue};
    let wanted = prop::sample::select(vec![
        Create, Create, Create, Rename, Close, Unqueue, Interrupt, Retry, Draft, List, Resync, Status, Stats,
    ]);
    let said = prop::sample::select(vec![Said::Text, Said::Text, Said::Nothing, Said::Done, Said::Failed]);
    let (client, session) = (0u64..4, 0u128..6);
    prop_oneof![
        2 => (client.clone(), any::<bool>(), any::<bool>()).prop_map(|(c, w, a)| Step::Connect(c, w, a)),
        1 => client.clone().prop_map(Step::Disconnect),
        6 => (client.clone(), wanted, session.clone()).prop_map(|(c, w, s)| Step::Ask(c, w, s)),
        6 => (client.clone(), session.clone(), 0u128..20, "[a-c ]{0,5}").prop_map(|(c, s, t, x)| Step::Submit(c, s, t, x)),
        1 => (client.clone(), prop::option::of(session.clone()), any::<bool>()).prop_map(|(c, s, e)| Step::Show(c, s, e)),
        1 => client.prop_map(Step::Lag),
        6 => (0usize..5).prop_map(Step::Commit),
        6 => (session, 0u64..5, said).prop_map(|(s, t, x)| Step::Say(s, t, x)),
        2 => (0u64..500).prop_map(Step::Pass),
    ]
}

fn request(wanted: Wanted, session: Id) -> Request {
    match wanted {
        Wanted::Create => create("a"),
        Wanted::Rename => Request::Rename { session, name: "other".into() },
        Wanted::Close => Request::Close { session, force: session.0.is_multiple_of(2) },
        Wanted::Unqueue => Request::Unqueue { session, prompt: 2 },
        Wanted::Interrupt => Request::Interrupt { session },
        Wanted::Retry => Request::Retry { session, token: 1000 },
        Wanted::Draft => Request::SaveDraft { session, text: "half".into() },
        Wanted::List => Request::List,
        Wanted::Resync => Request::Resync { session },
        Wanted::Status => Request::Status,
        Wanted::Stats => Request::Stats,
    }
}

fn event(said: Said) -> AgentEvent {
    match said {
        Said::Text => AgentEvent::Text("so ".into()),
        Said::Nothing => AgentEvent::Text(String::new()),
        Said::Done => AgentEvent::Done,
        Said::Failed => AgentEvent::Failed(AgentFailure { kind: FailureKind::Cut, detail: String::new() }),
    }
}

/// What the test remembers of a run.
#[derive(Default)]
struct Run {
    /// Who asked what, while it is not answered.
    open: BTreeMap<u64, (ClientId, Option<Id>)>,
    /// How many asks were looked at.
    asked: usize,
    /// How often each client came: it is another one each time.
    visits: BTreeMap<u64, u64>,
}

impl Run {
    fn client(&self, client: u64) -> u64 {
        client + 10 * self.visits.get(&client).copied().unwrap_or_default()
    }

    fn play(&mut self, bench: &mut Bench, step: Step) {
        match step {
            Step::Connect(client, watch, agent) => {
                let agents: &[(&str, &str)] = if agent { &[("a", "A")] } else { &[] };
                if !bench.host.guests.contains_key(&ClientId(self.client(client))) {
                    *self.visits.entry(client).or_default() += 1;
                    bench.connect(self.client(client), watch, agents);
                }
            }
            Step::Disconnect(client) => bench.disconnect(self.client(client)),
            Step::Ask(client, wanted, session) => {
                let client = self.client(client);
                let id = bench.request(client, request(wanted, Id(session)));
                self.open.insert(id, (ClientId(client), None));
            }
            Step::Submit(client, session, token, text) => {
                let (client, session) = (self.client(client), Id(session));
                let id = bench.request(client, Request::Submit { session, token, text });
                self.open.insert(id, (ClientId(client), Some(session)));
            }
            Step::Show(client, session, at_end) => {
                let client = ClientId(self.client(client));
                let message = ClientMessage::Showing { session: session.map(Id), at_end };
                bench.host.on(Event::Said { client, message });
            }
            Step::Lag(client) => bench.host.on(Event::Lagged { client: ClientId(self.client(client)) }),
            Step::Commit(count) => bench.commit_some(count),
            Step::Say(session, turn, said) => bench.hear(Id(session), turn, event(said)),
            Step::Pass(ms) => {
                bench.host.world.now += Duration::from_millis(ms);
                bench.host.on(Event::Deadline);
            }
        }
        self.open.retain(|_, (asker, _)| bench.host.guests.contains_key(asker));
    }

    /// Looks at what was sent and asked since, against what is durable now.
    fn check(&mut self, bench: &mut Bench) -> Result<(), TestCaseError> {
        for (client, message) in &bench.host.world.sent[bench.looked..] {
            let HostMessage::Reply { id, answer } = message else { continue };
            let Some((asker, session)) = self.open.remove(id) else {
                return Err(TestCaseError::fail(format!("{id} was not open")));
            };
            prop_assert_eq!(asker, *client);
            if let (Ok(Answer::Accepted(prompt)), Some(session)) = (answer, session) {
                let prompt = PromptNo(*prompt);
                let kept = bench.records().any(|(whose, record)| {
                    let is_it = matches!(record, Record::Queued { prompt: kept, .. } if *kept == prompt);
                    is_it && whose == session.into()
                });
                prop_assert!(kept, "acknowledged before it was durable");
            }
        }
        bench.looked = bench.host.world.sent.len();
        let all = &bench.host.world.asked;
        for question in &all[self.asked..] {
            let begun = bench.records().filter(|(whose, record)| {
                let is_it = matches!(record, Record::Began { turn, .. } if *turn == question.turn);
                is_it && *whose == question.session
            });
            prop_assert_eq!(begun.count(), 1, "asked before its turn was durable");
            let same = |other: &&Question| (other.session, other.turn) == (question.session, question.turn);
            prop_assert_eq!(all.iter().filter(same).count(), 1, "a turn is asked once");
        }
        self.asked = all.len();
        Ok(())
    }
}

proptest! {
    #[test]
    fn whatever_happens_the_promises_hold(steps in prop::collection::vec(step(), 1..80), fails: bool) {
        let mut bench = Bench::new();
        let mut run = Run::default();
        for step in steps {
            run.play(&mut bench, step);
            run.check(&mut bench)?;
        }
        if fails {
            bench.fail();
            run.check(&mut bench)?;
        } else {
            bench.host.on(Event::Terminate);
            bench.commit();
            run.check(&mut bench)?;
            prop_assert!(run.open.is_empty(), "without an answer: {:?}", run.open);
            prop_assert!(bench.host.ended().is_some());
        }
    }
}
