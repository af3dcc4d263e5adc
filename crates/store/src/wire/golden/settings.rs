//! What came with settings.

use q_core::{Head, Kind, NameOrigin, Record, Settings, Setup, Spending, Temperature};

use super::{full_head, seat_head, setup};

/// Records that came with settings.
pub(super) fn settings_records() -> Vec<(&'static str, Record)> {
    let all = Settings {
        model: Some("haiku".into()),
        temperature: Temperature::of_thousandths(200),
        max_tokens: Some(4096),
        reasoning: Some("high".into()),
        ..Settings::default()
    };
    let setup = Setup { settings: Box::new(all.clone()), ..setup(Kind::Debug, "gpt") };
    let (name, origin) = ("fix-login".parse().unwrap(), NameOrigin::Chosen);
    vec![
        ("set: all", Record::SettingsSet { settings: all }),
        ("set: nothing any more", Record::SettingsSet { settings: Settings::default() }),
        ("created: with settings", Record::Created { name, origin, slot: 3, setup, fork: None }),
    ]
}

/// Records that came with budgets.
pub(super) fn budget_records() -> Vec<(&'static str, Record)> {
    let budget = |tokens| Settings { budget_tokens: Some(tokens), ..Settings::default() };
    vec![
        ("set: a budget", Record::SettingsSet { settings: budget(500_000) }),
        ("set: no budget", Record::SettingsSet { settings: budget(0) }),
    ]
}

/// As [`seat_head`], with what came with them.
pub(super) fn budget_head() -> Head {
    let settings = Box::new(Settings { budget_tokens: Some(500_000), ..Settings::default() });
    let spending = Spending { in_all: 1240, day: 20_000, on_day: 1234 };
    Head { setup: Setup { settings, ..full_head().setup }, spending, ..seat_head() }
}

/// As [`seat_head`], with what came with them.
pub(super) fn settings_head() -> Head {
    let max_tokens = Some(100);
    let settings = Box::new(Settings { max_tokens, ..Settings::default() });
    Head { setup: Setup { settings, ..full_head().setup }, ..seat_head() }
}

/// Records that came with modes.
pub(super) fn mode_records() -> Vec<(&'static str, Record)> {
    let settings = Settings { mode: Some("plan".into()), ..Settings::default() };
    vec![("set: a mode", Record::SettingsSet { settings })]
}
