//! `block_networks`: addresses that are never connected to, whatever name led there.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;

/// The networks that the operator closed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct BlockedNetworks {
    networks: Vec<IpNet>,
    private: bool,
}

impl BlockedNetworks {
    /// Parses entries of `block_networks`: a network, or `private` for everything that is not globally reachable.
    pub(crate) fn parse(entries: &[String]) -> Result<Self, String> {
        let mut blocked = Self::default();
        for entry in entries {
            match entry.as_str() {
                "private" => blocked.private = true,
                text => blocked.networks.push(parse_network(text)?),
            }
        }
        Ok(blocked)
    }

    /// Whether an address may not be connected to.
    pub(crate) fn blocks(&self, address: IpAddr) -> bool {
        if (self.private && !is_global(address)) || self.networks.iter().any(|network| network.contains(&address)) {
            return true;
        }
        // The same address in its IPv6 form must not be a way round.
        match address {
            IpAddr::V6(v6) => v6.to_ipv4().is_some_and(|v4| self.blocks(IpAddr::V4(v4))),
            IpAddr::V4(_) => false,
        }
    }
}

fn parse_network(text: &str) -> Result<IpNet, String> {
    text.parse::<IpNet>()
        .map(|network| network.trunc())
        .or_else(|_| text.parse::<IpAddr>().map(IpNet::from))
        .map_err(|_| format!("block_networks entry {text:?} is neither a network like 10.0.0.0/8 nor \"private\""))
}

fn is_global(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => is_global_v4(v4),
        IpAddr::V6(v6) => is_global_v6(v6),
    }
}

fn is_global_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    !(a == 0
        || address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_broadcast()
        || address.is_documentation()
        // Carrier NAT, protocol assignments, benchmarks, reserved.
        || (a == 100 && (64..128).contains(&b))
        || (a == 192 && b == 0 && c == 0)
        || (a == 198 && (18..20).contains(&b))
        || a >= 240)
}

fn is_global_v6(address: Ipv6Addr) -> bool {
    let [first, second, ..] = address.segments();
    !(address.is_unspecified()
        || address.is_loopback()
        || address.to_ipv4_mapped().is_some()
        || address.is_unique_local()
        || address.is_unicast_link_local()
        // Documentation, and site-local, which is long withdrawn and still routed inside some networks.
        || (first == 0x2001 && second == 0xdb8)
        || (first & 0xffc0) == 0xfec0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blocked(entries: &[&str]) -> BlockedNetworks {
        BlockedNetworks::parse(&entries.iter().map(|entry| (*entry).to_owned()).collect::<Vec<_>>()).unwrap()
    }

    #[test]
    fn nothing_is_blocked_by_default() {
        assert!(!BlockedNetworks::default().blocks("127.0.0.1".parse().unwrap()));
    }

    #[test]
    fn private_covers_everything_that_is_not_global() {
        let blocked = blocked(&["private"]);
        for address in [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.0.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "::1",
            "fd00::1",
            "fe80::1",
            "::ffff:10.0.0.1",
            "::ffff:127.0.0.1",
            "::",
            "240.0.0.1",
            "255.255.255.255",
        ] {
            assert!(blocked.blocks(address.parse().unwrap()), "{address}");
        }
        for address in ["1.1.1.1", "93.184.216.34", "2606:4700::1111", "172.32.0.1", "100.128.0.1"] {
            assert!(!blocked.blocks(address.parse().unwrap()), "{address}");
        }
    }

    #[test]
    fn a_network_is_blocked_in_both_address_families() {
        let blocked = blocked(&["1.2.0.0/16", "9.9.9.9", "2001:4860::/32"]);
        for (address, expected) in [
            ("1.2.3.4", true),
            ("::ffff:1.2.3.4", true),
            ("9.9.9.9", true),
            ("9.9.9.8", false),
            ("2001:4860::1", true),
            ("10.0.0.1", false),
        ] {
            assert_eq!(blocked.blocks(address.parse().unwrap()), expected, "{address}");
        }
    }

    #[test]
    fn a_bad_entry_is_refused_by_name() {
        assert!(BlockedNetworks::parse(&["privat".into()]).unwrap_err().contains("\"privat\""));
    }
}
