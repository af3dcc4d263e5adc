//! Commands that go on in the background of their session: what they put out is kept within a bound until it is read, and they
//! end with whatever holds this.

use std::collections::VecDeque;
use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use q_seat::BackgroundLine;
use serde::Deserialize;
use tokio::io::AsyncReadExt as _;
use tokio::net::unix::pipe::Receiver;
use tokio::sync::{Semaphore, watch};
use tokio::task::AbortHandle;
use tokio::time::Instant;

use crate::definition::ToolDefinition;
use crate::group::CommandGroup;
use crate::view::without_tags;

pub(crate) const PROCESSES: ToolDefinition = ToolDefinition {
    name: "processes",
    about: "Lists the processes that run in the background of this session, and those that have ended since.",
    schema: r#"{"type":"object","properties":{},"additionalProperties":false}"#,
    reads: false,
};

pub(crate) const OUTPUT: ToolDefinition = ToolDefinition {
    name: "output",
    about: "Tells what a process in the background has put out since this was last asked, the newest 64 KB of it, and whether it still runs. With seconds it waits so long at most until there is something to tell.",
    schema: r#"{"type":"object","properties":{"process":{"type":"integer","description":"Its number"},"seconds":{"type":"integer","minimum":0,"maximum":60}},"required":["process"],"additionalProperties":false}"#,
    reads: false,
};

pub(crate) const STOP: ToolDefinition = ToolDefinition {
    name: "stop",
    about: "Ends a process in the background with all it started.",
    schema: r#"{"type":"object","properties":{"process":{"type":"integer","description":"Its number"}},"required":["process"],"additionalProperties":false}"#,
    reads: false,
};

