//! The directories whose own files count, as `AGENTS.md` does: kept by canonical path in `trusted`, a line each, where the host's notes
//! are. The host reads it before each turn. What is wrong with it, nothing is trusted.

use std::path::{Path, PathBuf};

use q_core::ProjectFile;
use q_host::{ProjectReader, ProjectReading};
use q_proto::Place;
use q_term::project::UntrustedPaths;
use q_tools::{HOOKS_FILE, ProjectPlace, ProjectText, SERVERS_FILE, TextKeeper, digest_of, skill_files};

use crate::environment::ProcessEnvironment;
use crate::error::CliError;
use crate::state_file;

/// The most directories that are kept.
const MOST: usize = 1000;
const ABOVE: &str = "\
# Directories whose own files for agents (AGENTS.md and the like) count, with all beneath them.
# `q trust` and `q untrust` change it; they write this file anew, without remarks of your own.
";

/// All that are trusted. A file that is not there has none.
pub(crate) fn read(path: &Path) -> Result<Vec<PathBuf>, CliError> {
    let Some(text) = state_file::text(path, "the list of trusted directories")? else {
        return Ok(Vec::new());
    };
    let wrong = |why: &str| {
        CliError::usage(format!("{}: {why}", path.display()))
            .hint("mend the file; until then no directory is trusted")
    };
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let directories: Vec<PathBuf> = lines.map(PathBuf::from).collect();
    if directories.iter().any(|directory| !directory.is_absolute()) {
        return Err(wrong("a line is no directory's full path"));
    }
    if directories.len() > MOST {
        return Err(wrong(&format!("there are more than {MOST} directories")));
    }
    Ok(directories)
}

/// The highest of them that the directory is, or is beneath. Both are canonical paths: what merely looks as if it were beneath
/// one, by a link or the beginning of a name, is not.
pub(crate) fn above<'a>(trusted: &'a [PathBuf], directory: &Path) -> Option<&'a Path> {
    let above = trusted.iter().filter(|trusted| directory.starts_with(trusted));
    above.min_by_key(|trusted| trusted.components().count()).map(PathBuf::as_path)
}

/// The canonical path of a directory that may be trusted; or why it may not.
pub(crate) fn trustable(directory: &Path, environment: &ProcessEnvironment) -> Result<PathBuf, CliError> {
    let shown = directory.display();
    let found = directory
        .canonicalize()
        .map_err(|error| CliError::usage(format!("{shown} cannot be trusted: {error}")))?;
    if !found.is_dir() {
        return Err(CliError::usage(format!("{shown} cannot be trusted: it is no directory")));
    }
    let home = environment.path("HOME").and_then(|home| home.canonicalize().ok());
    if found.parent().is_none() || home.is_some_and(|home| home.starts_with(&found)) {
        return Err(CliError::usage(format!(
            "{} is not trusted as a whole: everything that is ever put there would speak to your agents",
            found.display()
        ))
        .hint("name the directory of a project: q trust DIR"));
    }
    Ok(found)
}

/// Trusts a directory, by its canonical path, or no longer; whether that changed anything.
pub(crate) fn set(place: &Place, directory: &Path, is_trusted: bool) -> Result<bool, CliError> {
    let path = place.trusted();
    state_file::rewrite(place, &path, || {
        let mut trusted = read(&path)?;
        if trusted.iter().any(|known| known == directory) == is_trusted {
            return Ok(None);
        }
        if is_trusted && trusted.len() >= MOST {
            let why = format!("there are {MOST} trusted directories, the most allowed: `q trust --list`");
            return Err(CliError::failed(why));
        }
        trusted.retain(|known| known != directory);
        let mut text = ABOVE.to_owned();
        for known in trusted.iter().map(PathBuf::as_path).chain(is_trusted.then_some(directory)) {
            let name = known.to_str().filter(|name| !name.contains(['\n', '\r']));
            text += name.ok_or_else(|| {
                CliError::usage(format!("{} has a name that cannot be kept in a line", known.display()))
            })?;
            text.push('\n');
        }
        Ok(Some(text))
    })
}

/// What of a project is there and not trusted; nothing where there is nothing to trust, or all is trusted already.
pub(crate) fn untrusted(place: &Place, directory: &Path) -> Option<UntrustedPaths> {
    let directory = directory.canonicalize().ok()?;
    if above(&read(&place.trusted()).unwrap_or_default(), &directory).is_some() {
        return None;
    }
    let place = ProjectPlace::of(&directory, None);
    let paths = UntrustedPaths {
        texts: place.names(),
        servers: place.naming_files(SERVERS_FILE),
        hooks: place.naming_files(HOOKS_FILE),
        written: place.text_places(),
    };
    (!paths.is_empty()).then_some(paths)
}

/// What the host is given to read with.
pub(crate) fn reader(place: &Place, own: PathBuf) -> ProjectReader {
    ProjectReader { trusted: place.trusted(), own, read: read_for_host }
}

