//! One session's talk over many hosts: what was submitted, and what was acknowledged.

use q_core::{Activity, Command, SessionId, Token};
use q_proto::{Refused, Response};

use crate::chance::Chance;
use crate::peer::{Peer, Said};

/// Prompts that may wait in the session before the talk does.
const MAY_WAIT: u32 = 6;

/// A person who talks to one session and never waits for the answer.
#[derive(Debug)]
pub(crate) struct Talk {
    pub(crate) session: SessionId,
    /// The word that only this session's prompts begin with.
    pub(crate) tag: &'static str,
    /// In order, each different from all others.
    pub(crate) submitted: Vec<String>,
    /// The number each was acknowledged with; as many as were submitted, or one less.
    pub(crate) acknowledged: Vec<u64>,
    pub(crate) open: Option<Open>,
}

/// A prompt that was sent and not answered.
#[derive(Clone, Debug)]
pub(crate) struct Open {
    token: Token,
    request: u64,
}

impl Talk {
    pub(crate) fn new(session: SessionId, tag: &'static str) -> Self {
        Self { session, tag, submitted: Vec::new(), acknowledged: Vec::new(), open: None }
    }

    /// Submits one prompt after the other; one that the last host did not answer first, with the same mark.
    pub(crate) async fn go_on(&mut self, peer: &mut Peer, chance: &mut Chance) {
        peer.note(self.session);
        loop {
            let token = if let Some(open) = &self.open {
                open.token
            } else {
                while self.has_enough(peer) {
                    self.hear(peer).await;
                }
                let length = if chance.below(4) == 0 { "long" } else { "short" };
                self.submitted.push(format!("{} {length} {}", self.tag, self.submitted.len()));
                q_proto::entropy::token().unwrap()
            };
            self.open = Some(Open { token, request: peer.next_request() });
            let text = self.submitted.last().cloned().unwrap_or_default();
            let submit = Command::Submit { session: self.session, token, text, images: Vec::new() };
            peer.request(submit.into()).await.expect("a host that listens");
            while self.open.is_some() {
                self.hear(peer).await;
            }
        }
    }

    async fn hear(&mut self, peer: &mut Peer) {
        let said = peer.next().await.expect("the host is not killed yet");
        self.take(said);
    }

    /// Takes in what the host said, of which some may be read only after its death.
    pub(crate) fn take(&mut self, said: Said) {
        match said {
            Said::Answered(id, answer) => self.answered(id, answer),
            Said::Changed => {}
            Said::Going(why) => panic!("the host goes by itself: {why}"),
        }
    }

    fn answered(&mut self, id: u64, answer: Result<Response, Refused>) {
        if self.open.as_ref().is_some_and(|open| open.request == id) {
            match answer {
                Ok(Response::Accepted(prompt)) => self.acknowledged.push(prompt),
                other => panic!("{} is not taken: {other:?}", self.submitted.len()),
            }
            self.open = None;
        }
    }

    /// What waited when a host died goes on with the next prompt only.
    fn has_enough(&self, peer: &Peer) -> bool {
        let line = peer.mirror.get(self.session).map(|session| &session.summary);
        line.is_some_and(|line| line.activity == Activity::Working && line.queued >= MAY_WAIT)
    }
}
