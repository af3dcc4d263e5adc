//! Where a letter of another keyboard layout lies on the keyboard whose letters the chords are named after.
//!
//! Terminals that speak the kitty protocol report Ctrl and the *layout's* letter, with the key's place beside it; the
//! event library reads that place and drops it. So that Cyrillic, Greek, Hebrew and Arabic typists and those who reach
//! digits only with Shift keep their chords, letters that occur in one place only are looked up here.

const LATIN: &str = "qwertyuiop[]asdfghjkl;'zxcvbnm,./`";

/// Per layout, what its keys say in the places of [`LATIN`]; a space where nothing of its own stands.
const LAYOUTS: [&str; 5] = [
    "йцукенгшщзхъфывапролджэячсмитьбю.ё",  // Russian
    "йцукенгшщзхїфівапролджєячсмитьбю.'",  // Ukrainian
    " ςερτυθιοπ  ασδφγηξκλ   ζχψωβνμ   ",  // Greek
    "/'קראטוןםפ  שדגכעיחלךף  זסבהנמצתץ.;", // Hebrew
    "ضصثقفغعهخحجدشسيبلاتنمكطئءؤرلىةوزظذ",   // Arabic
];

/// The digit row without Shift on a French keyboard.
const FRENCH_DIGITS: &str = "&é\"'(-è_ç";

/// The Latin letter in the place of `typed`, where that is another letter.
pub(super) fn latin(typed: char) -> Option<char> {
    let lower = typed.to_lowercase().next().unwrap_or(typed);
    if lower.is_ascii() {
        return None;
    }
    LAYOUTS.iter().find_map(|layout| {
        let place = layout.chars().position(|key| key == lower)?;
        LATIN.chars().nth(place)
    })
}

/// The digit on the key that says `typed` without Shift.
pub(super) fn digit(typed: char) -> Option<char> {
    let place = FRENCH_DIGITS.chars().position(|key| key == typed)?;
    char::from_digit(u32::try_from(place).ok()? + 1, 10)
}
