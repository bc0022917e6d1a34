//! Sending confirmations by SMTP, or only writing them down.

use std::time::Duration;

use lettre::message::Mailbox;
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};
use sha2::{Digest, Sha256};

use super::email::Email;
use crate::mail::X_ORDER;
use crate::service::ServeError;

/// Whom confirmations are from.
const FROM: &str = "The shop <orders@shop.example>";
const DOMAIN: &str = "shop.example";

/// The way to a mail server. No TLS: it is for a server on the same network.
#[derive(Debug, Clone)]
pub(super) struct Mailer(AsyncSmtpTransport<Tokio1Executor>);

impl Mailer {
    /// A way to `server`, `host:port`, on which each step may take `patience`.
    pub(super) fn new(server: &str, patience: Duration) -> Result<Self, ServeError> {
        let wrong = || ServeError::Config(format!("smtp: {server:?} is not host:port"));
        let (host, port) = server.rsplit_once(':').ok_or_else(wrong)?;
        let port = port.parse().map_err(|_| wrong())?;
        let transport = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(host)
            .port(port)
            .timeout(Some(patience))
            .build();
        Ok(Self(transport))
    }

    /// Sends an e-mail and waits until the server has taken it.
    pub(super) async fn send(&self, email: &Email, id: &MessageId) -> Result<(), String> {
        let message = message(email, id)?;
        match self.0.send(message).await {
            Ok(_) => Ok(()),
            Err(error) => Err(format!("the mail server: {}", with_causes(&error))),
        }
    }
}

/// What an e-mail is known by, to whoever gets it twice.
///
/// Made from the job alone: a runner that takes the job after another died in the middle sends under
/// the same id. The order's key is in it because numbers come again: an order that a crash of an
/// asynchronous database lost gives its number to another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct MessageId {
    pub(super) text: String,
    pub(super) order: i64,
}

impl MessageId {
    pub(super) fn of(job: i64, order: i64, key: &str) -> Self {
        let digest = Sha256::digest(key.as_bytes());
        let digest: String = digest[..8]
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        Self {
            text: format!("<job-{job}.order-{order}.{digest}@{DOMAIN}>"),
            order,
        }
    }
}

fn message(email: &Email, id: &MessageId) -> Result<Message, String> {
    let mailbox = |address: &str| {
        let parsed = address.parse::<Mailbox>();
        parsed.map_err(|error| format!("{address:?} is no address for mail: {error}"))
    };
    let order = HeaderName::new_from_ascii_str(X_ORDER);
    Message::builder()
        .from(mailbox(FROM)?)
        .to(mailbox(&email.recipient)?)
        .subject(&email.subject)
        .message_id(Some(id.text.clone()))
        .raw_header(HeaderValue::new(order, id.order.to_string()))
        .header(ContentType::TEXT_PLAIN)
        .body(email.body.clone())
        .map_err(|error| format!("the e-mail cannot be written: {error}"))
}

fn with_causes(error: &dyn std::error::Error) -> String {
    match error.source() {
        Some(source) => format!("{error}: {}", with_causes(source)),
        None => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_has_one_id_and_another_order_under_its_number_has_another() {
        let id = MessageId::of(7, 3, "key-1");
        assert_eq!(id, MessageId::of(7, 3, "key-1"));
        assert!(id.text.starts_with("<job-7.order-3."), "{}", id.text);
        assert_ne!(id, MessageId::of(7, 3, "key-2"));
        assert_ne!(id, MessageId::of(8, 3, "key-1"));
    }

    #[test]
    fn the_message_names_its_order_and_carries_any_letter() {
        let email = Email {
            recipient: "a@example.test".into(),
            subject: "Your order 3".into(),
            body: "Total: €1.00\n".into(),
        };
        let id = MessageId::of(7, 3, "key");
        let text = String::from_utf8(message(&email, &id).unwrap().formatted()).unwrap();
        assert!(text.contains("X-Order: 3\r\n"), "{text}");
        assert!(
            text.contains(&format!("Message-ID: {}\r\n", id.text)),
            "{text}"
        );
        let nobody = Email {
            recipient: "nobody".into(),
            ..email
        };
        assert!(message(&nobody, &id).unwrap_err().contains("nobody"));
    }
}
