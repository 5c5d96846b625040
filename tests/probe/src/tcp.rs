//! Raw connections and look-ups, to see what the host allows.

use seatkeeper_engine::directories::{ByteStream, Tcp};
use seatkeeper_spin::SpinTcp;
use serde_json::{Value, json};
use spin_sdk::wasip3::sockets::{
    ip_name_lookup,
    types::{IpAddressFamily, IpSocketAddress, Ipv4SocketAddress, TcpSocket, UdpSocket},
};

/// Says hello to an address and answers with what came back; the words `listen`, `udp` and `name` try those instead.
pub async fn greet(address: &str) -> Result<Value, String> {
    let any = IpSocketAddress::Ipv4(Ipv4SocketAddress { port: 0, address: (0, 0, 0, 0) });
    match address {
        "listen" => {
            let socket = TcpSocket::create(IpAddressFamily::Ipv4).map_err(|code| code.to_string())?;
            socket.bind(any).map_err(|code| code.to_string())?;
            return socket.listen().map(|_| json!({ "listens": true })).map_err(|code| code.to_string());
        }
        "udp" => {
            let socket = UdpSocket::create(IpAddressFamily::Ipv4).map_err(|code| code.to_string())?;
            return socket.bind(any).map(|()| json!({ "bound": true })).map_err(|code| code.to_string());
        }
        "name" => {
            let found = ip_name_lookup::resolve_addresses("localhost".to_owned()).await;
            return found.map(|found| json!({ "addresses": found.len() })).map_err(|code| code.to_string());
        }
        _ => {}
    }
    let address = address.parse().map_err(|_| format!("`{address}` is no address"))?;
    let mut stream = SpinTcp.connect(address).await.map_err(|error| error.to_string())?;
    stream.write(b"hello").await.map_err(|error| error.to_string())?;
    let mut answer = Vec::new();
    loop {
        let bytes = stream.read().await.map_err(|error| error.to_string())?;
        if bytes.is_empty() {
            return Ok(json!({ "answer": String::from_utf8_lossy(&answer) }));
        }
        answer.extend(bytes);
    }
}
