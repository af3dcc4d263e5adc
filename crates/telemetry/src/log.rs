//! The log: `tracing` to a file that is changed daily, a week of them kept.

use std::fs::DirBuilder;
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;

use tracing::level_filters::LevelFilter;
use tracing::{Level, Metadata, Subscriber};
use tracing_appender::rolling::{InitError, RollingFileAppender, Rotation};
use tracing_subscriber::filter::{FilterExt, Targets, filter_fn};
use tracing_subscriber::fmt::format::FmtSpan;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, registry};

/// Days of logs kept.
const FILES_KEPT: usize = 7;

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

/// Starts logging to `directory/NAME.DATE.log`. `filter` is in `tracing`'s own form (`warn,q=debug`: levels by target) and decides
/// over q's own lines; of others it can only take away. One that cannot be read is as none. Spans write a line with their duration when they close.
pub fn init(directory: &Path, name: &str, filter: Option<&str>) -> Result<(), LogError> {
    DirBuilder::new().recursive(true).mode(0o700).create(directory).map_err(LogError::Directory)?;
    let file = RollingFileAppender::builder()
        .rotation(Rotation::DAILY)
        .filename_prefix(name)
        .filename_suffix("log")
        .max_log_files(FILES_KEPT)
        .build(directory)
        .map_err(LogError::File)?;
    logging_to(std::sync::Mutex::new(file), filter).try_init().map_err(|_| LogError::Installed)
}

/// What logs to `writer` as `filter` says, within what is harmless.
fn logging_to<W>(writer: W, filter: Option<&str>) -> impl Subscriber + Send + Sync
where
    W: for<'a> tracing_subscriber::fmt::MakeWriter<'a> + Send + Sync + 'static,
{
    let wanted = filter.and_then(|filter| filter.parse().ok()).unwrap_or_else(usual_filter);
    let lines = tracing_subscriber::fmt::layer()
        .with_span_events(FmtSpan::CLOSE)
        .with_ansi(false)
        .with_writer(writer)
        .with_filter(wanted.and(filter_fn(is_harmless)));
    registry().with(lines)
}

/// What is logged unless a filter says otherwise: turns, switches, commits and errors, not every key or token.
fn usual_filter() -> Targets {
    Targets::new().with_default(LevelFilter::WARN).with_target("q", LevelFilter::INFO)
}

/// Whether a line may be logged whatever the filter: q's own fields are numbers, ids and enums. What libraries say below a
/// warning holds headers and bodies, and with them keys and words of a conversation.
fn is_harmless(line: &Metadata<'_>) -> bool {
    let source = line.target().split("::").next().unwrap_or_default();
    let own = source == "q" || source.starts_with("q_");
    // One of them warns with what was said on its wires.
    own || (source != "rmcp" && *line.level() <= Level::WARN)
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::sync::{Arc, Mutex, PoisonError};

    use super::*;

    #[derive(Clone, Default)]
    struct Page(Arc<Mutex<Vec<u8>>>);

    impl Page {
        fn text(&self) -> String {
            String::from_utf8_lossy(&self.0.lock().unwrap_or_else(PoisonError::into_inner)).into_owned()
        }
    }

    impl Write for Page {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn logged(filter: Option<&str>) -> String {
        let page = Page::default();
        let pen = page.clone();
        tracing::subscriber::with_default(logging_to(move || pen.clone(), filter), || {
            tracing::trace!(target: "q::turn", "own trace");
            tracing::info!(target: "q::turn", "own info");
            tracing::debug!(target: "q_store::anchor", "own debug");
            tracing::info!(target: "rustls::client", "library info");
            tracing::warn!(target: "rustls::client", "library warning");
            tracing::trace!(target: "quinn", "library that begins alike");
            tracing::trace_span!(target: "rustls::client", "library span", body = "secret").in_scope(|| ());
        });
        page.text()
    }

    #[test]
    fn no_filter_lets_a_library_say_more_than_warnings() {
        for filter in ["trace", "rustls=trace", "rustls::client=info,q=trace", "info"] {
            let logged = logged(Some(filter));
            for never in ["library info", "library span", "secret", "library that begins alike"] {
                assert!(!logged.contains(never), "{filter}: {never}: {logged}");
            }
        }
    }

    #[test]
    fn a_filter_decides_over_our_own_lines_and_quietens_others() {
        for (filter, own_trace, own_debug, own_info, library) in [
            (None, false, false, true, true),
            (Some("trace"), true, true, true, true),
            (Some("q=trace"), true, true, true, false),
            (Some("q_store=debug"), false, true, false, false),
            (Some("off"), false, false, false, false),
            (Some("warn"), false, false, false, true),
            (Some("q=loud"), false, false, true, true),
        ] {
            let logged = logged(filter);
            for (line, expected) in [
                ("own trace", own_trace),
                ("own debug", own_debug),
                ("own info", own_info),
                ("library warning", library),
            ] {
                assert_eq!(logged.contains(line), expected, "{filter:?}: {line}: {logged}");
            }
        }
    }
}
