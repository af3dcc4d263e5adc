//! What this terminal saw the sessions do: since when each does what it does, and which began to need the person while nobody
//! looked. From that come the time in the status line, the notification, and the title of the window.
//!
//! Not here: which sessions need the person ([`q_core::attention`]), how a terminal is told ([`crate::notification`]).

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use q_core::attention;
use q_core::{Activity, Instant, Interrupter, Mirror, SessionId, Summary, WallTime};

use crate::counted::counted;
use crate::layout::wrap::truncated;
use crate::notification::TitleSetting;
use crate::sanitize;
use crate::ui::state::Ui;

/// No two notifications come closer together: what begins meanwhile is counted in the next one.
const APART: Duration = Duration::from_secs(5);
/// Where a terminal never said whether its window is in front, nobody is believed to look who typed nothing for so long.
const AWAY: Duration = Duration::from_secs(30);
/// So many sessions are named, where names are wanted at all.
const NAMED: usize = 3;
/// Columns of a name in a notification and in the title.
const NAME: usize = 24;

/// What was seen of all sessions.
#[derive(Debug, Default)]
pub(crate) struct Watch {
    seen: BTreeMap<SessionId, SeenActivity>,
    /// Began to need the person while nobody looked, and were not said yet or not looked at since.
    unseen: BTreeSet<SessionId>,
    /// Those of them that no notification was about.
    unsaid: BTreeSet<SessionId>,
    /// When the next notification is due.
    due: Option<Instant>,
    notified: Option<Instant>,
    /// Whether the terminal ever said that its window is in front, or is not.
    knows_front: bool,
    /// When something was last typed; at first, since when there is this terminal.
    typed: Option<Instant>,
}

#[derive(Clone, Copy, Debug)]
struct SeenActivity {
    activity: Activity,
    /// A turn may have come and gone between two frames.
    turns: u64,
    since: WallTime,
}

impl Ui {
    /// Looks at all sessions, for the frame that is laid out now.
    pub(crate) fn watch_sessions(&mut self, mirror: &Mirror) {
        let typed = *self.watch.typed.get_or_insert(self.at);
        let nobody_looks = self.looked_until(typed);
        for session in mirror.sessions() {
            let now = &session.summary;
            let before = self.watch.seen.get(&now.id).copied();
            if before.is_some_and(|seen| (seen.activity, seen.turns) == (now.activity, now.turns)) {
                continue;
            }
            // What it did when it was first seen it may have done for long: its entries say since when.
            let since = if before.is_none() { WallTime(0) } else { self.now };
            let seen = SeenActivity { activity: now.activity, turns: now.turns, since };
            self.watch.seen.insert(now.id, seen);
            let is_news = before.is_some_and(|before| {
                begins_to_need(before, now) && (self.is_in_view(now.id) || is_unread(now))
            });
            if let Some(away) = nobody_looks.filter(|_| is_news) {
                self.watch.unseen.insert(now.id);
                self.watch.unsaid.insert(now.id);
                let after = self.watch.notified.map_or(self.at, |notified| notified.after(APART));
                let due = after.max(away).max(self.at);
                self.watch.due = Some(self.watch.due.map_or(due, |known| known.min(due)));
            }
        }
        if self.watch.seen.len() > mirror.len() {
            self.watch.seen.retain(|id, _| mirror.get(*id).is_some());
        }
    }

    /// Since when the session does what it does, as far as this terminal saw it begin.
    pub(crate) fn does_since(&self, id: SessionId) -> WallTime {
        self.watch.seen.get(&id).map_or(WallTime(0), |seen| seen.since)
    }

    /// From when on nobody looks, unless something is typed; nothing while the window is in front.
    fn looked_until(&self, typed: Instant) -> Option<Instant> {
        match (self.watch.knows_front, self.in_front) {
            (true, true) => None,
            (true, false) => Some(self.at),
            (false, _) => Some(typed.after(AWAY)),
        }
    }

