//! How wide text is set: all the columns there are, or for prose fewer of them.

/// The widths that an entry is laid out at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Measure {
    /// What there is: code, tables, commands and their output take all of it.
    pub(crate) columns: usize,
    /// Prose is no wider.
    pub(crate) prose: usize,
}

impl Measure {
    /// For so many columns, of which prose takes at most so many, where that is set.
    pub(crate) fn new(columns: usize, most: Option<u16>) -> Self {
        Self { columns, prose: most.map_or(columns, |most| columns.min(most.into())) }
    }
}
