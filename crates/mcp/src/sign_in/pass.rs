//! The token that a connection sends to its server: read from where it is kept, renewed before it ends, and once after a refusal.
//! Whoever renews it does so alone, and to the end: what is given in the place of what renews it is given once.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use q_seat::{McpSpec, RemoteServer};
use tokio::sync::watch;

use super::clock;
use super::documents::Documents;
use super::kept::{KeptSignIn, SignIns};
use super::tokens::{self, TokenFault};
use crate::http::HttpClient;

/// The sign-in of one server, as far as its person has one.
#[derive(Clone)]
pub(crate) struct Pass(Arc<Holder>);

struct Holder {
    /// As its table is called, for whoever is to sign in.
    server: String,
    kept_as: String,
    url: String,
    /// Nothing where its table has a key: then that is sent, and no token.
    sign_ins: Option<SignIns>,
    http: Arc<dyn HttpClient>,
    sent: Mutex<Option<String>>,
    /// Whether the last token that was sent was refused.
    was_refused: AtomicBool,
    /// Whether nothing is done before the person has signed in.
    is_wanted: AtomicBool,
    /// How much is under way for which whoever ends waits.
    ending: watch::Sender<usize>,
}

impl Pass {
    pub(crate) fn new(
        spec: &McpSpec,
        server: &RemoteServer,
        sign_ins: SignIns,
        http: Arc<dyn HttpClient>,
        ending: watch::Sender<usize>,
    ) -> Self {
        let has_key = server.headers.keys().any(|name| name.eq_ignore_ascii_case("authorization"));
        Self(Arc::new(Holder {
            server: spec.name.clone(),
            kept_as: spec.pin_name(),
            url: server.url.clone(),
            sign_ins: (!has_key).then_some(sign_ins),
            http,
            sent: Mutex::default(),
            was_refused: AtomicBool::default(),
            ending,
            is_wanted: AtomicBool::default(),
        }))
    }

    /// What whoever is to sign in types; nothing where a key of the table is sent.
    pub(crate) fn sign_in(&self) -> Option<String> {
        self.0.sign_ins.as_ref().map(|_| format!("q mcp login {}", self.0.server))
    }

