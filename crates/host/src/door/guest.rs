//! One connection: the hello, then reading and writing side by side until either ends.

use std::sync::Arc;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use q_core::ClientId;
use tokio::net::UnixStream;
use tokio::sync::mpsc;
use tokio_util::codec::{FramedRead, FramedWrite};

use crate::door::outbox::{Outbox, Taken};
use crate::events::Event;
use crate::wire::message::Hello;
use crate::wire::{ClientMessage, Codec, HostMessage, PROTOCOL, Refused, Unknown};

/// How long a connection may stay without a hello.
const HELLO_WITHIN: Duration = Duration::from_secs(5);

type Reader = FramedRead<tokio::net::unix::OwnedReadHalf, Codec<ClientMessage, HostMessage>>;
type Writer = FramedWrite<tokio::net::unix::OwnedWriteHalf, Codec<ClientMessage, HostMessage>>;

/// Serves one connection to its end.
pub(super) async fn serve(stream: UnixStream, client: ClientId, events: mpsc::Sender<Event>) {
    let (read, write) = stream.into_split();
    let mut reader = FramedRead::new(read, Codec::default());
    let mut writer = FramedWrite::new(write, Codec::default());
    let Ok(Some(Ok(Ok(ClientMessage::Hello(hello))))) =
        tokio::time::timeout(HELLO_WITHIN, reader.next()).await
    else {
        let why =
            "the first message must be a hello of this protocol; is this q of another version?".to_owned();
        let _gone = writer.send(&HostMessage::Unwelcome { why }).await;
        return;
    };
    if hello.stop {
        let _ends_already = events.send(Event::Terminate).await;
        let why = "the host was stopped".to_owned();
        let _gone = writer.send(&HostMessage::Going { why, restart: false }).await;
        // The connection ends with the host, which is how whoever asked knows that it is gone.
        let _asker_went_first = reader.next().await;
        return;
    }
    if !hello.is_understood() {
        let why = mismatch(&hello);
        let _gone = writer.send(&HostMessage::Unwelcome { why }).await;
        return;
    }
    let outbox = Arc::new(Outbox::default());
    if events.send(Event::Connected { client, hello, outbox: Arc::clone(&outbox) }).await.is_err() {
        return; // the host ends
    }
    tokio::select! {
        () = listen(reader, client, &outbox, &events) => {}
        () = speak(writer, client, &outbox, &events) => {}
    }
    let _host_gone = events.send(Event::Disconnected { client }).await;
}

async fn listen(mut reader: Reader, client: ClientId, outbox: &Outbox, events: &mpsc::Sender<Event>) {
    while let Some(message) = reader.next().await {
        match message {
            Ok(Ok(message)) => {
                if events.send(Event::Said { client, message }).await.is_err() {
                    return;
                }
            }
            Ok(Err(Unknown { request })) => {
                outbox.push(HostMessage::Reply { id: request, answer: Err(unknown()) });
            }
            Err(error) => {
                tracing::warn!(target: "q::door", client = client.0, %error, "a client's message could not be read");
                return;
            }
        }
    }
}

async fn speak(mut writer: Writer, client: ClientId, outbox: &Outbox, events: &mpsc::Sender<Event>) {
    loop {
        match outbox.take().await {
            Taken::Messages(messages) => {
                for message in &messages {
                    if writer.feed(message).await.is_err() {
                        return;
                    }
                }
                if writer.flush().await.is_err() {
                    return;
                }
            }
            Taken::Lagged => {
                tracing::warn!(target: "q::door", client = client.0, "a slow client starts again from snapshots");
                if events.send(Event::Lagged { client }).await.is_err() {
                    return;
                }
            }
            Taken::Closed => return,
        }
    }
}

fn mismatch(Hello { version, protocol, .. }: &Hello) -> String {
    let mine = env!("CARGO_PKG_VERSION");
    let way_out = if *protocol < PROTOCOL {
        "start the newer q; `q host restart` of this one would bring its own host"
    } else {
        "`q host restart` brings a host of this q: nothing is lost, what runs is interrupted and marked"
    };
    format!(
        "this q is {version} (protocol {protocol}), the running host is {mine} (protocol {PROTOCOL}); {way_out}"
    )
}

/// A newer client may want what this host cannot do.
fn unknown() -> Refused {
    let mine = env!("CARGO_PKG_VERSION");
    let message =
        format!("the running host is q {mine} and does not know this; `q host restart` brings one of this q");
    Refused { code: "unknown_request".into(), message, limit: false }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic, reason = "tests may panic")]
    use super::*;
    use crate::wire::Request;
    use serde::Serialize;
    use tokio_util::codec::Framed;

    #[derive(Serialize)]
    #[serde(rename_all = "snake_case")]
    enum Later {
        Request { id: u64, request: Fly },
    }

    #[derive(Serialize)]
    #[serde(rename_all = "snake_case")]
    enum Fly {
        Fly { high: bool },
    }

    #[tokio::test]
    async fn who_asks_for_what_only_a_later_host_can_is_told_so_and_may_go_on() {
        let (guest, host) = UnixStream::pair().unwrap();
        let (events, mut heard) = mpsc::channel(4);
        let serving = tokio::spawn(serve(host, ClientId(1), events));
        let mut guest = Framed::new(guest, Codec::<HostMessage, ClientMessage>::default());
        guest.send(&ClientMessage::Hello(Hello::new(false))).await.unwrap();
        assert!(matches!(heard.recv().await, Some(Event::Connected { .. })));

        let mut later = FramedWrite::new(guest.get_mut(), Codec::<(), Later>::default());
        later.send(&Later::Request { id: 7, request: Fly::Fly { high: true } }).await.unwrap();
        let Some(Ok(Ok(HostMessage::Reply { id: 7, answer: Err(refused) }))) = guest.next().await else {
            panic!("it is answered under its number")
        };
        assert_eq!(refused.code, "unknown_request");

        guest.send(&ClientMessage::Request { id: 8, request: Request::List }).await.unwrap();
        let said = heard.recv().await;
        assert!(
            matches!(
                said,
                Some(Event::Said { message: ClientMessage::Request { id: 8, request: Request::List }, .. })
            ),
            "{said:?}"
        );
        serving.abort();
    }

    /// As one of another version does, whose own host is to come next.
    #[tokio::test]
    async fn whoever_asks_the_host_to_stop_is_heard_whatever_they_speak() {
        for protocol in [0, PROTOCOL, u32::MAX] {
            let (guest, host) = UnixStream::pair().unwrap();
            let (events, mut heard) = mpsc::channel(4);
            let serving = tokio::spawn(serve(host, ClientId(1), events));
            let mut guest = Framed::new(guest, Codec::<HostMessage, ClientMessage>::default());
            let hello = Hello { protocol, oldest: protocol, stop: true, ..Hello::new(false) };
            guest.send(&ClientMessage::Hello(hello)).await.unwrap();
            assert!(matches!(heard.recv().await, Some(Event::Terminate)), "{protocol}");
            assert!(matches!(guest.next().await, Some(Ok(Ok(HostMessage::Going { .. })))), "{protocol}");
            assert!(!serving.is_finished(), "its end is still to be seen: {protocol}");
            drop(guest);
            serving.await.unwrap();
        }
    }
}
