//! What sessions cost that have programs of others: the host while they are idle, and apart from it the memory of those programs.
//!
//! They are the small doubles of the tests: what is measured is q's part, the supervising processes included.

use q_testkit::clock;
use q_testkit::home::Home;
use q_testkit::process::{ContextSwitches, descendants, proportional_set_size};
use q_testkit::program_double::ProgramDouble;
use q_testkit::server::{Script, Server};
use serde_json::Value;

use crate::budget::Figure;
use crate::cost::{CALM, MEGABYTE, WATCHED, wait};
use crate::plan::Plan;
use crate::prepare::q;

/// Sessions of each sort: with a server of tools, and of an agent over ACP.
const EACH: usize = 5;

/// Measures ten sessions, each with a process that is idle, in a home of their own.
pub(crate) fn measure(plan: &Plan) -> Vec<Figure> {
    let (server, home) = (Server::start(), Home::new());
    let [tools, agent] = ["tools", "agent"].map(|name| home.path().join(name));
    for place in [&tools, &agent] {
        if let Err(error) = std::fs::create_dir(place) {
            panic!("{}: {error}", place.display());
        }
    }
    let (tools, agent) = (ProgramDouble::mcp(&tools), ProgramDouble::acp(&agent));
    let variable = |double: &ProgramDouble| {
        let (name, value) = double.variable();
        format!("environment = {{ {name} = {value:?} }}")
    };
    home.configure(&format!(
        "[agents.hands]\nbase_url = \"{}\"\nmodel = \"m\"\ntools = true\n[mcp.s]\ncommand = {:?}\n{}\n[agents.other]\nacp = {:?}\n{}\n",
        server.base_url(),
        tools.command("plain"),
        variable(&tools),
        agent.command("plain"),
        variable(&agent),
    ));
    q(&home, &plan.program, &["permissions", "add", "allow", "s__say", "--everywhere"]);
    for number in 0..EACH {
        server.once("use it", Script::new().call("s__say", "{\"text\":\"x\"}").done());
        for (name, kind) in [("hands", "use it"), ("other", "hello")] {
            let session = format!("{name}-{number}");
            q(&home, &plan.program, &["new", &session, "-d", "--agent", name]);
            q(&home, &plan.program, &["send", &session, kind]);
            q(&home, &plan.program, &["wait", &session, "--timeout", "60"]);
        }
    }
    let all = tools.processes().len() + agent.processes().len();
    assert!(all >= 2 * EACH, "{all} programs run, not one for each of {} sessions", 2 * EACH);
    figures(&home, plan)
}

fn figures(home: &Home, plan: &Plan) -> Vec<Figure> {
    let status: Value = serde_json::from_str(&q(home, &plan.program, &["host", "status", "--json"]))
        .unwrap_or_else(|error| panic!("q host status --json: {error}"));
    let Some(host) = home.host_pid() else { panic!("q host status --json names no pid: {status}") };
    wait(CALM);
    let children = descendants(host);
    let memory = |pid| proportional_set_size(pid).map(|bytes| bytes as f64 / MEGABYTE);
    let switches = || ContextSwitches::of(host);
    let (before, began) = (switches(), clock::now());
    wait(WATCHED);
    let wakes = switches().zip(before).map(|(after, before)| after.since(&before));
    let per_second = wakes.map(|wakes| wakes as f64 / began.elapsed().as_secs_f64());
    let of_children: f64 = children.iter().filter_map(|pid| memory(*pid)).sum();
    let ten = 2 * EACH;
    vec![
        Figure::new(format!("idle, host of {ten} sessions with programs of others"), per_second, "/s")
            .budget(0.0),
        Figure::new("  memory of that host, PSS", memory(host), "MB").budget(20.0),
        Figure::new(format!("  memory of its {} children", children.len()), Some(of_children), "MB"),
    ]
}
