//! A naive multiplexer that shares no code agrees after each step.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use proptest::prelude::*;
use q_core::conversation::{self, Part, Role};
use q_core::trace::write;
use q_core::{AgentEvent, CallNo, Digest, Input, Limits, Now, SessionId};
use q_model::reference::{Deed, Model, deeds, new_entries, pictures};
use q_model::system::SystemUnderTest;
use q_model::workload::{CommandTemplate, SESSIONS, Stimulus, WorkloadStep, workload};

use super::conversation::entries;
use super::{cases, tight};

/// Tokens that are drawn: a few more than are remembered.
const TOKENS: u8 = 20;
/// From here on a number of a prompt or a call is taken as it was drawn.
const BLIND: u64 = 4;

/// How a summary begins that is sent in place of what was said: nobody says so here.
const SUMMARY: &str = "[The conversation so far, in summary.";
/// How it begins that files were put back.
const REVERSED: &str = "[The person had q ";

proptest! {
    #![proptest_config(cases())]

    /// After every step the model shows what the core shows and did what the core did: names, slots, queues, transcripts,
    /// what is unread, who was asked, which calls were permitted, each reply. Broken by: nearly any change of a rule.
    #[test]
    fn the_model_agrees_after_every_step(
        steps in (any::<bool>(), any::<bool>(), workload(120))
            .prop_map(|(busy, patient, steps)| begun(busy, tamed(patient, steps))),
        sessions in 1..=SESSIONS,
        limits in tight_somewhere(),
    ) {
        Pair::new(limits, sessions).play(&steps).map_err(TestCaseError::fail)?;
    }
}

/// What the person said in a session that its agent is sent now, as the core has it.
fn words_sent(system: &SystemUnderTest, id: SessionId) -> Vec<String> {
    let messages = conversation::messages(&entries(system, id));
    let parts = messages.into_iter().filter(|message| message.role == Role::User);
    let text = |part| if let Part::Text(text) = part { Some(text) } else { None };
    let is_said = |text: &String| !text.starts_with(SUMMARY) && !text.starts_with(REVERSED);
    parts.flat_map(|message| message.parts).filter_map(text).filter(is_said).collect()
}

/// The core under test and the model beside it.
struct Pair {
    limits: Limits,
    system: SystemUnderTest,
    model: Model,
    now: Now,
    /// The session that each number of the workload stands for now: an erased one's id is never used again.
    stands_for: BTreeMap<u128, u128>,
    known: BTreeSet<u128>,
    /// What was told, as a scenario has it.
    script: String,
}

impl Pair {
    fn new(limits: Limits, sessions: u128) -> Self {
        Self {
            system: SystemUnderTest::new(limits.clone()),
            model: Model::new(limits.clone()),
            limits,
            now: Now::default(),
            stands_for: (0..SESSIONS).map(|number| (number, number % sessions)).collect(),
            known: BTreeSet::new(),
            script: String::new(),
        }
    }

    fn play(&mut self, steps: &[WorkloadStep]) -> Result<(), String> {
        for step in steps {
            let step = self.renumbered(step);
            let step = self.aimed(&step);
            let said = self.play_one(&step);
            said.map_err(|difference| format!("{difference}\n{}{}", limit_lines(&self.limits), self.script))?;
        }
        Ok(())
    }

    fn play_one(&mut self, step: &WorkloadStep) -> Result<(), String> {
        let passed = Duration::from_millis(step.after_ms);
        self.now.mono = self.now.mono.after(passed);
        self.now.wall = step.stimulus.wall().unwrap_or_else(|| self.now.wall.after(passed));
        let (input, effects) = self.system.play(step);
        if let Stimulus::Crash = step.stimulus {
            self.note(&format!("crash after {}ms", step.after_ms));
            self.model.crash();
        } else {
            self.note(&write(passed, step.stimulus.wall(), &input));
        }
        let done = self.model.handle(self.now, &input);
        self.model.number(&new_entries(&effects))?;
        agree("did", &deeds(&effects), &done)?;
        for deed in &done {
            if let Deed::Ask { session, .. } = deed {
                agree("sends", &words_sent(&self.system, *session), &self.model.words_sent(*session))?;
            }
        }
        self.known.extend(self.system.disk().heads.keys().map(|id| id.0));
        if let Stimulus::Stop = step.stimulus {
            self.note("crash");
            self.model.crash();
            let _nothing_runs = self.model.handle(self.now, &Input::Started);
        }
        agree("shows", &pictures(self.system.core(), &self.system.disk().heads), &self.model.pictures())
    }

    fn note(&mut self, line: &str) {
        self.script.extend(["> ", line, "\n"]);
    }

