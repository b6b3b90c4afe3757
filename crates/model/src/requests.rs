//! What pods ask of a cluster: sums of their requests, as exact amounts.
//!
//! In: quantities as Kubernetes writes them. Out: the same, added and multiplied without rounding.
//! A text that is no quantity is nothing, and never a guess.

use std::fmt;
use std::ops::AddAssign;

/// Amounts are kept in billionths, the finest that Kubernetes knows.
const ONE: u128 = 1_000_000_000;

/// The largest number in front of the suffixes that Kubernetes keeps as it is.
const LARGEST: u128 = (i64::MAX as u128) * ONE;

/// An amount of something, exact to a billionth. Sums that are too large stay at the largest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Amount(u128);

impl Amount {
    /// Reads a quantity such as `500m`, `2`, `1.5Gi` or `1e3`. Nothing where the text is no
    /// quantity, is negative, or larger than what Kubernetes keeps exactly.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.strip_prefix('+').unwrap_or(text);
        let is_number = |c: char| c.is_ascii_digit() || c == '.';
        let (number, suffix) = text.split_at(text.find(|c| !is_number(c)).unwrap_or(text.len()));
        let (whole, part) = number.split_once('.').unwrap_or((number, ""));
        let digits = format!("{whole}{part}");
        if digits.is_empty() || digits.len() > 28 || part.contains('.') {
            return None;
        }
        let (factor, exponent) = scale(suffix)?;
        let amount = digits.parse::<u128>().ok()?.checked_mul(factor)?;
        let exponent = exponent.checked_add(9)?.checked_sub(i32::try_from(part.len()).ok()?)?;
        let amount = match exponent {
            0.. => amount.checked_mul(10_u128.checked_pow(exponent.unsigned_abs())?)?,
            // What is finer than a billionth is rounded up, as Kubernetes does.
            _ => amount.div_ceil(10_u128.checked_pow(exponent.unsigned_abs())?),
        };
        (amount <= LARGEST).then_some(Self(amount))
    }

    /// The amount so many times.
    #[must_use]
    pub fn times(self, n: u64) -> Self {
        Self(self.0.saturating_mul(u128::from(n)))
    }

    /// The amount as a decimal quantity: `1500m`.
    #[must_use]
    pub fn decimal(self) -> String {
        let units = [(ONE, ""), (ONE / 1_000, "m"), (ONE / 1_000_000, "u")];
        self.in_units(&units).unwrap_or_else(|| format!("{}n", self.0))
    }

    /// The amount as a binary quantity: `1536Mi`. What is no whole number of `Ki` is decimal.
    #[must_use]
    pub fn binary(self) -> String {
        let suffixes = ["Pi", "Ti", "Gi", "Mi", "Ki"];
        let power = |index: usize| ONE << (10 * (suffixes.len() - index));
        let units = suffixes.iter().enumerate().map(|(index, suffix)| (power(index), *suffix));
        let units: Vec<(u128, &str)> = units.collect();
        self.in_units(&units).unwrap_or_else(|| self.decimal())
    }

    /// The amount as a whole number of the first of some units that gives one.
    fn in_units(self, units: &[(u128, &str)]) -> Option<String> {
        if self.0 == 0 {
            return Some("0".to_owned());
        }
        let (unit, suffix) = units.iter().find(|(unit, _)| self.0.is_multiple_of(*unit))?;
        Some(format!("{}{suffix}", self.0 / unit))
    }
}

/// What a suffix multiplies by: a factor, and a power of ten.
fn scale(suffix: &str) -> Option<(u128, i32)> {
    let decimal = ["n", "u", "m", "", "k", "M", "G", "T", "P", "E"];
    if let Some(at) = decimal.iter().position(|one| *one == suffix) {
        return Some((1, 3 * (i32::try_from(at).ok()? - 3)));
    }
    let binary = ["Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];
    if let Some(at) = binary.iter().position(|one| *one == suffix) {
        return Some((1 << (10 * (at + 1)), 0));
    }
    let exponent = suffix.strip_prefix(['e', 'E'])?;
    Some((1, exponent.parse().ok()?))
}

/// Sums of requests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Requests {
    /// Processors.
    pub cpu: Amount,
    /// Bytes of memory.
    pub memory: Amount,
    /// Bytes of persistent storage.
    pub storage: Amount,
}

