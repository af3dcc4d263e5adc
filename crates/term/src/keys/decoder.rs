//! What a terminal sends, as it comes, becomes what happened at it: keys in every encoding at all times, pastes, focus. What is
//! no key that `q` knows is passed over whole, so that nothing of it is typed.
//!
//! Not here: what a sequence says (`sequence`), reading and waiting (the client).

use std::mem;
use std::ops::Range;

use crate::event::TerminalEvent;
use crate::keys::sequence::{self, Step};

/// More of a paste than this is left out.
const PASTE: usize = 16 << 20;
const PASTE_BEGINS: &[u8] = b"\x1b[200~";
const PASTE_ENDS: &[u8] = b"\x1b[201~";

/// One thing that happened, and the bytes by which it was told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arrived {
    /// Nothing where the bytes are of no use to `q`.
    pub event: Option<TerminalEvent>,
    /// As they came; of a paste only what stands around it.
    pub bytes: Vec<u8>,
}

impl Arrived {
    fn pasted(pasted: &[u8], end: &[u8]) -> Self {
        let bytes = [PASTE_BEGINS, "…".as_bytes(), end].concat();
        Self { event: Some(TerminalEvent::Paste(String::from_utf8_lossy(pasted).into_owned())), bytes }
    }
}

/// Bytes that came and are not yet events.
#[derive(Debug, Default)]
pub struct Decoder {
    held: Vec<u8>,
    /// What was pasted so far, while its end has not come.
    paste: Option<Vec<u8>>,
    /// Whether nothing followed for long in a paste that has no end: a key by itself ends it.
    is_stalled: bool,
    /// Whether a string that answers somebody's question has begun, and its end has not come.
    is_answered: bool,
}

impl Decoder {
    /// Takes in what came, and gives what it tells as far as that is whole.
    pub fn take_in(&mut self, bytes: &[u8]) -> Vec<Arrived> {
        self.held.extend_from_slice(bytes);
        if mem::take(&mut self.is_stalled) && (is_one_key(&self.held) || self.held.starts_with(PASTE_BEGINS))
        {
            self.paste = None;
        }
        self.arrived(sequence::first)
    }

    /// Whether what is held is an escape that may be a key of its own, or begin another: time decides.
    pub fn may_be_key(&self) -> bool {
        self.paste.is_none() && !self.is_answered && sequence::alone(&self.held).is_some()
    }

    /// Whether something goes on whose end has not come: where nothing follows for long, it never will.
    pub const fn is_amid(&self) -> bool {
        self.is_answered || self.paste.is_some() && !self.is_stalled
    }

    /// Nothing followed in time: what is held was pressed as it is.
    pub fn settle(&mut self) -> Vec<Arrived> {
        self.is_answered = false;
        if let Some(pasted) = &mut self.paste {
            // What came of it is there; the rest may still come, and must not be typed: an Enter in it would send.
            self.is_stalled = true;
            let pasted = mem::take(pasted);
            return if pasted.is_empty() { Vec::new() } else { vec![Arrived::pasted(&pasted, &[])] };
        }
        self.arrived(|bytes| sequence::alone(bytes).unwrap_or_else(|| sequence::first(bytes)))
    }

    /// What follows is told to somebody else: what was pasted so far is all of it, and a sequence that has begun is none.
    pub fn cut_off(&mut self) -> Option<TerminalEvent> {
        self.held.clear();
        self.paste.take().map(|pasted| TerminalEvent::Paste(String::from_utf8_lossy(&pasted).into_owned()))
    }

