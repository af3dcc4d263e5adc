//! As what q asks for tokens: as who the person's table says, or as who the authorization server makes of it (RFC 7591).

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::discovery::AuthorizationServer;
use super::documents::Documents;
use super::{form, tokens};
use crate::sent_secrets::SentSecrets;

/// The longest name or secret, in bytes.
const MOST: usize = 4 << 10;
const NONE: &str = "none";
const IN_BODY: &str = "client_secret_post";
const IN_HEADER: &str = "client_secret_basic";

/// Who asks for tokens. A program on a person's machine keeps no secret; some servers give it one all the same.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ClientIdentity {
    pub(crate) id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    secret: Option<String>,
    /// Whether that goes into a header, in the place of the body.
    #[serde(default)]
    in_header: bool,
}

impl ClientIdentity {
    /// One that somebody registered by hand, without a secret.
    pub(crate) fn known(id: &str) -> Self {
        Self { id: id.to_owned(), secret: None, in_header: false }
    }

    /// What nobody but who gives tokens is to know.
    pub(crate) fn secret(&self) -> Option<&str> {
        self.secret.as_deref()
    }

    /// What a request for tokens says of who asks: in its body, and as a header.
    pub(crate) fn said(&self) -> (Vec<(&str, &str)>, Option<String>) {
        match &self.secret {
            Some(secret) if self.in_header => {
                let pair = format!("{}:{}", form::escaped(&self.id), form::escaped(secret));
                (Vec::new(), Some(format!("Basic {}", form::base64(pair.as_bytes()))))
            }
            Some(secret) => (vec![("client_id", &self.id), ("client_secret", secret)], None),
            None => (vec![("client_id", &self.id)], None),
        }
    }
}

#[derive(Deserialize)]
struct Registered {
    client_id: String,
    client_secret: Option<String>,
    token_endpoint_auth_method: Option<String>,
}

/// Has q known there, for this redirect; or why it is not.
pub(crate) async fn registered(
    documents: &Documents,
    authority: &AuthorizationServer,
    redirect: &str,
    scope: Option<&str>,
) -> Result<ClientIdentity, String> {
    let host = &authority.authorization.host;
    let Some(place) = &authority.registration else {
        return Err(format!(
            "{host} lets nobody register by themselves: register q on its pages and name it in the table, client_id = \"…\""
        ));
    };
    let knows =
        |method: &&str| authority.methods.as_ref().is_none_or(|all| all.iter().any(|known| known == method));
    let method = [NONE, IN_BODY, IN_HEADER].into_iter().find(knows).unwrap_or(NONE);
    let mut wish = json!({
        "client_name": "q",
        "redirect_uris": [redirect],
        "grant_types": ["authorization_code", "refresh_token"],
        "response_types": ["code"],
        "token_endpoint_auth_method": method,
        "application_type": "native",
    });
    if let (Some(scope), Some(wish)) = (scope, wish.as_object_mut()) {
        wish.insert("scope".to_owned(), scope.into());
    }
    let answer = documents.post(place, "application/json", &[], wish.to_string()).await?;
    let Some(Registered { client_id, client_secret, token_endpoint_auth_method }) = answer.read() else {
        let why = tokens::refusal(&answer, &SentSecrets::default());
        return Err(format!(
            "{} does not take q in: {why}; name one in the table, client_id = \"…\"",
            place.host
        ));
    };
    let is_fit = |text: &String| {
        text.len() <= MOST && text.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ')
    };
    if client_id.is_empty() || !is_fit(&client_id) || !client_secret.as_ref().is_none_or(is_fit) {
        return Err(format!("{} calls q by a name that cannot be one", place.host));
    }
    let method = token_endpoint_auth_method.as_deref().unwrap_or(method);
    let secret = client_secret.filter(|_| method != NONE);
    Ok(ClientIdentity { id: client_id, secret, in_header: method == IN_HEADER })
}

/// Without its secret, which nobody is to read in a log.
impl fmt::Debug for ClientIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientIdentity").field("id", &self.id).finish_non_exhaustive()
    }
}
