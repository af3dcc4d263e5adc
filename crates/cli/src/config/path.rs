//! Paths as people write them into the configuration: `~` is their home, and what is relative stands beside the file.

use std::path::{Path, PathBuf};

/// The place that `written` in the file at `config` means.
pub(crate) fn meant(written: &Path, config: &Path, home: Option<&Path>) -> Result<PathBuf, String> {
    if let Ok(below) = written.strip_prefix("~") {
        let home = home.filter(|home| home.is_absolute());
        return home
            .map(|home| home.join(below))
            .ok_or_else(|| "~ means nothing: HOME is not set".to_owned());
    }
    if written.as_os_str().as_encoded_bytes().starts_with(b"~") {
        return Err("only ~ and ~/… are known for a home: write another's whole path".to_owned());
    }
    Ok(config.parent().unwrap_or(Path::new("/")).join(written))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_means_the_same_wherever_q_starts() {
        let home = Some(Path::new("/home/me"));
        let config = Path::new("/home/me/.config/q/config.toml");
        for (written, means) in [
            ("~", "/home/me"),
            ("~/keys/a", "/home/me/keys/a"),
            ("~/", "/home/me"),
            ("/etc/~/a", "/etc/~/a"),
            ("a.key", "/home/me/.config/q/a.key"),
            ("../a~", "/home/me/.config/q/../a~"),
        ] {
            let found = meant(Path::new(written), config, home);
            assert_eq!(found.ok().as_deref(), Some(Path::new(means)), "{written}");
        }
        assert!(meant(Path::new("~other/a"), config, home).is_err());
        assert!(meant(Path::new("~/a"), Path::new("/c.toml"), None).is_err());
        assert!(meant(Path::new("~/a"), Path::new("/c.toml"), Some(Path::new("here"))).is_err());
    }
}
