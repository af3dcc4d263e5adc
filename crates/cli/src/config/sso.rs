//! AWS's single sign-on, as its own tools leave it: the role that a profile names, and the token of whoever is signed in.
//!
//! Not here: asking for the role's keys, which is done when a turn needs them; signing in (`aws sso login` does).

use std::io::ErrorKind;

use q_agent::{Secret, SsoRole, sso::token_file};
use q_core::{Utc, WallTime};
use serde_json::Value;

use super::aws;
use crate::environment::ProcessEnvironment;
use crate::missing::Missing;
use crate::trusted::{self, Untrusted};

/// Whoever keeps the portal elsewhere says so in this variable, as AWS's own tools take it.
const ENDPOINT: &str = "AWS_ENDPOINT_URL_SSO";
const NAMES: [&str; 5] = ["sso_session", "sso_start_url", "sso_region", "sso_account_id", "sso_role_name"];

/// The role of this environment's profile, with the token of its sign-in; nothing where the profile has no single sign-on.
pub(crate) fn role(environment: &ProcessEnvironment, now: WallTime) -> Result<Option<SsoRole>, Missing> {
    let profile = aws::profile(environment);
    let Some(file) = aws::file(environment, "AWS_CONFIG_FILE", "config") else { return Ok(None) };
    let place = file.display();
    let text = match trusted::read(&file) {
        Ok(text) => text,
        Err(Untrusted::Unreadable(error)) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(why) => {
            return Err(Missing {
                why: format!("its profile cannot be read from {place}: {}", why.why()),
                way_out: format!("mend {place}"),
            });
        }
    };
    let named = format!("profile {profile}");
    let own = |name: &str| aws::setting(&text, &[&named, profile], name);
    if NAMES.iter().all(|name| own(name).is_none()) {
        return Ok(None);
    }
    let session = own("sso_session");
    let section = session.map(|session| format!("sso-session {session}"));
    let signs_in = |name: &str| match &section {
        Some(section) => aws::setting(&text, &[section], name),
        None => own(name),
    };
    let lacks = |name: &str, section: &str| Missing {
        why: format!("its sign-in to AWS is not whole: [{section}] in {place} has no {name}"),
        way_out: format!("aws configure sso --profile {profile} asks for it"),
    };
    let section = section.as_deref().unwrap_or(&named);
    let start = signs_in("sso_start_url").ok_or_else(|| lacks("sso_start_url", section))?;
    let region = signs_in("sso_region").ok_or_else(|| lacks("sso_region", section))?;
    let account = own("sso_account_id").ok_or_else(|| lacks("sso_account_id", &named))?;
    let role = own("sso_role_name").ok_or_else(|| lacks("sso_role_name", &named))?;
    let portal = match environment.text(ENDPOINT) {
        Some(portal) => portal.to_owned(),
        None if aws::is_region(region) => format!("https://portal.sso.{region}.{}", aws::suffix(region)),
        None => {
            return Err(Missing {
                why: format!("`{}`, its sso_region in {place}, is no region", region.escape_debug()),
                way_out: "name one there: sso_region = us-east-1".to_owned(),
            });
        }
    };
    let token = token(environment, session.unwrap_or(start), profile, now)?;
    Ok(Some(SsoRole {
        portal,
        account: account.to_owned(),
        role: role.to_owned(),
        profile: profile.to_owned(),
        token,
    }))
}

