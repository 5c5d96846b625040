//! What the browser notes while a page is loaded and used: requests, bytes and errors. Pure.

use serde_json::Value;
use url::Url;

/// Notes since the page was last opened.
#[derive(Debug, Default)]
pub(crate) struct Record {
    /// Errors of the console: exceptions, refused resources, `console.error`.
    pub errors: Vec<String>,
    /// Every address asked for, except those inside the page (`data:`, `blob:`).
    pub requests: Vec<String>,
    /// Bytes received for the newest document and everything that it loaded.
    pub bytes: u64,
}

impl Record {
    /// Adds an entry of the log `browser`.
    pub fn console(&mut self, level: &str, message: &str) {
        if level == "SEVERE" {
            self.errors.push(message.to_owned());
        }
    }

    /// Adds an entry of the log `performance`: an event of the debugger protocol, wrapped in JSON. Others are ignored.
    pub fn event(&mut self, entry: &str) {
        let Ok(entry) = serde_json::from_str::<Value>(entry) else { return };
        let text = |pointer: &str| entry.pointer(pointer).and_then(Value::as_str);
        let bytes = |pointer: &str| entry.pointer(pointer).and_then(Value::as_f64).map_or(0, whole);
        match text("/message/method").unwrap_or_default() {
            "Network.requestWillBeSent" => {
                // The main frame has the id of the page itself.
                let main = text("/message/params/frameId").is_some_and(|frame| Some(frame) == text("/webview"));
                let document = text("/message/params/requestId") == text("/message/params/loaderId");
                let redirected = entry.pointer("/message/params/redirectResponse").is_some();
                if main && document && !redirected {
                    self.bytes = 0;
                }
                self.bytes += bytes("/message/params/redirectResponse/encodedDataLength");
                self.request(text("/message/params/request/url"));
            }
            "Network.webSocketCreated" => self.request(text("/message/params/url")),
            "Network.loadingFinished" => self.bytes += bytes("/message/params/encodedDataLength"),
            _ => {}
        }
    }

    fn request(&mut self, address: Option<&str>) {
        let Some(address) = address else { return };
        if !address.starts_with("data:") && !address.starts_with("blob:") {
            self.requests.push(address.to_owned());
        }
    }

    /// Requests to another host or port.
    pub fn foreign(&self, origin: &Url) -> Vec<String> {
        let own = |address: &&String| !is_of(address, origin);
        self.requests.iter().filter(own).cloned().collect()
    }
}

fn is_of(address: &str, origin: &Url) -> bool {
    Url::parse(address).is_ok_and(|address| {
        address.host_str() == origin.host_str() && address.port_or_known_default() == origin.port_or_known_default()
    })
}

/// The protocol has numbers only; bytes are whole and far below 2^53.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count of bytes")]
fn whole(number: f64) -> u64 {
    number.max(0.0) as u64
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use url::Url;

    use super::Record;

    fn sent(frame: &str, request: &str, loader: &str, url: &str) -> String {
        json!({"webview": "MAIN", "message": {"method": "Network.requestWillBeSent", "params":
            {"frameId": frame, "requestId": request, "loaderId": loader, "request": {"url": url}}}})
        .to_string()
    }

    fn received(request: &str, bytes: u64) -> String {
        json!({"webview": "MAIN", "message": {"method": "Network.loadingFinished", "params":
            {"requestId": request, "encodedDataLength": bytes}}})
        .to_string()
    }

    #[test]
    fn the_weight_is_that_of_the_newest_document_with_its_resources() {
        let mut record = Record::default();
        let events = [
            sent("MAIN", "1", "1", "http://here.test/"),
            received("1", 1000),
            sent("MAIN", "2", "2", "http://here.test/two"),
            received("2", 500),
            sent("MAIN", "2.1", "2", "http://here.test/style.css"),
            received("2.1", 70),
            // A frame inside is a document too, but not the page.
            sent("INNER", "3", "3", "http://here.test/frame"),
            received("3", 5),
        ];
        for event in &events {
            record.event(event);
        }
        assert_eq!(record.bytes, 575);
    }

    #[test]
    fn another_port_is_another_host_and_what_is_inside_the_page_is_none() {
        let mut record = Record::default();
        for url in ["http://here.test:3000/a", "http://here.test/a", "https://fonts.test/f", "data:image/png,x"] {
            record.event(&sent("MAIN", "1.2", "1", url));
        }
        let origin = Url::parse("http://here.test:3000").unwrap();
        assert_eq!(record.foreign(&origin), ["http://here.test/a", "https://fonts.test/f"]);
    }

    #[test]
    fn warnings_are_not_errors() {
        let mut record = Record::default();
        record.console("WARNING", "slow");
        record.console("SEVERE", "broken");
        assert_eq!(record.errors, ["broken"]);
    }
}
