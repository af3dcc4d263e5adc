//! An agent by a few questions: what is asked, what is written, and that nothing is before the last yes.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use q_testkit::program_double::ProgramDouble;
use q_testkit::server::Script;
use q_testkit::terminal::Terminal;

use crate::screen::{CTRL_C, CTRL_D, Person as _};
use crate::world::World;

const KEY: &str = "sk-canary-of-setup";

impl World {
    fn config_file(&self) -> PathBuf {
        self.home.directory("XDG_CONFIG_HOME").join("q/config.toml")
    }

    fn key_file(&self, name: &str) -> PathBuf {
        self.config_file().with_file_name("keys").join(name)
    }

    fn config(&self) -> String {
        fs::read_to_string(self.config_file()).unwrap_or_default()
    }
}

/// Types each answer once its question stands at the end of the screen, and nothing before.
fn answered(terminal: &mut Terminal, answers: &[(&str, &str)]) {
    for (question, answer) in answers {
        terminal.wait_for(&format!("the question {question:?}"), |screen| {
            let (row, _) = screen.cursor_position();
            let rows: Vec<String> = screen.rows(0, 80).collect();
            let last = usize::from(row);
            // A long question goes over two rows.
            rows.get(last.saturating_sub(1)..=last).is_some_and(|rows| {
                let text = rows.concat();
                text.trim_end().ends_with("]:") && text.contains(question)
            })
        });
        terminal.send_line(answer);
    }
}

#[test]
fn three_answers_lead_to_an_agent() {
    let world = World::unnamed();
    world.home.configure("# mine\ntheme = \"night\"   # dark\n\n[agents.old]\nacp = \"codex\"\n");
    let url = world.server.base_url();
    let mut terminal = world.terminal(&["setup"]);
    answered(
        &mut terminal,
        &[
            ("Who answers", "?"),
            ("Who answers", "serber"),
            ("Who answers", "server"),
            ("Its address", "127.0.0.1:1"),
            ("Its address", &url),
            ("Its key, not shown [none]", KEY),
            ("Its model [scripted]", "scripted-minni"),
            ("Its model [scripted]", "2"),
        ],
    );
    // All of it is shown before it is asked for.
    terminal.wait_text("Write it?");
    let screen = terminal.screen_text();
    assert!(screen.contains("To be written to"), "{screen}");
    for shown in
        ["answer    yes", "[agents.server]", "model = \"scripted-mini\"", "key_file = \"keys/server\""]
    {
        assert!(screen.contains(shown), "{shown:?} is missing:\n{screen}");
    }
    assert!(!world.config().contains("server") && !world.key_file("server").exists(), "nothing before a yes");
    answered(&mut terminal, &[("Write it?", "")]);
    terminal.wait_text("Written. server answers");
    terminal.wait_detached();
    // Not on the screen, and not in what was scrolled off it.
    let raw = String::from_utf8_lossy(&terminal.raw()).into_owned();
    assert!(raw.contains("serber") && !raw.contains(KEY), "a key is never shown: {raw}");
    assert_eq!(
        world.config(),
        format!(
            "agent = \"server\"\n\n# mine\ntheme = \"night\"   # dark\n\n[agents.old]\nacp = \"codex\"\n\n\
             [agents.server]\nbase_url = \"{url}\"\nmodel = \"scripted-mini\"\nkey_file = \"keys/server\"\n"
        )
    );
    let mode = fs::metadata(world.key_file("server")).unwrap().permissions().mode();
    assert_eq!((mode & 0o777, fs::read_to_string(world.key_file("server")).unwrap().as_str()), (0o600, KEY));
    let seen = world.server.requests();
    assert!(
        seen.iter().any(|seen| seen.headers.contains(&("authorization".into(), format!("Bearer {KEY}"))))
    );
    assert_eq!(world.q(&["chat", "hello"]).succeeded().out, "echo: hello\n");
}

#[test]
fn what_is_there_already_is_offered_first_and_enter_takes_it() {
    let mut world = World::unnamed();
    world.home.set("MISTRAL_API_KEY", KEY);
    let url = world.server.base_url();
    world.home.configure("agent = \"mistral\"\n[agents.mistral]\nprovider = \"mistral\"\n\n# end\n");
    let mut terminal = world.terminal(&["setup", "--base-url", &url]);
    terminal.wait_text("1  mistral       MISTRAL_API_KEY is set");
    answered(
        &mut terminal,
        &[
            ("Who answers [mistral]", ""),
            ("mistral is there already", "?"),
            ("The name of the new one [mistral-2]", "a b"),
            ("[mistral-2]", ""),
            ("[the one in MISTRAL_API_KEY]", ""),
            ("Its model [mistral-small-latest]", ""),
            ("Write it?", "x"),
            ("Write it?", ""),
        ],
    );
    terminal.wait_text("Written. mistral-2 answers");
    terminal.wait_detached();
    let config = world.config();
    assert!(
        config.starts_with("agent = \"mistral-2\"\n[agents.mistral]\nprovider = \"mistral\"\n\n# end\n"),
        "{config}"
    );
    assert!(
        config.ends_with(&format!("[agents.mistral-2]\nprovider = \"mistral\"\nbase_url = \"{url}\"\n")),
        "{config}"
    );
    assert!(!world.key_file("mistral-2").exists());
}

