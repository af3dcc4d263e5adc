//! The mouse as terminals write it: a button, a column and a row, with another end where the button is released.

use crossterm::event::{KeyModifiers, MouseButton, MouseEvent, MouseEventKind};

use crate::event::TerminalEvent;

/// What is added to a button's number for what is held, and while it moves.
const HELD: [(u16, KeyModifiers); 3] =
    [(4, KeyModifiers::SHIFT), (8, KeyModifiers::ALT), (16, KeyModifiers::CONTROL)];
const MOVES: u16 = 32;

/// What `CSI <` and these parameters tell; nothing for buttons beyond three and a wheel, and for what has no place.
pub(super) fn event(parameters: &[u8], ends: u8) -> Option<TerminalEvent> {
    let text = str::from_utf8(parameters.strip_prefix(b"<")?).ok()?;
    let numbers = text.split(';').map(|number| number.parse().ok()).collect::<Option<Vec<u16>>>()?;
    let [number, column, row] = numbers[..] else { return None };
    let modifiers = HELD.into_iter().filter(|(bit, _)| number & bit != 0).map(|(_, held)| held).collect();
    let which = number & !(MOVES | HELD.iter().map(|(bit, _)| bit).sum::<u16>());
    let button = match which {
        0 => Some(MouseButton::Left),
        1 => Some(MouseButton::Middle),
        2 => Some(MouseButton::Right),
        _ => None,
    };
    let kind = match (button, number & MOVES != 0, ends, which) {
        (Some(button), _, b'm', _) => MouseEventKind::Up(button),
        (Some(button), true, b'M', _) => MouseEventKind::Drag(button),
        (Some(button), false, b'M', _) => MouseEventKind::Down(button),
        (None, true, b'M', 3) => MouseEventKind::Moved,
        (None, false, b'M', 64) => MouseEventKind::ScrollUp,
        (None, false, b'M', 65) => MouseEventKind::ScrollDown,
        (None, false, b'M', 66) => MouseEventKind::ScrollLeft,
        (None, false, b'M', 67) => MouseEventKind::ScrollRight,
        _ => return None,
    };
    let (column, row) = (column.checked_sub(1)?, row.checked_sub(1)?);
    Some(TerminalEvent::Mouse(MouseEvent { kind, column, row, modifiers }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_pointed_at_is_told_with_its_place() {
        for (parameters, ends, told) in [
            ("<0;10;5", b'M', Some((MouseEventKind::Down(MouseButton::Left), 9, 4, KeyModifiers::NONE))),
            ("<32;10;5", b'M', Some((MouseEventKind::Drag(MouseButton::Left), 9, 4, KeyModifiers::NONE))),
            ("<0;1;1", b'm', Some((MouseEventKind::Up(MouseButton::Left), 0, 0, KeyModifiers::NONE))),
            ("<18;1;1", b'M', Some((MouseEventKind::Down(MouseButton::Right), 0, 0, KeyModifiers::CONTROL))),
            ("<64;300;200", b'M', Some((MouseEventKind::ScrollUp, 299, 199, KeyModifiers::NONE))),
            ("<69;1;1", b'M', Some((MouseEventKind::ScrollDown, 0, 0, KeyModifiers::SHIFT))),
            ("<35;1;1", b'M', Some((MouseEventKind::Moved, 0, 0, KeyModifiers::NONE))),
            ("<0;0;1", b'M', None),
            ("<128;1;1", b'M', None),
            ("<0;1", b'M', None),
            ("<0;1;1;1", b'M', None),
            ("<0;70000;1", b'M', None),
            ("<;;", b'M', None),
        ] {
            let told = told.map(|(kind, column, row, modifiers)| {
                TerminalEvent::Mouse(MouseEvent { kind, column, row, modifiers })
            });
            assert_eq!(event(parameters.as_bytes(), ends), told, "{parameters}");
        }
    }
}
