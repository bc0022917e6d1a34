//! Colours that people with any colour vision tell apart (after Okabe and Ito), each with one
//! meaning, so that a style sheet can replace it by its value. Lines differ by dash as well.

use plotters::style::RGBColor;

use crate::measure::outcome::ErrorKind;

/// A meaning that has a colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Colour {
    /// Axis labels.
    Ink,
    /// Lines of the grid.
    Grid,
    /// A fault's window and its start.
    Fault,
    /// The instant from which the SLO held again.
    Recovered,
    /// A limit: SLO or gate.
    Limit,
    /// Requests per second, successes in lanes.
    Served,
    /// What the schedule called for.
    Offered,
    /// What was started of it.
    Started,
    /// Iterations in progress.
    Users,
    /// Median and the band above it.
    Median,
    /// 99 % and the band below it.
    Tail,
    /// The slowest.
    Slowest,
    /// Steady phases.
    Steady,
    /// Fault windows as a curve.
    Disturbed,
    /// Recovery phases.
    Recovery,
    /// Failures, where kinds are not told apart.
    Failed,
    /// Failures that are connections.
    Connection,
    /// Failures that are broken connections.
    Reset,
    /// Failures that are timeouts.
    Timeout,
    /// Failures that are statuses.
    Status,
    /// Failures of the content.
    Content,
    /// Any other failure.
    Other,
    /// A database server that takes writes.
    Primary,
    /// One that replicates.
    Standby,
    /// One that is being copied.
    Rebuilding,
    /// Nothing there.
    Down,
    /// What the target measured of itself.
    Observed,
    /// Between which values the runs of a baseline lie.
    Baseline,
    /// What is left of the error budget.
    Budget,
    /// Few requests in a cell of the heatmap; the next five stand for more and more.
    Heat1,
    /// More than a few.
    Heat2,
    /// Some.
    Heat3,
    /// Many.
    Heat4,
    /// Very many.
    Heat5,
    /// Nearly as many as in the fullest cell.
    Heat6,
}

impl Colour {
    /// Every one.
    pub const ALL: [Self; 35] = [
        Self::Ink,
        Self::Grid,
        Self::Fault,
        Self::Recovered,
        Self::Limit,
        Self::Served,
        Self::Offered,
        Self::Started,
        Self::Users,
        Self::Median,
        Self::Tail,
        Self::Slowest,
        Self::Steady,
        Self::Disturbed,
        Self::Recovery,
        Self::Failed,
        Self::Connection,
        Self::Reset,
        Self::Timeout,
        Self::Status,
        Self::Content,
        Self::Other,
        Self::Primary,
        Self::Standby,
        Self::Rebuilding,
        Self::Down,
        Self::Observed,
        Self::Baseline,
        Self::Budget,
        Self::Heat1,
        Self::Heat2,
        Self::Heat3,
        Self::Heat4,
        Self::Heat5,
        Self::Heat6,
    ];

    /// Shades of the heatmap, from few requests to many: one hue, so that only lightness tells.
    pub const HEAT: [Self; 6] = [
        Self::Heat1,
        Self::Heat2,
        Self::Heat3,
        Self::Heat4,
        Self::Heat5,
        Self::Heat6,
    ];

    /// For light paper: red, green, blue. No two are equal.
    #[must_use]
    pub fn light(self) -> u32 {
        match self {
            Self::Ink => 0x4A_505A,
            Self::Grid => 0xE4_E6EA,
            Self::Fault => 0xE6_9F00,
            Self::Recovered => 0x00_9E73,
            Self::Limit => 0xB0_2A37,
            Self::Served => 0x3B_82B6,
            Self::Offered => 0x6B_7280,
            Self::Started => 0x00_6D9E,
            Self::Users => 0x8A_63A8,
            Self::Median => 0x00_72B2,
            Self::Tail => 0x00_5A8E,
            Self::Slowest => 0x7A_8FA6,
            Self::Steady => 0x00_72B3,
            Self::Disturbed => 0xD5_5E01,
            Self::Recovery => 0x00_8E68,
            Self::Failed => 0xD5_5E00,
            Self::Connection => 0x7B_3294,
            Self::Reset => 0xCC_79A7,
            Self::Timeout => 0xE0_A100,
            Self::Status => 0xC8_4C12,
            Self::Content => 0x56_B4E9,
            Self::Other => 0x80_8691,
            Self::Primary => 0x00_62A0,
            Self::Standby => 0x8C_C5E3,
            Self::Rebuilding => 0xC9_B458,
            Self::Down => 0xB9_BDC5,
            Self::Observed => 0x4F_6D3A,
            Self::Baseline => 0x8A_7A9E,
            Self::Budget => 0x0B_7F5F,
            Self::Heat1 => 0xC2_DAEA,
            Self::Heat2 => 0x97_C1DD,
            Self::Heat3 => 0x66_A3CA,
            Self::Heat4 => 0x3B_80B0,
            Self::Heat5 => 0x1D_5B88,
            Self::Heat6 => 0x0B_3657,
        }
    }

