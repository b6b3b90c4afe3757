//! What a plain scalar reads as.

use model::ScalarKind;

/// The kind of a plain scalar by the YAML 1.2 core schema
/// (<https://yaml.org/spec/1.2.2/#103-core-schema>), with the octal `0644` of YAML 1.1 read as an
/// integer too.
#[must_use]
pub fn kind_of(text: &str) -> ScalarKind {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => ScalarKind::Null,
        "true" | "True" | "TRUE" | "false" | "False" | "FALSE" => ScalarKind::Boolean,
        _ if is_integer(text) => ScalarKind::Integer,
        _ if is_float(text) => ScalarKind::Float,
        _ => ScalarKind::String,
    }
}

fn unsigned(text: &str) -> &str {
    text.strip_prefix(['+', '-']).unwrap_or(text)
}

fn all(text: &str, digit: impl Fn(char) -> bool) -> bool {
    !text.is_empty() && text.chars().all(digit)
}

fn is_integer(text: &str) -> bool {
    if let Some(digits) = text.strip_prefix("0x") {
        return all(digits, |c| c.is_ascii_hexdigit());
    }
    if let Some(digits) = text.strip_prefix("0o") {
        return all(digits, |c| ('0'..='7').contains(&c));
    }
    all(unsigned(text), |c| c.is_ascii_digit())
}

fn is_float(text: &str) -> bool {
    let number = unsigned(text);
    if matches!(number, ".inf" | ".Inf" | ".INF") || matches!(text, ".nan" | ".NaN" | ".NAN") {
        return true;
    }
    let (mantissa, exponent) = match number.find(['e', 'E']) {
        Some(at) => (&number[..at], Some(&number[at + 1..])),
        None => (number, None),
    };
    if exponent.is_some_and(|digits| !all(unsigned(digits), |c| c.is_ascii_digit())) {
        return false;
    }
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = |text: &str| text.chars().all(|c| c.is_ascii_digit());
    digits(whole) && digits(fraction) && !(whole.is_empty() && fraction.is_empty())
}

/// Whether every reader takes this plain scalar for a string: YAML 1.2, YAML 1.1
/// (<https://yaml.org/type/>) and the libraries behind kubectl, kustomize and Helm.
///
/// `yes`, `0o17`, `1_000`, `12:30:45`, `2024-01-01`, `0b1`, `=` and `<<` are read as something
/// else by one of them.
#[must_use]
pub fn reads_as_string(text: &str) -> bool {
    kind_of(text) == ScalarKind::String
        && !is_word_of_1_1(text)
        && !is_number_of_1_1(text)
        && !is_timestamp(text)
}

fn is_word_of_1_1(text: &str) -> bool {
    let word = |known: &str| text.eq_ignore_ascii_case(known);
    let booleans = ["y", "n", "yes", "no", "on", "off", "true", "false", "null"];
    let numbers = [".inf", "+.inf", "-.inf", ".nan"];
    // Indicators and marks, which are no scalars where they stand alone.
    let signs = ["=", "<<", "-", "?", ":", "---", "..."];
    booleans.iter().chain(&numbers).chain(&signs).any(|known| word(known))
}

/// Numbers with `_`, with a prefix for their base in either case, or in base 60.
fn is_number_of_1_1(text: &str) -> bool {
    if !text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '.')) {
        return false;
    }
    let plain = text.replace('_', "");
    let number = unsigned(&plain);
    let base = match number.as_bytes() {
        [b'0', b'x' | b'X', ..] => 16,
        [b'0', b'o' | b'O', ..] => 8,
        [b'0', b'b' | b'B', ..] => 2,
        _ => return is_integer(number) || is_float(number) || is_sexagesimal(number),
    };
    all(&number[2..], |c| c.is_digit(base))
}

fn is_sexagesimal(number: &str) -> bool {
    let mut parts = number.split(':');
    let first = parts.next().is_some_and(|digits| all(digits, |c| c.is_ascii_digit()));
    let below_60 = |part: &str| {
        let (digits, fraction) = part.split_once('.').unwrap_or((part, ""));
        all(digits, |c| c.is_ascii_digit())
            && digits.parse::<u8>().is_ok_and(|digits| digits < 60)
            && fraction.chars().all(|c| c.is_ascii_digit())
    };
    first && number.contains(':') && parts.all(below_60)
}

/// `2024-01-01`, alone or before a time.
fn is_timestamp(text: &str) -> bool {
    let date = text.split(['T', 't', ' ', '\t']).next().unwrap_or(text);
    let mut parts = date.split('-');
    let mut next = |lengths: std::ops::RangeInclusive<usize>| {
        parts.next().is_some_and(|digits| {
            lengths.contains(&digits.len()) && all(digits, |c| c.is_ascii_digit())
        })
    };
    next(4..=4) && next(1..=2) && next(1..=2) && parts.next().is_none()
}
