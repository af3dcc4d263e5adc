//! What came of a sign-in, in a file for each server that its person alone may read. It is for the address it was made for, to the
//! letter: of another one under that name nobody is signed in.

use std::fmt;
use std::fs::{self, File, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::time::{sleep, timeout};

use super::clock;
use super::registration::ClientIdentity;
use super::tokens::Tokens;
use super::unwritten;
use crate::beside;

/// The form that is written.
const FORM: u32 = 1;
/// The longest file, in bytes.
const FILE_BYTES: u64 = 256 << 10;
/// What others may do with a file that is not read.
const ANY_OTHER: u32 = 0o077;
/// How long before its end a token is renewed, in seconds; one that is short, in its last quarter.
const MARGIN: u64 = 60;
/// How often a lock is tried, and for how long: whoever holds it asks a server.
const EACH: Duration = Duration::from_millis(50);
const PATIENCE: Duration = Duration::from_secs(40);

/// Where sign-ins are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignIns {
    pub(crate) directory: PathBuf,
}

/// How a person stands with a server that they signed in at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignInState {
    /// Signed in, and what ends is renewed.
    Renewed,
    /// Signed in, for so many seconds more where that is known.
    Until(Option<u64>),
    /// Only a new sign-in helps.
    Over,
    /// So too where what was kept cannot be read.
    Unreadable,
}

/// A sign-in with its tokens.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct KeptSignIn {
    form: u32,
    pub(crate) at: SignedInAt,
    /// Without one the sign-in is over.
    pub(crate) access_token: Option<String>,
    pub(crate) refresh_token: Option<String>,
    /// Seconds since the epoch.
    renew_at: Option<u64>,
    ends_at: Option<u64>,
}

/// For whom a sign-in is.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SignedInAt {
    /// The only address that the token is sent to.
    pub(crate) url: String,
    pub(crate) issuer: String,
    /// By which the server is known to who gives tokens.
    pub(crate) resource: String,
    /// The only address that what renews the token is sent to.
    pub(crate) token_endpoint: String,
    pub(crate) client: ClientIdentity,
    /// What was asked for.
    pub(crate) scope: Option<String>,
}

impl KeptSignIn {
    pub(crate) fn new(at: SignedInAt, tokens: Tokens) -> Self {
        let none =
            Self { form: FORM, at, access_token: None, refresh_token: None, renew_at: None, ends_at: None };
        none.renewed(tokens, clock::seconds())
    }

    /// The same with these tokens. What renews them stays where there is no other.
    pub(crate) fn renewed(self, Tokens { access, refresh, lifetime }: Tokens, now: u64) -> Self {
        let until = |before: u64| lifetime.map(|seconds| now + seconds - before.min(seconds / 4));
        Self {
            access_token: Some(access),
            refresh_token: refresh.or(self.refresh_token),
            renew_at: until(MARGIN),
            ends_at: until(0),
            ..self
        }
    }

    /// The same without any.
    pub(crate) fn over(self) -> Self {
        Self { access_token: None, refresh_token: None, renew_at: None, ends_at: None, ..self }
    }

    /// Whether it is time for another token.
    pub(crate) fn is_due(&self, now: u64) -> bool {
        self.renew_at.is_some_and(|at| at <= now)
    }

    pub(crate) fn has_ended(&self, now: u64) -> bool {
        self.ends_at.is_some_and(|at| at <= now)
    }

    fn state(&self, now: u64) -> SignInState {
        match (&self.access_token, &self.refresh_token) {
            (None, _) => SignInState::Over,
            (Some(_), Some(_)) => SignInState::Renewed,
            (Some(_), None) if self.has_ended(now) => SignInState::Over,
            (Some(_), None) => SignInState::Until(self.ends_at.map(|at| at.saturating_sub(now))),
        }
    }
}

impl SignIns {
    /// How the person stands with the server of this name at that address; nothing where they never signed in there.
    pub fn state(&self, name: &str, url: &str) -> Option<SignInState> {
        match self.read(name, url) {
            Ok(kept) => Some(kept?.state(clock::seconds())),
            Err(_) => Some(SignInState::Unreadable),
        }
    }

