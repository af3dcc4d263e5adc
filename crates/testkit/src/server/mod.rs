//! A scripted OpenAI-compatible server: real TCP on this machine, answers by script.
//!
//! It runs on a thread and a runtime of its own, so that synchronous tests can use it. It records what it is asked, so
//! that tests can check what one session let another one's server see. It is done when dropped.
//!
//! | room | what lives there |
//! |---|---|
//! | `script` | how to answer, as data |
//! | `reply` | an answer as it goes over the wire |
//! | `ledger` | what connections share: rules, gates, the book of what was asked |
//! | `http` | as much HTTP/1.1 as that needs |

mod http;
mod ledger;
mod reply;
mod script;
#[cfg(test)]
mod tests;

use std::net::SocketAddr;
use std::sync::{Arc, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::oneshot;

pub use ledger::Seen;
pub use script::Script;

use ledger::Ledger;
use script::Rule;

/// A server that runs until this is dropped.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    ledger: Arc<Ledger>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Starts one on a free port. Until told otherwise it echoes: `echo: ` and the last thing the user said.
    ///
    /// # Panics
    /// When this machine has no port, thread or runtime to give.
    #[expect(
        clippy::expect_used,
        reason = "a test double without a port has nobody to report to but the test"
    )]
    pub fn start() -> Self {
        let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
        listener.set_nonblocking(true).expect("a non-blocking socket");
        let address = listener.local_addr().expect("the port's number");
        let ledger = Arc::new(Ledger::default());
        let (stop, stopped) = oneshot::channel();
        let own = Arc::clone(&ledger);
        let thread = std::thread::Builder::new()
            .name("scripted server".into())
            .spawn(move || {
                let runtime =
                    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
                runtime.block_on(async {
                    let listener = TcpListener::from_std(listener).expect("a listener");
                    tokio::select! {
                        () = serve(listener, own) => {}
                        _ = stopped => {}
                    }
                });
            })
            .expect("a thread");
        Self { address, ledger, stop: Some(stop), thread: Some(thread) }
    }

    /// What a client configures: `http://127.0.0.1:PORT/v1`.
    pub fn base_url(&self) -> String {
        format!("http://{}/v1", self.address)
    }

    /// Answers by `script` whenever the last thing the user said contains `text`. Later rules go before earlier ones.
    pub fn on(&self, text: &str, script: Script) {
        self.rule(Rule { text: text.into(), script, once: false });
    }

    /// Like [`Self::on`], for one request only.
    pub fn once(&self, text: &str, script: Script) {
        self.rule(Rule { text: text.into(), script, once: true });
    }

    fn rule(&self, rule: Rule) {
        self.ledger.rules.lock().unwrap_or_else(PoisonError::into_inner).push(rule);
    }

    /// Lets every script pass that waits for this gate, now and later.
    pub fn open(&self, gate: &str) {
        self.ledger.gates.send_modify(|open| {
            open.insert(gate.into());
        });
    }

    /// Every completion asked for so far, oldest first.
    pub fn requests(&self) -> Vec<Seen> {
        self.ledger.book().requests.clone()
    }

    /// How many completions are being answered: begun, and neither ended nor given up by the client.
    pub fn open_streams(&self) -> usize {
        self.ledger.book().open_streams
    }

    /// Waits until `count` completions were asked for in all; whether that came true in time.
    #[must_use = "false means that it did not happen"]
    pub fn wait_for_requests(&self, count: usize, timeout: Duration) -> bool {
        self.ledger.wait(timeout, |book| book.requests.len() >= count)
    }

    /// Waits until exactly `count` completions are being answered; whether that came true in time.
    #[must_use = "false means that it did not happen"]
    pub fn wait_for_open_streams(&self, count: usize, timeout: Duration) -> bool {
        self.ledger.wait(timeout, |book| book.open_streams == count)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

async fn serve(listener: TcpListener, ledger: Arc<Ledger>) {
    // Connections end with the runtime; nobody waits for them.
    while let Ok((socket, _)) = listener.accept().await {
        drop(tokio::spawn(reply::converse(socket, Arc::clone(&ledger))));
    }
}
