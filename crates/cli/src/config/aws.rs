//! What AWS's own tools leave for others: a pair of keys and a region, in variables and in the files of profiles.
//!
//! Not here: single sign-on (`sso` beside this has it), and keys of other roles and of programs. `aws configure
//! export-credentials --format env` asks for such, and says them as variables.

use std::io::ErrorKind;
use std::path::PathBuf;

use crate::environment::ProcessEnvironment;
use crate::trusted::{self, Untrusted};

/// How addresses of the models begin; the region stands behind it.
pub(crate) const BEDROCK: &str = "https://bedrock-runtime.";
/// The region where nothing says one.
const USUAL_REGION: &str = "us-east-1";
/// No region's name is longer, in bytes.
const LONGEST_REGION: usize = 32;

/// The pair of keys of this environment, as one key: `ID:SECRET` or `ID:SECRET:TOKEN`. Variables win over the profile.
pub(crate) fn keys(environment: &ProcessEnvironment) -> Result<Option<String>, String> {
    let variables = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"];
    if let Some(keys) = joined(variables.map(|name| environment.text(name))) {
        return Ok(Some(keys));
    }
    let Some(file) = file(environment, "AWS_SHARED_CREDENTIALS_FILE", "credentials") else { return Ok(None) };
    let text = match trusted::read_secret(&file) {
        Ok(text) => text,
        Err(Untrusted::Unreadable(error)) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(why) => return Err(format!("{}: {}", file.display(), why.why())),
    };
    let profile = profile(environment);
    let names = ["aws_access_key_id", "aws_secret_access_key", "aws_session_token"];
    Ok(joined(names.map(|name| setting(&text, &[profile], name))))
}

/// Where the models are, by the region of this environment.
pub(crate) fn base_url(environment: &ProcessEnvironment) -> Result<String, String> {
    let in_variables = ["AWS_REGION", "AWS_DEFAULT_REGION"].iter().find_map(|name| environment.text(name));
    let file = file(environment, "AWS_CONFIG_FILE", "config").filter(|_| in_variables.is_none());
    // A file that is not there, or not to be trusted, says no region.
    let text = file.and_then(|file| trusted::read(&file).ok()).unwrap_or_default();
    let profile = profile(environment);
    let named = format!("profile {profile}");
    let region =
        in_variables.or_else(|| setting(&text, &[&named, profile], "region")).unwrap_or(USUAL_REGION);
    if !is_region(region) {
        return Err(format!("`{}` is no region", region.escape_debug()));
    }
    Ok(format!("{BEDROCK}{region}.{}", suffix(region)))
}

/// How the names of hosts end in a region. China and the European sovereign cloud are apart from the rest, with names of their own.
pub(super) fn suffix(region: &str) -> &'static str {
    match region.split('-').next() {
        Some("cn") => "amazonaws.com.cn",
        Some("eusc") => "amazonaws.eu",
        Some(_) | None => "amazonaws.com",
    }
}

/// Whether it may be a part of the name of a host, to which a signature or a token is sent.
pub(super) fn is_region(name: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=LONGEST_REGION).contains(&name.len()) && name.bytes().all(fits)
}

pub(crate) fn profile(environment: &ProcessEnvironment) -> &str {
    environment.text("AWS_PROFILE").unwrap_or("default")
}

pub(super) fn file(environment: &ProcessEnvironment, variable: &str, name: &str) -> Option<PathBuf> {
    let usual = || environment.path("HOME").map(|home| home.join(".aws").join(name));
    environment.path(variable).map(|file| environment.directory.join(file)).or_else(usual)
}

fn joined([id, secret, token]: [Option<&str>; 3]) -> Option<String> {
    let token = token.map(|token| format!(":{token}")).unwrap_or_default();
    Some(format!("{}:{}{token}", id?, secret?))
}

