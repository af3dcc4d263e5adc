//! What each input does in each state: a line of words a cell.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use q_core::activity::Change;
use q_core::trace::{Directive, Player, parse};
use q_core::{Activity, Effect, Effects, Input, Presence, Reply};

use crate::changes::{self, Changes};
use crate::inputs::INPUTS;
use crate::states::{SUBJECT, State, impossible, possible};

/// Which inputs made which changes, over all cells.
#[derive(Default)]
pub(crate) struct Causes {
    pub(crate) presence: BTreeMap<(Presence, Presence), BTreeSet<String>>,
    pub(crate) activity: BTreeMap<(Activity, Change), BTreeSet<String>>,
}

/// The table as text: under each input its outcomes, and with each the states in which it comes.
pub(crate) fn outcomes() -> String {
    let states = possible();
    let mut text = String::from(HEAD);
    for line in INPUTS {
        write!(text, "\n{line}\n").unwrap();
        let mut outcomes: Vec<(String, Vec<&State>)> = Vec::new();
        for state in &states {
            let outcome = outcome_of(state, line).0;
            match outcomes.iter_mut().find(|(known, _)| *known == outcome) {
                Some((_, states)) => states.push(state),
                None => outcomes.push((outcome, Vec::from([state]))),
            }
        }
        // The commonest outcome stands last, for all states that are not named.
        let commonest = (0..outcomes.len()).rev().max_by_key(|&place| outcomes[place].1.len()).unwrap();
        let (commonest, _) = outcomes.remove(commonest);
        let rest = if outcomes.is_empty() { "always" } else { "otherwise" };
        for (outcome, states) in outcomes {
            writeln!(text, "  {}: {outcome}", list(&states)).unwrap();
        }
        writeln!(text, "  {rest}: {commonest}").unwrap();
    }
    text.push_str("\nimpossible\n");
    for presence in Presence::ALL {
        for activity in Activity::ALL {
            if let Some(reason) = impossible(activity, presence) {
                writeln!(text, "  {}, {}: {reason}", activity.words(), presence.word()).unwrap();
            }
        }
    }
    text
}

/// The states by name; all plain ones of a presence in one word.
fn list(states: &[&State]) -> String {
    let mut names = Vec::new();
    for presence in Presence::ALL {
        let plain: Vec<&&State> =
            states.iter().filter(|state| state.but.is_empty() && state.presence == presence).collect();
        let all = Activity::ALL.iter().filter(|activity| impossible(**activity, presence).is_none()).count();
        if plain.len() == all {
            names.push(format!("all {}", presence.word()));
        } else {
            names.extend(plain.iter().map(|state| state.name()));
        }
    }
    names.extend(states.iter().filter(|state| !state.but.is_empty()).map(|state| state.name()));
    names.join("; ")
}

/// Which inputs make which changes.
pub(crate) fn causes() -> Causes {
    let mut causes = Causes::default();
    for state in possible() {
        for line in INPUTS {
            let Changes { presence, activity } = outcome_of(&state, line).1;
            let verb = line.split(' ').next().unwrap().to_string();
            for one in presence {
                causes.presence.entry(one).or_default().insert(verb.clone());
            }
            for one in activity {
                causes.activity.entry(one).or_default().insert(verb.clone());
            }
        }
    }
    causes
}

#[test]
fn every_state_can_be_or_cannot() {
    for activity in Activity::ALL {
        for presence in Presence::ALL {
            let is_reached =
                possible().iter().any(|state| (state.activity, state.presence) == (activity, presence));
            assert_ne!(is_reached, impossible(activity, presence).is_some(), "{activity:?} {presence:?}");
        }
    }
}

#[test]
fn every_change_of_the_tables_happens() {
    let causes = causes();
    for from in Presence::ALL {
        for to in Presence::ALL {
            let happens = causes.presence.contains_key(&(from, to));
            assert_eq!(happens, from.may_become(to), "{from:?} to {to:?}");
        }
    }
    for activity in Activity::ALL {
        for change in Change::ALL {
            let happens = causes.activity.contains_key(&(activity, change));
            assert_eq!(happens, activity.after(change).is_some(), "{activity:?} {change:?}");
        }
    }
}

