//! One connection: the hello, then reading and writing side by side. Who takes no more is heard to the end: it may have said
//! something before it left.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use q_core::ClientId;
use q_proto::message::Hello;
use q_proto::{ClientMessage, FrameError, HostMessage, PROTOCOL, Refused, Unknown, encode};
use tokio::io::AsyncWriteExt as _;
use tokio::net::UnixStream;
use tokio::net::unix::OwnedWriteHalf;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

use super::context::ListenerContext;
use super::outbox::{Outbox, Taken};
use super::reader::Reader;
use crate::events::HostEvent;

/// How long a connection may stay without a hello.
const HELLO_WITHIN: Duration = Duration::from_secs(5);
/// How long one that takes no more is heard. What it said before it left is in the socket already.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// Frames are written together up to about this length.
const TOGETHER: usize = 64 << 10;

/// Serves one connection to its end.
pub(super) async fn serve(stream: UnixStream, client: ClientId, shared: Arc<ListenerContext>) {
    let (read, mut write) = stream.into_split();
    let mut reader = Reader::new(read, Arc::clone(&shared.long_frames));
    let hello = tokio::time::timeout(HELLO_WITHIN, reader.first()).await;
    shared.ungreeted.leave(client);
    if matches!(&hello, Ok(Ok(Some(ClientMessage::Hello(Hello { stop: true, .. }))))) {
        let _ends_already = shared.events.send(HostEvent::Terminate).await;
        let why = "the host was stopped".to_owned();
        let _gone = send(&mut write, &HostMessage::Going { why, restart: false }).await;
        // The connection ends with the host, which is how whoever asked knows that it is gone.
        let _asker_went_first = reader.next().await;
        return;
    }
    let (hello, _place) = match welcome(hello.ok(), &shared) {
        Ok(welcome) => welcome,
        Err(why) => {
            // It fits into an empty socket, so nobody is waited for.
            let _gone = send(&mut write, &HostMessage::Unwelcome { why }).await;
            return;
        }
    };
    let (events, outbox) = (&shared.events, Outbox::in_backlog(&shared.backlog));
    if events.send(HostEvent::Connected { client, hello, outbox: Arc::clone(&outbox) }).await.is_err() {
        return; // the host ends
    }
    let mut listening = pin!(read_messages(reader, client, &outbox, events));
    tokio::select! {
        () = &mut listening => {}
        spoken = write_messages(write, client, &outbox, events) => match spoken {
            Ok(()) => {}
            // Most likely it left.
            Err(FrameError::Io(_)) => {
                outbox.expect_no_reader();
                let _heard_to_the_end = tokio::time::timeout(LAST_WORDS, listening).await;
            }
            Err(error) => {
                tracing::warn!(target: "q::listener", client = client.0, %error, "a client cannot be told something");
            }
        },
        () = outbox.cut() => {
            tracing::warn!(target: "q::listener", client = client.0, "a client that does not read is cut off");
        }
    }
    let _host_gone = events.send(HostEvent::Disconnected { client }).await;
}

/// Who may come in, with its place; or why it may not.
fn welcome(
    first: Option<Result<Option<ClientMessage>, FrameError>>,
    shared: &ListenerContext,
) -> Result<(Hello, OwnedSemaphorePermit), String> {
    let Some(Ok(Some(ClientMessage::Hello(hello)))) = first else {
        let why = "the first message must be a hello of this protocol; is this q of another version?";
        return Err(why.to_owned());
    };
    if !hello.is_understood() {
        return Err(mismatch(&hello));
    }
    let place = Arc::clone(&shared.places).try_acquire_owned();
    place.map(|place| (hello, place)).map_err(|_| {
        "too many clients are attached to the host; end some, or allow it more open files (ulimit -n)"
            .to_owned()
    })
}

async fn send(to: &mut OwnedWriteHalf, message: &HostMessage) -> Result<(), FrameError> {
    let mut frame = Vec::new();
    encode(message, &mut frame)?;
    Ok(to.write_all(&frame).await?)
}

/// Hands on what a client says, one message at a time: the next is read when the host has dealt with the last, so that
/// nobody's messages stand in the way of others'.
async fn read_messages(
    mut reader: Reader,
    client: ClientId,
    outbox: &Outbox,
    events: &mpsc::Sender<HostEvent>,
) {
    let turns = Arc::new(Semaphore::new(1));
    while let Ok(turn) = Arc::clone(&turns).acquire_owned().await {
        match reader.next().await {
            Ok(Some((Ok(message), allowance))) => {
                if matches!(message, ClientMessage::Request { .. }) {
                    outbox.may_ask().await;
                }
                let allowance = allowance.with_turn(turn);
                if events.send(HostEvent::Message { client, message, allowance }).await.is_err() {
                    return;
                }
            }
            Ok(Some((Err(Unknown { request }), _))) => {
                outbox.may_ask().await;
                outbox.push(HostMessage::Reply { id: request, answer: Err(unknown()) });
            }
            Ok(None) => return,
            Err(error) => {
                tracing::warn!(target: "q::listener", client = client.0, %error, "a client's message could not be read");
                return;
            }
        }
    }
}