/// What a file of profiles says of a name in a section of one of these names. The last word counts; lines that are moved in
/// belong to the setting before them.
pub(super) fn setting<'a>(text: &'a str, sections: &[&str], name: &str) -> Option<&'a str> {
    let mut is_inside = false;
    let mut found = None;
    for line in text.lines() {
        if let Some(section) = line.trim().strip_prefix('[').and_then(|line| line.split(']').next()) {
            is_inside = sections.contains(&section.trim());
        } else if is_inside
            && let Some((key, value)) = line.split_once('=')
            && key.trim_end() == name
        {
            found = Some(value.trim()).filter(|value| !value.is_empty());
        }
    }
    found
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    const CREDENTIALS: &str = "# mine\n[default]\naws_access_key_id = AKID\naws_secret_access_key=se/cret+=\n\n[ work ]\n\
                               aws_access_key_id = ASIA\naws_secret_access_key = other\naws_session_token = to=ken\n";
    const CONFIG: &str = "[default]\nregion = eu-west-1\ns3 =\n  region = moved-in\n[profile work]\nregion = ap-south-1\n[profile bad]\nregion = x/y\n";

    #[test]
    fn keys_and_regions_are_found_where_awss_tools_leave_them() {
        let home = tempfile::tempdir().unwrap();
        let dir = home.path().join(".aws");
        fs::create_dir(&dir).unwrap();
        fs::write(dir.join("credentials"), CREDENTIALS).unwrap();
        fs::set_permissions(dir.join("credentials"), Permissions::from_mode(0o600)).unwrap();
        fs::write(dir.join("config"), CONFIG).unwrap();
        let home = home.path().to_str().unwrap();
        let at = |region: &str| Ok(format!("https://bedrock-runtime.{region}.amazonaws.com"));
        for (variables, expected_keys, expected_url) in [
            (vec![], Some("AKID:se/cret+="), at("eu-west-1")),
            (vec![("AWS_PROFILE", "work")], Some("ASIA:other:to=ken"), at("ap-south-1")),
            (vec![("AWS_PROFILE", "nobody")], None, at("us-east-1")),
            (vec![("AWS_PROFILE", "bad")], None, Err("`x/y` is no region".to_owned())),
            (
                vec![("AWS_REGION", "us-west-2"), ("AWS_DEFAULT_REGION", "x")],
                Some("AKID:se/cret+="),
                at("us-west-2"),
            ),
            (vec![("AWS_DEFAULT_REGION", "us-west-2")], Some("AKID:se/cret+="), at("us-west-2")),
            (
                vec![("AWS_REGION", "cn-northwest-1")],
                Some("AKID:se/cret+="),
                Ok("https://bedrock-runtime.cn-northwest-1.amazonaws.com.cn".to_owned()),
            ),
            (
                vec![("AWS_REGION", "eusc-de-east-1")],
                Some("AKID:se/cret+="),
                Ok("https://bedrock-runtime.eusc-de-east-1.amazonaws.eu".to_owned()),
            ),
            (
                vec![("AWS_ACCESS_KEY_ID", "A"), ("AWS_SECRET_ACCESS_KEY", "S"), ("AWS_SESSION_TOKEN", "T")],
                Some("A:S:T"),
                at("eu-west-1"),
            ),
            (vec![("AWS_ACCESS_KEY_ID", "A")], Some("AKID:se/cret+="), at("eu-west-1")),
            (
                vec![("AWS_SHARED_CREDENTIALS_FILE", "gone"), ("AWS_CONFIG_FILE", "gone")],
                None,
                at("us-east-1"),
            ),
        ] {
            let all = [variables.as_slice(), &[("HOME", home)]].concat();
            let environment = ProcessEnvironment::of(&all, "/nowhere");
            assert_eq!(keys(&environment), Ok(expected_keys.map(str::to_owned)), "{variables:?}");
            assert_eq!(base_url(&environment), expected_url, "{variables:?}");
        }
    }

    #[test]
    fn keys_that_others_may_read_are_not_taken() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("credentials");
        fs::write(&file, CREDENTIALS).unwrap();
        fs::set_permissions(&file, Permissions::from_mode(0o644)).unwrap();
        let variables = [("AWS_SHARED_CREDENTIALS_FILE", file.to_str().unwrap())];
        let why = keys(&ProcessEnvironment::of(&variables, "/")).unwrap_err();
        assert!(why.contains("others may read it") && !why.contains("cret"), "{why}");
    }
}
