//! What is set in a session, in every dialect.

use serde_json::{Value, json};

use super::request_in;
use super::tables::conversation;
use crate::dialect::Dialect;
use crate::shape::RequestShape;
use q_seat::Turn;

/// What a person set in the session is asked exactly as if the agent were configured so, whatever it is configured as and
/// whatever stands in its body by hand; what no request may have stays out.
#[test]
fn what_is_set_stands_above_what_is_configured_in_every_dialect() {
    let number = serde_json::Number::from_f64;
    let settings = q_core::Settings {
        model: None,
        temperature: q_core::Temperature::of_thousandths(500),
        max_tokens: Some(100),
        reasoning: Some("low".into()),
        mode: Some("plan".into()),
        budget_tokens: Some(1),
        ..q_core::Settings::default()
    };
    let turn = Turn { settings, ..conversation() };
    let wanted = RequestShape {
        temperature: number(0.5),
        max_tokens: Some(100),
        reasoning: Some("low".into()),
        ..RequestShape::default()
    };
    let other = RequestShape {
        temperature: number(1.5),
        max_tokens: Some(9),
        reasoning: Some("high".into()),
        ..RequestShape::default()
    };
    for dialect in Dialect::ALL {
        let expected = request_in(dialect, &conversation(), "m", &wanted);
        assert_eq!(request_in(dialect, &turn, "m", &RequestShape::default()), expected, "{dialect:?}");
        assert_eq!(request_in(dialect, &turn, "m", &other), expected, "{dialect:?}");
        // The same fields by hand, and one that nobody set.
        let Value::Object(mut body) = crate::shape::difference(
            &request_in(dialect, &conversation(), "m", &other),
            &request_in(dialect, &conversation(), "m", &RequestShape::default()),
        )
        .into() else {
            return;
        };
        body.insert("own".into(), json!(7));
        let by_hand = RequestShape { body, ..other.clone() };
        let mut asked = request_in(dialect, &turn, "m", &by_hand);
        assert_eq!(asked.as_object_mut().and_then(|members| members.remove("own")), Some(json!(7)));
        assert_eq!(asked, expected, "{dialect:?}");
    }
    let omitted = RequestShape { omit: vec!["temperature".into()], ..RequestShape::default() };
    assert!(request_in(Dialect::ChatCompletions, &turn, "m", &omitted)["temperature"].is_null());
}

/// A body and fields that a person set in the session are asked exactly as if they stood in the agent's table behind its own:
/// the session's member wins, a setting by its name stands above both, and what either leaves out stays out.
#[test]
fn a_body_of_the_session_is_merged_behind_the_agents_own_in_every_dialect() {
    let members = crate::shape::members;
    let own = members(r#"{"own": 1, "both": {"a": 1, "b": 1}}"#);
    let merged = members(r#"{"own": 1, "both": {"a": 1, "b": 2}, "new": [2], "temperature": 1.5}"#);
    let settings = q_core::Settings {
        temperature: q_core::Temperature::of_thousandths(500),
        body: Some(r#"{"both": {"b": 2}, "new": [2], "gone": 3, "temperature": 1.5}"#.into()),
        omit: Some("gone,stream_options".into()),
        ..q_core::Settings::default()
    };
    let plain = q_core::Settings { body: None, omit: None, ..settings.clone() };
    let omit = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let table = RequestShape { body: own, omit: omit(&["user"]), ..RequestShape::default() };
    let wanted =
        RequestShape { body: merged, omit: omit(&["user", "stream_options"]), ..RequestShape::default() };
    let turn = |settings: &q_core::Settings| Turn { settings: settings.clone(), ..conversation() };
    for dialect in Dialect::ALL {
        let asked = request_in(dialect, &turn(&settings), "m", &table);
        assert_eq!(asked, request_in(dialect, &turn(&plain), "m", &wanted), "{dialect:?}");
        assert_eq!((&asked["both"], &asked["new"]), (&json!({ "a": 1, "b": 2 }), &json!([2])), "{dialect:?}");
        assert!(asked.get("gone").or(asked.get("stream_options")).is_none(), "{dialect:?}");
        // Nothing of it is left once it is cleared.
        let cleared = request_in(dialect, &turn(&q_core::Settings::default()), "m", &table);
        assert_eq!(cleared, request_in(dialect, &conversation(), "m", &table), "{dialect:?}");
    }
    assert!(request_in(Dialect::ChatCompletions, &turn(&plain), "m", &table).get("stream_options").is_some());
}
