//! A scripted proxy on this machine: it leads wherever the test says, whatever it is asked for, and keeps what it was asked.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// How it speaks.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Http,
    Refusing(u16),
    Socks,
}

#[derive(Default)]
struct Book {
    heads: Vec<String>,
    passwords: Vec<String>,
    target: Option<String>,
}

pub(crate) struct Proxy {
    address: SocketAddr,
    kind: Kind,
    book: Arc<Mutex<Book>>,
}

impl Proxy {
    /// One that speaks HTTP: whole requests and tunnels.
    pub(crate) fn to_server() -> Self {
        Self::start(Kind::Http)
    }

    /// One that refuses everything with this status.
    pub(crate) fn refusing(status: u16) -> Self {
        Self::start(Kind::Refusing(status))
    }

    /// One that speaks SOCKS 5, for names.
    pub(crate) fn socks() -> Self {
        Self::start(Kind::Socks)
    }

    fn start(kind: Kind) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let book = Arc::new(Mutex::new(Book::default()));
        let own = Arc::clone(&book);
        // It ends with the test's process.
        drop(thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let book = Arc::clone(&own);
                drop(thread::spawn(move || serve(kind, client, &book)));
            }
        }));
        Self { address, kind, book }
    }

    pub(crate) fn url(&self) -> String {
        let scheme = if self.kind == Kind::Socks { "socks5" } else { "http" };
        format!("{scheme}://{}", self.address)
    }

    /// Leads everything to the server with this base address.
    pub(crate) fn lead_to(&self, base_url: &str) {
        let place = base_url.split("//").nth(1).unwrap().split('/').next().unwrap();
        self.book.lock().unwrap().target = Some(place.to_owned());
    }

    /// First lines of what it was asked, or the names it was to connect to.
    pub(crate) fn heads(&self) -> Vec<String> {
        self.book.lock().unwrap().heads.clone()
    }

    /// The passwords it was told.
    pub(crate) fn passwords(&self) -> Vec<String> {
        self.book.lock().unwrap().passwords.clone()
    }
}

fn serve(kind: Kind, mut client: TcpStream, book: &Mutex<Book>) {
    if kind == Kind::Socks {
        let Some(name) = socks_greeting(&mut client) else { return };
        book.lock().unwrap().heads.push(name);
        let Some(server) = target(book) else { return };
        client.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0]).unwrap();
        return join(client, server);
    }
    let Some(head) = read_head(&mut client) else { return };
    let lines: Vec<&str> = head.lines().collect();
    {
        let mut book = book.lock().unwrap();
        book.heads.push(lines[0].to_owned());
        let password = |line: &&str| line.to_ascii_lowercase().starts_with("proxy-authorization:");
        book.passwords
            .extend(lines.iter().find(|line| password(line)).map(|line| line[20..].trim().to_owned()));
    }
    if let Kind::Refusing(status) = kind {
        let _gone = write!(client, "HTTP/1.1 {status} No\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
        return;
    }
    let Some(mut server) = target(book) else { return };
    if head.starts_with("CONNECT") {
        client.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").unwrap();
    } else {
        // As a proxy does: the path alone, and nothing of what was for it.
        let path = lines[0].split("//").nth(1).and_then(|rest| rest.find('/').map(|at| &rest[at..])).unwrap();
        let rest = lines[1..].iter().filter(|line| !line.to_ascii_lowercase().starts_with("proxy-"));
        let rest = rest.copied().collect::<Vec<_>>().join("\r\n");
        server.write_all(format!("POST {path}\r\n{rest}\r\n").as_bytes()).unwrap();
    }
    join(client, server);
}

fn target(book: &Mutex<Book>) -> Option<TcpStream> {
    let target = book.lock().unwrap().target.clone()?;
    TcpStream::connect(target).ok()
}

/// The head of a request with its blank line, and not a byte more.
fn read_head(client: &mut TcpStream) -> Option<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        client.read_exact(&mut byte).ok()?;
        head.push(byte[0]);
    }
    String::from_utf8(head).ok()
}

/// The name and port that a client of SOCKS 5 wants to go to.
fn socks_greeting(client: &mut TcpStream) -> Option<String> {
    let mut two = [0; 2];
    client.read_exact(&mut two).ok()?;
    client.read_exact(&mut vec![0; two[1].into()]).ok()?;
    client.write_all(&[5, 0]).ok()?;
    let mut request = [0; 5];
    client.read_exact(&mut request).ok()?;
    assert_eq!(request[..4], [5, 1, 0, 3], "a name is what it goes to");
    let mut name = vec![0; request[4].into()];
    client.read_exact(&mut name).ok()?;
    client.read_exact(&mut two).ok()?;
    Some(format!("{}:{}", String::from_utf8(name).ok()?, u16::from_be_bytes(two)))
}

/// Carries bytes both ways until both sides have ended.
pub(crate) fn join(client: TcpStream, server: TcpStream) {
    let (mut from, mut to) = (client.try_clone().unwrap(), server.try_clone().unwrap());
    let forth = thread::spawn(move || {
        let _ended = std::io::copy(&mut from, &mut to);
        let _gone = to.shutdown(Shutdown::Write);
    });
    let (mut from, mut to) = (server, client);
    let _ended = std::io::copy(&mut from, &mut to);
    let _gone = to.shutdown(Shutdown::Write);
    forth.join().unwrap();
}