    /// Forgets a sign-in, once nobody renews it; whether there was one.
    pub async fn forget(&self, name: &str) -> Result<bool, String> {
        if !self.directory.exists() {
            return Ok(false);
        }
        let _alone = self.lock(name).await?;
        unwritten::forget(&self.path(name));
        self.remove_unfinished(name);
        match fs::remove_file(self.path(name)) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(format!("{} cannot be removed: {error}", self.path(name).display())),
        }
    }

    /// What a process that died meanwhile left beside its place has tokens in it, too.
    fn remove_unfinished(&self, name: &str) {
        let beginning = format!("{name}.new-");
        let is_its = |entry: &fs::DirEntry| entry.file_name().to_string_lossy().starts_with(&beginning);
        for left in fs::read_dir(&self.directory).into_iter().flatten().flatten().filter(is_its) {
            let _gone_meanwhile = fs::remove_file(left.path());
        }
    }

    /// Makes the directory, where it is not there.
    pub(crate) fn prepare(&self) -> Result<(), String> {
        let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(&self.directory);
        made.map_err(|error| format!("{} cannot be made: {error}", self.directory.display()))
    }

    /// The sign-in for that address. What others may read, or nobody wrote, is none.
    pub(crate) fn read(&self, name: &str, url: &str) -> Result<Option<KeptSignIn>, String> {
        let path = self.path(name);
        let failed =
            |why: &str| format!("what is kept in {} of its sign-in is not read: {why}", path.display());
        let Some(text) = beside::read(&path, FILE_BYTES, |found| found.mode() & ANY_OTHER == 0)
            .map_err(|error| failed(&error.to_string()))?
        else {
            return Ok(None);
        };
        let kept: KeptSignIn =
            serde_json::from_str(&text).map_err(|_| failed("it is not as it was written"))?;
        if kept.form != FORM {
            return Err(failed("it is of another version"));
        }
        Ok((kept.at.url == url).then(|| unwritten::newer(&path, kept)))
    }

    /// The same, where nobody is to wait for a disk but who asks.
    pub(crate) async fn read_aside(&self, name: &str, url: &str) -> Result<Option<KeptSignIn>, String> {
        let (sign_ins, name, url) = (self.clone(), name.to_owned(), url.to_owned());
        aside(move || sign_ins.read(&name, &url)).await
    }

    pub(crate) fn write(&self, name: &str, kept: &KeptSignIn) -> Result<(), String> {
        let failed = |error: io::Error| {
            format!("its sign-in cannot be kept in {}: {error}", self.path(name).display())
        };
        let text = serde_json::to_vec(kept).map_err(io::Error::other).map_err(failed)?;
        beside::place(&self.path(name), &text, |new, path| fs::rename(new, path)).map_err(failed)?;
        unwritten::forget(&self.path(name));
        Ok(())
    }

    /// The same, where nobody is to wait for a disk but who asks.
    pub(crate) async fn write_aside(&self, name: &str, kept: &KeptSignIn) -> Result<(), String> {
        let (sign_ins, name, kept) = (self.clone(), name.to_owned(), kept.clone());
        aside(move || sign_ins.write(&name, &kept)).await
    }

    /// Writes what came in the place of that token. Where it cannot be written it is not lost: it counts in this process, and is
    /// written as soon as that can be.
    pub(crate) async fn replace(&self, name: &str, stale: &str, kept: &KeptSignIn) {
        if self.write_aside(name, kept).await.is_err() {
            unwritten::keep(&self.path(name), stale, kept.clone());
        }
    }

    /// Writes again what could not be written, where it still takes the place of what stands there.
    pub(crate) async fn settle(&self, name: &str, url: &str) {
        let path = self.path(name);
        if !unwritten::is_there(&path) {
            return;
        }
        let Ok(_alone) = self.lock(name).await else { return };
        match self.read_aside(name, url).await {
            Ok(Some(kept)) => drop(self.write_aside(name, &kept).await),
            Ok(None) => unwritten::forget(&path),
            Err(_) => {}
        }
    }

    /// Waits until nobody else renews it. Dropped, the next one may.
    pub(crate) async fn lock(&self, name: &str) -> Result<File, String> {
        let path = self.directory.join(format!("{name}.lock"));
        let failed = |why: String| format!("{} cannot be locked: {why}", path.display());
        let opened = path.clone();
        let opening = aside(move || q_lock::open_lock(&opened).map_err(|error| error.to_string()));
        let file = opening.await.map_err(failed)?;
        let taken = async {
            loop {
                match file.try_lock() {
                    Ok(()) => return Ok(()),
                    Err(TryLockError::WouldBlock) => sleep(EACH).await,
                    Err(TryLockError::Error(error)) => return Err(failed(error.to_string())),
                }
            }
        };
        timeout(PATIENCE, taken).await.unwrap_or_else(|_| Err(failed("another one holds it".to_owned())))?;
        Ok(file)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.join(format!("{name}.json"))
    }
}

