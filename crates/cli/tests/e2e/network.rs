//! Proxies and certificates through the real host: what the environment of the client says that makes a session is what that
//! session's connections do, whatever the host was started with.

#[allow(dead_code, clippy::unwrap_used, reason = "shared with the tests of q-agent")]
#[path = "../../../agent/tests/support/proxy.rs"]
mod proxy;

use crate::world::World;
use proxy::Proxy;

#[test]
fn a_session_goes_through_the_proxy_of_the_client_that_made_it() {
    let mut world = World::new();
    let proxy = Proxy::to_server();
    proxy.lead_to(&world.server.base_url());
    // The host is started by a client without any proxy.
    world.q(&["new", "-d", "plain"]).succeeded();
    world.home.set("OPENAI_BASE_URL", "http://models.test/v1");
    world.home.set("http_proxy", &proxy.url());
    world.q(&["new", "-d", "proxied"]).succeeded();
    let said = world.q(&["chat", "-s", "proxied", "hello"]).succeeded();
    assert_eq!(said.out, "echo: hello\n");
    assert_eq!(proxy.heads(), ["POST http://models.test/v1/chat/completions HTTP/1.1"]);
    // And the other one does not.
    let said = world.q(&["chat", "-s", "plain", "again"]).succeeded();
    assert_eq!(said.out, "echo: again\n");
    assert_eq!(proxy.heads().len(), 1);
}

#[test]
fn no_proxy_of_the_client_counts_too() {
    let mut world = World::new();
    let proxy = Proxy::to_server();
    proxy.lead_to(&world.server.base_url());
    world.home.set("OPENAI_BASE_URL", "http://models.invalid/v1");
    world.home.set("HTTP_PROXY", &proxy.url());
    world.home.set("NO_PROXY", ".invalid");
    world.q(&["chat", "hello"]).exited(1).told("no agent reachable");
    assert!(proxy.heads().is_empty());
}
