//! Where below a base address each dialect is asked. People write base addresses with `/v1` or without, or the whole endpoint;
//! all of them are understood. Where one can mean two things, both are tried: a path that nobody knows costs nothing.

use crate::dialect::Dialect;

/// The paths at which a dialect may be asked below a base address of this path, the likeliest first.
pub(crate) fn paths(dialect: Dialect, base: &str, model: &str) -> Vec<String> {
    let base = base.trim_end_matches('/');
    let (version, tail) = match dialect {
        Dialect::ChatCompletions => ("/v1", "/chat/completions".to_owned()),
        Dialect::Responses => ("/v1", "/responses".to_owned()),
        Dialect::Anthropic => ("/v1", "/messages".to_owned()),
        Dialect::Gemini => {
            let model = model.strip_prefix("models/").unwrap_or(model);
            ("/v1beta", format!("/models/{}:streamGenerateContent", escaped(model)))
        }
        Dialect::Ollama => ("/api", "/chat".to_owned()),
        // There is one version, which stands in no address.
        Dialect::Bedrock if base.ends_with("/converse-stream") => return [base.to_owned()].into(),
        Dialect::Bedrock => return [format!("{base}/model/{}/converse-stream", escaped(model))].into(),
    };
    if dialect != Dialect::Gemini && base.ends_with(&tail) || base.contains(":streamGenerateContent") {
        return [base.to_owned()].into();
    }
    // Whoever has used the server with another dialect before has its version in the address.
    let base = if dialect == Dialect::Ollama { base.strip_suffix("/v1").unwrap_or(base) } else { base };
    let (as_given, with_version) = (format!("{base}{tail}"), format!("{base}{version}{tail}"));
    let is_versioned = base.rsplit('/').next().is_some_and(is_version) || base.ends_with(version);
    // Their own clients append the version, so do people's addresses leave it out.
    let leaves_out = matches!(dialect, Dialect::Anthropic | Dialect::Gemini | Dialect::Ollama);
    if is_versioned {
        [as_given].into()
    } else if base.is_empty() || leaves_out {
        [with_version, as_given].into()
    } else {
        [as_given, with_version].into()
    }
}

/// The paths at which a dialect lists its models below a base address of this path, in the same order. Bedrock has its list
/// at another address.
pub(crate) fn lists(dialect: Dialect, base: &str) -> Vec<String> {
    let tail = match dialect {
        Dialect::ChatCompletions => "/chat/completions",
        Dialect::Responses => "/responses",
        Dialect::Anthropic => "/messages",
        Dialect::Gemini => "/models/:streamGenerateContent",
        Dialect::Ollama => "/chat",
        Dialect::Bedrock => return Vec::new(),
    };
    let list = if dialect == Dialect::Ollama { "/tags" } else { "/models" };
    let asked = paths(dialect, base, "");
    let below = asked.iter().filter_map(|path| match path.strip_suffix(tail) {
        Some(base) => Some(format!("{base}{list}")),
        // Somebody's whole endpoint, with a model in it.
        None => Some(format!("{}{list}", path.split_once("/models/")?.0)),
    });
    below.collect()
}

/// Whether it is a version: `v1`, `v1beta`, `v1.2`, `v4`.
fn is_version(segment: &str) -> bool {
    let is_number = |c: char| c.is_ascii_digit() || c == '.';
    segment.strip_prefix('v').is_some_and(|rest| {
        let behind = rest.trim_start_matches(is_number).trim_end_matches(is_number);
        rest.starts_with(|first: char| first.is_ascii_digit()) && matches!(behind, "" | "alpha" | "beta")
    })
}

