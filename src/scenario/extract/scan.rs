//! One pass over a document that follows all paths at once.
//!
//! Every path has one selector per level, so the paths that lead to a value are a set of bits: at
//! each member and element the set shrinks to those that lead on.

use std::ops::Range;

use super::cursor::{Cursor, GiveUp, Name};
use super::found::{Found, Text};
use super::path::{JsonPath, Route, Turn};
use super::paths::Need;

/// Bits of the paths' numbers.
type Paths = u64;

/// Compiled routes.
#[derive(Debug)]
pub(super) struct Routes {
    routes: Vec<Route>,
    /// Paths whose values' texts are wanted.
    texts: Paths,
    /// By the number of levels above.
    levels: Vec<Level>,
}

/// What paths do at one level.
#[derive(Debug, Clone, Copy, Default)]
struct Level {
    /// They end here: they want this very value.
    ends: Paths,
    names: Paths,
    indexes: Paths,
    from_end: Paths,
    every: Paths,
}

impl Routes {
    /// None where a path needs a tree, or there are more paths than bits.
    pub(super) fn of(paths: &[(JsonPath, Need)]) -> Option<Self> {
        if paths.len() > Paths::BITS as usize {
            return None;
        }
        let routes: Vec<Route> = paths
            .iter()
            .map(|(path, _)| path.route().cloned())
            .collect::<Option<_>>()?;
        let deepest = routes.iter().map(Vec::len).max().unwrap_or(0);
        let mut levels = vec![Level::default(); deepest + 1];
        let mut texts = 0;
        for (number, route) in routes.iter().enumerate() {
            let bit = 1 << number;
            for (turn, level) in route.iter().zip(&mut levels) {
                *match turn {
                    Turn::Name(_) => &mut level.names,
                    Turn::Index(_) => &mut level.indexes,
                    Turn::FromEnd(_) => &mut level.from_end,
                    Turn::Every => &mut level.every,
                } |= bit;
            }
            levels[route.len()].ends |= bit;
            if paths[number].1 == Need::Text {
                texts |= bit;
            }
        }
        Some(Self {
            routes,
            texts,
            levels,
        })
    }

    /// Which of `paths` have a turn at this level that passes the test.
    fn turning(&self, paths: Paths, depth: usize, test: impl Fn(&Turn) -> bool) -> Paths {
        each(paths)
            .filter(|&path| test(&self.routes[path][depth]))
            .fold(0, |on, path| on | 1 << path)
    }
}

/// Fills `found`.
///
/// # Errors
/// The bytes look wrong, or do not suffice.
pub(super) fn scan(routes: &Routes, document: &[u8], found: &mut Found) -> Result<(), GiveUp> {
    found.clear();
    let mut scan = Scan {
        cursor: Cursor::new(document),
        routes,
        found,
    };
    let all = match routes.routes.len() {
        0 => 0,
        count => Paths::MAX >> (Paths::BITS as usize - count),
    };
    scan.value(all, 0)?;
    if scan.cursor.is_at_end() {
        Ok(())
    } else {
        Err(GiveUp)
    }
}

struct Scan<'s, 'b> {
    cursor: Cursor<'b>,
    routes: &'s Routes,
    found: &'s mut Found,
}

impl Scan<'_, '_> {
    /// A value to which `paths` lead.
    fn value(&mut self, paths: Paths, depth: usize) -> Result<(), GiveUp> {
        let level = self.routes.levels[depth];
        let first = self.cursor.peek()?;
        let start = self.cursor.at();
        match first {
            b'{' if paths & level.every != 0 => return Err(GiveUp),
            b'{' if paths & level.names != 0 => self.object(paths & level.names, depth)?,
            b'[' if paths & (level.indexes | level.from_end | level.every) != 0 => {
                self.array(paths, level, depth)?;
            }
            _ => {
                self.cursor.skip()?;
            }
        }
        match paths & level.ends {
            0 => Ok(()),
            ends => self.take(ends, start..self.cursor.at()),
        }
    }

    fn object(&mut self, paths: Paths, depth: usize) -> Result<(), GiveUp> {
        self.cursor.take()?;
        if self.cursor.peek()? == b'}' {
            self.cursor.take()?;
            return Ok(());
        }
        let floor = self.found.len();
        let mut seen = 0;
        loop {
            let name = self.cursor.name()?;
            let on = self.named(name, paths, depth)?;
            if on == 0 {
                self.cursor.skip()?;
            } else {
                if on & seen != 0 {
                    self.found.forget(floor, on & seen);
                }
                seen |= on;
                self.value(on, depth + 1)?;
            }
            match self.cursor.take()? {
                b',' => {}
                b'}' => return Ok(()),
                _ => return Err(GiveUp),
            }
        }
    }

