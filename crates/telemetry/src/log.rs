//! The log: `tracing` to a file that is changed daily, a week of them kept.

use std::fs::DirBuilder;
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;

use tracing_appender::rolling::{InitError, RollingFileAppender, Rotation};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::format::FmtSpan;

/// Days of logs kept.
const FILES_KEPT: usize = 7;
/// What is logged unless the filter says otherwise: turns, switches, commits and errors, not every key or token.
/// Never the provider library's own lines: they hold whole error bodies, and with them words of a conversation.
const DEFAULT_FILTER: &str = "warn,q=info";

/// The log cannot be written; `q` works without it.
#[derive(Debug)]
pub enum LogError {
    /// The directory cannot be made.
    Directory(io::Error),
    /// The file cannot be made.
    File(InitError),
    /// A subscriber is installed already.
    Installed,
}

impl std::fmt::Display for LogError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Directory(error) => write!(f, "the log directory cannot be made: {error}"),
            Self::File(error) => write!(f, "the log file cannot be made: {error}"),
            Self::Installed => f.write_str("logging is set up already"),
        }
    }
}

impl std::error::Error for LogError {}

/// Starts logging to `directory/NAME.DATE.log`. `filter` is in `tracing`'s own form (`q=debug`); spans write a line
/// with their duration when they close.
pub fn init(directory: &Path, name: &str, filter: Option<&str>) -> Result<(), LogError> {
    DirBuilder::new().recursive(true).mode(0o700).create(directory).map_err(LogError::Directory)?;
    let file = RollingFileAppender::builder()
        .rotation(Rotation::DAILY)
        .filename_prefix(name)
        .filename_suffix("log")
        .max_log_files(FILES_KEPT)
        .build(directory)
        .map_err(LogError::File)?;
    tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::new(filter.unwrap_or(DEFAULT_FILTER)))
        .with_span_events(FmtSpan::CLOSE)
        .with_ansi(false)
        .with_writer(std::sync::Mutex::new(file))
        .try_init()
        .map_err(|_| LogError::Installed)
}
