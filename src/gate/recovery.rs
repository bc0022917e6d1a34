//! Limits on what a fault did.

use super::result::{Comparison, GateResult, GateVerdict, Unit};
use crate::measure::units;
use crate::scenario::{CompareOp, Gate, RecoveryCheck};

/// What is known about a fault. Absent is unknown, never zero.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct FaultOutcome {
    /// Whether it was injected.
    pub injected: bool,
    /// Why not, in words.
    pub not_injected: Option<String>,
    /// From acceptance until the SLO held again, microseconds. Absent: never, in this run.
    pub rto_us: Option<f64>,
    /// How long the run watched it, microseconds.
    pub watched_us: Option<f64>,
    /// Longest stretch without any success, microseconds.
    pub unavailable_us: Option<f64>,
    /// Requests that failed in its window.
    pub failed_requests: Option<u64>,
    /// The run's acknowledged writes: how many, how many of those are gone, how many could not be
    /// read back. Absent without ledger steps.
    pub writes: Option<Writes>,
    /// Whether it was undone completely, and how or why not.
    pub undone: Option<(bool, String)>,
    /// Why it took its effect back by itself. Absent: it did not.
    pub rolled_back: Option<String>,
}

/// Acknowledged writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Writes {
    /// How many.
    pub acknowledged: u64,
    /// Of those, gone.
    pub lost: u64,
    /// Of those, could not be read back.
    pub unverified: u64,
}

/// Judges one limit. A fault that was never injected proves nothing, so its gates fail.
#[must_use]
pub(super) fn judge(
    gate: &Gate,
    fault: &str,
    check: &RecoveryCheck,
    outcome: Option<&FaultOutcome>,
) -> GateResult {
    let unknown = FaultOutcome::default();
    let outcome = outcome.unwrap_or(&unknown);
    let (op, limit, unit) = limit_of(check);
    let (measured, caveat) = if outcome.injected {
        measure(check, outcome)
    } else {
        let why = outcome
            .not_injected
            .as_deref()
            .unwrap_or("the run ended before");
        (
            None,
            Some(Caveat::Fails(format!(
                "the fault was never injected: {why}"
            ))),
        )
    };
    let comparison = measured.map(|measured| Comparison {
        measured,
        op,
        limit,
        unit,
    });
    let holds = comparison.is_some_and(|comparison| comparison.holds());
    let (verdict, explanation) = match (caveat, comparison) {
        (Some(Caveat::Fails(why)), _) => (GateVerdict::Fail, why),
        // What cannot be told matters only where the rest holds.
        (Some(Caveat::Undecided(why)), _) if holds => (GateVerdict::Inconclusive, why),
        (_, None) => (GateVerdict::Fail, "nothing was measured".into()),
        (_, Some(comparison)) => {
            let verdict = if holds {
                GateVerdict::Pass
            } else {
                GateVerdict::Fail
            };
            (verdict, explain(check, outcome, &comparison))
        }
    };
    GateResult {
        measured,
        margin: comparison.and_then(|comparison| comparison.margin()),
        verdict,
        explanation,
        ..GateResult::unmeasured(gate, format!("fault: {fault}"), (op, limit, unit))
    }
}

enum Caveat {
    Fails(String),
    Undecided(String),
}

fn limit_of(check: &RecoveryCheck) -> (CompareOp, f64, Unit) {
    let us = |duration: &std::time::Duration| duration.as_secs_f64() * 1e6;
    match check {
        RecoveryCheck::RecoveredWithin(limit) | RecoveryCheck::Unavailable(limit) => {
            (CompareOp::AtMost, us(limit), Unit::Us)
        }
        RecoveryCheck::LostWrites(limit) | RecoveryCheck::FailedRequests(limit) => {
            (CompareOp::AtMost, *limit as f64, Unit::Count)
        }
        RecoveryCheck::Undone => (CompareOp::Equal, 1.0, Unit::YesNo),
        RecoveryCheck::RolledBack(wanted) => {
            (CompareOp::Equal, f64::from(u8::from(*wanted)), Unit::YesNo)
        }
    }
}

