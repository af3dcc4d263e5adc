//! The part of a server at an address where people sign in, for tests, and a browser that does what it is told.

use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use serde_json::{Value, json};

use crate::mcp_address::{Heard, respond};

/// How modes begin of servers that want somebody to sign in.
const SIGNS_IN: &str = "signs in";

/// Who signs people in, and what was given.
#[derive(Debug)]
pub(crate) struct SignInDesk {
    mode: String,
    origin: String,
    given: Mutex<Given>,
    released: Condvar,
}

#[derive(Debug, Default)]
struct Given {
    /// The number of the tokens that are good, where any are.
    number: u32,
    is_access_good: bool,
    is_refresh_good: bool,
    /// What proves who began the last sign-in.
    challenge: String,
    renewed: u32,
    is_released: bool,
}

impl SignInDesk {
    /// One where such a mode wants it.
    pub(crate) fn of(mode: &str, address: SocketAddr) -> Option<Self> {
        let mode = mode.strip_prefix(SIGNS_IN)?.trim_start_matches(": ").to_owned();
        Some(Self {
            mode,
            origin: format!("http://{address}"),
            given: Mutex::default(),
            released: Condvar::new(),
        })
    }

    fn given(&self) -> MutexGuard<'_, Given> {
        self.given.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Has the token that was given be good no longer, and what renews it where that is said.
    pub(crate) fn end(&self, is_all: bool) {
        let mut given = self.given();
        given.is_access_good = false;
        given.is_refresh_good &= !is_all;
    }

    pub(crate) fn release(&self) {
        self.given().is_released = true;
        self.released.notify_all();
    }

    pub(crate) fn renewed(&self) -> u32 {
        self.given().renewed
    }

    pub(crate) fn challenge(&self) -> String {
        self.given().challenge.clone()
    }

    /// Answers what is about signing in, and refuses who has not; whether that was so.
    pub(crate) fn answer(&self, heard: &Heard, stream: &mut TcpStream) -> io::Result<bool> {
        let (asked, query) = heard.asked.split_once('?').unwrap_or((&heard.asked, ""));
        let (is_openid, is_older) = (self.mode == "openid", self.mode == "older");
        match asked {
            "GET /.well-known/oauth-protected-resource/mcp" if !is_openid && !is_older => {
                say(stream, &self.resource())
            }
            "GET /.well-known/oauth-protected-resource" if is_openid => say(stream, &self.resource()),
            "GET /.well-known/oauth-authorization-server" if self.mode == "endless" => endless(stream),
            "GET /.well-known/oauth-authorization-server" if self.mode == "redirects" => {
                let refused =
                    format!("302 Found\r\nlocation: {}/.well-known/oauth-authorization-server", self.origin);
                respond(stream, &refused, b"")
            }
            "GET /.well-known/oauth-authorization-server" if !is_openid => say(stream, &self.server()),
            "GET /.well-known/openid-configuration/tenant" if is_openid => {
                respond(stream, "404 Not Found", b"")
            }
            "GET /tenant/.well-known/openid-configuration" if is_openid => say(stream, &self.server()),
            "POST /register" => {
                let name = json!({ "client_id": "client-1", "token_endpoint_auth_method": "none" });
                respond(stream, "201 Created\r\ncontent-type: application/json", name.to_string().as_bytes())
            }
            "GET /authorize" => self.authorize(query, stream),
            "POST /token" => self.give(&heard.text, stream),
            "POST /mcp" | "GET /mcp" | "DELETE /mcp" => return self.refuse(heard, stream),
            _other => respond(stream, "404 Not Found", b""),
        }
        .map(|()| true)
    }

    fn issuer(&self) -> String {
        let path = match self.mode.as_str() {
            "openid" => "/tenant",
            "older" => "/",
            _other => "",
        };
        format!("{}{path}", self.origin)
    }

    fn resource(&self) -> Value {
        let origin = &self.origin;
        let resource =
            if self.mode == "other resource" { "https://bank.test/mcp" } else { &format!("{origin}/mcp") };
        let scopes: Vec<String> = match self.mode.as_str() {
            "many scopes" => (0..60).map(|number| format!("https://scopes.test/api/auth.{number}")).collect(),
            "endless scopes" => (0..60).map(|number| format!("{}{number}", "x".repeat(200))).collect(),
            _other => vec!["listed".to_owned()],
        };
        json!({ "resource": resource, "authorization_servers": [self.issuer()], "scopes_supported": scopes })
    }

    fn server(&self) -> Value {
        let origin = &self.origin;
        let mut document = json!({
            "issuer": self.issuer(),
            "authorization_endpoint": format!("{origin}/authorize"),
            "token_endpoint": format!("{origin}/token"),
            "registration_endpoint": format!("{origin}/register"),
            "code_challenge_methods_supported": ["plain", "S256"],
            "scopes_supported": ["offline_access"],
            "authorization_response_iss_parameter_supported": true,
        });
        let (member, value) = match self.mode.as_str() {
            "no S256" => ("code_challenge_methods_supported", json!(["plain"])),
            "other issuer" => ("issuer", json!("https://bank.test")),
            "script" => ("authorization_endpoint", json!("javascript:alert(1)")),
            "other client" => {
                ("authorization_endpoint", json!(format!("{origin}/authorize?a=b&client%5Fid=x")))
            }
            "file" => ("authorization_endpoint", json!("file:///etc/passwd")),
            "lines" => ("authorization_endpoint", json!(format!("{origin}/authorize\r\n\u{1b}[2J"))),
            "plain http" => ("token_endpoint", json!("http://tokens.test/token")),
            "no registration" => ("registration_endpoint", Value::Null),
            _good => return document,
        };
        document[member] = value;
        document
    }

