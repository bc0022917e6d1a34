//! Steps prepared for sending: everything that never changes is already bytes.

use super::document;
use crate::load::exchange::{Origin, Target};
use crate::scenario::extract::JsonPaths;
use crate::scenario::template::Template;
use crate::scenario::{Body, ConnectionReuse, HttpDefaults, Scenario, Step};

/// All steps of a scenario, prepared against one target.
#[derive(Debug)]
pub(crate) struct Program {
    pub(crate) origin: Origin,
    /// Put before every path, without a slash at its end.
    pub(crate) prefix: String,
    pub(crate) steps: Vec<StepProgram>,
}

/// One step, prepared.
#[derive(Debug)]
pub(crate) struct StepProgram {
    pub(crate) method: String,
    pub(crate) url: StepUrl,
    /// The `Host` line is among `fields` because the step or the scenario says so.
    pub(crate) own_host: bool,
    /// Header lines, each with its line end.
    pub(crate) fields: Vec<Piece>,
    /// A request without a body still says so.
    pub(crate) states_empty_body: bool,
    /// What is looked for in the answer.
    pub(crate) json: JsonPaths,
    /// It says `Accept-Encoding`, so its answer may be compressed.
    pub(crate) compressible: bool,
    /// Whether a trace's header is added.
    pub(crate) traced: bool,
    /// What of it no message may show.
    pub(crate) secrets: Secrets,
}

/// Where a step uses values of the environment.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Secrets {
    /// In the request: the answer may repeat them.
    pub(crate) sent: bool,
    /// In what the answer is compared with.
    pub(crate) expected: bool,
}

/// Where a step goes.
#[derive(Debug)]
pub(crate) enum StepUrl {
    /// Method, path and `Host` line of the scenario's target, complete.
    Fixed(Vec<u8>),
    /// An absolute URL without templates.
    Elsewhere(Target),
    /// Path or absolute URL, known once rendered.
    Dynamic(Template),
}

/// A stretch of header lines.
#[derive(Debug)]
pub(crate) enum Piece {
    Fixed(Vec<u8>),
    Dynamic(Template),
}

impl Program {
    /// # Errors
    /// What is wrong with the base URL, or with a step's, in words.
    pub(crate) fn new(scenario: &Scenario, base_url: &str) -> Result<Self, String> {
        let base = Target::parse(base_url)?;
        let prefix = base.path.split('?').next().unwrap_or("");
        let mut program = Self {
            origin: base.origin,
            prefix: prefix.trim_end_matches('/').to_owned(),
            steps: Vec::with_capacity(scenario.steps.len()),
        };
        for step in &scenario.steps {
            let prepared = program.prepare(step, scenario)?;
            program.steps.push(prepared);
        }
        Ok(program)
    }

    fn prepare(&self, step: &Step, scenario: &Scenario) -> Result<StepProgram, String> {
        let http = &scenario.http;
        let headers = headers(step, http);
        let says = |header: &str| {
            headers
                .iter()
                .any(|(name, _)| name.eq_ignore_ascii_case(header))
        };
        let own_host = says("host");
        Ok(StepProgram {
            url: self.url(step, own_host)?,
            own_host,
            fields: pieces(&headers),
            json: document::paths(step),
            secrets: Secrets {
                sent: of_request(step, http).any(Template::is_secret),
                expected: step.expect.templates().any(Template::is_secret),
            },
            compressible: says("accept-encoding"),
            traced: scenario.is_traced() && !says("traceparent"),
            states_empty_body: !matches!(step.method.as_str(), "GET" | "HEAD" | "OPTIONS"),
            method: step.method.clone(),
        })
    }

    fn url(&self, step: &Step, own_host: bool) -> Result<StepUrl, String> {
        let Some(text) = step.url.as_literal() else {
            return Ok(StepUrl::Dynamic(step.url.clone()));
        };
        if is_absolute(text.as_bytes()) {
            return Target::parse(text)
                .map(StepUrl::Elsewhere)
                .map_err(|why| format!("step `{}`: `{text}`: {why}", step.name));
        }
        let mut line = Vec::new();
        line.extend_from_slice(step.method.as_bytes());
        line.push(b' ');
        line.extend_from_slice(self.prefix.as_bytes());
        push_path(&mut line, text.as_bytes());
        finish_request_line(&mut line, (!own_host).then_some(&self.origin));
        Ok(StepUrl::Fixed(line))
    }
}

/// Whether it names its own host.
pub(crate) fn is_absolute(url: &[u8]) -> bool {
    url.starts_with(b"http://") || url.starts_with(b"https://")
}

