//! A complete answer, as checks and captures see it.

use super::head::Head;

/// Borrows the user's buffers until the next request.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Answer<'b> {
    head: &'b Head,
    /// The head is in it.
    buffer: &'b [u8],
    body: Body<'b>,
}

/// A body as far as it was kept, and how long it is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Body<'b> {
    pub(super) bytes: &'b [u8],
    /// Of the whole body, bytes.
    pub(super) length: u64,
    /// Of the whole body as it came, compressed or not, bytes.
    pub(super) received: u64,
    /// It came compressed.
    pub(super) compressed: bool,
    /// Not all of it was kept.
    pub(super) cut: bool,
}

impl<'b> Answer<'b> {
    pub(super) fn new(head: &'b Head, buffer: &'b [u8], body: Body<'b>) -> Self {
        Self { head, buffer, body }
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

    /// The body without its compression, as far as it was kept.
    pub(crate) fn body(&self) -> &'b [u8] {
        self.body.bytes
    }

    /// Bytes of the whole body without its compression.
    pub(crate) fn body_length(&self) -> u64 {
        self.body.length
    }

    /// Bytes of the whole body as it came.
    pub(crate) fn received(&self) -> u64 {
        self.body.received
    }

    /// Whether the body came compressed.
    pub(crate) fn is_compressed(&self) -> bool {
        self.body.compressed
    }

    /// Whether the body was too long to be kept whole.
    pub(crate) fn is_cut(&self) -> bool {
        self.body.cut
    }
}
