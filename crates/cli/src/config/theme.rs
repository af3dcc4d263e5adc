//! The theme that the configuration names: one of `q`'s, or a file of the person's beside the configuration.

use std::path::{Path, PathBuf};

use q_term::suggest::nearest;
use q_term::theme::{OF_THE_TERMINAL, Theme};

use crate::error::CliError;
use crate::trusted;

/// Beside the file of the configuration.
const DIRECTORY: &str = "themes";

/// The theme of that name; nothing for the terminal's own colours.
pub(crate) fn named(name: &str, config: &Path) -> Result<Option<Theme>, CliError> {
    if name == OF_THE_TERMINAL {
        return Ok(None);
    }
    if let Some((_, theme)) = Theme::known().find(|(known, _)| *known == name) {
        return Ok(Some(theme));
    }
    let Some(file) = file(name, config).filter(|file| file.is_file()) else { return Err(unknown(name)) };
    let text = trusted::read(&file).map_err(|untrusted| untrusted.into_error("the theme", &file))?;
    let of_file = |why: &dyn std::fmt::Display| {
        CliError::usage(format!("{}: {why}", file.display()))
            .hint(format!("a theme has {}, each as \"#1e2a3b\"", Theme::NAMES.join(", ")))
    };
    let said = super::named_texts(&text).map_err(|why| of_file(&why))?;
    let said = said.iter().map(|(name, colour)| (name.as_str(), colour.as_str()));
    Theme::read(said).map(Some).map_err(|fault| of_file(&fault))
}

/// Where a theme of the person's would be: names lead nowhere else.
fn file(name: &str, config: &Path) -> Option<PathBuf> {
    let is_plain = |letter: char| letter.is_alphanumeric() || letter == '-' || letter == '_';
    let is_name = !name.is_empty() && name.chars().all(is_plain);
    is_name.then(|| config.parent().map(|beside| beside.join(DIRECTORY).join(format!("{name}.toml"))))?
}

fn unknown(name: &str) -> CliError {
    let known: Vec<&str> = Theme::known().map(|(known, _)| known).chain([OF_THE_TERMINAL]).collect();
    let error = CliError::usage(format!("there is no theme {name:?}"));
    let error = match nearest(name, known.iter().copied()) {
        Some(near) => error.hint(format!("did you mean {near:?}?")),
        None => error,
    };
    error.hint(format!(
        "there are {}; one of yours stands in {DIRECTORY}/NAME.toml beside the configuration",
        known.join(", ")
    ))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that panics has found something")]
mod tests {
    use super::*;

    #[test]
    fn a_theme_is_known_or_a_file_beside_the_configuration() {
        let place = tempfile::tempdir().unwrap();
        let config = place.path().join("config.toml");
        std::fs::create_dir(place.path().join(DIRECTORY)).unwrap();
        let write =
            |name: &str, text: &str| std::fs::write(place.path().join(DIRECTORY).join(name), text).unwrap();
        let whole = Theme::NAMES.map(|name| format!("{name} = \"#102030\"")).join("\n");
        write("mine.toml", &whole);
        write("half.toml", "red = \"#102030\"");
        write("broken.toml", "red = ");
        std::fs::write(place.path().join("above.toml"), &whole).unwrap();
        assert_eq!(named("terminal", &config).unwrap(), None);
        assert!(named("nord", &config).unwrap().is_some());
        assert_eq!(named("mine", &config).unwrap().unwrap().hard_to_read().count(), 8);
        for (name, why) in [
            ("half", "it says nothing of ground"),
            ("broken", "broken.toml"),
            ("nrod", "there is no theme"),
            ("../above", "there is no theme"),
            ("", "there is no theme"),
        ] {
            let error = named(name, &config).unwrap_err();
            assert!(error.message.contains(why) && !error.hints.is_empty(), "{name}: {}", error.message);
        }
        assert_eq!(named("nrod", &config).unwrap_err().hints[0], "did you mean \"nord\"?");
    }
}
