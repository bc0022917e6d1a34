//! Trace context: an id for every request, by which its log lines are found.
//! <https://www.w3.org/TR/trace-context/#traceparent-header>

/// A request's place in a trace. Drawn apart from the scenario's seed: two runs of one scenario
/// must not look like one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Trace {
    id: u128,
    span: u64,
}

impl Trace {
    /// A trace of its own.
    pub(crate) fn draw(random: &mut fastrand::Rng) -> Self {
        // All zeros are no id.
        Self {
            id: random.u128(1..),
            span: random.u64(1..),
        }
    }

    /// Its id as logs show it: 32 hexadecimal digits.
    pub(crate) fn id(self) -> String {
        format!("{:032x}", self.id)
    }

    /// Appends the header's line. The sampled flag is set: whoever keeps traces keeps this one.
    pub(crate) fn write_header(self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"traceparent: 00-");
        push_hexadecimal(&self.id.to_be_bytes(), out);
        out.push(b'-');
        push_hexadecimal(&self.span.to_be_bytes(), out);
        out.extend_from_slice(b"-01\r\n");
    }
}

fn push_hexadecimal(bytes: &[u8], out: &mut Vec<u8>) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    for byte in bytes {
        out.push(DIGITS[usize::from(byte >> 4)]);
        out.push(DIGITS[usize::from(byte & 15)]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_is_that_of_the_standard() {
        let trace = Trace {
            id: 0x4bf9_2f35_77b3_4da6_a3ce_929d_0e0e_4736,
            span: 0x00f0_67aa_0ba9_02b7,
        };
        let mut line = Vec::new();
        trace.write_header(&mut line);
        let wanted = "traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\r\n";
        assert_eq!(String::from_utf8(line).unwrap(), wanted);
        assert_eq!(trace.id(), "4bf92f3577b34da6a3ce929d0e0e4736");
    }
}
