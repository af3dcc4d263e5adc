//! Whether a command of the sandbox may have failed because of it, by what it put out: no system says so to whoever holds a
//! command. What is taken for it by mistake costs the person a question, and runs nothing.

/// What programs say of the errors that the sandbox gives, in small letters: of files, of what belongs to others, of a network
/// that is not there, where this machine's own servers are not either.
const SAID: [&str; 19] = [
    "read-only file system",
    "permission denied",
    "operation not permitted",
    "network is unreachable",
    "name resolution",
    "resolve host",
    "resolve address",
    "name or service not known",
    "failed to lookup address",
    "dns error",
    "connection refused",
    "couldn't connect",
    "could not connect",
    "econnrefused",
    "eacces",
    "eperm",
    "erofs",
    "eai_again",
    "enotfound",
];

/// Whether what came of a command that failed in the sandbox reads as if that had denied it something.
pub fn may_be_denied(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    SAID.iter().any(|said| text.contains(said))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_sandbox_denies_is_told_from_what_fails_by_itself() {
        for (text, expected) in [
            ("exit code 1\ntouch: cannot touch '/tmp/x': Read-only file system\n", true),
            ("exit code 6\ncurl: (6) Could not resolve host: example.org\n", true),
            (
                "exit code 7\ncurl: (7) Failed to connect to 127.0.0.1 port 80: Couldn't connect to server\n",
                true,
            ),
            ("exit code 1\nPermissionError: [Errno 1] Operation not permitted\n", true),
            ("exit code 1\nnpm error code EAI_AGAIN\n", true),
            ("exit code 101\nassertion failed: left == right\n", false),
            ("exit code 1\nls: cannot access 'x': No such file or directory\n", false),
        ] {
            assert_eq!(may_be_denied(text), expected, "{text}");
        }
    }
}
