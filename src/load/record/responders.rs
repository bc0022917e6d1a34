//! Who answered: requests of the current second by zone and pod.

use std::sync::Arc;

use crate::measure::interval::Responder;

/// More pods than this in one run are counted as unknown.
const MOST: usize = 256;

/// Counts by responder. One worker's alone.
#[derive(Debug)]
pub(crate) struct Responders {
    /// Every responder seen so far. The first stands for requests without an answer that tells.
    known: Vec<Responder>,
    /// The one found last: with few pods and kept connections often the next one too.
    last: usize,
}

impl Default for Responders {
    fn default() -> Self {
        Self {
            known: vec![Responder {
                zone: None,
                pod: None,
                ok: 0,
                failed: 0,
            }],
            last: 0,
        }
    }
}

impl Responders {
    /// Counts a request that this zone and pod answered.
    pub(crate) fn count(&mut self, zone: Option<&[u8]>, pod: Option<&[u8]>, failed: bool) {
        let is = |known: &Responder| is(known.zone.as_ref(), zone) && is(known.pod.as_ref(), pod);
        if !is(&self.known[self.last]) {
            self.last = match self.known.iter().position(is) {
                Some(found) => found,
                None => self.learn(zone, pod),
            };
        }
        let responder = &mut self.known[self.last];
        responder.failed += u64::from(failed);
        responder.ok += u64::from(!failed);
    }

    /// Takes the counts of the second that is over.
    pub(crate) fn take(&mut self) -> Vec<Responder> {
        let mut taken = Vec::new();
        for known in &mut self.known {
            if known.ok + known.failed > 0 {
                taken.push(known.clone());
                (known.ok, known.failed) = (0, 0);
            }
        }
        taken
    }

    fn learn(&mut self, zone: Option<&[u8]>, pod: Option<&[u8]>) -> usize {
        let text = |name: Option<&[u8]>| match name.map(std::str::from_utf8) {
            None => Some(None),
            Some(Ok(name)) if !name.is_empty() => Some(Some(Arc::from(name))),
            Some(_) => None,
        };
        match (text(zone), text(pod)) {
            (Some(zone), Some(pod)) if self.known.len() < MOST => {
                self.known.push(Responder {
                    zone,
                    pod,
                    ok: 0,
                    failed: 0,
                });
                self.known.len() - 1
            }
            _ => 0,
        }
    }
}

fn is(known: Option<&Arc<str>>, name: Option<&[u8]>) -> bool {
    known.map(|known| known.as_bytes()) == name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_request_is_counted_for_the_pod_that_answered_it() {
        let mut responders = Responders::default();
        responders.count(Some(b"a"), Some(b"shop-1"), false);
        responders.count(Some(b"a"), Some(b"shop-1"), true);
        responders.count(Some(b"b"), Some(b"shop-2"), false);
        responders.count(None, None, true);
        responders.count(Some(b"\xff"), None, true);
        let told: Vec<_> = responders
            .take()
            .into_iter()
            .map(|of| (of.zone, of.pod, of.ok, of.failed))
            .collect();
        let name = |name: &str| Some(Arc::from(name));
        assert_eq!(
            told,
            [
                (None, None, 0, 2),
                (name("a"), name("shop-1"), 1, 1),
                (name("b"), name("shop-2"), 1, 0)
            ]
        );
        assert!(responders.take().is_empty());
    }
}