/// Appends path and query as they may stand in a request line: what is not allowed there is
/// percent-encoded, a fragment is cut off, and a missing slash at the beginning is added.
pub(crate) fn push_path(out: &mut Vec<u8>, path: &[u8]) {
    if path.first() != Some(&b'/') {
        out.push(b'/');
    }
    let path = &path[..memchr::memchr(b'#', path).unwrap_or(path.len())];
    let forbidden = |byte: &u8| {
        !byte.is_ascii_graphic()
            || matches!(
                byte,
                b'"' | b'<' | b'>' | b'\\' | b'^' | b'`' | b'{' | b'|' | b'}'
            )
    };
    if !path.iter().any(forbidden) {
        out.extend_from_slice(path);
        return;
    }
    for byte in path {
        if forbidden(byte) {
            push_escaped(out, *byte);
        } else {
            out.push(*byte);
        }
    }
}

/// Appends `%XY`.
pub(crate) fn push_escaped(out: &mut Vec<u8>, byte: u8) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    out.extend_from_slice(&[
        b'%',
        DIGITS[usize::from(byte >> 4)],
        DIGITS[usize::from(byte & 15)],
    ]);
}

/// Appends what follows the path, and the `Host` line unless the fields have their own.
pub(crate) fn finish_request_line(out: &mut Vec<u8>, host: Option<&Origin>) {
    out.extend_from_slice(b" HTTP/1.1\r\n");
    if let Some(origin) = host {
        out.extend_from_slice(b"Host: ");
        out.extend_from_slice(origin.authority().as_bytes());
        out.extend_from_slice(b"\r\n");
    }
}

/// The scenario's headers with the step's over them, and what good manners add.
fn headers(step: &Step, http: &HttpDefaults) -> Vec<(String, Template)> {
    let mut headers: Vec<(String, Template)> = http
        .headers
        .iter()
        .filter(|(name, _)| {
            !step
                .headers
                .iter()
                .any(|(own, _)| own.eq_ignore_ascii_case(name))
        })
        .cloned()
        .collect();
    headers.extend(step.headers.iter().cloned());
    let mut add = |name: &str, value: &str| {
        if !headers
            .iter()
            .any(|(given, _)| given.eq_ignore_ascii_case(name))
        {
            headers.push((name.to_owned(), Template::literal(value)));
        }
    };
    add(
        "User-Agent",
        concat!("loadtest/", env!("CARGO_PKG_VERSION")),
    );
    add("Accept", "*/*");
    if !http.compression.is_empty() {
        let offered: Vec<&str> = http
            .compression
            .iter()
            .map(|coding| coding.name())
            .collect();
        add("Accept-Encoding", &offered.join(", "));
    }
    if http.connections == ConnectionReuse::PerRequest {
        // Lets the target close first: a machine that closes runs out of ports soonest.
        add("Connection", "close");
    }
    match step.body {
        Body::Json(_) => add("Content-Type", "application/json"),
        Body::Form(_) => add("Content-Type", "application/x-www-form-urlencoded"),
        Body::None | Body::Raw(_) => {}
    }
    headers
}

/// What goes into the request: URL, headers (the scenario's too), body.
fn of_request<'s>(step: &'s Step, http: &'s HttpDefaults) -> impl Iterator<Item = &'s Template> {
    let headers = http.headers.iter().chain(&step.headers);
    std::iter::once(&step.url)
        .chain(step.body.templates())
        .chain(headers.map(|(_, template)| template))
}

/// Header lines with everything fixed joined together.
fn pieces(headers: &[(String, Template)]) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut fixed = Vec::new();
    for (name, value) in headers {
        fixed.extend_from_slice(name.as_bytes());
        fixed.extend_from_slice(b": ");
        match value.as_literal() {
            Some(text) => fixed.extend_from_slice(text.as_bytes()),
            None => {
                pieces.push(Piece::Fixed(std::mem::take(&mut fixed)));
                pieces.push(Piece::Dynamic(value.clone()));
            }
        }
        fixed.extend_from_slice(b"\r\n");
    }
    pieces.push(Piece::Fixed(fixed));
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> String {
        let mut out = Vec::new();
        push_path(&mut out, text.as_bytes());
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_path_becomes_what_a_request_line_may_hold() {
        assert_eq!(path("/a?b=c%20d"), "/a?b=c%20d");
        assert_eq!(path("a b"), "/a%20b");
        assert_eq!(path("/ü\r\n"), "/%C3%BC%0D%0A");
        assert_eq!(path("/x#y"), "/x");
        assert_eq!(path(""), "/");
    }
}
