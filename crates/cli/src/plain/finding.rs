//! What is found in the session in focus, in lines: all of it is searched, from the newest entry back.

use q_term::pattern::Pattern;
use q_term::searched;

use crate::error::CliError;
use crate::history::Back;
use crate::plain::frontend::{Frontend, notice, print_lines};

/// More lines than this nobody reads; how many there are is said.
const MOST: usize = 100;

impl Frontend<'_> {
    /// Prints the lines in which a text stands, the newest last, as they stand in the transcript.
    pub(crate) async fn print_found(&mut self, text: Option<&str>) -> Result<(), CliError> {
        let session = self.here()?;
        let pattern = Pattern::typed(text.unwrap_or_default());
        let pattern = pattern.ok_or_else(|| CliError::usage("/find needs what to look for: /find TEXT"))?;
        let (mut found, mut count) = (Vec::new(), 0);
        let mut back = Back::of(session);
        while let Some(page) = back.next(&mut self.client).await? {
            for entry in page.iter().rev() {
                let lines = searched::lines(entry, &pattern);
                count += lines.len();
                found.extend(lines.into_iter().rev().take(MOST - found.len()));
            }
        }
        self.print_updates()?;
        found.reverse();
        print_lines(&found)?;
        let said = match count {
            0 => "nothing found".to_owned(),
            MOST.. if count > MOST => {
                format!("the newest {MOST} of {count} lines; /find with more of it finds fewer")
            }
            _ => format!(
                "{}; the whole of one: q show SESSION --entry N",
                q_term::words::counted(count, "line")
            ),
        };
        print_lines(&[notice(&said)])
    }

    /// Why nothing is copied, or read in a pager, where lines are printed.
    pub(crate) fn only_on_a_screen(&self) -> CliError {
        let name = self.plain.focus().and_then(|id| self.client.mirror.get(id));
        let name = name.map_or("SESSION", |session| session.summary.name.as_str());
        CliError::failed(format!("that is for the whole screen; in the shell: q show {name}"))
    }
}
