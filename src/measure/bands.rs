//! Latency in bands of equal ratio: ten to a factor of ten, with edges that people read (Renard's
//! R10 series, which holds 1, 2 and 5). Pure.

/// Leading digits of the edges within one factor of ten, in hundredths.
const R10: [u64; 10] = [100, 125, 160, 200, 250, 315, 400, 500, 630, 800];

/// Decades from 10 µs up to 1,000 s.
const DECADES: u32 = 8;

/// Lower edge of the first band: what is faster belongs to it as well.
const FIRST_US: u64 = 10;

/// The edge below a band, microseconds.
#[must_use]
pub fn edge_us(band: usize) -> u64 {
    let decade = u32::try_from(band / R10.len()).unwrap_or(DECADES);
    R10[band % R10.len()] * FIRST_US * 10_u64.pow(decade.min(DECADES)) / 100
}

/// The band of a time: above its lower edge, up to and with its upper one.
#[must_use]
pub fn band_of(us: u64) -> usize {
    let last = R10.len() * DECADES as usize - 1;
    (0..last)
        .find(|band| us <= edge_us(band + 1))
        .unwrap_or(last)
}

/// Whether an edge starts with 1, 2 or 5: those that are worth a label.
#[must_use]
pub fn is_round(edge_us: u64) -> bool {
    let mut digits = edge_us;
    while digits > 0 && digits.is_multiple_of(10) {
        digits /= 10;
    }
    matches!(digits, 1 | 2 | 5)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_time_lies_above_its_lower_edge_and_at_most_at_its_upper() {
        for us in (11..200_000).step_by(7).chain([1_000_000, 599_999_999]) {
            let band = band_of(us);
            assert!(edge_us(band) < us && us <= edge_us(band + 1), "{us}");
        }
        assert_eq!((band_of(0), band_of(10), band_of(12)), (0, 0, 0));
        assert_eq!(band_of(u64::MAX), 79);
    }

    #[test]
    fn edges_are_those_that_people_read() {
        let edges: Vec<u64> = (20..31).map(edge_us).collect();
        let expected = [
            1_000, 1_250, 1_600, 2_000, 2_500, 3_150, 4_000, 5_000, 6_300, 8_000, 10_000,
        ];
        assert_eq!(edges, expected);
        let round: Vec<u64> = edges.into_iter().filter(|edge| is_round(*edge)).collect();
        assert_eq!(round, [1_000, 2_000, 5_000, 10_000]);
    }
}
