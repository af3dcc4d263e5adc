//! Tells the linker how to make the program smaller where the system can load what comes out.
#![allow(clippy::disallowed_methods, reason = "for which machine it is built is said in variables alone")]
use std::process::Command;

/// The first C library of GNU that reads packed relocations.
const READS_PACKED: (u32, u32) = (2, 36);

#[allow(clippy::disallowed_methods, reason = "Cargo tells a build script of its target in variables alone")]
fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    let target = |what: &str| std::env::var(format!("CARGO_CFG_TARGET_{what}")).unwrap_or_default();
    if target("OS") != "linux" || target("ENV") != "gnu" || std::env::var("HOST") != std::env::var("TARGET") {
        return;
    }
    // The table of addresses to mend at the start is 660 KB as entries and 20 KB as bits; it is also read faster.
    if library().is_some_and(|version| version >= READS_PACKED) {
        println!("cargo:rustc-link-arg-bins=-Wl,-z,pack-relative-relocs");
    }
}

/// The version of this machine's C library; nothing if it does not say so, and then the program is linked as ever.
fn library() -> Option<(u32, u32)> {
    let said = Command::new("getconf").arg("GNU_LIBC_VERSION").output().ok()?;
    let said = String::from_utf8(said.stdout).ok()?;
    let (major, minor) = said.trim().strip_prefix("glibc ")?.split_once('.')?;
    Some((major.parse().ok()?, minor.split('.').next()?.parse().ok()?))
}
