//! Commands and skills as files: which are found, which count, and what of hostile directories is read.
#![allow(clippy::unwrap_used, reason = "tests may panic")]

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use q_tools::{CommandFiles, ProjectPlace, TextKeeper, skill_files};

/// One more byte than a file may have.
const TOO_LONG: usize = (64 << 10) + 1;

/// A home with these files, by a path without links; `own` in it is the person's, `p` a project.
fn home(files: &[(&str, &str)]) -> (tempfile::TempDir, PathBuf) {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().canonicalize().unwrap();
    for (name, text) in [("p/.git/x", "")].iter().chain(files) {
        let file = path.join(name);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
    }
    (home, path)
}

fn project(home: &Path, beneath: &str) -> ProjectPlace {
    ProjectPlace::of(&home.join("p").join(beneath), Some(&home.join("p")))
}

#[test]
fn the_persons_command_counts_then_the_nearest_of_the_project() {
    let (_home, home) = home(&[
        ("own/commands/a.md", "own"),
        ("own/commands/f/b.md", "own b"),
        ("p/.q/commands/a.md", "project"),
        ("p/.claude/commands/c.md", "top"),
        ("p/.q/commands/c.md", "q's"),
        ("p/x/.claude/commands/c.md", "near"),
        ("p/x/.claude/commands/f/b.md", "project b"),
        ("own/commands/no text.txt", ""),
        ("own/commands/deep/er/d.md", "too deep"),
        ("outside/commands/e.md", "outside"),
    ]);
    symlink(home.join("outside/commands"), home.join("p/x/.q")).unwrap();
    let own = home.join("own");
    let in_project = |beneath: &str| CommandFiles::of(&own, Some(&project(&home, beneath)));
    let said = |files: &CommandFiles, name: &str| files.find(name).map(|found| found.text.unwrap());
    let near = in_project("x");
    for (name, text) in [("a", "own"), ("f:b", "own b"), ("c", "near")] {
        assert_eq!(said(&near, name).as_deref(), Some(text), "{name}");
    }
    for name in ["d", "e", "deep:er", "../commands/a", "f:../a", ""] {
        assert_eq!(said(&near, name), None, "{name}");
    }
    assert_eq!(said(&in_project(""), "c").as_deref(), Some("q's"));
    let nobodys = CommandFiles::of(&own, None);
    assert_eq!(nobodys.names(), ["a", "f:b"]);
    assert_eq!(nobodys.find("c"), None, "nothing of a project that is not trusted");
    let (all, more) = near.all();
    let shadowed: Vec<_> =
        all.iter().filter(|file| file.text.is_err()).map(|file| file.name.as_str()).collect();
    assert_eq!((shadowed.as_slice(), more), (["f:b", "a", "c", "c"].as_slice(), 0));
    assert!(shadowed.len() < all.len() && all[0].keeper == TextKeeper::Person);
    let places = ProjectPlace::of(&home.join("p/x"), None).text_places();
    assert_eq!(places, [".q/commands", ".claude/commands", "x/.claude/commands"]);
}

#[test]
fn what_cannot_be_read_is_said_with_its_path_and_no_link_is_followed() {
    let (_home, home) = home(&[
        ("own/commands/long.md", &"a".repeat(TOO_LONG)),
        ("own/commands/zero.md", "a\0b"),
        ("own/commands/blank.md", "---\ndescription: x\n---\n \n"),
        ("own/commands/open.md", "---\ndescription: x"),
        ("own/commands/größe.md", "a"),
        ("own/commands/hidden.md", "a\u{e0041}\u{200b}b"),
        ("secret", "key"),
    ]);
    let commands = home.join("own/commands");
    fs::write(commands.join("bytes.md"), b"\xff").unwrap();
    symlink(home.join("secret"), commands.join("link.md")).unwrap();
    symlink(&commands, commands.join("cycle")).unwrap();
    rustix::fs::mkfifoat(rustix::fs::CWD, commands.join("pipe.md"), rustix::fs::Mode::RWXU).unwrap();
    fs::create_dir(commands.join("directory.md")).unwrap();
    let files = CommandFiles::of(&home.join("own"), None);
    for (name, why) in [
        ("long", "longer than 65536 bytes"),
        ("zero", "a zero byte"),
        ("blank", "it says nothing"),
        ("open", "no second line of ---"),
        ("bytes", "no UTF-8 text"),
        ("link", "links are not followed"),
        ("pipe", "no regular file"),
        ("directory", "it is a directory"),
    ] {
        let found = files.find(name).unwrap();
        assert!(found.text.as_ref().unwrap_err().contains(why), "{found:?}");
        assert!(found.path.ends_with(&format!("/own/commands/{name}.md")), "{found:?}");
    }
    assert_eq!(files.find("hidden").unwrap().text.as_deref(), Ok("a<U+E0041><U+200B>b"));
    assert_eq!(files.find("cycle:zero"), None);
    let (all, _) = files.all();
    assert!(all.iter().any(|file| file.text.as_ref().is_err_and(|why| why.contains("a name has letters"))));
}