    fn arrived(&mut self, read: impl Fn(&[u8]) -> Step) -> Vec<Arrived> {
        let held = mem::take(&mut self.held);
        let mut arrived = Vec::new();
        let mut at = 0;
        while let Some(rest) = held.get(at..).filter(|rest| !rest.is_empty()) {
            if let Some(pasted) = &mut self.paste {
                let Range { start, end } = pasted_in(rest);
                let room = PASTE.saturating_sub(pasted.len()).min(start);
                pasted.extend_from_slice(rest.get(..room).unwrap_or_default());
                at += end;
                if end == start {
                    break; // its end has not come
                }
                arrived.push(Arrived::pasted(&mem::take(pasted), PASTE_ENDS));
                self.paste = None;
                continue;
            }
            if self.is_answered {
                let (count, is_over) = sequence::answer_in(rest);
                self.is_answered = !is_over;
                if count > 0 {
                    let bytes = rest.get(..count).unwrap_or_default().to_vec();
                    arrived.push(Arrived { event: None, bytes });
                    at += count;
                } else if !is_over {
                    break; // it may be the beginning of its end
                }
                continue;
            }
            if rest.starts_with(PASTE_BEGINS) {
                self.paste = Some(Vec::new());
                at += PASTE_BEGINS.len();
                continue;
            }
            match read(rest) {
                Step::More => break,
                Step::Answer(count) => {
                    self.is_answered = true;
                    arrived
                        .push(Arrived { event: None, bytes: rest.get(..count).unwrap_or_default().to_vec() });
                    at += count;
                }
                Step::Came(event, count) => {
                    let count = count.clamp(1, rest.len());
                    let bytes = rest.get(..count).unwrap_or_default().to_vec();
                    arrived.push(Arrived { event, bytes });
                    at += count;
                }
            }
        }
        self.held = held.get(at..).unwrap_or_default().to_vec();
        arrived
    }
}

/// Whether bytes are what one key sends, or one end of a paste, and nothing more.
fn is_one_key(bytes: &[u8]) -> bool {
    matches!(sequence::first(bytes), Step::Came(_, count) if count == bytes.len())
        || sequence::alone(bytes).is_some()
}

