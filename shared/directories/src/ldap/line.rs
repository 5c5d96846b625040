//! A connection that carries whole LDAP messages, with TLS or without, and does not wait for ever.

use super::{fault::Fault, settings::Tls};
use bytes::{Buf, BytesMut};
use futures::future::{Either, select};
use rasn_ldap::LdapMessage;
use rustls::{CertificateError, ClientConnection, Error as TlsError};
use seatkeeper_engine::{
    directories::{ByteStream, TcpError},
    ports::Clock,
};
use std::{io::Read, pin::pin, time::Duration};

/// So long a server may be silent.
pub(super) const SILENCE: Duration = Duration::from_secs(15);

/// The largest message that is read. An entry has a few attributes of ours, each some hundred bytes.
const MAX_MESSAGE: usize = 4 * 1024 * 1024;

/// An open connection.
pub(super) struct Line<S> {
    stream: S,
    tls: Option<Box<ClientConnection>>,
    input: BytesMut,
}

impl<S: ByteStream> Line<S> {
    pub(super) fn new(stream: S) -> Self {
        Self { stream, tls: None, input: BytesMut::new() }
    }

    /// Protects everything from here on.
    pub(super) async fn protect(&mut self, clock: &impl Clock, tls: &Tls) -> Result<(), Fault> {
        // What came in the clear must not be taken for something that came protected.
        if !self.input.is_empty() {
            return Err(Fault::malformed("the LDAP server sent data before TLS was up"));
        }
        let connection = ClientConnection::new(tls.config.clone(), tls.name.clone()).map_err(|error| of_tls(&error))?;
        self.tls = Some(Box::new(connection));
        self.flush(clock).await?;
        while self.tls.as_ref().is_some_and(|tls| tls.is_handshaking()) {
            self.more(clock).await?;
        }
        self.flush(clock).await
    }

    /// Sends a message.
    pub(super) async fn send(&mut self, clock: &impl Clock, message: &[u8]) -> Result<(), Fault> {
        if let Some(tls) = &mut self.tls {
            std::io::Write::write_all(&mut tls.writer(), message).map_err(|error| broken_tls(&error))?;
            return self.flush(clock).await;
        }
        limited(clock, self.stream.write(message)).await
    }

    /// Waits for the next message.
    pub(super) async fn receive(&mut self, clock: &impl Clock) -> Result<LdapMessage, Fault> {
        loop {
            if let Some(length) = frame(&self.input)? {
                let message = rasn::ber::decode(self.input.get(..length).unwrap_or_default());
                self.input.advance(length);
                return message.map_err(|_| Fault::malformed("the answer is not an LDAP message"));
            }
            self.more(clock).await?;
        }
    }

    /// Waits for more bytes of the server, and takes them out of TLS.
    async fn more(&mut self, clock: &impl Clock) -> Result<(), Fault> {
        let bytes = limited(clock, self.stream.read()).await?;
        if bytes.is_empty() {
            return Err(Fault::retryable("the LDAP server closed the connection before its answer was complete"));
        }
        let Some(tls) = &mut self.tls else {
            self.input.extend_from_slice(&bytes);
            return Ok(());
        };
        let mut rest = bytes.as_slice();
        let mut failed = None;
        while !rest.is_empty() && failed.is_none() {
            tls.read_tls(&mut rest).map_err(|error| broken_tls(&error))?;
            match tls.process_new_packets() {
                Ok(state) => {
                    let mut plain = vec![0; state.plaintext_bytes_to_read()];
                    tls.reader().read_exact(&mut plain).map_err(|error| broken_tls(&error))?;
                    self.input.extend_from_slice(&plain);
                }
                Err(error) => failed = Some(of_tls(&error)),
            }
        }
        // Also where it failed: the server is told why.
        let flushed = self.flush(clock).await;
        failed.map_or(flushed, Err)
    }

