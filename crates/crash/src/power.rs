//! Power cuts: what they may do to bytes that were never synced.

use std::ops::Range;
use std::path::Path;

use super::image::Image;

/// The journal that is written to.
pub const JOURNAL: &str = "0.jnl";
/// The name of the anchor's file, beside the database.
pub const ANCHOR: &str = "anchor";

/// What became of the bytes from some place on.
#[derive(Clone, Copy, Debug)]
pub enum Harm {
    /// The file ends here.
    Cut,
    /// From here on nothing reached the disk.
    Zero,
    /// From here on something else stands there.
    Garbage,
    /// This page did not reach the disk, those behind it did.
    ZeroPage,
    /// This page holds something else.
    GarbagePage,
    /// Of the pages from here on those reached the disk whose bit is set: they were written in any order.
    Reordered(u64),
}

/// All but the last, which there are many of.
pub const HARMS: [Harm; 5] = [Harm::Cut, Harm::Zero, Harm::Garbage, Harm::ZeroPage, Harm::GarbagePage];
/// Smaller than a real one, so that a few hundred bytes have several.
const PAGE: usize = 64;
/// What the disk writes whole of the anchor: less than one of its cells.
const ANCHOR_PIECE: usize = 20;

/// Does it to a journal's bytes from `at` on, which is among the unsynced ones.
pub fn harm(bytes: &mut Vec<u8>, harm: Harm, at: usize, unsynced: &Range<usize>) {
    let page = at..(at + PAGE).min(unsynced.end);
    let garbage =
        |bytes: &mut [u8]| bytes.iter_mut().enumerate().for_each(|(at, byte)| *byte = (at * 151 + 7) as u8);
    match harm {
        Harm::Cut => bytes.truncate(at),
        Harm::Zero => bytes[at..].fill(0),
        Harm::Garbage => garbage(&mut bytes[at..unsynced.end]),
        Harm::ZeroPage => bytes[page].fill(0),
        Harm::GarbagePage => garbage(&mut bytes[page]),
        Harm::Reordered(reached) => {
            for (number, page) in bytes[at..unsynced.end].chunks_mut(PAGE).enumerate() {
                if reached >> (number % 64) & 1 == 0 {
                    page.fill(0);
                }
            }
        }
    }
}

/// Where the journal ends behind which there is only room.
pub fn journal_end(image: &Image) -> usize {
    let bytes = &image.files[Path::new(JOURNAL)];
    bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1)
}

/// The anchor with pieces of what it was when it was last synced, in the mixture that the bits say.
pub fn mix_anchor(bytes: &mut [u8], older: &[u8], mixture: u64) {
    for (number, piece) in bytes.chunks_mut(ANCHOR_PIECE).enumerate() {
        if mixture >> (number % 64) & 1 == 1 {
            let at = number * ANCHOR_PIECE;
            let older = older.get(at..at + piece.len());
            piece.copy_from_slice(older.unwrap_or(&[0; ANCHOR_PIECE][..piece.len()]));
        }
    }
}
