//! What is written is read, by the reader here as by rmp-serde's; and what nobody wrote is refused.

use std::borrow::Cow;
use std::collections::BTreeMap;

use proptest::prelude::*;
use q_msgpack::{read, write};
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};

/// One of everything that the store and the protocol hold.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
struct Everything {
    small: u8,
    large: u64,
    below: i32,
    longest: u128,
    lowest: i128,
    point: f64,
    truth: bool,
    sign: char,
    text: String,
    maybe: Option<u16>,
    list: Vec<u32>,
    pair: (u8, String),
    map: BTreeMap<String, Option<bool>>,
    chosen: Vec<Choice>,
    wrapped: Wrapped,
    nothing: (),
}

#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
struct Wrapped(Option<u64>);

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum Choice {
    Bare,
    Empty {},
    Value(u64),
    Two(u8, bool),
    Named { first: String, second: Option<i8> },
}

fn choice() -> impl Strategy<Value = Choice> {
    prop_oneof![
        Just(Choice::Bare),
        Just(Choice::Empty {}),
        any::<u64>().prop_map(Choice::Value),
        any::<(u8, bool)>().prop_map(|(first, second)| Choice::Two(first, second)),
        any::<(String, Option<i8>)>().prop_map(|(first, second)| Choice::Named { first, second }),
    ]
}

prop_compose! {
    fn everything()(
        (small, large, below, longest, lowest) in any::<(u8, u64, i32, u128, i128)>(),
        (point, truth, sign, text, maybe) in (-1e300..1e300, any::<bool>(), any::<char>(), ".{0,300}", any::<Option<u16>>()),
        list in proptest::collection::vec(any::<u32>(), 0..40),
        pair in any::<(u8, String)>(),
        map in proptest::collection::btree_map(".{0,8}", any::<Option<bool>>(), 0..20),
        chosen in proptest::collection::vec(choice(), 0..6),
        wrapped in any::<Option<u64>>(),
    ) -> Everything {
        let wrapped = Wrapped(wrapped);
        Everything { small, large, below, longest, lowest, point, truth, sign, text, maybe, list, pair, map, chosen, wrapped, nothing: () }
    }
}

/// The newest of a record's versions, and what an older `q` knows of it.
#[derive(Serialize)]
struct Newer<'a> {
    kept: u8,
    unknown: &'a Everything,
    last: u8,
}

#[derive(Debug, PartialEq, Deserialize)]
struct Older {
    kept: u8,
    #[serde(default)]
    absent: u8,
    last: u8,
}

proptest! {
    #[test]
    fn what_is_written_is_read_as_rmp_serde_reads_it(value in everything()) {
        let bytes = write(&value).unwrap();
        prop_assert_eq!(&read::<Everything>(&bytes).unwrap(), &value);
        prop_assert_eq!(rmp_serde::from_slice::<Everything>(&bytes).unwrap(), value);
    }

    #[test]
    fn what_is_cut_anywhere_is_refused(value in everything()) {
        let bytes = write(&value).unwrap();
        for end in 0..bytes.len() {
            prop_assert!(read::<Everything>(&bytes[..end]).is_err(), "cut at {} of {}", end, bytes.len());
        }
    }

    #[test]
    fn what_a_later_version_added_is_passed_over(value in everything()) {
        let bytes = write(&Newer { kept: 7, unknown: &value, last: 9 }).unwrap();
        prop_assert_eq!(read::<Older>(&bytes).unwrap(), Older { kept: 7, absent: 0, last: 9 });
    }

    #[test]
    fn any_bytes_are_a_value_or_an_error(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        drop(read::<Everything>(&bytes));
        drop(read::<IgnoredAny>(&bytes));
    }

    /// What is taken here, rmp-serde takes as the same value; it takes more.
    #[test]
    fn nothing_is_taken_that_rmp_serde_reads_otherwise(
        value in everything(), flips in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let mut bytes = write(&value).unwrap();
        for (place, byte) in flips {
            *place.get_mut(&mut bytes) = byte;
        }
        if let Ok(here) = read::<Everything>(&bytes) {
            let there = rmp_serde::from_slice::<Everything>(&bytes).unwrap();
            // Not a number is not itself.
            prop_assert!(here == there || here.point.is_nan() && there.point.is_nan());
        }
    }
}

#[test]
fn texts_are_borrowed_from_the_bytes() {
    #[derive(Deserialize)]
    struct Borrowing<'a>(#[serde(borrow)] Cow<'a, str>);

    let bytes = write(&"as it stands").unwrap();
    let text: &str = read(&bytes).unwrap();
    assert_eq!(text, "as it stands");
    assert!(matches!(read(&bytes).unwrap(), Borrowing(Cow::Borrowed("as it stands"))));
}

#[test]
fn what_q_never_writes_is_refused() {
    let older = write(&Newer { kept: 7, unknown: &Everything::default(), last: 9 }).unwrap();
    assert!(read::<Older>(&older).is_ok());
    let refused: &[(&str, &[u8], &str)] = &[
        ("a structure as a list", &[0x93, 7, 0, 9], "invalid type: sequence, expected a map"),
        ("a field by its number", &[0x82, 0, 7, 2, 9], "invalid type: integer `0`, expected a text"),
        ("a field twice", b"\x83\xa4kept\x07\xa4last\x09\xa4last\x09", "duplicate field `last`"),
        ("no value", &[0xc1], "no value begins with 0xc1"),
        ("nothing", &[], "the bytes end inside of a value"),
    ];
    for (what, bytes, why) in refused {
        assert_eq!(read::<Older>(bytes).unwrap_err().to_string(), *why, "{what}");
    }
    let lists: &[(&str, &[u8], &str)] = &[
        ("longer than the bytes", &[0xdd, 0xff, 0xff, 0xff, 0xff, 1], "the bytes end inside of a value"),
        ("a text that is none", &[0x91, 0xa1, 0xff], "invalid utf-8 sequence of 1 bytes from index 0"),
    ];
    for (what, bytes, why) in lists {
        let error = read::<Vec<String>>(bytes).unwrap_err();
        let told = std::iter::successors(Some(&error as &dyn std::error::Error), |error| error.source())
            .map(ToString::to_string)
            .collect::<Vec<_>>();
        assert!(told.iter().any(|told| told == why), "{what}: {told:?}");
    }
    assert_eq!(read::<(u8, u8)>(&[0x93, 1, 2, 3]).unwrap_err().to_string(), "more than was asked for");
    assert_eq!(read::<Choice>(b"\xa5Value").unwrap_err().to_string(), "a variant without its content");
}

#[test]
fn depth_is_bounded_for_what_is_read_and_free_for_what_is_passed_over() {
    #[derive(Debug, Deserialize)]
    struct Nest(#[expect(dead_code, reason = "only its depth counts")] Vec<Self>);

    let nested = |depth: usize| {
        let mut bytes = vec![0x91; depth - 1];
        bytes.push(0x90);
        bytes
    };
    assert!(read::<Nest>(&nested(64)).is_ok());
    assert_eq!(read::<Nest>(&nested(65)).unwrap_err().to_string(), "values nest deeper than 64");
    assert!(read::<IgnoredAny>(&nested(1_000_000)).is_ok(), "no stack is used for it");
    assert!(read::<IgnoredAny>(&[0xc7, 2, 5, 0, 0]).is_ok(), "an extension of two bytes");
}