/// What is told, and what comes of it.
fn outcome_of(state: &State, line: &str) -> (String, Changes) {
    let mut player = state.reach();
    let head = player.disk.heads.get(&SUBJECT).unwrap().clone();
    let line = parse(line, 1).unwrap();
    player.pass(line.after, line.wall);
    let before = player.clone();
    let (is_time, effects) = match line.directive {
        Directive::Input(input) => (matches!(input, Input::Tick), player.handle(input)),
        Directive::Loaded(session) => (false, player.load(session)),
        directive @ (Directive::Crash
        | Directive::Lose(..)
        | Directive::Cut(..)
        | Directive::Look(_)
        | Directive::Inbox
        | Directive::Due) => {
            panic!("{directive:?} tells the core nothing")
        }
    };
    let changes = changes::of(SUBJECT, head, &effects);
    let mut words = words(&effects);
    words.extend(moved(&before, &player));
    if words.is_empty() {
        let is_same = is_time || format!("{:?}", before.core) == format!("{:?}", player.core);
        words.push(
            match &effects {
                Effects { batch: Some(_), .. } => "written",
                Effects { at_once, after, .. } if !at_once.is_empty() || !after.is_empty() => "told",
                Effects { .. } if is_same => "nothing",
                Effects { .. } => "noted",
            }
            .into(),
        );
    }
    (words.join(", "), changes)
}

/// What the host is to do and whoever wished hears; updates are left out.
fn words(effects: &Effects) -> Vec<String> {
    let (replies, others): (Vec<&Effect>, Vec<&Effect>) = effects
        .at_once
        .iter()
        .chain(&effects.after)
        .partition(|effect| matches!(effect, Effect::Reply { .. }));
    replies.into_iter().chain(others).filter_map(effect).collect()
}

fn effect(effect: &Effect) -> Option<String> {
    match effect {
        Effect::Reply { answer: Ok(Reply::Done), .. } => Some("done".into()),
        Effect::Reply { answer: Ok(Reply::FromNextTurn), .. } => Some("done from the next turn on".into()),
        Effect::Reply { answer: Ok(Reply::Created { .. }), .. } => Some("created".into()),
        Effect::Reply { answer: Ok(Reply::Accepted(prompt)), .. } => Some(format!("accepted {prompt}")),
        Effect::Reply { answer: Err(refusal), .. } => Some(format!("refused {}", refusal.code())),
        Effect::Run { .. } => Some("ask".into()),
        Effect::Cancel { .. } => Some("cancel".into()),
        Effect::Steer { .. } => Some("steer".into()),
        Effect::Permit { .. } => Some("permit".into()),
        Effect::Settle { outcome, .. } => Some(format!("settle as {}", outcome.words())),
        Effect::Bind { .. } => Some("bind".into()),
        Effect::Unbind { .. } => Some("unbind".into()),
        Effect::Release { .. } => Some("release".into()),
        Effect::Load { .. } => Some("load".into()),
        Effect::Reverse { .. } => Some("reverse".into()),
        Effect::Shell { .. } => Some("shell".into()),
        Effect::Resync { .. } => Some("resync".into()),
        Effect::Leave => Some("leave".into()),
        Effect::Update(_) => None,
    }
}

/// Where the session went.
fn moved(before: &Player, after: &Player) -> Vec<String> {
    let (Some(old), new) = (before.core.view().summary(SUBJECT), after.core.view().summary(SUBJECT)) else {
        return Vec::new();
    };
    let Some(new) = new else { return ["gone".to_string()].into() };
    let mut words = Vec::new();
    if old.activity != new.activity {
        words.push(format!("→ {}", new.activity.words()));
    }
    if old.presence != new.presence {
        words.push(format!("→ {}", new.presence.word()));
    }
    words
}

const HEAD: &str = "\
What becomes of session s1 in each of its states, whatever the core is told. Under each line that is told stand its states, and
what comes of it there: what whoever wished hears, what the host is to do, and the session's new activity and presence where
they change. `written`: recorded, nothing else to do; `told`: clients are told, nothing else; `noted`: kept in mind; `nothing`:
nothing at all; `load` alone: the wish waits until the session is read. The lines are those of scripts; another session is
called `other`.
";
