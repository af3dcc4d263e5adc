//! Commands and skills that people write themselves: those of the person, beside the configuration, and those of a project, once it is
//! trusted. Looked for whenever one is typed or listed: what changed since then counts.

use std::path::Path;

use q_term::sanitize::visible_line;
use q_term::suggest;
use q_term::written::{self, WrittenCommand, WrittenText};
use q_tools::{CommandFile, CommandFiles, ProjectPlace, SkillFile, TextKeeper, skill_files, with_arguments};

use crate::context::Context;
use crate::places::own_directory;
use crate::served_words::ServedText;
use crate::trust_file;

/// What a directory has of its own, where it is trusted.
fn project(context: &Context, directory: &Path) -> Option<ProjectPlace> {
    let directory = directory.canonicalize().ok()?;
    let trusted = trust_file::read(&context.place.trusted()).unwrap_or_default();
    let root = trust_file::above(&trusted, &directory)?;
    Some(ProjectPlace::of(&directory, Some(root)))
}

fn commands(context: &Context, directory: &Path) -> CommandFiles {
    let own = own_directory(&context.environment).unwrap_or_default();
    CommandFiles::of(&own, project(context, directory).as_ref())
}

fn skills(context: &Context, directory: &Path) -> (Vec<SkillFile>, usize) {
    let own = own_directory(&context.environment).unwrap_or_default();
    skill_files(&own, project(context, directory).as_ref())
}

/// Whether a line is a command that somebody wrote; one that cannot be used is, too.
pub(crate) fn is_command(context: &Context, directory: &Path, line: &str) -> bool {
    written::command(line).is_some_and(|one| commands(context, directory).find(one.name).is_some())
}

/// The names of the commands that somebody wrote.
fn command_names(context: &Context, directory: &Path) -> Vec<String> {
    commands(context, directory).names()
}

/// The prompt that a line is, if it is a command that somebody wrote or names a skill; or why that cannot be used.
pub(crate) fn prompt(context: &Context, directory: &Path, line: &str) -> Result<Option<ServedText>, String> {
    let Some(WrittenCommand { name, words, is_skill }) = written::command(line) else { return Ok(None) };
    if is_skill {
        return skill_prompt(context, directory, name, words).map(Some);
    }
    let Some(CommandFile { text, path, keeper, .. }) = commands(context, directory).find(name) else {
        return Ok(None);
    };
    let text = text.and_then(|said| with_arguments(&said, words));
    let text = text.map_err(|why| visible_line(&format!("{path}: {why}")).into_owned())?;
    // What a project wrote names no file of the person's.
    let named = match keeper {
        TextKeeper::Person => text.clone(),
        TextKeeper::Project => words.to_owned(),
    };
    Ok(Some(ServedText { text, named }))
}

fn skill_prompt(context: &Context, directory: &Path, name: &str, words: &str) -> Result<ServedText, String> {
    let (skills, _) = skills(context, directory);
    let named = |skill: &&SkillFile| skill.place.name == name;
    let usable = skills.iter().filter(named).find(|skill| skill.text.is_ok());
    let Some(skill) = usable.or_else(|| skills.iter().find(named)) else {
        let near = suggest::nearest(name, skills.iter().map(|skill| skill.place.name.as_str()));
        let meant = near.map(|near| format!("did you mean {near}? ")).unwrap_or_default();
        return Err(format!("there is no skill {}; {meant}`/skills` lists them", visible_line(name)));
    };
    let said = skill.text.as_ref();
    let said = said.map_err(|why| visible_line(&format!("{}: {why}", skill.path)).into_owned())?;
    let place = skill.place.directory.display();
    let behind = if words.is_empty() { String::new() } else { format!("\n\n{words}") };
    let text = format!("The skill {name}, whose files are in {place}:\n\n{said}{behind}");
    Ok(ServedText { text, named: words.to_owned() })
}

/// All commands that somebody wrote, and how many more there are.
fn command_texts(context: &Context, directory: &Path) -> (Vec<WrittenText>, usize) {
    let (all, more) = commands(context, directory).all();
    let told = |CommandFile { name, about, hint, path, keeper: _, text }| WrittenText {
        name,
        hint,
        about,
        path: short(context, path),
        fault: text.err(),
    };
    (all.into_iter().map(told).collect(), more)
}

/// All skills, and how many more there are.
fn skill_texts(context: &Context, directory: &Path) -> (Vec<WrittenText>, usize) {
    let (all, more) = skills(context, directory);
    let told = |SkillFile { about, path, place, text, .. }| WrittenText {
        name: place.name,
        hint: String::new(),
        about,
        path: short(context, path),
        fault: text.err(),
    };
    (all.into_iter().map(told).collect(), more)
}

/// All commands that somebody wrote, in lines.
pub(crate) fn command_lines(context: &Context, directory: &Path) -> Vec<String> {
    let (all, more) = command_texts(context, directory);
    written::commands(&all, more)
}

/// All skills, in lines.
pub(crate) fn skill_lines(context: &Context, directory: &Path) -> Vec<String> {
    let (all, more) = skill_texts(context, directory);
    written::skills(&all, more)
}

/// All commands and all skills that somebody wrote, to be completed.
pub(crate) fn all(context: &Context, directory: &Path) -> (Vec<WrittenText>, Vec<WrittenText>) {
    (command_texts(context, directory).0, skill_texts(context, directory).0)
}

/// What is said of a line that is no command of anybody's.
pub(crate) fn unknown(context: &Context, directory: &Path, line: &str, otherwise: String) -> String {
    suggest::written(line, &command_names(context, directory)).unwrap_or(otherwise)
}

/// A path as people know it: from their home on.
fn short(context: &Context, path: String) -> String {
    let home = context.environment.path("HOME").filter(|home| home.is_absolute());
    let beneath = home.and_then(|home| Path::new(&path).strip_prefix(home).ok().map(Path::to_owned));
    beneath.map_or(path, |beneath| format!("~/{}", beneath.display()))
}
