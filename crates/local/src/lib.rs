//! A model on this machine: files that hold one, fetched and looked at before they are believed, and a server for one of them at a
//! socket, in a process of its own that ends when nobody comes.
//!
//! `q` knows nothing of this: its host starts the program and speaks chat completions to it, and `q model` hands on what was typed.
//!
//! | room | what lives there |
//! |---|---|
//! | `models` | the models that are here, where others are had, and how |
//! | `gguf`, `shape`, `model_file` | what a file says of its model |
//! | `tokenizer`, `markup` | texts and conversations in tokens |
//! | `weights`, `sampling`, `answer` | token after token |
//! | `queue` | who has the processor |
//! | `serve` | the socket, and what is said over it |
//! | `candle` | what computes; only with the feature `engine` |
//! | `program` | what is typed |

pub mod answer;
#[cfg(feature = "engine")]
mod candle;
pub mod error;
pub mod gguf;
pub mod markup;
pub mod model_file;
pub mod models;
mod out;
pub mod program;
mod queue;
pub mod sampling;
pub mod serve;
pub mod shape;
pub mod tokenizer;
pub mod weights;

pub use error::LocalError;
