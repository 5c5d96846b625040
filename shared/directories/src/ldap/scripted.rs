//! A server that says what a test wants, byte for byte, without a network.

use super::pages::PageControl;
use chrono::{DateTime, Utc};
use rasn::types::OctetString;
use rasn_ldap::{
    BindResponse, Control, ExtendedResponse, LdapMessage, LdapResult, LdapString, PartialAttribute, ProtocolOp,
    ResultCode, SearchResultDone, SearchResultEntry, SearchResultReference,
};
use seatkeeper_engine::{
    directories::{ByteStream, Tcp, TcpError},
    ports::Clock,
};
use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
    net::SocketAddr,
    rc::Rc,
    time::Duration,
};

/// What happens when the client waits for bytes.
#[derive(Debug, Clone)]
pub enum Say {
    /// These bytes come.
    Bytes(Vec<u8>),
    /// Nothing comes, ever.
    Silence,
    /// The connection breaks.
    Break,
    /// The other side closes.
    Close,
}

type Connections = Rc<RefCell<VecDeque<Result<Vec<Say>, TcpError>>>>;

/// Connections that are scripted one after the other.
#[derive(Clone, Default)]
pub struct Script {
    connections: Connections,
    pub sent: Rc<RefCell<Vec<LdapMessage>>>,
    pub opened: Rc<Cell<usize>>,
}

pub struct ScriptedStream {
    says: VecDeque<Say>,
    sent: Rc<RefCell<Vec<LdapMessage>>>,
}

impl Script {
    pub fn new(connections: Vec<Vec<Say>>) -> Self {
        let script = Self::default();
        script.connections.borrow_mut().extend(connections.into_iter().map(Ok));
        script
    }

    pub fn refusing(error: &TcpError) -> Self {
        let script = Self::default();
        script.connections.borrow_mut().extend((0..9).map(|_| Err(error.clone())));
        script
    }
}

impl Tcp for Script {
    type Stream = ScriptedStream;

    async fn connect(&self, _: SocketAddr) -> Result<ScriptedStream, TcpError> {
        self.opened.set(self.opened.get() + 1);
        let says = self.connections.borrow_mut().pop_front();
        let says = says.unwrap_or_else(|| Err(TcpError::Connection("no further connection is scripted".into())))?;
        Ok(ScriptedStream { says: says.into(), sent: Rc::clone(&self.sent) })
    }
}

impl ByteStream for ScriptedStream {
    async fn write(&mut self, bytes: &[u8]) -> Result<(), TcpError> {
        self.sent.borrow_mut().extend(rasn::ber::decode::<LdapMessage>(bytes).ok());
        Ok(())
    }

    async fn read(&mut self) -> Result<Vec<u8>, TcpError> {
        match self.says.pop_front() {
            Some(Say::Bytes(bytes)) => Ok(bytes),
            Some(Say::Break) => Err(TcpError::Connection("reset by peer".into())),
            Some(Say::Close) => Ok(Vec::new()),
            Some(Say::Silence) | None => std::future::pending().await,
        }
    }
}

/// A clock that stands still; waiting is over at once where nothing else is ready.
pub struct Still;

impl Clock for Still {
    fn now(&self) -> DateTime<Utc> {
        "2026-11-23T12:00:00Z".parse().unwrap()
    }

    async fn sleep(&self, _: Duration) {}
}

/// One message of the server.
pub fn message(id: u32, op: ProtocolOp) -> Vec<u8> {
    rasn::ber::encode(&LdapMessage::new(id, op)).unwrap()
}

pub fn bound(id: u32, code: ResultCode, text: &str) -> Vec<u8> {
    let answer = BindResponse::new(code, "".into(), text.into(), None, None);
    message(id, ProtocolOp::BindResponse(answer))
}

pub fn extended(id: u32, code: ResultCode) -> Vec<u8> {
    let answer = ExtendedResponse {
        result_code: code,
        matched_dn: "".into(),
        diagnostic_message: "as scripted".into(),
        referral: None,
        response_name: None,
        response_value: None,
    };
    message(id, ProtocolOp::ExtendedResp(answer))
}

pub fn entry(id: u32, dn: &str, attributes: &[(&str, &str)]) -> Vec<u8> {
    let attributes = attributes.iter().map(|(name, value)| {
        PartialAttribute::new(LdapString::from(*name), vec![OctetString::from(value.as_bytes().to_vec())].into())
    });
    message(id, ProtocolOp::SearchResEntry(SearchResultEntry::new(dn.into(), attributes.collect())))
}

pub fn reference(id: u32, uri: &str) -> Vec<u8> {
    message(id, ProtocolOp::SearchResRef(SearchResultReference(vec![uri.into()])))
}

/// The end of a search; with a cookie it is a page, and an empty one is the last.
pub fn done(id: u32, code: ResultCode, cookie: Option<&[u8]>) -> Vec<u8> {
    let result = LdapResult::new(code, "".into(), "".into());
    let mut message = LdapMessage::new(id, ProtocolOp::SearchResDone(SearchResultDone(result)));
    message.controls = cookie.map(|cookie| {
        let value = PageControl { size: 0, cookie: OctetString::from(cookie.to_vec()) };
        let value = rasn::ber::encode(&value).unwrap();
        vec![Control::new(OctetString::from_static(b"1.2.840.113556.1.4.319"), false, Some(value.into()))]
    });
    rasn::ber::encode(&message).unwrap()
}
