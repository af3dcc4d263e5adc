//! A session's first record in format 1.

use std::borrow::Cow;

use q_core::{NameFault, Setup};

use super::setup::{setup_of, store_setup, with_setup};

with_setup! {
    /// [`q_core::Record::Created`] in its stored form.
    pub(super) CreatedV1 {}
}

impl<'a> CreatedV1<'a> {
    pub(super) fn new(
        name: &'a q_core::Name,
        origin: q_core::NameOrigin,
        slot: u32,
        setup: &'a Setup,
        fork: Option<q_core::Fork>,
    ) -> Self {
        store_setup!(Self { name, origin, slot, setup, fork; })
    }

    pub(super) fn into_core(self) -> Result<q_core::Record, NameFault> {
        Ok(q_core::Record::Created {
            name: self.name.parse()?,
            origin: self.origin.into(),
            slot: self.slot,
            setup: setup_of!(self),
            fork: self.fork.map(q_core::Fork::from),
        })
    }
}
