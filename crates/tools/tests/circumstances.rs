//! What a check says besides whether a call could be carried out: what it takes the place of, and that nothing is there.
#![allow(clippy::unwrap_used, reason = "tests may panic")]

use std::fs;
use std::sync::Arc;

use q_core::Circumstance;
use q_tools::{ToolSettings, Toolbox};
use serde_json::json;

#[tokio::test]
async fn a_check_says_what_stands_around_a_call() {
    let all = tempfile::tempdir().unwrap();
    let directory = all.path().canonicalize().unwrap();
    fs::write(directory.join("a"), "one\ntwo\n").unwrap();
    let toolbox = Arc::new(Toolbox::new(directory, &ToolSettings::default()));
    let over = json!({ "path": "a", "content": "one\nthree\n" });
    toolbox.take_as_known(&over.to_string()).await.unwrap();
    let replaces = Circumstance::replaces(2, "@@ line 1\n one\n-two\n+three\n".into());
    for (tool, input, expected) in [
        ("write", over, Some(replaces)),
        ("write", json!({ "path": "b", "content": "x" }), Some(Circumstance::New)),
        ("run", json!({ "argv": ["true"] }), Some(Circumstance::Plain)),
        ("read", json!({ "path": "a" }), Some(Circumstance::Plain)),
        // Nobody is asked about what is not there.
        ("read", json!({ "path": ".env" }), None),
        ("read", json!({ "path": "sub/.env" }), None),
    ] {
        let checked = toolbox.check(tool, &input.to_string()).await;
        assert_eq!(checked.ok().map(|checked| checked.circumstance), expected, "{tool} {input}");
    }
}
