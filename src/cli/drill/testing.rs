//! Boards for tests.

use std::time::Duration;

use super::board::Board;
use crate::chaos::record::{ChaosEvent, ChaosEventKind};
use crate::chaos::testing::{every_kind, fault, run, scenario, seen};
use crate::cli::run::{Command, Live, Marks, Second, Sight};
use crate::measure::clock::Micros;
use crate::provider::local::double::Double;
use crate::scenario::{FaultId, FaultStart, RunbookStep};

const S: Micros = 1_000_000;

/// Two faults, a runbook, nothing happened yet.
pub(super) fn board() -> Board {
    let kinds = every_kind();
    let mut faults = vec![
        fault("lose a pod", kinds[0].clone()),
        fault("database fails over", kinds[2].clone()),
    ];
    faults[0].hypothesis = Some("Nobody notices: two pods carry the load.".into());
    faults[1].start = FaultStart::At(Duration::from_secs(30));
    faults[1].hypothesis = Some("Nobody can buy for at most 5 s, and no order is lost.".into());
    let mut scenario = scenario(faults);
    scenario.name = "game-day".into();
    let step = |step: &str, fault, owner: Option<&str>| RunbookStep {
        step: step.into(),
        fault,
        owner: owner.map(Into::into),
    };
    scenario.runbook = vec![
        step(
            "Say in the channel that the drill begins",
            None,
            Some("driver"),
        ),
        step("Kill a pod", Some(0), Some("driver")),
        step(
            "Fail the database over; who notices first?",
            Some(1),
            Some("driver"),
        ),
        step(
            "Read the dashboards, not this screen",
            None,
            Some("observer"),
        ),
        step("Say that it is over", None, None),
    ];
    let now = run(seen(&Double::new()));
    let mut board = Board::new(&scenario, "the bundled shop", &[now]);
    board.told(Sight::Began {
        at: S,
        until: 181 * S,
    });
    board
}

fn happened(board: &mut Board, fault: Option<FaultId>, at_us: Micros, what: ChaosEventKind) {
    board.told(Sight::Chaos(ChaosEvent { at_us, fault, what }));
}

/// The provider took this fault.
pub(super) fn accepted(board: &mut Board, fault: FaultId, at: Micros) {
    happened(board, Some(fault), at, ChaosEventKind::Accepted);
}

fn provider(board: &mut Board, at: Micros, kind: &str, subject: &str, detail: &str) {
    let what = ChaosEventKind::Provider {
        kind: kind.into(),
        subject: subject.into(),
        detail: detail.into(),
    };
    happened(board, None, at, what);
}

/// In the middle of the second fault.
pub(super) fn drilled() -> Board {
    let mut board = board();
    for second in 0..42u64 {
        let hurt = (38..41).contains(&second);
        board.told(Sight::Second(Second {
            requests: 40 + second % 7 * 3,
            failed: if hurt { 12 } else { 0 },
            p99_us: 20_000 + second % 5 * 4_000 + if hurt { 300_000 } else { 0 },
        }));
    }
    let done = |board: &mut Board, step, at| {
        let command = Command::StepDone { step };
        board.told(Sight::Written { at, command });
    };
    done(&mut board, 0, 5 * S);
    board.told(Sight::Written {
        at: 9 * S,
        command: Command::Inject { fault: 0 },
    });
    accepted(&mut board, 0, 10 * S);
    provider(&mut board, 10 * S + 9_000, "pod-exited", "shop-2", "killed");
    provider(&mut board, 12 * S, "pod-ready", "shop-4", "zone b");
    happened(&mut board, Some(0), 13 * S, ChaosEventKind::Restored);
    done(&mut board, 1, 14 * S);
    board.told(Sight::Said {
        warning: true,
        text: "[database fails over] held back: the target has not met the SLO for 3 s yet".into(),
    });
    board.told(Sight::Written {
        at: 38 * S,
        command: Command::Inject { fault: 1 },
    });
    accepted(&mut board, 1, 39 * S);
    provider(&mut board, 39 * S, "database-fenced", "db-1", "");
    provider(&mut board, 41 * S, "database-promoted", "db-2", "");
    board.told(Sight::Written {
        at: 41 * S,
        command: Command::Noticed { fault: 1 },
    });
    let note = Command::Note {
        text: "the on-call phone rang".into(),
    };
    board.told(Sight::Written {
        at: 42 * S,
        command: note,
    });
    board.told(Sight::Now(Live {
        at: 42 * S,
        rate: 48.3,
        users: 12,
        p50_us: 9_000,
        p99_us: 324_000,
        requests: 2_000,
        failed: 36,
        errors: 0.21,
        fault: None,
    }));
    board.told(Sight::Marks(vec![
        Marks {
            fault: 0,
            t: [
                Some(10 * S),
                None,
                Some(10 * S + 9_000),
                None,
                None,
                Some(10 * S),
            ],
        },
        Marks {
            fault: 1,
            t: [
                Some(39 * S),
                Some(39 * S + 20_000),
                Some(39 * S + 500_000),
                Some(41 * S),
                None,
                None,
            ],
        },
    ]));
    board
}

/// More of everything than fits anywhere.
pub(super) fn long_board() -> Board {
    let mut board = drilled();
    for n in 0..300 {
        board.remark(format!("line {n} {}", "x".repeat(300)));
        provider(
            &mut board,
            50 * S,
            "pod-started",
            &format!("pod-with-a-long-name-{n}"),
            "",
        );
        let mut row = board.faults[n % 2].clone();
        row.name = format!("fault {n} {}", "y".repeat(200));
        board.faults.push(row);
        let mut step = board.steps[n % 5].clone();
        step.text = "z".repeat(300);
        board.steps.push(step);
    }
    board
}