    /// The step about the sessions that its numbers stand for now.
    fn renumbered(&mut self, step: &WorkloadStep) -> WorkloadStep {
        let mut step = step.clone();
        match &mut step.stimulus {
            Stimulus::Command(session, CommandTemplate::Create { .. }) => {
                *session = self.fresh(*session, false);
            }
            Stimulus::Command(session, CommandTemplate::Fork { to, at }) => {
                *session = self.stands_for[session];
                *to = self.fresh(*to, at.is_none());
            }
            Stimulus::Command(session, _)
            | Stimulus::Background(session, _)
            | Stimulus::Agent { session, .. }
            | Stimulus::Offer { session, .. }
            | Stimulus::Reversed { session, .. }
            | Stimulus::Loaded { session, .. } => *session = self.stands_for[session],
            Stimulus::Show { session, beside, .. } => {
                let shown = session.iter_mut().chain(beside.iter_mut().map(|(beside, _)| beside));
                shown.for_each(|session| *session = self.stands_for[session]);
            }
            Stimulus::Memory(_)
            | Stimulus::Attach(_)
            | Stimulus::Detach(_)
            | Stimulus::Calendar(_)
            | Stimulus::Tick
            | Stimulus::Stop
            | Stimulus::Crash => {}
        }
        step
    }

    /// The step about prompts that wait and calls that are open, where there are some: what is drawn blindly hardly ever
    /// hits one. Numbers from [`BLIND`] on stay as they are.
    fn aimed(&self, step: &WorkloadStep) -> WorkloadStep {
        let mut step = step.clone();
        let head =
            step.stimulus.session().and_then(|session| self.system.disk().heads.get(&SessionId(session)));
        let Some(head) = head else { return step };
        let turn = head.turn.as_ref();
        let calls: Vec<u64> = turn.iter().flat_map(|turn| &turn.calls).map(|open| open.no.0).collect();
        let waiting: Vec<u64> = head.queue.iter().map(|waiting| waiting.prompt.0).collect();
        let aim = |drawn: u64, at: &[u64]| match at.len() {
            0 => drawn,
            _ if drawn >= BLIND => drawn,
            some => at[drawn as usize % some],
        };
        let stimulus = &mut step.stimulus;
        if let Stimulus::Command(
            _,
            CommandTemplate::Unqueue(no)
            | CommandTemplate::Edit(no, _)
            | CommandTemplate::Move(no, _)
            | CommandTemplate::SendNow(no),
        ) = stimulus
        {
            *no = aim(*no, &waiting);
        } else if let Stimulus::Command(_, CommandTemplate::Answer { call, digest, .. }) = stimulus {
            let foreign = *digest - *call;
            *call = aim(*call, &calls);
            *digest = *call + foreign;
        } else if let Stimulus::Agent { event: AgentEvent::Result { call, .. }, .. } = stimulus {
            *call = CallNo(aim(call.0, &calls));
        } else if let Stimulus::Agent { event: AgentEvent::Call(call, _), .. } = stimulus
            && call.no.0 < BLIND
        {
            call.no = turn.map_or(call.no, |turn| turn.last_call.next());
            call.digest = Digest::numbered(call.no.0);
        }
        step
    }

    /// The id for a session that is to be: an erased one's is never used again. `anyway` also where one stands for the number
    /// already, which then goes on without being told anything.
    fn fresh(&mut self, number: u128, anyway: bool) -> u128 {
        let last = self.stands_for[&number];
        let is_stored = self.system.disk().heads.contains_key(&SessionId(last));
        if self.known.contains(&last) && (anyway || !is_stored) {
            self.stands_for.values_mut().filter(|id| **id == last).for_each(|id| *id += SESSIONS);
        }
        self.stands_for[&number]
    }
}

/// Which lines differ, the core's with `-`, the model's with `+`.
fn agree<T: std::fmt::Debug + PartialEq>(what: &str, core: &[T], model: &[T]) -> Result<(), String> {
    if core == model {
        return Ok(());
    }
    let text = |side: Option<&T>| side.map(|side| format!("{side:#?}")).unwrap_or_default();
    let only = |sign: &str, of: &str, not: &str| -> Vec<String> {
        let is_other = |line: &&str| not.lines().all(|known| known != *line);
        of.lines().filter(is_other).map(|line| format!("{sign} {line}")).collect()
    };
    let mut lines = vec![format!("what the core (-) and the model (+) {what} is not the same")];
    for place in 0..core.len().max(model.len()) {
        let (one, other) = (text(core.get(place)), text(model.get(place)));
        if one != other {
            lines.push(format!("at {place}"));
            lines.extend(only("-", &one, &other));
            lines.extend(only("+", &other, &one));
        }
    }
    Err(lines.join("\n"))
}

