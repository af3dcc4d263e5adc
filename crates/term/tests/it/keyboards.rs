//! Keyboards: what terminals send becomes keys, and whatever the encoding and the layout, every action that has keys is reached by
//! one of them. Bytes go through the decoder that q reads with.

use q_term::TerminalEvent;
use q_term::command::table::LEADER;
use q_term::keymap::{ActionKeys, Keymap, Preset};
use q_term::keys::{Chord, Decoder};

/// What is written in the table as bytes.
fn bytes(written: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut characters = written.chars().peekable();
    while let Some(next) = characters.next() {
        match next {
            '\\' if characters.next_if_eq(&'e').is_some() => bytes.push(0x1b),
            '^' => match characters.next() {
                Some('?') => bytes.push(0x7f),
                Some(named) => bytes.push(named as u8 & 0x1f),
                None => bytes.push(b'^'),
            },
            other => bytes.extend(other.to_string().bytes()),
        }
    }
    bytes
}

/// The keys that bytes are, once nothing follows them.
fn pressed(bytes: &[u8]) -> Vec<Chord> {
    let mut decoder = Decoder::default();
    let mut arrived = decoder.take_in(bytes);
    arrived.extend(decoder.settle());
    let key = |event| if let Some(TerminalEvent::Key(chord)) = event { Some(chord) } else { None };
    arrived.into_iter().filter_map(|arrived| key(arrived.event)).collect()
}

#[test]
fn what_terminals_send_is_the_key_and_means_what_the_table_says() {
    let keymap = Keymap::default();
    for line in include_str!("keyboards.txt").lines().filter(|line| !line.starts_with('#')) {
        let cells: Vec<&str> = line.split_whitespace().collect();
        let [_, sent, key, empty, text] = cells[..] else { panic!("five cells: {line}") };
        let chords = pressed(&bytes(sent));
        let [chord] = chords[..] else { panic!("{line}: {chords:?}") };
        assert_eq!(chord.to_string(), key, "{line}");
        for (is_empty, wanted) in [(true, empty), (false, text)] {
            let means = keymap.by_chord(chord, is_empty).map_or("-", |action| action.name());
            let means = if chord == keymap.leader() { "leader" } else { means };
            assert_eq!(means, wanted, "{line}");
        }
    }
}

const LATIN: &str = "qwertyuiopasdfghjklzxcvbnm1234567890";