/// For the host: what goes along with a turn in that directory. What is not trusted is not opened.
fn read_for_host(
    ProjectReader { trusted, own, read: _ }: &ProjectReader,
    directory: &Path,
    most: usize,
    with_skills: bool,
) -> ProjectReading {
    let Ok(directory) = directory.canonicalize() else { return ProjectReading::default() };
    let trusted = read(trusted).unwrap_or_else(|error| {
        tracing::warn!(target: "q::turn", why = %error.on_one_line(), "no directory is trusted");
        Vec::new()
    });
    let root = above(&trusted, &directory);
    let place = ProjectPlace::of(&directory, root);
    let mut reading = ProjectReading::default();
    if root.is_some() {
        let file = |text: &ProjectText| ProjectFile {
            path: text.path.clone(),
            bytes: text.text.len() as u64,
            left_out: text.left_out,
            fingerprint: text.fingerprint,
        };
        let found = place.texts(most);
        reading.files.all = found.iter().map(file).collect();
        let texts = found.into_iter().filter(|text| !text.text.is_empty());
        reading.texts = texts.map(|text| (text.path, text.text)).collect();
    } else {
        let file = |path| ProjectFile { path, ..ProjectFile::default() };
        reading.files.all = place.names().into_iter().map(file).collect();
        reading.files.withheld = !reading.files.all.is_empty();
    }
    if with_skills {
        list_skills(&mut reading, own, root.is_some().then_some(&place));
    }
    reading.files = reading.files.bounded();
    reading
}

/// Lists the skills that count. Those of a project are among its files, a line for each directory that has some.
fn list_skills(reading: &mut ProjectReading, own: &Path, project: Option<&ProjectPlace>) {
    let (skills, _) = skill_files(own, project);
    for skill in skills.into_iter().filter(|skill| skill.text.is_ok()) {
        let bytes = reading.listed.add(&skill.place.name, &skill.about, &skill.path);
        if skill.keeper == TextKeeper::Project {
            let all = &mut reading.files.all;
            if all.last().is_none_or(|last| last.path != skill.above) {
                all.push(ProjectFile { path: skill.above, ..ProjectFile::default() });
            }
            if let Some(file) = all.last_mut() {
                file.bytes += bytes.unwrap_or_default();
                file.left_out += if bytes.is_none() { skill.about.len() as u64 } else { 0 };
                let so_far = file.fingerprint.to_be_bytes();
                let parts = [&so_far, skill.place.name.as_bytes(), skill.about.as_bytes()];
                let digest = digest_of(parts);
                file.fingerprint = digest.first_chunk().map_or(1, |first| u64::from_be_bytes(*first).max(1));
            }
        }
        if bytes.is_some() {
            reading.skills.push(skill.place);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]
    use std::fs;
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;

    #[test]
    fn a_directory_is_trusted_by_its_canonical_path_with_what_is_beneath() {
        let home = tempfile::tempdir().unwrap();
        let home = home.path().canonicalize().unwrap();
        let place = Place::new(home.join("data"), home.join("state"), home.join("run"));
        let read_for_host = |trusted: PathBuf, directory: &Path| {
            let reader = ProjectReader { trusted, ..reader(&place, home.join("none")) };
            read_for_host(&reader, directory, usize::MAX, true)
        };
        for directory in ["a/b", "a-b", "o\"dd"] {
            fs::create_dir_all(home.join(directory)).unwrap();
        }
        fs::write(home.join("a-b/AGENTS.md"), "be kind").unwrap();
        symlink(home.join("a-b"), home.join("a/link")).unwrap();
        let (a, odd) = (home.join("a"), home.join("o\"dd"));
        assert!(set(&place, &a, true).unwrap() && set(&place, &odd, true).unwrap());
        assert!(!set(&place, &a, true).unwrap(), "it is there already");
        let trusted = read(&place.trusted()).unwrap();
        assert_eq!(trusted, [a.clone(), odd.clone()]);
        assert_eq!(fs::metadata(place.trusted()).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(above(&trusted, &home.join("a/b")), Some(a.as_path()));
        assert_eq!(above(&trusted, &home.join("a-b")), None, "a name is whole");
        // A link beneath what is trusted leads to what is not.
        let texts = vec!["AGENTS.md".to_owned()];
        let only = UntrustedPaths { texts, ..UntrustedPaths::default() };
        assert_eq!(untrusted(&place, &home.join("a/link")), Some(only));
        let read_there = read_for_host(place.trusted(), &home.join("a/link"));
        assert!(read_there.files.withheld && read_there.texts.is_empty());
        assert!(set(&place, &home.join("a-b"), true).unwrap());
        let read_there = read_for_host(place.trusted(), &home.join("a-b"));
        assert_eq!(read_there.texts, [("AGENTS.md".to_owned(), "be kind".to_owned())]);
        assert!(set(&place, &odd, false).unwrap());
        fs::set_permissions(place.trusted(), fs::Permissions::from_mode(0o666)).unwrap();
        let read_there = read_for_host(place.trusted(), &home.join("a-b"));
        assert!(read_there.files.withheld, "anybody could have written it");
    }
}
