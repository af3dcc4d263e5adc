//! Which commands do what their first words say, whatever else stands behind: all a rule with an open end is for.
//!
//! Of programs in the table only the words that are known pass; in doubt a call asks. Of others nobody knows all options: those that
//! are known to run what they are handed ask, the rest is what the person chose by naming the program.

use alloc::string::String;

/// Programs that take a line of commands, and what they are also called.
const SHELLS: [&str; 16] = [
    "sh", "bash", "rbash", "dash", "zsh", "ksh", "mksh", "ash", "fish", "csh", "tcsh", "pwsh", "nu",
    "busybox", "toybox", "elvish",
];
/// Programs that run what stands behind them, or what some option of theirs names.
const CARRIERS: [&str; 95] = [
    "env",
    "sudo",
    "doas",
    "su",
    "runuser",
    "pkexec",
    "nice",
    "ionice",
    "chrt",
    "taskset",
    "numactl",
    "prlimit",
    "nohup",
    "timeout",
    "time",
    "setsid",
    "setpriv",
    "capsh",
    "stdbuf",
    "unbuffer",
    "xargs",
    "command",
    "builtin",
    "exec",
    "eval",
    "chroot",
    "unshare",
    "nsenter",
    "bwrap",
    "firejail",
    "fakeroot",
    "systemd-run",
    "dbus-run-session",
    "xvfb-run",
    "script",
    "expect",
    "watch",
    "entr",
    "ssh",
    "scp",
    "sftp",
    "rsync",
    "flock",
    "parallel",
    "find",
    "fd",
    "fdfind",
    "strace",
    "ltrace",
    "gdb",
    "lldb",
    "valgrind",
    "perf",
    "hyperfine",
    "npx",
    "pnpx",
    "bunx",
    "uvx",
    "pipx",
    "corepack",
    "docker",
    "podman",
    "kubectl",
    "tmux",
    "screen",
    "at",
    "batch",
    "crontab",
    "socat",
    "awk",
    "gawk",
    "mawk",
    "nawk",
    "sed",
    "gsed",
    "ed",
    "ex",
    "vi",
    "vim",
    "nvim",
    "emacs",
    "emacsclient",
    "man",
    "less",
    "more",
    "tar",
    "gtar",
    "bsdtar",
    "zip",
    "cpio",
    "split",
    "m4",
    "dd",
    "openssl",
    "tclsh",
];
/// Programs that run a text, and what their first word may be instead of a file.
const INTERPRETERS: [&str; 12] =
    ["python", "pypy", "perl", "ruby", "node", "php", "lua", "deno", "bun", "osascript", "rscript", "julia"];
const TAKES_A_TEXT: [&str; 6] = ["eval", "x", "exec", "repl", "task", "run"];
/// Options by which other programs run one, or work by another file than their own, as they begin.
const LEADS_ELSEWHERE: [(&str, &[&str]); 5] = [
    ("make", &["--ev", "-E", "-f", "--f", "--mak", "-C", "--d", "-I", "--in"]),
    ("gmake", &["--ev", "-E", "-f", "--f", "--mak", "-C", "--d", "-I", "--in"]),
    ("sort", &["--c", "-o", "--o", "-T", "--t", "--files"]),
    ("rg", &["--pre", "--hostname-bin", "--search-zip", "-z"]),
    ("ctest", &["--build", "--test-command", "-S", "-D", "--script"]),
];

/// A program of which is known what its words do.
struct KnownProgram {
    name: &'static str,
    /// Of these, what follows varies from call to call and changes little of what is done: *always* leaves it open.
    subcommands: &'static [&'static str],
    /// Whole long options, with or without a value.
    long: &'static [&'static str],
    /// Short ones without a value, which may stand together.
    short: &'static str,
    /// Short ones with a value right behind or as the next word.
    short_with_value: &'static str,
}

