//! The Model Context Protocol: lists the tools of a level, and passes calls on to the desk. Teaches that a protocol's errors are for its
//! clients, and a tool's errors for the model that reads them.

use std::sync::Arc;

use rmcp::{
    ErrorData, RoleServer, ServerHandler,
    model::{
        CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, Implementation,
        ListToolsResult, PaginatedRequestParams, ServerCapabilities, ServerConfig,
    },
    service::RequestContext,
};

use crate::{
    desk::Desk,
    tools::{self, Unread},
};

const INSTRUCTIONS: &str = "You are on call for a small web shop, and have just been called. Find out what is wrong, serve customers again, and \
                            explain what happened. Begin with 'situation', 'list_checks' and 'catalogue', which take no time. Every other look \
                            takes minutes of the shop's clock, in which customers may be lost. Restore with 'remedy', hand in with 'explain', and \
                            end with 'finish'. It may turn out that nothing in the shop is wrong: then explain that, and change nothing.";

/// The protocol in front of one desk. All its sessions work on the same incident.
#[derive(Clone)]
pub struct Server {
    desk: Arc<Desk>,
}

impl Server {
    pub fn new(desk: Arc<Desk>) -> Self {
        Self { desk }
    }
}

impl ServerHandler for Server {
    fn get_info(&self) -> ServerConfig {
        ServerConfig::new(ServerCapabilities::builder().enable_tools().build())
            .with_server_info(Implementation::new("on-call", "1"))
            .with_instructions(INSTRUCTIONS)
    }

    async fn list_tools(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        Ok(ListToolsResult::with_all_items(tools::list(self.desk.level())))
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let answer = match tools::read(self.desk.level(), &request.name, request.arguments) {
            Err(Unread::Unknown(why)) => return Err(ErrorData::invalid_params(why, None)),
            Err(Unread::Wrong(why)) => Err(why),
            Ok(call) => self.desk.ask(call).await,
        };
        let result = match answer {
            Ok(answer) => CallToolResult::success(vec![ContentBlock::text(answer.to_string())]),
            Err(why) => CallToolResult::error(vec![ContentBlock::text(why)]),
        };
        Ok(result.into())
    }
}
