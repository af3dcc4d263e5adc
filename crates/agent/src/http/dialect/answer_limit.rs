//! How many tokens an answer of chat completions may have: newer models of `OpenAI` want another name for it, and refuse the old
//! one, which most other servers know alone.

use serde_json::Value;

/// The name that newer models want.
pub(in crate::http) const NEWER_LIMIT: &str = "max_completion_tokens";
const OLDER_LIMIT: &str = "max_tokens";

/// The name that this model wants. Servers in front of it may put their own in front of its name.
pub(super) fn member(model: &str) -> &'static str {
    let name = model.rsplit('/').next().unwrap_or(model);
    let is_newer = ["gpt-5", "o1", "o3", "o4"].iter().any(|family| {
        name.strip_prefix(family).is_some_and(|rest| rest.is_empty() || rest.starts_with(['-', '.']))
    });
    if is_newer { NEWER_LIMIT } else { OLDER_LIMIT }
}

/// The same request with the newer name; nothing where it has no older one.
pub(in crate::http) fn with_newer_limit(request: &str) -> Option<String> {
    let mut request: Value = serde_json::from_str(request).ok()?;
    let members = request.as_object_mut()?;
    let limit = members.remove(OLDER_LIMIT)?;
    members.insert(NEWER_LIMIT.to_owned(), limit);
    Some(request.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_model_is_limited_by_the_name_it_wants() {
        let newer = ["gpt-5-mini", "gpt-5.1", "openai/gpt-5", "o3", "o4-mini"];
        assert_eq!(newer.map(member), [NEWER_LIMIT; 5]);
        let older = ["gpt-4.1", "o3x", "openrouter/auto", ""];
        assert_eq!(older.map(member), [OLDER_LIMIT; 4]);
        let renamed = with_newer_limit(r#"{"max_tokens":5}"#);
        assert_eq!(renamed.as_deref(), Some(r#"{"max_completion_tokens":5}"#));
        assert_eq!(with_newer_limit(r#"{"max_completion_tokens":5}"#), None);
    }
}
