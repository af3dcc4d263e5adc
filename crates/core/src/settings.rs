//! Settings: how a session's turns are asked, where the person wants it otherwise than its agent is configured.
//!
//! Not here: what an agent's configuration says, and in which field of which protocol a setting is sent (`q-agent`).

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;
use core::str::FromStr;

use crate::limits::{BUDGET_TOKENS, EFFORT_BYTES, MAX_TOKENS, MODEL_NAME_BYTES};

/// What is typed where a setting is to be as the agent has it.
pub const DEFAULT: &str = "default";

/// What a session has of its own. Nothing of a setting leaves it to how the agent is configured, or to its provider.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// Which of the agent's models, instead of the one that the session was made with.
    pub model: Option<String>,
    /// How freely the model chooses its words.
    pub temperature: Option<Temperature>,
    /// How many tokens an answer may have.
    pub max_tokens: Option<u64>,
    /// How much the model is to think first, in its provider's word.
    pub reasoning: Option<String>,
    /// In which of its modes an agent works that has such.
    pub mode: Option<String>,
    /// How many tokens the session may cost; 0 for any number. This one no agent is told.
    pub budget_tokens: Option<u64>,
}

/// What is typed for a budget that there is not to be.
pub const OFF: &str = "off";

/// The names of the settings, as they are typed, in the order in which they are shown.
pub const NAMES: [&str; 6] = ["model", "temperature", "max_tokens", "reasoning", "mode", "budget_tokens"];

/// One setting, and what it is to be, as typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingChange {
    pub name: String,
    /// Its value; [`DEFAULT`] for none.
    pub value: String,
}

/// A temperature, in thousandths: state that is compared holds no floating-point number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Temperature(u16);

/// Why a setting cannot be that.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SettingFault {
    #[error(
        "there is no setting `{0}`; there are model, temperature, max_tokens, reasoning, mode and budget_tokens"
    )]
    Unknown(String),
    #[error(
        "`{0}` cannot be a model: a name of at most {MODEL_NAME_BYTES} bytes without blanks, such as gpt-5-mini; `/set model default` goes back to the first one"
    )]
    Model(String),
    #[error(
        "`{0}` cannot be a temperature: a number from 0 to 2 with at most three decimals, such as 0.2; `/set temperature default` leaves it to the agent"
    )]
    Temperature(String),
    #[error(
        "`{0}` cannot be max_tokens: a whole number from 1 to {MAX_TOKENS}, such as 4096; `/set max_tokens default` leaves it to the agent"
    )]
    MaxTokens(String),
    #[error(
        "`{0}` cannot be a reasoning effort: a word of at most {EFFORT_BYTES} letters and digits, such as low, medium or high; `/set reasoning default` leaves it to the agent"
    )]
    Reasoning(String),
    #[error(
        "`{0}` cannot be a mode: a name of at most {MODEL_NAME_BYTES} bytes without blanks, such as plan; `/mode default` goes back to the first one"
    )]
    Mode(String),
    #[error(
        "`{0}` cannot be budget_tokens: a whole number from 1 to {BUDGET_TOKENS}, such as 500000, or off; `/set budget_tokens default` takes the one in the config"
    )]
    Budget(String),
}

impl Temperature {
    /// The highest, in thousandths: what providers take goes to 1 or to 2.
    const HIGHEST: u16 = 2000;

    /// That many thousandths, unless it is more than the highest.
    pub fn of_thousandths(thousandths: u16) -> Option<Self> {
        (thousandths <= Self::HIGHEST).then_some(Self(thousandths))
    }

    pub const fn thousandths(self) -> u16 {
        self.0
    }
}

impl FromStr for Temperature {
    type Err = SettingFault;

    fn from_str(text: &str) -> Result<Self, SettingFault> {
        let (whole, decimals) = text.split_once('.').unwrap_or((text, "0"));
        let is_number = |digits: &str| {
            matches!(digits.len(), 1..=3) && digits.bytes().all(|digit| digit.is_ascii_digit())
        };
        let read = || {
            let (whole, decimals): (u16, u16) =
                (whole.parse().ok()?, format!("{decimals:0<3}").parse().ok()?);
            Self::of_thousandths(whole.checked_mul(1000)?.checked_add(decimals)?)
        };
        let number = if is_number(whole) && is_number(decimals) { read() } else { None };
        number.ok_or_else(|| SettingFault::Temperature(text.to_string()))
    }
}

