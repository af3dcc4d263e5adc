//! Commands that go on in the background of their session: what they put out is kept within a bound until it is read, and they
//! end with whatever holds this.

use std::collections::VecDeque;
use std::fmt::Write as _;
use std::os::unix::process::ExitStatusExt as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use q_seat::BackgroundLine;
use serde::Deserialize;
use tokio::io::AsyncReadExt as _;
use tokio::net::unix::pipe::Receiver;
use tokio::sync::{Semaphore, SemaphorePermit, watch};
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
/// How many are started in one turn: their numbers are the turn's and a digit.
const IN_A_TURN: u64 = 9;
/// What is kept of what one puts out and nobody has read, in bytes.
const UNREAD: usize = 64 << 10;
/// Terminals that a program has open at once, those among them that have ended; how many it opens in one turn; and what is kept of
/// what one puts out, in bytes.
const TERMINALS: usize = 32;
const TERMINALS_IN_A_TURN: u64 = 999;
const TERMINAL_OUTPUT: usize = 256 << 10;
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
    /// How many run, for whoever is to know whenever that changes.
    running: Arc<watch::Sender<usize>>,
}

/// One that runs is counted until this is dropped.
struct CountedRunning {
    _place: SemaphorePermit<'static>,
    count: Arc<watch::Sender<usize>>,
}

impl CountedRunning {
    fn new(place: SemaphorePermit<'static>, count: &Arc<watch::Sender<usize>>) -> Self {
        count.send_modify(|running| *running += 1);
        Self { _place: place, count: Arc::clone(count) }
    }
}

impl Drop for CountedRunning {
    fn drop(&mut self) {
        self.count.send_modify(|running| *running -= 1);
    }
}

/// One of them, and what follows it: that holds its group, which ends with it.
#[derive(Debug)]
struct Followed {
    process: Arc<BackgroundProcess>,
    task: AbortHandle,
}

impl Drop for Followed {
    fn drop(&mut self) {
        // Whoever waits for its end hears of it.
        self.process.end(ProcessEnd::words("it was stopped"));
        self.task.abort();
    }
}

#[derive(Debug)]
struct BackgroundProcess {
    number: u64,
    argv: Vec<String>,
    since: Instant,
    /// How much of what it puts out is kept, in bytes: the newest.
    limit: usize,
    kept: Mutex<Kept>,
    /// Changes whenever there is something to tell.
    news: watch::Sender<()>,
}

/// A process as the program knows it that started it: what it put out stays until it is released.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TerminalOutput {
    /// The newest of it.
    pub text: String,
    /// Whether there was more before.
    pub is_truncated: bool,
    /// Bytes of all that it put out, to the end of the text.
    pub put_out: usize,
    pub ended: Option<ProcessEnd>,
}

/// Room for one more process: its number, and its place among all.
#[derive(Debug)]
pub(crate) struct BackgroundRoom {
    number: u64,
    place: SemaphorePermit<'static>,
}

#[derive(Debug, Default)]
struct Kept {
    unread: VecDeque<u8>,
    /// Bytes that went before anybody read them.
    lost: usize,
    /// How it ended, and how long it ran.
    ended: Option<(ProcessEnd, Duration)>,
    /// Whether its end was told to the model.
    is_told: bool,
}

/// How a process ended, in words and as numbers where there are any.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProcessEnd {
    pub how: String,
    pub code: Option<i32>,
    pub signal: Option<i32>,
}

impl ProcessEnd {
    fn words(how: impl Into<String>) -> Self {
        Self { how: how.into(), code: None, signal: None }
    }
}

impl Kept {
    /// Where the last character ends that came whole, in bytes of all that was put out. What ended brings no more of one.
    fn told_to(&self) -> usize {
        let put_out = self.lost.saturating_add(self.unread.len());
        let last = self.unread.iter().rev().take(3).position(|byte| byte & 0xc0 != 0x80);
        let begun = last.and_then(|behind| Some((behind + 1, *self.unread.iter().nth_back(behind)?)));
        let is_whole = |(came, first): (usize, u8)| came >= first.leading_ones() as usize;
        match begun.filter(|begun| self.ended.is_none() && !is_whole(*begun)) {
            Some((came, _)) => put_out - came,
            None => put_out,
        }
    }

