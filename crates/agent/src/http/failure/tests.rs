//! Tables of what servers say in the place of an answer, and what it means.
#![allow(clippy::unwrap_used, reason = "tests may panic")]

use super::*;

#[test]
fn every_status_has_one_meaning() {
    for (status, body, kind) in [
        (301, "", FailureKind::WrongPath),
        (400, r#"{"error":{"message":"no such field"}}"#, FailureKind::Rejected),
        (
            400,
            r#"{"error":{"message":"maximum context length is 8192 tokens","code":"context_length_exceeded"}}"#,
            FailureKind::ContextTooLong,
        ),
        (
            400,
            r#"{"error":{"code":400,"message":"x","type":"exceed_context_size_error"}}"#,
            FailureKind::ContextTooLong,
        ),
        (400, r#"{"error":{"message":"Your credit balance is too low"}}"#, FailureKind::QuotaSpent),
        (
            400,
            r#"{"error":{"code":400,"message":"API key not valid.","status":"INVALID_ARGUMENT"}}"#,
            FailureKind::WrongKey,
        ),
        (400, r#"{"error":{"message":"x","code":"content_filter"}}"#, FailureKind::Filtered),
        (400, r#"{"error":{"message":"x","code":"model_not_found"}}"#, FailureKind::UnknownModel),
        (400, r#"{"error":"model 'gpt' not found"}"#, FailureKind::UnknownModel),
        (401, r#"{"error":{"message":"model not found"}}"#, FailureKind::WrongKey),
        (402, "", FailureKind::QuotaSpent),
        (403, "", FailureKind::Forbidden),
        (403, r#"{"error":{"message":"Please use API Key"}}"#, FailureKind::WrongKey),
        (404, r#"{"error":"model 'gpt' not found, try pulling it first"}"#, FailureKind::UnknownModel),
        (404, "<html>", FailureKind::WrongPath),
        (404, "404 page not found", FailureKind::WrongPath),
        (405, "", FailureKind::WrongPath),
        (407, "", FailureKind::ProxyFailed),
        (408, "", FailureKind::ServerError),
        (413, "", FailureKind::Rejected),
        (
            413,
            r#"{"type":"error","error":{"type":"request_too_large","message":"x"}}"#,
            FailureKind::Rejected,
        ),
        (422, r#"{"detail":"no"}"#, FailureKind::Rejected),
        (429, "{}", FailureKind::RateLimited),
        (
            429,
            r#"{"error":{"message":"Request too large for m on tokens per min: must be reduced","code":"rate_limit_exceeded"}}"#,
            FailureKind::ContextTooLong,
        ),
        (
            429,
            r#"{"error":{"status":"RESOURCE_EXHAUSTED","details":[{"violations":[{"quotaId":"RequestsPerDayPerModel"}]}]}}"#,
            FailureKind::QuotaSpent,
        ),
        (
            404,
            r#"{"error":{"code":"DeploymentNotFound","message":"no such deployment"}}"#,
            FailureKind::UnknownModel,
        ),
        (409, r#"{"message":"the model is loading"}"#, FailureKind::Overloaded),
        (409, "", FailureKind::Rejected),
        (424, r#"{"message":"ModelErrorException"}"#, FailureKind::ServerError),
        (451, "", FailureKind::RegionRefused),
        (429, r#"{"error":{"message":"x","code":"insufficient_quota"}}"#, FailureKind::QuotaSpent),
        (429, r#"{"error":{"code":429,"status":"RESOURCE_EXHAUSTED"}}"#, FailureKind::RateLimited),
        (500, "", FailureKind::ServerError),
        (503, r#"{"error":{"message":"Loading model"}}"#, FailureKind::ServerError),
        (503, r#"{"error":{"message":"The model is overloaded"}}"#, FailureKind::Overloaded),
        (529, "", FailureKind::Overloaded),
    ] {
        let failure = Refused { status, body, retry_after: None, location: None, error_type: None }
            .failure(&Secrets::default());
        assert_eq!(failure.kind, kind, "{status} {body}");
    }
}

#[test]
fn what_a_setting_a_region_and_a_page_are_is_told_apart() {
    for (status, body, kind) in [
        (
            400,
            r#"{"error":{"code":400,"message":"User location is not supported for the API use.","status":"FAILED_PRECONDITION"}}"#,
            FailureKind::RegionRefused,
        ),
        (
            403,
            r#"{"error":{"code":"unsupported_country_region_territory","message":"Country, region, or territory not supported"}}"#,
            FailureKind::RegionRefused,
        ),
        (
            400,
            r#"{"error":{"message":"Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.","code":"unsupported_parameter"}}"#,
            FailureKind::SettingRefused,
        ),
        (
            400,
            r#"{"error":{"message":"Unsupported value: 'temperature' does not support 0.2 with this model.","code":"unsupported_value"}}"#,
            FailureKind::SettingRefused,
        ),
        (
            400,
            r#"{"type":"error","error":{"type":"invalid_request_error","message":"`temperature` may only be set to 1 when thinking is enabled"}}"#,
            FailureKind::SettingRefused,
        ),
        (
            422,
            r#"{"detail":"Unrecognized request argument supplied: stream_options"}"#,
            FailureKind::SettingRefused,
        ),
        (400, r#"{"error":{"message":"messages: temperature of the room"}}"#, FailureKind::Rejected),
        (404, "<html><title>Not Found</title>Which model do you look for?</html>", FailureKind::WrongPath),
        (
            429,
            r#"{"error":{"message":"the input must be reduced","type":"tokens","code":"rate_limit_exceeded"}}"#,
            FailureKind::ContextTooLong,
        ),
    ] {
        let refused = Refused { status, body, retry_after: None, location: None, error_type: None };
        assert_eq!(refused.failure(&Secrets::default()).kind, kind, "{status} {body}");
    }
}

#[test]
fn a_body_may_say_how_long_to_wait() {
    for (body, wait) in [
        (r#"{"error":{"details":[{"a":1},{"retryDelay":"3600s"}]}}"#, Some(3600)),
        (r#"[{"error":{"details":[{"retryDelay":"2s"}]}}]"#, Some(2)),
        (r#"{"error":{"details":[{"retryDelay":"soon"}]}}"#, None),
        (r#"{"error":{"details":{}}}"#, None),
        ("slow down", None),
    ] {
        let refused = Refused { status: 429, body, retry_after: None, location: None, error_type: None };
        assert_eq!(refused.named_wait(), wait.map(Duration::from_secs), "{body}");
    }
}

#[test]
fn a_model_that_sees_nothing_is_told_apart() {
    for (status, body, kind) in [
        (
            400,
            r#"{"error":{"message":"Invalid content type. image_url is only supported by certain models."}}"#,
            FailureKind::NoImages,
        ),
        (
            400,
            r#"{"error":{"message":"content: this model reads text and nothing else"}}"#,
            FailureKind::NoImages,
        ),
        (
            422,
            r#"{"error":{"message":"messages[0]: unknown variant `image_url`, expected `text`"}}"#,
            FailureKind::NoImages,
        ),
        (
            404,
            r#"{"error":{"message":"No endpoints found that support image input","code":404}}"#,
            FailureKind::NoImages,
        ),
        (400, r#"{"message":"This model doesn't support the image content block"}"#, FailureKind::NoImages),
        (
            500,
            r#"{"error":{"code":500,"message":"image input is not supported - hint: you may need to provide the mmproj"}}"#,
            FailureKind::NoImages,
        ),
        (
            400,
            r#"{"error":{"message":"unsupported image format: this does not support image/bmp"}}"#,
            FailureKind::Rejected,
        ),
    ] {
        let failure = Refused { status, body, retry_after: None, location: None, error_type: None }
            .failure(&Secrets::default());
        assert_eq!(failure.kind, kind, "{status} {body}");
    }
}

#[test]
fn what_aws_calls_a_failure_counts_beside_its_status() {
    for (status, error_type, body, kind) in [
        (
            403,
            Some("UnrecognizedClientException"),
            r#"{"message":"The security token is invalid."}"#,
            FailureKind::WrongKey,
        ),
        (
            403,
            Some("AccessDeniedException:http://internal"),
            r#"{"Message":"not authorized"}"#,
            FailureKind::Forbidden,
        ),
        (
            403,
            None,
            r#"{"__type":"com.amazon.coral#ExpiredTokenException","message":"x"}"#,
            FailureKind::WrongKey,
        ),
        (
            400,
            Some("ValidationException"),
            r#"{"message":"The provided model identifier is invalid."}"#,
            FailureKind::UnknownModel,
        ),
        (400, Some("ValidationException"), r#"{"message":"no such field"}"#, FailureKind::Rejected),
        (
            429,
            Some("ThrottlingException"),
            r#"{"message":"Too many tokens, please wait"}"#,
            FailureKind::RateLimited,
        ),
        (503, Some("ServiceUnavailableException"), "{}", FailureKind::Overloaded),
    ] {
        let failure = Refused { status, body, retry_after: None, location: None, error_type }
            .failure(&Secrets::default());
        assert_eq!(failure.kind, kind, "{status} {body}: {failure}");
    }
}

#[test]
fn the_detail_helps_to_go_on() {
    for (status, body, retry_after, detail) in [
        (429, "{}", Some("7"), "429, retry after 7: {}"),
        (404, "404 page not found", None, "404 page not found"),
        (400, r#"{"error":{"message":"too\nlong"}}"#, None, "400 too long"),
        (500, "", None, "500"),
        (502, "<title>502 Bad Gateway</title>", None, "502 Bad Gateway"),
        (422, r#"{"detail":[{"loc":["body"],"msg":"field required"}]}"#, None, "422 body: field required"),
        (500, r#"[{"error":{"message":"fault","status":"INTERNAL"}}]"#, None, "500 fault"),
        (400, r#"{"error":{"message":"half \ud83d","x":NaN}}"#, None, "400 half �"),
    ] {
        assert_eq!(
            Refused { status, body, retry_after, location: None, error_type: None }
                .failure(&Secrets::default())
                .detail,
            detail,
            "{body}"
        );
    }
    let moved = Refused { status: 307, body: "", retry_after: None, location: None, error_type: None }
        .failure(&Secrets::default());
    assert_eq!(moved.detail, "307: the server redirects; set base_url to where it leads");
    for (location, said) in [
        ("https://me:pass@b.example/v2?key=k#f", "https://b.example/v2"),
        ("//b.example", "//b.example"),
        ("/v2/chat", "/v2/chat"),
        ("login?next=/a@b//c", "login"),
    ] {
        let location = Some(location);
        let refused = Refused { status: 301, body: "", retry_after: None, location, error_type: None };
        let detail = refused.failure(&Secrets::default()).detail;
        assert_eq!(detail, format!("301: the server redirects to {said}; set base_url to where it leads"));
    }
    assert!(moved.detail.contains("base_url"), "{moved}");
    let path =
        Refused { status: 404, body: "page not found", retry_after: None, location: None, error_type: None }
            .failure(&Secrets::default());
    assert!(path.to_string().contains("base_url"), "{path}");
}

#[test]
fn errors_inside_an_answer_are_read_too() {
    for (error, kind, detail) in [
        (r#"{"error":{"message":"Overloaded","code":503}}"#, FailureKind::Overloaded, "Overloaded"),
        (
            r#"{"type":"error","error":{"type":"overloaded_error","message":"m"}}"#,
            FailureKind::Overloaded,
            "m",
        ),
        (
            r#"{"type":"error","error":{"type":"rate_limit_error","message":"m"}}"#,
            FailureKind::RateLimited,
            "m",
        ),
        (r#"{"type":"error","error":{"type":"api_error","message":"m"}}"#, FailureKind::ServerError, "m"),
        (r#"{"error":{"message":"m","code":"429"}}"#, FailureKind::RateLimited, "m"),
        (
            r#"{"error":{"message":"{\"error\":{\"type\":\"overloaded_error\",\"message\":\"m\"}}"}}"#,
            FailureKind::Overloaded,
            "m",
        ),
        (r#"{"message":"slow down","code":429}"#, FailureKind::RateLimited, "slow down"),
        (r#"{"error":{"message":"x","code":"model_not_found"}}"#, FailureKind::UnknownModel, "x"),
        (r#"{"detail":"worker died"}"#, FailureKind::ServerError, "worker died"),
        ("plain words", FailureKind::ServerError, "plain words"),
        ("{\"x\":1}", FailureKind::ServerError, "{\"x\":1}"),
    ] {
        let failure = in_answer(error, &Secrets::default());
        assert_eq!((failure.kind, failure.detail.as_str()), (kind, detail), "{error}");
    }
}

#[test]
fn an_error_that_says_nothing_is_none() {
    for (text, says) in [
        ("null", false),
        ("\"\"", false),
        ("{}", false),
        ("{\"message\": null, \"code\": 0}", false),
        ("false", false),
        ("[]", false),
        ("\"None\"", false),
        ("{\"code\": \"0\", \"message\": \"success\"}", false),
        ("{\"code\": \"0\", \"message\": \"no balance\"}", true),
        ("\"x\"", true),
        ("{\"code\": 5}", true),
        ("true", true),
    ] {
        assert_eq!(is_error(serde_json::from_str(text).unwrap()), says, "{text}");
    }
}

#[test]
fn what_stands_between_says_what_it_means_too() {
    for (status, body, kind) in [
        (400, "<h1>The plain HTTP request was sent to HTTPS port</h1>", FailureKind::WrongPath),
        (400, "Client sent an HTTP request to an HTTPS server.", FailureKind::WrongPath),
        (511, "", FailureKind::Unreachable),
        (
            413,
            r#"{"error":{"message":"Request too large for model m on tokens per minute (TPM): Limit 6000","code":"rate_limit_exceeded"}}"#,
            FailureKind::ContextTooLong,
        ),
        (
            400,
            "data: {\"error\":{\"message\":\"x\",\"code\":\"model_not_found\"}}",
            FailureKind::UnknownModel,
        ),
    ] {
        let refused = Refused { status, body, retry_after: None, location: None, error_type: None };
        assert_eq!(refused.failure(&Secrets::default()).kind, kind, "{status} {body}");
    }
}
