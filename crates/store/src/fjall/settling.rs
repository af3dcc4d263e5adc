//! Settling sessions in the open database: which of them need it, and writing what was decided.

use std::collections::{BTreeMap, BTreeSet};

use q_core::{Durability, Head, Seq, SessionId};

use crate::anchor::{Anchored, GONE};
use crate::damage::Damage;
use crate::envelope::{self, LogEnd};
use crate::error::StoreError;
use crate::files::journal::{self, RowKind};
use crate::quarantine::Quarantine;
use crate::settle::{self, Verdict, Walk};
use crate::{key, page, tail, wire};

use super::database::{Database, KeyspaceRow};
use super::reader::{SnapshotReader, first_of, open_head};

/// Rows removed in one commit when a log is cut.
const CUT_AT_ONCE: usize = 1024;

/// Whose logs are read, beside those whose head does not fit to the anchor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Scope {
    /// Nobody's: no file is known to be damaged.
    Doubtful,
    /// Those of sessions that a damaged journal may concern.
    Sessions(BTreeSet<SessionId>),
    All,
}

impl Scope {
    fn holds(&self, session: SessionId) -> bool {
        match self {
            Self::Doubtful => false,
            Self::Sessions(sessions) => sessions.contains(&session),
            Self::All => true,
        }
    }
}

/// What is true of the store from now on.
#[derive(Debug, Default)]
pub(super) struct Settled {
    pub(super) ends: BTreeMap<SessionId, LogEnd>,
    /// The heads that were in order already.
    pub(super) heads: Vec<Head>,
    pub(super) damage: Vec<Damage>,
}

/// Compares every head with the anchor, reads the logs that need it, and writes what is decided.
///
/// [`StoreError::Unreadable`] means that the engine cannot read something it should: the store has to be built anew.
pub(super) fn settle_all(
    database: &Database,
    anchored: Option<&Anchored>,
    scope: &Scope,
    quarantine: &Quarantine,
) -> Result<Settled, StoreError> {
    let reader = SnapshotReader::new(database);
    let mut settled = Settled::default();
    let mut doubtful: BTreeSet<SessionId> =
        anchored.into_iter().flat_map(Anchored::ends).map(|(id, _)| id).collect();
    for row in reader.head_rows() {
        let (session, value) = row?;
        let end = anchored.and_then(|anchored| anchored.end(session));
        match fitting(&reader, session, &value, end)? {
            Some((head, end)) if !scope.holds(session) => {
                doubtful.remove(&session);
                settled.ends.insert(session, end);
                settled.heads.push(head);
            }
            Some(_) | None => {
                doubtful.insert(session);
            }
        }
    }
    if anchored.is_none() || *scope != Scope::Doubtful {
        for session in reader.sessions() {
            let session = session?;
            if !settled.ends.contains_key(&session) {
                doubtful.insert(session);
            }
        }
    }
    // What is removed below must not be kept for a moment that nobody looks at any more.
    drop(reader);
    for session in doubtful {
        let end = anchored.and_then(|anchored| anchored.end(session));
        let judged = judge(database, session, end)?;
        if judged.was_blind {
            return Err(StoreError::Unreadable { detail: format!("records of session {session}") });
        }
        let end = carry_out(database, session, &judged.verdict, quarantine)?;
        settled.ends.extend(end.map(|end| (session, end)));
        settled.heads.extend(SnapshotReader::new(database).head(session)?.map(|(head, _)| head));
        settled.damage.extend(judged.verdict.into_damage());
    }
    settled.heads.sort_by_key(|head| head.id);
    Ok(settled)
}

/// A head and the end it names, if that is the acknowledged one or the log goes on from there to it.
fn fitting(
    reader: &SnapshotReader<'_>,
    session: SessionId,
    value: &[u8],
    anchored: Option<LogEnd>,
) -> Result<Option<(Head, LogEnd)>, StoreError> {
    if anchored == Some(GONE) {
        return Ok(None);
    }
    let (head, end) = match open_head(session, value) {
        Ok(opened) => opened,
        Err(StoreError::Damaged { .. }) => return Ok(None),
        Err(error) => return Err(error),
    };
    let fits = anchored == Some(end)
        || anchored.is_none_or(|from| from.seq < end.seq)
            && reader.continues(session, anchored, (&head, end))?;
    Ok(fits.then_some((head, end)))
}

/// A verdict, and whether the engine could not read some of the session's rows.
pub(super) struct Judged {
    pub(super) verdict: Verdict,
    pub(super) was_blind: bool,
}

/// Reads one session's log and decides. Writes nothing.
pub(super) fn judge(
    database: &Database,
    session: SessionId,
    anchored: Option<LogEnd>,
) -> Result<Judged, StoreError> {
    if anchored == Some(GONE) {
        return Ok(Judged { verdict: Verdict::Erased, was_blind: false });
    }
    let reader = SnapshotReader::new(database);
    let head = reader.head(session)?;
    let reach = anchored.map_or(Seq(0), |end| end.seq).max(head.as_ref().map_or(Seq(0), |(_, end)| end.seq));
    let first = head.as_ref().map_or(Seq(1), |(head, _)| first_of(head));
    let mut rows = reader.readable(session, first, reach);
    let walk = settle::walk(session, anchored, &mut rows)?;
    let was_blind = rows.was_blind;
    let serves = |head: &Head| {
        let page = page::read(&reader, session, None, 0);
        let shows = head.entries == 0 || page.is_ok_and(|(page, _)| !page.entries.is_empty());
        shows && tail::read(&reader, head.clone(), 0).is_ok()
    };
    let verdict = walk.judge(session, anchored, head.as_ref().map(|(head, end)| (head, *end)), serves);
    let (blobs, cannot_read) = broken_blobs(&reader, session, &walk)?;
    Ok(Judged { verdict: verdict.without(blobs, session), was_blind: was_blind || cannot_read })
}

