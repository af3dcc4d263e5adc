//! Which addresses are the world's, and no machine's own or its network's: what a model may have fetched leads to these alone.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// What is said where an address is not the world's.
pub(super) const NOT_PUBLIC: &str = "it leads to this machine or its own network, where nothing is fetched";

/// Ends of names that mean something in one's own network alone (RFC 6761, 6762, 8375, ICANN's `internal`, and what is in use besides).
const OF_NETWORKS: [&str; 10] =
    ["localhost", "localdomain", "local", "internal", "intranet", "lan", "home", "corp", "home.arpa", "svc"];

/// Whether a host as it is written may be asked for: a number that is the world's, or a name that is not this machine's by itself.
/// Where a proxy resolves names nothing else is known of them here.
pub(super) fn may_be_public(host: &str) -> bool {
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    let is_own = |name: &str| host == name || host.strip_suffix(name).is_some_and(|rest| rest.ends_with('.'));
    // A number written otherwise: systems read it as an address, whatever it looks like.
    let is_number =
        host.rsplit('.').next().is_some_and(|last| last.starts_with(|first: char| first.is_ascii_digit()));
    // What the world never gives out, and names that only a network of one's own completes.
    let is_of_a_network = !host.contains('.') || OF_NETWORKS.into_iter().any(is_own);
    let is_name = !is_number && !is_of_a_network;
    host.parse().map_or(is_name, is_public)
}

/// Whether a number is the world's.
pub(super) fn is_public(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let is_special = address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_documentation()
        || a == 0
        || a >= 224 // to many, or kept for later
        || (a == 100 && (64..128).contains(&b)) // shared by a provider's customers
        || (a == 192 && b == 0 && c == 0)
        || (a == 198 && (b == 18 || b == 19)); // for measurements
    !is_special
}

/// Only what is given out to the world (`2000::/3`), and there nothing that carries a number of another network.
fn is_public_v6(address: Ipv6Addr) -> bool {
    let [a, b, ..] = address.segments();
    let is_given_out = (0x2000..0x4000).contains(&a);
    let is_special = (a == 0x2001 && (b < 0x200 || b == 0xdb8)) || a == 0x2002 || (a == 0x3fff && b < 0x1000);
    is_given_out && !is_special
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_worlds_addresses_are_public() {
        for (host, public) in [
            ("8.8.8.8", true),
            ("93.184.216.34", true),
            ("2606:4700::6810:84e5", true),
            ("docs.rs", true),
            ("localhost.docs.rs", true),
            ("127.0.0.1", false),
            ("127.255.0.1", false),
            ("0.0.0.0", false),
            ("10.0.0.1", false),
            ("172.16.0.1", false),
            ("172.32.0.1", true),
            ("192.168.1.1", false),
            ("169.254.169.254", false),
            ("100.64.0.1", false),
            ("100.128.0.1", true),
            ("192.0.0.192", false),
            ("198.19.0.1", false),
            ("224.0.0.1", false),
            ("255.255.255.255", false),
            ("::", false),
            ("::1", false),
            ("::ffff:127.0.0.1", false),
            ("::ffff:8.8.8.8", true),
            ("::127.0.0.1", false),
            ("64:ff9b::7f00:1", false),
            ("2002:7f00:1::", false),
            ("2001:0:1::1", false),
            ("2001:db8::1", false),
            ("fc00::1", false),
            ("fd00:ec2::254", false),
            ("fe80::1", false),
            ("ff02::1", false),
            ("127.1", false),
            ("2130706433", false),
            ("0x7f.0x1", false),
            ("8.8.8.8.", true),
            ("localhost", false),
            ("LOCALHOST.", false),
            ("a.localhost", false),
            ("printer.local", false),
            ("metadata.google.internal", false),
            ("metadata", false),
            ("ip6-localhost", false),
            ("localhost.localdomain", false),
            ("kubernetes.default.svc", false),
            ("nas.home.arpa", false),
            ("router.lan", false),
            ("arpa.home.example", true),
        ] {
            assert_eq!(may_be_public(host), public, "{host}");
        }
    }
}
