//! What terminals and multiplexers keep of the keyboard for themselves, and which of their settings gives it back: by the
//! variables they set, as they are set up when nobody changed them.

/// What one of them keeps, as it is set up.
struct Habit {
    /// A variable it sets, and what that begins with.
    sign: (&'static str, &'static str),
    says: &'static str,
}

const fn habit(variable: &'static str, begins: &'static str, says: &'static str) -> Habit {
    Habit { sign: (variable, begins), says }
}

/// Multiplexers: what is pressed passes through them first.
const AROUND: &[Habit] = &[
    habit(
        "TMUX",
        "",
        "tmux keeps its prefix (Ctrl+B). Ctrl+Tab, Shift+Enter and the like pass with: set -s extended-keys on; and in the terminal around it: set -as terminal-features ',*:extkeys'. Esc is told apart sooner with: set -s escape-time 10",
    ),
    habit(
        "ZELLIJ",
        "",
        "zellij keeps Ctrl+P/T/N/H/S/O/Q and Alt+N/H/J/K/L and arrows; Ctrl+G locks it, and all pass",
    ),
    habit(
        "STY",
        "",
        "screen keeps Ctrl+A, and passes no key that has no old form: Ctrl+Tab and Shift+Enter do not arrive",
    ),
];

/// Terminals, each before those whose signs it has as well.
const TERMINALS: &[Habit] = &[
    habit(
        "KITTY_WINDOW_ID",
        "",
        "kitty keeps Ctrl+Tab and Ctrl+Shift+Tab for its tabs: map ctrl+tab no_op in kitty.conf gives them up",
    ),
    habit(
        "TERM_PROGRAM",
        "ghostty",
        "Ghostty keeps Ctrl+Tab for its tabs and, on Linux, Alt+1…9: keybind = alt+one=unbind, and so on; on macOS: macos-option-as-alt = true",
    ),
    habit(
        "TERM_PROGRAM",
        "WezTerm",
        "WezTerm keeps Ctrl+Tab and Ctrl+PageUp and PageDown for its tabs; enable_kitty_keyboard = true lets it tell all keys apart",
    ),
    habit(
        "TERM_PROGRAM",
        "iTerm.app",
        "iTerm2 keeps Ctrl+Tab; Alt needs Profiles > Keys > Left Option key: Esc+",
    ),
    habit(
        "TERM_PROGRAM",
        "Apple_Terminal",
        "Terminal keeps Ctrl+Tab; Alt needs Settings > Profiles > Keyboard > Use Option as Meta key",
    ),
    habit(
        "TERM_PROGRAM",
        "vscode",
        "VS Code keeps Ctrl+Tab, Ctrl+PageUp and PageDown and, by system, Alt+1…9, Ctrl+N, Ctrl+W and Ctrl+R: terminal.integrated.commandsToSkipShell says which it gives up",
    ),
    habit(
        "TERMINAL_EMULATOR",
        "JetBrains",
        "JetBrains IDEs keep Ctrl+Tab, Alt+1…9 and Esc: Settings > Tools > Terminal > Override IDE shortcuts gives most of them up",
    ),
    habit(
        "WT_SESSION",
        "",
        "Windows Terminal keeps Ctrl+Tab, Alt+Enter and Alt with arrows: settings.json, actions, \"command\": \"unbound\"",
    ),
    habit(
        "KONSOLE_VERSION",
        "",
        "Konsole may keep Alt+1…9 for its tabs, and sends Ctrl+Tab as Tab: Settings > Configure Keyboard Shortcuts",
    ),
    habit(
        "VTE_VERSION",
        "",
        "This terminal (VTE) keeps Alt+1…9 and Ctrl+PageUp and PageDown for its tabs, and sends Ctrl+Tab as Tab: Preferences > Shortcuts",
    ),
    habit("TERM", "foot", "foot passes all keys"),
    habit("TERM", "alacritty", "Alacritty passes all keys"),
    habit("TERM", "linux", "The console has old forms only: Ctrl+Tab and Shift+Enter do not arrive"),
];

/// What is known of what stands around this process; always something, since the leader passes everywhere.
pub(super) fn here<'a>(variable: impl Fn(&str) -> Option<&'a str>) -> impl Iterator<Item = &'static str> {
    let is_here =
        |habit: &&Habit| variable(habit.sign.0).is_some_and(|value| value.starts_with(habit.sign.1));
    let around: Vec<&Habit> = AROUND.iter().filter(is_here).collect();
    let terminal = TERMINALS.iter().find(is_here);
    around.into_iter().chain(terminal).map(|habit| habit.says).chain([
        "Whatever is kept: the leader and one more key reaches everything, and so does a slash command.",
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_around_is_known_by_its_signs() {
        for (set, begins) in [
            (&[("TMUX", "/tmp/x"), ("TERM", "tmux-256color")][..], &["tmux"][..]),
            (&[("TMUX", "/tmp/x"), ("VTE_VERSION", "7600")], &["tmux", "This terminal"]),
            (&[("TERM_PROGRAM", "ghostty"), ("TERM", "xterm-ghostty")], &["Ghostty"]),
            (&[("TERM_PROGRAM", "vscode")], &["VS Code"]),
            (&[("TERM", "linux")], &["The console"]),
            (&[("TERM", "xterm")], &[]),
        ] {
            let variable = |name: &str| set.iter().find(|(known, _)| *known == name).map(|(_, value)| *value);
            let told: Vec<&str> = here(variable).collect();
            assert_eq!(told.len(), begins.len() + 1, "{told:?}");
            for (told, begins) in told.iter().zip(begins) {
                assert!(told.starts_with(begins), "{told}");
            }
        }
    }
}
