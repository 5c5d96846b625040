//! One signed-in conversation: bind, StartTLS, and searches in pages.

use super::{
    fault::{Fault, of_result},
    line::{Line, SILENCE},
    pages::PageControl,
    settings::{LdapSettings, Protection},
};
use futures::future::{Either, select};
use rasn::types::OctetString;
use rasn_ldap::{
    AuthenticationChoice, BindRequest, Control, ExtendedRequest, Filter, LdapMessage, LdapString, ProtocolOp,
    ResultCode, SearchRequest, SearchRequestDerefAliases, SearchRequestScope, SearchResultEntry,
};
use seatkeeper_confluence::answer::printable;
use seatkeeper_engine::{
    directories::{ByteStream, Tcp, TcpError},
    ports::{Clock, ErrorClass},
};
use std::pin::pin;

const START_TLS: &[u8] = b"1.3.6.1.4.1.1466.20037";
const PAGED_RESULTS: &[u8] = b"1.2.840.113556.1.4.319";

/// What to look for.
#[derive(Debug, Clone)]
pub(super) struct Query {
    pub(super) base: String,
    pub(super) filter: Filter,
    pub(super) attributes: Vec<&'static str>,
}

/// One page of a search.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) entries: Vec<SearchResultEntry>,
    /// Parts of the tree that another server has.
    pub(super) elsewhere: Vec<String>,
    /// What the server wants to be told for the next page; nothing at the end.
    pub(super) cookie: Option<OctetString>,
}

/// A conversation with a server that knows who we are.
pub(super) struct Session<S> {
    line: Line<S>,
    last_id: u32,
}

impl<S: ByteStream> Session<S> {
    /// Connects, protects the connection, and signs in.
    pub(super) async fn open<T>(tcp: &T, clock: &impl Clock, settings: &LdapSettings) -> Result<Self, Fault>
    where
        T: Tcp<Stream = S>,
    {
        let (connecting, limit) = (pin!(tcp.connect(settings.address)), pin!(clock.sleep(SILENCE)));
        let stream = match select(connecting, limit).await {
            Either::Left((stream, _)) => stream?,
            Either::Right(((), _)) => return Err(TcpError::Timeout.into()),
        };
        let mut session = Self { line: Line::new(stream), last_id: 0 };
        match &settings.protection {
            Protection::Ldaps(tls) => session.line.protect(clock, tls).await?,
            Protection::StartTls(tls) => {
                session.start_tls(clock).await?;
                session.line.protect(clock, tls).await?;
            }
            Protection::Off => {}
        }
        session.bind(clock, settings).await?;
        Ok(session)
    }

    async fn start_tls(&mut self, clock: &impl Clock) -> Result<(), Fault> {
        let request = ExtendedRequest { request_name: START_TLS.into(), request_value: None };
        self.send(clock, ProtocolOp::ExtendedReq(request), None).await?;
        let (answer, _) = self.answer(clock).await?;
        let ProtocolOp::ExtendedResp(answer) = answer else { return Err(unexpected()) };
        if answer.result_code == ResultCode::Success {
            return Ok(());
        }
        // Going on without it would send the password in the clear.
        Err(Fault::refused(format!(
            "the LDAP server does not offer StartTLS (LDAP result {}, {:?}); use `ldaps` with its TLS port",
            answer.result_code as u32,
            printable(&answer.diagnostic_message, 200)
        )))
    }

    async fn bind(&mut self, clock: &impl Clock, settings: &LdapSettings) -> Result<(), Fault> {
        let password = AuthenticationChoice::Simple(settings.password.0.as_bytes().to_vec().into());
        let request = BindRequest::new(3, LdapString::from(settings.bind_dn.as_str()), password);
        self.send(clock, ProtocolOp::BindRequest(request), None).await?;
        let (answer, _) = self.answer(clock).await?;
        let ProtocolOp::BindResponse(answer) = answer else { return Err(unexpected()) };
        if answer.result_code == ResultCode::Success {
            return Ok(());
        }
        let part = format!("the bind as `{}`", settings.bind_dn);
        Err(of_result(answer.result_code, &answer.matched_dn, &answer.diagnostic_message, &part))
    }

