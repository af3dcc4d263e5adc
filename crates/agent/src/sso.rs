//! A role that AWS's single sign-on lends keys for, as whoever is signed in brings it: in the place of a key, and as secret.
//!
//! Not here: which files say so (whoever builds a spec reads them), how the keys are asked for (`http`).

use std::fmt::Write as _;

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use serde_json::{Value, json};

use crate::secret::Secret;

/// How a key begins that stands for a role. No key of AWS has a blank in it.
const BEGINS: &str = "aws-sso ";

/// A role of an account, and the token of whoever is signed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SsoRole {
    /// Where keys for it are asked for: `https://portal.sso.REGION.amazonaws.com`.
    pub portal: String,
    pub account: String,
    pub role: String,
    /// The profile that it was found in, for who has to sign in anew.
    pub profile: String,
    pub token: Secret,
}

impl SsoRole {
    /// What is brought in the place of a key.
    pub fn as_key(&self) -> String {
        let Self { portal, account, role, profile, token } = self;
        let token = token.expose();
        let written = json!({
            "portal": portal, "account": account, "role": role, "profile": profile, "token": token,
        });
        format!("{BEGINS}{written}")
    }

    /// The role that a key stands for; nothing where it is a key.
    pub(crate) fn of(key: &Secret) -> Option<Self> {
        let written: Value = serde_json::from_str(key.expose().strip_prefix(BEGINS)?).ok()?;
        let text = |name: &str| written.get(name)?.as_str().map(str::to_owned);
        Some(Self {
            portal: text("portal")?,
            account: text("account")?,
            role: text("role")?,
            profile: text("profile")?,
            token: Secret::new(text("token")?),
        })
    }

    /// What whoever is not signed in types.
    pub fn sign_in(profile: &str) -> String {
        format!("aws sso login --profile {profile}")
    }
}

/// The name of the file that AWS's tools keep the token in of a session of this name, or of a start address where it has none.
pub fn token_file(name: &str) -> String {
    // The digest is the file's name and protects nothing.
    let digest = digest(&SHA1_FOR_LEGACY_USE_ONLY, name.as_bytes());
    let mut file = String::new();
    for byte in digest.as_ref() {
        let _never_fails = write!(file, "{byte:02x}");
    }
    file + ".json"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_goes_in_the_place_of_a_key_and_is_not_shown() {
        let role = SsoRole {
            portal: "https://portal.sso.eu-west-1.amazonaws.com".into(),
            account: "123456789012".into(),
            role: "Reader".into(),
            profile: "wo\"rk".into(),
            token: Secret::new("aoa-canary"),
        };
        assert_eq!(SsoRole::of(&Secret::new(role.as_key())).as_ref(), Some(&role));
        assert!(!format!("{role:?}").contains("canary"));
        for key in ["", "A:S:T", "aws-sso ", "aws-sso {}", "aws-sso {\"portal\":7}", "aws-sso:x"] {
            assert_eq!(SsoRole::of(&Secret::new(key)), None, "{key}");
        }
    }

    #[test]
    fn a_token_is_kept_under_the_digest_of_its_session() {
        // `printf my-sso | sha1sum`, and the same of an address.
        for (name, file) in [
            ("my-sso", "0ad374308c5a4e22f723adf10145eafad7c4031c.json"),
            ("https://d-92671207e4.awsapps.com/start", "13f9d35043871d073ab260e020f0ffde092cb14b.json"),
        ] {
            assert_eq!(token_file(name), file);
        }
    }
}
