//! The engine's raw connections on the sockets of the host.
//!
//! A component connects to addresses that its manifest grants (`*://10.0.0.5:636`); names cannot be looked up here.
//! How long somebody waits is decided by whoever waits: dropping a future here gives the operation up.

use seatkeeper_engine::directories::{ByteStream, Tcp, TcpError};
use spin_sdk::wasip3::{
    sockets::types::{ErrorCode, IpAddressFamily, IpSocketAddress, Ipv4SocketAddress, Ipv6SocketAddress, TcpSocket},
    wit_bindgen::{FutureReader, StreamReader, StreamResult, StreamWriter},
    wit_stream,
};
use std::net::SocketAddr;

/// Bytes that are read at once at most; a page of an LDAP server has some hundred thousand.
const READ: usize = 64 * 1024;

/// Raw connections, to the destinations that the manifest grants.
#[derive(Debug, Clone, Copy, Default)]
pub struct SpinTcp;

/// An open connection. Dropping it closes it.
pub struct SpinStream {
    output: StreamWriter<u8>,
    input: StreamReader<u8>,
    sent: Option<FutureReader<Result<(), ErrorCode>>>,
    received: Option<FutureReader<Result<(), ErrorCode>>>,
    // Last, so that both streams are closed before it.
    _socket: TcpSocket,
}

impl Tcp for SpinTcp {
    type Stream = SpinStream;

    async fn connect(&self, address: SocketAddr) -> Result<SpinStream, TcpError> {
        let family = if address.is_ipv4() { IpAddressFamily::Ipv4 } else { IpAddressFamily::Ipv6 };
        let socket = TcpSocket::create(family).map_err(|code| error(&code))?;
        socket.connect(remote(address)).await.map_err(|code| error(&code))?;
        let (output, outgoing) = wit_stream::new();
        let sent = Some(socket.send(outgoing));
        let (input, received) = socket.receive();
        Ok(SpinStream { output, input, sent, received: Some(received), _socket: socket })
    }
}

impl ByteStream for SpinStream {
    async fn write(&mut self, bytes: &[u8]) -> Result<(), TcpError> {
        if self.output.write_all(bytes.to_vec()).await.is_empty() {
            return Ok(());
        }
        Err(match self.sent.take() {
            Some(sent) => sent.await.err().map_or_else(closed, |code| error(&code)),
            None => closed(),
        })
    }

    async fn read(&mut self) -> Result<Vec<u8>, TcpError> {
        loop {
            let (result, bytes) = self.input.read(Vec::with_capacity(READ)).await;
            match result {
                StreamResult::Complete(0) | StreamResult::Cancelled if bytes.is_empty() => {}
                StreamResult::Complete(_) | StreamResult::Cancelled => return Ok(bytes),
                StreamResult::Dropped => {
                    // The end, unless the host says that it was none.
                    return match self.received.take() {
                        Some(received) => received.await.map(|()| bytes).map_err(|code| error(&code)),
                        None => Ok(bytes),
                    };
                }
            }
        }
    }
}

fn remote(address: SocketAddr) -> IpSocketAddress {
    match address {
        SocketAddr::V4(v4) => {
            IpSocketAddress::Ipv4(Ipv4SocketAddress { port: v4.port(), address: v4.ip().octets().into() })
        }
        SocketAddr::V6(v6) => IpSocketAddress::Ipv6(Ipv6SocketAddress {
            port: v6.port(),
            flow_info: v6.flowinfo(),
            address: v6.ip().segments().into(),
            scope_id: v6.scope_id(),
        }),
    }
}

fn closed() -> TcpError {
    TcpError::Connection("the other side closed it".to_owned())
}

fn error(code: &ErrorCode) -> TcpError {
    match code {
        // A host without a grant for any socket may also say that it has none.
        ErrorCode::AccessDenied | ErrorCode::NotSupported => TcpError::Denied,
        ErrorCode::Timeout => TcpError::Timeout,
        ErrorCode::ConnectionRefused => TcpError::Connection("nobody listens there".to_owned()),
        other => TcpError::Connection(other.to_string().chars().filter(|c| !c.is_control()).take(200).collect()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_denied_address_and_a_time_out_are_told_apart_from_a_broken_connection() {
        assert_eq!(error(&ErrorCode::AccessDenied), TcpError::Denied);
        assert_eq!(error(&ErrorCode::Timeout), TcpError::Timeout);
        assert_eq!(error(&ErrorCode::ConnectionRefused), TcpError::Connection("nobody listens there".to_owned()));
        assert!(matches!(error(&ErrorCode::ConnectionReset), TcpError::Connection(_)));
    }

    #[test]
    fn addresses_of_both_families_are_passed_on_as_they_are() {
        let IpSocketAddress::Ipv4(v4) = remote("10.1.2.3:636".parse().unwrap()) else { panic!("another family") };
        assert_eq!((v4.address, v4.port), ((10, 1, 2, 3), 636));
        let IpSocketAddress::Ipv6(v6) = remote("[fd00::5]:389".parse().unwrap()) else { panic!("another family") };
        assert_eq!((v6.address, v6.port), ((0xfd00, 0, 0, 0, 0, 0, 0, 5), 389));
    }
}
