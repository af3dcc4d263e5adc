//! Addresses as people see them.

/// An address as people see it: without who asks and their password, and without what its query says, which may be a key.
pub fn shown_address(base_url: &str) -> String {
    let (before, query) = base_url.split_once('?').map_or((base_url, None), |(at, query)| (at, Some(query)));
    let (scheme, rest) = before.split_once("://").unwrap_or(("", before));
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let authority = match authority.rsplit_once('@') {
        Some((_, host)) => format!("…@{host}"),
        None => authority.to_owned(),
    };
    let between = if scheme.is_empty() { "" } else { "://" };
    let names = query.map(|query| {
        let names = query
            .split('&')
            .map(|field| field.split_once('=').map_or("…".to_owned(), |(name, _)| format!("{name}=…")));
        format!("?{}", names.collect::<Vec<_>>().join("&"))
    });
    format!("{scheme}{between}{authority}{path}{}", names.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_password_and_no_key_of_an_address_is_shown() {
        for (base_url, expected) in [
            ("https://api.example.com/v1", "https://api.example.com/v1"),
            ("http://user:s3cret@host:80/v1", "http://…@host:80/v1"),
            ("http://s3cret@host", "http://…@host"),
            ("http://a:b@c:d@host/p", "http://…@host/p"),
            ("https://h/v1?api-version=2&api-key=SECRET", "https://h/v1?api-version=…&api-key=…"),
            ("https://h?x://u:p@y/z", "https://h?…"),
            ("user:s3cret@host/v1", "…@host/v1"),
            ("unix:/run/q.sock", "unix:/run/q.sock"),
            ("", ""),
        ] {
            assert_eq!(shown_address(base_url), expected);
        }
    }
}