    fn array(&mut self, paths: Paths, level: Level, depth: usize) -> Result<(), GiveUp> {
        let from_end = paths & level.from_end;
        let length = if from_end == 0 { 0 } else { self.count()? };
        self.cursor.take()?;
        if self.cursor.peek()? == b']' {
            self.cursor.take()?;
            return Ok(());
        }
        let every = paths & level.every;
        let mut single = paths & (level.indexes | level.from_end);
        for index in 0.. {
            let here = self.routes.turning(single, depth, |turn| match turn {
                Turn::Index(wanted) => *wanted == index,
                Turn::FromEnd(back) => length.checked_sub(*back) == Some(index),
                Turn::Name(_) | Turn::Every => false,
            });
            single &= !here;
            match every | here {
                0 => {
                    self.cursor.skip()?;
                }
                on => self.value(on, depth + 1)?,
            }
            match self.cursor.take()? {
                b',' if every | single == 0 => return self.cursor.end_array(),
                b',' => {}
                b']' => break,
                _ => return Err(GiveUp),
            }
        }
        Ok(())
    }

    /// How many elements the array has that begins here.
    fn count(&self) -> Result<usize, GiveUp> {
        let mut ahead = self.cursor.clone();
        ahead.take()?;
        if ahead.peek()? == b']' {
            return Ok(0);
        }
        for count in 1.. {
            ahead.skip()?;
            match ahead.take()? {
                b',' => {}
                b']' => return Ok(count),
                _ => break,
            }
        }
        Err(GiveUp)
    }

    /// Which of `paths` go on by this name.
    fn named(&self, name: Name<'_>, paths: Paths, depth: usize) -> Result<Paths, GiveUp> {
        let is = |written: &[u8]| {
            self.routes.turning(
                paths,
                depth,
                |turn| matches!(turn, Turn::Name(name) if name.as_bytes() == written),
            )
        };
        if !name.escaped {
            return Ok(is(&name.quoted[1..name.quoted.len() - 1]));
        }
        let decoded: String = serde_json::from_slice(name.quoted).map_err(|_| GiveUp)?;
        Ok(is(decoded.as_bytes()))
    }

    /// Keeps the value for these paths.
    fn take(&mut self, paths: Paths, value: Range<usize>) -> Result<(), GiveUp> {
        let token = self.cursor.slice(value.clone());
        if token == b"null" {
            return Ok(());
        }
        let text = match paths & self.routes.texts {
            0 => Text::Untold,
            _ => self.read(token, value.start)?,
        };
        for path in each(paths) {
            let told = self.routes.texts & 1 << path != 0;
            let text = if told { text.clone() } else { Text::Untold };
            self.found.push(path, text);
        }
        Ok(())
    }

    /// The text of a value that begins at `start`: where it is, or decoded.
    fn read(&mut self, token: &[u8], start: usize) -> Result<Text, GiveUp> {
        let body = |range: Range<usize>| Text::Body(start + range.start..start + range.end);
        match token[0] {
            b'"' => {
                let inner = &token[1..token.len() - 1];
                if memchr::memchr(b'\\', inner).is_none() {
                    let sound = !inner.iter().any(|&byte| byte < 0x20);
                    let sound = sound && std::str::from_utf8(inner).is_ok();
                    return sound.then(|| body(1..token.len() - 1)).ok_or(GiveUp);
                }
                let text: String = serde_json::from_slice(token).map_err(|_| GiveUp)?;
                Ok(self.decoded(text))
            }
            b't' | b'f' => Ok(body(0..token.len())),
            _ if is_canonical(token) => Ok(body(0..token.len())),
            // Other numbers and containers are told as the tree would write them.
            _ => {
                let value: serde_json::Value = serde_json::from_slice(token).map_err(|_| GiveUp)?;
                Ok(self.decoded(value))
            }
        }
    }

    fn decoded(&mut self, text: impl std::fmt::Display) -> Text {
        use std::fmt::Write as _;
        self.found.decode(|out| write!(out, "{text}"))
    }
}

/// Whether it is a whole number that is always written like this.
fn is_canonical(number: &[u8]) -> bool {
    let digits = number.strip_prefix(b"-").unwrap_or(number);
    let plain = digits.iter().all(u8::is_ascii_digit);
    // 18 digits fit into 64 bits; -0 is a float.
    plain && digits.len() <= 18 && (number == b"0" || digits.first() != Some(&b'0'))
}

/// The numbers of the bits.
fn each(paths: Paths) -> impl Iterator<Item = usize> {
    let mut left = paths;
    std::iter::from_fn(move || {
        let next = left.trailing_zeros();
        left &= left.wrapping_sub(1);
        (next < Paths::BITS).then_some(next as usize)
    })
}
