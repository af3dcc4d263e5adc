//! `q mcp login` and `q mcp logout`: signing in at a server at an address, in a browser, and forgetting that.

use std::io::{self, BufRead as _, Read as _};
use std::process::{ExitCode, Stdio};
use std::sync::Arc;
use std::time::Duration;

use q_agent::http::ServerHttp;
use q_mcp::{PinnedTools, RemoteServer, SignIn, SignInState, SignInWish};
use tokio::process::Command;
use tokio::sync::oneshot;
use tokio::time::timeout;

use crate::agent_reach::network_here;
use crate::context::Context;
use crate::environment::ProcessEnvironment;
use crate::error::{CliError, ErrorKind};
use crate::mcp_servers::KnownServer;
use crate::out;
use crate::redirect_listener::RedirectListener;

/// How long a person has to sign in.
const TIME: Duration = Duration::from_mins(5);
/// The longest address that is pasted, in bytes.
const PASTED: u64 = 16 << 10;

/// How one signs in.
#[derive(Debug)]
pub(crate) struct LoginWays {
    /// What a token is to be for.
    pub(crate) scope: Option<String>,
    /// The port that the browser comes back to; a free one without any.
    pub(crate) port: u16,
    /// Whether a browser is started.
    pub(crate) opens_browser: bool,
    /// Whether the browser runs elsewhere, and its last address is pasted.
    pub(crate) is_pasted: bool,
}

/// Signs in at that server, and keeps the tokens; says why not.
pub(crate) async fn login(
    context: &Context,
    server: &KnownServer,
    pinned: &PinnedTools,
    ways: LoginWays,
) -> Result<ExitCode, CliError> {
    let (name, environment) = (&server.spec.name, &context.environment);
    let failed = |why: String| CliError::failed(format!("MCP server {name}: {why}"));
    let remote = signs_in(server)?;
    let listener = RedirectListener::open(ways.port).await;
    let listener =
        listener.map_err(|error| failed(format!("nothing can listen for the browser: {error}")))?;
    let http = Arc::new(ServerHttp { network: network_here(environment) });
    let (redirect, kept_as) = (listener.redirect(), server.pin_name());
    let wish = SignInWish {
        server: remote,
        kept_as: &kept_as,
        client_id: server.client_id.as_deref(),
        scope: ways.scope.as_deref(),
        redirect: &redirect,
    };
    let sign_in = SignIn::begin(http, pinned.sign_ins(), wish).await.map_err(failed)?;
    introduce(name, &sign_in, environment, &ways);
    let address = sign_in.address();
    // The browser of a pasted address runs elsewhere: nobody listens for it here.
    let listener = (!ways.is_pasted).then_some(listener);
    out::line(&address)?;
    let answer = if let Some(listener) = listener {
        if ways.opens_browser && environment.output_is_terminal {
            open(environment, &address);
        }
        listener.answer(TIME, Arc::new(sign_in.knows())).await
    } else {
        out::note(
            "then paste the address that the browser is sent to in the end, though it finds nobody there:",
        );
        pasted().await?
    };
    let Some(answer) = answer else {
        let error = CliError::failed(format!("nobody signed in at {name} within 5 minutes"));
        let error = CliError { kind: ErrorKind::NeedsPerson, ..error };
        return Err(error.hint(format!("q mcp login {name} begins anew")));
    };
    sign_in.finish(&answer).await.map_err(failed)?;
    out::line(&format!("signed in at {name}: sessions use it from their next call on"))?;
    Ok(ExitCode::SUCCESS)
}