/// On a thread that may wait for a disk: the host has one for all its sessions.
async fn aside<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, String> + Send + 'static,
) -> Result<T, String> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|error| Err(error.to_string()))
}

/// Without any token, which nobody is to read in a log.
impl fmt::Debug for KeptSignIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeptSignIn").field("issuer", &self.at.issuer).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    const URL: &str = "https://x.test/mcp";

    fn kept(access: &str) -> KeptSignIn {
        let text = [URL, "https://x.test", URL, "https://x.test/token"].map(str::to_owned);
        let [url, issuer, resource, token_endpoint] = text;
        let client = ClientIdentity::known("q");
        let at = SignedInAt { url, issuer, resource, token_endpoint, client, scope: None };
        let refresh = Some(format!("renews-{access}"));
        KeptSignIn::new(at, Tokens { access: access.to_owned(), refresh, lifetime: None })
    }

    #[tokio::test]
    async fn what_cannot_be_written_counts_until_it_can_be_and_no_longer() {
        let root = tempfile::tempdir().unwrap();
        let sign_ins = SignIns { directory: root.path().to_owned() };
        let read = |name: &str| sign_ins.read(name, URL).unwrap().and_then(|kept| kept.access_token);
        // There is room for the file's name, and for none of a file beside it.
        let long = "n".repeat(250);
        let place = |name: &str, access: &str| {
            fs::write(sign_ins.path(name), serde_json::to_string(&kept(access)).unwrap()).unwrap();
            fs::set_permissions(sign_ins.path(name), fs::Permissions::from_mode(0o600)).unwrap();
        };
        place(&long, "a");
        for (stale, given) in [("a", "b"), ("b", "c")] {
            sign_ins.replace(&long, stale, &kept(given)).await;
            sign_ins.settle(&long, URL).await;
            assert_eq!(read(&long).as_deref(), Some(given));
        }
        assert!(fs::read_to_string(sign_ins.path(&long)).unwrap().contains("renews-a"));
        place(&long, "of another sign-in");
        assert_eq!(read(&long).as_deref(), Some("of another sign-in"));
        sign_ins.forget(&long).await.unwrap();
        assert_eq!(read(&long), None);
        place("s", "a");
        unwritten::keep(&sign_ins.path("s"), "a", kept("b"));
        sign_ins.settle("s", URL).await;
        assert!(!unwritten::is_there(&sign_ins.path("s")));
        fs::write(root.path().join("s.new-1-0"), "half of a token").unwrap();
        fs::write(root.path().join("s2.new-1-0"), "of another").unwrap();
        fs::set_permissions(sign_ins.path("s"), fs::Permissions::from_mode(0o644)).unwrap();
        assert_eq!(sign_ins.state("s", URL), Some(SignInState::Unreadable));
        assert!(fs::read_to_string(sign_ins.path("s")).unwrap().contains("renews-b"));
        assert_eq!(sign_ins.forget("s").await, Ok(true));
        let left: Vec<_> =
            fs::read_dir(root.path()).unwrap().flatten().map(|left| left.file_name()).collect();
        assert!(left.contains(&"s2.new-1-0".into()) && !left.contains(&"s.new-1-0".into()), "{left:?}");
    }
}
