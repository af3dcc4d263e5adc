//! Things with how many there are of them.

/// `1 session`, `2 sessions`.
pub fn counted(count: usize, one: &str) -> String {
    if count == 1 { format!("1 {one}") } else { format!("{count} {one}s") }
}