const KNOWN: [KnownProgram; 6] = [
    KnownProgram {
        name: "cargo",
        // Not `fmt`: it changes the files that it is given, wherever a link leads.
        subcommands: &["test", "check", "build", "clippy", "doc", "bench", "nextest", "tree", "metadata"],
        long: &[
            "all",
            "workspace",
            "all-targets",
            "all-features",
            "no-default-features",
            "features",
            "release",
            "lib",
            "bins",
            "bin",
            "tests",
            "test",
            "examples",
            "example",
            "benches",
            "bench",
            "package",
            "exclude",
            "locked",
            "offline",
            "frozen",
            "no-run",
            "no-fail-fast",
            "doc",
            "verbose",
            "quiet",
            "jobs",
            "keep-going",
            "message-format",
            "no-deps",
            "document-private-items",
            "color",
            "check",
            "nocapture",
            "no-capture",
            "test-threads",
            "exact",
            "ignored",
            "include-ignored",
            "skip",
            "show-output",
            "list",
            "depth",
            "invert",
            "edges",
            "duplicates",
            "format-version",
            "profile",
            "run-ignored",
            "retries",
            "partition",
        ],
        short: "vqr",
        short_with_value: "pjFDWAeiE",
    },
    KnownProgram {
        name: "git",
        subcommands: &["status", "diff", "log", "show", "blame"],
        long: &[
            "stat",
            "numstat",
            "shortstat",
            "name-only",
            "name-status",
            "oneline",
            "graph",
            "all",
            "decorate",
            "no-decorate",
            "color",
            "no-color",
            "cached",
            "staged",
            "word-diff",
            "summary",
            "patch",
            "no-patch",
            "raw",
            "follow",
            "merges",
            "no-merges",
            "reverse",
            "abbrev-commit",
            "first-parent",
            "since",
            "until",
            "after",
            "before",
            "author",
            "committer",
            "grep",
            "max-count",
            "skip",
            "format",
            "pretty",
            "date",
            "unified",
            "diff-filter",
            "ignore-all-space",
            "ignore-space-change",
            "ignore-blank-lines",
            "minimal",
            "patience",
            "histogram",
            "find-renames",
            "find-copies",
            "porcelain",
            "short",
            "branch",
            "branches",
            "tags",
            "remotes",
            "untracked-files",
            "ignored",
            "no-ext-diff",
            "no-textconv",
            "check",
            "merge-base",
            "no-pager",
            "line-porcelain",
            "long",
            "show-stash",
            "topo-order",
            "date-order",
            "no-renames",
            "exit-code",
            "quiet",
            "full-index",
        ],
        short: "pswbzivrtmceluaq0123456789",
        short_with_value: "nULMGND",
    },
    KnownProgram {
        name: "go",
        subcommands: &["test", "build", "vet", "list"],
        // One dash or two, it is the same to it.
        long: &[
            "v",
            "run",
            "count",
            "race",
            "short",
            "timeout",
            "bench",
            "benchmem",
            "benchtime",
            "cover",
            "covermode",
            "json",
            "list",
            "parallel",
            "failfast",
            "tags",
            "cpu",
            "p",
            "a",
            "x",
            "n",
            "m",
            "f",
            "skip",
            "shuffle",
            "trimpath",
            "deps",
        ],
        short: "",
        short_with_value: "",
    },
    KnownProgram { name: "npm", subcommands: &["test"], long: &["silent"], short: "", short_with_value: "" },
    KnownProgram { name: "pnpm", subcommands: &["test"], long: &[], short: "", short_with_value: "" },
    KnownProgram { name: "yarn", subcommands: &["test"], long: &[], short: "", short_with_value: "" },
];

/// Subcommands of git that run what they are given or what their repository names, and change how it works.
const OF_GIT: [&str; 22] = [
    "bisect",
    "submodule",
    "rebase",
    "filter-branch",
    "difftool",
    "mergetool",
    "config",
    "grep",
    "archive",
    "daemon",
    "shell",
    "send-email",
    "instaweb",
    "hook",
    "for-each-repo",
    "clone",
    "fetch",
    "pull",
    "push",
    "ls-remote",
    "remote",
    "merge-index",
];
/// Options of other subcommands of git that name no program, no file and no directory.
const PLAIN_OF_GIT: [&str; 13] =
    ["-m", "-a", "-am", "-v", "-q", "-n", "-A", "-u", "-d", "-b", "--message", "--all", "--amend"];