#[test]
fn who_leaves_leaves_nothing_behind_and_a_terminal_as_it_was() {
    let world = World::unnamed();
    let url = world.server.base_url();
    for (keys, answers, last) in
        [(CTRL_C, &[][..], "Its key"), (CTRL_D, &[("Its key", KEY), ("Its model", "")][..], "Write it?")]
    {
        let mut terminal = world.shell();
        let q = format!("{} setup --provider server --base-url {url}", crate::world::Q);
        terminal.send_line(&format!("clear; {q}; stty -a | grep -o -e '[ -]echo '; echo 'it is o'ver"));
        answered(&mut terminal, answers);
        terminal.wait_for("the last question", |screen| {
            screen.contents().contains(last) && screen.contents().trim_end().ends_with("]:")
        });
        terminal.send(keys);
        terminal.wait_text("it is over");
        let screen = terminal.screen_text();
        assert!(screen.contains("left; nothing was written") && screen.contains("\n echo"), "{screen}");
        assert!(!screen.contains(KEY), "{screen}");
        assert!(!world.config_file().exists() && !world.key_file("server").exists());
    }
}

#[test]
fn an_agent_that_does_not_answer_is_written_only_by_a_word() {
    let world = World::unnamed();
    let refused = r#"{"error":{"message":"Incorrect API key provided"}}"#;
    world.server.on("one word", Script::new().status(401, refused));
    let url = world.server.base_url();
    let mut terminal = world.terminal(&["setup", "--provider", "server", "--base-url", &url, "--model", "m"]);
    let address = format!("Its address [{url}]");
    answered(&mut terminal, &[("Its key", KEY), ("It did not answer", "")]);
    answered(
        &mut terminal,
        &[
            ("Who answers [server]", ""),
            (&address, ""),
            ("Its key", ""),
            ("Its model [m]", ""),
            ("It did not answer", "w"),
        ],
    );
    terminal.wait_text("Written. server answers");
    terminal.wait_detached();
    assert_eq!(
        world.config(),
        format!("agent = \"server\"\n\n[agents.server]\nbase_url = \"{url}\"\nmodel = \"m\"\n")
    );
}

#[test]
fn a_program_on_path_is_an_agent_without_any_key() {
    let mut world = World::unnamed();
    let double = ProgramDouble::acp(world.home.path());
    let bin = world.home.path().join("bin");
    fs::create_dir(&bin).unwrap();
    let (name, value) = double.variable();
    let script = format!("#!/bin/sh\n{name}={value} exec {}\n", double.command("modes").join(" "));
    fs::write(bin.join("opencode"), script).unwrap();
    fs::set_permissions(bin.join("opencode"), fs::Permissions::from_mode(0o700)).unwrap();
    world.home.set("PATH", &format!("{}:/usr/bin:/bin", bin.display()));
    let mut terminal = world.terminal(&["setup"]);
    answered(&mut terminal, &[("Who answers [opencode]", ""), ("Write it? w", "b")]);
    answered(&mut terminal, &[("Who answers [opencode]", ""), ("Write it? w", "")]);
    terminal.wait_text("Written. opencode answers");
    terminal.wait_detached();
    assert_eq!(world.config(), "agent = \"opencode\"\n\n[agents.opencode]\nacp = \"opencode\"\n");
    assert_eq!(double.processes().len(), 2, "it was tried each time");
}

#[test]
fn a_key_that_is_to_come_later_is_waited_for() {
    let world = World::unnamed();
    let mut terminal = world.terminal(&["setup", "--provider", "anthropic"]);
    answered(
        &mut terminal,
        &[("[later, in ANTHROPIC_API_KEY]", ""), ("Its model [claude-sonnet-4-5]", ""), ("Write it?", "")],
    );
    terminal.wait_text("export ANTHROPIC_API_KEY=...");
    terminal.wait_detached();
    assert_eq!(world.config(), "agent = \"anthropic\"\n\n[agents.anthropic]\nprovider = \"anthropic\"\n");
    world.q(&["chat", "hello"]).exited(1).told("ANTHROPIC_API_KEY");
}

#[test]
fn scripts_say_it_by_options_and_only_what_answers_is_written() {
    let mut world = World::unnamed();
    let url = world.server.base_url();
    world.q(&["setup"]).exited(2).said("[agents.").told("no terminal to ask at");
    world.q(&["setup", "--provider", "antropic", "--yes"]).exited(2).told("did you mean `anthropic`?");
    world.q(&["setup", "--provider", "anthropic"]).exited(2).said("provider = \"anthropic\"");
    world.q(&["setup", "--provider", "anthropic", "--yes"]).exited(1).told("ANTHROPIC_API_KEY");
    world.q(&["setup", "--provider", "azure", "--yes"]).exited(2).told("--base-url ADDRESS");
    world.q(&["setup", "--provider", "server", "--base-url", "x", "--yes"]).exited(2).told("http://");
    world.home.set("WORK_KEY", KEY);
    let here = ["setup", "--provider", "vllm", "--base-url", &url, "--key-env", "WORK_KEY", "--yes"];
    world.server.once("one word", Script::new().status(401, "{}"));
    world.q(&here).exited(1).told("nothing was written");
    assert!(!world.config_file().exists());
    world.q(&here).succeeded().said("answer    yes").said("Written.");
    let table = "[agents.vllm]\nprovider = \"vllm\"\nbase_url = \"URL\"\nmodel = \"scripted\"\nkey_env = \"WORK_KEY\"\n";
    assert_eq!(world.config(), format!("agent = \"vllm\"\n\n{}", table.replace("URL", &url)));
    world.q(&here).exited(2).told("--name NAME");
    world.q(&[&here[..], &["--name", "other"]].concat()).succeeded();
    assert!(world.config().starts_with("agent = \"other\"\n\n[agents.vllm]\n"), "{}", world.config());
}
