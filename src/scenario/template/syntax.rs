//! The grammar inside `${…}`: names, fields, calls, arithmetic, one assignment.

use std::ops::Range;

use super::number::{Number, Operator};

/// What is wrong within a template, and where (bytes of its text).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TemplateError {
    pub(crate) span: Range<usize>,
    pub(crate) message: String,
    pub(crate) help: String,
}

impl TemplateError {
    pub(super) fn new(span: Range<usize>, message: impl Into<String>) -> Self {
        Self {
            span,
            message: message.into(),
            help: String::new(),
        }
    }

    pub(super) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = help.into();
        self
    }
}

/// An expression as written.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Written {
    pub(super) span: Range<usize>,
    pub(super) kind: Kind,
}

/// Its forms.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Kind {
    Number(Number),
    Text(String),
    Name(String),
    Field(String, String),
    Call(String, Vec<Written>),
    Negative(Box<Written>),
    Binary(Operator, Box<Written>, Box<Written>),
    Assign(String, Box<Written>),
}

/// A piece of a template as written.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Piece {
    Literal(String),
    Expression(Written),
}

/// Nesting and length are bounded, so that no text can exhaust the stack.
const MAX_DEPTH: usize = 32;
const MAX_NODES: usize = 200;

/// Cuts a text into literals and expressions. `$${` is a literal `${`.
pub(super) fn pieces(text: &str) -> Result<Vec<Piece>, TemplateError> {
    let mut pieces = Vec::new();
    let mut literal = String::new();
    let mut at = 0;
    while let Some(found) = text[at..].find('$') {
        let dollar = at + found;
        literal.push_str(&text[at..dollar]);
        let rest = &text[dollar..];
        if rest.starts_with("$${") {
            literal.push_str("${");
            at = dollar + 3;
        } else if rest.starts_with("${") {
            let mut parser = Parser::new(text, dollar);
            let expression = parser.whole()?;
            if !literal.is_empty() {
                pieces.push(Piece::Literal(std::mem::take(&mut literal)));
            }
            pieces.push(Piece::Expression(expression));
            at = parser.at;
        } else {
            literal.push('$');
            at = dollar + 1;
        }
    }
    literal.push_str(&text[at..]);
    if !literal.is_empty() {
        pieces.push(Piece::Literal(literal));
    }
    Ok(pieces)
}

struct Parser<'t> {
    text: &'t str,
    /// Where the `$` of this template stands.
    start: usize,
    at: usize,
    depth: usize,
    nodes: usize,
}

impl<'t> Parser<'t> {
    fn new(text: &'t str, start: usize) -> Self {
        Self {
            text,
            start,
            at: start + 2,
            depth: 0,
            nodes: 0,
        }
    }

    /// An expression up to and with its `}`.
    fn whole(&mut self) -> Result<Written, TemplateError> {
        if self.peek() == Some('}') {
            return Err(
                TemplateError::new(self.start..self.at + 1, "`${}` is empty")
                    .help("name what is filled in, or write $${ for a literal ${"),
            );
        }
        let expression = self.assignment()?;
        match self.peek() {
            Some('}') => {
                self.at += 1;
                Ok(expression)
            }
            _ => Err(self.unexpected()),
        }
    }

    fn assignment(&mut self) -> Result<Written, TemplateError> {
        let start = self.skip_blanks();
        if let Some(name) = self.try_name() {
            let after = self.at;
            if self.peek() == Some('=') && !self.text[self.at..].starts_with("==") {
                self.at += 1;
                let value = self.sum()?;
                return self.node(start, Kind::Assign(name, Box::new(value)));
            }
            debug_assert!(after <= self.at);
            self.at = start;
        }
        self.sum()
    }

