//! The checker itself: each rule has a request that breaks it, and what each dialect asks is looked at.

use super::super::reasoning_content;
use super::*;

#[test]
fn each_rule_is_checked() {
    use Dialect::{Anthropic, Bedrock, ChatCompletions, Gemini, Ollama, Responses};
    let behind = "calls and the results behind them are not the same, in the same order";
    let id = "the id of a call is used twice, or not nine letters and digits";
    let name = "a tool has a name that servers do not take";
    let undeclared = "a tool is called that is not declared";
    for (dialects, place, value, rule) in [
        ([ChatCompletions, Ollama, Anthropic].as_slice(), "/messages", Value::Null, "there are no messages"),
        (&[Gemini], "/contents", Value::Null, "there are no messages"),
        (&[ChatCompletions, Ollama], "/messages/1/role", json!("assistant"), ORDER),
        (&[Anthropic], "/messages/2/role", json!("assistant"), ORDER),
        (&[Anthropic, ChatCompletions], "/messages/2/role", json!("system"), ORDER),
        (&[Gemini], "/contents/1/role", json!("assistant"), ORDER),
        (
            &[Anthropic],
            "/messages/0",
            json!({ "role": "system" }),
            "the system prompt stands among the messages",
        ),
        (
            &[Responses],
            "/input/0",
            json!({ "role": "system" }),
            "the system prompt stands among the messages",
        ),
        (&[Responses], "/input", json!([]), "the person does not speak last"),
        (&[ChatCompletions, Ollama], "/messages/1/content", json!(" "), "a content is empty"),
        (&[Responses], "/input/1/content", json!(""), "a content is empty"),
        (&[Anthropic], "/messages/1/content", json!([]), "a content is empty"),
        (&[Anthropic], "/messages/1/content/0/text", json!("\n"), "a content is empty"),
        (&[Anthropic], "/messages/1/content/0/type", json!("x"), "a content is empty"),
        (&[Gemini], "/contents/1/parts", json!([]), "a content is empty"),
        (&[Anthropic], "/system", json!([]), "the system prompt is empty"),
        (&[Responses], "/instructions", json!(" "), "the system prompt is empty"),
        (&[Gemini], "/systemInstruction/parts", json!([]), "the system prompt is empty"),
        (&[ChatCompletions, Ollama, Anthropic, Responses], "/model", json!(""), "there is no model"),
        (&[ChatCompletions, Ollama, Anthropic, Responses], "/stream", json!(false), "it is not streamed"),
        (&[Anthropic], "/max_tokens", json!(0), "nobody says how long the answer may be"),
        (
            &[Anthropic],
            "/thinking/budget_tokens",
            json!(99999),
            "what may be thought leaves no room for the answer",
        ),
        (&[Responses], "/store", json!(true), "the conversation is kept there"),
        (&[ChatCompletions, Ollama], "/messages/5/role", json!("function"), ORDER),
        (&[ChatCompletions], "/messages/4/tool_calls/0/id", json!("c00000099"), behind),
        (&[ChatCompletions, Ollama], "/messages/4/tool_calls", json!([]), "a content is empty"),
        (&[ChatCompletions, Ollama], "/messages/4/tool_calls/0/function/arguments", json!("[1]"), NO_OBJECT),
        (&[ChatCompletions], "/messages/4/tool_calls/0/function/name", json!("a b"), name),
        (&[ChatCompletions, Ollama], "/messages/5/content", json!(""), RESULT_BEHIND_WORDS),
        (&[Responses], "/input/3/call_id", json!("c00000099"), behind),
        (&[Responses], "/input/3/call_id", json!("c1"), id),
        (&[Responses], "/input/5/output", json!(""), RESULT_BEHIND_WORDS),
        (&[Anthropic], "/messages/3/content/0/id", json!("c00000099"), behind),
        (&[Anthropic], "/messages/3/content/0/input", json!("ls"), NO_OBJECT),
        (&[Anthropic], "/messages/4/content/0/content", json!(" "), RESULT_BEHIND_WORDS),
        (&[Anthropic], "/tools", json!([]), undeclared),
        (&[Bedrock], "/messages", Value::Null, "there are no messages"),
        (&[Bedrock], "/messages/3/content/0/toolUse/toolUseId", json!("c00000099"), behind),
        (&[Bedrock], "/messages/3/content/0/toolUse/input", json!("ls"), NO_OBJECT),
        (&[Bedrock], "/messages/4/content/0/toolResult/content", json!([]), RESULT_BEHIND_WORDS),
        (&[Bedrock], "/messages/6/content", json!([]), "a content is empty"),
        (&[Bedrock], "/system", json!([]), "the system prompt is empty"),
        (&[Bedrock], "/toolConfig/tools", json!([]), undeclared),
        (&[Gemini], "/contents/3/parts/0/functionCall/name", json!("sh"), behind),
        (&[Gemini], "/contents/4/parts/0/functionResponse/response", json!({}), RESULT_BEHIND_WORDS),
    ] {
        for dialect in dialects {
            let shape = RequestShape { reasoning: Some("low".into()), ..RequestShape::default() };
            let mut request = request_in(*dialect, &conversation(), "m", &shape);
            assert_eq!(broken(*dialect, &request), None, "{request}");
            *request.pointer_mut(place).unwrap() = value.clone();
            assert_eq!(broken(*dialect, &request), Some(rule), "{dialect:?} {place}: {request}");
        }
    }
}

