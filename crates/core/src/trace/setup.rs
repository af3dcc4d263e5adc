//! What sessions are made with, as words: name, setup, tags.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::reader::WordReader;
use super::words::bare;
use crate::id::Environment;
use crate::kind::{Kind, Policy};
use crate::record::Setup;
use crate::settings::SettingChange;

/// What a script's sessions are made with where it says nothing else.
pub(super) fn usual_setup() -> Setup {
    Setup { agent: Setup::GUIDE.into(), directory: "/d".into(), ..Setup::default() }
}

/// Name, setup and tags.
pub(super) fn read(words: &mut WordReader) -> Result<(Option<String>, Setup, Vec<String>), String> {
    let (mut name, mut setup, mut tags) = (None, usual_setup(), Vec::new());
    let mut policy = None;
    loop {
        if let Some(typed) = words.option("name")? {
            name = Some(typed);
        } else if let Some(word) = words.option("kind")? {
            setup.kind = kind(&word)?;
        } else if let Some(word) = words.option("custom")? {
            setup.kind = custom(&word)?;
        } else if let Some(system_prompt) = words.option("system_prompt")? {
            setup.system_prompt = system_prompt;
        } else if let Some(agent) = words.option("agent")? {
            setup.agent = agent;
        } else if let Some(model) = words.option("model")? {
            setup.model = model;
        } else if let Some(directory) = words.option("directory")? {
            setup.directory = directory;
        } else if let Some(number) = words.number_option("environment")? {
            setup.environment = Environment(number);
        } else if words.take("policy") {
            policy = Some(read_policy(words)?);
        } else if words.take("set") {
            let set = setup.settings.changed(&[read_setting(words)?]).map_err(|fault| fault.to_string())?;
            setup.settings = Box::new(set);
        } else if let Some(tag) = words.option("tag")? {
            tags.push(tag);
        } else {
            setup.policy = policy.unwrap_or(setup.kind.policy());
            return Ok((name, setup, tags));
        }
    }
}

/// What a session is created with.
pub(super) fn write(name: Option<&str>, setup: &Setup, tags: &[String]) -> Vec<String> {
    let mut words = Vec::new();
    words.extend(name.map(|name| format!("name {}", bare(name))));
    match &setup.kind {
        Kind::Development => {}
        Kind::Custom(name) => words.push(format!("custom {}", bare(name.as_str()))),
        built_in @ (Kind::Debug | Kind::Planning | Kind::Review) => words.push(format!("kind {built_in}")),
    }
    words.extend(write_setup(setup));
    words.extend(tags.iter().map(|tag| format!("tag {}", bare(tag))));
    words
}

/// What a session is made with, where that is not what is usual in scripts; without its kind.
pub(super) fn write_setup(setup: &Setup) -> Vec<String> {
    let usual = usual_setup();
    let mut words = Vec::new();
    if setup.system_prompt != usual.system_prompt {
        words.push(format!("system_prompt {:?}", setup.system_prompt));
    }
    if setup.agent != usual.agent {
        words.push(format!("agent {}", bare(&setup.agent)));
    }
    if setup.model != usual.model {
        words.push(format!("model {}", bare(&setup.model)));
    }
    if setup.directory != usual.directory {
        words.push(format!("directory {}", bare(&setup.directory)));
    }
    if setup.environment != usual.environment {
        words.push(format!("environment {}", setup.environment));
    }
    if setup.policy != setup.kind.policy() {
        words.push(format!("policy {}", setup.policy.word()));
    }
    words.extend(setup.settings.changes().iter().map(|change| format!("set {}", write_setting(change))));
    words
}

pub(super) fn read_setting(words: &mut WordReader) -> Result<SettingChange, String> {
    Ok(SettingChange { name: words.word("a setting")?, value: words.word("a value")? })
}

pub(super) fn write_setting(SettingChange { name, value }: &SettingChange) -> String {
    format!("{} {}", bare(name), bare(value))
}

pub(super) fn read_policy(words: &mut WordReader) -> Result<Policy, String> {
    let word = words.word("a policy")?;
    Policy::of(&word).ok_or_else(|| format!("`{word}` is not ask or deny"))
}

/// A kind that `q` brings, or one of that name.
fn kind(word: &str) -> Result<Kind, String> {
    word.parse().or_else(|_| custom(word))
}

fn custom(word: &str) -> Result<Kind, String> {
    word.parse().map(Kind::Custom).map_err(|_| format!("`{word}` is not a kind"))
}
