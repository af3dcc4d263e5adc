//! Who signs people in for a server, and where: what the server says of itself (RFC 9728), and what the authorization server says that
//! it names (RFC 8414, or that of `OpenID` Connect).

use serde::Deserialize;

use super::challenge::{Challenge, is_scope};
use super::documents::Documents;
use super::form;
use super::secure_address::SecureAddress;

const OF_RESOURCES: &str = "/.well-known/oauth-protected-resource";
const OF_SERVERS: &str = "/.well-known/oauth-authorization-server";
const OF_OPENID: &str = "/.well-known/openid-configuration";
/// The only way of proving who began a sign-in that is taken: the other one proves nothing to who reads along.
const S256: &str = "S256";
/// What a request for a sign-in says, and what may stand in its place (RFC 6749, 7636, 8707, 9101).
const ASKED_BY: [&str; 11] = [
    "response_type",
    "response_mode",
    "client_id",
    "redirect_uri",
    "scope",
    "state",
    "code_challenge",
    "code_challenge_method",
    "resource",
    "request",
    "request_uri",
];
/// The most scopes that are taken of a server's list.
const MOST_SCOPES: usize = 64;

/// What a token for a server is for, and who gives it.
#[derive(Debug)]
pub(crate) struct Discovered {
    /// By which the server is known to who gives tokens.
    pub(crate) resource: String,
    /// What it says that a token should be for.
    pub(crate) scopes: Vec<String>,
    pub(crate) authority: AuthorizationServer,
}

