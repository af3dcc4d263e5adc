//! The forms in which a session is written down, piece by piece: none holds more than one entry.

use q_core::{Body, Entry, EntryNo};

use super::document::DocumentFacts;
use super::entry::EntryShape;
use super::{html, markdown};
use crate::args::ExportFormat;
use crate::error::CliError;
use crate::json;

/// A session being written down.
#[derive(Debug)]
pub(crate) struct Form {
    format: ExportFormat,
    /// Entries so far: they are numbered from 1.
    count: u64,
    /// Calls without a result: their numbers in the session and in the file.
    open: Vec<(EntryNo, u64)>,
}

impl Form {
    pub(crate) const fn new(format: ExportFormat) -> Self {
        Self { format, count: 0, open: Vec::new() }
    }

    /// What stands before the entries.
    pub(crate) fn begin(&self, facts: &DocumentFacts) -> Result<String, CliError> {
        match self.format {
            ExportFormat::Md => Ok(markdown::begin(facts)),
            ExportFormat::Html => Ok(html::begin(facts)),
            ExportFormat::Json => {
                let mut text = json::text(facts)?;
                text.truncate(text.len().saturating_sub("}".len()));
                Ok(text + ",\"entries\":[")
            }
        }
    }

    /// An entry; of a prompt also whether nothing answered it.
    pub(crate) fn entry(&mut self, entry: &Entry, unanswered: bool) -> Result<String, CliError> {
        self.count += 1;
        match self.format {
            ExportFormat::Md => Ok(markdown::entry(entry, unanswered)),
            ExportFormat::Html => Ok(html::entry(entry, unanswered)),
            ExportFormat::Json => {
                let shape = EntryShape::new(entry, self.count, self.number_of_call(entry), unanswered);
                let text = json::text(&shape)?;
                Ok(if self.count == 1 { format!("\n{text}") } else { format!(",\n{text}") })
            }
        }
    }

    /// What stands after them.
    pub(crate) fn end(&self, facts: &DocumentFacts) -> String {
        match self.format {
            ExportFormat::Md => markdown::end(facts),
            ExportFormat::Html => html::end(facts),
            ExportFormat::Json => "\n]}\n".to_owned(),
        }
    }

    /// Of a result or an output: its call's number in the file.
    fn number_of_call(&mut self, entry: &Entry) -> u64 {
        if matches!(entry.body, Body::Call(_)) {
            self.open.push((entry.no, self.count));
        }
        let Some(of) = entry.body.of_call() else { return 0 };
        let number = self.open.iter().find(|(call, _)| *call == of).map_or(0, |&(_, number)| number);
        // A call ends once, so that only those are kept that have not ended: few, however long the session.
        if matches!(entry.body, Body::Result(_)) {
            self.open.retain(|(call, _)| *call != of);
        }
        number
    }
}
