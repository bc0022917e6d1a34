//! A complete answer, as checks and captures see it.

use super::head::Head;

/// Borrows the user's buffer until the next request.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Answer<'b> {
    head: &'b Head,
    buffer: &'b [u8],
    body_length: u64,
}

impl<'b> Answer<'b> {
    pub(super) fn new(head: &'b Head, buffer: &'b [u8], body_length: u64) -> Self {
        Self {
            head,
            buffer,
            body_length,
        }
    }

    pub(crate) fn status(&self) -> u16 {
        self.head.status
    }

    /// The first value of a header, by name in any case.
    pub(crate) fn header(&self, name: &'b str) -> Option<&'b [u8]> {
        self.headers(name).next()
    }

    /// Every value of a header, in order.
    pub(crate) fn headers(&self, name: &'b str) -> impl Iterator<Item = &'b [u8]> + use<'b> {
        self.head.values(self.buffer, name)
    }

    /// The decoded body, as far as it was kept.
    pub(crate) fn body(&self) -> &'b [u8] {
        &self.buffer[self.head.length.min(self.buffer.len())..]
    }

    /// Decoded bytes of the whole body.
    pub(crate) fn body_length(&self) -> u64 {
        self.body_length
    }

    /// Whether the body was too long to be kept whole.
    pub(crate) fn is_cut(&self) -> bool {
        self.body_length > self.body().len() as u64
    }
}