fn measure(check: &RecoveryCheck, outcome: &FaultOutcome) -> (Option<f64>, Option<Caveat>) {
    match check {
        RecoveryCheck::RecoveredWithin(_) => {
            let watched = outcome.watched_us.map_or(String::new(), |us| {
                format!(" {} later", units::duration(us))
            });
            let never = format!("it had not recovered when the run ended{watched}");
            (
                outcome.rto_us,
                outcome.rto_us.is_none().then_some(Caveat::Fails(never)),
            )
        }
        RecoveryCheck::Unavailable(_) => (outcome.unavailable_us, None),
        RecoveryCheck::FailedRequests(_) => {
            (outcome.failed_requests.map(|count| count as f64), None)
        }
        RecoveryCheck::LostWrites(_) => measure_writes(outcome.writes),
        RecoveryCheck::RolledBack(wanted) => {
            let did = outcome.rolled_back.is_some();
            let amiss = (did != *wanted).then(|| match &outcome.rolled_back {
                Some(why) => format!("it was rolled back: {why}"),
                None => "nothing made it roll back".to_owned(),
            });
            let measured = f64::from(u8::from(did));
            (Some(measured), amiss.map(Caveat::Fails))
        }
        RecoveryCheck::Undone => match &outcome.undone {
            Some((true, _)) => (Some(1.0), None),
            Some((false, why)) => (Some(0.0), Some(Caveat::Fails(format!("not undone: {why}")))),
            None => (
                None,
                Some(Caveat::Fails("nobody knows whether it was undone".into())),
            ),
        },
    }
}

fn measure_writes(writes: Option<Writes>) -> (Option<f64>, Option<Caveat>) {
    match writes {
        None => (
            None,
            Some(Caveat::Fails(
                "nothing was measured: no step has a `ledger`".into(),
            )),
        ),
        Some(Writes {
            acknowledged: 0, ..
        }) => {
            let why = "nothing was proven: the target acknowledged no write";
            (None, Some(Caveat::Fails(why.into())))
        }
        Some(Writes {
            lost,
            unverified: 0,
            ..
        }) => (Some(lost as f64), None),
        Some(Writes {
            acknowledged,
            lost,
            unverified,
        }) => {
            let why = format!(
                "{} of {} acknowledged writes could not be read back, so nobody knows",
                units::count(unverified),
                units::count(acknowledged)
            );
            (Some(lost as f64), Some(Caveat::Undecided(why)))
        }
    }
}

