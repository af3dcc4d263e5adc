//! Commands and skills that people write themselves: typed in the terminal and in lines, read by models, and nothing of a project before
//! it is trusted.

use std::fs;
use std::os::unix::fs::symlink;

use q_testkit::server::Script;
use serde_json::json;

use crate::screen::Person as _;
use crate::tools::{Workshop, call};

const PDF: &str = "---\nname: pdf\ndescription: Fills forms\n---\nRead more.md first.\n";

/// A session of the workshop, without a prompt yet.
fn quiet(shop: &Workshop) {
    let directory = shop.directory.display().to_string();
    shop.world.q(&["new", "-d", "api", "--cwd", &directory]).succeeded();
}

/// Writes what the person keeps.
fn own(shop: &Workshop, path: &str, text: &str) {
    let file = shop.world.home.directory("XDG_CONFIG_HOME").join("q").join(path);
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(file, text).unwrap();
}

/// Writes what the project keeps.
fn of_project(shop: &Workshop, path: &str, text: &str) {
    let file = shop.directory.join(path);
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(file, text).unwrap();
}

fn trust(shop: &Workshop) {
    shop.world.q(&["trust", &shop.directory.display().to_string()]).succeeded();
}

fn last_prompt(shop: &Workshop) -> String {
    shop.world.server.requests().last().map(|seen| seen.last_user_text().to_owned()).unwrap_or_default()
}

#[test]
fn a_command_of_ones_own_is_typed_completed_listed_and_changed() {
    let shop = Workshop::new("");
    own(
        &shop,
        "commands/review.md",
        "---\ndescription: Looks at a file\nargument-hint: FILE\n---\nReview $1 of: $ARGUMENTS.\n",
    );
    own(&shop, "commands/git/log.md", "Tell the log, and @a.txt");
    own(&shop, "commands/close.md", "never");
    own(&shop, "commands/bad.md", "---\nnever closed");
    quiet(&shop);
    let mut terminal = shop.world.open_at("api");
    terminal.enter("/review a.rs dry", "echo: Review a.rs of: a.rs dry.");
    assert_eq!(last_prompt(&shop), "Review a.rs of: a.rs dry.");
    // What the person wrote may name files, as what they type.
    terminal.enter("/git:log", "Tell the log");
    assert!(
        last_prompt(&shop).ends_with("File a.txt (2 lines, 8 B):\n```\none\ntwo\n```"),
        "{}",
        last_prompt(&shop)
    );
    own(&shop, "commands/review.md", "Anew: $ARGUMENTS");
    terminal.enter("/review b", "echo: Anew: b");
    terminal.enter("//review b", "echo: /review b");
    terminal.send("/revi\t");
    terminal.wait_typed("api", "/review");
    terminal.send("\x15");
    terminal.wait_prompt("api");
    let asked = shop.world.server.requests().len();
    for (typed, told) in
        [("/reveiw x", "did you mean /review?"), ("/bad", "its front matter has no second line")]
    {
        terminal.enter(typed, told);
        terminal.send("\x15");
        terminal.wait_prompt("api");
    }
    assert_eq!(shop.world.server.requests().len(), asked);
    terminal.send_line("/commands");
    for told in ["/git:log  (", "/close  not used: q's own /close counts", "/bad  not used: its front matter"]
    {
        terminal.wait_text(told);
    }
}

#[test]
fn what_a_project_wrote_counts_once_it_is_trusted_and_names_no_file() {
    let shop = Workshop::new("");
    own(&shop, "commands/mine.md", "Mine.");
    of_project(&shop, ".claude/commands/mine.md", "Theirs.");
    of_project(&shop, ".q/commands/look.md", "Look at @a.txt");
    quiet(&shop);
    let mut terminal = shop.world.open_at("api");
    terminal.wait_text("n not now");
    terminal.wait_text(".q/commands, .claude/commands can be used");
    terminal.enter("/look", "there is no /look");
    assert_eq!(shop.world.server.requests().len(), 0);
    trust(&shop);
    terminal.enter("/look", "echo: Look at @a.txt");
    assert_eq!(last_prompt(&shop), "Look at @a.txt", "what a project wrote names no file");
    terminal.enter("/mine", "echo: Mine.");
    terminal.send_line("/commands");
    terminal.wait_text("/mine  not used: the one of");
}

#[test]
fn lines_know_them_too() {
    let shop = Workshop::new("");
    own(&shop, "commands/review.md", "Review $1.");
    own(&shop, "skills/pdf/SKILL.md", PDF);
    quiet(&shop);
    let said = shop.world.q_reading(&["attach", "api"], "/review x\n/skill pdf y\n/skills\n/reviwe\n");
    for told in ["Review x.", "Read more.md first.", "pdf  Fills forms", "did you mean /review?"] {
        assert!(said.out.contains(told), "{told}: {said:?}");
    }
}

#[test]
fn a_model_is_told_of_skills_and_reads_them_and_nothing_else() {
    let shop = Workshop::with_tools();
    own(&shop, "skills/pdf/SKILL.md", PDF);
    own(&shop, "skills/pdf/more.md", "Forms have fields.\n");
    own(&shop, "skills/none/SKILL.md", "no front matter");
    of_project(
        &shop,
        ".agents/skills/tests/SKILL.md",
        "---\nname: tests\ndescription: Runs tests\n---\nRun them.\n",
    );
    symlink("/etc/passwd", shop.world.home.directory("XDG_CONFIG_HOME").join("q/skills/pdf/link")).unwrap();
    let read = |file: &str| call("skill", &json!({ "name": "pdf", "file": file }));
    let done = || Script::new().say("Done.").done();
    shop.rounds("fill it", vec![read("more.md"), read("link"), read("../../config.toml"), done()]);
    shop.rounds("again", vec![call("skill", &json!({ "name": "tests" })), done()]);
    shop.begin("api", "fill it");
    shop.wait("api").succeeded();
    let request = shop.world.server.requests()[0].body.clone();
    let system = request["messages"][0]["content"].as_str().unwrap().to_owned();
    assert!(system.contains("- pdf: Fills forms (") && !system.contains("tests"), "{system}");
    assert!(request["tools"].to_string().contains("\"skill\""));
    let told = shop.told(3);
    assert!(told[0].ends_with("     1\tForms have fields.\n"), "{told:?}");
    assert!(
        told[1].contains("links are not followed") && told[2].contains("outside of the skill"),
        "{told:?}"
    );
    trust(&shop);
    shop.world.q(&["send", "api", "again"]).succeeded();
    shop.wait("api").succeeded();
    let said = shop.world.q(&["show", "api"]).succeeded().out;
    assert!(said.contains("go along from here on: .agents/skills ("), "{said}");
    assert!(shop.told(5).last().unwrap().contains("Run them."), "{:?}", shop.told(5));
    let shown = shop.world.q(&["context", "api"]).succeeded().out;
    assert!(shown.contains("skills (2)"), "{shown}");
    let mut terminal = shop.world.open_at("api");
    terminal.send_line("/skills");
    for told in ["pdf  Fills forms  (", "none  not used: its front matter has no name"] {
        terminal.wait_text(told);
    }
    terminal.send("\x1b");
    terminal.wait_prompt("api");
    terminal.enter("/skill pdf this one", "Read more.md first.");
    let prompt = last_prompt(&shop);
    assert!(
        prompt.starts_with("The skill pdf, whose files are in /") && prompt.ends_with("\n\nthis one"),
        "{prompt}"
    );
    terminal.enter("/skill odf", "there is no skill odf");
}