/// The token of a sign-in, as long as it is good.
fn token(
    environment: &ProcessEnvironment,
    name: &str,
    profile: &str,
    now: WallTime,
) -> Result<Secret, Missing> {
    let missing = |why: String| Missing { why, way_out: SsoRole::sign_in(profile) };
    let home = environment.path("HOME");
    let home =
        home.ok_or_else(|| missing("HOME, below which AWS's sign-in is kept, is not set".to_owned()))?;
    let file = home.join(".aws/sso/cache").join(token_file(name));
    let text = trusted::read_secret(&file).map_err(|why| match why {
        Untrusted::Unreadable(error) if error.kind() == ErrorKind::NotFound => missing(format!(
            "nobody is signed in to AWS for profile {profile}: there is no {}",
            file.display()
        )),
        Untrusted::Unreadable(_) | Untrusted::NotOurs(_) => {
            let why = why.why();
            Missing {
                why: format!("its sign-in to AWS is not read from {}: {why}", file.display()),
                way_out: format!("chmod 600 {}, or {}", file.display(), SsoRole::sign_in(profile)),
            }
        }
    })?;
    let said: Value = serde_json::from_str(&text).unwrap_or_default();
    let said = |name: &str| said.get(name).and_then(Value::as_str).unwrap_or_default();
    let (token, until) = (said("accessToken"), said("expiresAt"));
    if token.is_empty() || !token.bytes().all(|byte| byte.is_ascii_graphic()) || !is_moment(until) {
        return Err(missing(format!("there is no sign-in to AWS in {}", file.display())));
    }
    // Moments that are written alike come one after the other as their letters do.
    if until.get(..MOMENT.len()) <= Some(&moment(now)) {
        return Err(missing(format!("the sign-in to AWS of profile {profile} is over since {until}")));
    }
    Ok(Secret::new(token))
}

/// How AWS's tools write a moment, in UTC; `Z` or `UTC` stands behind it.
const MOMENT: &str = "2026-03-01T12:30:05";

fn is_moment(text: &str) -> bool {
    let is_like =
        |(byte, like): (u8, u8)| if like.is_ascii_digit() { byte.is_ascii_digit() } else { byte == like };
    text.len() > MOMENT.len() && text.bytes().zip(MOMENT.bytes()).all(is_like) && !text.contains(['+', ' '])
}

