//! What a person sees: the table, and what to do about a miss.

use super::result::{ATTEMPTS, Machine, PartResult};
use super::row::Row;
use crate::cli::style::Style;
use crate::measure::units;

const HEADERS: [&str; 4] = ["", "injected", "reported", "tolerance"];
const WIDTHS: [usize; 4] = [28, 10, 10, 13];

/// The table's head.
pub(super) fn head(style: Style) -> String {
    let headers = HEADERS.map(str::to_owned);
    format!("{}\n", style.dim(line(&headers).trim_end()))
}

/// One part of the table.
pub(super) fn part(result: &PartResult, style: Style) -> String {
    let mut text = format!(
        "\n{}  {}\n",
        style.strong(result.part.name().to_uppercase()),
        style.dim(result.part.words())
    );
    for row in &result.rows {
        let verdict = if row.holds() {
            style.good("ok")
        } else {
            style.bad("MISS")
        };
        text += &format!("{}  {verdict}\n", line(&row.cells()));
    }
    if result.attempts > 1 {
        text += &format!(
            "  {}\n",
            style.warn(format!(
                "attempt {} of {ATTEMPTS}: times were off before",
                result.attempts
            ))
        );
    }
    text
}

fn line(cells: &[String; 4]) -> String {
    let mut text = String::from("  ");
    for (column, (cell, width)) in cells.iter().zip(WIDTHS).enumerate() {
        let pad = " ".repeat(width.saturating_sub(cell.chars().count()));
        text += &match column {
            0 => format!("{cell}{pad}"),
            _ => format!("  {pad}{cell}"),
        };
    }
    text
}

/// The last words: whether all rows hold and, if not, what to do.
pub(super) fn verdict(results: &[PartResult], style: Style) -> String {
    let rows: usize = results.iter().map(|result| result.rows.len()).sum();
    let missed: Vec<(&PartResult, &Row)> = results
        .iter()
        .flat_map(|result| result.misses().map(move |row| (result, row)))
        .collect();
    if missed.is_empty() {
        return format!(
            "\n{} all {rows} rows hold: on this machine the tool reports what happened\n",
            style.good("✓ OK")
        );
    }
    let names: Vec<String> = missed
        .iter()
        .map(|(result, row)| format!("{}/{}", result.part.name(), row.what))
        .collect();
    let mut text = format!(
        "\n{} {} of {rows} rows: {}\n",
        style.bad("✗ MISS"),
        missed.len(),
        names.join(", ")
    );
    if missed.iter().any(|(_, row)| !row.is_timing()) {
        text += "  A count is wrong. Counts do not depend on how busy the machine is: this is a defect of\n  \
                 loadtest. Do not trust it until it is mended; please report the output of\n  \
                 `loadtest selftest --json`.\n";
    }
    let late = missed.iter().find(|(_, row)| row.is_timing());
    if let Some((result, _)) = late {
        text += &advice(&result.machine);
    }
    text
}

/// What to do when times are off.
fn advice(machine: &Machine) -> String {
    let figures = figures(machine);
    if machine.is_busy() {
        format!(
            "  Times are off, and the machine was busy:\n  {figures}.\n  Close what else runs here, or use \
             another machine, and run `loadtest selftest` again;\n  until then do not trust times \
             that were measured on it.\n"
        )
    } else {
        format!(
            "  Times are off in {ATTEMPTS} attempts, although the machine was calm:\n  {figures}.\n  \
             This may be a defect of loadtest: please report the output of `loadtest selftest --json`.\n"
        )
    }
}

/// The figures that show how busy the machine was.
fn figures(machine: &Machine) -> String {
    let lag = machine.start_lag_p99_us.map(|lag| {
        format!(
            "99 % of arrivals started within {} of their time",
            units::micros(lag)
        )
    });
    let load = machine
        .load_average
        .map(|load| format!("load average {load:.1} on {} cores", machine.cores));
    let own = machine
        .cpu_share_max
        .map(|share| format!("loadtest itself used {} of them", units::percent(share)));
    let all: Vec<String> = lag.into_iter().chain(load).chain(own).collect();
    all.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::selftest::parts::Part;
    use crate::cli::selftest::row::Tolerance;

    fn missed() -> PartResult {
        PartResult {
            part: Part::Stall,
            rows: vec![
                Row::count("arrivals dropped", 0, 0),
                Row::duration(
                    "response time max",
                    1_000_000,
                    Some(1_140_000),
                    Tolerance::either_way_ms(20),
                ),
            ],
            attempts: 3,
            machine: Machine {
                start_lag_p99_us: Some(41_000),
                cpu_share_max: Some(0.31),
                load_average: Some(6.2),
                cores: 2,
                strained: false,
            },
        }
    }

    #[test]
    fn a_miss_is_named_with_the_figure_that_explains_it() {
        let text = part(&missed(), Style::PLAIN) + &verdict(&[missed()], Style::PLAIN);
        insta::assert_snapshot!(text, @r#"
STALL  600 arrivals, 4 users, nobody answered for 1 s
  arrivals dropped                       0           0          exact  ok
  response time max                 1.00 s      1.14 s         ±20 ms  MISS
  attempt 3 of 3: times were off before

✗ MISS 1 of 2 rows: stall/response time max
  Times are off, and the machine was busy:
  99 % of arrivals started within 41.0 ms of their time, load average 6.2 on 2 cores, loadtest itself used 31.0 % of them.
  Close what else runs here, or use another machine, and run `loadtest selftest` again;
  until then do not trust times that were measured on it.
"#);
    }

    #[test]
    fn a_wrong_count_is_never_blamed_on_the_machine() {
        let result = PartResult {
            rows: vec![Row::count("lost", 11, 10)],
            ..missed()
        };
        insta::assert_snapshot!(verdict(&[result], Style::PLAIN), @r#"
✗ MISS 1 of 1 rows: stall/lost
  A count is wrong. Counts do not depend on how busy the machine is: this is a defect of
  loadtest. Do not trust it until it is mended; please report the output of
  `loadtest selftest --json`.
"#);
    }
}
