//! What listens on this machine for the answer that a browser brings back from a sign-in: open while one waits, for one answer.
//!
//! Whatever else comes to that port (another page of the browser, another program) is answered with nothing and does not end it.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

const PATH: &str = "/callback";
/// The longest request that is read, in bytes, and how long it may take to come.
const MOST: usize = 16 << 10;
const PATIENCE: Duration = Duration::from_secs(10);
/// How long nobody is let in after that failed, which it may for as long as this process has too many files open.
const PAUSE: Duration = Duration::from_millis(100);
/// The most connections that are read at once.
const AT_ONCE: usize = 16;

/// By what a query is known to be an answer to what was asked: any page may lead here.
pub(crate) type Knows = Arc<dyn Fn(&str) -> bool + Send + Sync>;

/// A port of this machine alone.
#[derive(Debug)]
pub(crate) struct RedirectListener {
    listener: TcpListener,
    authority: String,
}

impl RedirectListener {
    /// On that port; on a free one without any.
    pub(crate) async fn open(port: u16) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", port)).await?;
        let authority = listener.local_addr()?.to_string();
        Ok(Self { listener, authority })
    }

    /// Where the browser is to be sent.
    pub(crate) fn redirect(&self) -> String {
        format!("http://{}{PATH}", self.authority)
    }

    /// What stands behind the `?` of the first answer; nothing where none comes in time. Closed with that.
    pub(crate) async fn answer(self, time: Duration, knows: Knows) -> Option<String> {
        let first = async {
            let mut reading = JoinSet::new();
            loop {
                tokio::select! {
                    accepted = self.listener.accept(), if reading.len() < AT_ONCE => {
                        let Ok((stream, _)) = accepted else {
                            sleep(PAUSE).await;
                            continue;
                        };
                        let (authority, knows) = (self.authority.clone(), Arc::clone(&knows));
                        reading.spawn(timeout(PATIENCE, answered(stream, authority, knows)));
                    }
                    Some(read) = reading.join_next() => {
                        if let Ok(Ok(Ok(Some(query)))) = read {
                            return query;
                        }
                    }
                }
            }
        };
        timeout(time, first).await.ok()
    }
}

/// What one connection brings, which is told that it was heard.
async fn answered(mut stream: TcpStream, authority: String, knows: Knows) -> io::Result<Option<String>> {
    let mut head = Vec::new();
    while head.len() < MOST && !head.windows(4).any(|end| end == b"\r\n\r\n") {
        let mut piece = [0; 2048];
        let length = stream.read(&mut piece).await?;
        if length == 0 {
            return Ok(None);
        }
        head.extend_from_slice(piece.get(..length).unwrap_or_default());
    }
    let query = query(&head, &authority);
    let query = query.and_then(|query| if knows(&query) { Ok(query) } else { Err("404 Not Found") });
    let (status, told) = match &query {
        Ok(_) => ("200 OK", "q has the answer: the terminal says how it went. This page can be closed.\n"),
        Err(status) => (*status, ""),
    };
    let length = told.len();
    let answer = format!(
        "HTTP/1.1 {status}\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: {length}\r\ncache-control: no-store\r\nreferrer-policy: no-referrer\r\nconnection: close\r\n\r\n{told}"
    );
    stream.write_all(answer.as_bytes()).await?;
    stream.shutdown().await?;
    Ok(query.ok())
}

/// The query of a request that is for this listener by the name that it has: a page that has its own name lead here is none.
fn query(head: &[u8], authority: &str) -> Result<String, &'static str> {
    let head = std::str::from_utf8(head).map_err(|_| "400 Bad Request")?;
    let head =
        head.split_once("\r\n\r\n").map(|(head, _)| head).ok_or("431 Request Header Fields Too Large")?;
    let mut lines = head.split("\r\n");
    let mut words = lines.next().unwrap_or_default().split(' ');
    let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let hosts = lines.filter_map(|line| line.split_once(':'));
    let hosts: Vec<&str> =
        hosts.filter(|(name, _)| name.eq_ignore_ascii_case("host")).map(|(_, value)| value.trim()).collect();
    if hosts != [authority] {
        return Err("421 Misdirected Request");
    }
    match target.split_once('?') {
        Some((PATH, query)) if method == "GET" => Ok(query.to_owned()),
        Some(_) | None => Err("404 Not Found"),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]
    use super::*;

    #[test]
    fn only_a_browser_that_was_sent_here_is_heard() {
        let here = "127.0.0.1:8080";
        for (head, said) in [
            ("GET /callback?code=a&state=b HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n\r\n", Ok("code=a&state=b")),
            ("GET /callback? HTTP/1.1\r\nhost:127.0.0.1:8080\r\n\r\n", Ok("")),
            ("GET /callback?code=a HTTP/1.1\r\nHost: evil.test\r\n\r\n", Err("421 Misdirected Request")),
            (
                "GET /callback?code=a HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nHost: evil.test\r\n\r\n",
                Err("421 Misdirected Request"),
            ),
            ("GET /callback?code=a HTTP/1.1\r\n\r\n", Err("421 Misdirected Request")),
            ("POST /callback?code=a HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n\r\n", Err("404 Not Found")),
            ("GET /favicon.ico HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n\r\n", Err("404 Not Found")),
            ("GET /callback2?code=a HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n\r\n", Err("404 Not Found")),
            ("GET /callback?code=a HTTP/1.1\r\nHost", Err("431 Request Header Fields Too Large")),
        ] {
            assert_eq!(query(head.as_bytes(), here).as_deref(), said.as_deref(), "{head}");
        }
    }

    fn knows() -> Knows {
        Arc::new(|query: &str| query.ends_with("&state=b"))
    }

    #[tokio::test]
    async fn what_comes_beside_does_not_end_it_and_nobody_waits_for_ever() {
        let listener = RedirectListener::open(0).await.unwrap();
        let (redirect, authority) = (listener.redirect(), listener.authority.clone());
        assert_eq!(redirect, format!("http://{authority}/callback"));
        let waiting = tokio::spawn(listener.answer(Duration::from_secs(30), knows()));
        // One that says nothing is not waited for.
        let _silent = TcpStream::connect(&authority).await.unwrap();
        let mut told = Vec::new();
        for target in ["/favicon.ico", "/callback?code=a&state=guessed", "/callback?code=a&state=b"] {
            let mut browser = TcpStream::connect(&authority).await.unwrap();
            let request = format!("GET {target} HTTP/1.1\r\nHost: {authority}\r\n\r\n");
            browser.write_all(request.as_bytes()).await.unwrap();
            let mut answer = String::new();
            browser.read_to_string(&mut answer).await.unwrap();
            told.push(answer.lines().next().unwrap().to_owned());
        }
        assert_eq!(told, ["HTTP/1.1 404 Not Found", "HTTP/1.1 404 Not Found", "HTTP/1.1 200 OK"]);
        assert_eq!(waiting.await.unwrap().as_deref(), Some("code=a&state=b"));
        assert!(TcpStream::connect(&authority).await.is_err(), "it is closed behind the first answer");
        let nobody = RedirectListener::open(0).await.unwrap();
        assert_eq!(nobody.answer(Duration::from_millis(1), knows()).await, None);
    }
}