    /// For dark paper; none where the light one serves.
    #[must_use]
    pub fn dark(self) -> u32 {
        match self {
            Self::Ink => 0xB4_BBC6,
            Self::Grid => 0x2B_313B,
            Self::Recovered => 0x35_C795,
            Self::Limit => 0xFF_7B86,
            Self::Served => 0x5A_A9DE,
            Self::Offered => 0xA3_ABB8,
            Self::Started => 0x6F_C3EE,
            Self::Users => 0xB9_94D6,
            Self::Median => 0x4B_AEE6,
            Self::Tail => 0x7F_C8F0,
            Self::Slowest => 0x7C_8DA1,
            Self::Steady => 0x4B_AEE7,
            Self::Disturbed | Self::Failed => 0xFF_8A45,
            Self::Recovery => 0x35_C796,
            Self::Connection => 0xC2_8BE0,
            Self::Reset => 0xE6_9AC4,
            Self::Status => 0xF2_7A45,
            Self::Primary => 0x3F_9ADB,
            Self::Standby => 0x2F_5F7C,
            Self::Rebuilding => 0x8E_7F3A,
            Self::Down => 0x4A_515D,
            Self::Observed => 0x9C_C47F,
            Self::Baseline => 0xA8_98BF,
            Self::Budget => 0x3F_CF9F,
            // More is further from the paper, which is lighter here.
            Self::Heat1 => 0x20_3D50,
            Self::Heat2 => 0x26_5877,
            Self::Heat3 => 0x2F_769E,
            Self::Heat4 => 0x45_99C5,
            Self::Heat5 => 0x80_C4E6,
            Self::Heat6 => 0xD4_EFFC,
            same => same.light(),
        }
    }

    /// `#RRGGBB` for light paper, as plotters writes it.
    #[must_use]
    pub fn hex(self) -> String {
        format!("#{:06X}", self.light())
    }

    /// Dashes of its lines, drawing units; none: solid.
    #[must_use]
    pub fn dash(self) -> Option<&'static str> {
        match self {
            Self::Offered => Some("14 8"),
            Self::Limit => Some("18 8 4 8"),
            Self::Slowest => Some("4 7"),
            Self::Disturbed => Some("20 8"),
            Self::Recovery => Some("5 7"),
            Self::Recovered => Some("6 6"),
            _ => None,
        }
    }

    pub(super) fn rgb(self) -> RGBColor {
        let [_, red, green, blue] = self.light().to_be_bytes();
        RGBColor(red, green, blue)
    }
}

/// The colour of a kind of failure.
#[must_use]
pub fn error_colour(kind: ErrorKind) -> Colour {
    match kind {
        ErrorKind::Dns | ErrorKind::Connect | ErrorKind::ConnectTimeout | ErrorKind::Tls => {
            Colour::Connection
        }
        ErrorKind::Reset => Colour::Reset,
        ErrorKind::Timeout => Colour::Timeout,
        ErrorKind::Status => Colour::Status,
        ErrorKind::Expectation | ErrorKind::Capture => Colour::Content,
        ErrorKind::Protocol | ErrorKind::Template | ErrorKind::Internal => Colour::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_meaning_has_its_own_colour() {
        let mut seen: Vec<u32> = Colour::ALL.map(Colour::light).into();
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen.len(), Colour::ALL.len());
    }
}
