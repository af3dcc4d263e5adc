//! What is missing where an agent cannot be asked, for who is to mend it.

/// What is missing, and the way out.
#[derive(Clone, Debug)]
pub(crate) struct Missing {
    pub(crate) why: String,
    pub(crate) way_out: String,
}
