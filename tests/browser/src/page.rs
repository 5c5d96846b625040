//! One page in a browser of its own: what a person does with it, and what can be seen of it.

use std::{
    cell::RefCell,
    fs,
    path::{Path, PathBuf},
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use tempfile::TempDir;
use thirtyfour::{
    By, Capabilities, ChromeCapabilities, Key, WebDriver, WebElement, action_chain::ActionChain, prelude::*,
};
use url::Url;

use crate::{Look, browser::Driver, record::Record};

/// How long an element may take to appear: a step of the story is at most a few requests.
const PATIENCE: Duration = Duration::from_secs(10);

/// More elements than somebody without a mouse has to pass on any page.
const MOST_TABS: usize = 400;

/// How Chromium is started. It asks nothing of the network by itself, and no name but this machine's is found, so that
/// a page that wants something from elsewhere is seen and gets nothing.
const FLAGS: [&str; 9] = [
    "--headless",
    // Tests run as root in containers, where the sandbox refuses to start. The pages are our own.
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
];

/// A page. Dropping it closes its browser.
pub struct Page {
    web: WebDriver,
    origin: Url,
    record: RefCell<Record>,
    look: RefCell<Look>,
    _files: TempDir,
    // Last, because everything above is ended through it.
    driver: Arc<Driver>,
}

/// The folder of all screenshots: `target/screenshots` of the repository.
pub fn screenshots() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).unwrap_or(here).join("target/screenshots")
}

impl Page {
    pub(crate) fn new(driver: Arc<Driver>, origin: &str) -> Result<Self> {
        let origin = Url::parse(origin).with_context(|| format!("`{origin}` is no address"))?;
        let files = driver.user_data()?;
        let capabilities = capabilities(&driver, files.path())?;
        let web = driver.runtime.block_on(async {
            let web = WebDriver::new(&driver.address, capabilities).await?;
            web.set_implicit_wait_timeout(PATIENCE).await?;
            anyhow::Ok(web)
        });
        let web = web.context("Chromium cannot be started")?;
        let look = Look::DESKTOP_LIGHT;
        let page = Self { web, origin, record: RefCell::default(), look: look.into(), _files: files, driver };
        // What a page weighs is what somebody loads who comes for the first time.
        page.protocol("Network.setCacheDisabled", &json!({"cacheDisabled": true}))?;
        // Several browsers run at once; each is to believe that it is the one in front.
        page.protocol("Emulation.setFocusEmulationEnabled", &json!({"enabled": true}))?;
        page.look(look)?;
        Ok(page)
    }

    fn wait<T>(&self, call: impl Future<Output = WebDriverResult<T>>) -> WebDriverResult<T> {
        self.driver.runtime.block_on(call)
    }

    /// Does something with an element of the page, again for a while when it is not there: pages load, and some load
    /// themselves again just then.
    fn patiently<T>(&self, act: impl AsyncFn() -> WebDriverResult<T>) -> WebDriverResult<T> {
        let started = Instant::now();
        loop {
            match self.wait(act()) {
                Err(_) if started.elapsed() < PATIENCE => thread::sleep(Duration::from_millis(50)),
                done => return done,
            }
        }
    }

    /// A command of the debugger protocol.
    pub fn protocol(&self, method: &str, arguments: &Value) -> Result<Value> {
        let answer = self.wait(self.web.cdp().send_raw(method, arguments));
        answer.with_context(|| format!("the browser refused {method}"))
    }

    /// Runs an expression in the page by the debugger, to which the page's own rules about scripts do not apply. The
    /// value of a promise is awaited.
    pub fn evaluate(&self, expression: &str) -> Result<Value> {
        let arguments = json!({"expression": expression, "awaitPromise": true, "returnByValue": true});
        let answer = self.protocol("Runtime.evaluate", &arguments)?;
        let thrown = answer.get("exceptionDetails");
        ensure!(thrown.is_none(), "a script of the test failed in the page: {}", thrown.unwrap_or(&Value::Null));
        Ok(answer.pointer("/result/value").cloned().unwrap_or_default())
    }

    /// Opens a path of the application, such as `/report`. Notes about earlier pages are forgotten.
    pub fn open(&self, path: &str) -> Result<()> {
        let url = self.origin.join(path).with_context(|| format!("`{path}` is no path"))?;
        self.listen()?;
        self.record.take();
        self.wait(self.web.goto(url.as_str())).with_context(|| format!("{url} cannot be opened"))
    }

