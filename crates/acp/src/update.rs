//! What an agent says while it works, read: a kind that nobody knows says nothing.

use q_core::{PlanStep, StepState, Usage};
use q_json::{elements, members, text};
use serde_json::value::RawValue;

/// The longest id of a call, in bytes.
const ID_BYTES: usize = 256;
/// The most steps of a plan, files of a call and pieces of its content that are looked at.
const MOST: usize = 64;

/// One thing that it says.
#[derive(Debug)]
pub(crate) enum SessionUpdate {
    Text(String),
    Thought(String),
    Call(Box<CallNews>),
    Plan(Vec<PlanStep>),
    Title(String),
    Usage(Usage),
    /// It is in another mode.
    Mode(String),
    /// Its options changed, its mode among them.
    Options(Box<RawValue>),
    Nothing,
}

/// What is new of a call that it carries out.
#[derive(Debug, Default)]
pub(crate) struct CallNews {
    pub(crate) id: String,
    /// Whether it is told as a call that begins.
    pub(crate) is_new: bool,
    pub(crate) title: Option<String>,
    pub(crate) kind: Option<String>,
    pub(crate) status: Option<CallStatus>,
    /// What its tool is given, as JSON.
    pub(crate) input: Option<String>,
    /// What it put out, in the place of what there was.
    pub(crate) text: Option<String>,
    /// What it changes in files, as the protocol has it: path, old text, new text.
    pub(crate) changes: Vec<FileDiff>,
    pub(crate) paths: Vec<String>,
    /// Whether it names more than is looked at, so that nobody can be shown what it would do.
    pub(crate) is_too_much: bool,
}

/// What a call makes of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FileDiff {
    pub(crate) path: String,
    /// What it says stands there now; nothing where it says that there is no file.
    pub(crate) old_text: String,
    pub(crate) new_text: String,
    /// All of it as it came.
    pub(crate) raw: String,
}

/// How far a call is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CallStatus {
    Pending,
    Runs,
    Done,
    Failed,
}

impl SessionUpdate {
    /// Whether it comes of a prompt alone: what else agents say, they say as soon as a session is open.
    pub(crate) const fn is_work(&self) -> bool {
        match self {
            Self::Text(_) | Self::Thought(_) | Self::Call(_) | Self::Plan(_) => true,
            Self::Title(_) | Self::Usage(_) | Self::Mode(_) | Self::Options(_) | Self::Nothing => false,
        }
    }

    /// What the parameters of a notice say, if it is about that session.
    pub(crate) fn of(params: &RawValue, session: &str) -> Self {
        let [of, update] = members(params, ["sessionId", "update"]);
        let Some(update) = update.filter(|_| of.and_then(text).as_deref() == Some(session)) else {
            return Self::Nothing;
        };
        let [kind, content] = members(update, ["sessionUpdate", "content"]);
        let kind = kind.and_then(text).unwrap_or_default();
        let said = || content.map(block).unwrap_or_default();
        match kind.as_str() {
            "agent_message_chunk" => Self::Text(said()),
            "agent_thought_chunk" => Self::Thought(said()),
            "tool_call" | "tool_call_update" => match CallNews::of(update) {
                Some(news) => Self::Call(Box::new(CallNews { is_new: kind == "tool_call", ..news })),
                None => Self::Nothing,
            },
            "plan" => Self::Plan(plan(update)),
            "session_info_update" => {
                let [title] = members(update, ["title"]);
                title.and_then(text).map_or(Self::Nothing, Self::Title)
            }
            "usage_update" => {
                let [used] = members(update, ["used"]);
                let used = used.and_then(number).map(|input| Usage { input, ..Usage::default() });
                used.map_or(Self::Nothing, Self::Usage)
            }
            "current_mode_update" => {
                let [mode] = members(update, ["currentModeId"]);
                mode.and_then(text).map_or(Self::Nothing, Self::Mode)
            }
            "config_option_update" => Self::Options(update.to_owned()),
            _unknown => Self::Nothing,
        }
    }
}

impl CallNews {
    /// What these members say of a call; nothing where it has no name.
    pub(crate) fn of(call: &RawValue) -> Option<Self> {
        let [id, title, kind, status, input, output, content, locations] = members(
            call,
            ["toolCallId", "title", "kind", "status", "rawInput", "rawOutput", "content", "locations"],
        );
        let id = id.and_then(text).filter(|id| id.len() <= ID_BYTES)?;
        let mut news = Self {
            id,
            title: title.and_then(text),
            kind: kind.and_then(text),
            status: status.and_then(text).and_then(|word| CallStatus::of(&word)),
            input: input.filter(|input| !q_json::is_nothing(input)).map(|input| input.get().to_owned()),
            ..Self::default()
        };
        let (content, locations) = (content.map(elements), locations.map(elements));
        let (content, locations) = (content.unwrap_or_default(), locations.unwrap_or_default());
        news.is_too_much = content.len().max(locations.len()) > MOST;
        let mut pieces = Vec::new();
        for piece in content.into_iter().take(MOST) {
            let [inner, path, old_text, new_text] = members(piece, ["content", "path", "oldText", "newText"]);
            if let (Some(path), Some(new_text)) = (path.and_then(text), new_text.and_then(text)) {
                let old_text = old_text.and_then(text).unwrap_or_default();
                news.changes.push(FileDiff { path, old_text, new_text, raw: piece.get().to_owned() });
            } else if let Some(inner) = inner {
                pieces.push(block(inner));
            }
        }
        if !pieces.is_empty() {
            news.text = Some(pieces.join("\n"));
        } else if let Some(output) = output.filter(|output| !q_json::is_nothing(output)) {
            news.text = Some(text(output).unwrap_or_else(|| said_in(output)));
        }
        for place in locations.into_iter().take(MOST) {
            let [path] = members(place, ["path"]);
            news.paths.extend(path.and_then(text));
        }
        Some(news)
    }
}

