//! The HTTP client that MCP servers at an address are asked with: the one that models are asked with, through the same proxies,
//! trusting the same authorities.

use std::time::Duration;

use q_core::{AgentFailure, FailureKind};
use q_mcp::http::{
    HttpAnswer, HttpClient, HttpMethod, HttpRequest, HttpTrouble, MESSAGE_BYTES, REFUSAL_BYTES, Waiting,
};

use super::address::Address;
use super::events::EventParser;
use super::exchange::{Bytes, Exchange, Method};
use super::failure::server_words;
use super::lines::TooLong;
use super::public::{NOT_PUBLIC, may_be_public};
use super::route::Route;
use crate::network::NetworkEnvironment;
use crate::secret::Secret;

/// How servers at an address are asked in a person's network.
#[derive(Clone, Debug)]
pub struct ServerHttp {
    pub network: NetworkEnvironment,
}

impl HttpClient for ServerHttp {
    fn ask(&self, request: HttpRequest) -> Waiting<'static, Result<Box<dyn HttpAnswer>, HttpTrouble>> {
        let network = self.network.clone();
        Box::pin(async move {
            let patience = request.patience;
            let exchange = asked(request, &network).await.map_err(|failure| HttpTrouble {
                may_have_arrived: matches!(failure.kind, FailureKind::Cut | FailureKind::Silent),
                why: server_words(failure),
            })?;
            let answer: Box<dyn HttpAnswer> = Box::new(ServerAnswer::new(exchange, patience));
            Ok(answer)
        })
    }

    fn may_lead_to(&self, url: &str, named_by: &str) -> Result<(), String> {
        Address::of(url)
            .and_then(|address| leads_to_the_world(&address, named_by))
            .map(drop)
            .map_err(server_words)
    }
}

async fn asked(request: HttpRequest, network: &NetworkEnvironment) -> Result<Exchange, AgentFailure> {
    let HttpRequest { method, url, headers, body, patience, named_by } = request;
    let method = match method {
        HttpMethod::Post => Method::POST,
        HttpMethod::Get => Method::GET,
        HttpMethod::Delete => Method::DELETE,
    };
    let address = Address::of(&url)?;
    let mut route = Route::to(&address, network, None).await?;
    if let Some(named_by) = named_by
        && leads_to_the_world(&address, &named_by)?
    {
        route = route.leading_to_the_world();
    }
    let headers: Vec<(String, Secret)> =
        headers.into_iter().map(|(name, value)| (name, Secret::new(value))).collect();
    let exchange = Exchange::with_headers(&route, &address, (method, body), &headers, patience).await;
    Ok(exchange.map_err(|attempt| attempt.failure)?.unpacked())
}

/// Whether an address that a server named is to be the world's: as the server is, and unless it is that one's own host. Says why not
/// where it is none.
fn leads_to_the_world(address: &Address, named_by: &str) -> Result<bool, AgentFailure> {
    let named_by = Address::of(named_by)?;
    let is_bound = may_be_public(named_by.host()) && named_by.host() != address.host();
    if is_bound && !may_be_public(address.host()) {
        return Err(AgentFailure::new(FailureKind::WrongPath, NOT_PUBLIC));
    }
    Ok(is_bound)
}

/// An answer as it comes.
struct ServerAnswer {
    exchange: Exchange,
    patience: Duration,
    /// Only where it is a stream of events.
    events: Option<EventParser>,
    /// What came and is not read yet.
    rest: Bytes,
    is_over: bool,
}

impl ServerAnswer {
    fn new(exchange: Exchange, patience: Duration) -> Self {
        let kind = exchange.header("content-type").unwrap_or_default();
        let is_stream =
            kind.trim_start().get(..17).is_some_and(|kind| kind.eq_ignore_ascii_case("text/event-stream"));
        let events = (is_stream && exchange.status() < 300).then(|| EventParser::new(MESSAGE_BYTES));
        Self { exchange, patience, events, rest: Bytes::new(), is_over: false }
    }

    /// All of a body that is one message; of a refusal the beginning.
    async fn whole(&mut self) -> Result<Option<Vec<u8>>, String> {
        if std::mem::replace(&mut self.is_over, true) {
            return Ok(None);
        }
        let is_refusal = self.exchange.status() >= 300;
        let most = if is_refusal { REFUSAL_BYTES } else { MESSAGE_BYTES };
        let (body, is_longer) = self.exchange.body(most, self.patience).await.map_err(server_words)?;
        if is_longer && !is_refusal {
            return Err(too_long());
        }
        Ok((!body.is_empty()).then_some(body))
    }

    /// The next event that has data.
    async fn event(&mut self) -> Result<Option<Vec<u8>>, String> {
        loop {
            let Some(events) = &mut self.events else { return self.whole().await };
            let mut bytes = &*self.rest;
            while let Some(event) = events.next(&mut bytes).map_err(|TooLong| too_long())? {
                if !event.data.is_empty() {
                    let left = self.rest.slice_ref(bytes);
                    self.rest = left;
                    return Ok(Some(event.data));
                }
            }
            if self.is_over {
                return Ok(None);
            }
            let piece = self.exchange.piece(self.patience).await.map_err(server_words)?;
            self.is_over = piece.is_none();
            self.rest = piece.unwrap_or_default();
            if self.is_over {
                let last = events.rest().map_err(|TooLong| too_long())?;
                return Ok(last.map(|event| event.data).filter(|data| !data.is_empty()));
            }
        }
    }
}

fn too_long() -> String {
    format!("it says more than {} MB at once", MESSAGE_BYTES >> 20)
}

impl HttpAnswer for ServerAnswer {
    fn status(&self) -> u16 {
        self.exchange.status()
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.exchange.header(name)
    }

    fn next(&mut self) -> Waiting<'_, Result<Option<Vec<u8>>, String>> {
        Box::pin(self.event())
    }
}
