//! What came with lines for the shell.

use q_core::{Body, PromptNo, Prompted, Record, Seq, Token, TurnNo, WallTime};

/// Records that came with them.
pub(super) fn shell_line_records() -> Vec<(&'static str, Record)> {
    let (prompt, text, images) = (PromptNo(2), String::from("!ls -l"), Vec::new());
    let line = Prompted { runs: true, ..text.clone().into() };
    vec![
        (
            "queued for the shell",
            Record::Queued {
                prompt,
                token: Token(7),
                text: text.clone(),
                images: images.clone(),
                runs: true,
            },
        ),
        ("edited for the shell", Record::Edited { prompt, text, images, runs: true }),
        ("began in the shell", Record::Began { turn: TurnNo(3), prompt, queued: Seq(4), runs: true }),
        (
            "imported: line for the shell",
            Record::Imported { at: WallTime(1_600_000_000_000), body: Body::Prompt(line) },
        ),
    ]
}
