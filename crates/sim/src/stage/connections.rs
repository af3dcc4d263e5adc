//! Connections: what clients and host say to one another, on its way; who comes in, who goes.

use std::sync::Arc;

use q_host::simulation::{Allowance, Bounds, HostEvent, OnWire, Outbox, QUEUE, Taken};
use q_proto::{FrameError, HostMessage};

use super::{Phase, Stage};
use crate::client::Connection;
use crate::law::{Held, Law};
use crate::planted::Planted;
use crate::trace::Trace;

/// Messages that may be on their way to a client that does not read: after that the host's task waits.
const SOCKET_MESSAGES: usize = 64;

impl Stage {
    /// Whoever wants in starts a host if none runs, and comes in if it serves.
    pub(super) fn let_in(&mut self) -> Held {
        let bounds = if self.planted == Some(Planted::HasNoBounds) { Bounds::default() } else { self.bounds };
        let now = self.clocks.mono();
        for number in 0..self.clients.len() {
            if self.clients[number].knocks_at().is_some_and(|due| due <= now) {
                if self.life.is_none() {
                    self.start()?;
                }
                if let Some(life) = &mut self.life
                    && life.phase == Phase::Serving
                    // The listener waits where the queue is full, and whoever comes with it.
                    && life.inbox.len() < QUEUE
                {
                    life.last_client = life.last_client.next();
                    let (id, outbox) = (life.last_client, Arc::new(Outbox::within(bounds)));
                    let hello = self.clients[number].attach(id, Arc::clone(&outbox), now);
                    life.inbox.push_back(HostEvent::Connected { client: id, hello, outbox });
                }
            }
        }
        Ok(())
    }

    /// A client ends. What it said is still read, unless it ends abruptly; what it was to be told is not.
    pub(super) fn client_goes(&mut self, client: usize, abruptly: bool) -> Held {
        if !abruptly {
            while self.read_socket(client, usize::MAX)? {}
        }
        if let Some(connection) = self.clients[client].go() {
            self.connection_ends(&connection);
        }
        Ok(())
    }

    /// The host's end of a connection is told, if the host still has it.
    fn connection_ends(&mut self, connection: &Connection) {
        if connection.is_open
            && let Some(life) = &mut self.life
        {
            life.inbox.push_back(HostEvent::Disconnected { client: connection.id });
        }
    }

    /// Reads what a client said and puts it in the loop's way. Whether anything moved.
    pub(super) fn read_socket(&mut self, client: usize, messages: usize) -> Held<bool> {
        let (Some(life), Some(connection)) = (&mut self.life, self.clients[client].connection()) else {
            return Ok(false);
        };
        let mut moved = false;
        for _ in 0..messages {
            if !connection.is_open || life.inbox.len() >= QUEUE {
                break;
            }
            let Some(message) = connection.up.pop_front() else { break };
            let message = carry(&mut self.trace, &message, |_| ())?;
            let (client, allowance) = (connection.id, Allowance::default());
            life.inbox.push_back(HostEvent::Message { client, message, allowance });
            moved = true;
        }
        Ok(moved)
    }

    /// Writes what waits for a client to its connection. Whether anything moved.
    pub(super) fn write_socket(&mut self, client: usize) -> Held<bool> {
        let (Some(life), Some(connection)) = (&mut self.life, self.clients[client].connection()) else {
            return Ok(false);
        };
        if !connection.is_open || connection.down.len() >= SOCKET_MESSAGES {
            return Ok(false);
        }
        match connection.outbox.try_take() {
            None => return Ok(false),
            Some(Taken::Messages(messages)) => {
                for message in messages {
                    let garble = |arrived: &mut HostMessage| {
                        if let (Some(Planted::GarblesMessages), HostMessage::Reply { id, .. }) =
                            (self.planted, arrived)
                        {
                            *id += 1;
                        }
                    };
                    connection.down.push_back(carry(&mut self.trace, &message, garble)?);
                }
            }
            Some(Taken::Lagged) => {
                life.inbox.push_back(HostEvent::Lagged { client: connection.id });
                *self.figures.entry("clients that lagged".into()).or_default() += 1;
            }
            Some(Taken::Drained) => life.inbox.push_back(HostEvent::Drained { client: connection.id }),
            Some(Taken::Closed) => {
                connection.is_open = false;
                life.inbox.push_back(HostEvent::Disconnected { client: connection.id });
            }
        }
        Ok(true)
    }

    /// A client reads one message. Whether it did.
    pub(super) fn read(&mut self, client: usize) -> Held<bool> {
        self.clients[client].read(&self.disk.index, self.clocks.mono())
    }
}

/// A message as it arrives over the wire, which changes nothing.
fn carry<M: OnWire>(trace: &mut Trace, message: &M, garble: impl FnOnce(&mut M)) -> Held<M> {
    let misfit = |error: FrameError| Law::WireFits.broken(format!("{error}: {message:?}"));
    let frame = message.written().map_err(misfit)?;
    trace.bytes(&frame);
    let mut arrived = M::read(&frame).map_err(misfit)?;
    garble(&mut arrived);
    let same = arrived.written().map_err(misfit)? == frame;
    Law::WireFits.check(same, || format!("{message:?}\narrives as {arrived:?}"))?;
    Ok(arrived)
}
