//! Opening: look, then trust. What is damaged is mended or built anew first, compared with the anchor after, and reported.

use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use q_core::Head;

use crate::anchor::{self, Anchor, Anchored};
use crate::damage::Damage;
use crate::directory::{self, Found, LAYOUT};
use crate::error::StoreError;
use crate::files::look::{self, Depth, Flaw};
use crate::files::mend;
use crate::prober::{self, Prober};
use crate::quarantine::{self, Quarantine};

use super::database::{Database, Purpose};
use super::rebuild;
use super::settling::{self, Scope, Settled};

/// A store that may be used.
pub(super) struct OpenStore {
    pub(super) database: Database,
    pub(super) anchor: Anchor,
    /// Every head, as it was read to compare it with the anchor.
    pub(super) heads: Vec<Head>,
    pub(super) held: File,
}

/// Opens the store in `dir`, which is created if there is nothing yet.
pub(super) fn open(
    dir: &Path,
    prober: Option<Prober<'_>>,
    purpose: Purpose,
) -> Result<OpenStore, StoreError> {
    if directory::look(dir)? == Found::Nothing {
        directory::create(dir, |draft| {
            Database::create(draft)?;
            anchor::create(draft)
        })?;
    }
    let held = directory::hold(dir)?;
    if purpose == Purpose::Write {
        directory::refuse_links(dir)?;
    }
    // Locked before anything is read: what somebody else writes meanwhile would look damaged.
    let mut opening = Opening::begin(dir, purpose)?;
    opening.mend()?;
    let (database, settled) = match opening.attempt(prober) {
        Err(StoreError::Unreadable { detail }) => {
            opening.files.push(detail);
            opening.rebuild()?;
            opening.attempt(None)?
        }
        other => other?,
    };
    opening.report(&settled.damage)?;
    // Its marker is the last that a store of an older layout gets of the new one: without it, all of that is done again.
    if directory::layout(dir) != Some(LAYOUT) {
        directory::mark(dir, LAYOUT)?;
    }
    // From here on what was lost cannot be found out any more: it has been reported.
    let anchor = Anchor::hold(dir, opening.anchored, &settled.ends)?;
    quarantine::clear(dir).map_err(|error| StoreError::from_io(dir, error))?;
    directory::make_private(dir)?;
    Ok(OpenStore { database, anchor, heads: settled.heads, held })
}

/// A store on its way to being open.
struct Opening<'a> {
    dir: &'a Path,
    purpose: Purpose,
    anchored: Option<Anchored>,
    quarantine: Quarantine,
    scope: Scope,
    depth: Depth,
    /// What was found not to be as it was written.
    files: Vec<String>,
}

impl<'a> Opening<'a> {
    fn begin(dir: &'a Path, purpose: Purpose) -> Result<Self, StoreError> {
        let anchored = anchor::read(dir)?;
        let mut files = Vec::new();
        if directory::look(dir)? == Found::Unmarked {
            let layout = anchored.as_ref().and_then(Anchored::layout).filter(|layout| *layout <= LAYOUT);
            directory::mark(dir, layout.ok_or_else(directory::damaged_marker)?)?;
            files.push("the marker".into());
        }
        match &anchored {
            None => files.push("the anchor is missing".into()),
            Some(anchored) if anchored.was_damaged() => files.push("the anchor".into()),
            Some(_) => {}
        }
        let is_suspect = quarantine::is_suspect(dir);
        let (scope, depth) =
            if is_suspect { (Scope::All, Depth::Thorough) } else { (Scope::Doubtful, Depth::Quick) };
        Ok(Self { dir, purpose, anchored, quarantine: Quarantine::new(dir), scope, depth, files })
    }

    /// Makes the files such that the engine can be given them.
    fn mend(&mut self) -> Result<(), StoreError> {
        let failed = |error| StoreError::from_io(self.dir, error);
        if rebuild::is_under_way(self.dir) {
            rebuild::swap(self.dir, &self.quarantine).map_err(failed)?;
            (self.scope, self.depth) = (Scope::All, Depth::Thorough);
        }
        let flaws = look::look(self.dir, self.depth).map_err(failed)?;
        if flaws.is_empty() {
            return Ok(());
        }
        if flaws.contains(&Flaw::Version) {
            mend::mend_version(self.dir).map_err(failed)?;
        }
        let mut was_damaged = flaws.iter().any(|flaw| !matches!(flaw, Flaw::Journal(_)));
        if flaws.iter().any(|flaw| matches!(flaw, Flaw::Journal(_))) {
            // Should this be cut short, the mended journal looks whole: then only reading everything tells.
            quarantine::suspect(self.dir).map_err(failed)?;
            let mended =
                mend::mend_journals(self.dir, self.anchored.as_ref(), &self.quarantine).map_err(failed)?;
            was_damaged |= mended.was_damaged;
            if mended.was_damaged && self.scope == Scope::Doubtful {
                self.scope = Scope::Sessions(mended.sessions);
            }
        }
        if was_damaged {
            self.files.extend(flaws.iter().map(ToString::to_string));
        }
        if flaws.iter().any(Flaw::needs_rebuilding) { self.rebuild() } else { Ok(()) }
    }

    fn rebuild(&mut self) -> Result<(), StoreError> {
        quarantine::suspect(self.dir).map_err(|error| StoreError::from_io(self.dir, error))?;
        rebuild::rebuild(self.dir, self.anchored.as_ref(), &self.quarantine)?;
        self.scope = Scope::All;
        Ok(())
    }

    /// Lets the engine have the files, and settles what it gives back.
    fn attempt(&self, prober: Option<Prober<'_>>) -> Result<(Database, Settled), StoreError> {
        let was_closed = self.anchored.as_ref().is_some_and(Anchored::was_closed);
        if let Some(prober) = prober.filter(|_| !was_closed) {
            match prober(self.dir) {
                Ok(status) if prober::warns(status) => {
                    let detail = format!("a probe of the files ended: {status}");
                    return Err(StoreError::Unreadable { detail });
                }
                Ok(status) if !status.success() => {
                    tracing::warn!(%status, "the store is opened without a probe");
                }
                Ok(_) => {}
                Err(error) => tracing::warn!(%error, "the store is opened without a probe"),
            }
        }
        let attempt = || {
            let database = Database::open(self.dir, self.purpose)?;
            let settled =
                settling::settle_all(&database, self.anchored.as_ref(), &self.scope, &self.quarantine)?;
            Ok((database, settled))
        };
        catch_unwind(AssertUnwindSafe(attempt)).unwrap_or_else(|_| {
            Err(StoreError::Unreadable { detail: "the engine gave up on the files".into() })
        })
    }

    /// Writes down what was found, unless it was before.
    fn report(&mut self, damage: &[Damage]) -> Result<(), StoreError> {
        let known: Vec<Damage> =
            quarantine::reports(self.dir).into_iter().flat_map(|report| report.damage).collect();
        let is_known = |damage: &Damage| {
            known.iter().any(|known| Damage { quarantine: None, ..known.clone() } == *damage)
        };
        let new: Vec<Damage> = damage.iter().filter(|damage| !is_known(damage)).cloned().collect();
        for damage in &new {
            tracing::error!(target: "q::store", session = %damage.session, lost = damage.lost, "acknowledged records are gone");
        }
        let reported = if new.is_empty() && self.files.is_empty() {
            // The unfinished last write of a power cut: nothing acknowledged was in it.
            self.quarantine.discard()
        } else {
            self.quarantine.report(&self.files, &new).map(drop)
        };
        reported.map_err(|error| StoreError::from_io(self.dir, error))
    }
}
