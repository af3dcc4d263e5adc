//! What an answer cost, as its server counts: numbers of any size and spelling.

use q_core::Usage;
use serde_json::value::RawValue;

use q_json as json;

/// The usage that an object gives; nothing where it gives no number.
pub(super) fn usage(value: &RawValue) -> Option<Usage> {
    let [prompt, completion, input, output] =
        json::members(value, ["prompt_tokens", "completion_tokens", "input_tokens", "output_tokens"]);
    let [of_prompt, of_completion, of_input, of_output, hit] = json::members(
        value,
        [
            "prompt_tokens_details",
            "completion_tokens_details",
            "input_tokens_details",
            "output_tokens_details",
            "prompt_cache_hit_tokens",
        ],
    );
    let of = |details: Option<&RawValue>, word| {
        details.and_then(|details| json::members(details, [word])[0]).and_then(count)
    };
    let cached = of(of_prompt.or(of_input), "cached_tokens").or(hit.and_then(count));
    let cache_written = of(of_prompt.or(of_input), "cache_write_tokens");
    let reasoning = of(of_completion.or(of_output), "reasoning_tokens");
    // llama.cpp has words of its own where it was not asked to count.
    let [evaluated, predicted] = json::members(value, ["prompt_n", "predicted_n"]);
    let (prompt, completion) = (prompt.or(evaluated), completion.or(predicted));
    let read = prompt.or(input).and_then(count);
    let written = completion.or(output).and_then(count);
    if read.is_none() && written.is_none() {
        return None;
    }
    Some(Usage {
        input: read.unwrap_or(0),
        output: written.unwrap_or(0),
        cached: cached.unwrap_or(0),
        cache_written: cache_written.unwrap_or(0),
        reasoning: reasoning.unwrap_or(0),
        ..Usage::default()
    })
}

/// Tokens that a request may have beside what is sent: what servers put around it, and into it.
const BESIDE: u64 = 16 << 10;
/// Tokens that a model may have thought of which nothing comes.
const UNSEEN: u64 = 64 << 10;

/// Whether a server's count is believed, of a request and an answer of so many bytes: no token is shorter than a byte.
pub(super) fn is_believed(usage: Usage, asked: usize, said: usize) -> bool {
    let Usage { input, output, cached, cache_written, reasoning, guessed: _ } = usage;
    let read = input.max(cached).max(cache_written);
    read <= (asked as u64).saturating_add(BESIDE)
        && output.max(reasoning) <= (said as u64).saturating_add(UNSEEN)
}

/// Several counts together; nothing where none of them is one.
pub(super) fn sum<const N: usize>(counts: [Option<&RawValue>; N]) -> Option<u64> {
    counts.into_iter().filter_map(|one| one.and_then(count)).reduce(u64::saturating_add)
}

/// A count of tokens. What a `u64` holds is exact; beyond it stands its greatest; less than nothing is no count.
pub(super) fn count(value: &RawValue) -> Option<u64> {
    let number = value.get().trim_matches('"').trim();
    if let Ok(exact) = number.parse() {
        return Some(exact);
    }
    let number: f64 = number.parse().ok()?;
    // The cast goes to the nearest there is, and not a number to none.
    #[expect(clippy::cast_sign_loss, reason = "what is below nothing was sorted out")]
    (number >= 0.0).then(|| number.round() as u64)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests may panic")]
mod tests {
    use super::*;

    #[test]
    fn no_more_is_believed_than_the_bytes_can_be() {
        let nothing = Usage::default();
        for (usage, believed) in [
            (nothing, true),
            (Usage { input: 100 + BESIDE, output: 50 + UNSEEN, ..nothing }, true),
            (Usage { input: 101 + BESIDE, ..nothing }, false),
            (Usage { output: 51 + UNSEEN, ..nothing }, false),
            (Usage { input: 1, cached: 1 << 40, ..nothing }, false),
            (Usage { input: 1, cache_written: 1 << 40, ..nothing }, false),
            (Usage { output: 1, reasoning: u64::MAX, ..nothing }, false),
        ] {
            assert_eq!(is_believed(usage, 100, 50), believed, "{usage:?}");
        }
    }

    #[test]
    fn counts_of_any_size_are_kept() {
        for (number, tokens) in [
            ("0", Some(0)),
            ("4294967295", Some(4_294_967_295)),
            ("4294967296", Some(4_294_967_296)),
            ("9007199254740993", Some(9_007_199_254_740_993)),
            ("18446744073709551615", Some(u64::MAX)),
            ("18446744073709551616", Some(u64::MAX)),
            ("1e300", Some(u64::MAX)),
            ("1e999", Some(u64::MAX)),
            ("12.6", Some(13)),
            ("1e3", Some(1000)),
            ("\"17\"", Some(17)),
            ("-1", None),
            ("-0.5", None),
            ("null", None),
            ("true", None),
            ("\"many\"", None),
            ("[3]", None),
            ("{}", None),
        ] {
            let text = format!("{{\"prompt_tokens\": {number}, \"completion_tokens\": 7}}");
            let raw = serde_json::from_str(&text).unwrap();
            assert_eq!(
                usage(raw),
                Some(Usage { input: tokens.unwrap_or(0), output: 7, ..Usage::default() }),
                "{number}"
            );
            assert_eq!(count(serde_json::from_str(number).unwrap()), tokens, "{number}");
        }
        for nothing in ["null", "{}", "{\"prompt_tokens\": null}", "[1, 2]", "7"] {
            assert_eq!(usage(serde_json::from_str(nothing).unwrap()), None, "{nothing}");
        }
    }
}
