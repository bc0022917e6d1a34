//! Rendering a step into the bytes that are sent. Buffers are the user's and reused.

use std::io::Write as _;
use std::ops::Range;

use super::program::{
    Piece, Program, StepProgram, StepUrl, finish_request_line, is_absolute, push_path,
};
use super::trace::Trace;
use crate::load::exchange::{Jar, Origin, Redirect, Target};
use crate::scenario::template::{Context, RenderError, Template};
use crate::scenario::{Body, Step};

/// A rendered request.
#[derive(Debug, Default)]
pub(crate) struct Outgoing {
    bytes: Vec<u8>,
    body: Vec<u8>,
    scratch: Vec<u8>,
    /// Path and query within `bytes`.
    path: Range<usize>,
    /// The header lines without `Host`, `Cookie` and `Content-Length` within `bytes`.
    fields: Range<usize>,
    /// Where it goes if not to the scenario's target.
    elsewhere: Option<Origin>,
    /// The trace that it begins.
    trace: Option<Trace>,
    random: fastrand::Rng,
}

/// Why a request could not be built, in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unsendable(pub(crate) String);

impl From<RenderError> for Unsendable {
    fn from(error: RenderError) -> Self {
        Self(error.to_string())
    }
}

impl Outgoing {
    /// Head and body.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Bytes of the body.
    pub(crate) fn body_length(&self) -> u64 {
        self.body.len() as u64
    }

    /// The head, for keeping its secrets out of messages.
    pub(crate) fn head(&self) -> &[u8] {
        &self.bytes[..self.bytes.len() - self.body.len().min(self.bytes.len())]
    }

    /// The id of its trace, where one was sent.
    pub(crate) fn trace(&self) -> Option<Trace> {
        self.trace
    }

    /// Path and query as sent.
    pub(crate) fn path(&self) -> &[u8] {
        &self.bytes[self.path.clone()]
    }

    /// Where it goes.
    pub(crate) fn origin<'a>(&'a self, program: &'a Program) -> &'a Origin {
        self.elsewhere.as_ref().unwrap_or(&program.origin)
    }

    /// Where it goes, with its path, for cookies and redirects.
    pub(crate) fn target(&self, program: &Program) -> Target {
        Target {
            origin: self.origin(program).clone(),
            path: String::from_utf8_lossy(self.path()).into_owned(),
        }
    }

    /// Renders the step. `jar` is there when the user has cookies, with the time in Unix seconds.
    ///
    /// # Errors
    /// Why it cannot be sent.
    pub(crate) fn render(
        &mut self,
        program: &Program,
        prepared: &StepProgram,
        step: &Step,
        context: &mut Context<'_>,
        jar: Option<(&Jar, i64)>,
    ) -> Result<(), Unsendable> {
        self.bytes.clear();
        self.body.clear();
        self.elsewhere = None;
        self.path = 0..0;
        self.request_line(program, prepared, context)?;
        let start = self.bytes.len();
        for piece in &prepared.fields {
            match piece {
                Piece::Fixed(bytes) => self.bytes.extend_from_slice(bytes),
                Piece::Dynamic(template) => field_value(template, context, &mut self.bytes)?,
            }
        }
        self.trace = prepared.traced.then(|| Trace::draw(&mut self.random));
        if let Some(trace) = self.trace {
            trace.write_header(&mut self.bytes);
        }
        self.fields = start..self.bytes.len();
        render_body(&step.body, context, &mut self.body)?;
        if let Some((jar, now)) = jar {
            let target = self.target(program);
            jar.write_header(&target, now, &mut self.bytes);
        }
        self.finish(prepared.states_empty_body);
        Ok(())
    }

