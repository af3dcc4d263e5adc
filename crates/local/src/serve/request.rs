//! What is asked for in a request of chat completions, as far as it is understood here.

use serde::Deserialize;
use serde_json::Value;

use crate::markup::Speaker;
use crate::sampling::Sampling;

/// Tokens of an answer where nobody says how many.
const USUAL_ANSWER: usize = 1024;
/// The most messages of one conversation.
const MAX_MESSAGES: usize = 4096;
/// How freely words are chosen where nobody says so: small models hold to what they are asked only so.
const USUAL_TEMPERATURE: f32 = 0.3;
const USUAL_TOP_P: f32 = 0.9;

/// A request, before it is written for the model.
#[derive(Debug, PartialEq)]
pub(super) struct Wish {
    /// The model that is asked for; empty for whichever there is.
    pub(super) model: String,
    pub(super) said: Vec<(Speaker, String)>,
    pub(super) most: usize,
    pub(super) sampling: Sampling,
    /// Whether it is told piece by piece.
    pub(super) is_streamed: bool,
    /// Whether what it took is told behind the pieces.
    pub(super) is_counted: bool,
}

#[derive(Deserialize)]
struct Written {
    #[serde(default)]
    model: String,
    messages: Vec<Message>,
    #[serde(default)]
    stream: bool,
    #[serde(default)]
    stream_options: Option<StreamOptions>,
    max_tokens: Option<u64>,
    max_completion_tokens: Option<u64>,
    temperature: Option<f32>,
    top_p: Option<f32>,
    seed: Option<i64>,
    n: Option<u64>,
    stop: Option<Value>,
}

#[derive(Deserialize)]
struct StreamOptions {
    #[serde(default)]
    include_usage: bool,
}

#[derive(Deserialize)]
struct Message {
    role: String,
    #[serde(default)]
    content: Option<Content>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Content {
    Text(String),
    Parts(Vec<Part>),
}

#[derive(Deserialize)]
struct Part {
    #[serde(default)]
    text: Option<String>,
}

impl Wish {
    /// Reads the body of a request; `seed` is taken where it names none. What cannot be done is said, and not passed over where
    /// the answer would be another one.
    pub(super) fn of(body: &[u8], seed: u64) -> Result<Self, String> {
        let written: Written =
            serde_json::from_slice(body).map_err(|error| format!("the request cannot be read: {error}"))?;
        if written.messages.is_empty() || written.messages.len() > MAX_MESSAGES {
            return Err(format!("a conversation has 1 to {MAX_MESSAGES} messages"));
        }
        if written.n.is_some_and(|count| count != 1) {
            return Err("n: one answer is given at a time".to_owned());
        }
        if written.stop.is_some_and(|stop| !stop.is_null() && stop != Value::Array(Vec::new())) {
            return Err("stop: this server ends where the model does".to_owned());
        }
        let said = written.messages.into_iter().map(Message::said).collect::<Result<_, _>>()?;
        let most = written.max_completion_tokens.or(written.max_tokens);
        let most = most.map_or(USUAL_ANSWER, |most| usize::try_from(most).unwrap_or(usize::MAX)).max(1);
        let within = |value: Option<f32>, usual: f32, most: f32| {
            value.filter(|value| value.is_finite()).map_or(usual, |value| value.clamp(0.0, most))
        };
        let sampling = Sampling {
            temperature: within(written.temperature, USUAL_TEMPERATURE, 2.0),
            top_p: within(written.top_p, USUAL_TOP_P, 1.0),
            seed: written.seed.map_or(seed, i64::cast_unsigned),
        };
        Ok(Self {
            model: written.model,
            said,
            most,
            sampling,
            is_streamed: written.stream,
            is_counted: written.stream_options.is_some_and(|options| options.include_usage),
        })
    }
}

impl Message {
    fn said(self) -> Result<(Speaker, String), String> {
        let speaker = match self.role.as_str() {
            "system" | "developer" => Speaker::System,
            "assistant" => Speaker::Assistant,
            "user" | "tool" | "function" => Speaker::User,
            other => return Err(format!("role: `{other:.40}` is nobody")),
        };
        let text = match self.content {
            None => String::new(),
            Some(Content::Text(text)) => text,
            Some(Content::Parts(parts)) => parts
                .into_iter()
                .map(|part| part.text.ok_or("content: this model reads text and nothing else"))
                .collect::<Result<Vec<_>, _>>()?
                .join("\n"),
        };
        Ok((speaker, text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &str) -> Result<Wish, String> {
        Wish::of(body.as_bytes(), 9)
    }

    #[test]
    fn a_request_is_read_with_what_it_leaves_out() -> Result<(), String> {
        let wish = read(
            r#"{"messages":[{"role":"system","content":"be kind"},{"role":"user","content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]},{"role":"assistant","content":null}],"tools":[],"unknown":{}}"#,
        )?;
        let said = [(Speaker::System, "be kind"), (Speaker::User, "a\nb"), (Speaker::Assistant, "")];
        assert_eq!(wish.said, said.map(|(speaker, text)| (speaker, text.to_owned())));
        assert_eq!(
            (wish.most, wish.sampling.seed, wish.is_streamed, wish.is_counted),
            (USUAL_ANSWER, 9, false, false)
        );
        let wish = read(
            r#"{"model":"m","stream":true,"stream_options":{"include_usage":true},"max_tokens":7,"temperature":9,"top_p":0.5,"seed":-1,"messages":[{"role":"user","content":"x"}]}"#,
        )?;
        let sampling = Sampling { temperature: 2.0, top_p: 0.5, seed: u64::MAX };
        assert_eq!((wish.model.as_str(), wish.most, wish.sampling), ("m", 7, sampling));
        assert!(wish.is_streamed && wish.is_counted);
        Ok(())
    }

    #[test]
    fn what_would_be_answered_otherwise_is_refused() {
        let message = r#""messages":[{"role":"user","content":"x"}]"#;
        for (body, why) in [
            ("{".to_owned(), "cannot be read"),
            ("{}".to_owned(), "messages"),
            (r#"{"messages":[]}"#.to_owned(), "1 to 4096"),
            (format!(r#"{{"n":2,{message}}}"#), "one answer"),
            (format!(r#"{{"stop":"x",{message}}}"#), "stop"),
            (r#"{"messages":[{"role":"judge","content":"x"}]}"#.to_owned(), "`judge`"),
            (
                r#"{"messages":[{"role":"user","content":[{"type":"image_url"}]}]}"#.to_owned(),
                "text and nothing else",
            ),
        ] {
            let told = read(&body).err().unwrap_or_default();
            assert!(told.contains(why), "{body}: {told}");
        }
    }
}
