//! A proxy on loopback between the tool and moto, that counts calls and meddles with them.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

/// A call as it arrived.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    /// `StopInstances`; for REST the method and path: `POST /zonalshifts`.
    pub(crate) action: String,
    pub(crate) body: String,
    /// How many calls of this action came before.
    pub(crate) before: usize,
}

impl Asked {
    /// Whether it changes something.
    pub(crate) fn acts(&self) -> bool {
        const VERBS: [&str; 12] = [
            "Create",
            "Delete",
            "Replace",
            "Stop",
            "Start",
            "Reboot",
            "Failover",
            "Tag",
            "Untag",
            "Set",
            "POST /zonalshifts",
            "DELETE /zonalshifts",
        ];
        VERBS.iter().any(|verb| self.action.starts_with(verb))
    }
}

/// What becomes of a call.
#[derive(Debug, Clone)]
pub(crate) enum Deed {
    /// moto answers.
    Pass,
    /// moto answers, and from then on nothing passes.
    PassThenFreeze,
    /// moto does it, nobody hears of it, and from then on nothing passes.
    DoThenFreeze,
    /// moto never hears of it, and nobody answers.
    Swallow,
    /// It is answered by this instead: status, content type, body.
    Reply(u16, &'static str, String),
    /// It is answered by this in AWS's binary protocol.
    Cbor(Vec<u8>),
}

type Rule = Box<dyn Fn(&Asked) -> Deed + Send + Sync>;
/// Status, content type and body of calls that moto does not know.
type StandIn = Box<dyn Fn(&Asked) -> Option<(u16, &'static str, String)> + Send + Sync>;

#[derive(Default)]
struct State {
    stand_in: Option<Arc<StandIn>>,
    rule: Option<Arc<Rule>>,
    frozen: bool,
    asked: Vec<Asked>,
}

/// Serves until the test's process ends.
#[derive(Clone)]
pub(crate) struct Proxy {
    pub(crate) url: String,
    upstream: String,
    state: Arc<(Mutex<State>, Condvar)>,
}

impl Proxy {
    /// In front of the server at this address.
    pub(crate) fn before(upstream: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let proxy = Self {
            url: format!("http://{}", listener.local_addr().expect("an address")),
            upstream: upstream.to_owned(),
            state: Arc::default(),
        };
        let this = proxy.clone();
        std::thread::spawn(move || {
            for connection in listener.incoming().map_while(Result::ok) {
                let this = this.clone();
                std::thread::spawn(move || this.converse(&connection));
            }
        });
        proxy
    }

    /// From now on calls are treated by this rule; the count begins anew.
    pub(crate) fn rule(&self, rule: impl Fn(&Asked) -> Deed + Send + Sync + 'static) {
        let mut state = self.lock();
        *state = State {
            stand_in: state.stand_in.take(),
            rule: Some(Arc::new(Box::new(rule))),
            ..State::default()
        };
        self.state.1.notify_all();
    }

    /// What this answers, moto is never asked: a part of AWS that it does not have.
    pub(crate) fn stand_in(
        &self,
        part: impl Fn(&Asked) -> Option<(u16, &'static str, String)> + Send + Sync + 'static,
    ) {
        self.lock().stand_in = Some(Arc::new(Box::new(part)));
    }

    /// From now on everything passes; what was frozen goes on.
    pub(crate) fn pass(&self) {
        self.rule(|_| Deed::Pass);
    }

    /// Whether nothing passes any more.
    pub(crate) fn is_frozen(&self) -> bool {
        self.lock().frozen
    }

    /// Everything that arrived since the rule was set.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.lock().asked.clone()
    }

    /// The calls that change something, by name.
    pub(crate) fn acts(&self) -> Vec<String> {
        let asked = self.asked();
        let acts = asked.into_iter().filter(Asked::acts);
        acts.map(|asked| asked.action).collect()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits while nothing passes.
    fn thaw(&self) {
        let mut state = self.lock();
        while state.frozen {
            state = self
                .state
                .1
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn judge(&self, action: String, body: String) -> (Asked, Deed) {
        let (asked, rule) = {
            let mut state = self.lock();
            let before = state.asked.iter().filter(|of| of.action == action).count();
            let asked = Asked {
                action,
                body,
                before,
            };
            state.asked.push(asked.clone());
            (asked, state.rule.clone())
        };
        let deed = rule.map_or(Deed::Pass, |rule| rule(&asked));
        (asked, deed)
    }

    /// What AWS answers.
    fn perform(&self, asked: &Asked, message: &Message) -> Option<Vec<u8>> {
        let part = self.lock().stand_in.clone();
        match part.and_then(|part| part(asked)) {
            Some((status, kind, body)) => Some(answer(status, kind, "", body.as_bytes())),
            // moto does not know it, and the SDK would ask again and again.
            None if asked.action.starts_with("GET /zonalshifts") => {
                Some(answer(200, "application/json", "", b"{\"items\":[]}"))
            }
            None => self.forward(message),
        }
    }

    fn freeze(&self) {
        self.lock().frozen = true;
    }

    fn converse(&self, connection: &TcpStream) -> Option<()> {
        connection.set_nodelay(true).ok()?;
        let mut reader = BufReader::new(connection);
        let mut writer = connection;
        loop {
            let message = Message::read(&mut reader)?;
            self.thaw();
            let action = message.action();
            let body = String::from_utf8_lossy(&message.body).into_owned();
            let (asked, deed) = self.judge(action, body);
            match deed {
                Deed::Pass => writer.write_all(&self.perform(&asked, &message)?).ok()?,
                Deed::PassThenFreeze => {
                    let answer = self.perform(&asked, &message)?;
                    self.freeze();
                    writer.write_all(&answer).ok()?;
                }
                Deed::DoThenFreeze => {
                    self.perform(&asked, &message)?;
                    self.freeze();
                    self.thaw();
                    return None;
                }
                Deed::Swallow => {
                    let _ = std::io::copy(&mut reader, &mut std::io::sink());
                    return None;
                }
                Deed::Reply(status, kind, body) => {
                    let answer = answer(status, kind, "", body.as_bytes());
                    writer.write_all(&answer).ok()?;
                }
                Deed::Cbor(body) => {
                    let protocol = "smithy-protocol: rpc-v2-cbor\r\n";
                    let answer = answer(200, "application/cbor", protocol, &body);
                    writer.write_all(&answer).ok()?;
                }
            }
        }
    }

    /// moto's answer, with a length.
    fn forward(&self, message: &Message) -> Option<Vec<u8>> {
        let mut upstream = TcpStream::connect(&self.upstream).ok()?;
        let mut head = format!("{}\r\n", message.start);
        for (name, value) in &message.headers {
            if name != "connection" {
                head += &format!("{name}: {value}\r\n");
            }
        }
        upstream
            .write_all((head + "connection: close\r\n\r\n").as_bytes())
            .ok()?;
        upstream.write_all(&message.body).ok()?;
        let mut answer = Message::read(&mut BufReader::new(upstream))?;
        answer.headers.retain(|(name, _)| name != "connection");
        let mut bytes = format!("{}\r\n", answer.start);
        for (name, value) in &answer.headers {
            bytes += &format!("{name}: {value}\r\n");
        }
        if !answer
            .headers
            .iter()
            .any(|(name, _)| name == "content-length")
        {
            bytes += &format!("content-length: {}\r\n", answer.body.len());
        }
        let mut bytes = (bytes + "\r\n").into_bytes();
        bytes.extend(answer.body);
        Some(bytes)
    }
}

fn answer(status: u16, kind: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let head = format!(
        "HTTP/1.1 {status} As Recorded\r\nContent-Type: {kind}\r\n{headers}Content-Length: {length}\r\n\r\n"
    );
    [head.as_bytes(), body].concat()
}

/// A request, or an answer.
struct Message {
    start: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Message {
    fn read(reader: &mut impl BufRead) -> Option<Self> {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        let start = line.trim_end().to_owned();
        let mut headers = Vec::new();
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).ok()?;
            let Some((name, value)) = line.trim_end().split_once(':') else {
                break;
            };
            headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
        let mut message = Self {
            start,
            headers,
            body: Vec::new(),
        };
        match message.header("content-length").parse() {
            Ok(length) => reader.take(length).read_to_end(&mut message.body).ok()?,
            // An answer without a length ends with its connection.
            Err(_) if message.start.starts_with("HTTP/") => {
                reader.read_to_end(&mut message.body).ok()?
            }
            Err(_) => 0,
        };
        Some(message)
    }

    fn header(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map_or("", |(_, value)| value)
    }

    /// As the API names it, in whichever of AWS's protocols.
    fn action(&self) -> String {
        let target = self.header("x-amz-target");
        if let Some((_, action)) = target.split_once('.') {
            return action.to_owned();
        }
        let body = String::from_utf8_lossy(&self.body);
        let query = body
            .split('&')
            .find_map(|pair| pair.strip_prefix("Action="));
        let request = self
            .start
            .rsplit_once(' ')
            .map_or("", |(request, _)| request);
        let rpc = request.split_once("/operation/").map(|(_, action)| action);
        query.or(rpc).unwrap_or(request).to_owned()
    }
}
