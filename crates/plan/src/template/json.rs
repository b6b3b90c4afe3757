//! What JSON calls a number, `true`, `false` or `null`.

/// Whether a text is a literal of JSON other than a string
/// (<https://www.rfc-editor.org/rfc/rfc8259#section-6>): `0644`, `.5`, `True` and `~` are not.
pub(crate) fn is_json(text: &str) -> bool {
    matches!(text, "true" | "false" | "null") || is_number(text)
}

fn is_number(text: &str) -> bool {
    let text = text.strip_prefix('-').unwrap_or(text);
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (text, None),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (mantissa, None),
    };
    is_digits(whole)
        && (whole == "0" || !whole.starts_with('0'))
        && fraction.is_none_or(is_digits)
        && exponent.is_none_or(|text| is_digits(text.strip_prefix(['+', '-']).unwrap_or(text)))
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}
