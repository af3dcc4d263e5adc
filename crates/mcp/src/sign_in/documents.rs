//! What servers say of themselves, and of what they are asked in a sign-in: JSON, fetched within bounds of time and size. Only what
//! may be asked is asked: see `check`.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde::de::DeserializeOwned;
use tokio::time::timeout;

use super::secure_address::SecureAddress;
use crate::http::{HttpAnswer, HttpClient, HttpMethod, HttpRequest, HttpTrouble};

/// How long a server may take to answer, all in all.
const TIME: Duration = Duration::from_secs(20);
/// The longest answer, in bytes.
const MOST: usize = 256 << 10;
/// How many letters are told of what a server says of a fault.
const FAULT: usize = 300;

/// Asks at the word of one server.
#[derive(Clone)]
pub(crate) struct Documents {
    http: Arc<dyn HttpClient>,
    /// The address of the server at whose word others are asked.
    named_by: String,
}

/// An answer; without what was said where that is too long, or comes too late.
pub(crate) struct Document {
    pub(crate) status: u16,
    pub(super) body: Vec<u8>,
}

impl Documents {
    pub(crate) fn new(http: Arc<dyn HttpClient>, named_by: &str) -> Self {
        Self { http, named_by: named_by.to_owned() }
    }

    /// The address that a server names, if it may be asked or opened; or why not.
    pub(crate) fn check(&self, url: &str) -> Result<SecureAddress, String> {
        let address = SecureAddress::of(url)?;
        let may_lead = self.http.may_lead_to(&address.url, &self.named_by);
        may_lead.map_err(|why| format!("{}: {why}", address.host))?;
        Ok(address)
    }

    pub(crate) async fn get(&self, address: &SecureAddress) -> Result<Document, String> {
        self.ask(address, HttpMethod::Get, Vec::new(), String::new()).await
    }

    /// Sends that, once: a body of that kind, with these headers.
    pub(crate) async fn post(
        &self,
        address: &SecureAddress,
        kind: &str,
        headers: &[(&str, String)],
        body: String,
    ) -> Result<Document, String> {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), value.clone()));
        let headers = headers.chain([("content-type".to_owned(), kind.to_owned())]).collect();
        self.ask(address, HttpMethod::Post, headers, body).await
    }

    async fn ask(
        &self,
        address: &SecureAddress,
        method: HttpMethod,
        mut headers: Vec<(String, String)>,
        body: String,
    ) -> Result<Document, String> {
        headers.push(("accept".to_owned(), "application/json".to_owned()));
        let (url, named_by) = (address.url.clone(), Some(self.named_by.clone()));
        let request = HttpRequest { method, url, headers, body, patience: TIME, named_by };
        let told = |why: String| format!("{}: {why}", address.host);
        let answered = async {
            let answer = self.http.ask(request).await.map_err(|HttpTrouble { why, .. }| why)?;
            read(answer).await
        };
        match timeout(TIME, answered).await {
            Ok(answered) => answered.map_err(told),
            Err(_) => Err(told(format!("it did not answer within {} seconds", TIME.as_secs()))),
        }
    }
}

async fn read(mut answer: Box<dyn HttpAnswer>) -> Result<Document, String> {
    let (status, mut body) = (answer.status(), Vec::new());
    while let Some(piece) = answer.next().await? {
        body.extend_from_slice(&piece);
        if body.len() > MOST {
            return Err(format!("it says more than {} KB", MOST >> 10));
        }
    }
    Ok(Document { status, body })
}

impl Document {
    /// What it says, where it is a success; nothing where it is none.
    pub(crate) fn read<T: DeserializeOwned>(&self) -> Option<T> {
        if matches!(self.status, 200..=299) { self.read_fault() } else { None }
    }

    /// The same of an answer that may be a refusal.
    pub(crate) fn read_fault<T: DeserializeOwned>(&self) -> Option<T> {
        serde_json::from_slice(&self.body).ok()
    }
}

/// What a server says of a fault, in a line: not all of it, and nothing that controls a terminal.
pub(crate) fn shown(text: &str) -> String {
    text.chars().take(FAULT).map(|letter| if letter.is_control() { ' ' } else { letter }).collect()
}

impl fmt::Debug for Documents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Documents").finish_non_exhaustive()
    }
}