/// Where the text of a paste ends in these bytes, and where what ends it does: the same place while it goes on.
fn pasted_in(bytes: &[u8]) -> Range<usize> {
    let ends = bytes.windows(PASTE_ENDS.len()).position(|window| window == PASTE_ENDS);
    if let Some(start) = ends {
        return start..start + PASTE_ENDS.len();
    }
    // What may be the beginning of its end waits for the rest.
    let begun = (1..PASTE_ENDS.len())
        .rev()
        .find(|&count| PASTE_ENDS.get(..count).is_some_and(|begun| bytes.ends_with(begun)));
    let start = bytes.len() - begun.unwrap_or(0);
    start..start
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn all(decoder: &mut Decoder, bytes: &[u8]) -> Vec<TerminalEvent> {
        decoder.take_in(bytes).into_iter().filter_map(|arrived| arrived.event).collect()
    }

    fn shown(events: &[TerminalEvent]) -> Vec<String> {
        let shown = |event: &TerminalEvent| match event {
            TerminalEvent::Key(chord) => chord.to_string(),
            TerminalEvent::Paste(text) => format!("pasted {text}"),
            TerminalEvent::Focus(true) => "in front".to_owned(),
            TerminalEvent::Focus(false) => "behind".to_owned(),
            TerminalEvent::Resize(..) | TerminalEvent::Mouse(_) => "other".to_owned(),
        };
        events.iter().map(shown).collect()
    }

    #[test]
    fn what_comes_in_pieces_is_read_as_if_it_came_at_once() {
        let bytes = "a\x1b[1;5Cé\x1b[200~x\x1b[Ay\x1b[201~\x1b[27;5;9~\x1bл\x1b[119;5u\x1b[I".as_bytes();
        let whole = all(&mut Decoder::default(), bytes);
        assert_eq!(
            shown(&whole),
            ["a", "Ctrl+Right", "é", "pasted x\u{1b}[Ay", "Ctrl+Tab", "Alt+K", "Ctrl+W", "in front"]
        );
        for cut in 1..bytes.len() {
            let mut decoder = Decoder::default();
            let mut pieces = all(&mut decoder, &bytes[..cut]);
            pieces.extend(all(&mut decoder, &bytes[cut..]));
            assert_eq!(pieces, whole, "cut at {cut}");
        }
    }

    #[test]
    fn an_escape_is_a_key_once_nothing_followed() {
        for (first, alone, then, with) in [
            ("\x1b", &["Esc"][..], "1", &["Alt+1"][..]),
            ("\x1b\x1b", &["Esc", "Esc"], "[A", &["Alt+Up"]),
            ("\x1b[", &["Alt+["], "B", &["Down"]),
            ("\x1bO", &["Alt+Shift+O"], "P", &["F1"]),
            ("\x1b]", &["Alt+]"], "\x1b]\r", &["Alt+]", "Alt+]", "Enter"]),
            ("\x1bP", &["Alt+Shift+P"], "\x1b[A", &["Alt+Shift+P", "Up"]),
        ] {
            let mut decoder = Decoder::default();
            assert!(all(&mut decoder, first.as_bytes()).is_empty() && decoder.may_be_key(), "{first:?}");
            let settled: Vec<TerminalEvent> =
                decoder.settle().into_iter().filter_map(|arrived| arrived.event).collect();
            assert_eq!(shown(&settled), alone);
            assert!(!decoder.may_be_key());
            let mut decoder = Decoder::default();
            assert!(all(&mut decoder, first.as_bytes()).is_empty());
            assert_eq!(shown(&all(&mut decoder, then.as_bytes())), with);
        }
        let mut decoder = Decoder::default();
        assert!(all(&mut decoder, b"\x1b[1;").is_empty());
        assert!(!decoder.may_be_key(), "the rest of a sequence is waited for: nothing of it may be typed");
    }

    #[test]
    fn what_is_no_key_types_nothing() {
        for bytes in [
            "\x1b[?1;2c",
            "\x1b[>0;276;0c",
            "\x1b[24;80R",
            "\x1b[?62u",
            "\x1b[?2026;2$y",
            "\x1b[8;24;80t",
            "\x1b[119;5:3u",
            "\x1b[57441;2u",
            "\x1b[97;9u",
            "\x1b[1;9A",
            "\x1b[99999999999999999999;5u",
            "\x1b[201~",
            "\x1b[<0;10;10M",
            "\x1b[<0;10;10m",
            "\x1b[M !!",
            "\x1b[;;;u",
            "\x1b[1114112;5u",
            "\x1b[55296u",
            "\x1b]11;rgb:1e1e/1e1e/1e1e\x07",
            "\x1b]52;c;ZWNobyBo\r\x1b\\",
            "\x1bP>|xterm(390)\x1b\\",
            "\x1bP1+r544e=787465726d\x1b\\",
            "\x1b_Gi=31;OK é\x1b\\",
            "\x1b^private\x1b\\",
            "\x1bXany\x1b\\",
            "\x1b]\x1b\\",
        ] {
            let whole = Decoder::default().take_in(bytes.as_bytes());
            for cut in 1..bytes.len() {
                let mut decoder = Decoder::default();
                let mut pieces = all(&mut decoder, &bytes.as_bytes()[..cut]);
                pieces.extend(all(&mut decoder, &bytes.as_bytes()[cut..]));
                let told = whole.iter().filter_map(|arrived| arrived.event.clone());
                assert_eq!(pieces, told.collect::<Vec<_>>(), "{bytes:?} cut at {cut}");
            }
            let arrived = Decoder::default().take_in(bytes.as_bytes());
            let typed = arrived.iter().filter(|arrived| matches!(arrived.event, Some(TerminalEvent::Key(_))));
            assert_eq!(typed.count(), 0, "{bytes:?}: {arrived:?}");
            assert_eq!(
                arrived.iter().map(|arrived| arrived.bytes.len()).sum::<usize>(),
                bytes.len(),
                "{bytes:?}"
            );
        }
    }

    #[test]
    fn an_answer_without_an_end_is_over_by_another_escape_or_in_time() {
        let mut decoder = Decoder::default();
        assert!(all(&mut decoder, b"\x1b]52;c;").is_empty());
        for _ in 0..64 {
            assert!(all(&mut decoder, &[b'x'; 4096]).is_empty() && decoder.held.is_empty());
        }
        assert_eq!(shown(&all(&mut decoder, b"\x1b[Ay")), ["Up", "y"]);
        assert!(all(&mut decoder, b"\x1bP1$rm").is_empty());
        assert!(decoder.is_amid() && !decoder.may_be_key());
        decoder.settle();
        assert!(!decoder.is_amid());
        assert_eq!(shown(&all(&mut decoder, b"\x03")), ["Ctrl+C"]);
    }

    #[test]
    fn a_paste_whose_end_never_comes_is_one_of_what_came() {
        for (then, told) in [
            ("\x03", &["Ctrl+C"][..]),
            ("a", &["a"]),
            ("\x1b[A", &["Up"]),
            ("\x1b[201~", &[]),
            ("\x1b[200~new\x1b[201~", &["pasted new"]),
            // The rest of it, late: an Enter in it sends nothing.
            ("late\r\x1b[201~b", &["pasted late\r", "b"]),
        ] {
            let mut decoder = Decoder::default();
            assert!(all(&mut decoder, b"\x1b[200~some\rtext").is_empty());
            assert!(decoder.is_amid() && !decoder.may_be_key());
            let settled: Vec<TerminalEvent> =
                decoder.settle().into_iter().filter_map(|arrived| arrived.event).collect();
            assert_eq!(shown(&settled), ["pasted some\rtext"]);
            assert!(!decoder.is_amid(), "it waits for nothing more");
            assert_eq!(shown(&all(&mut decoder, then.as_bytes())), told, "{then:?}");
            assert!(decoder.paste.is_none());
        }
        let mut decoder = Decoder::default();
        all(&mut decoder, b"\x1b[200~some\x1b[20");
        assert_eq!(decoder.settle().len(), 1);
        assert!(all(&mut decoder, b"1~").is_empty());
        assert_eq!(shown(&all(&mut decoder, b"\x1b[A")), ["Up"]);
        all(&mut decoder, b"\x1b[200~some");
        assert_eq!(decoder.settle().len(), 1);
        assert!(all(&mut decoder, b"late\r").is_empty() && decoder.is_amid());
        assert_eq!(decoder.settle().len(), 1);
        assert_eq!(shown(&all(&mut decoder, b"\x03")), ["Ctrl+C"]);
    }

    #[test]
    fn what_is_held_and_pasted_is_bounded() {
        let mut decoder = Decoder::default();
        for _ in 0..64 {
            decoder.take_in(&[b'1'; 4096]);
        }
        decoder.take_in(b"\x1b[");
        for _ in 0..64 {
            decoder.take_in(&[b'1'; 4096]);
            assert!(decoder.held.len() <= 4096 + sequence::LONGEST);
        }
        let mut decoder = Decoder::default();
        decoder.take_in(PASTE_BEGINS);
        for _ in 0..(PASTE / (1 << 20) + 3) {
            decoder.take_in(&vec![b'x'; 1 << 20]);
        }
        let arrived = decoder.take_in(b"end\x1b[201~");
        let [Arrived { event: Some(TerminalEvent::Paste(text)), .. }] = arrived.as_slice() else {
            panic!("{arrived:?}")
        };
        assert_eq!(text.len(), PASTE);
    }

    proptest! {
        /// Whatever comes, and however it is cut: every byte is told of once, in its order, and nothing is left but a beginning.
        #[test]
        fn no_byte_is_lost_or_told_twice(bytes in prop::collection::vec(prop_oneof![Just(0x1b_u8), Just(b'['), Just(b']'), Just(b'\\'), any::<u8>()], 0..200), cut in 0_usize..200) {
            let cut = cut.min(bytes.len());
            let mut decoder = Decoder::default();
            let mut arrived = decoder.take_in(&bytes[..cut]);
            arrived.extend(decoder.take_in(&bytes[cut..]));
            let told: Vec<u8> = arrived.iter().flat_map(|arrived| arrived.bytes.clone()).collect();
            prop_assume!(!bytes.windows(6).any(|window| window == PASTE_BEGINS));
            prop_assert_eq!([told, decoder.held.clone()].concat(), bytes);
            prop_assert!(decoder.held.len() <= sequence::LONGEST);
        }
    }
}
