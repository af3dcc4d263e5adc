//! The real binary, end to end: in pseudo-terminals and pipes, against a scripted server, each test in a home of its own.
//!
//! | room | what lives there |
//! |---|---|
//! | `owner` | the owner's integration test, in one piece |
//! | `editors` | editors at the same sessions |
//! | `sessions` | slash commands and keys |
//! | `archive` | closed, reopened, thrown away, restored, erased |
//! | `cleanup` | what might go, asked about, undone, gone for good; the quota |
//! | `files` | files that a prompt names
//! | `images` | images that a prompt names
//! | `forks` | another session's history, and a way of its own |
//! | `exchange` | sessions as files, out and in again
//! | `failures` | what fails is marked, told and not sent again; what a long history leaves out
//! | `queue` | prompts that wait: edited, reordered, taken back, sent now |
//! | `settings` | how a session's turns are asked, and the models there are |
//! | `marks` | tags, pins, unread, kinds of one's own |
//! | `inbox` | what waits for an answer |
//! | `permissions` | rules for calls |
//! | `bounds` | what a command may take |
//! | `hooks` | commands that are told what happens |
//! | `hibernation` | room for one more, and everything back whole |
//! | `deaf` | a host that runs and does not read |
//! | `doctor` | a damaged store: told, in the session it concerns |
//! | `disk` | no room, no store: said at once, nothing typed is lost, and it goes on |
//! | `restart` | a host that makes way for another |
//! | `replay` | traces, played |
//! | `coming_back` | back to the session that was in front |
//! | `consent` | several calls allowed at once, and a yes in advance |
//! | `compaction` | a summary in place of a long conversation |
//! | `terminals` | several terminals on the same sessions; the terminal given back |
//! | `inline` | the transcript in the terminal's own scrollback |
//! | `giving_back` | the terminal as it was, whatever ends q with whichever face |
//! | `headless` | commands for scripts, `--json`, exit codes |
//! | `plain` | line by line: `TERM=dumb` and pipes |
//! | `network` | proxies and certificates are those of the client that made the session |
//! | `providers` | providers by name, requests shaped, agents tried |
//! | `key_command` | keys that another program has
//! | `servers` | whole answers and others; servers that would hold up everybody |
//! | `mistakes` | bad input and a hostile world: a clear line, a way out, nothing lost |
//! | `every_verb` | hostile words through every command, and nothing of them is done |
//! | `own_texts` | commands and skills that people write themselves |
//! | `trust` | files of a project, and whether its directory is trusted |
//! | `sources` | what an answer rests on, in every frontend |
//! | `strangers` | other users and other programs at the place of the host: not spoken to, not signalled |
//! | `hostile` | what agents and pasted texts try with the terminal |
//! | `working_day` | six sessions at work, a host that dies three times |
//! | `setup` | an agent by a few questions |
//! | `sign_in` | signing in at servers of tools, in a browser |
//! | `reference` | servers and agents that nobody here wrote |
//! | `world`, `run`, `screen` | where it happens, commands in pipes, what is read and typed |
//!
//! Not here: kill -9 of the host at random moments (the `crash` tests).

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests may panic")]

mod acp;
mod archive;
mod background;
mod bounds;
mod budgets;
mod changes;
mod cleanup;
mod coming_back;
mod compaction;
mod consent;
mod deaf;
mod disk;
mod doctor;
mod editors;
mod every_verb;
mod exchange;
mod failures;
mod files;
mod forks;
mod giving_back;
mod headless;
mod hibernation;
mod hooks;
mod hostile;
mod images;
mod inbox;
mod inline;
mod key_command;
mod keys;
mod local;
mod marks;
mod mcp;
mod mistakes;
mod network;
mod notifying;
mod own_texts;
mod owner;
mod panes;
mod permissions;
mod plain;
mod providers;
mod queue;
mod reading;
mod reference;
mod remote_mcp;
mod replay;
mod restart;
mod run;
mod sandbox;
mod screen;
mod seals;
mod servers;
mod sessions;
mod settings;
mod setup;
mod shell_lines;
mod sign_in;
mod sources;
mod sso;
mod strangers;
mod terminals;
mod tools;
mod trust;
mod working_day;
mod world;
mod writing;