    /// Loads the page again.
    pub fn reload(&self) -> Result<()> {
        self.wait(self.web.refresh()).context("the page cannot be loaded again")
    }

    /// Goes back by one page.
    pub fn back(&self) -> Result<()> {
        self.wait(self.web.back()).context("the browser cannot go back")
    }

    /// Changes screen and colours, without loading the page again.
    pub fn look(&self, look: Look) -> Result<()> {
        self.protocol("Emulation.setDeviceMetricsOverride", &look.metrics())?;
        self.protocol("Emulation.setEmulatedMedia", &look.media())?;
        self.look.replace(look);
        Ok(())
    }

    /// What the page is looked at with.
    pub fn looked_at(&self) -> Look {
        *self.look.borrow()
    }

    /// Signs somebody in: fills the field `token` of the form at `/admin/sign-in` and sends it.
    pub fn sign_in(&self, token: &str) -> Result<()> {
        self.open("/admin/sign-in")?;
        self.fill("[name=token]", token)?;
        self.click("form:has([name=token]) [type=submit], form:has([name=token]) button:not([type])")
    }

    /// Where the page is: path and query.
    pub fn path(&self) -> Result<String> {
        let url = self.wait(self.web.current_url()).context("the browser does not say where it is")?;
        Ok(url.query().map_or_else(|| url.path().to_owned(), |query| format!("{}?{query}", url.path())))
    }

    /// The title.
    pub fn title(&self) -> Result<String> {
        self.wait(self.web.title()).context("the page has no title")
    }

    /// The text that a person sees, without what is hidden.
    pub fn text(&self) -> Result<String> {
        self.text_of("body")
    }

    /// The visible text of the first element of a selector.
    pub fn text_of(&self, css: &str) -> Result<String> {
        self.patiently(async || self.web.find(By::Css(css)).await?.text().await).with_context(|| self.missing(css))
    }

    /// How many elements a selector finds at this moment.
    pub fn count(&self, css: &str) -> Result<u64> {
        let script = format!("document.querySelectorAll({}).length", Value::from(css));
        self.evaluate(&script)?.as_u64().with_context(|| format!("`{css}` is no selector"))
    }

    /// Clicks the first element of a selector, and waits for the page that the click leads to.
    pub fn click(&self, css: &str) -> Result<()> {
        self.press_on(&By::Css(css), css)
    }

    /// Clicks the link, button or label with exactly this text.
    pub fn click_text(&self, text: &str) -> Result<()> {
        let quoted = Value::from(text);
        let names = "self::a or self::button or self::summary or self::label";
        let value = format!("self::input[@type='submit' and @value={quoted}]");
        let path = format!("//*[({names}) and normalize-space()={quoted} or {value}]");
        self.press_on(&By::XPath(&path), text)
    }

    fn press_on(&self, by: &By, name: &str) -> Result<()> {
        self.patiently(async || self.web.find(by.clone()).await?.click().await).with_context(|| self.missing(name))
    }

    /// Answers the question that the page asks in a window of its own, and returns its text.
    pub fn answer(&self, yes: bool) -> Result<String> {
        let answer = async {
            let question = self.web.get_alert_text().await?;
            if yes {
                self.web.accept_alert().await?;
            } else {
                self.web.dismiss_alert().await?;
            }
            Ok(question)
        };
        self.wait(answer).context("the page asks nothing")
    }

    /// Presses Tab until an element with exactly this text or label has the focus, as somebody without a mouse does.
    pub fn tab_to(&self, text: &str) -> Result<()> {
        let focused = "(e => (e.getAttribute('aria-label') ?? e.textContent).trim().replace(/\\s+/g, ' '))\
                       (document.activeElement)";
        for _ in 0..MOST_TABS {
            self.press(&[Key::Tab])?;
            if self.evaluate(focused)? == text {
                return Ok(());
            }
        }
        bail!("Tab does not reach `{text}` on {}", self.path()?)
    }

    /// Replaces what is in a field.
    pub fn fill(&self, css: &str, text: &str) -> Result<()> {
        let fill = async || {
            let field = self.web.find(By::Css(css)).await?;
            field.clear().await?;
            field.send_keys(text).await
        };
        self.patiently(fill).with_context(|| self.missing(css))
    }

