//! What a model is told of a tool: its name, what it does, what it takes.

/// A tool as it is offered to a model. All of it is q's own text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ToolDefinition {
    pub name: &'static str,
    /// What it does, in words for a model.
    pub about: &'static str,
    /// What it takes, as a JSON schema.
    pub schema: &'static str,
    /// Whether it only looks: such a one runs without being asked for, beneath the session's directory.
    pub reads: bool,
}