/// The records beside which something is missing or damaged, and whether the engine could not read some of it.
fn broken_blobs(
    reader: &SnapshotReader<'_>,
    session: SessionId,
    walk: &Walk,
) -> Result<(Vec<Seq>, bool), StoreError> {
    let (mut broken, mut was_blind) = (Vec::new(), false);
    for blob in &walk.blobs {
        match reader.verify_blob(session, blob) {
            Ok(()) => {}
            Err(StoreError::Damaged { .. }) => broken.push(blob.seq),
            Err(StoreError::Unreadable { .. }) => {
                broken.push(blob.seq);
                was_blind = true;
            }
            Err(error) => return Err(error),
        }
    }
    Ok((broken, was_blind))
}

/// Writes what was decided. Gives the session's end, if there is still a session.
pub(super) fn carry_out(
    database: &Database,
    session: SessionId,
    verdict: &Verdict,
    quarantine: &Quarantine,
) -> Result<Option<LogEnd>, StoreError> {
    match verdict {
        Verdict::Whole(end) | Verdict::Told(end, _) => Ok(Some(*end)),
        Verdict::Erased => {
            remove(database, session, &rows_after(database, session, Seq(0), None)?)?;
            remove_blobs(database, session, Seq(0), None)?;
            database.commit(vec![KeyspaceRow::Head(key::head(session), None)], Durability::Synced)?;
            Ok(None)
        }
        Verdict::Cut(end, head, _) => {
            // The head last: until it is written, a log that was cut by half is damaged, and judged once more.
            remove(database, session, &rows_after(database, session, end.seq, Some(quarantine))?)?;
            remove_blobs(database, session, end.seq, Some(quarantine))?;
            let head_row = match head {
                Some(head) => {
                    let seal = envelope::seal(session, key::HEAD_SEQ, end.check, |out| {
                        wire::encode_head(head, out)
                    })?;
                    Some(seal.0)
                }
                None => None,
            };
            database.commit(vec![KeyspaceRow::Head(key::head(session), head_row)], Durability::Synced)?;
            Ok(head.is_some().then_some(*end))
        }
    }
}

fn remove(database: &Database, session: SessionId, places: &[Seq]) -> Result<(), StoreError> {
    for rows in places.chunks(CUT_AT_ONCE) {
        let rows = rows.iter().map(|seq| KeyspaceRow::Record(key::record(session, *seq), None)).collect();
        database.commit(rows, Durability::Buffered)?;
    }
    Ok(())
}

/// Removes the blobs behind the end. They are kept aside, if that is wanted.
fn remove_blobs(
    database: &Database,
    session: SessionId,
    end: Seq,
    quarantine: Option<&Quarantine>,
) -> Result<(), StoreError> {
    let reader = SnapshotReader::new(database);
    let keys: Vec<_> = reader.blob_keys(session, end.next()).collect::<Result<_, _>>()?;
    if let Some(quarantine) = quarantine.filter(|_| !keys.is_empty()) {
        let mut kept = Vec::new();
        for (order, row) in (1..).zip(reader.blob_rows(session, end.next())) {
            let (key, value) = row?;
            let row = journal::JournalRow { keyspace: 0, key: &key, value: &value, kind: RowKind::Value };
            journal::write_batch(order, &[row], &mut kept);
        }
        quarantine.keep(&format!("{session}.blobs"), &kept).map_err(StoreError::Io)?;
    }
    for keys in keys.chunks(CUT_AT_ONCE) {
        let rows = keys.iter().map(|key| KeyspaceRow::Blob(*key, None)).collect();
        database.commit(rows, Durability::Buffered)?;
    }
    Ok(())
}

/// The places of rows behind the end, whose values are kept aside, if that is wanted.
fn rows_after(
    database: &Database,
    session: SessionId,
    end: Seq,
    quarantine: Option<&Quarantine>,
) -> Result<Vec<Seq>, StoreError> {
    let reader = SnapshotReader::new(database);
    let mut kept = Vec::new();
    let mut gone = Vec::new();
    for row in reader.readable(session, end.next(), end) {
        let (seq, value) = row?;
        let key = key::record(session, seq);
        let row = journal::JournalRow { keyspace: 0, key: &key, value: &value, kind: RowKind::Value };
        journal::write_batch(seq.0, &[row], &mut kept);
        gone.push(seq);
    }
    if let Some(quarantine) = quarantine.filter(|_| !kept.is_empty()) {
        quarantine.keep(&format!("{session}.rows"), &kept).map_err(StoreError::Io)?;
    }
    Ok(gone)
}

/// Every head, those that are damaged left out and named.
pub(super) fn heads(database: &Database) -> Result<(Vec<Head>, Vec<SessionId>), StoreError> {
    let (mut heads, mut damaged) = (Vec::new(), Vec::new());
    for row in SnapshotReader::new(database).head_rows() {
        let (session, value) = row?;
        match open_head(session, &value) {
            Ok((head, _)) => heads.push(head),
            Err(StoreError::Damaged { .. }) => damaged.push(session),
            Err(error) => return Err(error),
        }
    }
    Ok((heads, damaged))
}
