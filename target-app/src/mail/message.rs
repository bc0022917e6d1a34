//! What the sink wants to know of a message: three of its headers.

/// The header that names the order which a message confirms.
pub(crate) const X_ORDER: &str = "X-Order";

/// A message, as far as the books care.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Message {
    /// `Message-ID`: what tells a repeat from another message. None has been repeated without one.
    pub(super) id: Option<String>,
    /// Which order it confirms, if it says so.
    pub(super) order: Option<i64>,
}

/// Reads a message's headers.
pub(super) fn read(bytes: &[u8]) -> Message {
    let text = String::from_utf8_lossy(bytes);
    let head = text.split("\r\n\r\n").next().unwrap_or_default();
    // A line that begins with a blank goes on with the header before it.
    let head = head.replace("\r\n ", " ").replace("\r\n\t", " ");
    let header = |wanted: &str| {
        head.split("\r\n").find_map(|line| {
            let (name, value) = line.split_once(':')?;
            let is = name.trim().eq_ignore_ascii_case(wanted);
            is.then(|| value.trim().to_owned())
        })
    };
    Message {
        id: header("Message-ID").filter(|id| !id.is_empty()),
        order: header(X_ORDER).and_then(|order| order.parse().ok()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_found_however_they_are_written() {
        let found = read(b"message-id:\r\n <1@shop>\r\nx-order: 7\r\n\r\nX-Order: 8\r\n");
        let wanted = Message {
            id: Some("<1@shop>".into()),
            order: Some(7),
        };
        assert_eq!(found, wanted);
        let bare = read(b"Subject: x\r\nX-Order: seven\r\n\r\n");
        assert_eq!((bare.id, bare.order), (None, None));
    }
}
