//! Names of files that mostly hold keys. They are read only with consent, and passed over by a search. This is no boundary: a key
//! in a file of another name is read like any other text.

/// Names of directories and files, whole.
const NAMES: [&str; 30] = [
    ".ssh",
    ".aws",
    ".gnupg",
    ".kube",
    ".docker",
    ".azure",
    ".gcloud",
    ".netrc",
    ".npmrc",
    ".pypirc",
    ".pgpass",
    ".env",
    ".envrc",
    ".git-credentials",
    ".htpasswd",
    ".vault-token",
    ".my.cnf",
    ".mylogin.cnf",
    ".bash_history",
    ".zsh_history",
    ".python_history",
    ".psql_history",
    "hosts.yml",
    "credentials.db",
    "credentials",
    "credentials.json",
    "secrets.yml",
    "secrets.yaml",
    // The rules by which calls need no consent.
    "permissions.toml",
    // Tokens of servers where the person signed in.
    "sign-ins",
];
const BEGINNINGS: [&str; 5] = [".env.", "id_rsa", "id_ed25519", "id_ecdsa", "id_dsa"];
const ENDINGS: [&str; 10] =
    [".pem", ".key", ".p12", ".pfx", ".keystore", ".kdbx", ".env", ".tfstate", ".ppk", ".jks"];

/// Whether what is so called mostly holds keys.
pub(crate) fn is_private(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    NAMES.contains(&name.as_str())
        || BEGINNINGS.iter().any(|beginning| name.starts_with(beginning))
        || ENDINGS.iter().any(|ending| name.ends_with(ending))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_keys_are_known_in_any_case() {
        for name in [
            ".env",
            ".ENV.local",
            "id_rsa",
            "id_ed25519.pub",
            "server.PEM",
            ".ssh",
            "tls.key",
            ".netrc",
            "prod.env",
            "sign-ins",
        ] {
            assert!(is_private(name), "{name}");
        }
        for name in ["environment.rs", "key.rs", "env", "README.md", "pem", "monkey"] {
            assert!(!is_private(name), "{name}");
        }
    }
}
