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
/// (<https://yaml.org/type/>) and the libraries behind kubectl and kustomize.
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
    matches!(
        text.to_ascii_lowercase().as_str(),
        "y" | "n"
            | "yes"
            | "no"
            | "on"
            | "off"
            | "true"
            | "false"
            | "null"
            | "="
            | "<<"
            | ".inf"
            | "+.inf"
            | "-.inf"
            | ".nan"
    )
}

/// Numbers with `_`, binary, octal with `0`, sexagesimal with `:`, and everything that starts
/// like a number of those and goes on in their alphabet: being too careful costs a pair of
/// quotes.
fn is_number_of_1_1(text: &str) -> bool {
    let number = unsigned(text);
    let starts = number.starts_with(|c: char| c.is_ascii_digit() || c == '.');
    let has_digit = number.chars().any(|c| c.is_ascii_digit());
    if number.starts_with("0x") || number.starts_with("0X") {
        return number[2..].chars().all(|c| c.is_ascii_hexdigit() || c == '_');
    }
    let alphabet = |c: char| {
        c.is_ascii_digit()
            || matches!(c, '_' | ':' | '.' | 'e' | 'E' | '+' | '-' | 'b' | 'B' | 'o' | 'O')
    };
    let dotted_quad = number.matches('.').count() > 1 && !number.contains([':', '_', 'e', 'E']);
    starts && has_digit && !dotted_quad && !number.contains("-") && number.chars().all(alphabet)
}

fn is_timestamp(text: &str) -> bool {
    let bytes = text.as_bytes();
    let digits = |range: std::ops::Range<usize>| {
        bytes.get(range).is_some_and(|part| part.iter().all(u8::is_ascii_digit))
    };
    digits(0..4)
        && bytes.get(4) == Some(&b'-')
        && bytes.iter().take(10).filter(|b| **b == b'-').count() == 2
}