    /// Turns the request into the one that a redirect asks for.
    pub(crate) fn follow(
        &mut self,
        program: &Program,
        method: &str,
        next: &Redirect,
        jar: Option<(&Jar, i64)>,
    ) {
        let leaves = *self.origin(program) != next.target.origin;
        let old = std::mem::take(&mut self.bytes);
        let out = &mut self.bytes;
        out.extend_from_slice(method.as_bytes());
        out.push(b' ');
        let path = out.len();
        push_path(out, next.target.path.as_bytes());
        self.path = path..out.len();
        finish_request_line(out, Some(&next.target.origin));
        let start = out.len();
        for line in old[self.fields.clone()].split_inclusive(|&byte| byte == b'\n') {
            let name = line.split(|&byte| byte == b':').next().unwrap_or(b"");
            if !stays_behind(name, leaves, next.as_get) {
                out.extend_from_slice(line);
            }
        }
        self.fields = start..out.len();
        self.elsewhere = Some(next.target.origin.clone());
        if next.as_get {
            self.body.clear();
        }
        if let Some((jar, now)) = jar {
            jar.write_header(&next.target, now, &mut self.bytes);
        }
        self.finish(!matches!(method, "GET" | "HEAD" | "OPTIONS"));
    }

    fn request_line(
        &mut self,
        program: &Program,
        prepared: &StepProgram,
        context: &mut Context<'_>,
    ) -> Result<(), Unsendable> {
        let method = prepared.method.as_bytes();
        let start = method.len() + 1;
        let found;
        let target = match &prepared.url {
            StepUrl::Fixed(line) => {
                self.bytes.extend_from_slice(line);
                let length = memchr::memchr(b' ', &line[start..]).unwrap_or(0);
                self.path = start..start + length;
                return Ok(());
            }
            StepUrl::Elsewhere(target) => Some(target),
            StepUrl::Dynamic(template) => {
                self.scratch.clear();
                template.render(context, &mut self.scratch)?;
                if is_absolute(&self.scratch) {
                    let text = String::from_utf8_lossy(&self.scratch);
                    found = Target::parse(&text)
                        .map_err(|why| Unsendable(format!("`{text}` is no URL: {why}")))?;
                    Some(&found)
                } else {
                    None
                }
            }
        };
        self.bytes.extend_from_slice(method);
        self.bytes.push(b' ');
        if let Some(target) = target {
            push_path(&mut self.bytes, target.path.as_bytes());
            self.elsewhere = Some(target.origin.clone());
        } else {
            self.bytes.extend_from_slice(program.prefix.as_bytes());
            push_path(&mut self.bytes, &self.scratch);
        }
        self.path = start..self.bytes.len();
        let host = self.elsewhere.as_ref().unwrap_or(&program.origin);
        finish_request_line(&mut self.bytes, (!prepared.own_host).then_some(host));
        Ok(())
    }

    /// Content length, the empty line and the body.
    fn finish(&mut self, states_empty_body: bool) {
        if states_empty_body || !self.body.is_empty() {
            // Writing to a Vec cannot fail.
            let _ = write!(self.bytes, "Content-Length: {}\r\n", self.body.len());
        }
        self.bytes.extend_from_slice(b"\r\n");
        self.bytes.extend_from_slice(&self.body);
    }
}

/// Header lines that do not follow a redirect: credentials never leave their origin, and what
/// describes the body goes with it.
fn stays_behind(name: &[u8], leaves: bool, as_get: bool) -> bool {
    let is = |other: &str| name.eq_ignore_ascii_case(other.as_bytes());
    is("host")
        || (leaves && (is("authorization") || is("cookie") || is("proxy-authorization")))
        || (as_get && (is("content-type") || is("content-encoding") || is("content-language")))
}

/// A rendered value must not end its line early: that would let data write headers.
fn field_value(
    template: &Template,
    context: &mut Context<'_>,
    out: &mut Vec<u8>,
) -> Result<(), Unsendable> {
    let start = out.len();
    template.render(context, out)?;
    if memchr::memchr3(b'\r', b'\n', 0, &out[start..]).is_some() {
        return Err(Unsendable(
            "a header's value contains a line break or a zero byte".to_owned(),
        ));
    }
    Ok(())
}

fn render_body(
    body: &Body,
    context: &mut Context<'_>,
    out: &mut Vec<u8>,
) -> Result<(), Unsendable> {
    match body {
        Body::None => {}
        Body::Json(template) | Body::Raw(template) => template.render(context, out)?,
        // Templates of forms render what is already encoded.
        Body::Form(fields) => {
            for (index, (name, value)) in fields.iter().enumerate() {
                if index > 0 {
                    out.push(b'&');
                }
                out.extend_from_slice(name.as_bytes());
                out.push(b'=');
                value.render(context, out)?;
            }
        }
    }
    Ok(())
}
