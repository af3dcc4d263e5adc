//! The quota: that it is exceeded, said with the way out. Nothing is ever thrown away for it.

use q_core::WallTime;
use q_core::retention::{self, Criterion, Kept};
use q_term::words::size;

use crate::client::Attachment;
use crate::error::CliError;

/// Names said at most.
const NAMED: usize = 3;

/// What to say if the sessions take more than they may.
pub(crate) async fn exceeded<W: Default>(client: &mut Attachment<W>) -> Result<Option<String>, CliError> {
    let (taken, quota) = (client.host().stored_bytes, client.host().store_bytes);
    if taken <= quota {
        return Ok(None);
    }
    Ok(Some(warning(&client.kept().await?, quota)))
}

fn warning(sessions: &[Kept], quota: u64) -> String {
    let taken = size(retention::total(sessions));
    let proposed = retention::propose(sessions, Criterion::UnusedOrToFit(WallTime(0), quota));
    let way_out = if !proposed.is_empty() {
        let mut names: Vec<&str> =
            proposed.iter().take(NAMED).map(|kept| kept.summary.name.as_str()).collect();
        let more = format!("{} more", proposed.len() - names.len());
        names.extend((proposed.len() > NAMED).then_some(more.as_str()));
        let bytes = proposed.iter().map(|kept| kept.bytes).sum();
        format!("`q cleanup` proposes {} ({})", names.join(", "), size(bytes))
    } else if retention::in_trash(sessions) > 0 {
        format!("`q cleanup --trash` erases what is in the trash ({})", size(retention::in_trash(sessions)))
    } else {
        "close what you are done with, then `q cleanup --closed`".to_owned()
    };
    format!("sessions take {taken}, over the limit of {}; {way_out}", size(quota))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests may panic")]
    use super::*;
    use q_core::trace::Player;
    use q_core::{Limits, Presence};

    #[test]
    fn the_way_out_is_named() {
        let lines = ["create s1 name a", "create s2 name b", "create s3 name c", "create s4 name d"];
        let mut player = Player::new(Limits::default());
        for line in lines {
            player.play(line).unwrap();
        }
        let sessions = player.core.view().sessions();
        let mut sessions: Vec<Kept> =
            sessions.map(|summary| Kept { summary, bytes: 5_000_000_000 }).collect();
        let mut warning_when = |presence: Presence, quota: u64| {
            for kept in &mut sessions {
                kept.summary.presence = presence;
            }
            warning(&sessions, quota)
        };
        let takes = "sessions take 20.0 GB, over the limit of";
        assert_eq!(
            warning_when(Presence::Closed, 10_000_000_000),
            format!("{takes} 10.0 GB; `q cleanup` proposes a, b (10.0 GB)")
        );
        assert_eq!(
            warning_when(Presence::Closed, 1_000),
            format!("{takes} 1 KB; `q cleanup` proposes a, b, c, 1 more (20.0 GB)")
        );
        assert_eq!(
            warning_when(Presence::Trashed, 1_000),
            format!("{takes} 1 KB; `q cleanup --trash` erases what is in the trash (20.0 GB)")
        );
        assert!(
            warning_when(Presence::Live, 1_000)
                .ends_with("close what you are done with, then `q cleanup --closed`")
        );
    }
}
