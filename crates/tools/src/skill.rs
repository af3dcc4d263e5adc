//! `skill`: a text of a skill. It reads beneath that skill's directory alone, which the person or a trusted project made for this, so
//! nobody is asked.

use std::path::PathBuf;

use q_seat::SkillPlace;
use serde::Deserialize;

use crate::definition::ToolDefinition;
use crate::directory::WorkingDirectory;
use crate::private::is_private;
use crate::relative_path::RelativePath;
use crate::skill_file::SKILL_FILE;
use crate::view;

pub(crate) const DEFINITION: ToolDefinition = ToolDefinition {
    name: "skill",
    about: "Reads a skill that you were told of, by its name: SKILL.md, or with \"file\" another text file of its directory. Shown with line numbers; long files come in parts: the last line says how to go on.",
    schema: r#"{"type":"object","properties":{"name":{"type":"string","description":"The skill"},"file":{"type":"string","description":"A file, from the skill's directory on; SKILL.md unless given"},"from":{"type":"integer","minimum":1,"description":"The first line to show"}},"required":["name"],"additionalProperties":false}"#,
    reads: true,
};

/// How many lines are shown at once.
const LINES: usize = 2000;

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SkillArguments {
    name: String,
    file: Option<String>,
    from: Option<usize>,
}

impl SkillArguments {
    /// The skill that is meant, among those that there are.
    pub(crate) fn place(&self, skills: &[SkillPlace]) -> Result<SkillPlace, String> {
        let meant = skills.iter().find(|place| place.name == self.name).cloned();
        meant.ok_or_else(|| {
            let names: Vec<&str> = skills.iter().map(|place| place.name.as_str()).collect();
            format!("there is no skill `{}`; there are: {}", self.name, names.join(", "))
        })
    }

    /// The file that is meant, from the skill's directory on.
    fn file(&self, place: &SkillPlace) -> Result<RelativePath, String> {
        let wanted = self.file.as_deref().unwrap_or(SKILL_FILE);
        RelativePath::of(wanted, &place.directory)
            .map_err(|_| format!("`{wanted}` is outside of the skill {}", place.name))
    }

    /// The whole path of the file that is meant.
    pub(crate) fn path(&self, place: &SkillPlace) -> Result<PathBuf, String> {
        Ok(place.directory.join(self.file(place)?.to_string()))
    }
}

pub(crate) fn carry_out(place: &SkillPlace, asked: &SkillArguments) -> Result<String, String> {
    let file = asked.file(place)?;
    if file.names().iter().any(|name| is_private(name)) {
        return Err(format!("{file}: files of that name mostly hold keys, and are no part of a skill"));
    }
    let gone = |_| format!("the directory of the skill {} is not there any more", place.name);
    let directory = WorkingDirectory::open(&place.directory, 0).map_err(gone)?;
    let content = directory.read(&file)?;
    if view::is_binary(&content.bytes) {
        return Err(format!("{file}: it is no text ({} bytes)", content.bytes.len()));
    }
    let shown = view::numbered(&content.bytes, asked.from.unwrap_or(1).max(1), LINES);
    Ok(format!("{}/{file}\n{shown}", place.directory.display()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]
    use std::{fs, os};

    use super::*;

    #[test]
    fn a_skill_is_read_beneath_its_directory_and_nowhere_else() {
        let made = tempfile::tempdir().unwrap();
        let home = made.path().canonicalize().unwrap();
        let directory = home.join("pdf");
        fs::create_dir_all(directory.join("more")).unwrap();
        let write = |name: &str, text| fs::write(home.join(name), text).unwrap();
        write("secret", "outside");
        write("pdf/SKILL.md", "first\u{e0041}\n");
        write("pdf/more/a.md", "a");
        write("pdf/.env", "KEY=1");
        write("pdf/bytes", "a\0b");
        os::unix::fs::symlink(home.join("secret"), directory.join("link")).unwrap();
        let places = [SkillPlace { name: "pdf".into(), directory: directory.clone() }];
        let read = |input: &str| {
            let asked: SkillArguments = serde_json::from_str(input).unwrap();
            asked.place(&places).and_then(|place| carry_out(&place, &asked))
        };
        let shown = read(r#"{"name":"pdf"}"#).unwrap();
        assert_eq!(shown, format!("{}/SKILL.md\n     1\tfirst<U+E0041>\n", directory.display()));
        assert!(read(r#"{"name":"pdf","file":"more/a.md"}"#).unwrap().ends_with("     1\ta\n"));
        for (input, why) in [
            (r#"{"name":"odf"}"#, "there is no skill `odf`; there are: pdf"),
            (r#"{"name":"pdf","file":"../secret"}"#, "outside of the skill pdf"),
            (r#"{"name":"pdf","file":"/etc/passwd"}"#, "outside of the skill pdf"),
            (r#"{"name":"pdf","file":"link"}"#, "links are not followed"),
            (r#"{"name":"pdf","file":"more"}"#, "it is a directory"),
            (r#"{"name":"pdf","file":".env"}"#, "mostly hold keys"),
            (r#"{"name":"pdf","file":"bytes"}"#, "it is no text"),
            (r#"{"name":"pdf","file":"none"}"#, "there is no such file"),
        ] {
            let said = read(input).unwrap_err();
            assert!(said.contains(why), "{input}: {said}");
        }
    }
}