fn limit_lines(limits: &Limits) -> String {
    let lines = [
        ("live_sessions", limits.live_sessions),
        ("agent_calls", limits.agent_calls),
        ("agent_calls_in_view", limits.agent_calls_in_view),
        ("waking_wishes", limits.waking_wishes),
        ("queued_prompts", limits.queued_prompts),
        ("prompt_bytes", limits.prompt_bytes),
        ("queued_bytes", limits.queued_bytes),
        ("answer_bytes", limits.answer_bytes),
        ("turn_entries", limits.turn_entries as usize),
        ("turn_calls", limits.turn_calls as usize),
        ("open_calls", limits.open_calls),
        ("result_bytes", limits.result_bytes),
        ("result_kept_bytes", limits.result_kept_bytes),
        ("allowed_tools", limits.allowed_tools),
        ("stream_bytes", limits.stream_bytes),
        ("stream_delay", limits.stream_delay.as_millis() as usize),
        ("memory_bytes", limits.memory_bytes),
        ("budget_tokens", limits.budget_tokens as usize),
        ("budget_tokens_per_day", limits.budget_tokens_per_day as usize),
    ];
    lines.map(|(name, limit)| format!("limit {name} {limit}\n")).concat()
}

/// Small limits, each time others: what only one of them lets happen is seen as well.
fn tight_somewhere() -> impl Strategy<Value = Limits> {
    let memory = prop_oneof![3 => Just(Limits::default().memory_bytes), 1 => 300usize..3000];
    let stream = prop_oneof![Just(100), Just(10_000)].prop_map(Duration::from_millis);
    let places = (1usize..4, 1usize..4, 0usize..3);
    let turn = (3u32..20, 1u32..4, 1usize..4, prop_oneof![Just(40), Just(400)]);
    let budget = || prop_oneof![2 => Just(0), 1 => 1u64..60];
    let rest = (memory, stream, budget(), budget());
    (places, turn, rest).prop_map(|(places, turn, (memory_bytes, stream_delay, own, all))| Limits {
        budget_tokens: own,
        budget_tokens_per_day: all,
        live_sessions: places.0,
        agent_calls: places.1,
        agent_calls_in_view: places.2,
        turn_entries: turn.0,
        turn_calls: turn.1,
        open_calls: turn.2,
        answer_bytes: turn.3,
        memory_bytes,
        stream_delay,
        ..tight()
    })
}

/// The steps, behind some that make a busy beginning.
fn begun(busy: bool, steps: Vec<WorkloadStep>) -> Vec<WorkloadStep> {
    let wish = |session, wish| Stimulus::Command(session, wish);
    let prompt = || CommandTemplate::Submit { token: 0, text: "fix".into() };
    let beginning = [
        Stimulus::Attach(1),
        Stimulus::Attach(2),
        wish(0, CommandTemplate::Create { named: false }),
        wish(1, CommandTemplate::Create { named: true }),
        wish(2, CommandTemplate::Create { named: false }),
        wish(0, prompt()),
        wish(1, prompt()),
        Stimulus::Show { client: 2, session: Some(1), at_end: true, beside: None },
    ];
    let beginning =
        beginning.into_iter().filter(|_| busy).map(|stimulus| WorkloadStep { after_ms: 0, stimulus });
    beginning.chain(steps).collect()
}

/// The steps with texts in which `a` is the only word that tells nothing, since the model knows no other; with names in
/// either case, and with few tokens, so that some come again. In a `patient`
/// system turns seldom end and the host seldom dies, so that more happens in a turn.
fn tamed(patient: bool, mut steps: Vec<WorkloadStep>) -> Vec<WorkloadStep> {
    for (place, stimulus) in steps.iter_mut().map(|step| &mut step.stimulus).enumerate() {
        if let Stimulus::Command(
            _,
            CommandTemplate::Submit { text, .. } | CommandTemplate::Steer { text, .. },
        )
        | Stimulus::Agent { event: AgentEvent::Title(text), .. } = stimulus
        {
            *text = tame(text);
        }
        if let Stimulus::Command(
            _,
            CommandTemplate::Submit { token, .. }
            | CommandTemplate::Steer { token, .. }
            | CommandTemplate::Retry { token }
            | CommandTemplate::Continue { token },
        ) = stimulus
        {
            *token %= TOKENS;
        }
        if let Stimulus::Command(_, CommandTemplate::Rename(name)) = stimulus
            && place % 2 == 0
        {
            *name = name.to_uppercase();
        }
        if let Stimulus::Agent { event: AgentEvent::Done | AgentEvent::Failed(_), .. }
        | Stimulus::Crash
        | Stimulus::Stop = stimulus
            && patient
            && place % 4 != 0
        {
            *stimulus = Stimulus::Tick;
        }
    }
    steps
}

/// No silent word begins with an x.
fn tame(text: &str) -> String {
    let tame_word = |word: &str| match word.chars().next() {
        None => String::new(),
        Some('a'..='e') => "a".to_owned(),
        Some(first) => word.replacen(first, "x", 1),
    };
    text.split(' ').map(tame_word).collect::<Vec<_>>().join(" ")
}