impl CallStatus {
    fn of(word: &str) -> Option<Self> {
        match word {
            "pending" => Some(Self::Pending),
            "in_progress" => Some(Self::Runs),
            "completed" => Some(Self::Done),
            "failed" => Some(Self::Failed),
            _unknown => None,
        }
    }
}

/// The text of an output that is an object: what agents mostly call it, or all of it.
fn said_in(output: &RawValue) -> String {
    let known = members(output, ["output", "formatted_output", "stdout", "content"]);
    let said = known.into_iter().flatten().find_map(text);
    said.unwrap_or_else(|| output.get().to_owned())
}

/// The text of a block; of what is none the address, or what it is.
fn block(content: &RawValue) -> String {
    let [kind, said, uri, resource] = members(content, ["type", "text", "uri", "resource"]);
    if let Some(said) = said.and_then(text) {
        return said;
    }
    let [inside] = resource.map_or([None], |resource| members(resource, ["text"]));
    let named = inside.and_then(text).or_else(|| uri.and_then(text));
    named.or_else(|| kind.and_then(text).map(|kind| format!("[{kind}]"))).unwrap_or_default()
}

fn plan(update: &RawValue) -> Vec<PlanStep> {
    let [entries] = members(update, ["entries"]);
    let steps = entries.map(elements).unwrap_or_default().into_iter().take(MOST).filter_map(|entry| {
        let [content, status] = members(entry, ["content", "status"]);
        let state = match status.and_then(text).as_deref() {
            Some("completed") => StepState::Done,
            Some("in_progress") => StepState::Active,
            Some(_) | None => StepState::Open,
        };
        Some(PlanStep { text: content.and_then(text)?, state })
    });
    steps.collect()
}

pub(crate) fn number(value: &RawValue) -> Option<u64> {
    value.get().parse().ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]
    use super::*;

    #[test]
    fn what_nobody_knows_says_nothing() {
        for (update, said) in [
            (
                r#"{"sessionUpdate":"agent_message_chunk","content":{"type":"text","text":"a"}}"#,
                r#"Text("a")"#,
            ),
            (
                r#"{"sessionUpdate":"agent_message_chunk","content":{"type":"image","data":"x"}}"#,
                r#"Text("[image]")"#,
            ),
            (r#"{"sessionUpdate":"agent_message_chunk"}"#, r#"Text("")"#),
            (
                r#"{"sessionUpdate":"agent_thought_chunk","content":{"type":"text","text":"a"}}"#,
                r#"Thought("a")"#,
            ),
            (r#"{"sessionUpdate":"session_info_update","title":"t"}"#, r#"Title("t")"#),
            (
                r#"{"sessionUpdate":"plan","entries":[{"content":"a","status":"completed"},{}]}"#,
                r#"Plan([PlanStep { text: "a", state: Done }])"#,
            ),
            (r#"{"sessionUpdate":"tool_call","title":"no id"}"#, "Nothing"),
            (r#"{"sessionUpdate":"usage_update","used":"much"}"#, "Nothing"),
            (r#"{"sessionUpdate":"tomorrow","content":[]}"#, "Nothing"),
            ("7", "Nothing"),
        ] {
            let params = format!("{{\"sessionId\":\"s\",\"update\":{update}}}");
            let params: &RawValue = serde_json::from_str(&params).unwrap();
            assert_eq!(format!("{:?}", SessionUpdate::of(params, "s")), said, "{update}");
            assert!(matches!(SessionUpdate::of(params, "another"), SessionUpdate::Nothing));
        }
    }

    #[test]
    fn a_call_is_read_with_all_that_it_puts_out() {
        let call = r#"{"toolCallId":"c","title":"Edit a","kind":"edit","status":"in_progress","rawInput":{"b":1},
            "content":[{"type":"content","content":{"type":"text","text":"one"}},{"type":"diff","path":"/a","oldText":null,"newText":"n"}],
            "locations":[{"path":"/a","line":1}],"rawOutput":"not this"}"#;
        let news = CallNews::of(serde_json::from_str(call).unwrap()).unwrap();
        assert_eq!((news.title.as_deref(), news.status), (Some("Edit a"), Some(CallStatus::Runs)));
        assert_eq!((news.input.as_deref(), news.text.as_deref()), (Some(r#"{"b":1}"#), Some("one")));
        assert_eq!((news.paths.len(), news.changes[0].new_text.as_str()), (1, "n"));
    }
}
