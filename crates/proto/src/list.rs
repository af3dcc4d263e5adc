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
    use std::ops::Range;

    use q_core::trace::Player;
    use q_core::{Limits, SessionId};

    use super::*;
    use crate::frame::MAX_FRAME;
    use crate::{HostMessage, Id, Response};

    /// Sessions of these numbers, each with a line as long as one may well become.
    fn lines(ids: Range<u128>) -> impl Iterator<Item = WireSummary> {
        let mut player = Player::new(Limits::default());
        player.play("create s1 name a").unwrap();
        let made = WireSummary::of(player.core.view().summary(SessionId(1)).unwrap(), true);
        ids.map(move |id| WireSummary {
            id: Id(id),
            name: format!("session-{id}"),
            directory: "/home/somebody/work".into(),
            tags: vec![String::new(); 16],
            parent: Some(Id(u128::MAX)),
            trashed: Some(u64::MAX),
            seen: (u64::MAX, u64::MAX),
            entries: u64::MAX,
            turns: u64::MAX,
            tokens: (u64::MAX, u64::MAX),
            preview: "x".repeat(80),
            created: u64::MAX,
            touched: u64::MAX,
            ..made.clone()
        })
    }

    #[test]
    fn a_hundred_thousand_sessions_are_listed_page_by_page_and_every_page_fits() {
        let all = 100_000;
        let (mut listed, mut pages) = (0, 0);
        loop {
            let page = page(lines(listed..all));
            assert!(page.iter().map(|line| line.id.0).eq(listed..listed + page.len() as u128));
            listed += page.len() as u128;
            pages += 1;
            let goes_on = goes_on_behind(&page).is_some();
            let reply = HostMessage::Reply { id: 1, answer: Ok(Response::List(page)) };
            assert!(q_msgpack::write(&reply).unwrap().len() < MAX_FRAME);
            if !goes_on {
                break;
            }
        }
        assert_eq!(listed, all);
        assert!(pages > 4, "{pages} pages");
    }

    #[test]
    fn a_line_that_is_too_heavy_does_not_end_the_list() {
        let heavy = || lines(0..3).map(|line| WireSummary { preview: "x".repeat(PAGE_BYTES), ..line });
        assert_eq!(page(heavy()).len(), 1);
        assert!(goes_on_behind(&page(heavy())).is_some());
        assert!(goes_on_behind(&page(lines(0..3))).is_none() && goes_on_behind(&[]).is_none());
    }
}