    /// Sends what TLS has to say.
    async fn flush(&mut self, clock: &impl Clock) -> Result<(), Fault> {
        while let Some(tls) = self.tls.as_mut().filter(|tls| tls.wants_write()) {
            let mut bytes = Vec::new();
            tls.write_tls(&mut bytes).map_err(|error| broken_tls(&error))?;
            limited(clock, self.stream.write(&bytes)).await?;
        }
        Ok(())
    }
}

async fn limited<T>(clock: &impl Clock, work: impl Future<Output = Result<T, TcpError>>) -> Result<T, Fault> {
    let (work, limit) = (pin!(work), pin!(clock.sleep(SILENCE)));
    match select(work, limit).await {
        Either::Left((done, _)) => done.map_err(Fault::from),
        Either::Right(((), _)) => Err(TcpError::Timeout.into()),
    }
}

/// Length of the first message with its head, once all of it is there.
fn frame(input: &[u8]) -> Result<Option<usize>, Fault> {
    let [tag, length, rest @ ..] = input else { return Ok(None) };
    if *tag != 0x30 {
        return Err(Fault::malformed(
            "what answers does not speak LDAP; check ldap_address and ldap_tls (a port for TLS takes no plain LDAP, and \
             the other way round)",
        ));
    }
    let (head, body) = match usize::from(*length) {
        short @ 0..0x80 => (2, short),
        // Without a length, or with one of more than four bytes.
        0x80 | 0x85.. => return Err(Fault::malformed("the answer has no usable length")),
        long => {
            let bytes = long & 0x7f;
            let Some(digits) = rest.get(..bytes) else { return Ok(None) };
            (2 + bytes, digits.iter().fold(0_usize, |sum, digit| (sum << 8) | usize::from(*digit)))
        }
    };
    if body > MAX_MESSAGE {
        return Err(Fault::malformed(format!("the answer has a message of {body} bytes, more than {MAX_MESSAGE}")));
    }
    Ok((input.len() >= head + body).then_some(head + body))
}

fn broken_tls(error: &std::io::Error) -> Fault {
    Fault::retryable(format!("TLS with the LDAP server broke: {error}"))
}

fn of_tls(error: &TlsError) -> Fault {
    let why = match error {
        TlsError::InvalidCertificate(CertificateError::UnknownIssuer) => {
            "its certificate is not signed by an authority that we were told to trust; put the right one into ldap_ca"
        }
        TlsError::InvalidCertificate(
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
        ) => "its certificate is for another name; set ldap_server_name to a name in it",
        TlsError::InvalidCertificate(CertificateError::Expired | CertificateError::ExpiredContext { .. }) => {
            "its certificate has expired; renew it"
        }
        TlsError::InvalidCertificate(_) => "its certificate cannot be accepted",
        TlsError::InvalidMessage(_) => {
            "what answers does not speak TLS; check ldap_address and ldap_tls (`starttls` for port 389)"
        }
        _ => "no protected connection came about",
    };
    Fault::refused(format!("the LDAP server is not trusted: {why} ({error})"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use seatkeeper_engine::ports::ErrorClass;

    #[test]
    fn a_message_is_taken_when_all_of_it_is_there() {
        assert_eq!(frame(&[]), Ok(None));
        assert_eq!(frame(&[0x30]), Ok(None));
        assert_eq!(frame(&[0x30, 2, 1]), Ok(None));
        assert_eq!(frame(&[0x30, 2, 1, 2, 9]), Ok(Some(4)));
        assert_eq!(frame(&[0x30, 0x82, 1]), Ok(None));
        let mut long = vec![0x30, 0x82, 1, 0];
        long.extend([0; 256]);
        assert_eq!(frame(&long), Ok(Some(260)));
    }

    #[test]
    fn what_is_no_message_is_told_before_memory_is_spent_on_it() {
        for bytes in
            [&b"HTTP/1.1 400"[..], &[0x30, 0x80], &[0x30, 0x85, 1], &[0x30, 0xff], &[0x30, 0x84, 0x7f, 0, 0, 0]]
        {
            assert_eq!(frame(bytes).unwrap_err().class, ErrorClass::Malformed, "{bytes:?}");
        }
    }
}
