//! A sign-in under way: the address that the person's browser is sent to, with a code's proof (PKCE) and a mark by which the answer is
//! known, and what comes back from there.

use std::fmt;
use std::sync::Arc;

use q_seat::RemoteServer;
use q_tools::sha256;
use serde_json::json;

use super::challenge::{Challenge, are_scopes};
use super::discovery::{AuthorizationServer, Discovered, discover};
use super::documents::{Documents, shown};
use super::form;
use super::kept::{KeptSignIn, SignIns, SignedInAt};
use super::registration::{ClientIdentity, registered};
use super::secure_address::SecureAddress;
use super::tokens::{self, TokenFault};
use crate::http::{HttpClient, HttpMethod, HttpRequest, HttpTrouble};

/// The longest answer of a browser, in bytes.
const ANSWER_BYTES: usize = 16 << 10;
/// The longest list of scopes that is asked for, in bytes: all that a server lists, and what a sign-in was for before.
const SCOPE_BYTES: usize = 8 << 10;
/// What lets a server renew tokens while nobody is there, where it has that scope.
const OFFLINE: &str = "offline_access";
/// How long the server may take to say whom it lets in.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(20);

/// What a sign-in is asked for with.
pub struct SignInWish<'a> {
    pub server: &'a RemoteServer,
    /// Under which name it is kept.
    pub kept_as: &'a str,
    /// As what q asks, where that was registered by hand.
    pub client_id: Option<&'a str>,
    /// What a token is to be for beside what it was for before, separated by blanks; what the server says without any.
    pub scope: Option<&'a str>,
    /// Where the browser is sent in the end.
    pub redirect: &'a str,
}

/// A sign-in that waits for the person.
pub struct SignIn {
    documents: Documents,
    authority: AuthorizationServer,
    sign_ins: SignIns,
    kept_as: String,
    at: SignedInAt,
    redirect: String,
    state: String,
    verifier: String,
}

impl SignIn {
    /// Finds out where one signs in at that server, and as what; says why where that cannot be done. Nothing is kept yet.
    pub async fn begin(
        http: Arc<dyn HttpClient>,
        sign_ins: SignIns,
        wish: SignInWish<'_>,
    ) -> Result<Self, String> {
        let SignInWish { server, kept_as, client_id, scope, redirect } = wish;
        let url = &server.url;
        let address = SecureAddress::of(url).map_err(|why| format!("no token is sent there: {why}"))?;
        let (lets_in, challenge) = challenge(http.as_ref(), server).await?;
        let documents = Documents::new(http, url);
        let Discovered { resource, scopes, authority } =
            discover(&documents, &address, &challenge).await.map_err(|why| {
                if lets_in { format!("it lets q in without a sign-in, and {why}") } else { why }
            })?;
        let said = challenge.scope.unwrap_or_else(|| scopes.join(" "));
        // What it was for before stays, so that one more scope costs none of the others.
        let before = sign_ins.read(kept_as, url).ok().flatten().and_then(|kept| kept.at.scope);
        let asked = [scope.unwrap_or(&said), before.as_deref().unwrap_or_default()];
        let scope = united(&asked, &authority.scopes).map_err(|why| match scope {
            Some(_) => format!("these scopes can be none: {why}"),
            None => format!("the scopes that it names can be none: {why}; name those you need: --scope"),
        })?;
        let client = match client_id {
            Some(id) => ClientIdentity::known(id),
            None => registered(&documents, &authority, redirect, scope.as_deref()).await?,
        };
        let at = SignedInAt {
            url: url.clone(),
            issuer: authority.issuer.clone(),
            resource,
            token_endpoint: authority.token.url.clone(),
            client,
            scope,
        };
        let (state, verifier) = (random()?, random()?);
        let (kept_as, redirect) = (kept_as.to_owned(), redirect.to_owned());
        Ok(Self { documents, authority, sign_ins, kept_as, at, redirect, state, verifier })
    }

    /// Where the person signs in: the host, which they should know, and where the tokens are if that is another.
    pub fn hosts(&self) -> (&str, Option<&str>) {
        let (browser, tokens) = (&self.authority.authorization.host, &self.authority.token.host);
        (browser, (browser != tokens).then_some(tokens))
    }

    /// What is asked for.
    pub fn scope(&self) -> Option<&str> {
        self.at.scope.as_deref()
    }