/// A name as a part of a path.
pub(crate) fn escaped(name: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    name.bytes()
        .map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn models_are_listed_where_they_are_asked() {
        use Dialect::{Anthropic, Bedrock, ChatCompletions, Gemini, Ollama, Responses};
        for (expected, asked) in [
            ("/v1/models", &[(ChatCompletions, "/v1"), (Responses, "/v1/responses")][..]),
            ("/v1/models", &[(ChatCompletions, "/v1/chat/completions")]),
            ("/v1/models /models", &[(ChatCompletions, ""), (Anthropic, "")]),
            ("/v1beta/models /models", &[(Gemini, "")]),
            ("/v1beta/models", &[(Gemini, "/v1beta/models/x:streamGenerateContent")]),
            ("/api/tags /tags", &[(Ollama, "/v1")]),
            ("/api/tags", &[(Ollama, "/api/chat")]),
            ("", &[(Bedrock, "")]),
        ] {
            for (dialect, base) in asked {
                assert_eq!(lists(*dialect, base).join(" "), expected, "{dialect:?} {base}");
            }
        }
    }

    #[test]
    fn an_address_is_understood_with_a_version_without_one_and_whole() {
        use Dialect::{Anthropic, Bedrock, ChatCompletions, Gemini, Ollama, Responses};
        for (dialect, base, expected) in [
            (ChatCompletions, "/v1", "/v1/chat/completions"),
            (ChatCompletions, "/v1/", "/v1/chat/completions"),
            (ChatCompletions, "", "/v1/chat/completions /chat/completions"),
            (ChatCompletions, "/", "/v1/chat/completions /chat/completions"),
            (ChatCompletions, "/api", "/api/chat/completions /api/v1/chat/completions"),
            (ChatCompletions, "/api/v4", "/api/v4/chat/completions"),
            (ChatCompletions, "/v1only", "/v1only/chat/completions /v1only/v1/chat/completions"),
            (ChatCompletions, "/v2.1beta3", "/v2.1beta3/chat/completions"),
            (ChatCompletions, "/v1/chat/completions", "/v1/chat/completions"),
            (
                ChatCompletions,
                "/v1beta/openai",
                "/v1beta/openai/chat/completions /v1beta/openai/v1/chat/completions",
            ),
            (Responses, "/v1", "/v1/responses"),
            (Responses, "", "/v1/responses /responses"),
            (Anthropic, "", "/v1/messages /messages"),
            (Anthropic, "/v1", "/v1/messages"),
            (Anthropic, "/v1/messages", "/v1/messages"),
            (Anthropic, "/anthropic", "/anthropic/v1/messages /anthropic/messages"),
            (Gemini, "", "/v1beta/models/m:streamGenerateContent /models/m:streamGenerateContent"),
            (Gemini, "/v1", "/v1/models/m:streamGenerateContent"),
            (Gemini, "/v1beta/models/x:streamGenerateContent", "/v1beta/models/x:streamGenerateContent"),
            (Ollama, "", "/api/chat /chat"),
            (Ollama, "/api", "/api/chat"),
            (Ollama, "/api/chat", "/api/chat"),
            (Ollama, "/v1", "/api/chat /chat"),
            (Bedrock, "", "/model/m/converse-stream"),
            (Bedrock, "/gateway/", "/gateway/model/m/converse-stream"),
            (Bedrock, "/model/x/converse-stream", "/model/x/converse-stream"),
        ] {
            assert_eq!(paths(dialect, base, "m").join(" "), expected, "{dialect:?} {base}");
        }
        let named = |model| paths(Gemini, "/v1", model).join(" ");
        assert_eq!(named("models/gemini-2.5"), "/v1/models/gemini-2.5:streamGenerateContent");
        assert_eq!(
            paths(Bedrock, "/", "arn:aws:bedrock:x:1:inference-profile/a.b-v1:0").join(" "),
            "/model/arn%3Aaws%3Abedrock%3Ax%3A1%3Ainference-profile%2Fa.b-v1%3A0/converse-stream"
        );
        assert_eq!(named("a/b?ü"), "/v1/models/a%2Fb%3F%C3%BC:streamGenerateContent");
    }
}
