//! A home, a scripted server, and the host that the next client starts.

use std::path::{Path, PathBuf};
use std::process::Output;
use std::time::Duration;

use q_proto::Place;
use q_proto::message::Reach;
use q_proto::network::Network;
use q_proto::shaping::Shaping;
use q_testkit::home::Home;
use q_testkit::process::output_within;
use q_testkit::server::Server;

/// How long any command may take before the test says that it hangs.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// The program under test.
pub(crate) fn program() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_q"))
}

/// One person's world.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) home: Home,
    pub(crate) server: Server,
}

impl World {
    pub(crate) fn new() -> Self {
        let server = Server::start();
        let home = Home::new();
        home.configure(&format!(
            "agent = \"scripted\"\n[agents.scripted]\nbase_url = \"{}\"\nmodel = \"m\"\n",
            server.base_url()
        ));
        Self { home, server }
    }

    /// Runs a command to its end.
    pub(crate) fn q(&self, arguments: &[&str]) -> Output {
        output_within(self.home.command(program()).args(arguments), PATIENCE)
            .unwrap_or_else(|| panic!("`q {}` hangs", arguments.join(" ")))
    }

    /// Runs a command that must succeed; gives what it printed.
    pub(crate) fn q_ok(&self, arguments: &[&str]) -> String {
        let output = self.q(arguments);
        assert!(output.status.success(), "`q {}`: {}", arguments.join(" "), said(&output));
        String::from_utf8(output.stdout).expect("printed text is UTF-8")
    }

    /// Where the host of this home is found.
    pub(crate) fn place(&self) -> Place {
        place(&self.home)
    }

    /// How the agent is reached that this test's own clients bring.
    pub(crate) fn reach(&self) -> Reach {
        Reach::Http {
            base_url: self.server.base_url(),
            key: None,
            model: "m".to_owned(),
            idle_timeout_ms: 60_000,
            network: Network::default(),
            shaping: Shaping::default(),
        }
    }
}

/// Where the host of a home is found.
pub(crate) fn place(home: &Home) -> Place {
    let within = |variable: &str| -> PathBuf { home.directory(variable).join("q") };
    Place::new(within("XDG_DATA_HOME"), within("XDG_STATE_HOME"), within("XDG_RUNTIME_DIR"))
}

/// Both outputs of a command, for a failure's message.
pub(crate) fn said(output: &Output) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    format!("{}\nstdout: {}\nstderr: {}", output.status, text(&output.stdout), text(&output.stderr))
}
