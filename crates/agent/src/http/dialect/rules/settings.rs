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
