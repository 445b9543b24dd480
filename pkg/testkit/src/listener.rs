use std::net::SocketAddr;

use tokio::net::TcpListener;

/// A listener on a free port of 127.0.0.1, and its address. The port is taken from the start, so two tests never get
/// the same.
///
/// # Panics
/// When the machine has no free port.
pub async fn listener() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port on 127.0.0.1");
    let address = listener.local_addr().expect("a bound listener has an address");
    (listener, address)
}