    /// By what an answer of the browser (what stands behind the `?`) is known to be one to this sign-in.
    pub fn knows(&self) -> impl Fn(&str) -> bool + Send + Sync + 'static {
        let state = ("state".to_owned(), self.state.clone());
        move |answer| form::read(answer).is_some_and(|pairs| pairs.contains(&state))
    }

    /// The address for the browser: https, or http on this machine.
    pub fn address(&self) -> String {
        let proof = form::base64_url(&sha256(self.verifier.as_bytes()));
        let mut pairs = vec![
            ("response_type", "code"),
            ("client_id", &self.at.client.id),
            ("redirect_uri", &self.redirect),
            ("state", &self.state),
            ("code_challenge", &proof),
            ("code_challenge_method", "S256"),
            ("resource", &self.at.resource),
        ];
        pairs.extend(self.at.scope.as_deref().map(|scope| ("scope", scope)));
        let place = &self.authority.authorization.url;
        let between = if place.contains('?') { '&' } else { '?' };
        format!("{place}{between}{}", form::written(&pairs))
    }

    /// Takes the answer that the browser brings (what stands behind the `?`), and keeps the tokens that are given for it.
    pub async fn finish(self, answer: &str) -> Result<(), String> {
        let code = self.code(answer)?;
        let wish = [
            ("grant_type", "authorization_code"),
            ("code", code.as_str()),
            ("redirect_uri", &self.redirect),
            ("code_verifier", &self.verifier),
            ("resource", &self.at.resource),
        ];
        let given = tokens::given(&self.documents, &self.authority.token, &self.at.client, &wish).await;
        let tokens = given.map_err(TokenFault::why)?;
        let kept = KeptSignIn::new(self.at, tokens);
        // The directory must be there before there is a lock in it.
        self.sign_ins.prepare()?;
        let _alone = self.sign_ins.lock(&self.kept_as).await?;
        self.sign_ins.write(&self.kept_as, &kept)
    }

    /// The code of an answer that is for this sign-in and of the server that was asked. Of any other nothing is told.
    fn code(&self, answer: &str) -> Result<String, String> {
        let read = (answer.len() <= ANSWER_BYTES).then(|| form::read(answer)).flatten();
        let pairs = read.ok_or("the answer of the browser is none")?;
        let said =
            |name: &str| pairs.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
        if said("state") != Some(&self.state) {
            return Err("the answer of the browser is not for this sign-in (its state is another)".to_owned());
        }
        match said("iss") {
            Some(issuer) if issuer != self.authority.issuer => {
                return Err(
                    "the answer of the browser is of another server than was asked (its iss is another)"
                        .to_owned(),
                );
            }
            None if self.authority.names_itself => {
                return Err("the answer of the browser does not say whose it is (it has no iss)".to_owned());
            }
            Some(_) | None => {}
        }
        let host = &self.authority.authorization.host;
        if let Some(error) = said("error") {
            let more =
                said("error_description").map(|more| format!(" ({})", shown(more))).unwrap_or_default();
            return Err(format!("{host} says {}{more}", shown(error)));
        }
        let code = said("code").filter(|code| !code.is_empty());
        code.map(str::to_owned).ok_or_else(|| format!("{host} gives no code"))
    }
}

/// Whether the server lets somebody in who has no token, and what it says to them. One that does may want one later.
async fn challenge(http: &dyn HttpClient, server: &RemoteServer) -> Result<(bool, Challenge), String> {
    let RemoteServer { url, headers } = server;
    let greeting = json!({ "jsonrpc": "2.0", "id": 0, "method": "initialize", "params": {
        "protocolVersion": "2025-06-18", "capabilities": {},
        "clientInfo": { "name": "q", "version": env!("CARGO_PKG_VERSION") } } });
    let usual = [("content-type", "application/json"), ("accept", "application/json, text/event-stream")];
    let usual = usual.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned()));
    let own = headers.iter().map(|(name, value)| (name.to_ascii_lowercase(), value.clone()));
    let request = HttpRequest {
        method: HttpMethod::Post,
        url: url.clone(),
        headers: usual.chain(own).collect(),
        body: greeting.to_string(),
        patience: PATIENCE,
        named_by: None,
    };
    let answer = http.ask(request).await.map_err(|HttpTrouble { why, .. }| why)?;
    let challenge = answer.header("www-authenticate").and_then(Challenge::read);
    Ok((matches!(answer.status(), 200..=299), challenge.unwrap_or_default()))
}

/// All of these scopes, each once, and what renews tokens where the server has that; nothing where there are none.
fn united(scopes: &[&str], known: &[String]) -> Result<Option<String>, String> {
    let mut all: Vec<&str> = Vec::new();
    let offline = known.iter().map(String::as_str).filter(|scope| *scope == OFFLINE);
    let wished: Vec<&str> = scopes.iter().flat_map(|scopes| scopes.split_whitespace()).collect();
    let is_any = !wished.is_empty();
    for scope in wished.into_iter().chain(offline.filter(|_| is_any)) {
        if !all.contains(&scope) {
            all.push(scope);
        }
    }
    let all = all.join(" ");
    match all.as_str() {
        "" => Ok(None),
        scopes if are_scopes(scopes, SCOPE_BYTES) => Ok(Some(all)),
        _other => Err(format!("visible letters without quotes, at most {} KB", SCOPE_BYTES >> 10)),
    }
}

/// What nobody guesses, in letters.
fn random() -> Result<String, String> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|error| format!("the system gives no random bits: {error}"))?;
    Ok(form::base64_url(&bytes))
}

/// Without what proves who began it.
impl fmt::Debug for SignIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignIn").field("issuer", &self.authority.issuer).finish_non_exhaustive()
    }
}