/// One with a call that was answered and one that was cut short.
pub(super) fn conversation() -> Turn {
    let said = |role, text: &str| Message::words(role, text);
    let call = |entry, tool: &str, input: &str| Part::Call { entry, tool: tool.into(), input: input.into() };
    let result = |of, outcome, text: &str| Part::Result { of, outcome, text: text.into() };
    let (list, remove) = (EntryNo(7), EntryNo(8));
    let messages = [
        said(Role::User, "a"),
        said(Role::Assistant, "b"),
        said(Role::User, "c"),
        Message {
            role: Role::Assistant,
            parts: vec![call(list, "ls", "{\"path\":  \"/\"}"), call(remove, "Remove a file", "rm x")],
        },
        Message {
            role: Role::User,
            parts: vec![result(list, Outcome::Done, "x"), result(remove, Outcome::CutShort, "")],
        },
        said(Role::Assistant, "d"),
        said(Role::User, "e"),
    ];
    Turn { system_prompt: "be kind".into(), messages: messages.into(), ..Turn::default() }
}

/// A thought in one piece is wanted back in every message of a turn that calls something, then and ever after, and is refused in
/// others.
#[test]
fn a_thought_in_one_piece_goes_back_in_turns_that_call_something() {
    let thought = || Part::Sealed(sample_thought());
    let text = |text: &str| Part::Text(text.into());
    let call = || Part::Call { entry: EntryNo(7), tool: "ls".into(), input: "{}".into() };
    let result = || Part::Result { of: EntryNo(7), outcome: Outcome::Done, text: "x".into() };
    let (person, model) = (
        |parts: Vec<Part>| Message { role: Role::User, parts },
        |parts: Vec<Part>| Message { role: Role::Assistant, parts },
    );
    for (what, messages, expected) in [
        ("no call", vec![model(vec![thought(), text("b")]), person(vec![text("c")])], vec![json!(null)]),
        (
            "a call that is answered just now",
            vec![model(vec![thought(), text("b"), thought(), call()]), person(vec![result()])],
            vec![json!("hm\nhm\n")],
        ),
        (
            "a turn that called, and one that did not",
            vec![
                model(vec![thought(), call()]),
                person(vec![result()]),
                model(vec![thought(), text("b")]),
                person(vec![text("c")]),
                model(vec![thought(), text("d")]),
                person(vec![text("e")]),
            ],
            vec![json!("hm\n"), json!("hm\n"), json!(null)],
        ),
        (
            "a call that the person spoke behind",
            vec![
                model(vec![thought(), call()]),
                person(vec![result(), text("c")]),
                model(vec![thought(), text("d")]),
                person(vec![text("e")]),
            ],
            // Between the result and the person it is said that the answer stopped, which nobody thought of.
            vec![json!("hm\n"), json!(null), json!(null)],
        ),
    ] {
        let messages = [vec![person(vec![text("a")])], messages].concat();
        let turn = Turn { messages, ..Turn::default() };
        let mut request = request_in(Dialect::ChatCompletions, &turn, "m", &RequestShape::default());
        let sent = request["messages"].as_array().unwrap();
        let place = sent.iter().position(|message| message["role"] == "assistant").unwrap();
        let thoughts: Vec<Value> = sent
            .iter()
            .filter(|message| message["role"] == "assistant")
            .map(|message| message["reasoning_content"].clone())
            .collect();
        assert_eq!(thoughts, expected, "{what}: {request}");
        assert_eq!(
            broken_by_seals(
                Dialect::ChatCompletions,
                false,
                &steps(Dialect::ChatCompletions, &request).unwrap()
            ),
            None,
            "{what}"
        );
        let completed = reasoning_content::completed(&request.to_string());
        assert_eq!(completed.is_some(), expected.contains(&json!(null)), "{what}");
        if what == "no call" {
            request["messages"][place]["reasoning_content"] = json!("hm");
            let rule = "a thought is sent back of a turn that calls nothing";
            assert_eq!(broken(Dialect::ChatCompletions, &request), Some(rule));
        }
    }
}