/// Who signs people in, as it says itself.
#[derive(Debug)]
pub(crate) struct AuthorizationServer {
    pub(crate) issuer: String,
    /// Where the browser of the person goes.
    pub(crate) authorization: SecureAddress,
    /// Where tokens are given and renewed.
    pub(crate) token: SecureAddress,
    pub(crate) registration: Option<SecureAddress>,
    pub(crate) scopes: Vec<String>,
    /// How those who ask for tokens may say who they are; nothing where it does not say.
    pub(crate) methods: Option<Vec<String>>,
    /// Whether its answers say whose they are.
    pub(crate) names_itself: bool,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct ResourceDocument {
    resource: Option<String>,
    authorization_servers: Vec<String>,
    scopes_supported: Vec<String>,
}

#[derive(Deserialize)]
struct ServerDocument {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    registration_endpoint: Option<String>,
    #[serde(default)]
    scopes_supported: Vec<String>,
    #[serde(default)]
    code_challenge_methods_supported: Vec<String>,
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
    #[serde(default)]
    authorization_response_iss_parameter_supported: bool,
}

/// All that, for the server at this address; or why nobody can sign in there.
pub(crate) async fn discover(
    documents: &Documents,
    server: &SecureAddress,
    challenge: &Challenge,
) -> Result<Discovered, String> {
    let (resource, issuer, scopes, may_end) = match resource_document(documents, server, challenge).await {
        Some(document) => {
            let resource = named_resource(server, document.resource)?;
            let issuer = document.authorization_servers.into_iter().next();
            let issuer = issuer.ok_or("it names nobody who signs people in")?;
            (resource, issuer, bounded(document.scopes_supported), "")
        }
        // Servers of before there was such a document sign people in themselves; nobody said whether their name ends with a slash.
        None => (server.resource(), server.origin.clone(), Vec::new(), "/"),
    };
    Ok(Discovered { authority: authority(documents, issuer, may_end).await?, resource, scopes })
}

/// What the server says of itself: where its refusal says, or where such documents are.
async fn resource_document(
    documents: &Documents,
    server: &SecureAddress,
    challenge: &Challenge,
) -> Option<ResourceDocument> {
    let origin = &server.origin;
    let usual = [format!("{origin}{OF_RESOURCES}{}", server.path()), format!("{origin}{OF_RESOURCES}")];
    for url in challenge.resource_metadata.iter().cloned().chain(usual) {
        // Nobody speaks for the server but itself.
        let Some(address) = documents.check(&url).ok().filter(|address| address.origin == *origin) else {
            continue;
        };
        let answer = documents.get(&address).await.ok();
        if let Some(document) = answer.and_then(|answer| answer.read::<ResourceDocument>()) {
            return Some(document);
        }
    }
    None
}

/// By what it wants to be known: itself, or what it is a part of; else a token for another would be sent there.
fn named_resource(server: &SecureAddress, named: Option<String>) -> Result<String, String> {
    let Some(named) = named else { return Ok(server.resource()) };
    let is_its = SecureAddress::of(&named).is_ok_and(|resource| server.is_within(&resource));
    if is_its { Ok(named) } else { Err("what it says of itself is another server's".to_owned()) }
}

/// What is said at the issuer's place by whoever is called so, or so with `may_end` behind it.
async fn authority(
    documents: &Documents,
    issuer: String,
    may_end: &str,
) -> Result<AuthorizationServer, String> {
    let address =
        documents.check(&issuer).map_err(|why| format!("who signs people in cannot be asked: {why}"))?;
    let (origin, path) = (&address.origin, address.path());
    let mut places = vec![format!("{origin}{OF_SERVERS}{path}"), format!("{origin}{OF_OPENID}{path}")];
    if !path.is_empty() {
        places.push(format!("{origin}{path}{OF_OPENID}"));
    }
    let mut fault = None;
    for place in places {
        match documents.get(&documents.check(&place)?).await {
            Ok(answer) => {
                if let Some(document) = answer.read::<ServerDocument>() {
                    return usable(documents, (&issuer, may_end), document)
                        .map_err(|why| format!("{}, which signs people in, {why}", address.host));
                }
                fault.get_or_insert(format!("it answers with status {} and no such document", answer.status));
            }
            Err(why) => drop(fault.insert(why)),
        }
    }
    let why = fault.unwrap_or_default();
    Err(format!("{} does not say how it signs people in: {why}", address.host))
}

/// The document of that issuer, if q can do what it says.
fn usable(
    documents: &Documents,
    (issuer, may_end): (&str, &str),
    document: ServerDocument,
) -> Result<AuthorizationServer, String> {
    let is_it = document.issuer.strip_prefix(issuer).is_some_and(|end| end.is_empty() || end == may_end);
    if !is_it {
        return Err("says that it is another".to_owned());
    }
    if !document.code_challenge_methods_supported.iter().any(|method| method == S256) {
        return Err(format!("does not say that it knows PKCE with {S256}, without which nobody signs in"));
    }
    let place = |what: &str, url: &str| {
        documents.check(url).map_err(|why| format!("names a place for {what} that is not asked: {why}"))
    };
    let registration = document.registration_endpoint.as_deref();
    let authorization = place("browsers", &document.authorization_endpoint)?;
    if says_what_is_asked(&authorization.url) {
        return Err("names a place for browsers that says itself what is to be asked there".to_owned());
    }
    Ok(AuthorizationServer {
        authorization,
        token: place("tokens", &document.token_endpoint)?,
        registration: registration.map(|url| place("registration", url)).transpose()?,
        issuer: document.issuer,
        scopes: bounded(document.scopes_supported),
        methods: document.token_endpoint_auth_methods_supported,
        names_itself: document.authorization_response_iss_parameter_supported,
    })
}

/// Whether its query has a name that q asks by, or one that stands for the whole request: of two values the server takes whichever it
/// likes, and the person would sign another program in. What cannot be read has one, too.
fn says_what_is_asked(url: &str) -> bool {
    let Some((_, query)) = url.split_once('?') else { return false };
    form::read(query).is_none_or(|pairs| pairs.iter().any(|(name, _)| ASKED_BY.contains(&name.as_str())))
}

fn bounded(scopes: Vec<String>) -> Vec<String> {
    scopes.into_iter().filter(|scope| is_scope(scope)).take(MOST_SCOPES).collect()
}