#[test]
fn ten_thousand_files_are_counted_and_not_read() {
    let (_home, home) = home(&[]);
    let commands = home.join("own/commands");
    let skills = home.join("own/skills");
    fs::create_dir_all(&commands).unwrap();
    for number in 0..10_000 {
        fs::write(commands.join(format!("c{number}.md")), "a").unwrap();
    }
    for number in 0..120 {
        fs::create_dir_all(skills.join(format!("s{number}"))).unwrap();
    }
    // One that is looked at is told of as a link.
    symlink(&skills, skills.join("t")).unwrap();
    let files = CommandFiles::of(&home.join("own"), None);
    let (all, more) = files.all();
    assert_eq!((all.len(), more, files.names().len()), (200, 9_800, 200));
    assert!(files.find("c9999").is_some(), "one that is typed is found all the same");
    let (all, more) = skill_files(&home.join("own"), None);
    assert_eq!((all.len(), more), (100, 20));
}

#[test]
fn a_skill_needs_a_name_and_a_purpose_and_the_persons_counts() {
    let skill = |name: &str, about: &str| format!("---\nname: {name}\ndescription: {about}\n---\nDo it.\n");
    let (_home, home) = home(&[
        ("own/skills/pdf/SKILL.md", &skill("pdf", "own")),
        ("own/skills/a/SKILL.md", "no front matter"),
        ("own/skills/b/SKILL.md", "---\nname: b\n---\n"),
        ("own/skills/c/SKILL.md", &skill("two words", "x")),
        ("own/skills/d/other.md", ""),
        ("own/skills/README.md", ""),
        ("p/.claude/skills/pdf/SKILL.md", &skill("pdf", "theirs")),
        ("p/.agents/skills/tests/SKILL.md", &skill("tests", &"ü".repeat(3_000))),
        ("p/.q/skills/open/SKILL.md", "---\nname: open\n"),
    ]);
    symlink(home.join("p/.agents/skills/tests"), home.join("own/skills/link")).unwrap();
    let (all, more) = skill_files(&home.join("own"), Some(&project(&home, "")));
    let told = |fault: bool| -> Vec<(&str, &str)> {
        let of = all.iter().filter(move |skill| skill.text.is_err() == fault);
        of.map(|skill| {
            (skill.place.name.as_str(), skill.text.as_ref().map_or_else(String::as_str, String::as_str))
        })
        .collect()
    };
    assert_eq!((told(false), more), (vec![("pdf", "Do it."), ("tests", "Do it.")], 0));
    let faults = told(true);
    let names: Vec<&str> = faults.iter().map(|(name, _)| *name).collect();
    assert_eq!(names, ["a", "b", "c", "d", "link", "open", "pdf"]);
    for ((_, said), why) in faults.iter().zip([
        "has no name",
        "has no description",
        "something else than letters",
        "there is no such file",
        "links are not followed",
        "no second line of ---",
        "counts",
    ]) {
        assert!(said.contains(why), "{said}");
    }
    let tests = all.iter().find(|skill| skill.place.name == "tests").unwrap();
    assert_eq!((tests.about.chars().count(), tests.keeper), (1_024, TextKeeper::Project));
    assert_eq!(tests.place.directory, home.join("p/.agents/skills/tests"));
    let (of_person, _) = skill_files(&home.join("own"), None);
    assert!(of_person.iter().all(|skill| skill.keeper == TextKeeper::Person));
}