/// What *always* keeps of a command whose end varies.
pub(crate) fn stem(argv: &[String]) -> Option<&[String]> {
    let (program, rest) = argv.split_first().filter(|_| !hands_on(argv, 1))?;
    let known = KNOWN.iter().find(|known| known.name == program)?;
    let words = match rest {
        [run, script, ..] if run == "run" && known.subcommands == ["test"] && is_plain(script) => 3,
        [subcommand, ..] if known.subcommands.contains(&subcommand.as_str()) => 2,
        _other => return None,
    };
    argv.get(..words)
}

/// Whether a command is a line for a shell, or another command that its program hands on, or leads out of what its first words say.
/// So many of these are what a rule names.
pub(crate) fn hands_on(argv: &[String], named: usize) -> bool {
    let Some((program, rest)) = argv.split_first() else { return false };
    let name = program.rsplit('/').next().unwrap_or_default();
    if let Some(known) = KNOWN.iter().find(|known| known.name == name) {
        return !known.is_plain(rest);
    }
    let leads = LEADS_ELSEWHERE.iter().filter(|(other, _)| *other == name).flat_map(|(_, options)| *options);
    let is_led = |option: &&str| rest.iter().any(|word| word.starts_with(*option));
    let sets_variables = name.ends_with("make") && rest.iter().any(|word| word.contains('='));
    SHELLS.contains(&name)
        || CARRIERS.contains(&name)
        || sets_variables
        || leads.into_iter().any(is_led)
        || (INTERPRETERS.iter().any(|other| name.starts_with(other)) && takes_a_text(rest, named))
}

/// Whether an interpreter is given what it runs otherwise than as a file. A module that a rule names is one.
fn takes_a_text(rest: &[String], named: usize) -> bool {
    let Some(first) = rest.first() else { return false };
    let is_named_module = first == "-m" && named > 2;
    (first.starts_with('-') && !is_named_module) || TAKES_A_TEXT.contains(&first.as_str())
}

impl KnownProgram {
    /// Whether all of these words, which follow its name, do what the first of them says, in the directory that it runs in.
    fn is_plain(&self, words: &[String]) -> bool {
        let Some((subcommand, rest)) = words.split_first() else { return true };
        let is_listed = self.subcommands.contains(&subcommand.as_str());
        let runs_a_script = self.subcommands == ["test"] && subcommand == "run";
        if is_listed || runs_a_script {
            return rest.iter().all(|word| self.knows(word));
        }
        let stays = |word: &String| !word.starts_with('-') || PLAIN_OF_GIT.contains(&word.as_str());
        self.name == "git"
            && is_plain(subcommand)
            && !OF_GIT.contains(&subcommand.as_str())
            && rest.iter().all(|word| stays(word) && !leads_out(word))
    }

    fn knows(&self, word: &str) -> bool {
        // A compiler reads more words from such a file; to git it is a revision.
        if word.starts_with('@') && self.name != "git" {
            return false;
        }
        let long = word.strip_prefix("--").or_else(|| word.strip_prefix('-').filter(|_| self.name == "go"));
        if let Some(long) = long {
            let (name, value) = long.split_once('=').unwrap_or((long, ""));
            return (word == "--" || self.long.contains(&name)) && !leads_out(value);
        }
        let Some(short) = word.strip_prefix('-') else { return !leads_out(word) };
        let takes_value = short.starts_with(|first| self.short_with_value.contains(first));
        if takes_value {
            !leads_out(short.get(1..).unwrap_or_default())
        } else {
            short.chars().all(|one| self.short.contains(one))
        }
    }
}

