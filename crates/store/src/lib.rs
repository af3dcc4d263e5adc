//! The disk: every session's records on fjall