/// Without zeros at its end: `0.2`, `1`.
impl fmt::Display for Temperature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let decimals = format!("{:03}", self.0 % 1000);
        match decimals.trim_end_matches('0') {
            "" => write!(f, "{}", self.0 / 1000),
            decimals => write!(f, "{}.{decimals}", self.0 / 1000),
        }
    }
}

impl Settings {
    /// These after some changes, in order.
    pub(crate) fn changed(&self, changes: &[SettingChange]) -> Result<Self, SettingFault> {
        let mut after = self.clone();
        for SettingChange { name, value } in changes {
            let value = value.as_str();
            let wanted = (value != DEFAULT).then_some(value);
            match name.as_str() {
                "model" => after.model = wanted.map(|text| named(text, SettingFault::Model)).transpose()?,
                "mode" => after.mode = wanted.map(|text| named(text, SettingFault::Mode)).transpose()?,
                "temperature" => after.temperature = wanted.map(str::parse).transpose()?,
                "max_tokens" => after.max_tokens = wanted.map(max_tokens).transpose()?,
                "reasoning" => after.reasoning = wanted.map(effort).transpose()?,
                "budget_tokens" => after.budget_tokens = wanted.map(budget).transpose()?,
                _ => return Err(SettingFault::Unknown(name.clone())),
            }
        }
        Ok(after)
    }

    /// Whether each of them could have been typed: those of a session that comes from elsewhere need not.
    pub(crate) fn check(&self) -> Result<(), SettingFault> {
        let typed = Self::default().changed(&self.changes())?;
        // What only says that there is none is none.
        if typed == *self { Ok(()) } else { Err(SettingFault::Model(DEFAULT.to_string())) }
    }

    /// Those that an agent is told.
    pub(crate) fn of_agent(&self) -> Self {
        Self { budget_tokens: None, ..self.clone() }
    }

    /// What there is of a setting, as it is typed; nothing where the session has none of its own.
    pub fn value(&self, name: &str) -> Option<String> {
        match name {
            "model" => self.model.clone(),
            "temperature" => self.temperature.map(|temperature| temperature.to_string()),
            "max_tokens" => self.max_tokens.map(|tokens| tokens.to_string()),
            "reasoning" => self.reasoning.clone(),
            "mode" => self.mode.clone(),
            "budget_tokens" => self
                .budget_tokens
                .map(|tokens| if tokens == 0 { OFF.to_string() } else { tokens.to_string() }),
            _ => None,
        }
    }

    /// The changes that make these of none.
    pub fn changes(&self) -> Vec<SettingChange> {
        let change = |name: &str| Some(SettingChange { name: name.to_string(), value: self.value(name)? });
        NAMES.into_iter().filter_map(change).collect()
    }

    /// What they take where they are stored, about: the texts among them.
    pub(crate) fn text_bytes(&self) -> usize {
        [&self.model, &self.reasoning, &self.mode].into_iter().flatten().map(String::len).sum()
    }
}

fn named(text: &str, otherwise: fn(String) -> SettingFault) -> Result<String, SettingFault> {
    let is_plain = text.chars().all(|c| !c.is_control() && !c.is_whitespace());
    let is_name = (1..=MODEL_NAME_BYTES).contains(&text.len()) && is_plain;
    if is_name { Ok(text.to_string()) } else { Err(otherwise(text.to_string())) }
}

fn max_tokens(text: &str) -> Result<u64, SettingFault> {
    let number = text.parse().ok().filter(|tokens| (1..=MAX_TOKENS).contains(tokens));
    number.ok_or_else(|| SettingFault::MaxTokens(text.to_string()))
}

fn budget(text: &str) -> Result<u64, SettingFault> {
    if text == OFF {
        return Ok(0);
    }
    let number = text.parse().ok().filter(|tokens| (1..=BUDGET_TOKENS).contains(tokens));
    number.ok_or_else(|| SettingFault::Budget(text.to_string()))
}

