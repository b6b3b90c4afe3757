//! Times on the command line.

use std::time::Duration;

/// The longest that is taken.
const LONGEST: Duration = Duration::from_secs(3_600);

/// Reads `500ms`, `2s` or `1m`.
///
/// # Errors
/// It is none of these, nothing, or longer than an hour.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let number = digits.parse::<u64>().ok();
    let milliseconds = match &text[digits.len()..] {
        "ms" => number,
        "s" => number.and_then(|n| n.checked_mul(1_000)),
        "m" => number.and_then(|n| n.checked_mul(60_000)),
        _ => None,
    };
    let duration = milliseconds.map(Duration::from_millis);
    duration
        .filter(|duration| !duration.is_zero() && *duration <= LONGEST)
        .ok_or_else(|| "write a time up to an hour, such as `500ms`, `2s` or `1m`".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_or_refused() {
        assert_eq!(duration("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(duration("2s"), Ok(Duration::from_secs(2)));
        assert_eq!(duration("60m"), Ok(LONGEST));
        for wrong in ["", "2", "s", "0s", "61m", "1h", "-1s", "99999999999999999999s"] {
            assert!(duration(wrong).is_err(), "{wrong}");
        }
    }
}
