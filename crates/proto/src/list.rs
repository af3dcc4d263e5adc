//! The list of all sessions in pages that fit into frames, however many there are.

use super::view::WireSummary;

/// The most one page weighs, in bytes; a line that is heavier has a page of its own.
const PAGE_BYTES: usize = 4 << 20;

/// As many of these as fit on a page.
pub fn page(lines: impl Iterator<Item = WireSummary>) -> Vec<WireSummary> {
    let mut weight = 0;
    let fits = |line: &WireSummary| {
        // Otherwise one that is too heavy would end the list, and hide all behind it.
        let is_first = weight == 0;
        weight += line.weight();
        is_first || weight <= PAGE_BYTES
    };
    lines.take_while(fits).collect()
}

/// The line behind which there may be more: a page that is half empty is the last.
pub fn goes_on_behind(page: &[WireSummary]) -> Option<&WireSummary> {
    let weight: usize = page.iter().map(WireSummary::weight).sum();
    page.last().filter(|_| weight > PAGE_BYTES / 2)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]
    use super::*;
    use crate::frame::MAX_FRAME;
    use crate::{HostMessage, Id, Response};
    use q_core::{Activity, Policy, Presence};

    fn line(id: u128) -> WireSummary {
        WireSummary {
            id: Id(id),
            name: format!("session-{id}"),
            slot: 0,
            kind: "development".into(),
            agent: "openai".into(),
            model: String::new(),
            directory: "/home/somebody/work".into(),
            policy: Policy::Ask,
            tags: vec![String::new(); 16],
            pinned: false,
            parent: Some(Id(u128::MAX)),
            inherited: None,
            presence: Presence::Closed,
            trashed: Some(u64::MAX),
            activity: Activity::NeedsApproval,
            held: false,
            retrying: None,
            pending: 0,
            unread: 0,
            seen: (u64::MAX, u64::MAX),
            queued: 0,
            entries: u64::MAX,
            turns: u64::MAX,
            tokens: (u64::MAX, u64::MAX),
            failure: None,
            failures: 0,
            stop_reason: String::new(),
            answering: String::new(),
            interrupter: None,
            sent: None,
            window: None,
            preview: "x".repeat(80),
            created: u64::MAX,
            touched: u64::MAX,
            wants_agent: true,
        }
    }

    #[test]
    fn a_hundred_thousand_sessions_are_listed_page_by_page_and_every_page_fits() {
        let all = 100_000;
        let (mut listed, mut pages) = (0, 0);
        loop {
            let page = page((listed..all).map(line));
            assert!(page.iter().map(|line| line.id.0).eq(listed..listed + page.len() as u128));
            listed += page.len() as u128;
            pages += 1;
            let goes_on = goes_on_behind(&page).is_some();
            let reply = HostMessage::Reply { id: 1, answer: Ok(Response::List(page)) };
            assert!(rmp_serde::to_vec_named(&reply).unwrap().len() < MAX_FRAME);
            if !goes_on {
                break;
            }
        }
        assert_eq!(listed, all);
        assert!(pages > 4, "{pages} pages");
    }

    #[test]
    fn a_line_that_is_too_heavy_does_not_end_the_list() {
        let heavy = |id| WireSummary { preview: "x".repeat(PAGE_BYTES), ..line(id) };
        assert_eq!(page((0..3).map(heavy)).len(), 1);
        assert!(goes_on_behind(&page((0..3).map(heavy))).is_some());
        assert!(goes_on_behind(&page((0..3).map(line))).is_none() && goes_on_behind(&[]).is_none());
    }
}