fn effort(text: &str) -> Result<String, SettingFault> {
    let is_plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    let is_word = (1..=EFFORT_BYTES).contains(&text.len()) && is_plain;
    if is_word { Ok(text.to_string()) } else { Err(SettingFault::Reasoning(text.to_string())) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(name: &str, value: &str) -> SettingChange {
        SettingChange { name: name.to_string(), value: value.to_string() }
    }

    #[test]
    fn a_temperature_is_read_and_written_exactly() {
        for (text, written) in
            [("0", "0"), ("0.2", "0.2"), ("1.250", "1.25"), ("2", "2"), ("2.000", "2"), ("00.001", "0.001")]
        {
            let read = text.parse::<Temperature>().map(|read| read.to_string());
            assert_eq!(read.as_deref(), Ok(written), "{text}");
        }
        for bad in
            ["", ".", "1.", ".5", "-1", "+1", "2.001", "0.0001", "1e0", "NaN", "0,2", "65536", "9999999999"]
        {
            assert_eq!(bad.parse::<Temperature>(), Err(SettingFault::Temperature(bad.into())), "{bad}");
        }
        for thousandths in 0..=Temperature::HIGHEST {
            let temperature = Temperature(thousandths);
            assert_eq!(temperature.to_string().parse(), Ok(temperature));
        }
        assert_eq!(Temperature::of_thousandths(2001), None);
    }

    #[test]
    fn each_setting_has_its_bounds_and_a_way_back() {
        let none = Settings::default();
        let longest = "m".repeat(MODEL_NAME_BYTES);
        for (name, value) in [
            ("model", "anthropic/claude:5"),
            ("model", &longest),
            ("temperature", "0.2"),
            ("max_tokens", "1"),
            ("max_tokens", "10000000"),
            ("reasoning", "high"),
            ("reasoning", "4096"),
            ("mode", "accept-edits"),
            ("budget_tokens", "1"),
            ("budget_tokens", "1000000000000"),
            ("budget_tokens", "off"),
        ] {
            let set = none.changed(&[change(name, value)]);
            let said = set.as_ref().map(|set| set.value(name));
            assert_eq!(said, Ok(Some(value.to_string())), "{name}");
            assert_eq!(set.map(|set| set.changed(&[change(name, DEFAULT)])), Ok(Ok(Settings::default())));
        }
        let (long_model, long_word) = ("m".repeat(MODEL_NAME_BYTES + 1), "w".repeat(EFFORT_BYTES + 1));
        for (name, value) in [
            ("model", ""),
            ("model", "a b"),
            ("model", "a\u{1b}[2J"),
            ("model", &long_model),
            ("temperature", "hot"),
            ("max_tokens", "0"),
            ("max_tokens", "10000001"),
            ("max_tokens", "many"),
            ("reasoning", ""),
            ("reasoning", "very much"),
            ("mode", "two words"),
            ("reasoning", &long_word),
            ("budget_tokens", "0"),
            ("budget_tokens", "1000000000001"),
            ("budget_tokens", "Off"),
            ("top_p", "1"),
        ] {
            assert!(none.changed(&[change(name, value)]).is_err(), "{name} {value}");
        }
    }

    #[test]
    fn changes_apply_in_order_or_not_at_all() {
        let set = Settings::default().changed(&[
            change("max_tokens", "7"),
            change("temperature", "1"),
            change("max_tokens", "8"),
        ]);
        let expected = Settings {
            max_tokens: Some(8),
            temperature: Temperature::of_thousandths(1000),
            ..Settings::default()
        };
        assert_eq!(set, Ok(expected.clone()));
        assert_eq!(Settings::default().changed(&expected.changes()), Ok(expected.clone()));
        assert!(expected.changed(&[change("max_tokens", "9"), change("reasoning", " ")]).is_err());
        let smuggled = Settings { model: Some("a\nb".into()), ..expected };
        assert_eq!(smuggled.check(), Err(SettingFault::Model("a\nb".into())));
        let none = Settings { model: Some(DEFAULT.into()), ..Settings::default() };
        assert_eq!(none.check(), Err(SettingFault::Model(DEFAULT.into())));
    }
}