    fn sum(&mut self) -> Result<Written, TemplateError> {
        let start = self.skip_blanks();
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(self.too_complex());
        }
        let mut left = self.product()?;
        while let Some(operator) = self.operator(&[('+', Operator::Add), ('-', Operator::Subtract)])
        {
            let right = self.product()?;
            left = self.node(
                start,
                Kind::Binary(operator, Box::new(left), Box::new(right)),
            )?;
        }
        self.depth -= 1;
        Ok(left)
    }

    fn product(&mut self) -> Result<Written, TemplateError> {
        let start = self.skip_blanks();
        let mut left = self.signed()?;
        while let Some(operator) = self.operator(&[
            ('*', Operator::Multiply),
            ('/', Operator::Divide),
            ('%', Operator::Remainder),
        ]) {
            let right = self.signed()?;
            left = self.node(
                start,
                Kind::Binary(operator, Box::new(left), Box::new(right)),
            )?;
        }
        Ok(left)
    }

    fn signed(&mut self) -> Result<Written, TemplateError> {
        let start = self.skip_blanks();
        if self.peek() != Some('-') {
            return self.primary();
        }
        self.at += 1;
        let operand = self.primary()?;
        self.node(start, Kind::Negative(Box::new(operand)))
    }

    fn primary(&mut self) -> Result<Written, TemplateError> {
        let start = self.skip_blanks();
        match self.peek() {
            Some('(') => {
                self.at += 1;
                let inner = self.sum()?;
                self.expect(')')?;
                Ok(inner)
            }
            Some(quote @ ('\'' | '"')) => {
                let text = self.quoted(quote)?;
                self.node(start, Kind::Text(text))
            }
            Some(c) if c.is_ascii_digit() => {
                let number = self.number()?;
                self.node(start, Kind::Number(number))
            }
            _ => match self.try_name() {
                Some(name) => self.after_name(start, name),
                None => Err(self.unexpected()),
            },
        }
    }

    fn after_name(&mut self, start: usize, name: String) -> Result<Written, TemplateError> {
        match self.peek() {
            Some('.') => {
                self.at += 1;
                self.skip_blanks();
                match self.try_name() {
                    Some(field) => self.node(start, Kind::Field(name, field)),
                    None => Err(self.unexpected()),
                }
            }
            Some('[') => {
                self.at += 1;
                self.skip_blanks();
                let Some(quote @ ('\'' | '"')) = self.peek() else {
                    return Err(self
                        .unexpected()
                        .help("a column is written as ['first name']"));
                };
                let field = self.quoted(quote)?;
                self.expect(']')?;
                self.node(start, Kind::Field(name, field))
            }
            Some('(') => {
                self.at += 1;
                let arguments = self.arguments()?;
                self.node(start, Kind::Call(name, arguments))
            }
            _ => self.node(start, Kind::Name(name)),
        }
    }

    fn arguments(&mut self) -> Result<Vec<Written>, TemplateError> {
        let mut arguments = Vec::new();
        if self.peek() == Some(')') {
            self.at += 1;
            return Ok(arguments);
        }
        loop {
            arguments.push(self.sum()?);
            match self.peek() {
                Some(',') => self.at += 1,
                _ => break,
            }
        }
        self.expect(')')?;
        Ok(arguments)
    }

    fn number(&mut self) -> Result<Number, TemplateError> {
        let start = self.at;
        let rest = &self.text[start..];
        let end = rest
            .find(|c: char| !(c.is_ascii_alphanumeric() || c == '.'))
            .unwrap_or(rest.len());
        self.at = start + end;
        let digits = &rest[..end];
        Number::parse(digits).ok_or_else(|| {
            TemplateError::new(start..self.at, format!("`{digits}` is not a number"))
                .help("texts inside ${…} are written in single quotes")
        })
    }

    fn quoted(&mut self, quote: char) -> Result<String, TemplateError> {
        let start = self.at;
        self.at += quote.len_utf8();
        let mut text = String::new();
        let mut characters = self.text[self.at..].char_indices();
        while let Some((offset, c)) = characters.next() {
            if c == quote {
                self.at += offset + c.len_utf8();
                return Ok(text);
            }
            if c == '\\' {
                match characters.next() {
                    Some((_, next)) => text.push(next),
                    None => break,
                }
            } else {
                text.push(c);
            }
        }
        let span = start..self.text.len();
        self.at = self.text.len();
        Err(TemplateError::new(
            span,
            format!("a text is never closed by {quote}"),
        ))
    }

    fn try_name(&mut self) -> Option<String> {
        let rest = &self.text[self.at..];
        let starts = rest.starts_with(|c: char| c.is_alphabetic() || c == '_');
        let end = rest
            .find(|c: char| !(c.is_alphanumeric() || c == '_'))
            .unwrap_or(rest.len());
        if !starts {
            return None;
        }
        self.at += end;
        Some(rest[..end].to_owned())
    }

    fn operator(&mut self, operators: &[(char, Operator)]) -> Option<Operator> {
        let next = self.peek()?;
        let (_, operator) = operators.iter().find(|(sign, _)| *sign == next)?;
        self.at += 1;
        Some(*operator)
    }

    fn expect(&mut self, expected: char) -> Result<(), TemplateError> {
        if self.peek() == Some(expected) {
            self.at += expected.len_utf8();
            return Ok(());
        }
        let mut error = self.unexpected();
        error.message.push_str(&format!(", expected `{expected}`"));
        Err(error)
    }

    /// The next character that is not blank.
    fn peek(&mut self) -> Option<char> {
        self.skip_blanks();
        self.text[self.at..].chars().next()
    }

    fn skip_blanks(&mut self) -> usize {
        let rest = &self.text[self.at..];
        self.at += rest.len() - rest.trim_start().len();
        self.at
    }

    fn node(&mut self, start: usize, kind: Kind) -> Result<Written, TemplateError> {
        self.nodes += 1;
        if self.nodes > MAX_NODES {
            return Err(self.too_complex());
        }
        Ok(Written {
            span: start..self.at,
            kind,
        })
    }

    fn too_complex(&self) -> TemplateError {
        TemplateError::new(
            self.at..self.at,
            "this expression is too long or nested too deeply",
        )
    }

    fn unexpected(&self) -> TemplateError {
        match self.text[self.at..].chars().next() {
            None => {
                let span = self.start..self.text.len();
                TemplateError::new(span, "`${` is never closed by `}`")
                    .help("write $${ for a literal ${")
            }
            Some(c) => {
                TemplateError::new(self.at..self.at + c.len_utf8(), format!("unexpected `{c}`"))
            }
        }
    }
}
