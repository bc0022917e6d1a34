//! The DevTools protocol: commands, their answers, and what happens meanwhile.

use std::net::TcpStream;
use std::time::Duration;

use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::{Message, WebSocket, client};

/// Something that the browser told unasked.
#[derive(Debug)]
pub(crate) struct Event {
    /// `Network.requestWillBeSent` …
    pub(crate) method: String,
    pub(crate) params: Value,
}

/// A connection to a browser. It waits for each answer, and keeps the events that come before.
pub(crate) struct Protocol {
    socket: WebSocket<TcpStream>,
    last: u64,
    events: Vec<Event>,
}

impl Protocol {
    pub(crate) fn connect((port, path): (u16, String)) -> Self {
        let stream = TcpStream::connect(("127.0.0.1", port)).expect("the browser listens");
        stream
            .set_read_timeout(Some(Duration::from_secs(60)))
            .expect("a time-out");
        let address = format!("ws://127.0.0.1:{port}{path}");
        let (socket, _) = client::client(address, stream).expect("a DevTools connection");
        Self {
            socket,
            last: 0,
            events: Vec::new(),
        }
    }

    /// Sends a command, to a page where `session` names one, and returns its result.
    ///
    /// # Panics
    /// The browser refuses it: the words are its own.
    pub(crate) fn call(&mut self, session: Option<&str>, method: &str, params: Value) -> Value {
        let told = self.attempt(session, method, params);
        told.unwrap_or_else(|error| panic!("{method}: {error}"))
    }

    /// Sends a command and returns its result, or the browser's reason to refuse it.
    pub(crate) fn attempt(
        &mut self,
        session: Option<&str>,
        method: &str,
        params: Value,
    ) -> Result<Value, Value> {
        self.last += 1;
        let mut command = json!({ "id": self.last, "method": method, "params": params });
        if let Some(session) = session {
            command["sessionId"] = session.into();
        }
        let sent = self.socket.send(Message::text(command.to_string()));
        sent.expect("the browser is there");
        loop {
            let mut told = self.read();
            if told["id"] == self.last {
                return match told.get_mut("error") {
                    Some(error) => Err(error.take()),
                    None => Ok(told["result"].take()),
                };
            }
            self.keep(told);
        }
    }

    /// Waits until something was told, now or before.
    pub(crate) fn wait_until(&mut self, told: impl Fn(&Event) -> bool) {
        while !self.events.iter().any(&told) {
            let next = self.read();
            self.keep(next);
        }
    }

    /// What has been told so far.
    pub(crate) fn events(&self) -> &[Event] {
        &self.events
    }

    fn keep(&mut self, mut told: Value) {
        if let Some(method) = told["method"].as_str().map(str::to_owned) {
            let params = told["params"].take();
            self.events.push(Event { method, params });
        }
    }

    fn read(&mut self) -> Value {
        loop {
            let message = self.socket.read().expect("the browser answers in a minute");
            if let Message::Text(text) = message {
                return serde_json::from_str(&text).expect("JSON");
            }
        }
    }
}