    /// Presses keys one after the other, as on a keyboard: they go to whatever has the focus.
    pub fn press(&self, keys: &[Key]) -> Result<()> {
        let press = |chain: ActionChain, key: &Key| chain.key_down(key.clone()).key_up(key.clone());
        let chain = keys.iter().fold(self.keyboard(), press);
        self.wait(chain.perform()).context("the browser took no keys")
    }

    /// Presses one key while another is held down, such as Shift and Tab.
    pub fn press_with(&self, held: Key, key: Key) -> Result<()> {
        let chain = self.keyboard().key_down(held.clone()).key_down(key.clone()).key_up(key).key_up(held);
        self.wait(chain.perform()).context("the browser took no keys")
    }

    fn keyboard(&self) -> ActionChain {
        ActionChain::new_with_delay(Arc::clone(self.web.handle()), Some(Duration::ZERO), None)
    }

    /// Types a text into whatever has the focus.
    pub fn type_text(&self, text: &str) -> Result<()> {
        self.wait(async { self.focused().await?.send_keys(text).await }).context("nothing with the focus takes a text")
    }

    async fn focused(&self) -> WebDriverResult<WebElement> {
        self.web.active_element().await
    }

    /// Takes a picture of the whole page, as `target/screenshots/<name>-<look>.png`.
    pub fn screenshot(&self, name: &str) -> Result<PathBuf> {
        let metrics = self.protocol("Page.getLayoutMetrics", &json!({}))?;
        let (width, least) = self.looked_at().size.pixels();
        let height = metrics.pointer("/cssContentSize/height").and_then(Value::as_f64).unwrap_or(0.0);
        let clip = json!({"x": 0, "y": 0, "width": width, "height": height.max(f64::from(least)), "scale": 1});
        let arguments = json!({"format": "png", "captureBeyondViewport": true, "clip": clip});
        let picture = self.protocol("Page.captureScreenshot", &arguments)?;
        let picture = picture.get("data").and_then(Value::as_str).context("the browser took no picture")?;
        let path = screenshots().join(format!("{name}-{}.png", self.looked_at().name()));
        let wrong = || format!("{} cannot be written", path.display());
        fs::create_dir_all(screenshots()).with_context(wrong)?;
        fs::write(&path, STANDARD.decode(picture).context("the picture is not base64")?).with_context(wrong)?;
        Ok(path)
    }

    /// Errors in the console since the page was opened: exceptions, refused or missing resources, `console.error`.
    pub fn console_errors(&self) -> Result<Vec<String>> {
        self.listen()?;
        Ok(self.record.borrow().errors.clone())
    }

    /// Addresses of other hosts that were asked for since the page was opened.
    pub fn foreign_requests(&self) -> Result<Vec<String>> {
        self.listen()?;
        Ok(self.record.borrow().foreign(&self.origin))
    }

    /// Bytes received for the page and everything it loaded, headers included, as somebody without a cache loads it.
    pub fn weight(&self) -> Result<u64> {
        self.listen()?;
        Ok(self.record.borrow().bytes)
    }

    /// Takes over what the browser has noted so far.
    fn listen(&self) -> Result<()> {
        let console = self.wait(self.web.get_log("browser")).context("the browser keeps no console")?;
        let events = self.wait(self.web.get_log("performance")).context("the browser notes no requests")?;
        let mut record = self.record.borrow_mut();
        for entry in console {
            record.console(&entry.level, &entry.message);
        }
        for entry in events {
            record.event(&entry.message);
        }
        Ok(())
    }

    fn missing(&self, what: &str) -> String {
        format!("`{what}` cannot be used on {}", self.path().unwrap_or_else(|_| "a page without an address".into()))
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        // A browser that has already ended is what is wanted.
        let _ = self.driver.runtime.block_on(self.web.clone().quit());
    }
}

fn capabilities(driver: &Driver, files: &Path) -> Result<Capabilities> {
    // Chromium answers to the name of Chrome.
    let mut chromium = ChromeCapabilities::new();
    chromium.set_binary(&driver.chromium.to_string_lossy())?;
    for flag in FLAGS {
        chromium.add_arg(flag)?;
    }
    chromium.add_arg(&format!("--user-data-dir={}", files.display()))?;
    chromium.add_experimental_option("perfLoggingPrefs", json!({"enableNetwork": true, "enablePage": false}))?;
    let mut all = Capabilities::from(chromium);
    // As text of the protocol: the driver knows more logs than the library has names for.
    all.set("goog:loggingPrefs", json!({"browser": "ALL", "performance": "ALL"}))?;
    Ok(all)
}