/// A layout: what its keys say, in the places of [`LATIN`].
const LAYOUTS: [(&str, &str); 6] = [
    ("us", "qwertyuiopasdfghjklzxcvbnm1234567890"),
    ("russian", "йцукенгшщзфывапролдячсмить1234567890"),
    ("greek", ";ςερτυθιοπασδφγηξκλζχψωβνμ1234567890"),
    ("german", "qwertzuiopasdfghjklyxcvbnm1234567890"),
    ("french", "azertyuiopqsdfghjklmwxcvbn&é\"'(-è_çà"),
    ("hebrew", "/'קראטוןםפשדגכעיחלךזסבהנמצ1234567890"),
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Encoding {
    Legacy,
    ModifyOtherKeys,
    Kitty1,
    Kitty5,
}

/// The character of a key's last word, and which modifiers a terminal counts for those before it.
fn parts(chord: &str) -> (u32, &str) {
    let mut mask = 1;
    let mut rest = chord;
    for (word, bit) in [("Ctrl+", 4), ("Alt+", 2), ("Shift+", 1)] {
        if let Some(tail) = rest.strip_prefix(word).filter(|tail| !tail.is_empty()) {
            (mask, rest) = (mask + bit, tail);
        }
    }
    (mask, rest)
}

/// What a terminal sends for a key on that layout; nothing where the form has none.
fn sent(encoding: Encoding, layout: &str, chord: &str) -> Option<Vec<u8>> {
    let (mask, name) = parts(chord);
    let named = |number: u32, ends: char| match (mask, ends) {
        (1, '~') => format!("\x1b[{number}~"),
        (1, ends) => format!("\x1b[{ends}"),
        (mask, ends) => format!("\x1b[{number};{mask}{ends}"),
    };
    let other = |code: u32, legacy: &str| match (encoding, mask) {
        (_, 1) => Some(legacy.to_owned()),
        (Encoding::Legacy, 3) => Some(format!("\x1b{legacy}")),
        (Encoding::Legacy, 2) if code == 9 => Some("\x1b[Z".to_owned()),
        (Encoding::Legacy, _) => None,
        (Encoding::ModifyOtherKeys, mask) => Some(format!("\x1b[27;{mask};{code}~")),
        (Encoding::Kitty1 | Encoding::Kitty5, mask) => Some(format!("\x1b[{code};{mask}u")),
    };
    let text = match name {
        "Enter" => other(13, "\r")?,
        "Tab" => other(9, "\t")?,
        "Backspace" => other(127, "\x7f")?,
        "Esc" => match encoding {
            Encoding::Kitty1 | Encoding::Kitty5 => "\x1b[27u".to_owned(),
            Encoding::Legacy | Encoding::ModifyOtherKeys => "\x1b".to_owned(),
        },
        "Up" => named(1, 'A'),
        "Down" => named(1, 'B'),
        "Right" => named(1, 'C'),
        "Left" => named(1, 'D'),
        "Home" => named(1, 'H'),
        "End" => named(1, 'F'),
        "F1" => "\x1bOP".to_owned(),
        "Delete" => named(3, '~'),
        "PageUp" => named(5, '~'),
        "PageDown" => named(6, '~'),
        name => {
            let latin = name.chars().next()?.to_ascii_lowercase();
            // A Latin letter is pressed where it lies; other layouts are pressed in its place.
            let place = LATIN.chars().position(|key| key == latin);
            let in_place = place.and_then(|place| layout.chars().nth(place));
            let is_there = latin.is_ascii_alphabetic() && layout.contains(latin);
            let typed = in_place.filter(|_| !is_there).unwrap_or(latin);
            match (encoding, mask) {
                (_, 1) => typed.to_string(),
                // Without an encoding for it, terminals make a control character of the key's place.
                (Encoding::Legacy, 5) if latin.is_ascii_alphabetic() => {
                    char::from(latin as u8 & 0x1f).to_string()
                }
                (Encoding::Legacy, 3) => format!("\x1b{typed}"),
                (Encoding::Legacy, 4) => format!("\x1b{}", typed.to_uppercase()),
                (Encoding::Legacy, _) => return None,
                (Encoding::ModifyOtherKeys, mask) => format!("\x1b[27;{mask};{}~", u32::from(typed)),
                (Encoding::Kitty1, mask) => format!("\x1b[{};{mask}u", u32::from(typed)),
                (Encoding::Kitty5, mask) => {
                    let base = in_place
                        .filter(|key| *key == typed)
                        .map_or(String::new(), |_| format!("::{}", u32::from(latin)));
                    format!("\x1b[{}{base};{mask}u", u32::from(typed))
                }
            }
        }
    };
    Some(text.into_bytes())
}

/// Whether one of an action's keys gets through: by itself, or behind the leader.
fn is_reached(keymap: &Keymap, keys: &ActionKeys, encoding: Encoding, layout: &str) -> bool {
    let arrives = |chord: &Chord| match pressed(&sent(encoding, layout, &chord.to_string())?)[..] {
        [chord] => Some(chord),
        _ => None,
    };
    let direct = keys.direct.iter().any(|(key, when)| {
        let is_empty = when.holds(true);
        arrives(key).is_some_and(|chord| keymap.by_chord(chord, is_empty) == Some(keys.action))
    });
    let leads = arrives(&keymap.leader()) == Some(keymap.leader());
    let led = keys
        .leader
        .iter()
        .any(|key| arrives(key).is_some_and(|chord| keymap.by_leader(chord) == Some(keys.action)));
    direct || leads && led
}

/// What is left to its slash command where a layout has a sign in the place of the letter: a sign means itself, as it does on
/// keyboards (Dvorak) where another letter lies in that place.
const BY_COMMAND: [(&str, &str); 1] = [("hebrew", "close")];

#[test]
fn every_action_is_reached_on_every_keyboard() {
    let encodings = [Encoding::Legacy, Encoding::ModifyOtherKeys, Encoding::Kitty1, Encoding::Kitty5];
    for (name, preset) in Preset::ALL {
        let keymap = Keymap::preset(preset);
        for (layout, says) in LAYOUTS {
            assert_eq!(says.chars().count(), LATIN.len(), "{layout}");
            for encoding in encodings {
                for keys in
                    keymap.actions().iter().filter(|keys| !keys.direct.is_empty() || !keys.leader.is_empty())
                {
                    let action = keys.action.name();
                    if encoding != Encoding::Legacy && BY_COMMAND.contains(&(layout, action)) {
                        continue;
                    }
                    assert!(
                        is_reached(&keymap, keys, encoding, says),
                        "{action}: {name}, {layout}, {encoding:?}"
                    );
                }
            }
        }
    }
}

#[test]
fn the_leader_is_the_tables_unless_another_is_set() {
    assert_eq!(Keymap::default().leader(), LEADER);
    assert_eq!(Keymap::preset(Preset::Tmux).leader().to_string(), "Ctrl+B");
}
