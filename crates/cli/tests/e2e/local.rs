//! A model on this machine: what `q` hands on to `q-local`, how its host starts it, and what is said where it is not there. In
//! its place stand a script, and in this process the server that ships, with weights that say one sentence.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use q_local::LocalError;
use q_local::model_file::ModelFile;
use q_local::serve::{ServerSettings, serve, take};
use q_local::weights::{Sequence, Weights};
use q_testkit::gguf::GgufFile;
use q_testkit::home::Home;
use q_testkit::server_script::ServerScript;

use crate::run::{Outcome, Run};
use crate::world::PATIENCE;

/// A home with a `q` beside which a script stands for `q-local`.
struct Machine {
    home: Home,
    q: PathBuf,
    model: PathBuf,
}

impl Machine {
    fn new() -> Self {
        let home = Home::new();
        let bin = home.path().join("bin");
        fs::create_dir(&bin).unwrap();
        let q = bin.join("q");
        // The system says of a link to a program that it is the program.
        let linked = fs::hard_link(env!("CARGO_BIN_EXE_q"), &q);
        linked.or_else(|_| fs::copy(env!("CARGO_BIN_EXE_q"), &q).map(drop)).unwrap();
        let model = home.path().join("small.gguf");
        GgufFile::small().write(&model).unwrap();
        Self { home, q, model }
    }

    fn q(&self, args: &[&str]) -> Outcome {
        self.start(args).finish()
    }

    fn start(&self, args: &[&str]) -> Run {
        Run::start(self.home.command(&self.q).args(args), None)
    }

    /// Where `q-local` would be.
    fn program(&self) -> PathBuf {
        self.q.with_file_name("q-local")
    }

    /// What stands beside `q`.
    fn script(&self, text: &str) {
        let path = self.program();
        fs::write(&path, format!("#!/bin/sh\n{text}\n")).unwrap();
        fs::set_permissions(&path, PermissionsExt::from_mode(0o700)).unwrap();
    }

    fn models(&self) -> PathBuf {
        self.home.directory("XDG_DATA_HOME").join("q/models")
    }

    /// Uses the model, as `q-local` notes it.
    fn use_model(&self) {
        fs::create_dir_all(self.models()).unwrap();
        fs::write(self.models().join("in-use"), format!("{}\n", self.model.display())).unwrap();
    }
}

/// Weights that say one sentence and end.
struct Sentence {
    tokens: Vec<u32>,
    size: usize,
    next: usize,
}

impl Weights for Sentence {
    fn sequence(&self) -> Box<dyn Sequence> {
        Box::new(Self { tokens: self.tokens.clone(), ..*self })
    }
}

impl Sequence for Sentence {
    fn read(&mut self, tokens: &[u32]) -> Result<Vec<f32>, LocalError> {
        self.next = if tokens.len() > 1 { 0 } else { self.next };
        let mut logits = vec![0.0; self.size];
        logits[self.tokens[self.next] as usize] = 1000.0;
        self.next += 1;
        Ok(logits)
    }
}

/// Serves that model at that socket, in a thread that goes with the test; comes back once connections are taken.
fn serve_here(socket: PathBuf, model: &Path) {
    let model = ModelFile::open(model).unwrap();
    let mut tokens = Vec::new();
    model.tokenizer.write("hello wörld", &mut tokens);
    tokens.push(model.tokenizer.control("<|im_end|>").unwrap());
    let weights = Sentence { tokens, size: model.tokenizer.size(), next: 0 };
    let (ready, is_ready) = mpsc::channel();
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async move {
            let served = take(&socket).await.unwrap().expect("nobody serves yet");
            ready.send(()).unwrap();
            let settings = ServerSettings { idle: Duration::from_hours(1), created: 1, seed: 1 };
            serve(served, model, settings, |_| Ok(Box::new(weights))).await
        })
    });
    is_ready.recv_timeout(PATIENCE).expect("it serves");
}

#[test]
fn without_a_model_the_way_to_one_is_named_and_the_program_that_serves_it() {
    let machine = Machine::new();
    let told = machine.q(&["chat", "hello"]).exited(1);
    assert!(told.err.contains("q model pull smollm2"), "{told:?}");
    let told = machine.q(&["model", "list"]).exited(1);
    assert!(told.err.contains("cargo install --path crates/local --features engine"), "{told:?}");
    machine.use_model();
    let told = machine.q(&["chat", "--agent", "local", "hello"]).exited(1);
    assert!(told.err.contains("neither beside q nor on PATH"), "{told:?}");
}

#[test]
fn what_is_typed_goes_to_the_program_that_keeps_models() {
    let machine = Machine::new();
    machine.script("echo \"$*\"; exit 3");
    let models = machine.models();
    for (typed, handed_on) in [
        (vec!["pull", "smollm2"], "pull smollm2"),
        (vec!["pull", "smollm2", "--index", "http://x"], "pull smollm2 --index http://x"),
        (vec!["use", "./a.gguf"], "use ./a.gguf"),
        (vec!["list", "--json"], "list --json"),
        (vec!["rm", "a"], "rm a"),
    ] {
        let told = machine.q(&[&["model"], typed.as_slice()].concat()).exited(3);
        assert_eq!(told.out, format!("--models {} {handed_on}\n", models.display()));
    }
}

#[test]
fn the_host_starts_what_serves_and_the_answer_is_the_models() {
    let machine = Machine::new();
    machine.use_model();
    let script = ServerScript::write(&machine.program());
    let agents = machine.q(&["agents"]).exited(0);
    assert!(agents.out.contains("* local") && agents.out.contains("small"), "{agents:?}");
    let chat = machine.start(&["chat", "hello"]);
    let said = script.arguments(PATIENCE).expect("it is started");
    let words: Vec<&str> = said.split_whitespace().collect();
    let ["serve", "--socket", socket, "--model", model] = words[..] else { panic!("{said}") };
    assert_eq!(Path::new(model), machine.model);
    serve_here(socket.into(), &machine.model);
    script.let_it_be_ready();
    let answer = chat.finish().exited(0);
    assert_eq!(answer.out, "hello wörld\n");
    // The next one finds it there, and starts nothing.
    machine.script("exit 3");
    let check = machine.q(&["agents", "check", "local"]).exited(0);
    assert!(check.out.contains("hello wörld") && check.out.contains("tokens read"), "{check:?}");
}

#[test]
fn what_cannot_serve_is_told_in_its_own_words() {
    let machine = Machine::new();
    machine.home.configure(&format!(
        "[agents.mine]\nprovider = \"local\"\nmodel = \"{}\"\nkeep_alive = 7\n",
        machine.model.display()
    ));
    machine.script("echo \"q-local: it is too large here ($6 $7)\"");
    let told = machine.q(&["chat", "--agent", "mine", "hello"]).exited(1);
    assert!(told.err.contains("it is too large here (--idle 7)"), "{told:?}");
}
