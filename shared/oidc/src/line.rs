//! Requests to the provider: only to the origins that the variables name, whatever the provider says about itself.

use crate::{SignOnError, settings::Settings};
use openidconnect::{HttpRequest, HttpResponse};
use seatkeeper_engine::ports::{Http, HttpError};
use url::Url;

/// Why a request to the provider has no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CallError {
    /// The provider named another host than the configuration does.
    #[error(
        "it has an address at {origin}, which is not configured; if that is right, set `oidc_token_origin` or \
         `oidc_keys_origin` to it"
    )]
    Elsewhere { origin: String },
    /// No answer.
    #[error(transparent)]
    Http(#[from] HttpError),
}

/// The way to the provider.
pub(crate) struct Line<'a, H> {
    pub(crate) http: &'a H,
    pub(crate) settings: &'a Settings,
}

impl<H: Http> Line<'_, H> {
    pub(crate) async fn send(&self, request: HttpRequest) -> Result<HttpResponse, CallError> {
        let url = Url::parse(&request.uri().to_string()).ok();
        let origin = url.map(|url| url.origin().ascii_serialization()).unwrap_or_default();
        let Settings { issuer, token_origin, keys_origin, .. } = self.settings;
        let own = issuer.url().origin().ascii_serialization();
        if ![&own, token_origin, keys_origin].contains(&&origin) {
            return Err(CallError::Elsewhere { origin });
        }
        Ok(self.http.send(request).await?)
    }
}

impl From<CallError> for SignOnError {
    fn from(error: CallError) -> Self {
        let text = crate::error::short(&error.to_string());
        match error {
            CallError::Elsewhere { .. } => Self::Provider(text),
            CallError::Http(_) => Self::Unreachable(text),
        }
    }
}