impl Requests {
    /// The sums so many times.
    #[must_use]
    pub fn times(self, n: u64) -> Self {
        let Self { cpu, memory, storage } = self;
        Self { cpu: cpu.times(n), memory: memory.times(n), storage: storage.times(n) }
    }
}

impl AddAssign for Amount {
    fn add_assign(&mut self, other: Self) {
        self.0 = self.0.saturating_add(other.0);
    }
}

impl AddAssign for Requests {
    fn add_assign(&mut self, other: Self) {
        self.cpu += other.cpu;
        self.memory += other.memory;
        self.storage += other.storage;
    }
}

/// How sums of requests change.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestSums {
    /// The sums before.
    pub before: Requests,
    /// The sums after.
    pub after: Requests,
}

impl RequestSums {
    /// Whether nothing changes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.before == self.after
    }

    /// The sums so many times.
    #[must_use]
    pub fn times(self, n: u64) -> Self {
        Self { before: self.before.times(n), after: self.after.times(n) }
    }

    /// What changes, as quantities: the resource, before, after.
    #[must_use]
    pub fn changes(&self) -> Vec<(&'static str, String, String)> {
        let Self { before, after } = self;
        let cpu = ("cpu", before.cpu.decimal(), after.cpu.decimal());
        let memory = ("memory", before.memory.binary(), after.memory.binary());
        let storage = ("storage", before.storage.binary(), after.storage.binary());
        let changes = [cpu, memory, storage].into_iter();
        changes.filter(|(_, before, after)| before != after).collect()
    }
}

impl AddAssign for RequestSums {
    fn add_assign(&mut self, other: Self) {
        self.before += other.before;
        self.after += other.after;
    }
}

/// What changes, as in `cpu 500m -> 1, memory 1Gi -> 2Gi`.
impl fmt::Display for RequestSums {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let changes = self.changes();
        let texts =
            changes.iter().map(|(what, before, after)| format!("{what} {before} -> {after}"));
        f.write_str(&texts.collect::<Vec<_>>().join(", "))
    }
}

/// How the requests of the objects in one file change.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestChange {
    /// The sums of the objects whose requests could be read.
    pub sums: RequestSums,
    /// Whether a DaemonSet is among those that change: one pod of it counts for each cluster.
    pub daemons: bool,
    /// What could not be read, in words. Its object counts on neither side.
    pub unread: Vec<String>,
}

impl RequestChange {
    /// Whether there is nothing to tell.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.sums.is_empty() && self.unread.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_are_read_exactly_and_anything_else_is_none() {
        let read = |text: &str| Amount::parse(text).map(Amount::decimal);
        let is =
            |text: &str, amount: &str| assert_eq!(read(text).as_deref(), Some(amount), "{text}");
        for (text, amount) in [("500m", "500m"), ("0.5", "500m"), (".5", "500m"), ("2.", "2")] {
            is(text, amount);
        }
        for (text, amount) in [("1e3", "1000"), ("1E3", "1000"), ("1E", "1000000000000000000")] {
            is(text, amount);
        }
        for (text, amount) in [("5e-1", "500m"), ("0.1n", "1n"), ("+1k", "1000"), ("3u", "3u")] {
            is(text, amount);
        }
        is("1.5Ki", "1536");
        let wrong = ["", "m", "1e", "1 Gi", "-1", "1K", "1mi", "1.2.3", "lots", "0x10", "1_000"];
        wrong.iter().for_each(|text| assert_eq!(read(text), None, "{text}"));
        for text in ["10E", "99999999999999999999", "1e99", "1e-99999999999", "1e2147483647"] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn amounts_are_written_in_the_largest_unit_that_is_whole() {
        let binary = |text: &str| Amount::parse(text).map(Amount::binary).unwrap_or_default();
        let written = ["1024Mi", "1.5Gi", "1e3", "0", "1025", "100m"].map(binary);
        assert_eq!(written, ["1Gi", "1536Mi", "1000", "0", "1025", "100m"]);
        let sums = RequestSums {
            before: Requests { cpu: Amount(0), ..Requests::default() },
            after: Requests { cpu: Amount(ONE / 4).times(6), ..Requests::default() },
        };
        assert_eq!(sums.to_string(), "cpu 0 -> 1500m");
    }
}
