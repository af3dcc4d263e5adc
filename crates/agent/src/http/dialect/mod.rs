//! The protocols that models are spoken to in. Each is a small module over the one streaming layer: where it is asked, how a key
//! is sent, what is asked, what a frame of the answer means, and by which rules a history must be written.
//!
//! | module | protocol |
//! |---|---|
//! | `chat_completions` | `OpenAI`'s chat completions, which most servers speak |
//! | `responses` | `OpenAI`'s responses |
//! | `anthropic` | Anthropic's messages |
//! | `gemini` | Google's `streamGenerateContent` |
//! | `ollama` | Ollama's own |
//! | `bedrock` | Amazon Bedrock's `ConverseStream` |
//! | `block_order` | blocks told one after the other, however their pieces come |
//! | `answer_limit` | how chat completions limit an answer |
//! | `citing` | what an answer rests on, in each |
//! | `offering` | how tools are offered in each |
//! | `endpoint` | where below a base address each is asked |
//! | `reasoning_content`, `reasoning_details` | thoughts in one piece and in parts, of chat completions |
//! | `reading`, `writing` | what they read and write with |
//! | `seals` | what is sent back of what providers sealed |
//! | `unfinished` | an answer that is gone on with |
//! | `rules` | the rules of their histories, which tests hold them to |

mod answer_limit;
mod anthropic;
mod bedrock;
mod block_order;
mod chat_completions;
mod citing;
pub(super) mod endpoint;
mod gemini;
mod offering;
mod ollama;
pub(super) mod reading;
pub(super) mod reasoning_content;
mod reasoning_details;
mod responses;
#[cfg(test)]
mod rules;
mod seals;
mod told;
mod unfinished;
mod writing;

use q_core::conversation::Part;
use q_core::{Seal, Settings};
use serde_json::{Map, Value};

use crate::dialect::Dialect;
use crate::shape::{self, RequestShape};
use q_seat::Turn;

pub(super) use answer_limit::{NEWER_LIMIT, with_newer_limit};
use block_order::OrderedReader;
pub(super) use offering::Offer;
use reading::FrameReader;
pub(super) use seals::keeping;

/// What reads an answer in this dialect.
pub(super) fn reader(dialect: Dialect) -> Box<dyn FrameReader> {
    match dialect {
        Dialect::ChatCompletions => Box::<chat_completions::ChatCompletionsReader>::default(),
        Dialect::Responses => Box::<OrderedReader<responses::ResponsesReader>>::default(),
        Dialect::Anthropic => Box::<OrderedReader<anthropic::AnthropicReader>>::default(),
        Dialect::Gemini => Box::<gemini::GeminiReader>::default(),
        Dialect::Ollama => Box::<ollama::OllamaReader>::default(),
        Dialect::Bedrock => Box::<OrderedReader<bedrock::BedrockReader>>::default(),
    }
}

/// What is asked in this dialect where no tools are offered.
#[cfg(test)]
fn request(dialect: Dialect, turn: &Turn, model: &str, shape: &RequestShape) -> Value {
    request_offering(dialect, turn, model, shape, &Offer::default())
}

/// What is asked in this dialect, as it is sent, with the tools that the model may call.
pub(super) fn request_offering(
    dialect: Dialect,
    turn: &Turn,
    model: &str,
    shape: &RequestShape,
    offer: &Offer,
) -> Value {
    let settings = &turn.settings;
    let with = shape.with(settings);
    // An answer that is gone on with begins with no thought.
    let may_carry = !unfinished::is_taken(dialect, model, &with);
    let carries = |seal: &Seal| may_carry && seal.by == offer.sealed_by && seals::is_readable(dialect, seal);
    let turn = &*keeping(turn, carries);
    let turn = &*unfinished::joined(dialect, turn, model, &with);
    let mut request = unshaped(dialect, turn, model, &with);
    // What the owner puts into the body by hand must not undo what was set: its members are known by what they change.
    let set = if shape.body.is_empty() || *settings == Settings::default() {
        Map::new()
    } else {
        shape::difference(&request, &unshaped(dialect, turn, model, &shape.without(settings)))
    };
    offer.write(dialect, &mut request);
    shape.apply(&mut request, &set);
    request
}

/// The same request without anything that was sealed, or is asked to be: what a server may take that refused the other. `None`
/// where there is nothing of that in it, and it would be the same.
pub(super) fn request_without_seals(
    dialect: Dialect,
    turn: &Turn,
    model: &str,
    shape: &RequestShape,
    offer: &Offer,
) -> Option<Value> {
    let carries = |part: &Part| matches!(part, Part::Sealed(seal) if seal.by == offer.sealed_by);
    let is_asked = dialect == Dialect::Responses && shape.with(&turn.settings).reasoning.is_some();
    let parts = || turn.messages.iter().flat_map(|message| &message.parts);
    let may_be_unsigned = dialect == Dialect::Gemini && parts().any(|part| matches!(part, Part::Call { .. }));
    if !is_asked && !may_be_unsigned && !parts().any(carries) {
        return None;
    }
    let turn = keeping(turn, |_| false);
    let mut request = request_offering(dialect, &turn, model, shape, offer);
    if dialect == Dialect::Gemini {
        gemini::pass_unsigned(&mut request);
    }
    if let Some(members) = request.as_object_mut().filter(|_| is_asked) {
        members.remove(responses::INCLUDE);
    }
    Some(request)
}

fn unshaped(dialect: Dialect, turn: &Turn, model: &str, shape: &RequestShape) -> Value {
    match dialect {
        Dialect::ChatCompletions => chat_completions::request(turn, model, shape),
        Dialect::Responses => responses::request(turn, model, shape),
        Dialect::Anthropic => anthropic::request(turn, model, shape),
        Dialect::Gemini => gemini::request(turn, shape),
        Dialect::Ollama => ollama::request(turn, model, shape),
        Dialect::Bedrock => bedrock::request(turn, model, shape),
    }
}