#[test]
fn a_model_that_thinks_is_asked_without_a_temperature() {
    for (effort, is_sent) in [(Some("low"), false), (Some("none"), true), (None, true)] {
        let temperature = Some(serde_json::Number::from(1));
        let reasoning = effort.map(str::to_owned);
        let shape = RequestShape { temperature, reasoning, ..RequestShape::default() };
        for (dialect, place) in
            [(Dialect::Anthropic, "/temperature"), (Dialect::Bedrock, "/inferenceConfig/temperature")]
        {
            let request = request_in(dialect, &conversation(), "anthropic.m", &shape);
            assert_eq!(request.pointer(place).is_some(), is_sent, "{effort:?}: {request}");
        }
    }
    let shape = RequestShape { reasoning: Some("low".into()), ..RequestShape::default() };
    let mut request = request_in(Dialect::Anthropic, &conversation(), "m", &shape);
    request["temperature"] = json!(0.5);
    assert_eq!(broken(Dialect::Anthropic, &request), Some(WARM_THOUGHTS));
}

/// Where a turn stopped behind its calls and the person speaks next, the assistant says so between wherever results are messages
/// of their own.
#[test]
fn no_person_speaks_right_behind_a_result() {
    let mut turn = conversation();
    turn.messages.truncate(5);
    for behind in [Part::Text("why?".into()), Part::GoOn] {
        turn.messages[4].parts.truncate(2);
        turn.messages[4].parts.push(behind);
        for dialect in Dialect::ALL {
            let mut request = request_in(dialect, &turn, "m", &RequestShape::default());
            assert_eq!(broken(dialect, &request), None, "{dialect:?}: {request}");
            if matches!(dialect, Dialect::ChatCompletions | Dialect::Ollama) {
                let sent = request["messages"].as_array_mut().unwrap();
                let bridge = sent.remove(sent.len() - 2);
                assert_eq!(bridge["role"], "assistant", "{dialect:?}: {bridge}");
                assert_eq!(broken(dialect, &request), Some(BEHIND_RESULTS), "{dialect:?}");
            }
        }
    }
}

/// Where the newest message answers calls, a model that thinks would want its thought in front of them.
#[test]
fn calls_that_are_answered_just_now_are_sent_without_thinking() {
    let mut turn = conversation();
    turn.messages.truncate(5);
    turn.messages[4].parts.push(Part::Text("go on".into()));
    let shape = RequestShape { reasoning: Some("low".into()), ..RequestShape::default() };
    let mut request = request_in(Dialect::Anthropic, &turn, "m", &shape);
    assert_eq!((request["thinking"].is_null(), broken(Dialect::Anthropic, &request)), (true, None));
    request["thinking"] = json!({ "type": "enabled", "budget_tokens": 1024 });
    let rule = "a call is answered that no thought stands before, while the model thinks";
    assert_eq!(broken(Dialect::Anthropic, &request), Some(rule));
}

#[test]
fn each_dialect_asks_in_its_own_way() {
    let turn = conversation();
    let shape = RequestShape {
        temperature: serde_json::Number::from_f64(0.5),
        max_tokens: Some(100),
        reasoning: Some("low".into()),
        ..RequestShape::default()
    };
    let shown = Dialect::ALL.map(|dialect| {
        let request = serde_json::to_string_pretty(&request_in(dialect, &turn, "m", &shape)).unwrap();
        format!("{}\n{request}", dialect.word())
    });
    insta::assert_snapshot!(shown.join("\n\n"));
}

