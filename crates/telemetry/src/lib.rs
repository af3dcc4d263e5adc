//! Who watches: logs, figures
