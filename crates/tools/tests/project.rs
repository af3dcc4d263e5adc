//! Files of a project: which are found, from where, and what of them is read.
#![allow(clippy::unwrap_used, reason = "tests may panic")]

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use q_tools::{PROJECT_BYTES, ProjectPlace, ProjectText};

/// As much as is read of one file, in bytes.
const FILE: usize = 32 << 10;

fn place(home: &Path, files: &[(&str, &str)]) -> PathBuf {
    for (path, text) in files {
        let file = home.join(path);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
    }
    fs::canonicalize(home).unwrap()
}

fn paths(texts: &[ProjectText]) -> Vec<&str> {
    texts.iter().map(|text| text.path.as_str()).collect()
}

#[test]
fn files_are_found_from_the_top_of_the_repository_down() {
    let home = tempfile::tempdir().unwrap();
    let home = place(
        home.path(),
        &[
            ("AGENTS.md", "outside"),
            ("repo/.git/config", ""),
            ("repo/AGENTS.md", "top"),
            ("repo/CLAUDE.md", "top"),
            ("repo/.amazonq/rules/b.md", "b"),
            ("repo/.amazonq/rules/a.md", "a"),
            ("repo/.amazonq/rules/a.txt", "no rule"),
            ("repo/x/y/GEMINI.md", "y"),
            ("repo/x/z/AGENTS.md", "beside"),
            ("repo/.mcp.json", "top"),
            ("repo/x/.mcp.json", "lower"),
            ("repo/.q/hooks.toml", "hooks"),
            ("repo/x/y/hooks.toml", "beside"),
        ],
    );
    let (repo, below) = (home.join("repo"), home.join("repo/x/y"));
    let all = ["AGENTS.md", ".amazonq/rules/a.md", ".amazonq/rules/b.md", "x/y/GEMINI.md"];
    assert_eq!(paths(&ProjectPlace::of(&below, Some(&home)).texts(PROJECT_BYTES)), all);
    assert_eq!(paths(&ProjectPlace::of(&below, Some(&repo)).texts(PROJECT_BYTES)), all);
    // Only what is trusted.
    assert_eq!(paths(&ProjectPlace::of(&below, Some(&below)).texts(PROJECT_BYTES)), ["GEMINI.md"]);
    let names = ProjectPlace::of(&below, None).names();
    assert_eq!(names, ["AGENTS.md", "CLAUDE.md", ".amazonq/rules", "x/y/GEMINI.md"]);
    let files = |name| ProjectPlace::of(&below, None).naming_files(name);
    assert_eq!(files(".mcp.json"), [".mcp.json", "x/.mcp.json"]);
    assert_eq!(files(".q/hooks.toml"), [".q/hooks.toml"]);
    let hooks = ProjectPlace::of(&below, Some(&repo)).lowest(".q/hooks.toml");
    assert_eq!(hooks, Some((repo.clone(), Ok("hooks".to_owned()))));
    let lowest = ProjectPlace::of(&below, Some(&repo)).lowest(".mcp.json");
    assert_eq!(lowest, Some((repo.join("x"), Ok("lower".to_owned()))));
    assert_eq!(ProjectPlace::of(&below, Some(&below)).lowest(".mcp.json"), None, "only what is trusted");
    // No repository: nothing above.
    assert_eq!(paths(&ProjectPlace::of(&home, None).texts(PROJECT_BYTES)), ["AGENTS.md"]);
}

#[test]
fn links_devices_and_what_is_no_text_are_not_read_and_all_has_a_bound() {
    let home = tempfile::tempdir().unwrap();
    let long = "ü".repeat(FILE);
    let other = "a".repeat(FILE);
    let third = "b".repeat(FILE);
    let home = place(
        home.path(),
        &[
            ("secret", "key"),
            ("p/.git/x", ""),
            ("p/CLAUDE.md", &long),
            ("p/d/AGENTS.md", &other),
            ("p/d/e/AGENTS.md", &third),
        ],
    );
    symlink(home.join("secret"), home.join("p/AGENTS.md")).unwrap();
    fs::write(home.join("p/GEMINI.md"), b"\xff\xfe").unwrap();
    symlink(home.join("p"), home.join("p/d/.amazonq")).unwrap();
    let texts = ProjectPlace::of(&home.join("p/d/e"), Some(&home)).texts(PROJECT_BYTES);
    let sizes: Vec<(&str, usize, u64)> =
        texts.iter().map(|text| (text.path.as_str(), text.text.len(), text.left_out)).collect();
    let half = FILE as u64;
    assert_eq!(
        sizes[1..],
        [
            ("CLAUDE.md", FILE, half),
            ("GEMINI.md", 0, 2),
            ("d/AGENTS.md", FILE, 0),
            ("d/e/AGENTS.md", 0, half)
        ]
    );
    assert_eq!((sizes[0].0, sizes[0].1), ("AGENTS.md", 0), "a link leads nowhere");
    assert_eq!(ProjectPlace::of(&home.join("p"), Some(&home)).texts(100)[1].text.len(), 100);
}
