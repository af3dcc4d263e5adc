//! The contract of a store: append in order, read from a place, page back, list heads.
//!
//! Stated in terms that a replicated log can keep too; nothing here needs a local file.

use q_core::{Batch, EntryNo, Head, Seq, SessionId, Stamped, Stored};

use crate::byte_range::ByteRange;
use crate::damage::Damage;
use crate::error::StoreError;
use crate::page::Page;

/// Every session's records, in order, and the head each session has after its last one.
///
/// All reads see what every earlier `append` that returned `Ok` wrote, and each sees one moment: never half an append.
pub trait Store: Send + Sync {
    /// Writes all batches in one atomic commit, in order, synced if any of them asks for it.
    ///
    /// Each session's records must continue its log without a gap, and the last head given for each session must be its
    /// head after the last of them; and each record brings the blob that it says stands beside it, and no other one comes.
    /// Otherwise nothing is written and the answer is [`StoreError::OutOfOrder`]. Any other
    /// error means *unknown*, never "not written": the store then takes nothing more until it is opened again.
    fn append(&self, batches: &[Batch]) -> Result<(), StoreError>;

    /// Has everything that was written survive the loss of power. An error means what it means for `append`.
    fn sync(&self) -> Result<(), StoreError>;

    /// Every session's head, closed ones too, by id. Reads no transcript.
    fn heads(&self) -> Result<Vec<Head>, StoreError>;

    /// One session's head, if it exists.
    fn head(&self, session: SessionId) -> Result<Option<Head>, StoreError>;

    /// What recovery needs of one session: for an open one its newest records, reaching back over at least `tail_bytes`
    /// of entries to where an entry begins, and before them those that the head refers to. In order, none twice.
    /// Drafts that a later one replaced are left out.
    ///
    /// The head given back counts: where the session's end turns out to be damaged, its log is cut and its head is an
    /// older one, and its fault says so. Where only older records are, the tail begins behind them.
    fn stored(&self, head: Head, tail_bytes: usize) -> Result<Stored, StoreError>;

    /// The newest entries before `before` (`None`: the end) of at most `bytes`, always at least one if any exists. A page
    /// ends at damage; the one before it ends with an entry that says so, under the number of the newest record that is
    /// gone.
    fn page(&self, session: SessionId, before: Option<EntryNo>, bytes: usize) -> Result<Page, StoreError>;

    /// A byte range of what is kept of a result. Empty behind its end, and where there is no such entry.
    fn result(&self, session: SessionId, range: ByteRange) -> Result<String, StoreError>;

    /// A session's records from `from` on, in order, at most `limit` of them.
    fn records(&self, session: SessionId, from: Seq, limit: usize) -> Result<Vec<Stamped>, StoreError>;

    /// Reads everything and says what is not as it was acknowledged, whether it was told or not. Changes nothing.
    fn verify(&self) -> Result<Vec<Damage>, StoreError>;

    /// Whether sessions were erased whose texts may still stand in files.
    fn is_worth_compacting(&self) -> bool;

    /// Gives back what is in use no longer: when it returns, nothing of what was erased before it was called stands in the
    /// store's files, but in those kept aside. Changes nothing that can be read.
    ///
    /// Appends and reads go on beside it, except for two moments that cost what is written since the last flush, not what is
    /// stored. A second call waits for the first. After an error the store may be poisoned.
    fn compact(&self) -> Result<(), StoreError>;

    /// What was lost and nobody was told of yet: found at opening, or since.
    ///
    /// [`Self::stored`] gives it as the session's fault. An `append` with the record that puts this right tells the person:
    /// from then on it is not given any more.
    fn damage(&self) -> Vec<Damage>;
}
