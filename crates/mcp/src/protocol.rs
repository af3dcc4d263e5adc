//! The protocol's own words, by the library's names for them: whoever needs some takes them from here.

pub(crate) use rmcp::model::{
    CallToolRequest, CallToolRequestParams, CallToolResult, ClientRequest, ContentBlock, ElicitRequestParams,
    ElicitResult, ElicitationAction, GetPromptRequest, GetPromptRequestParams, GetPromptResult, JsonObject,
    ListPromptsRequest, ListResourceTemplatesRequest, ListResourcesRequest, PaginatedRequestParams, Prompt,
    ReadResourceRequest, ReadResourceRequestParams, ResourceContents, Role, ServerResult, Tool,
};