/// Writes what the host says, until one of both ends it; an error is why nothing more can be written.
async fn write_messages(
    mut to: OwnedWriteHalf,
    client: ClientId,
    outbox: &Outbox,
    events: &mpsc::Sender<HostEvent>,
) -> Result<(), FrameError> {
    let mut frames = Vec::new();
    loop {
        let event = match outbox.take().await {
            Taken::Messages(messages) => {
                write(&mut to, messages, &mut frames).await?;
                continue;
            }
            Taken::Lagged => {
                tracing::warn!(target: "q::listener", client = client.0, "a slow client starts again from snapshots");
                HostEvent::Lagged { client }
            }
            Taken::Drained => HostEvent::Drained { client },
            Taken::Closed => return Ok(()),
        };
        if events.send(event).await.is_err() {
            return Ok(());
        }
    }
}

/// Writes messages, each forgotten as soon as it is a frame.
async fn write(
    to: &mut OwnedWriteHalf,
    messages: impl IntoIterator<Item = HostMessage>,
    frames: &mut Vec<u8>,
) -> Result<(), FrameError> {
    for message in messages {
        encode(&message, frames)?;
        drop(message);
        if frames.len() >= TOGETHER {
            to.write_all(frames).await?;
            frames.clear();
        }
    }
    to.write_all(frames).await?;
    frames.clear();
    frames.shrink_to(TOGETHER); // a long one must not hold its memory for as long as the client stays
    Ok(())
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
    use futures_util::{FutureExt as _, SinkExt as _, StreamExt as _};
    use q_proto::message::MAX_ACKNOWLEDGED;
    use q_proto::{Codec, MAX_FRAME, Request};
    use serde::Serialize;
    use tokio_util::codec::{Framed, FramedWrite};

    type Remote = Framed<UnixStream, Codec<HostMessage, ClientMessage>>;

    /// What connections share, with so many descriptors, and what the host hears behind it.
    fn shared(descriptors: usize) -> (Arc<ListenerContext>, mpsc::Receiver<HostEvent>) {
        let (events, heard) = mpsc::channel(4);
        (Arc::new(ListenerContext::within(descriptors, events)), heard)
    }

    /// A connection to it.
    fn connect(shared: &Arc<ListenerContext>, number: u64) -> UnixStream {
        let (remote, host) = UnixStream::pair().unwrap();
        let serving = serve(host, ClientId(number), Arc::clone(shared));
        shared.ungreeted.enter(ClientId(number), || tokio::spawn(serving).abort_handle());
        remote
    }

    fn hello() -> ClientMessage {
        ClientMessage::Hello(Hello::new(false))
    }

    /// One that has said hello, as the host sees it too.
    async fn greeted(
        shared: &Arc<ListenerContext>,
        number: u64,
        heard: &mut mpsc::Receiver<HostEvent>,
    ) -> (Remote, Arc<Outbox>) {
        let mut remote = Remote::new(connect(shared, number), Codec::default());
        remote.send(&hello()).await.unwrap();
        match heard.recv().await {
            Some(HostEvent::Connected { outbox, .. }) => (remote, outbox),
            other => panic!("{other:?}"),
        }
    }

    fn ask(id: u64) -> ClientMessage {
        ClientMessage::Request { id, request: Request::List }
    }

    /// A frame of this length of which only the first half comes.
    async fn begin_frame(remote: &mut UnixStream, length: usize) {
        remote.write_all(&u32::try_from(length).unwrap().to_be_bytes()).await.unwrap();
        let _cut_off = remote.write_all(&vec![0; length / 2]).await;
    }

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
        let (shared, mut heard) = shared(1024);
        let (mut remote, _outbox) = greeted(&shared, 1, &mut heard).await;

        let mut later = FramedWrite::new(remote.get_mut(), Codec::<(), Later>::default());
        later.send(&Later::Request { id: 7, request: Fly::Fly { high: true } }).await.unwrap();
        let Some(Ok(Ok(HostMessage::Reply { id: 7, answer: Err(refused) }))) = remote.next().await else {
            panic!("it is answered under its number")
        };
        assert_eq!(refused.code, "unknown_request");

        remote.send(&ask(8)).await.unwrap();
        let said = heard.recv().await;
        assert!(
            matches!(
                said,
                Some(HostEvent::Message {
                    message: ClientMessage::Request { id: 8, request: Request::List },
                    ..
                })
            ),
            "{said:?}"
        );
    }

    #[tokio::test]
    async fn what_a_client_said_before_it_left_is_heard_although_it_takes_no_answer() {
        // More than may wait for answers at once.
        const LAST: u64 = 40;
        let (shared, mut heard) = shared(1024);
        let (mut remote, outbox) = greeted(&shared, 1, &mut heard).await;
        for id in 1..=LAST {
            remote.send(&ask(id)).await.unwrap();
        }
        drop(remote);
        let first = heard.recv().await;
        assert!(matches!(
            first,
            Some(HostEvent::Message { message: ClientMessage::Request { id: 1, .. }, .. })
        ));
        // The second waits until the host has dealt with the first. Meanwhile the host writes, to nobody.
        outbox.push(HostMessage::Ready);
        for _turn_of_the_runtime in 0..100 {
            tokio::task::yield_now().await;
        }
        drop(first);
        for expected in 2..=LAST {
            let said = heard.recv().await;
            assert!(
                matches!(&said, Some(HostEvent::Message { message: ClientMessage::Request { id, .. }, .. }) if *id == expected),
                "{expected}: {said:?}"
            );
        }
        assert!(matches!(heard.recv().await, Some(HostEvent::Disconnected { .. })));
    }

    #[tokio::test]
    async fn the_longest_hello_of_a_client_is_short_enough() {
        let (shared, mut heard) = shared(1024);
        let mut remote = Remote::new(connect(&shared, 1), Codec::default());
        let acknowledged = vec![(q_proto::Id(u128::MAX), u64::MAX); MAX_ACKNOWLEDGED];
        remote.send(&ClientMessage::Hello(Hello { acknowledged, ..Hello::new(true) })).await.unwrap();
        assert!(matches!(heard.recv().await, Some(HostEvent::Connected { .. })));
    }

    #[tokio::test]
    async fn before_the_hello_a_frame_may_have_only_so_much() {
        let (shared, _heard) = shared(1024);
        for (length, is_refused) in
            [(super::super::reader::MAX_HELLO + 1, true), (MAX_FRAME, true), (1000, false)]
        {
            let began = tokio::time::Instant::now();
            let mut remote = connect(&shared, length as u64);
            begin_frame(&mut remote, length).await;
            let mut remote = Remote::new(remote, Codec::default());
            let answer = remote.next();
            tokio::pin!(answer);
            if is_refused {
                assert!(matches!(answer.await, Some(Ok(Ok(HostMessage::Unwelcome { .. })))), "{length}");
                assert!(began.elapsed() < HELLO_WITHIN, "{length}: it was refused only for its time");
            } else {
                assert!(answer.as_mut().now_or_never().is_none(), "{length}: it is waited for");
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_hello_that_comes_in_drops_is_not_waited_for() {
        let (shared, _heard) = shared(1024);
        let mut remote = connect(&shared, 1);
        let began = tokio::time::Instant::now();
        remote.write_all(&1000_u32.to_be_bytes()).await.unwrap();
        while remote.write_all(&[0]).await.is_ok() && began.elapsed() < 2 * HELLO_WITHIN {
            tokio::time::sleep(HELLO_WITHIN / 10).await;
        }
        assert!(began.elapsed() < 2 * HELLO_WITHIN, "it is still there");
    }

    #[tokio::test]
    async fn long_frames_that_do_not_end_are_not_read_beyond_what_they_share() {
        let (shared, mut heard) = shared(1024);
        let all = shared.long_frames.available_permits();
        let mut stuck = Vec::new();
        for number in 1..=20 {
            let (remote, _outbox) = greeted(&shared, number, &mut heard).await;
            let mut remote = remote.into_inner();
            stuck.push(tokio::spawn(async move {
                begin_frame(&mut remote, MAX_FRAME).await;
                std::future::pending::<()>().await;
            }));
        }
        let (mut short, _outbox) = greeted(&shared, 99, &mut heard).await;
        for took_us in 0..100 {
            short.send(&ClientMessage::Switched { took_us }).await.unwrap();
            assert!(matches!(heard.recv().await, Some(HostEvent::Message { client: ClientId(99), .. })));
        }
        assert!(shared.long_frames.available_permits() < all, "some are being read");
        stuck.iter().for_each(tokio::task::JoinHandle::abort);
    }

    #[tokio::test(start_paused = true)]
    async fn a_long_frame_that_does_not_end_makes_way_for_one_that_does() {
        let (shared, mut heard) = shared(1024);
        let mut stuck = Vec::new();
        for number in 1..=4 {
            let (remote, _outbox) = greeted(&shared, number, &mut heard).await;
            let mut remote = remote.into_inner();
            remote.write_all(&u32::try_from(MAX_FRAME).unwrap().to_be_bytes()).await.unwrap();
            stuck.push(remote);
        }
        let (mut remote, _outbox) = greeted(&shared, 9, &mut heard).await;
        let text = "x".repeat(1 << 20);
        let long = ClientMessage::Request {
            id: 1,
            request: q_core::Command::SaveDraft { session: q_core::SessionId(1), text }.into(),
        };
        let saying = remote.send(&long);
        let hearing = async {
            loop {
                match heard.recv().await {
                    Some(HostEvent::Message { client: ClientId(9), allowance, .. }) => break allowance,
                    Some(HostEvent::Disconnected { .. }) => {}
                    other => panic!("{other:?}"),
                }
            }
        };
        let (_, allowance) = tokio::join!(saying, hearing);
        let held = shared.long_frames.available_permits();
        drop(allowance);
        assert!(
            held + (1 << 20) <= shared.long_frames.available_permits(),
            "it is held until the host is done"
        );
    }

    #[tokio::test]
    async fn who_says_much_has_one_message_at_a_time_before_the_host() {
        let (shared, mut heard) = shared(1024);
        let (mut loud, _outbox) = greeted(&shared, 1, &mut heard).await;
        let (mut quiet, _outbox) = greeted(&shared, 2, &mut heard).await;
        for id in 0..10 {
            loud.send(&ask(id)).await.unwrap();
        }
        let Some(HostEvent::Message { client: ClientId(1), allowance, .. }) = heard.recv().await else {
            panic!("the loud one was first")
        };
        quiet.send(&ask(1)).await.unwrap();
        let next = heard.recv().await;
        assert!(matches!(next, Some(HostEvent::Message { client: ClientId(2), .. })), "{next:?}");
        drop(allowance);
        assert!(matches!(heard.recv().await, Some(HostEvent::Message { client: ClientId(1), .. })));
    }

    #[tokio::test]
    async fn silent_connections_make_room_and_clients_are_told_that_there_is_none() {
        let (shared, mut heard) = shared(8); // two silent ones, four clients
        let silent: Vec<UnixStream> = (1..=3).map(|number| connect(&shared, number)).collect();
        assert_eq!(silent[0].readable().await.map(|()| silent[0].try_read(&mut [0]).unwrap()).unwrap(), 0);
        let mut inside = Vec::new();
        for number in 11..=14 {
            inside.push(greeted(&shared, number, &mut heard).await);
        }
        let mut remote = Remote::new(connect(&shared, 15), Codec::default());
        remote.send(&hello()).await.unwrap();
        let told = remote.next().await;
        assert!(
            matches!(&told, Some(Ok(Ok(HostMessage::Unwelcome { why }))) if why.contains("too many clients")),
            "{told:?}"
        );
        drop(inside.pop());
        assert!(matches!(heard.recv().await, Some(HostEvent::Disconnected { .. })));
        greeted(&shared, 16, &mut heard).await;
    }

    #[tokio::test]
    async fn who_is_cut_off_is_gone_although_it_does_not_read() {
        let (shared, mut heard) = shared(1024);
        let (_remote, outbox) = greeted(&shared, 1, &mut heard).await;
        for id in 0..100 {
            outbox.push(HostMessage::Reply {
                id,
                answer: Ok(q_proto::Response::ByteRange("x".repeat(1 << 20))),
            });
            tokio::task::yield_now().await;
        }
        assert!(matches!(heard.recv().await, Some(HostEvent::Disconnected { client: ClientId(1) })));
        drop(outbox);
        assert_eq!(shared.backlog.bytes(), 0);
    }

    /// As one of another version does, whose own host is to come next.
    #[tokio::test]
    async fn whoever_asks_the_host_to_stop_is_heard_whatever_they_speak() {
        for protocol in [0, PROTOCOL, u32::MAX] {
            let (shared, mut heard) = shared(1024);
            let mut remote = Remote::new(connect(&shared, 1), Codec::default());
            let hello = Hello { protocol, oldest: protocol, stop: true, ..Hello::new(false) };
            remote.send(&ClientMessage::Hello(hello)).await.unwrap();
            assert!(matches!(heard.recv().await, Some(HostEvent::Terminate)), "{protocol}");
            assert!(matches!(remote.next().await, Some(Ok(Ok(HostMessage::Going { .. })))), "{protocol}");
            let end_is_seen = remote.next().now_or_never().is_some();
            assert!(!end_is_seen, "the connection ends with the host, not before: {protocol}");
        }
    }
}
