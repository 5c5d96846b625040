//! Raw TCP from a component: only connections, only to addresses that its manifest grants, and none by default.
//!
//! Spin asks for an entry whose scheme is `*`, because a raw connection has none, and so do we; its port is explicit.
//! Nothing listens, nothing speaks UDP, and no name is looked up: a component gets addresses, and the one that was
//! checked is the one that is connected to.

use std::future::ready;
use std::net::SocketAddr;
use std::sync::Arc;

use wasmtime_wasi::WasiCtxBuilder;
use wasmtime_wasi::sockets::SocketAddrUse;

use super::blocked::BlockedNetworks;
use super::hooks::OutboundPolicy;
use super::target::Target;

/// The scheme of a connection that has none.
const SCHEME: &str = "*";

/// What one component may connect to.
#[derive(Clone)]
pub(crate) struct Sockets {
    policy: Arc<OutboundPolicy>,
    blocked: Arc<BlockedNetworks>,
}

impl Sockets {
    pub(crate) fn new(policy: Arc<OutboundPolicy>, blocked: BlockedNetworks) -> Self {
        Self { policy, blocked: Arc::new(blocked) }
    }

    /// Sets what an instance may do.
    pub(crate) fn grant(&self, wasi: &mut WasiCtxBuilder) {
        let sockets = self.clone();
        wasi.allow_tcp(true).allow_udp(false).allow_ip_name_lookup(false);
        wasi.socket_addr_check(move |address, purpose| Box::pin(ready(sockets.allow(address, purpose))));
    }

    fn allow(&self, address: SocketAddr, purpose: SocketAddrUse) -> bool {
        match purpose {
            SocketAddrUse::TcpConnect => self.may_connect(address),
            // The system's own choice of a local end, which every connection has.
            SocketAddrUse::TcpBind => address.ip().is_unspecified() && address.port() == 0,
            _ => false,
        }
    }

    fn may_connect(&self, address: SocketAddr) -> bool {
        let Ok(target) = Target::new(SCHEME, &address.ip().to_string(), address.port()) else { return false };
        if !self.policy.allows(&target) {
            return false;
        }
        let blocked = self.blocked.blocks(address.ip());
        if blocked {
            self.policy.report_blocked(&target);
        }
        !blocked
    }
}

#[cfg(test)]
mod tests {
    use super::super::allowed::AllowedHosts;
    use super::super::client::{Client, ClientOptions};
    use super::*;
    use crate::variables::Values;

    fn sockets(entry: &str, blocked: &[&str]) -> Sockets {
        let allowed = AllowedHosts::parse(&[entry.to_owned()], &Values::default()).unwrap();
        let policy = OutboundPolicy::new("sweep", allowed, Client::new(ClientOptions::default()).unwrap());
        let blocked: Vec<String> = blocked.iter().map(|entry| (*entry).to_owned()).collect();
        Sockets::new(Arc::new(policy), BlockedNetworks::parse(&blocked).unwrap())
    }

    fn connects(sockets: &Sockets, address: &str) -> bool {
        sockets.allow(address.parse().unwrap(), SocketAddrUse::TcpConnect)
    }

    #[test]
    fn only_the_address_and_the_port_of_an_entry_without_a_scheme_are_connected_to() {
        let granted = sockets("*://10.0.0.5:636", &[]);
        assert!(connects(&granted, "10.0.0.5:636"));
        for denied in ["10.0.0.5:389", "10.0.0.6:636", "[::ffff:10.0.0.5]:636", "127.0.0.1:636"] {
            assert!(!connects(&granted, denied), "{denied}");
        }
        assert!(connects(&sockets("*://[fd00::5]:636", &[]), "[fd00::5]:636"));
        assert!(connects(&sockets("*://10.0.0.0/8:636", &[]), "10.9.9.9:636"));
    }

    #[test]
    fn a_grant_for_http_or_for_a_name_is_none_for_a_raw_connection() {
        for entry in ["https://10.0.0.5:636", "ldaps://10.0.0.5:636", "postgres://10.0.0.5:636", "*://ldap.example:636"]
        {
            assert!(!connects(&sockets(entry, &[]), "10.0.0.5:636"), "{entry}");
        }
    }

    #[test]
    fn a_blocked_network_is_not_connected_to_although_it_is_granted() {
        let blocked = sockets("*://*:*", &["private"]);
        for denied in ["10.0.0.5:636", "127.0.0.1:389", "169.254.169.254:80", "[::1]:389", "[::ffff:10.0.0.5]:636"] {
            assert!(!connects(&blocked, denied), "{denied}");
        }
        assert!(connects(&blocked, "93.184.216.34:636"));
    }

    #[test]
    fn nothing_listens_and_nothing_speaks_udp_however_much_is_granted() {
        let open = sockets("*://*:*", &[]);
        let any: SocketAddr = "0.0.0.0:0".parse().unwrap();
        assert!(open.allow(any, SocketAddrUse::TcpBind));
        assert!(!open.allow("0.0.0.0:8080".parse().unwrap(), SocketAddrUse::TcpBind));
        assert!(!open.allow("127.0.0.1:0".parse().unwrap(), SocketAddrUse::TcpBind));
        for purpose in [
            SocketAddrUse::TcpListen,
            SocketAddrUse::TcpAccept,
            SocketAddrUse::UdpBind,
            SocketAddrUse::UdpSend,
            SocketAddrUse::UdpReceive,
        ] {
            assert!(!open.allow(any, purpose), "{purpose:?}");
        }
    }
}
