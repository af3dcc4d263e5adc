//! What came with lines for the shell.

use q_core::{
    Body, CallNo, Digest, EntryNo, Head, InFlight, OpenCall, PromptNo, Prompted, Record, Seq, Token, TurnNo,
    WallTime, Wants,
};

use super::seat_head;

/// As [`seat_head`], while a line runs.
pub(super) fn shell_line_head() -> Head {
    let line = OpenCall {
        no: CallNo(1),
        entry: EntryNo(31),
        tool: "shell".into(),
        digest: Digest([0; 32]),
        wants: Wants::Nothing,
        waits: false,
    };
    let turn = InFlight {
        runs: true,
        entries: 1,
        last_call: CallNo(1),
        calls: vec![line],
        ..InFlight::new(TurnNo(4))
    };
    Head { turn: Some(turn), ..seat_head() }
}

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
