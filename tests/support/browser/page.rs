//! A page as a person has it: looked at, pointed at, typed at.

use std::path::Path;
use std::time::{Duration, Instant};

use base64::Engine as _;
use serde_json::{Value, json};

use super::launch::Browser;
use super::protocol::{Event, Protocol};

/// How a page is to be shown.
#[derive(Debug, Clone, Copy)]
pub(crate) struct View {
    /// CSS pixels.
    pub(crate) width: u32,
    /// CSS pixels.
    pub(crate) height: u32,
    /// `light` or `dark`.
    pub(crate) scheme: &'static str,
    /// `screen` or `print`.
    pub(crate) media: &'static str,
    /// Whether its scripts may run.
    pub(crate) scripts: bool,
}

impl Default for View {
    fn default() -> Self {
        Self {
            width: 1_280,
            height: 900,
            scheme: "light",
            media: "screen",
            scripts: true,
        }
    }
}

/// An open page, in a browser of its own.
pub(crate) struct Page {
    protocol: Protocol,
    session: String,
    /// Ends last.
    _browser: Browser,
}

impl Page {
    /// Opens an address and waits until it is loaded.
    pub(crate) fn open(address: &str, view: View) -> Self {
        let mut browser = Browser::launch();
        let mut protocol = Protocol::connect(browser.endpoint());
        let target = protocol.call(None, "Target.createTarget", json!({ "url": "about:blank" }));
        let attached = protocol.call(
            None,
            "Target.attachToTarget",
            json!({ "targetId": target["targetId"], "flatten": true }),
        );
        let session = attached["sessionId"].as_str().expect("a session");
        let mut page = Self {
            protocol,
            session: session.to_owned(),
            _browser: browser,
        };
        for domain in ["Page", "Runtime", "Log", "Network"] {
            page.call(&format!("{domain}.enable"), json!({}));
        }
        page.call(
            "Emulation.setScriptExecutionDisabled",
            json!({ "value": !view.scripts }),
        );
        page.show(view);
        page.call("Page.setLifecycleEventsEnabled", json!({ "enabled": true }));
        page.go(address);
        page
    }

    /// Goes to another address, as if it was typed, and waits until it is loaded.
    pub(crate) fn go(&mut self, address: &str) {
        let loader = self.call("Page.navigate", json!({ "url": address }))["loaderId"].take();
        self.protocol.wait_until(|event| {
            event.method == "Page.lifecycleEvent"
                && event.params["name"] == "load"
                && event.params["loaderId"] == loader
        });
    }

    /// Opens a file.
    pub(crate) fn of_file(path: &Path, view: View) -> Self {
        Self::open(&address_of(path), view)
    }

    /// Another size, scheme or medium.
    pub(crate) fn show(&mut self, view: View) {
        self.call(
            "Emulation.setDeviceMetricsOverride",
            json!({
                "width": view.width,
                "height": view.height,
                "deviceScaleFactor": 1,
                "mobile": false,
            }),
        );
        self.call(
            "Emulation.setEmulatedMedia",
            json!({
                "media": view.media,
                "features": [{ "name": "prefers-color-scheme", "value": view.scheme }],
            }),
        );
    }

    fn call(&mut self, method: &str, params: Value) -> Value {
        self.protocol.call(Some(&self.session), method, params)
    }

    /// The value of an expression in the page.
    pub(crate) fn eval(&mut self, expression: &str) -> Value {
        let mut told = self.call(
            "Runtime.evaluate",
            json!({ "expression": expression, "returnByValue": true, "awaitPromise": true }),
        );
        let thrown = told.get("exceptionDetails");
        assert!(thrown.is_none(), "{expression}: {thrown:?}");
        told["result"]["value"].take()
    }

    pub(crate) fn number(&mut self, expression: &str) -> f64 {
        let value = self.eval(expression);
        (value.as_f64()).unwrap_or_else(|| panic!("{expression} is no number but {value}"))
    }

    pub(crate) fn text(&mut self, expression: &str) -> String {
        let value = self.eval(expression);
        let text = value.as_str();
        (text.unwrap_or_else(|| panic!("{expression} is no text but {value}"))).to_owned()
    }

    /// Waits until an expression in the page is true, whichever page that is by then.
    ///
    /// # Panics
    /// It is not within two minutes: the words say what the page shows instead.
    pub(crate) fn until(&mut self, expression: &str) {
        let began = Instant::now();
        while !self.holds(expression) {
            if began.elapsed() > Duration::from_secs(120) {
                let shown = self.text("document.body.innerText");
                panic!("waited two minutes for {expression}; the page says:\n{shown}");
            }
            std::thread::park_timeout(Duration::from_millis(50));
        }
    }

    /// Whether an expression is true; between two pages none is.
    fn holds(&mut self, expression: &str) -> bool {
        let params =
            json!({ "expression": format!("Boolean({expression})"), "returnByValue": true });
        let session = Some(self.session.as_str());
        match self.protocol.attempt(session, "Runtime.evaluate", params) {
            Ok(told) => {
                let thrown = told.get("exceptionDetails");
                assert!(thrown.is_none(), "{expression}: {thrown:?}");
                told["result"]["value"] == true
            }
            Err(error) => {
                let between = error["message"].as_str().unwrap_or_default();
                let between = between.contains("navigated") || between.contains("context");
                assert!(between, "{expression}: {error}");
                false
            }
        }
    }

    /// Waits until the page shows a text.
    pub(crate) fn until_shown(&mut self, text: &str) {
        self.until(&format!("document.body?.innerText.includes({text:?})"));
    }

    /// Types a text where the focus is.
    pub(crate) fn type_text(&mut self, text: &str) {
        self.call("Input.insertText", json!({ "text": text }));
    }

