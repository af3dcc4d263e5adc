//! The system calls that a command in the sandbox may not make: all that leads to other processes and to what others share.
//!
//! What is denied fails as it does for who lacks the right. A list of what is allowed would be safer and end programs whenever a
//! library learns a call; what is not here is held by the mounts, by Landlock, and by having no privileges.

use std::collections::BTreeMap;

use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
    apply_filter,
};

/// The bit by which the third set of system calls of x86-64 is told apart: the same calls, other numbers.
const X32: i64 = 0x4000_0000;

/// Denied whatever they are given.
const ALWAYS: [i64; 53] = [
    // Sockets, and rings that would make them behind the filter's back.
    libc::SYS_socket,
    libc::SYS_connect,
    libc::SYS_io_uring_setup,
    libc::SYS_io_uring_enter,
    libc::SYS_io_uring_register,
    // Other processes' memory, descriptors and pages.
    libc::SYS_ptrace,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_process_madvise,
    libc::SYS_process_mrelease,
    libc::SYS_pidfd_getfd,
    libc::SYS_kcmp,
    libc::SYS_migrate_pages,
    libc::SYS_move_pages,
    libc::SYS_userfaultfd,
    // What all processes of a person share: keys, memory, queues, what is watched.
    libc::SYS_add_key,
    libc::SYS_request_key,
    libc::SYS_keyctl,
    libc::SYS_shmget,
    libc::SYS_shmat,
    libc::SYS_shmctl,
    libc::SYS_msgget,
    libc::SYS_msgsnd,
    libc::SYS_msgrcv,
    libc::SYS_msgctl,
    libc::SYS_semget,
    libc::SYS_semop,
    libc::SYS_semtimedop,
    libc::SYS_semctl,
    libc::SYS_mq_open,
    libc::SYS_mq_unlink,
    libc::SYS_fanotify_init,
    libc::SYS_fanotify_mark,
    // The kernel's own programs and counters.
    libc::SYS_bpf,
    libc::SYS_perf_event_open,
    // Other mounts and other namespaces, files by number.
    libc::SYS_mount,
    libc::SYS_umount2,
    libc::SYS_pivot_root,
    libc::SYS_chroot,
    libc::SYS_open_tree,
    libc::SYS_move_mount,
    libc::SYS_fsopen,
    libc::SYS_fsconfig,
    libc::SYS_fsmount,
    libc::SYS_fspick,
    libc::SYS_mount_setattr,
    libc::SYS_setns,
    libc::SYS_unshare,
    libc::SYS_open_by_handle_at,
    libc::SYS_quotactl,
    libc::SYS_acct,
    libc::SYS_swapon,
    libc::SYS_swapoff,
];

/// Allowed for the process itself alone: which of their arguments must be zero.
const OF_ITSELF: [(i64, u8); 8] = [
    (libc::SYS_prlimit64, 0),
    (libc::SYS_sched_setaffinity, 0),
    (libc::SYS_sched_setparam, 0),
    (libc::SYS_sched_setscheduler, 0),
    (libc::SYS_sched_setattr, 0),
    (libc::SYS_setpriority, 0),
    (libc::SYS_setpriority, 1),
    (libc::SYS_ioprio_set, 1),
];

/// A new process may have no namespaces of its own: in one of users it would have privileges, and bugs of the kernel to try them on.
const NAMESPACES: [i32; 8] = [
    libc::CLONE_NEWUSER,
    libc::CLONE_NEWNS,
    libc::CLONE_NEWPID,
    libc::CLONE_NEWNET,
    libc::CLONE_NEWIPC,
    libc::CLONE_NEWUTS,
    libc::CLONE_NEWCGROUP,
    libc::CLONE_NEWTIME,
];

/// Denies them to this thread and to all that it starts. It can gain no privileges by then.
pub(crate) fn deny() -> Result<(), String> {
    let told = |error: seccompiler::BackendError| error.to_string();
    let unknown = [(libc::SYS_clone3, Vec::new())].into();
    for (rules, error) in [(rules().map_err(told)?, libc::EPERM), (unknown, libc::ENOSYS)] {
        let filter = program(rules, error).map_err(told)?;
        apply_filter(&filter).map_err(|error| error.to_string())?;
    }
    Ok(())
}

/// The first makes way for the calls that are looked at: what `clone3` wants stands in memory, where no filter reads it, and who is
/// told that there is no such call takes `clone`.
type Rules = BTreeMap<i64, Vec<SeccompRule>>;

fn program(mut rules: Rules, error: i32) -> Result<BpfProgram, seccompiler::BackendError> {
    if cfg!(target_arch = "x86_64") {
        let others: Vec<_> = rules.iter().map(|(call, rules)| (call | X32, rules.clone())).collect();
        rules.extend(others);
    }
    let denied = SeccompAction::Errno(error.cast_unsigned());
    let architecture = std::env::consts::ARCH.try_into()?;
    SeccompFilter::new(rules, SeccompAction::Allow, denied, architecture)?.try_into()
}

fn rules() -> Result<Rules, seccompiler::BackendError> {
    let mut rules: Rules = ALWAYS.map(|call| (call, Vec::new())).into();
    let word = SeccompCmpArgLen::Dword;
    let mut deny = |call: i64, argument: u8, length: SeccompCmpArgLen, is: SeccompCmpOp, value: u64| {
        let is = SeccompCondition::new(argument, length, is, value)?;
        rules.entry(call).or_default().push(SeccompRule::new(vec![is])?);
        Ok::<(), seccompiler::BackendError>(())
    };
    // Nothing is typed into a terminal for its person: TIOCSTI, and TIOCLINUX which can as well.
    for request in [libc::TIOCSTI, libc::TIOCLINUX] {
        deny(libc::SYS_ioctl, 1, word.clone(), SeccompCmpOp::Eq, request)?;
    }
    for (call, argument) in OF_ITSELF {
        deny(call, argument, word.clone(), SeccompCmpOp::Ne, 0)?;
    }
    for namespace in NAMESPACES {
        let flag = u64::from(namespace.cast_unsigned());
        deny(libc::SYS_clone, 0, SeccompCmpArgLen::Qword, SeccompCmpOp::MaskedEq(flag), flag)?;
    }
    // A pair may speak to its other end alone. One of datagrams can name any socket there is with each word that it says.
    deny(libc::SYS_sendto, 4, SeccompCmpArgLen::Qword, SeccompCmpOp::Ne, 0)?;
    for kind in [libc::SOCK_DGRAM, libc::SOCK_RAW] {
        let kind = u64::from(kind.cast_unsigned());
        deny(libc::SYS_socketpair, 1, word.clone(), SeccompCmpOp::MaskedEq(0xf), kind)?;
    }
    let unix = u64::from(libc::AF_UNIX.cast_unsigned());
    deny(libc::SYS_socketpair, 0, word, SeccompCmpOp::Ne, unix)?;
    Ok(rules)
}