/// Whether a word may name what is outside of the directory.
fn leads_out(word: &str) -> bool {
    word.starts_with(['/', '~']) || word.contains("://") || word.split('/').any(|name| name == "..")
}

fn is_plain(word: &str) -> bool {
    word.starts_with(|first: char| first.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;

    #[test]
    fn what_is_not_known_to_stay_asks() {
        for (passes, named, line) in [
            (true, 2, "npm test"),
            (true, 2, "npm test -- src/a.test.js"),
            (true, 3, "npm run build --silent"),
            (false, 2, "npm test --script-s=./evil.sh"),
            (false, 2, "npm test -script-shell ./evil.sh"),
            (false, 2, "npm test --node-options=--require=./evil.js"),
            (false, 2, "npm test -- --globalSetup=./evil.js"),
            (false, 2, "pnpm test --config.script-shell=./evil.sh"),
            (false, 2, "yarn test --use-yarnrc x"),
            (true, 2, "go test -run X -count=1 ./..."),
            (false, 2, "go build -ldflags=-extld=./evil.sh"),
            (false, 2, "go build --compiler=gccgo"),
            (false, 2, "go test -coverprofile=/home/me/.profile"),
            (false, 2, "go vet /elsewhere"),
            (true, 2, "cargo test -p core -- --nocapture --test-threads=1 name"),
            (true, 2, "cargo clippy --all-targets -- -D warnings"),
            (false, 2, "cargo clippy -- @args"),
            (false, 2, "cargo fmt -- lnk/x.rs"),
            (true, 2, "git diff @{u}"),
            (false, 2, "cargo test -- --logfile=/tmp/x"),
            (false, 2, "cargo build --lockfile-path x"),
            (false, 2, "cargo fmt -- /tmp/x.rs"),
            (false, 2, "cargo check -vC/tmp"),
            (false, 2, "cargo check -p file:///x"),
            (false, 2, "cargo test --config x"),
            (false, 1, "cargo install evil"),
            (true, 2, "git diff --stat HEAD~2..HEAD -- src"),
            (true, 2, "git log --oneline -n 3 -p --since=yesterday"),
            (false, 2, "git diff --ext-diff"),
            (false, 2, "git show --textconv"),
            (false, 2, "git diff --no-index a b"),
            (false, 2, "git diff /etc/passwd /dev/null"),
            (false, 2, "git diff ../../etc/passwd a"),
            (false, 2, "git diff -O/etc/passwd"),
            (false, 2, "git blame --contents /etc/passwd a"),
            (false, 2, "git blame -S/etc/passwd a"),
            (false, 1, "git -c alias.x=!./evil.sh x"),
            (false, 1, "git --exec-path=. x"),
            (false, 2, "git grep -O./evil.sh x"),
            (true, 2, "git commit -m words"),
            (false, 2, "git merge -s ours x"),
            (false, 1, "git merge-index ./x -a"),
            (false, 2, "git commit -F /etc/passwd"),
            (true, 2, "python3 tests.py -c"),
            (true, 3, "python3 -m pytest -x"),
            (false, 1, "python3 -m http.server"),
            (false, 1, "python3 -Ic print()"),
            (false, 1, "node -p 1"),
            (false, 1, "perl -ne 1"),
            (false, 1, "bun x evil"),
            (true, 1, "make -j4 all"),
            (false, 1, "make SHELL=./evil.sh"),
            (false, 1, "make --eval=x"),
            (false, 1, "/usr/bin/taskset 1 ./evil.sh"),
            (false, 1, "rbash -c ./evil.sh"),
            (false, 1, "sort --compress-program=./evil.sh"),
            (false, 1, "rg --pre ./evil.sh x"),
            (false, 1, "tar --to-command=./evil.sh -xf a"),
            (false, 1, "sed 1e a"),
            (true, 1, "ls -la src"),
        ] {
            let argv: Vec<String> = line.split(' ').map(String::from).collect();
            assert_eq!(!hands_on(&argv, named), passes, "{line}");
        }
    }
}
