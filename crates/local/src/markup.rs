//! How a conversation is written for a model: who speaks is told by tokens that no text can make. Files bring a program that
//! writes it; the two ways that matter here are known by what such a program mentions, and none is ever run.

use crate::error::LocalError;
use crate::gguf::GgufHeader;
use crate::tokenizer::Tokenizer;

/// What `SmolLM2` was taught to be told where nothing else is.
const SMOLLM: &str = "You are a helpful AI assistant named SmolLM, trained by Hugging Face";

/// Who says something in a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Speaker {
    /// Who made the session.
    System,
    User,
    Assistant,
}

impl Speaker {
    const fn word(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::User => "user",
            Self::Assistant => "assistant",
        }
    }
}

/// A way of writing conversations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Markup {
    /// `<|im_start|>user` and a new line, the text, `<|im_end|>` and a new line.
    ChatMl {
        start: u32,
        end: u32,
        /// What is said first where nothing else is.
        usual: Option<&'static str>,
    },
    /// `<|start_header_id|>user<|end_header_id|>` and two new lines, the text, `<|eot_id|>`.
    Llama3 {
        /// What all begins with.
        begin: u32,
        /// The tokens around who speaks.
        header: [u32; 2],
        /// What ends a text.
        end: u32,
    },
}

impl Markup {
    /// The one that a file's template means.
    pub fn of(header: &GgufHeader, tokenizer: &Tokenizer) -> Result<Self, LocalError> {
        let template = header.text("tokenizer.chat_template").unwrap_or_default();
        let says = |name: &str| tokenizer.control(name).filter(|_| template.contains(name));
        if let (Some(start), Some(end)) = (says("<|im_start|>"), says("<|im_end|>")) {
            return Ok(Self::ChatMl { start, end, usual: template.contains(SMOLLM).then_some(SMOLLM) });
        }
        let control = |name: &str| tokenizer.control(name);
        if let (Some(open), Some(close), Some(end), Some(begin)) = (
            says("<|start_header_id|>"),
            control("<|end_header_id|>"),
            control("<|eot_id|>"),
            control("<|begin_of_text|>"),
        ) {
            return Ok(Self::Llama3 { begin, header: [open, close], end });
        }
        Err(LocalError::new(
            "it is no model for conversations, or writes them in a way that is not known here",
        )
        .hint("look for one whose name ends in Instruct or Chat"))
    }

    /// A conversation, up to where the model goes on.
    pub fn write(&self, said: &[(Speaker, String)], tokenizer: &Tokenizer) -> Vec<u32> {
        let mut tokens = Vec::new();
        match self {
            Self::ChatMl { start, end, usual } => {
                let usual = usual.filter(|_| said.iter().all(|(speaker, _)| *speaker != Speaker::System));
                let first = usual.map(|text| (Speaker::System, text));
                let said = said.iter().map(|(speaker, text)| (*speaker, text.as_str()));
                for (speaker, text) in first.into_iter().chain(said) {
                    tokens.push(*start);
                    tokenizer.write(&format!("{}\n{text}", speaker.word()), &mut tokens);
                    tokens.push(*end);
                    tokenizer.write("\n", &mut tokens);
                }
                tokens.push(*start);
                tokenizer.write("assistant\n", &mut tokens);
            }
            Self::Llama3 { begin, header: [open, close], end } => {
                let head = |speaker: Speaker, text: &str, tokens: &mut Vec<u32>| {
                    tokens.push(*open);
                    tokenizer.write(speaker.word(), tokens);
                    tokens.push(*close);
                    tokenizer.write(&format!("\n\n{text}"), tokens);
                };
                tokens.push(*begin);
                for (speaker, text) in said {
                    head(*speaker, text.trim(), &mut tokens);
                    tokens.push(*end);
                }
                head(Speaker::Assistant, "", &mut tokens);
            }
        }
        tokens
    }
}
