//! MCP servers at an address, as people configure them; and what prompts take from servers.

use std::fs;

use q_testkit::mcp_address::McpAddress;
use q_testkit::server::Script;

use crate::screen::Person as _;
use crate::tools::{Workshop, until};
use crate::world::PATIENCE;

/// A workshop whose model has a server `far` at an address beside its tools, with that in its table.
pub(crate) fn with_far(mode: &str, table: &str) -> (Workshop, McpAddress) {
    let shop = Workshop::with_tools();
    let far = McpAddress::start(mode);
    let file = shop.world.home.directory("XDG_CONFIG_HOME").join("q/config.toml");
    let before = fs::read_to_string(&file).unwrap();
    shop.world.home.configure(&format!("{before}\n[mcp.far]\nurl = \"{}\"\n{table}\n", far.url()));
    (shop, far)
}

fn last_prompt(shop: &Workshop) -> String {
    shop.world.server.requests().last().map(|seen| seen.last_user_text().to_owned()).unwrap_or_default()
}

#[test]
fn a_key_of_the_environment_goes_to_the_server_and_is_shown_nowhere() {
    let (mut shop, far) = with_far("locked", "key_env = \"FAR_KEY\"");
    shop.world.q(&["mcp", "check", "far"]).exited(1).told("FAR_KEY, which key_env names, is not set");
    shop.world.home.set("FAR_KEY", "sk-canary");
    let checked = shop.world.q(&["mcp", "check", "far"]).succeeded();
    assert!(checked.out.starts_with("far is far 1, with 1 tools"), "{checked:?}");
    shop.begin("api", "hello");
    shop.wait("api").succeeded();
    let tools = shop.world.server.requests()[0].body["tools"].to_string();
    assert!(tools.contains("far__say"), "{tools}");
    assert!(far.heard().iter().all(|heard| heard.header("authorization") == Some("Bearer sk-canary")));
    let listed = shop.world.q(&["mcp", "list", "--json"]).succeeded();
    assert_eq!(listed.json()[0]["url"].as_str(), Some(far.url().as_str()));
    let pinned = fs::read_to_string(until("what was accepted", || {
        let state = shop.world.home.directory("XDG_STATE_HOME").join("q/mcp/far.json");
        state.exists().then_some(state)
    }));
    for said in [checked.out, checked.err, listed.out, pinned.unwrap()] {
        assert!(!said.contains("canary"), "{said}");
    }
}

#[test]
fn a_server_at_an_address_is_added_with_its_key_and_removed() {
    let (shop, far) = with_far("plain", "");
    let url = format!("{}?key=canary", far.url());
    let add = |rest: &[&str]| {
        let words: Vec<&str> = ["mcp", "add", "new"].iter().chain(rest).copied().collect();
        shop.world.q(&words)
    };
    add(&["--url", "x.test"]).exited(2).told("a url that is no address");
    add(&["--url", &url, "--env", "A=b"]).exited(2);
    add(&["--url", &url, "--header", "X Team=a"]).exited(2).told("cannot be the name of a header");
    add(&["--url", &url, "--header", "X-Team=canary"]).succeeded();
    let listed = shop.world.q(&["mcp", "list"]).succeeded();
    assert!(
        listed.out.contains("/mcp?key=…  (not started yet)") && !listed.out.contains("canary"),
        "{listed:?}"
    );
    shop.world.q(&["mcp", "check", "new"]).succeeded();
    assert!(far.heard().iter().all(|heard| heard.header("x-team") == Some("canary")));
    shop.world.q(&["mcp", "remove", "new"]).succeeded();
}

#[test]
fn a_servers_prompt_is_what_it_says_and_a_resource_is_quoted() {
    let (shop, far) = with_far("reads", "");
    shop.world.server.on("far:/1", Script::new().say("Seen.").done());
    let directory = shop.directory.display().to_string();
    shop.world.q(&["new", "-d", "api", "--cwd", &directory]).succeeded();
    assert_eq!(far.heard().len(), 0, "nobody is asked before a prompt names one");
    shop.world.q(&["mcp", "check", "far"]).succeeded().said("/far:review FILE [STYLE]  Looks at a file.");
    let mut terminal = shop.world.open_at("api");
    terminal.enter("/far:review a.rs very dry", "echo: Review a.rs, very dry, and @/etc/passwd");
    assert_eq!(
        last_prompt(&shop),
        "Review a.rs, very dry, and @/etc/passwd",
        "what a server says names no file"
    );
    terminal.enter("look at @far:far:/1, please", "Seen.");
    let quoted =
        "look at @far:far:/1, please\n\nFile far:far:/1 (2 lines, 20 B):\n```\nfar:/1:\nwhat it says\n```";
    assert_eq!(last_prompt(&shop), quoted);
    // So it is behind a command that somebody wrote, and a skill: what its own file names of the person's, and what is typed.
    let own = shop.world.home.directory("XDG_CONFIG_HOME").join("q");
    for (file, text) in [
        ("commands/see.md", "See $ARGUMENTS."),
        ("commands/one.md", "See @far:far:/1."),
        ("skills/pdf/SKILL.md", "---\nname: pdf\ndescription: Fills forms\n---\nFill it."),
    ] {
        let file = own.join(file);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
    }
    let asked = shop.world.server.requests().len();
    for (count, (typed, begins)) in [
        ("/see @far:far:/1", "See @far:far:/1."),
        ("/one", "See @far:far:/1."),
        ("/skill pdf @far:far:/1", "The skill pdf, "),
    ]
    .into_iter()
    .enumerate()
    {
        terminal.send_line(typed);
        assert!(shop.world.server.wait_for_requests(asked + count + 1, PATIENCE), "{typed}");
        let sent = last_prompt(&shop);
        let is_quoted = sent.ends_with("```\nfar:/1:\nwhat it says\n```");
        assert!(sent.starts_with(begins) && is_quoted, "{typed}: {sent}");
        terminal.wait_prompt("api");
    }
    // What cannot be had comes back to where it was typed.
    let asked = shop.world.server.requests().len();
    for (typed, told) in [
        ("/far:", "its prompts: review FILE [STYLE]"),
        ("/far:nothing", "it has no prompt"),
        ("/far:review", "needs FILE"),
        ("/fra:review a", "there is no MCP server fra"),
    ] {
        terminal.enter(typed, told);
        terminal.wait_typed("api", typed);
        terminal.send("\x15");
        terminal.wait_prompt("api");
    }
    assert_eq!(shop.world.server.requests().len(), asked);
    terminal.enter("//far:review a", "echo: /far:review a");
}
