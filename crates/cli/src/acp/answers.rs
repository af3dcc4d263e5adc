//! What the host said, for the editor: answers to what was asked for, and what changed in its sessions.

use q_core::{EntryNo, Presence, PromptNo, SessionId};
use q_proto::view::Pages;
use q_proto::{Refused, Response};
use serde_json::json;

use crate::acp::consent::{self, AskedCall};
use crate::acp::frame::{self, ErrorCode, Fault, RequestId};
use crate::acp::options;
use crate::acp::prompts::{OpenPrompt, Progress, StopReason};
use crate::acp::replay::Replay;
use crate::acp::serving::{Host, Serving, Waiting, fault};
use crate::acp::told::ToldSession;
use crate::client::unexpected;
use crate::error::CliError;
use crate::shared_commands::wake;

/// What is said of a request that the host did not live to answer. Prompts are delivered again.
const UNANSWERED: &str = "the host was restarted before it answered; see what came of it, then try again";

impl Serving<'_> {
    /// Does what the answer was waited for to do; a refusal goes to whoever asked in the editor.
    pub(super) fn on_answer(&mut self, host: &mut Host, waiting: Waiting, answer: Result<Response, Refused>) {
        match answer {
            Ok(response) => self.on_response(host, waiting, response),
            Err(refused) => self.refused(waiting, &refused.into()),
        }
    }

    fn on_response(&mut self, host: &mut Host, waiting: Waiting, response: Response) {
        match (waiting, response) {
            (Waiting::Nothing | Waiting::Rejoined(_), _) => {}
            (Waiting::New(request), Response::Created { session, .. }) => {
                let session = session.into();
                self.opened(host, request, session, ToldSession::default(), Some(session));
            }
            (Waiting::Awake { request, session, replay: None }, _) => {
                let mut told = ToldSession::default();
                if let Some(there) = host.mirror.get(session) {
                    told.skip(&there.entries);
                }
                self.opened(host, request, session, told, None);
            }
            (Waiting::Awake { request, session, replay: Some(replay) }, _) => {
                let told = Box::default();
                host.request(replay.request(), Waiting::Page { request, session, replay, told });
            }
            (Waiting::Page { request, session, replay, told }, Response::Page(page)) => {
                self.on_page(host, (request, session), replay, told, page);
            }
            (Waiting::Prompt(key), Response::Accepted(prompt)) => {
                self.on_kept(host, key, Progress::Kept(PromptNo(prompt)));
            }
            (Waiting::Prompt(key), Response::Done | Response::FromNextTurn) => self.on_done(host, key),
            (Waiting::Done(request), Response::Done | Response::FromNextTurn) => {
                self.answer(request, &json!({}));
            }
            (waiting, _) => self.refused(waiting, &unexpected()),
        }
    }

    /// What was asked for will not be done, for this reason.
    pub(super) fn refused(&mut self, waiting: Waiting, why: &CliError) {
        let why = fault(why);
        match waiting {
            Waiting::Nothing => {} // what it was about is seen in the mirror
            Waiting::New(request) | Waiting::Awake { request, .. } | Waiting::Page { request, .. } => {
                let _nothing_is_open = self.end_opening(&request);
                self.refuse(request, &why);
            }
            Waiting::Done(request) => self.refuse(request, &why),
            Waiting::Prompt(key) => self.end_prompts(&Err(why), |prompt| prompt.is(key)),
            Waiting::Rejoined(session) => self.end_prompts(&Err(why), |prompt| prompt.session == session),
        }
    }

    /// The host did not live to answer these, and the next one is not asked.
    pub(super) fn unanswered(&mut self, given_back: Vec<Waiting>) {
        for waiting in given_back {
            self.refused(waiting, &CliError::failed(UNANSWERED));
        }
    }

    /// No host will answer any more.
    pub(super) fn end_all(&mut self, why: &str) {
        self.end_prompts(&Err(Fault::new(ErrorCode::Internal, why)), |_| true);
    }

    pub(super) fn end_prompts(
        &mut self,
        outcome: &Result<StopReason, Fault>,
        is_meant: impl Fn(&OpenPrompt) -> bool,
    ) {
        let (ended, open): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.prompts).into_iter().partition(|prompt| is_meant(prompt));
        self.prompts = open;
        for prompt in ended {
            self.answer_prompt(prompt.request, outcome.clone());
        }
    }

    /// Another host is there: sessions in which this editor waits for something are woken, so that all is told.
    pub(super) fn rejoin(&mut self, host: &mut Host) {
        let mut waits: Vec<SessionId> = self.prompts.iter().map(|prompt| prompt.session).collect();
        waits.sort_unstable();
        waits.dedup();
        for session in waits {
            let there = host.mirror.get(session).map(|there| there.summary.presence);
            if there == Some(Presence::Hibernated) {
                host.request(wake(session).into(), Waiting::Rejoined(session));
            }
        }
    }

    /// A session is open in the editor from here on.
    fn opened(
        &mut self,
        host: &Host,
        request: RequestId,
        session: SessionId,
        mut told: ToldSession,
        made: Option<SessionId>,
    ) {
        let left_out = self.end_opening(&request);
        let Some(there) = host.mirror.get(session) else {
            return self
                .refuse(request, &Fault::new(ErrorCode::NotFound, "the session was closed meanwhile"));
        };
        told.note_line(there);
        let mut answer = json!({ "modes": options::modes(there.summary.policy) });
        if let (Some(made), Some(members)) = (made, answer.as_object_mut()) {
            members.insert("sessionId".to_owned(), json!(made.to_string()));
        }
        self.answer(request, &answer);
        self.sessions.insert(session, told);
        self.tell(session, &options::commands());
        if let Some(left_out) = left_out {
            self.tell(session, &left_out);
        }
        self.shows = Some(session);
    }

    /// A page of a transcript that is told from its beginning.
    fn on_page(
        &mut self,
        host: &mut Host,
        (request, session): (RequestId, SessionId),
        mut replay: Box<Replay>,
        mut told: Box<ToldSession>,
        page: Pages,
    ) {
        let entries = replay.page(page);
        if let Some(there) = host.mirror.get(session) {
            for update in told.retell(&entries, there) {
                self.tell(session, &update);
            }
            if replay.is_over() {
                told.skip(&entries);
            }
        }
        if replay.is_over() {
            self.opened(host, request, session, *told, None);
        } else {
            host.request(replay.request(), Waiting::Page { request, session, replay, told });
        }
    }

    /// A prompt was taken, and what the editor wants of it since is done.
    fn on_kept(&mut self, host: &mut Host, key: u64, progress: Progress) {
        let Some(place) = self.prompts.iter().position(|prompt| prompt.is(key)) else { return };
        if let Some(prompt) = self.prompts.get_mut(place) {
            prompt.come_to(progress);
            if let (Some(there), Some(told)) =
                (host.mirror.get(prompt.session), self.sessions.get_mut(&prompt.session))
            {
                prompt.look(there, told);
            }
            if prompt.is_cancelled() {
                self.cancel_prompt(host, place);
            }
        }
    }

    /// A command that was typed as a prompt was carried out; what runs for it is waited for.
    fn on_done(&mut self, host: &mut Host, key: u64) {
        let session = self.prompts.iter().find(|prompt| prompt.is(key)).map(|prompt| prompt.session);
        let Some(there) = session.and_then(|session| host.mirror.get(session)) else { return };
        let turn = there.summary.turns;
        let entry = there.entries.back().map_or(EntryNo(0), |entry| entry.no);
        self.on_kept(host, key, Progress::Began { turn, entry });
    }

    /// Tells the editor what changed in its sessions, and what came of what it waits for.
    pub(super) fn follow(&mut self, host: &mut Host) {
        let ended = self.prompts_over(host);
        self.tell_news(host);
        self.ask_consent(host);
        for (request, outcome) in ended {
            self.answer_prompt(request, outcome);
        }
    }

    /// Takes out the prompts that are over, with what came of them.
    fn prompts_over(&mut self, host: &mut Host) -> Vec<(RequestId, Result<StopReason, Fault>)> {
        let mut ended = Vec::new();
        let mut place = 0;
        while let Some(prompt) = self.prompts.get_mut(place) {
            let before = prompt.progress();
            let Some(told) = self.sessions.get_mut(&prompt.session) else {
                place += 1;
                continue;
            };
            let outcome = prompt.follow(host.mirror.get(prompt.session), told);
            let is_late = prompt.is_cancelled() && prompt.progress() != before;
            if let Some(outcome) = outcome {
                ended.push((self.prompts.remove(place).request, outcome));
                continue;
            }
            if is_late {
                self.cancel_prompt(host, place); // it began before it could be taken back
            }
            place += 1;
        }
        ended
    }

    fn tell_news(&mut self, host: &Host) {
        let sessions: Vec<SessionId> = self.sessions.keys().copied().collect();
        for session in sessions {
            let Some(there) = host.mirror.get(session) else {
                self.leave(session); // closed, by somebody else or in this editor
                continue;
            };
            let is_sent =
                |prompt: &OpenPrompt| prompt.session == session && prompt.progress() == Progress::Sent;
            let holds = self.prompts.iter().any(is_sent);
            let news = self.sessions.get_mut(&session).map(|told| told.news(there, holds));
            for update in news.unwrap_or_default() {
                self.tell(session, &update);
            }
        }
    }

    /// Asks about calls that wait, each once; what waits no longer is asked no longer.
    fn ask_consent(&mut self, host: &Host) {
        self.withdraw(|asked| {
            let there = host.mirror.get(asked.session);
            !there.is_some_and(|there| there.pending.contains(&asked.pending))
        });
        let sessions: Vec<SessionId> = self.sessions.keys().copied().collect();
        for there in sessions.into_iter().filter_map(|session| host.mirror.get(session)) {
            let session = there.summary.id;
            for pending in &there.pending {
                let is_asked =
                    self.asked.iter().any(|asked| asked.session == session && asked.pending == *pending);
                if is_asked {
                    continue;
                }
                let Some(question) = consent::question(there, pending) else { continue };
                self.last_key += 1;
                let request = self.last_key;
                self.out.push(frame::request(request, "session/request_permission", &question));
                self.asked.push(AskedCall::new(request, session, pending.clone()));
            }
        }
    }
}