    /// What is kept of it behind so many bytes.
    fn output_behind(&self, seen: usize) -> TerminalOutput {
        let (put_out, is_truncated) = (self.told_to(), self.lost > seen);
        // A character that is cut is none.
        let is_rest = |byte: &&u8| is_truncated && (**byte & 0xc0) == 0x80;
        let from = seen.saturating_sub(self.lost);
        let count = put_out.saturating_sub(self.lost).saturating_sub(from);
        let behind = self.unread.iter().skip(from).take(count);
        let behind: Vec<u8> = behind.skip_while(is_rest).copied().collect();
        let text = without_tags(String::from_utf8_lossy(&behind)).into_owned();
        let ended = self.ended.as_ref().map(|(end, _)| end.clone());
        TerminalOutput { text, is_truncated, put_out, ended }
    }
}

impl BackgroundProcess {
    fn new(number: u64, argv: &[String], limit: usize) -> Self {
        let (argv, since) = (argv.to_vec(), Instant::now());
        Self { number, argv, since, limit, kept: Mutex::default(), news: watch::Sender::new(()) }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn push(&self, bytes: &[u8]) {
        let mut kept = self.kept();
        kept.unread.extend(bytes);
        let over = kept.unread.len().saturating_sub(self.limit);
        kept.unread.drain(..over);
        kept.lost += over;
        drop(kept);
        self.news.send_replace(());
    }

    /// It ended that way; how it ended first counts.
    fn end(&self, how: ProcessEnd) {
        let after = self.since.elapsed();
        self.kept().ended.get_or_insert((how, after));
        self.news.send_replace(());
    }

    fn has_ended(&self) -> bool {
        self.kept().ended.is_some()
    }

    fn line(&self) -> BackgroundLine {
        let kept = self.kept();
        let ran = kept.ended.as_ref().map_or_else(|| self.since.elapsed(), |(_, ran)| *ran);
        let ended = kept.ended.as_ref().map(|(end, _)| end.how.clone());
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
            Some((end, _)) => format!("process {} has ended: {}\n", self.number, end.how),
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

    /// Room for one more that is started in that turn, taken before anything runs.
    pub(crate) fn room(&self, turn: u64) -> Result<BackgroundRoom, String> {
        self.room_of(turn, IN_A_TURN)
    }

    /// The same for a terminal. Of those that have ended and nobody released the oldest makes room, once it is known that another may
    /// start: what was refused costs no other what it put out.
    pub(crate) fn terminal_room(&self, turn: u64) -> Result<BackgroundRoom, String> {
        let room = self.room_of(turn, TERMINALS_IN_A_TURN)?;
        let mut all = self.all();
        if all.len() >= TERMINALS
            && let Some(oldest) = all.iter().position(|one| one.process.has_ended())
        {
            all.remove(oldest);
        }
        drop(all);
        Ok(room)
    }

    fn room_of(&self, turn: u64, in_a_turn: u64) -> Result<BackgroundRoom, String> {
        self.refuse_too_many()?;
        let place = RUNNING.try_acquire().map_err(|_| "too many processes run in the background")?;
        Ok(BackgroundRoom { number: self.next_number(turn, in_a_turn)?, place })
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

    /// The number of the next one that is started in that turn: it is used once that has begun.
    fn next_number(&self, turn: u64, in_a_turn: u64) -> Result<u64, String> {
        let first = turn.saturating_mul(in_a_turn + 1);
        let last = self.begun.load(Ordering::Relaxed).max(first);
        if last >= first.saturating_add(in_a_turn) {
            return Err(format!("{in_a_turn} processes were started in this turn, and no more may be"));
        }
        Ok(last + 1)
    }

    /// Has a command that was started go on; tells by what number it is known, and what came of its first moment.
    pub(crate) async fn follow(
        &self,
        BackgroundRoom { number, place }: BackgroundRoom,
        (group, output): (CommandGroup, Receiver),
        argv: &[String],
    ) -> Result<String, String> {
        let process = Arc::new(BackgroundProcess::new(number, argv, UNREAD));
        self.add(&process, group, output, place);
        {
            let mut all = self.all();
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

    /// Follows it to its end.
    fn add(
        &self,
        process: &Arc<BackgroundProcess>,
        group: CommandGroup,
        output: Receiver,
        place: SemaphorePermit<'static>,
    ) {
        self.begun.store(process.number, Ordering::Relaxed);
        let counted = CountedRunning::new(place, &self.running);
        let task = tokio::spawn({
            let process = Arc::clone(process);
            async move {
                let end = until_it_ends(&process, group, output).await;
                drop(counted);
                process.end(end);
            }
        });
        self.all().push(Followed { process: Arc::clone(process), task: task.abort_handle() });
    }

    /// What a process put out that nobody has read.
    pub(crate) async fn output(&self, asked: &OutputArguments) -> Result<String, String> {
        let process = self.find(asked.process)?;
        process.has_news_within(Duration::from_secs(asked.seconds.min(MAX_WAIT))).await;
        Ok(process.read())
    }

    /// Has a command that a program started go on until it is released, and keeps the newest of what it puts out; tells by what
    /// number it is known.
    pub(crate) fn follow_terminal(
        &self,
        BackgroundRoom { number, place }: BackgroundRoom,
        (group, output): (CommandGroup, Receiver),
        argv: &[String],
        limit: usize,
    ) -> u64 {
        let process = Arc::new(BackgroundProcess::new(number, argv, limit.min(TERMINAL_OUTPUT)));
        self.add(&process, group, output, place);
        number
    }

    pub(crate) fn is_there(&self, number: u64) -> bool {
        self.find(number).is_ok()
    }

    /// What is kept of what a process put out, and how it ended if it has; nothing where it is not there.
    pub(crate) fn terminal(&self, number: u64) -> Option<TerminalOutput> {
        Some(self.find(number).ok()?.kept().output_behind(0))
    }

    /// Waits until it has ended, or has put out more than so many bytes, if that is said; what stands behind those.
    pub(crate) async fn terminal_comes_to(&self, number: u64, seen: Option<usize>) -> Option<TerminalOutput> {
        let process = self.find(number).ok()?;
        let mut news = process.news.subscribe();
        loop {
            {
                let kept = process.kept();
                if kept.ended.is_some() || seen.is_some_and(|seen| kept.told_to() > seen) {
                    return Some(kept.output_behind(seen.unwrap_or(0)));
                }
            }
            news.changed().await.ok()?;
        }
    }

    /// Ends it, and keeps nothing of it; whether it was there.
    pub(crate) fn forget(&self, number: u64) -> bool {
        let mut all = self.all();
        let before = all.len();
        all.retain(|one| one.process.number != number);
        all.len() < before
    }

    /// Ends one; whether it ran.
    pub(crate) fn stop(&self, number: u64) -> Result<bool, String> {
        let process = self.find(number)?;
        let ran = !process.has_ended();
        process.end(ProcessEnd::words("it was stopped"));
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

    /// How many run, now and whenever that changes.
    pub(crate) fn running(&self) -> watch::Receiver<usize> {
        self.running.subscribe()
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
async fn until_it_ends(process: &BackgroundProcess, group: CommandGroup, mut output: Receiver) -> ProcessEnd {
    tokio::select! {
        () = group.leader_ends() => {}
        () = take_in(&mut output, process) => group.leader_ends().await,
    }
    let _left_open = tokio::time::timeout(DRAIN, take_in(&mut output, process)).await;
    match group.conclude().await {
        Ok(ended) => {
            let (code, signal) = (ended.status.code(), ended.status.signal());
            ProcessEnd { how: ended.how() + ended.remark().trim_end(), code, signal }
        }
        Err(error) => ProcessEnd::words(format!("nobody knows how ({error})")),
    }
}

async fn take_in(output: &mut Receiver, process: &BackgroundProcess) {
    let mut piece = vec![0; PIECE];
    while let Ok(count @ 1..) = output.read(&mut piece).await {
        process.push(piece.get(..count).unwrap_or_default());
    }
}
