//! What kubectl and kustomize make of a plain scalar, where readers of YAML do not agree.
//!
//! In: the text of a plain scalar. Out: a [`Reading`], or nothing where all readers agree. The
//! rules are those of kubectl 1.37 (sigs.k8s.io/yaml over goyaml.v2) and kustomize 5.8
//! (goyaml.v3), tried with the programs; the other readers are YAML 1.1
//! (<https://yaml.org/type/>) and the core schema of YAML 1.2.

use model::ScalarKind;
use schema::yaml::{kind_of, reads_as_string};

/// What readers make of a plain scalar on which they do not agree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reading {
    /// Who reads what, as the end of a sentence that begins with the text.
    pub(crate) readers: String,
    /// What was most likely meant.
    pub(crate) taken: Taken,
}

/// What a scalar is to most readers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Taken {
    /// The text as it is written.
    Text,
    /// A number, in decimal.
    Number(String),
}

/// The reading of a plain scalar that is a value.
pub(crate) fn reading_of(text: &str) -> Option<Reading> {
    let text_here = |readers: String| Some(Reading { readers, taken: Taken::Text });
    if let Some(boolean) = word(text) {
        return text_here(format!("is `{boolean}` to kubectl, and a text to kustomize"));
    }
    if let Some(time) = time_of_kustomize(text) {
        return text_here(format!("is a text to kubectl, and becomes `{time}` in kustomize"));
    }
    if is_no_json(text) {
        return text_here("is a number that kubectl and kustomize refuse".to_owned());
    }
    let Some(number) = number(text) else {
        let is_number_elsewhere = is_sexagesimal(text) || kind_of(text) == ScalarKind::Float;
        let readers = "is a text to kubectl and kustomize, and a number to other readers";
        return is_number_elsewhere.then(|| text_here(readers.to_owned())).flatten();
    };
    if is_number_to_all(text) {
        return None;
    }
    let others = match text.trim_start_matches(['+', '-']).as_bytes() {
        [b'0', rest @ ..] if rest.iter().all(|byte| matches!(byte, b'0'..=b'7')) => {
            "another one to readers of YAML 1.2"
        }
        _ => "a text to other readers",
    };
    let readers = format!("is the number {number} to kubectl and kustomize, and {others}");
    Some(Reading { readers, taken: Taken::Number(number) })
}

/// The reading of a plain scalar that is a key. Keys of objects are texts: kubectl makes one of
/// what it read, kustomize refuses all else.
pub(crate) fn reading_of_key(text: &str) -> Option<Reading> {
    let boolean = matches!(kind_of(text), ScalarKind::Boolean);
    let made = number(text).or_else(|| boolean.then(|| text.to_ascii_lowercase()));
    match (made, word(text)) {
        (Some(made), _) => Some(Reading {
            readers: format!("is the key `\"{made}\"` to kubectl, and refused by kustomize"),
            taken: Taken::Number(made),
        }),
        (None, Some(boolean)) => Some(Reading {
            readers: format!(
                "is the key `\"{boolean}\"` to kubectl, and `\"{text}\"` to kustomize"
            ),
            taken: Taken::Text,
        }),
        (None, None) if time_of_kustomize(text).is_some() || is_no_json(text) => Some(Reading {
            readers: "is a text to kubectl, and refused by kustomize".to_owned(),
            taken: Taken::Text,
        }),
        (None, None) => None,
    }
}

/// The boolean that YAML 1.1 makes of a word (<https://yaml.org/type/bool.html>).
fn word(text: &str) -> Option<bool> {
    match text {
        "y" | "Y" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" => Some(true),
        "n" | "N" | "no" | "No" | "NO" | "off" | "Off" | "OFF" => Some(false),
        _ => None,
    }
}

/// Infinity and what is no number have no place in JSON.
fn is_no_json(text: &str) -> bool {
    kind_of(text) == ScalarKind::Float
        && text.trim_start_matches(['+', '-']).starts_with(".")
        && !text.contains(|c: char| c.is_ascii_digit())
}

/// The number that kubectl and kustomize read, in decimal; nothing where they read something
/// else, or where it has more digits than they keep.
fn number(text: &str) -> Option<String> {
    if !text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '.')) {
        return None;
    }
    let digits = if text.starts_with('.') { text.to_owned() } else { text.replace('_', "") };
    let (sign, rest) = match digits.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", digits.strip_prefix('+').unwrap_or(&digits)),
    };
    let based = match rest.as_bytes() {
        [b'0', b'x' | b'X', ..] => parsed(&rest[2..], 16),
        [b'0', b'o' | b'O', ..] => parsed(&rest[2..], 8),
        [b'0', b'b' | b'B', ..] => parsed(&rest[2..], 2),
        [b'0', _, ..] => parsed(&rest[1..], 8).or_else(|| decimal(rest)),
        _ => decimal(rest),
    };
    based.map(|number| if number == "0" { number } else { format!("{sign}{number}") })
}

fn parsed(digits: &str, radix: u32) -> Option<String> {
    let plain = digits.chars().all(|c| c.is_digit(radix));
    u64::from_str_radix(digits, radix).ok().filter(|_| plain).map(|number| number.to_string())
}

fn decimal(text: &str) -> Option<String> {
    if text.chars().all(|c| c.is_ascii_digit()) {
        return parsed(text, 10);
    }
    let is_float = kind_of(text) == ScalarKind::Float;
    let number = text.parse::<f64>().ok().filter(|number| is_float && number.is_finite())?;
    Some(number.to_string())
}

/// Whether YAML 1.1 and 1.2 read the number that kubectl and kustomize read.
fn is_number_to_all(text: &str) -> bool {
    if let Some(digits) = text.strip_prefix("0x") {
        return digits.chars().all(|c| c.is_ascii_hexdigit());
    }
    let rest = text.strip_prefix(['+', '-']).unwrap_or(text);
    let has_more_digits = |zero: &str| rest.starts_with(zero) && rest.len() > 1;
    if has_more_digits("0") && !rest.starts_with("0.") {
        return false;
    }
    // YAML 1.1 wants a point and a sign where there is an exponent.
    let exponent = rest.split_once(['e', 'E']);
    let known = exponent.is_none_or(|(mantissa, exponent)| {
        mantissa.contains('.') && exponent.starts_with(['+', '-'])
    });
    known && !rest.contains('_')
}

/// `12:30:45` is a number in base 60 to YAML 1.1.
fn is_sexagesimal(text: &str) -> bool {
    text.contains(':') && !reads_as_string(text) && !text.contains('-')
}

/// The time that kustomize makes of a date, where that is another text.
fn time_of_kustomize(text: &str) -> Option<String> {
    let (date, time) = match text.find(['T', 't', ' ']) {
        Some(at) => (&text[..at], Some(&text[at + 1..])),
        None => (text, None),
    };
    let mut parts = date.split('-').map(|part| part.parse::<u32>().ok());
    let (year, month, day) = (parts.next()??, parts.next()??, parts.next()??);
    if date.len() > 10 || !text.starts_with(|c: char| c.is_ascii_digit()) || parts.next().is_some()
    {
        return None;
    }
    if date.find('-') != Some(4) || reads_as_string(text) || day == 0 || day > days(year, month) {
        return None;
    }
    let day = format!("{year:04}-{month:02}-{day:02}");
    let made = match time {
        None => format!("{day}T00:00:00Z"),
        Some(time) => format!("{day}T{}Z", time.trim_end_matches('Z')),
    };
    (made != text).then_some(made)
}

fn days(year: u32, month: u32) -> u32 {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        2 => 28 + u32::from(leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => 0,
    }
}