fn explain(check: &RecoveryCheck, outcome: &FaultOutcome, comparison: &Comparison) -> String {
    if let (RecoveryCheck::RolledBack(_), why) = (check, &outcome.rolled_back) {
        let not = || "it was not rolled back".to_owned();
        return why.clone().unwrap_or_else(not);
    }
    match (check, outcome.writes, &outcome.undone) {
        (RecoveryCheck::LostWrites(_), Some(writes), _) => format!(
            "{} of {} acknowledged writes lost",
            units::count(writes.lost),
            units::count(writes.acknowledged)
        ),
        (RecoveryCheck::Undone, _, Some((true, how))) => how.clone(),
        _ => comparison.words(),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::GateVerdict::{Fail, Inconclusive, Pass};
    use super::*;
    use crate::scenario::GateSubject;

    /// Asserts what a check of this outcome comes to, and in which words.
    fn expect(check: &RecoveryCheck, outcome: &FaultOutcome, verdict: GateVerdict, words: &str) {
        let gate = Gate {
            id: "fault:x/check".into(),
            subject: GateSubject::Recovery {
                fault: 0,
                check: check.clone(),
            },
            text: "check".into(),
            line: 1,
        };
        let result = judge(&gate, "x", check, Some(outcome));
        assert_eq!(
            (result.verdict, result.explanation.as_str()),
            (verdict, words),
            "{check:?} {outcome:?}"
        );
    }

    fn injected() -> FaultOutcome {
        FaultOutcome {
            injected: true,
            ..FaultOutcome::default()
        }
    }

    #[test]
    fn recovery_is_timed_and_its_absence_is_a_failure() {
        let within = RecoveryCheck::RecoveredWithin(Duration::from_secs(15));
        let rto = |seconds: f64| FaultOutcome {
            rto_us: Some(seconds * 1e6),
            ..injected()
        };
        expect(&within, &rto(4.2), Pass, "10.8 s (72 %) below the limit");
        expect(&within, &rto(15.0), Pass, "exactly the limit");
        expect(&within, &rto(18.0), Fail, "missed by 3.00 s (20 %)");
        let never = FaultOutcome {
            watched_us: Some(43e6),
            ..injected()
        };
        expect(
            &within,
            &never,
            Fail,
            "it had not recovered when the run ended 43.0 s later",
        );
    }

    #[test]
    fn a_fault_that_was_never_injected_proves_nothing() {
        let skipped = FaultOutcome {
            not_injected: Some("zone b has no pods".into()),
            ..FaultOutcome::default()
        };
        let why = "the fault was never injected: zone b has no pods";
        for check in [
            RecoveryCheck::RecoveredWithin(Duration::from_secs(15)),
            RecoveryCheck::LostWrites(0),
            RecoveryCheck::Undone,
        ] {
            expect(&check, &skipped, Fail, why);
        }
        expect(
            &RecoveryCheck::Undone,
            &FaultOutcome::default(),
            Fail,
            "the fault was never injected: the run ended before",
        );
    }

    #[test]
    fn no_write_may_be_lost_and_some_must_have_been_made() {
        let none_lost = RecoveryCheck::LostWrites(0);
        let writes = |acknowledged, lost, unverified| FaultOutcome {
            writes: Some(Writes {
                acknowledged,
                lost,
                unverified,
            }),
            ..injected()
        };
        expect(
            &none_lost,
            &writes(812, 0, 0),
            Pass,
            "0 of 812 acknowledged writes lost",
        );
        expect(
            &none_lost,
            &writes(812, 3, 0),
            Fail,
            "3 of 812 acknowledged writes lost",
        );
        expect(
            &none_lost,
            &writes(812, 3, 9),
            Fail,
            "3 of 812 acknowledged writes lost",
        );
        let unread = "9 of 812 acknowledged writes could not be read back, so nobody knows";
        expect(&none_lost, &writes(812, 0, 9), Inconclusive, unread);
        expect(
            &none_lost,
            &writes(0, 0, 0),
            Fail,
            "nothing was proven: the target acknowledged no write",
        );
        expect(
            &none_lost,
            &injected(),
            Fail,
            "nothing was measured: no step has a `ledger`",
        );
    }

    #[test]
    fn what_stays_broken_fails() {
        let undone = |done, how: &str| FaultOutcome {
            undone: Some((done, how.into())),
            ..injected()
        };
        expect(
            &RecoveryCheck::Undone,
            &undone(true, "zone b is back"),
            Pass,
            "zone b is back",
        );
        expect(
            &RecoveryCheck::Undone,
            &undone(false, "no answer"),
            Fail,
            "not undone: no answer",
        );
        expect(
            &RecoveryCheck::Undone,
            &injected(),
            Fail,
            "nobody knows whether it was undone",
        );
    }

    #[test]
    fn unknown_is_not_zero() {
        expect(
            &RecoveryCheck::FailedRequests(5),
            &injected(),
            Fail,
            "nothing was measured",
        );
        expect(
            &RecoveryCheck::Unavailable(Duration::from_secs(1)),
            &injected(),
            Fail,
            "nothing was measured",
        );
        let some = FaultOutcome {
            failed_requests: Some(0),
            unavailable_us: Some(0.0),
            ..injected()
        };
        expect(
            &RecoveryCheck::FailedRequests(5),
            &some,
            Pass,
            "5 (100 %) below the limit",
        );
        expect(
            &RecoveryCheck::Unavailable(Duration::from_secs(1)),
            &some,
            Pass,
            "1.00 s (100 %) below the limit",
        );
    }
}