/// Forgets the tokens of that server; those of one whose table is gone, too, where it was the person's own.
pub(crate) async fn logout(
    name: &str,
    server: Result<&KnownServer, CliError>,
    pinned: &PinnedTools,
) -> Result<ExitCode, CliError> {
    let kept_as = server.as_ref().map_or_else(|_| name.to_owned(), |server| server.pin_name());
    let is_no_name = server.is_err() && q_mcp::check_name(name).is_err();
    let was_there = !is_no_name && pinned.sign_ins().forget(&kept_as).await.map_err(CliError::failed)?;
    if was_there {
        out::line(&format!("signed out at {name}: its tokens are kept no longer"))?;
    } else {
        let name = &server?.spec.name;
        out::line(&format!("nobody was signed in at {name}"))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// How the person stands with it, in words; nothing where they never signed in at it.
pub(crate) fn standing(server: &KnownServer, pinned: &PinnedTools) -> Option<String> {
    Some(match state(server, pinned)? {
        SignInState::Renewed | SignInState::Until(None) => "signed in".to_owned(),
        SignInState::Until(Some(seconds)) => {
            let left =
                q_term::words::duration(q_core::WallTime(seconds.saturating_mul(1000)), q_core::WallTime(0));
            format!("signed in for {left}")
        }
        SignInState::Over => format!("needs a sign-in: q mcp login {}", server.spec.name),
        SignInState::Unreadable => {
            format!("what is kept of its sign-in cannot be read: q mcp login {}", server.spec.name)
        }
    })
}

/// The same as data.
pub(crate) fn state(server: &KnownServer, pinned: &PinnedTools) -> Option<SignInState> {
    let remote = server.spec.remote.as_ref()?;
    pinned.sign_ins().state(&server.pin_name(), &remote.url)
}

/// Where it is, if one can sign in there at all.
fn signs_in(server: &KnownServer) -> Result<&RemoteServer, CliError> {
    let name = &server.spec.name;
    if let Some(why) = server.obstacle() {
        return Err(CliError::failed(format!("MCP server {name}: {why}")));
    }
    let Some(remote) = &server.spec.remote else {
        return Err(CliError::usage(format!("{name} is a program, and nobody signs in at one"))
            .hint("what it needs to know goes into environment of its table"));
    };
    if remote.headers.keys().any(|header| header.eq_ignore_ascii_case("authorization")) {
        return Err(CliError::usage(format!("{name} is sent a key, which goes before a sign-in"))
            .hint("take key_env, key_file or the header out of its table first"));
    }
    Ok(remote)
}

/// Says where the person is about to sign in, before anything is opened there.
fn introduce(name: &str, sign_in: &SignIn, environment: &ProcessEnvironment, ways: &LoginWays) {
    let (browser, tokens) = sign_in.hosts();
    let tokens = tokens.map(|host| format!("; its tokens are given by {host}")).unwrap_or_default();
    let scope = sign_in.scope().map(|scope| format!("; asked for: {scope}")).unwrap_or_default();
    out::note(&format!("{name} has you sign in at {browser}{tokens}{scope}"));
    if environment.text("SSH_CONNECTION").is_some() && !ways.is_pasted {
        out::note(&format!(
            "a browser on another machine does not come back here: there q mcp login {name} --paste helps"
        ));
    }
    out::note("open this in a browser that you trust (waits 5 minutes):");
}

/// Starts the person's browser with that address, and by no shell.
fn open(environment: &ProcessEnvironment, address: &str) {
    let usual = if cfg!(target_os = "macos") { "open" } else { "xdg-open" };
    let named = environment.text("BROWSER").and_then(|all| all.split(':').next());
    // One that is empty names none.
    let browser = named.filter(|browser| !browser.trim().is_empty()).unwrap_or(usual);
    let mut words = browser_words(browser, address).into_iter();
    let mut command = Command::new(words.next().unwrap_or_else(|| usual.to_owned()));
    command.args(words).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).process_group(0);
    if let Err(error) = command.spawn() {
        out::note(&format!("no browser was started ({browser}: {error}): open it yourself"));
    }
}

/// A browser's words with the address where they have `%s`, alone or inside of one; behind them where none has.
fn browser_words(browser: &str, address: &str) -> Vec<String> {
    let behind = (!browser.contains("%s")).then(|| address.to_owned());
    browser.split_whitespace().map(|word| word.replace("%s", address)).chain(behind).collect()
}

/// What stands behind the `?` of an address that the person pastes.
async fn pasted() -> Result<Option<String>, CliError> {
    let (send, read) = oneshot::channel();
    std::thread::spawn(move || {
        let mut line = String::new();
        let read = io::stdin().lock().take(PASTED).read_line(&mut line);
        send.send(read.map(|_| line))
    });
    let Ok(Ok(read)) = timeout(TIME, read).await else { return Ok(None) };
    let line = read.map_err(|error| CliError::failed(format!("standard input cannot be read: {error}")))?;
    let address = line.trim().split('#').next().unwrap_or_default();
    match address.split_once('?') {
        Some((_, query)) => Ok(Some(query.to_owned())),
        None if address.is_empty() => Ok(None),
        None => Err(CliError::usage("this is no address that the browser was sent to: it has no `?`")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_is_given_the_address_where_its_words_want_it_and_once() {
        for (browser, words) in [
            ("firefox", &["firefox", "https://x.test/?a=%73"][..]),
            ("w3m -o  x %s", &["w3m", "-o", "x", "https://x.test/?a=%73"]),
            ("open --url=%s -n", &["open", "--url=https://x.test/?a=%73", "-n"]),
        ] {
            assert_eq!(browser_words(browser, "https://x.test/?a=%73"), words);
        }
    }
}