    /// From now on, what the server answers to these addresses gets lost on its way: it has done
    /// what it was asked for, and the page does not learn of it. `*` stands for anything.
    pub(crate) fn lose_answers(&mut self, addresses: &str) {
        let pattern = json!({ "urlPattern": addresses, "requestStage": "Response" });
        self.call("Fetch.enable", json!({ "patterns": [pattern] }));
    }

    /// Waits for an answer that is to be lost, loses it, and lets all others through.
    pub(crate) fn lose_one(&mut self) {
        let is_held = |event: &Event| event.method == "Fetch.requestPaused";
        self.protocol.wait_until(is_held);
        let events = self.protocol.events().iter();
        let mut held = events.filter(|event| is_held(event));
        let id = held.next_back().expect("one is held").params["requestId"].clone();
        self.call(
            "Fetch.failRequest",
            json!({ "requestId": id, "errorReason": "ConnectionReset" }),
        );
        self.call("Fetch.disable", json!({}));
    }

    /// Moves the pointer to a share of an element's width, at half its height.
    pub(crate) fn point_at(&mut self, selector: &str, share: f64) {
        let (x, y) = self.place(&format!("document.querySelector({selector:?})"), share);
        self.mouse("mouseMoved", x, y);
    }

    /// Clicks the middle of an element.
    pub(crate) fn click(&mut self, selector: &str) {
        self.click_on(&format!("document.querySelector({selector:?})"));
    }

    /// Clicks the middle of the element that an expression finds.
    pub(crate) fn click_on(&mut self, found: &str) {
        let (x, y) = self.place(found, 0.5);
        self.mouse("mousePressed", x, y);
        self.mouse("mouseReleased", x, y);
    }

    fn mouse(&mut self, kind: &str, x: f64, y: f64) {
        self.call(
            "Input.dispatchMouseEvent",
            json!({ "type": kind, "x": x, "y": y, "button": "left", "clickCount": 1 }),
        );
    }

    /// A point of the element that an expression finds, after it was scrolled into view.
    fn place(&mut self, element: &str, share: f64) -> (f64, f64) {
        let found = self.eval(&format!(
            "(() => {{ const e = {element}; if (!e) return null; \
             e.scrollIntoView({{ block: 'center', behavior: 'instant' }}); const b = e.getBoundingClientRect(); \
             return [b.left + b.width * {share}, b.top + b.height / 2]; }})()"
        ));
        let at = |index: usize| found[index].as_f64();
        at(0)
            .zip(at(1))
            .unwrap_or_else(|| panic!("no element {element}"))
    }

    /// Puts the focus on an element, as the Tab key would.
    pub(crate) fn focus(&mut self, selector: &str) {
        self.eval(&format!("document.querySelector({selector:?}).focus()"));
    }

    /// Presses and releases a key.
    pub(crate) fn press(&mut self, key: &str) {
        let (code, text) = match key {
            "ArrowLeft" => (37, ""),
            "ArrowRight" => (39, ""),
            "Escape" => (27, ""),
            "Enter" => (13, "\r"),
            "Tab" => (9, ""),
            other => panic!("{other} is not among the keys that this knows"),
        };
        for kind in ["keyDown", "keyUp"] {
            self.call(
                "Input.dispatchKeyEvent",
                json!({
                    "type": kind,
                    "key": key,
                    "code": key,
                    "windowsVirtualKeyCode": code,
                    "text": if kind == "keyDown" { text } else { "" },
                }),
            );
        }
    }

    /// Errors and warnings of its console, and exceptions of its scripts.
    pub(crate) fn complaints(&self) -> Vec<String> {
        let of_interest = [
            "Runtime.exceptionThrown",
            "Runtime.consoleAPICalled",
            "Log.entryAdded",
        ];
        let events = self.protocol.events().iter();
        events
            .filter(|event| of_interest.contains(&event.method.as_str()))
            .map(|event| event.params.to_string())
            .collect()
    }

    /// Addresses of everything that it asked for, without the icon that browsers look for by themselves.
    pub(crate) fn requests(&self) -> Vec<String> {
        let events = self.protocol.events().iter();
        events
            .filter(|event| event.method == "Network.requestWillBeSent")
            .filter_map(|event| Some(event.params["request"]["url"].as_str()?.to_owned()))
            .filter(|address| !address.ends_with("/favicon.ico"))
            .collect()
    }

    /// Method and path of everything that it asked a server for.
    pub(crate) fn calls(&self) -> Vec<String> {
        let events = self.protocol.events().iter();
        let sent = events.filter(|event| event.method == "Network.requestWillBeSent");
        sent.filter_map(|event| {
            let request = &event.params["request"];
            let (_, rest) = request["url"].as_str()?.split_once("://")?;
            let (_, path) = rest.split_once('/')?;
            Some(format!("{} /{path}", request["method"].as_str()?))
        })
        .collect()
    }

    /// The whole page as a picture.
    pub(crate) fn picture(&mut self) -> Vec<u8> {
        let told = self.call(
            "Page.captureScreenshot",
            json!({ "format": "png", "captureBeyondViewport": true }),
        );
        decoded(&told["data"])
    }

    /// The page as it is printed.
    pub(crate) fn print(&mut self) -> Vec<u8> {
        let told = self.call("Page.printToPDF", json!({ "printBackground": true }));
        decoded(&told["data"])
    }
}

/// The address of a file.
pub(crate) fn address_of(path: &Path) -> String {
    format!("file://{}", path.display())
}

fn decoded(data: &Value) -> Vec<u8> {
    let text = data.as_str().expect("base64");
    let bytes = base64::engine::general_purpose::STANDARD.decode(text);
    bytes.expect("base64")
}
