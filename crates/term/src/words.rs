//! Words for people: activities, stops, ages, sizes, places. The same in every face of the terminal.

use q_core::{Activity, Interrupter, Stop, Summary, WallTime};

use crate::sanitize;

/// One word for what a session is doing.
pub const fn activity(activity: Activity) -> &'static str {
    match activity {
        Activity::Idle => "idle",
        Activity::Working => "working",
        Activity::Failed => "failed",
        Activity::Interrupted => "interrupted",
    }
}

/// What a stop says in the transcript.
pub fn stop(stop: &Stop) -> String {
    match stop {
        Stop::Interrupted(by) => format!("interrupted here{}; /retry asks again", interrupter(*by)),
        Stop::Failed(failure) => sanitize::visible_line(&failure.to_string()).into_owned(),
    }
}

const fn interrupter(by: Interrupter) -> &'static str {
    match by {
        Interrupter::User => "",
        Interrupter::Stop => " (the host was stopped)",
        Interrupter::Crash => " (the host died)",
    }
}

/// What became of a session's turn, as said about one that is not in sight.
pub fn outcome(summary: &Summary) -> String {
    match summary.activity {
        Activity::Working => "is working".into(),
        Activity::Idle if summary.unread > 0 => format!("answered ({} unread)", summary.unread),
        Activity::Idle => "answered".into(),
        Activity::Interrupted => "was interrupted; /retry asks again".into(),
        Activity::Failed => match &summary.failure {
            Some(failure) => format!("failed: {}", sanitize::visible_line(&failure.to_string())),
            None => "failed".into(),
        },
    }
}

/// Whether a session stopped badly and nobody has seen it.
pub const fn needs_you(summary: &Summary) -> bool {
    match summary.activity {
        Activity::Failed | Activity::Interrupted => summary.unread > 0,
        Activity::Idle | Activity::Working => false,
    }
}

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

/// A count of tokens: `812`, `12k`, `3.4M`.
pub fn tokens(count: u64) -> String {
    match count {
        0..1_000 => count.to_string(),
        1_000..1_000_000 => format!("{}k", count / 1_000),
        _ => format!("{}.{}M", count / 1_000_000, count % 1_000_000 / 100_000),
    }
}

/// A directory with the person's home as `~`, and the middle of a long one left out.
pub fn directory(path: &str, home: &str) -> String {
    /// Longer paths keep only their last two parts.
    const LONG: usize = 32;
    let path = sanitize::visible_line(path);
    let inside = path.strip_prefix(home).filter(|rest| rest.is_empty() || rest.starts_with('/'));
    let short = match inside {
        Some(rest) if !home.is_empty() => format!("~{rest}"),
        Some(_) | None => path.into_owned(),
    };
    if short.chars().count() <= LONG {
        return short;
    }
    let mut parts = short.rsplit('/');
    match (parts.next(), parts.next()) {
        (Some(last), Some(parent)) => format!("…/{parent}/{last}"),
        (Some(_), None) | (None, _) => short,
    }
}

/// Agent and model, as far as there is one.
pub fn agent(summary: &Summary) -> String {
    let named = if summary.model.is_empty() {
        summary.agent.clone()
    } else {
        format!("{}·{}", summary.agent, summary.model)
    };
    sanitize::visible_line(&named).into_owned()
}

/// `1 session`, `2 sessions`.
pub fn counted(count: usize, one: &str) -> String {
    if count == 1 { format!("1 {one}") } else { format!("{count} {one}s") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_are_short() {
        for (seconds, said) in [
            (0, "now"),
            (59, "now"),
            (60, "1m"),
            (3_599, "59m"),
            (7_200, "2h"),
            (172_800, "2d"),
            (1_209_600, "2w"),
        ] {
            assert_eq!(age(WallTime(seconds * 1000), WallTime(0)), said);
        }
        assert_eq!(age(WallTime(0), WallTime(5_000)), "now", "a clock that ran backward");
    }

    #[test]
    fn figures_are_short() {
        for (count, said) in [(0, "0"), (999, "999"), (12_345, "12k"), (3_450_000, "3.4M")] {
            assert_eq!(tokens(count), said);
        }
    }

    #[test]
    fn directories_begin_at_home() {
        for (path, said) in [
            ("/home/ann", "~"),
            ("/home/ann/api", "~/api"),
            ("/home/anna/api", "/home/anna/api"),
            ("/srv", "/srv"),
            ("/home/ann/src/company/services/billing/api", "…/billing/api"),
            ("/tmp/a\u{1b}b", "/tmp/a<U+001B>b"),
        ] {
            assert_eq!(directory(path, "/home/ann"), said);
        }
        assert_eq!(directory("/home/ann", ""), "/home/ann");
    }
}