/// How many may run at once, in a session and in all.
const MOST: usize = 4;
static RUNNING: Semaphore = Semaphore::const_new(16);
/// How many that have ended are remembered, the newest.
const REMEMBERED: usize = 8;
/// How many are started in one turn: their numbers are the turn's and one digit.
const IN_A_TURN: u64 = 9;
/// What is kept of what one puts out and nobody has read, in bytes.
const UNREAD: usize = 64 << 10;
const PIECE: usize = 8 << 10;
/// How long it is watched before its call is over, so that what cannot even begin is told at once.
const BEGINNING: Duration = Duration::from_millis(500);
/// How long what it left in the pipe is read when it has ended.
const DRAIN: Duration = Duration::from_millis(200);
/// The longest wait for something to tell, in seconds.
const MAX_WAIT: u64 = 60;

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct OutputArguments {
    pub(crate) process: u64,
    #[serde(default)]
    pub(crate) seconds: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct StopArguments {
    pub(crate) process: u64,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NoArguments {}

/// The processes of one session. Dropped, they end.
#[derive(Debug, Default)]
pub(crate) struct Backgrounds {
    all: Mutex<Vec<Followed>>,
    /// The turn in which one was started last, and how many were.
    begun: AtomicU64,
}

/// One of them, and what follows it: that holds its group, which ends with it.
#[derive(Debug)]
struct Followed {
    process: Arc<BackgroundProcess>,
    task: AbortHandle,
}

impl Drop for Followed {
    fn drop(&mut self) {
        self.task.abort();
    }
}

#[derive(Debug)]
struct BackgroundProcess {
    number: u64,
    argv: Vec<String>,
    since: Instant,
    kept: Mutex<Kept>,
    /// Changes whenever there is something to tell.
    news: watch::Sender<()>,
}

#[derive(Debug, Default)]
struct Kept {
    unread: VecDeque<u8>,
    /// Bytes that went before anybody read them.
    lost: usize,
    /// How it ended, and how long it ran.
    ended: Option<(String, Duration)>,
    /// Whether its end was told to the model.
    is_told: bool,
}

impl BackgroundProcess {
    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn push(&self, bytes: &[u8]) {
        let mut kept = self.kept();
        kept.unread.extend(bytes);
        let over = kept.unread.len().saturating_sub(UNREAD);
        kept.unread.drain(..over);
        kept.lost += over;
        drop(kept);
        self.news.send_replace(());
    }

    /// It ended that way; how it ended first counts.
    fn end(&self, how: &str) {
        let after = self.since.elapsed();
        self.kept().ended.get_or_insert_with(|| (how.to_owned(), after));
        self.news.send_replace(());
    }

    fn has_ended(&self) -> bool {
        self.kept().ended.is_some()
    }

    fn line(&self) -> BackgroundLine {
        let kept = self.kept();
        let ran = kept.ended.as_ref().map_or_else(|| self.since.elapsed(), |(_, ran)| *ran);
        let ended = kept.ended.as_ref().map(|(how, _)| how.clone());
        BackgroundLine { number: self.number, argv: self.argv.clone(), seconds: ran.as_secs(), ended }
    }

    /// Until it has put out something that nobody read, or has ended; or that time is over.
    async fn has_news_within(&self, time: Duration) {
        let mut news = self.news.subscribe();
        let until = async {
            while self.kept().unread.is_empty() && !self.has_ended() && news.changed().await.is_ok() {}
        };
        let _time_is_up = tokio::time::timeout(time, until).await;
    }

    async fn ends_within(&self, time: Duration) {
        let mut news = self.news.subscribe();
        let until = async { while !self.has_ended() && news.changed().await.is_ok() {} };
        let _time_is_up = tokio::time::timeout(time, until).await;
    }

    /// What nobody has read of it; once it has ended, its end is told with that.
    fn read(&self) -> String {
        let mut kept = self.kept();
        let mut told = match &kept.ended {
            Some((how, _)) => format!("process {} has ended: {how}\n", self.number),
            None => format!("process {} runs\n", self.number),
        };
        kept.is_told = kept.ended.is_some();
        if kept.lost > 0 {
            let _never = writeln!(told, "(… {} bytes before this are lost …)", kept.lost);
        }
        let unread: Vec<u8> = std::mem::take(&mut kept.unread).into();
        kept.lost = 0;
        if unread.is_empty() {
            told.push_str("(it put out nothing since)\n");
        }
        told.push_str(&without_tags(String::from_utf8_lossy(&unread)));
        told
    }
}

impl Backgrounds {
    fn all(&self) -> MutexGuard<'_, Vec<Followed>> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn find(&self, number: u64) -> Result<Arc<BackgroundProcess>, String> {
        let all = self.all();
        let found = all.iter().find(|one| one.process.number == number);
        found.map(|one| Arc::clone(&one.process)).ok_or_else(|| {
            format!("there is no process {number} here: it never was, ended long ago, or ended with its session's sleep or with q's host")
        })
    }

    /// Refuses one more where there are as many as may be. Nothing is held for it: whoever starts one asks again.
    pub(crate) fn refuse_too_many(&self) -> Result<(), String> {
        if self.all().iter().filter(|one| !one.process.has_ended()).count() >= MOST {
            return Err(format!("{MOST} processes run in the background of this session; stop one first"));
        }
        if RUNNING.available_permits() == 0 {
            return Err(
                "as many processes run in the background of all sessions as may; stop one first".into()
            );
        }
        Ok(())
    }

    /// The number of the next one that is started in that turn.
    fn next_number(&self, turn: u64) -> Result<u64, String> {
        let first = turn.saturating_mul(10);
        let last = self.begun.load(Ordering::Relaxed).max(first);
        if last >= first.saturating_add(IN_A_TURN) {
            return Err(format!("{IN_A_TURN} processes were started in this turn, and no more may be"));
        }
        self.begun.store(last + 1, Ordering::Relaxed);
        Ok(last + 1)
    }

    /// Has a command that was started in that turn go on; tells by what number it is known, and what came of its first moment.
    pub(crate) async fn follow(
        &self,
        (group, output): (CommandGroup, Receiver),
        argv: &[String],
        turn: u64,
    ) -> Result<String, String> {
        self.refuse_too_many()?;
        let place = RUNNING.try_acquire().map_err(|_| "too many processes run in the background")?;
        let process = Arc::new(BackgroundProcess {
            number: self.next_number(turn)?,
            argv: argv.to_vec(),
            since: Instant::now(),
            kept: Mutex::default(),
            news: watch::Sender::new(()),
        });
        let task = tokio::spawn({
            let process = Arc::clone(&process);
            async move {
                let how = until_it_ends(&process, group, output).await;
                drop(place);
                process.end(&how);
            }
        });
        {
            let mut all = self.all();
            all.push(Followed { process: Arc::clone(&process), task: task.abort_handle() });
            let over = all.iter().filter(|one| one.process.has_ended()).count().saturating_sub(REMEMBERED);
            for _ in 0..over {
                if let Some(oldest) = all.iter().position(|one| one.process.has_ended()) {
                    all.remove(oldest);
                }
            }
        }
        process.ends_within(BEGINNING).await;
        let told = process.read();
        if process.has_ended() { Err(told) } else { Ok(told) }
    }

    /// What a process put out that nobody has read.
    pub(crate) async fn output(&self, asked: &OutputArguments) -> Result<String, String> {
        let process = self.find(asked.process)?;
        process.has_news_within(Duration::from_secs(asked.seconds.min(MAX_WAIT))).await;
        Ok(process.read())
    }

    /// Ends one; whether it ran.
    pub(crate) fn stop(&self, number: u64) -> Result<bool, String> {
        let process = self.find(number)?;
        let ran = !process.has_ended();
        process.end("it was stopped");
        self.all().iter().filter(|one| one.process.number == number).for_each(|one| one.task.abort());
        Ok(ran)
    }

    /// The model knows how that one ended: it ended it itself.
    pub(crate) fn is_told(&self, number: u64) {
        self.all()
            .iter()
            .filter(|one| one.process.number == number)
            .for_each(|one| one.process.kept().is_told = true);
    }

    /// Ends all of them, with what each started.
    pub(crate) fn end(&self) {
        self.all().clear();
    }

    pub(crate) fn lines(&self) -> Vec<BackgroundLine> {
        self.all().iter().map(|one| one.process.line()).collect()
    }

    /// Whether one ended and the model was not told.
    pub(crate) fn have_ended(&self) -> bool {
        let is_news = |kept: &Kept| kept.ended.is_some() && !kept.is_told;
        self.all().iter().any(|one| is_news(&one.process.kept()))
    }

    /// Whether none was ever started here.
    pub(crate) fn is_unused(&self) -> bool {
        self.begun.load(Ordering::Relaxed) == 0
    }

    /// All there is to know of them, for a model: it knows then of each that has ended.
    pub(crate) fn told(&self) -> String {
        let mut told = String::new();
        for one in self.all().iter() {
            let BackgroundLine { number, argv, seconds, ended } = one.process.line();
            let state = ended.as_ref().map_or("runs".to_owned(), |how| format!("has ended: {how}"));
            let _never = writeln!(told, "process {number} {state} ({seconds} s) {argv:?}");
            one.process.kept().is_told |= ended.is_some();
        }
        if told.is_empty() {
            told.push_str("no process runs in the background of this session; what did before has ended with its sleep or with q's host\n");
        }
        told
    }
}

/// Follows it to its end, and says how it ended. Given up, it ends with all it started.
async fn until_it_ends(process: &BackgroundProcess, group: CommandGroup, mut output: Receiver) -> String {
    tokio::select! {
        () = group.leader_ends() => {}
        () = take_in(&mut output, process) => group.leader_ends().await,
    }
    let _left_open = tokio::time::timeout(DRAIN, take_in(&mut output, process)).await;
    match group.conclude().await {
        Ok(ended) => ended.how() + ended.remark().trim_end(),
        Err(error) => format!("nobody knows how ({error})"),
    }
}

async fn take_in(output: &mut Receiver, process: &BackgroundProcess) {
    let mut piece = vec![0; PIECE];
    while let Ok(count @ 1..) = output.read(&mut piece).await {
        process.push(piece.get(..count).unwrap_or_default());
    }
}
