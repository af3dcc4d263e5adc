//! Where a letter of another keyboard layout lies on the keyboard whose letters the chords are named after.
//!
//! Terminals that speak the kitty protocol tell the key's place beside a letter that is held with Ctrl or Alt. For all others,
//! and for the key after the leader, which comes as plain text, letters are looked up here: a letter that lies in two places
//! means the one of the layout that more people have. So Cyrillic, Greek, Hebrew, Arabic and other typists, and those who
//! reach digits only with Shift, keep their chords.

const LATIN: &str = "qwertyuiop[]asdfghjkl;'zxcvbnm,./`";

/// Per layout, what its keys say in the places of [`LATIN`]; a space where nothing of its own stands.
const LAYOUTS: [&str; 13] = [
    "йцукенгшщзхъфывапролджэячсмитьбю.ё",                           // Russian
    "йцукенгшщзхїфівапролджєячсмитьбю.'",                           // Ukrainian
    "йцукенгшўзх'фывапролджэячсмітьбю.ё",                           // Belarusian
    "љњертзуиопшђасдфгхјклчћѕџцвбнм,.-ж",                           // Serbian
    "љњертѕуиопшѓасдфгхјклчќзџцвбнм,./ж",                           // Macedonian
    " ςερτυθιοπ  ασδφγηξκλ  ζχψωβνμ    ",                           // Greek
    "/'קראטוןםפ  שדגכעיחלךף זסבהנמצתץ.;",                           // Hebrew
    "ضصثقفغعهخحجدشسيبلاتنمكطئءؤرلىةوزظذ",                            // Arabic
    "ضصثقفغعهخحجچشسیبلاتنمکگظطزرذدپو./ ",                            // Persian
    "քոեռտըւիօպխծասդֆգհյկլ;՛զղցվբնմշղծ՝",                           // Armenian
    "ქწერტყუიოპ  ასდფგჰჯკლ  ზხცვბნმ    ",                           // Georgian
    "ㅂㅈㄷㄱㅅㅛㅕㅑㅐㅔ  ㅁㄴㅇㄹㅎㅗㅓㅏㅣ  ㅋㅌㅊㅍㅠㅜㅡ    ", // Korean
    "ๆไำพะัีรนยบลฟหกดเ้่าสวงผปแอิืทมใฝ ",                                 // Thai
];

/// Digit rows without Shift, from 1 to 9, on keyboards that have the digits with it: French, Czech, Slovak. The signs among them
/// other keyboards have with Shift or elsewhere: by themselves they mean no digit (`Chord::with_digit`), but they may be set to.
const DIGITS: [&str; 3] = ["&é\"'(-è_ç", "\0ěščřžýáí", "\0ľščťžýáí"];

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
    let place = DIGITS.iter().find_map(|row| row.chars().position(|key| key == typed && key != '\0'))?;
    char::from_digit(u32::try_from(place).ok()? + 1, 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_layout_has_a_key_for_each_place() {
        for layout in LAYOUTS {
            assert_eq!(layout.chars().count(), LATIN.chars().count(), "{layout}");
        }
        for row in DIGITS {
            assert_eq!(row.chars().count(), 9, "{row}");
        }
    }
}
