//! SMTP from the server's side (RFC 5321), as far as a sink needs it. Pure: lines in, replies out.

/// Longer messages are refused.
pub(super) const LARGEST: usize = 1 << 20;

/// What to do after a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    /// Say this.
    Say(&'static str),
    /// Read on: the message goes on.
    Listen,
    /// A message is whole; whoever takes it says so.
    Take(Vec<u8>),
    /// Say this and hang up.
    Part(&'static str),
}

/// What is said first.
pub(super) const GREETING: &str = "220 mail-sink ESMTP";
/// A message was taken: from here on it is the sink's.
pub(super) const TAKEN: &str = "250 2.0.0 taken";

const OK: &str = "250 2.0.0 ok";
const HELLO: &str = "250-mail-sink\r\n250-8BITMIME\r\n250 SMTPUTF8";

/// How far a conversation is.
#[derive(Debug, Default)]
pub(super) struct Dialogue {
    greeted: bool,
    from: bool,
    to: bool,
    /// The message so far, while it is sent.
    data: Option<Data>,
}

#[derive(Debug, Default)]
struct Data {
    bytes: Vec<u8>,
    too_large: bool,
}

impl Dialogue {
    /// Hears a line, without its end.
    pub(super) fn hear(&mut self, line: &[u8]) -> Step {
        if let Some(data) = &mut self.data {
            if line != b"." {
                data.add(line);
                return Step::Listen;
            }
            let data = self.data.take().unwrap_or_default();
            (self.from, self.to) = (false, false);
            return match data.too_large {
                true => Step::Say("552 5.3.4 the message is too large"),
                false => Step::Take(data.bytes),
            };
        }
        let text = String::from_utf8_lossy(line).to_ascii_uppercase();
        let verb = text.split([' ', ':']).next().unwrap_or_default();
        match verb {
            "EHLO" | "HELO" => {
                *self = Self {
                    greeted: true,
                    ..Self::default()
                };
                Step::Say(if verb == "EHLO" { HELLO } else { OK })
            }
            "NOOP" => Step::Say(OK),
            "RSET" => {
                (self.from, self.to) = (false, false);
                Step::Say(OK)
            }
            "QUIT" => Step::Part("221 2.0.0 goodbye"),
            "MAIL" if self.greeted && !self.from && text.starts_with("MAIL FROM:") => {
                self.from = true;
                Step::Say(OK)
            }
            "RCPT" if self.from && text.starts_with("RCPT TO:") => {
                self.to = true;
                Step::Say(OK)
            }
            "DATA" if self.to => {
                self.data = Some(Data::default());
                Step::Say("354 go on, and end with a line of one dot")
            }
            "MAIL" | "RCPT" | "DATA" => Step::Say("503 5.5.1 not now"),
            _ => Step::Say("500 5.5.1 that is not known here"),
        }
    }
}

impl Data {
    fn add(&mut self, line: &[u8]) {
        // A dot at the beginning of a line was doubled by the sender.
        let line = line.strip_prefix(b".").unwrap_or(line);
        self.too_large |= self.bytes.len() + line.len() + 2 > LARGEST;
        if !self.too_large {
            self.bytes.extend_from_slice(line);
            self.bytes.extend_from_slice(b"\r\n");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn say(dialogue: &mut Dialogue, line: &str) -> String {
        match dialogue.hear(line.as_bytes()) {
            Step::Say(reply) | Step::Part(reply) => reply.split(' ').next().unwrap().into(),
            Step::Listen => "listening".into(),
            Step::Take(message) => String::from_utf8(message).unwrap(),
        }
    }

    #[test]
    fn a_message_is_taken_without_the_dots_of_its_way() {
        let mut dialogue = Dialogue::default();
        let heard = [
            "EHLO shop",
            "MAIL FROM:<a@b>",
            "RCPT TO:<c@d>",
            "DATA",
            "Subject: x",
            "..",
            ".",
            "mail from:<a@b>",
            "QUIT",
        ]
        .map(|line| say(&mut dialogue, line));
        assert_eq!(
            heard,
            [
                "250-mail-sink\r\n250-8BITMIME\r\n250",
                "250",
                "250",
                "354",
                "listening",
                "listening",
                "Subject: x\r\n.\r\n",
                "250",
                "221"
            ]
        );
    }

    #[test]
    fn everything_has_its_time() {
        let mut dialogue = Dialogue::default();
        assert_eq!(say(&mut dialogue, "MAIL FROM:<a@b>"), "503");
        assert_eq!(say(&mut dialogue, "HELO shop"), "250");
        assert_eq!(say(&mut dialogue, "DATA"), "503");
        assert_eq!(say(&mut dialogue, "MAIL FROM:<a@b>"), "250");
        assert_eq!(say(&mut dialogue, "RSET"), "250");
        assert_eq!(say(&mut dialogue, "RCPT TO:<c@d>"), "503");
        assert_eq!(say(&mut dialogue, "VRFY c"), "500");
    }

    #[test]
    fn a_message_that_is_too_large_is_refused_whole() {
        let mut dialogue = Dialogue::default();
        for line in ["EHLO x", "MAIL FROM:<a@b>", "RCPT TO:<c@d>", "DATA"] {
            say(&mut dialogue, line);
        }
        let line = "x".repeat(1_000);
        for _ in 0..=LARGEST / 1_000 {
            say(&mut dialogue, &line);
        }
        assert_eq!(say(&mut dialogue, "."), "552");
    }
}