/// What each dialect makes of two images and the words they go with; and which rules that keeps.
#[test]
fn each_dialect_shows_images_in_its_own_way() {
    let image = |kind, data: &str| {
        let kept = Some(ImagePlace { record: Seq(1), from: 0 });
        let image = Image { name: "a".into(), kind, width: 9, height: 9, size: 2, kept };
        Part::Image { image, data: data.into() }
    };
    let parts =
        vec![image(ImageKind::Png, "aGk="), image(ImageKind::Jpeg, "aGkh"), Part::Text("which?".into())];
    let turn = Turn { messages: vec![Message { role: Role::User, parts }], ..Turn::default() };
    let url = ["data:image/png;base64,aGk=", "data:image/jpeg;base64,aGkh"];
    for (dialect, place, expected, broken_at, rule) in [
        (
            Dialect::ChatCompletions,
            "/messages/0/content",
            json!([{ "type": "image_url", "image_url": { "url": url[0] } }, { "type": "image_url", "image_url": { "url": url[1] } }, { "type": "text", "text": "which?" }]),
            "/messages/0/content/0/image_url/url",
            "a content is empty",
        ),
        (
            Dialect::Responses,
            "/input/0/content",
            json!([{ "type": "input_image", "image_url": url[0] }, { "type": "input_image", "image_url": url[1] }, { "type": "input_text", "text": "which?" }]),
            "/input/0/content/1/image_url",
            "a content is empty",
        ),
        (
            Dialect::Anthropic,
            "/messages/0/content",
            json!([
                { "type": "image", "source": { "type": "base64", "media_type": "image/png", "data": "aGk=" } },
                { "type": "image", "source": { "type": "base64", "media_type": "image/jpeg", "data": "aGkh" } },
                { "type": "text", "text": "which?", "cache_control": { "type": "ephemeral" } },
            ]),
            "/messages/0/content/0/source/data",
            "a content is empty",
        ),
        (
            Dialect::Gemini,
            "/contents/0/parts",
            json!([{ "inlineData": { "mimeType": "image/png", "data": "aGk=" } }, { "inlineData": { "mimeType": "image/jpeg", "data": "aGkh" } }, { "text": "which?" }]),
            "/contents/0/parts/1/inlineData/mimeType",
            "a content is empty",
        ),
        (
            Dialect::Ollama,
            "/messages/0",
            json!({ "role": "user", "content": "which?", "images": ["aGk=", "aGkh"] }),
            "/messages/0/images/1",
            NO_IMAGE,
        ),
        (
            Dialect::Bedrock,
            "/messages/0/content",
            json!([{ "image": { "format": "png", "source": { "bytes": "aGk=" } } }, { "image": { "format": "jpeg", "source": { "bytes": "aGkh" } } }, { "text": "which?" }]),
            "/messages/0/content/0/image/format",
            "a content is empty",
        ),
    ] {
        let mut request = request_in(dialect, &turn, "m", &RequestShape::default());
        assert_eq!(request.pointer(place), Some(&expected), "{dialect:?}");
        assert_eq!(broken(dialect, &request), None, "{dialect:?}");
        *request.pointer_mut(broken_at).unwrap() = json!("no image");
        assert_eq!(broken(dialect, &request), Some(rule), "{dialect:?}");
    }
}

/// A turn in flight whose second answer had more sealed than is kept, and one whose calls nobody signed: what is left is taken.
#[test]
fn a_turn_without_what_was_sealed_of_it_keeps_the_rules() {
    let shape = RequestShape { reasoning: Some("low".into()), ..RequestShape::default() };
    for dialect in Dialect::ALL {
        let mut turn = conversation();
        turn.messages.truncate(5);
        let (answer, results) = (turn.messages[3].clone(), turn.messages[4].clone());
        let mut again = answer.clone();
        for part in &mut again.parts {
            if let Part::Call { entry, .. } = part {
                entry.0 += 10;
            }
        }
        let mut came = results.clone();
        for part in &mut came.parts {
            if let Part::Result { of, .. } = part {
                of.0 += 10;
            }
        }
        came.parts.push(Part::Text("go on".into()));
        turn.messages.extend([again, came]);
        for place in [1, 3, 5] {
            turn.messages[place].parts.insert(0, Part::Sealed(sample(dialect)));
        }
        turn.messages.iter_mut().skip(3).for_each(crate::http::tool_turn::leave_seals_out);
        let model = if dialect == Dialect::Bedrock { "anthropic.m" } else { "m" };
        let request = request_in(dialect, &turn, model, &shape);
        assert_eq!(broken(dialect, &request), None, "{dialect:?}: {request}");
        if dialect == Dialect::Gemini {
            // A server that looks for signatures of this turn passes over those that nobody has, one for each answer.
            turn.messages[6].parts.pop();
            let offer = super::super::Offer::default();
            let unsealed = super::super::request_without_seals(dialect, &turn, model, &shape, &offer);
            let contents = unsealed.unwrap()["contents"].clone();
            let signed =
                |place: usize, part: usize| contents[place]["parts"][part]["thoughtSignature"].clone();
            let unsigned = json!("skip_thought_signature_validator");
            let all = [signed(3, 0), signed(3, 1), signed(5, 0), signed(5, 1)];
            assert_eq!(all, [unsigned.clone(), Value::Null, unsigned, Value::Null], "{contents}");
        }
    }
}
