//! Skills: directories with a `SKILL.md` that says in its front matter what it is called and what it is for. Names and purposes are
//! read here; the text is read when somebody wants it.
//!
//! Not here: how models are told of them (`q-core`), and whether a project is trusted (whoever asks knows).

use std::ffi::OsStr;
use std::os::fd::AsFd as _;
use std::path::Path;

use q_core::is_typed_name;
use q_seat::SkillPlace;

use crate::directory::open_directory;
use crate::front_matter::FrontMatter;
use crate::project::ProjectPlace;
use crate::text_place::{TextKeeper, TextPlace, text_at};

/// Where the person's are, beneath what is their own; and where a project's are.
pub const SKILLS: &str = "skills";
pub(crate) const OF_PROJECTS: [[&str; 2]; 3] = [[".q", SKILLS], [".claude", SKILLS], [".agents", SKILLS]];
pub(crate) const SKILL_FILE: &str = "SKILL.md";
/// The most that are looked at.
const MOST: usize = 100;
/// How much of what one is for is read, in letters.
const ABOUT: usize = 1024;

/// A skill as it was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SkillFile {
    pub about: String,
    pub path: String,
    /// The directory with all skills that it is in, as people are told of it.
    pub above: String,
    pub keeper: TextKeeper,
    pub place: SkillPlace,
    /// What its file says beneath its front matter; or what is wrong with it.
    pub text: Result<String, String>,
}

/// All that there are beneath what is the person's own and in a project, in the order in which they count; and how many more
/// directories there are that nobody looked at.
pub fn skill_files(person: &Path, project: Option<&ProjectPlace>) -> (Vec<SkillFile>, usize) {
    let (mut all, mut left_out): (Vec<SkillFile>, usize) = (Vec::new(), 0);
    for place in TextPlace::all(Some(&person.join(SKILLS)), project, &OF_PROJECTS) {
        for entry in place.entries() {
            let Some(name) = entry.name.to_str() else { continue };
            if all.len() >= MOST {
                // A turn waits for this: of what is too much nothing is opened.
                left_out += usize::from(entry.is_directory);
                continue;
            }
            let Some(text) = text_of(&place, name, entry.is_directory) else { continue };
            let mut file = described(&place, name, text);
            let first = all.iter().find(|known| known.text.is_ok() && known.place.name == file.place.name);
            if let (Some(first), Ok(_)) = (first, &file.text) {
                file.text = Err(format!("the skill of that name in {} counts", first.path));
            }
            all.push(file);
        }
    }
    (all, left_out)
}

/// What is written in the `SKILL.md` of an entry; nothing where that is no directory at all.
fn text_of(place: &TextPlace, name: &str, is_directory: bool) -> Option<Result<String, String>> {
    match open_directory(place.handle.as_fd(), OsStr::new(name)) {
        Ok(at) => {
            Some(text_at(at.as_fd(), SKILL_FILE).unwrap_or_else(|| Err("there is no such file".into())))
        }
        Err(why) => (is_directory || why.contains("link")).then_some(Err(why)),
    }
}

fn described(place: &TextPlace, directory: &str, text: Result<String, String>) -> SkillFile {
    let read = text.and_then(|text| FrontMatter::of(&text));
    let field = |name| read.as_ref().map_or("", |read| read.field(name));
    let (name, about) =
        (field("name").to_owned(), field("description").chars().take(ABOUT).collect::<String>());
    let is_named = is_typed_name(&name);
    let text = read.and_then(|FrontMatter { body, .. }| match (name.as_str(), is_named, about.trim()) {
        ("", ..) => Err("its front matter has no name".to_owned()),
        (_, false, _) => {
            Err("its name has something else than letters, digits, - and _, or more than 64".to_owned())
        }
        (_, true, "") => Err("its front matter has no description".to_owned()),
        (_, true, _said) => Ok(body),
    });
    let name = if text.is_ok() { name } else { directory.to_owned() };
    SkillFile {
        about,
        path: format!("{}/{directory}/{SKILL_FILE}", place.shown),
        above: place.shown.clone(),
        keeper: place.keeper,
        place: SkillPlace { name, directory: place.path.join(directory) },
        text,
    }
}
