//! The engine's files as they look from outside: read without trusting a byte of them, without opening the engine.
//!
//! The engine believes what it finds. It asks for as much memory as a damaged number says, stops at a damaged byte of its
//! journal and cuts off what follows, deletes tables and keyspaces that a damaged list no longer names. So its files are
//! looked at before it is let near them (`look`), and what it would not read is read here (`pieces`, `table`).
//!
//! These are the formats of fjall 3.1, which is pinned. What it writes is read and verified here in `tests/examine.rs`; a
//! version that writes otherwise fails there.

mod archive;
mod cursor;
pub(crate) mod journal;
mod list;
pub(crate) mod look;
pub(crate) mod mend;
pub(crate) mod pieces;
pub(crate) mod table;