    /// Somebody looks: something was typed, or the window came to the front.
    pub(super) fn note_person(&mut self) {
        self.watch.typed = Some(self.at);
        self.watch.unseen.clear();
        self.watch.unsaid.clear();
        self.watch.due = None;
    }

    /// The terminal says whether its window is in front.
    pub(super) fn note_front(&mut self, in_front: bool) {
        self.watch.knows_front = true;
        self.in_front = in_front;
        if in_front {
            self.note_person();
        }
    }

    /// The terminal is ours again after others had it: where its window is was told to them, or to nobody. Somebody brought it back, and
    /// so looked just now.
    pub fn terminal_back(&mut self) {
        self.watch.knows_front = false;
        self.in_front = true;
        self.watch.typed = Some(self.at);
    }

    /// When the person is to be notified, unless somebody looks until then.
    pub fn notification_due(&self) -> Option<Instant> {
        self.watch.due
    }

    /// The notification that is due, if the sessions that it is about still need the person.
    pub fn notification(&mut self, mirror: &Mirror) -> Option<String> {
        if self.watch.due.is_none_or(|due| due > self.at) {
            return None;
        }
        self.watch.due = None;
        let unsaid = std::mem::take(&mut self.watch.unsaid);
        let still = |id: &SessionId| mirror.get(*id).filter(|session| needs(&session.summary));
        if !unsaid.iter().any(|id| still(id).is_some()) {
            return None;
        }
        self.watch.notified = Some(self.at);
        let waiting: Vec<&Summary> =
            self.watch.unseen.iter().filter_map(still).map(|session| &session.summary).collect();
        Some(format!("q: {}", self.who_needs(&waiting)))
    }

    /// What the title of the window says; nothing where it is left alone.
    pub fn title(&self, mirror: &Mirror) -> Option<String> {
        let name = match self.options.title {
            TitleSetting::None => return None,
            TitleSetting::Count => None,
            TitleSetting::Name => {
                self.focus.and_then(|id| mirror.get(id)).map(|session| name(&session.summary))
            }
        };
        let waits = |summary: &Summary| {
            attention::need(summary).is_some() || (self.watch.unseen.contains(&summary.id) && needs(summary))
        };
        let count = mirror.sessions().filter(|session| waits(&session.summary)).count();
        let needs = (count > 0).then(|| format!("{count} {} you", if count == 1 { "needs" } else { "need" }));
        let parts = [Some("q".to_owned()), name, needs];
        Some(parts.into_iter().flatten().collect::<Vec<_>>().join(" · "))
    }

    fn who_needs(&self, waiting: &[&Summary]) -> String {
        let verb = if waiting.len() == 1 { "needs" } else { "need" };
        if !self.options.notify_names {
            return format!("{} {verb} you", counted(waiting.len(), "session"));
        }
        let mut names: Vec<String> = waiting.iter().take(NAMED).map(|summary| name(summary)).collect();
        names.extend(
            waiting.len().checked_sub(NAMED).filter(|more| *more > 0).map(|more| format!("{more} more")),
        );
        format!("{} {verb} you", names.join(", "))
    }
}

fn name(summary: &Summary) -> String {
    truncated(&sanitize::visible_line(summary.name.as_str()), NAME).into_owned()
}

/// Whether it began to need the person: its turn ended, or it asks and did not before.
fn begins_to_need(before: SeenActivity, now: &Summary) -> bool {
    let is_news = if now.activity.is_busy() {
        !before.activity.needs_person()
    } else {
        before.activity.is_busy() || before.turns != now.turns
    };
    is_news && needs(now)
}

/// Whether there is something for the person to do, or to read that somebody waited for.
fn needs(summary: &Summary) -> bool {
    match summary.activity {
        Activity::Working => false,
        Activity::NeedsApproval | Activity::NeedsInput | Activity::Idle | Activity::Failed => true,
        Activity::Interrupted => summary.interrupter != Some(Interrupter::User),
    }
}

/// Whether nobody saw it at another terminal: what asks or failed is for whoever sees it first.
fn is_unread(summary: &Summary) -> bool {
    summary.activity != Activity::Idle || summary.unread > 0
}
