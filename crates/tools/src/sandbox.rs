//! What a command is held to, where the system can: it changes files only beneath some directories, and reaches nobody.
//!
//! Mounts of its own for what may be changed at all, Landlock for the files once more, and a filter of system calls
//! (`denied_calls`) for all that leads to others. All of it holds for everything that is started from here on, and cannot be taken
//! off.

use std::path::PathBuf;

/// The directories beneath which files may be changed, and what stays as it is even there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sandbox {
    pub writable: Vec<PathBuf>,
    /// What belongs to `q` itself: what stands there says what is asked about.
    pub protected: Vec<PathBuf>,
}

#[cfg(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")))]
mod linux {
    use landlock::{
        ABI, Access as _, AccessFs, AccessNet, CompatLevel, Compatible as _, RestrictionStatus, Ruleset,
        RulesetAttr as _, RulesetCreated, RulesetCreatedAttr as _, RulesetError, RulesetStatus, Scope,
        path_beneath_rules,
    };
    use rustix::thread::{CapabilitySet, CapabilitySets, clear_ambient_capability_set, set_capabilities};

    use std::path::PathBuf;

    use super::Sandbox;
    use crate::{denied_calls, own_mounts};

    /// What the kernel must be able to do: before this one (Linux 6.2) a file could be emptied that may not be written.
    const NEEDED: ABI = ABI::V3;
    /// What is asked for besides, and done without: devices' controls, TCP, signals and abstract sockets.
    const WANTED: ABI = ABI::V6;
    /// Devices that keep nothing, and where programs share memory. No terminal is among them: who reads one has what the person types,
    /// and who writes to one has them read something else than what asks.
    const HARMLESS: [&str; 6] =
        ["/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", "/dev/shm"];
    /// Where devices are. What is in it may be listed; of what is beside it, all may be read.
    const DEVICES: &str = "dev";

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

        /// Holds this process, which has one thread, to it, and all that it starts from here on. An error is why it cannot be;
        /// then nothing may be started. Otherwise what is not held, in words, where the system is against it.
        pub(crate) fn enter(&self) -> Result<Option<String>, String> {
            let unheld = match own_mounts::enter(&self.writable, &self.protected) {
                Ok(()) => None,
                Err(why) if own_mounts::protects_beneath(&self.writable, &self.protected) => return Err(why),
                Err(why) => Some(why),
            };
            drop_privileges()?;
            let readable = readable().map_err(|error| format!("/ cannot be listed: {error}"))?;
            let status = self.restrict_files(readable).map_err(|error| error.to_string())?;
            if status.ruleset == RulesetStatus::NotEnforced || !status.no_new_privs {
                return Err("the system does not hold to it".into());
            }
            denied_calls::deny()?;
            Ok(unheld)
        }

        fn restrict_files(&self, readable: Vec<PathBuf>) -> Result<RestrictionStatus, RulesetError> {
            let all = AccessFs::from_all(WANTED);
            ruleset()?
                .add_rules(path_beneath_rules(["/"], AccessFs::ReadDir))?
                .add_rules(path_beneath_rules(readable, AccessFs::from_read(WANTED)))?
                .add_rules(path_beneath_rules(HARMLESS, all))?
                .add_rules(path_beneath_rules(&self.writable, all))?
                .restrict_self()
        }
    }

    /// What there is but devices. Links lead to something else that is there.
    fn readable() -> std::io::Result<Vec<PathBuf>> {
        let mut readable = Vec::new();
        for entry in std::fs::read_dir("/")? {
            let entry = entry?;
            if entry.file_name() != DEVICES && !entry.file_type()?.is_symlink() {
                readable.push(entry.path());
            }
        }
        Ok(readable)
    }

    /// Gives up what a privileged process can beyond its files' owner, for good: nothing that is executed gets it back.
    fn drop_privileges() -> Result<(), String> {
        let none = CapabilitySet::empty();
        for capability in CapabilitySet::all().iter() {
            // Only who may can; who may not has none to lose.
            let _not_there = rustix::thread::remove_capability_from_bounding_set(capability);
        }
        let _none_there = clear_ambient_capability_set();
        let sets = CapabilitySets { effective: none, permitted: none, inheritable: none };
        set_capabilities(None, sets).map_err(|error| format!("privileges cannot be given up: {error}"))
    }
}

#[cfg(not(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64"))))]
impl Sandbox {
    /// Whether this system can hold a command to one.
    pub const fn is_supported() -> bool {
        false
    }

    /// Holds this process to it. An error is why it cannot be; then nothing may be started.
    pub(crate) fn enter(&self) -> Result<Option<String>, String> {
        Err("there is none for this system".into())
    }
}
