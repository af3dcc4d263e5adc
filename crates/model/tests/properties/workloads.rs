//! Workloads for the properties: any, ones in which several sessions are there from the beginning, and ones in which
//! agents work and want something most of the time. What is rare in one is common in another.

use std::iter::once;

use proptest::collection::vec;
use proptest::prelude::*;
use q_core::{
    AgentEvent, AgentFailure, Answer, Call, CallNo, Digest, FailureKind, Outcome, Policy, Usage, Wants,
};
use q_model::workload::{
    CLIENTS, CommandTemplate, SESSIONS, Stimulus, WorkloadStep, facts, rule, setting, step,
};

/// At most `steps` steps, beside those that begin it.
pub(super) fn workload(steps: usize) -> impl Strategy<Value = Vec<WorkloadStep>> {
    prop_oneof![
        2 => q_model::workload::workload(steps),
        3 => (1..=SESSIONS, vec(step(), 1..steps)).prop_map(|(sessions, steps)| begun(sessions, steps)),
        3 => (1..=3u128).prop_flat_map(move |sessions| {
            vec(busy_step(sessions), 1..steps).prop_map(move |steps| begun(sessions, steps))
        }),
    ]
}

/// Each session exists and has a prompt, before anything else happens.
fn begun(sessions: u128, steps: Vec<WorkloadStep>) -> Vec<WorkloadStep> {
    let create = |session| now(Stimulus::Command(session, CommandTemplate::Create { named: true }));
    let submit =
        |session| now(Stimulus::Command(session, CommandTemplate::Submit { token: 255, text: "go".into() }));
    let wake = |session| now(Stimulus::Loaded { session, readable: true });
    let attach = now(Stimulus::Attach(1));
    let begin = (0..sessions).flat_map(|session| [create(session), submit(session), wake(session)]);
    once(attach).chain(begin).chain(steps).collect()
}

fn now(stimulus: Stimulus) -> WorkloadStep {
    WorkloadStep { after_ms: 0, stimulus }
}

fn busy_step(sessions: u128) -> impl Strategy<Value = WorkloadStep> {
    let session = 0..sessions;
    let agent = (session.clone(), busy_event(), prop::bool::weighted(0.1))
        .prop_map(|(session, event, late)| now(Stimulus::Agent { session, event, late }));
    let wish =
        (session.clone(), busy_wish()).prop_map(|(session, wish)| now(Stimulus::Command(session, wish)));
    let show = (1..=CLIENTS, prop::option::of(session), any::<bool>())
        .prop_map(|(client, session, at_end)| now(Stimulus::Show { client, session, at_end, beside: None }));
    let client =
        prop_oneof![(1..=CLIENTS).prop_map(Stimulus::Attach), (1..=CLIENTS).prop_map(Stimulus::Detach)];
    prop_oneof![12 => agent, 9 => wish, 2 => show, 1 => client.prop_map(now), 2 => step()]
}

fn busy_event() -> impl Strategy<Value = AgentEvent> {
    let wants = prop_oneof![1 => Just(Wants::Nothing), 3 => Just(Wants::Consent), 1 => Just(Wants::Words)];
    let outcome = prop_oneof![Just(Outcome::Done), Just(Outcome::Failed)];
    prop_oneof![
        3 => "[a-z]{1,5}".prop_map(AgentEvent::Text),
        1 => "[a-z]{1,5}".prop_map(AgentEvent::Thinking),
        1 => (1u64..9, 1u64..9).prop_map(|(input, output)| AgentEvent::Usage(Usage { input, output, ..Usage::default() })),
        1 => Just(AgentEvent::Steerable),
        6 => (1u64..6, wants, "[ab]", facts()).prop_map(|(no, wants, tool, facts)| {
            let digest = Digest::numbered(no);
            AgentEvent::Call(Call { no: CallNo(no), tool, input: "x".into(), digest, wants }, facts)
        }),
        2 => (1u64..6, outcome, "[a-z]{0,9}").prop_map(|(call, outcome, text)| AgentEvent::Result {
            call: CallNo(call), outcome, text,
        }),
        2 => Just(AgentEvent::Done),
        1 => Just(AgentEvent::Failed(AgentFailure { kind: FailureKind::Cut, detail: String::new() })),
    ]
}

fn busy_wish() -> impl Strategy<Value = CommandTemplate> {
    let answer = prop_oneof![
        3 => Just(Answer::Once),
        2 => Just(Answer::Always),
        1 => Just(Answer::Deny),
        1 => Just(Answer::Words("so".into())),
    ];
    let policy = prop_oneof![Just(Policy::Ask), Just(Policy::Deny)];
    let token = || 0u8..40;
    prop_oneof![
        6 => (1u64..6, prop::bool::weighted(0.1), prop::bool::weighted(0.1), answer).prop_map(
            |(call, late, foreign, answer)| CommandTemplate::Answer { call, digest: call + u64::from(foreign), late, answer },
        ),
        5 => (token(), "[a-z]{1,9}").prop_map(|(token, text)| CommandTemplate::Submit { token, text }),
        1 => (token(), "[a-z]{1,9}").prop_map(|(token, text)| CommandTemplate::Steer { token, text }),
        1 => token().prop_map(|token| CommandTemplate::Retry { token }),
        1 => token().prop_map(|token| CommandTemplate::Continue { token }),
        1 => (1u64..9).prop_map(CommandTemplate::Unqueue),
        1 => (1u64..9).prop_map(CommandTemplate::SendNow),
        1 => Just(CommandTemplate::Interrupt),
        1 => "[a-z]{0,6}".prop_map(CommandTemplate::Draft),
        1 => Just(CommandTemplate::MarkUnread),
        1 => Just(CommandTemplate::MarkRead),
        1 => policy.prop_map(CommandTemplate::SetPolicy),
        3 => (rule(), prop::bool::weighted(0.7)).prop_map(|(rule, stands)| CommandTemplate::SetRule(rule, stands)),
        2 => setting().prop_map(|(name, value)| CommandTemplate::Set(name, value)),
    ]
}
