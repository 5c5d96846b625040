//! The outbound half of `wasi:http` for one component: deny by default, send what is allowed.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use http::Request;
use wasmtime_wasi_http::{Error, RequestOptions, WasiBody, WasiHttpHooks};

use super::allowed::AllowedHosts;
use super::client::{Client, strip_connection_headers};
use super::target::Target;

/// What one component may call, and with which client.
pub(crate) struct OutboundPolicy {
    component: String,
    allowed: AllowedHosts,
    client: Client,
    reported: Mutex<BTreeSet<String>>,
}

impl OutboundPolicy {
    pub(crate) fn new(component: &str, allowed: AllowedHosts, client: Client) -> Self {
        Self { component: component.into(), allowed, client, reported: Mutex::default() }
    }

    fn check(&self, request: &Request<WasiBody>) -> Result<Target, Error> {
        let target = Target::of(request.uri()).map_err(|_| Error::HttpRequestUriInvalid)?;
        if self.allows(&target) { Ok(target) } else { Err(Error::HttpRequestDenied) }
    }

    /// Whether the manifest lists a target. One that it does not list is reported.
    pub(crate) fn allows(&self, target: &Target) -> bool {
        let allowed = self.allowed.allow(target);
        if !allowed {
            self.report(target);
        }
        allowed
    }

    /// Says once for each destination what was refused and how it could be allowed.
    fn report(&self, target: &Target) {
        let entry = target.as_entry();
        if self.is_new(&entry) {
            eprintln!(
                "Component {} tried to call {entry}, which its manifest does not allow. \
                 To allow it, add \"{entry}\" to allowed_outbound_hosts of [component.{}].",
                self.component, self.component
            );
        }
    }

    /// Says once for each destination that its network is closed, which no manifest can change.
    pub(crate) fn report_blocked(&self, target: &Target) {
        let entry = target.as_entry();
        if self.is_new(&entry) {
            eprintln!("Component {} tried to call {entry}, whose network is in block_networks.", self.component);
        }
    }

    /// Whether nothing was said about a destination yet; the memory of it is bounded.
    fn is_new(&self, entry: &str) -> bool {
        let mut reported = self.reported.lock().unwrap_or_else(PoisonError::into_inner);
        reported.len() < 100 && reported.insert(entry.to_owned())
    }
}

/// The hooks that a store carries. There is no way to make one without a policy.
pub(crate) struct Hooks(Arc<OutboundPolicy>);

impl Hooks {
    pub(crate) fn new(policy: Arc<OutboundPolicy>) -> Self {
        Self(policy)
    }
}

/// What the engine waits for after a response: the end of the connection's work, which the pool takes care of.
type Afterwards = Box<dyn Future<Output = Result<(), Error>> + Send>;

impl WasiHttpHooks for Hooks {
    fn send_request(
        &mut self,
        request: Request<WasiBody>,
        options: Option<RequestOptions>,
        _body_result: Afterwards,
    ) -> Box<dyn Future<Output = Result<(http::Response<WasiBody>, Afterwards), Error>> + Send> {
        let policy = Arc::clone(&self.0);
        Box::new(async move {
            let target = policy.check(&request)?;
            let mut response = policy.client.send(request, &target, options.unwrap_or_default()).await?;
            strip_connection_headers(response.headers_mut());
            let afterwards: Afterwards = Box::new(std::future::ready(Ok(())));
            Ok((response, afterwards))
        })
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::{BodyExt, Empty};

    use super::super::client::ClientOptions;
    use super::*;
    use crate::variables::Values;

    fn policy(entry: &str) -> OutboundPolicy {
        let allowed = AllowedHosts::parse(&[entry.to_owned()], &Values::default()).unwrap();
        OutboundPolicy::new("sweep", allowed, Client::new(ClientOptions::default()).unwrap())
    }

    fn request(uri: &str) -> Request<WasiBody> {
        Request::get(uri).body(Empty::new().map_err(|never| match never {}).boxed_unsync()).unwrap()
    }

    #[test]
    fn only_what_the_manifest_lists_passes() {
        let policy = policy("https://wiki.example.com");
        assert!(policy.check(&request("https://wiki.example.com/rest/api/user/current")).is_ok());
        for denied in ["http://wiki.example.com/", "https://wiki.example.com:8443/", "https://example.com/"] {
            assert!(matches!(policy.check(&request(denied)), Err(Error::HttpRequestDenied)), "{denied}");
        }
        for invalid in ["/relative", "https://wiki.example.com@evil.example/", "https://user:pw@wiki.example.com/"] {
            assert!(matches!(policy.check(&request(invalid)), Err(Error::HttpRequestUriInvalid)), "{invalid}");
        }
    }

    #[test]
    fn a_refused_destination_is_reported_once_and_reports_do_not_grow_without_end() {
        let policy = policy("https://wiki.example.com");
        for port in 1..=300 {
            for _ in 0..2 {
                policy.check(&request(&format!("http://other.example:{port}/"))).unwrap_err();
            }
        }
        assert_eq!(policy.reported.lock().unwrap().len(), 100);
    }
}
