//! Words for amounts: ages, times, tokens, sizes; each in one unit, short enough for a line that has little room.

use std::time::Duration;

use q_core::WallTime;

/// How long ago, in one unit: `now`, `5m`, `3h`, `2d`, `4w`.
pub fn age(now: WallTime, then: WallTime) -> String {
    let seconds = now.0.saturating_sub(then.0) / 1000;
    match seconds {
        0..60 => "now".into(),
        60..3_600 => format!("{}m", seconds / 60),
        3_600..86_400 => format!("{}h", seconds / 3_600),
        86_400..1_209_600 => format!("{}d", seconds / 86_400),
        _ => format!("{}w", seconds / 604_800),
    }
}

/// That a model thought, and for how long where that is known: `thought for 12 s`.
pub fn thought(took: Option<Duration>) -> String {
    match took.map(|took| took.as_secs()) {
        None => "thought".to_owned(),
        Some(0) => "thought for less than 1 s".to_owned(),
        Some(seconds @ ..60) => format!("thought for {seconds} s"),
        Some(seconds) => format!("thought for {} min {} s", seconds / 60, seconds % 60),
    }
}

/// How long something took that is over: `0.4 s`, `12 s`, `3 min 20 s`; nothing where nobody would have noticed.
pub fn took(took: Duration) -> Option<String> {
    let tenths = took.as_millis() / 100;
    match took.as_secs() {
        0 if tenths == 0 => None,
        0..10 => Some(format!("{}.{} s", tenths / 10, tenths % 10)),
        seconds => Some(elapsed(WallTime(seconds * 1_000), WallTime(0))),
    }
}

/// How long something goes on already, in one unit: `12s`, `5m`, `3h`.
pub fn duration(now: WallTime, since: WallTime) -> String {
    match now.0.saturating_sub(since.0) / 1000 {
        seconds @ 0..60 => format!("{seconds}s"),
        _ => age(now, since),
    }
}

/// How long something goes on, for where it is counted second by second: `12 s`, `3 min 20 s`, `2 h 5 min`; nothing before the
/// first second is over, since what flickers is not read.
pub fn elapsed(now: WallTime, since: WallTime) -> String {
    match now.0.saturating_sub(since.0) / 1000 {
        0 => String::new(),
        seconds @ ..60 => format!("{seconds} s"),
        seconds @ ..3_600 => format!("{} min {} s", seconds / 60, seconds % 60),
        seconds => format!("{} h {} min", seconds / 3_600, seconds % 3_600 / 60),
    }
}

/// A count of tokens: `812`, `12k`, `3.4M`.
pub fn tokens(count: u64) -> String {
    match count {
        0..1_000 => count.to_string(),
        1_000..1_000_000 => format!("{}k", count / 1_000),
        _ => format!("{}.{}M", count / 1_000_000, count % 1_000_000 / 100_000),
    }
}

/// What something takes: `812 B`, `12 KB`, `3.4 MB`, `10.0 GB`.
pub fn size(bytes: u64) -> String {
    match bytes {
        0..1_000 => format!("{bytes} B"),
        1_000..1_000_000 => format!("{} KB", bytes / 1_000),
        1_000_000..1_000_000_000 => format!("{}.{} MB", bytes / 1_000_000, bytes % 1_000_000 / 100_000),
        1_000_000_000.. => format!("{}.{} GB", bytes / 1_000_000_000, bytes % 1_000_000_000 / 100_000_000),
    }
}
