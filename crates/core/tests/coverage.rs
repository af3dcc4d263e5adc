//! Whether the scenarios show all there is: every word that can be told to the core, and every word it can say.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "tests may panic")]

mod vocabulary;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use q_core::trace::{Directive, Player, limits, parse};
use q_core::{
    AgentEvent, Command, Compaction, Deadline, Effect, Effects, Ending, Input, Record, Refusal, Stop, Update,
};

use vocabulary::{Variants, Word, all_words, word};

#[test]
fn every_word_occurs_in_a_scenario() {
    let mut seen = BTreeSet::new();
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios");
    for file in fs::read_dir(directory).unwrap() {
        play(&fs::read_to_string(file.unwrap().path()).unwrap(), &mut seen);
    }
    let missing: Vec<Word> = all_words().into_iter().filter(|word| !seen.contains(word)).collect();
    assert!(missing.is_empty(), "no scenario shows {missing:?}");
}

fn play(script: &str, seen: &mut BTreeSet<Word>) {
    let mut player = Player::new(limits(script).unwrap());
    for (number, line) in script.lines().filter_map(|line| line.strip_prefix("> ")).enumerate() {
        let line = parse(line, number as u64).unwrap();
        player.pass(line.after, line.wall);
        if let Directive::Input(input) = &line.directive {
            see_input(input, seen);
        }
        let Some(effects) = player.carry_out(line.directive).unwrap() else { continue };
        see_effects(&effects, seen);
        if let Some(Deadline { reason, .. }) = player.core.next_deadline() {
            see(&reason, seen);
        }
    }
}

fn see<T: Variants>(it: &T, seen: &mut BTreeSet<Word>) {
    seen.insert(word(it));
}

fn see_input(input: &Input, seen: &mut BTreeSet<Word>) {
    see(input, seen);
    if let Input::Wish { command, .. } = input {
        see(command, seen);
        if let Command::Create { setup, .. } = command {
            see(&setup.kind, seen);
            see(&setup.policy, seen);
        }
        // What is recorded of *always* is the rule that it makes.
        if let Command::Answer { answer, .. } = command {
            see(answer, seen);
        }
    }
    if let Input::Agent { event, .. } = input {
        see(event, seen);
        if let AgentEvent::Call(call, facts) = event {
            see(&call.wants, seen);
            see(&facts.subject, seen);
        }
    }
}

fn see_effects(effects: &Effects, seen: &mut BTreeSet<Word>) {
    if let Some(batch) = &effects.batch {
        see(&batch.durability, seen);
        batch.records.iter().for_each(|stamped| see_record(&stamped.record, seen));
    }
    for effect in effects.at_once.iter().chain(&effects.after) {
        see(effect, seen);
        if let Effect::Reply { answer, .. } = effect {
            match answer {
                Ok(reply) => see(reply, seen),
                Err(refusal) => see(refusal, seen),
            }
            if let Err(Refusal::BadName { fault, .. }) = answer {
                see(fault, seen);
            }
            if let Err(Refusal::BadRule { fault }) = answer {
                see(fault, seen);
            }
            if let Err(Refusal::BadSetting(fault)) = answer {
                see(fault, seen);
            }
            if let Err(Refusal::BadImport { fault, .. }) = answer {
                see(fault, seen);
            }
        }
        if let Effect::Update(update) = effect {
            see(update, seen);
            if let Update::Session(summary) = update {
                see(&summary.activity, seen);
                see(&summary.presence, seen);
            }
        }
    }
}

fn see_record(record: &Record, seen: &mut BTreeSet<Word>) {
    see(record, seen);
    if let Record::Created { origin, .. } | Record::Renamed { origin, .. } = record {
        see(origin, seen);
    } else if let Record::RuleSet { rule, .. } = record {
        see(&rule.effect, seen);
        see(&rule.pattern, seen);
    } else if let Record::Hibernated { why } = record {
        see(why, seen);
    } else if let Record::Said { voice, .. } = record {
        see(voice, seen);
    } else if let Record::Answered { answer, .. } = record {
        see(answer, seen);
    } else if let Record::Resulted { outcome, .. } = record {
        see(outcome, seen);
    } else if let Record::Repaired { fault } = record {
        see(fault, seen);
    } else if let Record::Compacted { compaction: Compaction::Stopped(Stop::Failed(failure)), .. } = record {
        see(&failure.kind, seen);
    } else if let Record::Ended { ending, .. } = record {
        see(ending, seen);
        if let Ending::Interrupted(by) = ending {
            see(by, seen);
        } else if let Ending::Failed(failure) = ending {
            see(&failure.kind, seen);
        }
    }
}