    /// The token that was sent last, for what is asked beside.
    pub(crate) fn sent(&self) -> Option<String> {
        self.0.sent.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The token to send now; nothing where nobody signed in. Says why where the sign-in is over.
    pub(crate) async fn token(&self) -> Result<Option<String>, String> {
        let Some((sign_ins, kept)) = self.kept().await? else {
            self.send(None);
            return Ok(None);
        };
        let Some(token) = kept.access_token.clone() else { return Err(self.is_over("")) };
        let now = clock::seconds();
        let is_due = kept.is_due(now) && (kept.refresh_token.is_some() || kept.has_ended(now));
        let renewed = if is_due { self.renewed(sign_ins, token.clone()).await } else { Ok(token.clone()) };
        let token = match renewed {
            Ok(token) => token,
            Err(TokenFault::Refused(why)) => return Err(self.is_over(&why)),
            // It is good for a little yet.
            Err(TokenFault::Unknown(_)) if !kept.has_ended(now) => token,
            Err(TokenFault::Unknown(why)) => return Err(self.is_unknown(&why)),
        };
        self.send(Some(&token));
        Ok(Some(token))
    }

    /// Another token than one that the server refused; nothing where that was none. Says why where there is no other. One that
    /// nothing renews is given up where the server says that it `is_invalid`, or refuses it twice in a row: a gateway may have
    /// refused it once.
    pub(crate) async fn after(
        &self,
        refused: Option<String>,
        is_invalid: bool,
    ) -> Result<Option<String>, String> {
        let Some(refused) = refused else { return Ok(None) };
        let is_certain = self.0.was_refused.swap(true, Ordering::Relaxed) || is_invalid;
        let Some((sign_ins, kept)) = self.kept().await? else { return Ok(None) };
        if kept.refresh_token.is_none() && kept.access_token.as_ref() == Some(&refused) && !is_certain {
            return Ok(None);
        }
        match self.renewed(sign_ins, refused).await {
            Ok(token) => {
                self.send(Some(&token));
                Ok(Some(token))
            }
            Err(TokenFault::Refused(why)) => Err(self.is_over(&why)),
            Err(TokenFault::Unknown(why)) => Err(self.is_unknown(&why)),
        }
    }

    /// The server took what it was sent.
    pub(crate) fn was_let_in(&self) {
        self.0.was_refused.store(false, Ordering::Relaxed);
        self.0.is_wanted.store(false, Ordering::Relaxed);
    }

    /// The server lets in nobody who did not sign in. With a key of the table no sign-in helps.
    pub(crate) fn want(&self) {
        self.0.is_wanted.store(self.0.sign_ins.is_some(), Ordering::Relaxed);
    }

    /// Whether nothing is done before the person has signed in.
    pub(crate) fn is_wanted(&self) -> bool {
        self.0.is_wanted.load(Ordering::Relaxed)
    }

    /// What is told where the token has ended and nobody knows whether it could be renewed.
    fn is_unknown(&self, why: &str) -> String {
        format!("its sign-in cannot be renewed: {why}; if that stays so: q mcp login {}", self.0.server)
    }

    fn send(&self, token: Option<&str>) {
        *self.0.sent.lock().unwrap_or_else(PoisonError::into_inner) = token.map(str::to_owned);
    }

    fn is_over(&self, why: &str) -> String {
        self.send(None);
        self.want();
        over(&self.0.server, why)
    }

    async fn kept(&self) -> Result<Option<(SignIns, KeptSignIn)>, String> {
        let Some(sign_ins) = self.0.sign_ins.clone() else { return Ok(None) };
        sign_ins.settle(&self.0.kept_as, &self.0.url).await;
        let kept = sign_ins.read_aside(&self.0.kept_as, &self.0.url).await;
        let kept = kept.map_err(|why| {
            self.want();
            format!("{why}: q mcp login {}", self.0.server)
        })?;
        Ok(kept.map(|kept| (sign_ins, kept)))
    }

    /// In a task of its own: whoever waits may give up, and what was given meanwhile must be kept.
    async fn renewed(&self, sign_ins: SignIns, stale: String) -> Result<String, TokenFault> {
        let holder = Arc::clone(&self.0);
        let renewing = tokio::spawn(async move { holder.renew(&sign_ins, &stale).await });
        renewing.await.unwrap_or_else(|error| Err(TokenFault::Unknown(error.to_string())))
    }
}

/// What is told where only a new sign-in helps.
pub(crate) fn over(server: &str, why: &str) -> String {
    let why = if why.is_empty() { String::new() } else { format!(" ({why})") };
    format!("its sign-in is over{why}: q mcp login {server}")
}

impl Holder {
    /// In the place of `stale`, unless another has been quicker. What the server does not renew is kept no longer.
    async fn renew(&self, sign_ins: &SignIns, stale: &str) -> Result<String, TokenFault> {
        let _alone = sign_ins.lock(&self.kept_as).await.map_err(TokenFault::Unknown)?;
        let kept = sign_ins.read_aside(&self.kept_as, &self.url).await.map_err(TokenFault::Unknown)?;
        let over = || TokenFault::Refused(String::new());
        let kept = kept.ok_or_else(over)?;
        match &kept.access_token {
            Some(token) if token != stale => return Ok(token.clone()),
            Some(_) => {}
            None => return Err(over()),
        }
        // From here on the server may have given the only thing that renews: whoever ends this process waits for it.
        let _counted = Counted::new(self.ending.clone());
        match self.asked(&kept).await {
            Ok(tokens) => {
                let kept = kept.renewed(tokens, clock::seconds());
                sign_ins.replace(&self.kept_as, stale, &kept).await;
                kept.access_token.ok_or_else(over)
            }
            Err(TokenFault::Refused(why)) => {
                let written = sign_ins.write_aside(&self.kept_as, &kept.over()).await;
                written.map_err(TokenFault::Unknown)?;
                Err(TokenFault::Refused(why))
            }
            Err(fault @ TokenFault::Unknown(_)) => Err(fault),
        }
    }

    async fn asked(&self, kept: &KeptSignIn) -> Result<tokens::Tokens, TokenFault> {
        let Some(refresh) = kept.refresh_token.as_deref() else {
            return Err(TokenFault::Refused("nothing renews it".to_owned()));
        };
        let documents = Documents::new(Arc::clone(&self.http), &self.url);
        let place = documents.check(&kept.at.token_endpoint).map_err(TokenFault::Unknown)?;
        let wish = [
            ("grant_type", "refresh_token"),
            ("refresh_token", refresh),
            ("resource", kept.at.resource.as_str()),
        ];
        tokens::given(&documents, &place, &kept.at.client, &wish).await
    }
}

/// One renewal that is waited for.
struct Counted(watch::Sender<usize>);

impl Counted {
    fn new(ending: watch::Sender<usize>) -> Self {
        ending.send_modify(|count| *count += 1);
        Self(ending)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.send_modify(|count| *count -= 1);
    }
}

/// Without the token, which nobody is to read in a log.
impl fmt::Debug for Pass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Pass").field(&self.0.server).finish()
    }
}