fn moment(at: WallTime) -> String {
    let Utc { year, month, day, hour, minute, second } = at.into();
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    /// It is 2026-03-01 12:30:05 in UTC.
    const NOW: WallTime = WallTime(1_772_368_205_000);
    const WHOLE: &str = "[sso-session corp]\nsso_region = eu-west-1\nsso_start_url = https://corp.test/start\n\
                         [profile work]\nsso_session = corp\nsso_account_id = 123456789012\nsso_role_name = Reader\n";
    const OLDER: &str = "[default]\nregion = us-west-2\n[profile work]\nsso_start_url = https://corp.test/start\n\
                         sso_region = us-east-2\nsso_account_id = 123456789012\nsso_role_name = Reader\n";
    const GOOD: &str = r#"{"accessToken":"aoa-canary","expiresAt":"2026-03-01T12:30:06Z"}"#;

    /// What is found with this file of profiles and this token, kept under that name and with that mode.
    fn found(
        config: &str,
        name: &str,
        token: Option<(&str, u32)>,
        more: &[(&str, &str)],
    ) -> Result<Option<SsoRole>, Missing> {
        let home = tempfile::tempdir().unwrap();
        let cache = home.path().join(".aws/sso/cache");
        fs::create_dir_all(&cache).unwrap();
        fs::write(home.path().join(".aws/config"), config).unwrap();
        if let Some((token, mode)) = token {
            let file = cache.join(token_file(name));
            fs::write(&file, token).unwrap();
            fs::set_permissions(file, Permissions::from_mode(mode)).unwrap();
        }
        let variables = [&[("HOME", home.path().to_str().unwrap()), ("AWS_PROFILE", "work")], more].concat();
        role(&ProcessEnvironment::of(&variables, "/nowhere"), NOW)
    }

    #[test]
    fn a_role_is_found_in_either_form_of_profiles() {
        let start = "https://corp.test/start";
        let china = WHOLE.replace("eu-west-1", "cn-north-1");
        for (config, name, more, portal) in [
            (china.as_str(), "corp", [].as_slice(), "https://portal.sso.cn-north-1.amazonaws.com.cn"),
            (WHOLE, "corp", &[], "https://portal.sso.eu-west-1.amazonaws.com"),
            (OLDER, start, &[], "https://portal.sso.us-east-2.amazonaws.com"),
            (WHOLE, "corp", &[(ENDPOINT, "http://127.0.0.1:9")], "http://127.0.0.1:9"),
        ] {
            let role = found(config, name, Some((GOOD, 0o600)), more).unwrap().unwrap();
            assert_eq!(
                (role.portal.as_str(), role.account.as_str(), role.role.as_str(), role.profile.as_str()),
                (portal, "123456789012", "Reader", "work")
            );
            assert_eq!(role.token, Secret::new("aoa-canary"));
        }
        // Others have no single sign-on, and it is no fault of theirs.
        for config in ["", "[profile work]\nregion = eu-west-1\n", "[profile other]\nsso_session = corp\n"] {
            assert!(matches!(found(config, "corp", None, &[]), Ok(None)), "{config}");
        }
    }

    #[test]
    fn what_is_missing_is_named_with_the_way_out() {
        let without = |name: &str| {
            let is_kept = |line: &&str| !line.starts_with(name);
            WHOLE.lines().filter(is_kept).collect::<Vec<_>>().join("\n")
        };
        let good = Some((GOOD, 0o600));
        let configure = "aws configure sso --profile work";
        let login = "aws sso login --profile work";
        for (config, token, why, way_out) in [
            (without("sso_region"), good, "[sso-session corp]", configure),
            (without("sso_region"), good, "has no sso_region", configure),
            (without("sso_start_url"), good, "has no sso_start_url", configure),
            (without("sso_account_id"), good, "[profile work]", configure),
            (without("sso_account_id"), good, "has no sso_account_id", configure),
            (without("sso_role_name"), good, "has no sso_role_name", configure),
            (without("sso_session"), good, "[profile work]", configure),
            (without("[sso-session"), good, "[sso-session corp]", configure),
            (WHOLE.replace("eu-west-1", "evil.test/"), good, "is no region", "sso_region = us-east-1"),
            (WHOLE.replace("eu-west-1", &"x".repeat(33)), good, "is no region", "sso_region = us-east-1"),
            (WHOLE.replace("eu-west-1", "EU"), good, "is no region", "sso_region = us-east-1"),
            (WHOLE.into(), None, "nobody is signed in to AWS for profile work: there is no", login),
            (WHOLE.into(), Some((GOOD, 0o644)), "others may read it (mode 644)", "chmod 600"),
            (WHOLE.into(), Some(("", 0o600)), "there is no sign-in to AWS in", login),
            (WHOLE.into(), Some(("[]", 0o600)), "there is no sign-in to AWS in", login),
            (
                WHOLE.into(),
                Some(("{\"accessToken\":7,\"expiresAt\":\"2030-01-01T00:00:00Z\"}", 0o600)),
                "no sign-in",
                login,
            ),
            (
                WHOLE.into(),
                Some(("{\"accessToken\":\"a\\nb\",\"expiresAt\":\"2030-01-01T00:00:00Z\"}", 0o600)),
                "no sign-in",
                login,
            ),
            (
                WHOLE.into(),
                Some(("{\"accessToken\":\"a\",\"expiresAt\":\"soon\"}", 0o600)),
                "no sign-in",
                login,
            ),
            (WHOLE.into(), Some(("{\"accessToken\":\"a\"}", 0o600)), "no sign-in", login),
            (
                WHOLE.into(),
                Some((&GOOD.replace("06Z", "05Z"), 0o600)),
                "is over since 2026-03-01T12:30:05Z",
                login,
            ),
            (WHOLE.into(), Some((&GOOD.replace("06Z", "05UTC"), 0o600)), "is over since", login),
        ] {
            let missing = found(&config, "corp", token, &[]).unwrap_err();
            assert!(missing.why.contains(why), "{missing:?} for {config}");
            assert!(missing.way_out.contains(way_out), "{missing:?}");
            assert!(!missing.why.contains("canary"), "{missing:?}");
        }
    }
}