    /// The person signs in at once, and the browser is sent back.
    fn authorize(&self, query: &str, stream: &mut TcpStream) -> io::Result<()> {
        let said = |name: &str| {
            let pair = query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
            pair.unwrap_or_default().to_owned()
        };
        self.given().challenge = said("code_challenge");
        let redirect = said("redirect_uri").replace("%3A", ":").replace("%2F", "/");
        let state = if self.mode == "wrong state" { "guessed".to_owned() } else { said("state") };
        let issuer = match self.mode.as_str() {
            "wrong iss" => "&iss=https%3A%2F%2Fbank.test".to_owned(),
            "no iss" => String::new(),
            _good => format!("&iss={}", self.issuer()),
        };
        let what = match self.mode.as_str() {
            "denies" | "wrong iss" => "error=access_denied&error_description=no%1B%5B2J%0Away",
            _good => "code=code-canary",
        };
        respond(stream, &format!("302 Found\r\nlocation: {redirect}?{what}&state={state}{issuer}"), b"")
    }

    fn give(&self, form: &str, stream: &mut TcpStream) -> io::Result<()> {
        let waits = self.mode == "held renewal" && form.contains("grant_type=refresh_token");
        let is_held = |given: &mut Given| waits && !given.is_released;
        let mut given =
            self.released.wait_while(self.given(), is_held).unwrap_or_else(PoisonError::into_inner);
        let is_first = form.contains("grant_type=authorization_code") && form.contains("code=code-canary");
        let refresh = format!("refresh_token=rt-canary-{}&", given.number);
        let is_renewal = form.contains("grant_type=refresh_token") && form.contains(&refresh);
        let is_good = is_first || (is_renewal && given.is_refresh_good);
        if !is_good {
            let fault = json!({ "error": "invalid_grant", "error_description": "gone\u{1b}[2J" });
            return respond(
                stream,
                "400 Bad Request\r\ncontent-type: application/json",
                fault.to_string().as_bytes(),
            );
        }
        given.number += 1;
        given.renewed += u32::from(is_renewal);
        (given.is_access_good, given.is_refresh_good) = (true, true);
        let number = given.number;
        let mut tokens = json!({ "access_token": format!("at-canary-{number}"), "token_type": "Bearer",
            "expires_in": 3600, "refresh_token": format!("rt-canary-{number}") });
        match self.mode.as_str() {
            "bad token" => tokens["access_token"] = json!("at-canary\r\nx-key: b"),
            "no renewal" | "no renewal, gateway" => tokens["refresh_token"] = Value::Null,
            _good => {}
        }
        say(stream, &tokens)
    }

    /// Refuses who brings no token that is good; whether that was so.
    fn refuse(&self, heard: &Heard, stream: &mut TcpStream) -> io::Result<bool> {
        let expected = {
            let given = self.given();
            given.is_access_good.then(|| format!("Bearer at-canary-{}", given.number))
        };
        if expected.is_none() || heard.header("authorization") != expected.as_deref() {
            let is_token = heard.header("authorization").is_some() && self.mode != "no renewal, gateway";
            let fault = if is_token { "error=\"invalid_token\", " } else { "" };
            let scope = if self.mode.ends_with("scopes") { "" } else { ", scope=\"tools\"" };
            let refused = format!(
                "401 Unauthorized\r\nwww-authenticate: Bearer {fault}resource_metadata=\"{}/.well-known/oauth-protected-resource/mcp\"{scope}",
                self.origin
            );
            let said = heard.header("authorization").unwrap_or("nobody");
            return respond(stream, &refused, format!("who is {said}?").as_bytes()).map(|()| true);
        }
        if self.mode == "more" && heard.body["method"] == "tools/call" {
            let refused = "403 Forbidden\r\nwww-authenticate: Bearer error=\"insufficient_scope\", scope=\"tools admin\"";
            return respond(stream, refused, b"").map(|()| true);
        }
        Ok(false)
    }
}

fn say(stream: &mut TcpStream, document: &Value) -> io::Result<()> {
    respond(stream, "200 OK\r\ncontent-type: application/json", document.to_string().as_bytes())
}

/// More than anybody reads.
fn endless(stream: &mut TcpStream) -> io::Result<()> {
    stream.write_all(
        b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 1073741824\r\n\r\n[",
    )?;
    loop {
        stream.write_all(&[b' '; 1 << 12])?;
    }
}

/// What a browser sees that is sent to an address of this machine: the status, and where it is sent from there.
///
/// # Errors
/// When nobody answers there.
pub fn browse(address: &str) -> io::Result<(u16, Option<String>)> {
    let rest = address.trim().strip_prefix("http://").ok_or(io::ErrorKind::InvalidInput)?;
    let (authority, path) = rest.split_once('/').ok_or(io::ErrorKind::InvalidInput)?;
    let mut stream = TcpStream::connect(authority)?;
    write!(stream, "GET /{path} HTTP/1.1\r\nHost: {authority}\r\nConnection: close\r\n\r\n")?;
    let (mut reader, mut line, mut location) = (BufReader::new(stream), String::new(), None);
    reader.read_line(&mut line)?;
    let status = line.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_default();
    loop {
        line.clear();
        if reader.read_line(&mut line)? == 0 || line.trim().is_empty() {
            break;
        }
        if let Some(target) = line.strip_prefix("location: ") {
            location = Some(target.trim().to_owned());
        }
    }
    io::copy(&mut reader.take(1 << 16), &mut io::sink())?;
    Ok((status, location))
}
