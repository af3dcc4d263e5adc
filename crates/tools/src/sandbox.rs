//! What a command is held to, where the system can: it changes files only beneath some directories, and reaches nobody.
//!
//! Landlock for the files, a filter of system calls for all that leads to others: sockets, other processes' memory, and rings that
//! would make either behind the filter's back. Both hold for everything that is started from here on, and cannot be taken off.

use std::path::PathBuf;

/// The directories beneath which files may be changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sandbox {
    pub writable: Vec<PathBuf>,
}

#[cfg(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")))]
mod linux {
    use std::collections::BTreeMap;

    use landlock::{
        ABI, Access as _, AccessFs, AccessNet, CompatLevel, Compatible as _, RestrictionStatus, Ruleset,
        RulesetAttr as _, RulesetCreated, RulesetCreatedAttr as _, RulesetError, RulesetStatus, Scope,
        path_beneath_rules,
    };
    use seccompiler::{
        BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
        SeccompRule, apply_filter,
    };

    use super::Sandbox;

    /// What the kernel must be able to do: before this one (Linux 6.2) a file could be emptied that may not be written.
    const NEEDED: ABI = ABI::V3;
    /// What is asked for besides, and done without: devices' controls, TCP, signals and abstract sockets.
    const WANTED: ABI = ABI::V6;
    /// Devices that programs write to and that keep nothing, and where they share memory.
    const HARMLESS: [&str; 8] = [
        "/dev/null",
        "/dev/zero",
        "/dev/full",
        "/dev/random",
        "/dev/urandom",
        "/dev/tty",
        "/dev/pts",
        "/dev/shm",
    ];
    /// The bit by which the third set of system calls of x86-64 is told apart: the same calls, other numbers.
    const X32: i64 = 0x4000_0000;

    fn ruleset() -> Result<RulesetCreated, RulesetError> {
        Ruleset::default()
            .set_compatibility(CompatLevel::HardRequirement)
            .handle_access(AccessFs::from_all(NEEDED))?
            .set_compatibility(CompatLevel::BestEffort)
            .handle_access(AccessFs::from_all(WANTED))?
            .handle_access(AccessNet::from_all(WANTED))?
            .scope(Scope::from_all(WANTED))?
            .create()
    }

    impl Sandbox {
        /// Whether this system can hold a command to one.
        pub fn is_supported() -> bool {
            ruleset().is_ok()
        }

        /// Holds this thread to it, and all that it starts from here on. An error is why it cannot be; then nothing may be started.
        pub(crate) fn enter(&self) -> Result<(), String> {
            let status = self.restrict_files().map_err(|error| error.to_string())?;
            if status.ruleset == RulesetStatus::NotEnforced || !status.no_new_privs {
                return Err("the system does not hold to it".into());
            }
            let filter = filter().map_err(|error| error.to_string())?;
            apply_filter(&filter).map_err(|error| error.to_string())
        }

        fn restrict_files(&self) -> Result<RestrictionStatus, RulesetError> {
            let all = AccessFs::from_all(WANTED);
            ruleset()?
                .add_rules(path_beneath_rules(["/"], AccessFs::from_read(WANTED)))?
                .add_rules(path_beneath_rules(HARMLESS, all))?
                .add_rules(path_beneath_rules(&self.writable, all))?
                .restrict_self()
        }
    }

    /// No sockets but pairs of one's own, nobody else's memory, no rings, no keys of the kernel.
    fn filter() -> Result<BpfProgram, seccompiler::BackendError> {
        let mut rules: BTreeMap<i64, Vec<SeccompRule>> = [
            libc::SYS_socket,
            libc::SYS_connect,
            libc::SYS_io_uring_setup,
            libc::SYS_ptrace,
            libc::SYS_process_vm_readv,
            libc::SYS_process_vm_writev,
            libc::SYS_pidfd_getfd,
            libc::SYS_add_key,
            libc::SYS_request_key,
            libc::SYS_keyctl,
        ]
        .map(|call| (call, Vec::new()))
        .into();
        // Nothing is typed into a terminal for its person: TIOCSTI, and TIOCLINUX which can as well.
        let typing = [libc::TIOCSTI, libc::TIOCLINUX].map(|request| {
            let is = SeccompCondition::new(1, SeccompCmpArgLen::Dword, SeccompCmpOp::Eq, request);
            is.and_then(|is| SeccompRule::new(vec![is]))
        });
        rules.insert(libc::SYS_ioctl, typing.into_iter().collect::<Result<_, _>>()?);
        if cfg!(target_arch = "x86_64") {
            let others: Vec<_> = rules.iter().map(|(call, rules)| (call | X32, rules.clone())).collect();
            rules.extend(others);
        }
        let denied = SeccompAction::Errno(libc::EPERM.cast_unsigned());
        let architecture = std::env::consts::ARCH.try_into()?;
        SeccompFilter::new(rules, SeccompAction::Allow, denied, architecture)?.try_into()
    }
}

#[cfg(not(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64"))))]
impl Sandbox {
    /// Whether this system can hold a command to one.
    pub const fn is_supported() -> bool {
        false
    }

    /// Holds this thread to it, and all that it starts from here on. An error is why it cannot be; then nothing may be started.
    pub(crate) fn enter(&self) -> Result<(), String> {
        Err("there is none for this system".into())
    }
}
