//! How a client's agent is to be asked, on the wire: in which protocol, and what of its requests is to be otherwise. Headers and
//! body may hold keys.

use std::time::Duration;

use q_agent::{Dialect, HttpSpec, RequestShape, Secret, shape};
use serde::{Deserialize, Serialize};

/// [`RequestShape`], and what else of a [`HttpSpec`] is rarely said.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Shaping {
    /// [`Dialect::word`]; empty for chat completions.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub dialect: String,
    /// How long the server may stay silent before the first byte, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_byte_ms: Option<u64>,
    /// [`HttpSpec::retries`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retries: Option<u32>,
    /// [`RequestShape::temperature`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub temperature: Option<f64>,
    /// [`RequestShape::max_tokens`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_tokens: Option<u64>,
    /// [`RequestShape::reasoning`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reasoning: Option<String>,
    /// [`RequestShape::headers`].
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub headers: Vec<(String, String)>,
    /// [`RequestShape::body`], as JSON; empty for nothing.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub body: String,
    /// [`RequestShape::omit`].
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub omit: Vec<String>,
    /// [`RequestShape::think_tags`].
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub think_tags: bool,
}

/// Wherever it could be compared, a temperature is a number.
impl Eq for Shaping {}

impl Shaping {
    /// How long its texts are.
    pub(super) fn bytes(&self) -> usize {
        let headers = self.headers.iter().map(|(name, value)| name.len() + value.len());
        let texts = [&self.dialect, &self.body].into_iter().chain(&self.reasoning).chain(&self.omit);
        headers.chain(texts.map(String::len)).sum()
    }

    /// Whether it names a protocol that is spoken here.
    pub(crate) fn dialect(&self) -> Option<Dialect> {
        if self.dialect.is_empty() { Some(Dialect::default()) } else { Dialect::of(&self.dialect) }
    }

    /// Puts it into a spec. What cannot be read says nothing.
    pub(super) fn shape(self, spec: HttpSpec) -> HttpSpec {
        let dialect = self.dialect().unwrap_or_default();
        let Self {
            first_byte_ms,
            retries,
            temperature,
            max_tokens,
            reasoning,
            headers,
            body,
            omit,
            think_tags,
            ..
        } = self;
        let body = shape::members(&body);
        let headers = headers.into_iter().map(|(name, value)| (name, Secret::new(value))).collect();
        let temperature = temperature.and_then(shape::number);
        let shape = RequestShape { temperature, max_tokens, reasoning, headers, body, omit, think_tags };
        let retries = retries.unwrap_or(spec.retries);
        HttpSpec { dialect, first_byte: first_byte_ms.map(Duration::from_millis), retries, shape, ..spec }
    }
}

impl std::fmt::Debug for Shaping {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shaping").field("dialect", &self.dialect).finish_non_exhaustive()
    }
}