    /// Searches. With `page`, for one page after the cookie of the one before; without, for at most `limit` entries.
    pub(super) async fn search(
        &mut self,
        clock: &impl Clock,
        query: &Query,
        limit: u32,
        page: Option<PageControl>,
    ) -> Result<Found, Fault> {
        let paged = page.is_some();
        let at_most = page.as_ref().map_or(limit, |page| page.size) as usize;
        let request = SearchRequest::new(
            LdapString::from(query.base.as_str()),
            SearchRequestScope::WholeSubtree,
            SearchRequestDerefAliases::NeverDerefAliases,
            limit,
            0,
            false,
            query.filter.clone(),
            query.attributes.iter().map(|name| LdapString::from(*name)).collect(),
        );
        self.send(clock, ProtocolOp::SearchRequest(request), page).await?;
        let mut found = Found::default();
        loop {
            let (answer, controls) = self.answer(clock).await?;
            match answer {
                ProtocolOp::SearchResEntry(_) if found.entries.len() >= at_most => {
                    return Err(Fault::new(
                        ErrorClass::Endless,
                        "the LDAP server sends more entries than it was asked for",
                    ));
                }
                ProtocolOp::SearchResEntry(entry) => found.entries.push(entry),
                ProtocolOp::SearchResRef(reference) => {
                    found.elsewhere.extend(reference.0.into_iter().map(|uri| uri.0));
                }
                ProtocolOp::SearchResDone(done) => {
                    let done = done.0;
                    if done.result_code != ResultCode::Success {
                        let part = format!("the search below `{}`", query.base);
                        return Err(of_result(done.result_code, &done.matched_dn, &done.diagnostic_message, &part));
                    }
                    if paged {
                        found.cookie = Some(next_page(&controls)?).filter(|cookie| !cookie.is_empty());
                    }
                    return Ok(found);
                }
                _ => return Err(unexpected()),
            }
        }
    }

    async fn send(&mut self, clock: &impl Clock, op: ProtocolOp, page: Option<PageControl>) -> Result<(), Fault> {
        // A server never sees so many requests on one connection; should it, a fresh one begins anew.
        self.last_id = self.last_id.checked_add(1).ok_or_else(|| Fault::retryable("the connection is worn out"))?;
        let mut message = LdapMessage::new(self.last_id, op);
        if let Some(page) = page {
            let value = rasn::ber::encode(&page).map_err(|error| cannot_send(&error))?;
            message.controls = Some(vec![Control::new(PAGED_RESULTS.into(), true, Some(value.into()))]);
        }
        let bytes = rasn::ber::encode(&message).map_err(|error| cannot_send(&error))?;
        self.line.send(clock, &bytes).await
    }

    async fn answer(&mut self, clock: &impl Clock) -> Result<(ProtocolOp, Vec<Control>), Fault> {
        let message = self.line.receive(clock).await?;
        match (message.message_id, message.protocol_op) {
            (0, ProtocolOp::ExtendedResp(notice)) => Err(Fault::retryable(format!(
                "the LDAP server ended the connection: {:?}",
                printable(&notice.diagnostic_message, 200)
            ))),
            (id, op) if id == self.last_id => Ok((op, message.controls.unwrap_or_default())),
            _ => Err(unexpected()),
        }
    }
}

fn next_page(controls: &[Control]) -> Result<OctetString, Fault> {
    let control = controls.iter().find(|control| control.control_type == PAGED_RESULTS);
    let value = control.and_then(|control| control.control_value.as_ref());
    // A server that ignores the control may also have left something out.
    let value = value.ok_or_else(|| Fault::malformed("the server does not say whether its list goes on"))?;
    let page: PageControl = rasn::ber::decode(value)
        .map_err(|_| Fault::malformed("the server's word on whether its list goes on cannot be read"))?;
    Ok(page.cookie)
}

fn unexpected() -> Fault {
    Fault::malformed("the LDAP server answered something else than it was asked")
}

fn cannot_send(error: &rasn::error::EncodeError) -> Fault {
    Fault::refused(format!("the request cannot be written: {error}"))
}
