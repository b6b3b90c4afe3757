//! Texts with a small syntax of their own.

use std::sync::LazyLock;
use std::time::Duration;

use jiff::tz::TimeZoneDatabase;

use super::{Fault, Syntax, quoted};
use crate::codes::INVALID_VALUE;
use crate::document::Subject;
use crate::nearest;

fn words_of(text: &str, words: &[&'static str], what: &str) -> Result<(), Fault> {
    if words.contains(&text) {
        return Ok(());
    }
    let fault = Fault::new(&INVALID_VALUE, format!("{} is no {what}", quoted(text)));
    Err(match nearest::hint(text, words.iter().copied()) {
        Some(hint) => fault.hint(hint),
        None => fault,
    })
}

fn refuse(text: &str, what: &str, hint: &str) -> Result<(), Fault> {
    Err(Fault::new(&INVALID_VALUE, format!("{} is no {what}", quoted(text))).hint(hint))
}

/// An expression of the language of clusters. What it says is checked with the whole fleet.
pub static EXPRESSION: Syntax = Syntax {
    name: "an expression",
    pattern: "\\S",
    words: &[],
    check: |text| match text.trim().is_empty() {
        true => Err(Fault::new(&INVALID_VALUE, "an expression must not be empty")
            .hint("write `none` to select no cluster, `all` to select every one")),
        false => Ok(()),
    },
};

/// The name of a time zone of the IANA database.
pub static TIME_ZONE: Syntax = Syntax {
    name: "an IANA time zone",
    pattern: "^[A-Za-z0-9_+/-]+$",
    words: &[],
    check: time_zone,
};

/// The bundled database, so that the answer does not depend on the machine.
static TIME_ZONES: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);

fn time_zone(text: &str) -> Result<(), Fault> {
    let Ok(zone) = TIME_ZONES.get(text) else {
        let names: Vec<String> = TIME_ZONES.available().map(|name| name.to_string()).collect();
        let fault = Fault::new(&INVALID_VALUE, format!("{} is no known time zone", quoted(text)));
        return Err(match nearest::nearest(text, names.iter().map(String::as_str)) {
            Some(near) => fault.hint(format!("did you mean `{near}`?")),
            None => fault.hint("write an IANA name, as in `America/Chicago`"),
        });
    };
    match zone.iana_name() {
        Some(name) if name != text => Err(Fault::new(
            &INVALID_VALUE,
            format!("{} is not how the time zone is written", quoted(text)),
        )
        .hint(format!("write `{name}`"))),
        _ => Ok(()),
    }
}

/// A Kubernetes quantity.
pub static QUANTITY: Syntax = Syntax {
    name: "a quantity",
    pattern: "^([0-9]+(\\.[0-9]*)?|\\.[0-9]+)(n|u|m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei|[eE][+-]?[0-9]+)?$",
    words: &[],
    check: |text| match is_quantity(text) {
        true => Ok(()),
        false => {
            refuse(text, "quantity", "write a number with a unit, as in `500m`, `2` or `512Mi`")
        }
    },
};

/// The syntax of <https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/>,
/// without a sign: no capacity is negative.
fn is_quantity(text: &str) -> bool {
    let number = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(number);
    let is_number = number.chars().any(|c| c.is_ascii_digit()) && number.matches('.').count() <= 1;
    let is_exponent = unit.strip_prefix(['e', 'E']).is_some_and(|exponent| {
        let digits = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
        (1..=2).contains(&digits.len()) && digits.chars().all(|c| c.is_ascii_digit())
    });
    let units =
        ["", "n", "u", "m", "k", "M", "G", "T", "P", "E", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];
    text.len() <= 64 && is_number && (is_exponent || units.contains(&unit))
}

/// A version by SemVer 2.0.
pub static VERSION: Syntax = Syntax {
    name: "a semantic version",
    pattern: "^[0-9]+\\.[0-9]+\\.[0-9]+([-+].*)?$",
    words: &[],
    check: |text| match semver::Version::parse(text) {
        Ok(_) => Ok(()),
        Err(_) => refuse(text, "semantic version", "write three numbers, as in `1.2.0`"),
    },
};

/// A public key in OpenSSH form.
pub static SSH_KEY: Syntax = Syntax {
    name: "a public key in OpenSSH form",
    pattern: "^(ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp(256|384|521)) [A-Za-z0-9+/]+=* ?.*$",
    words: &[],
    check: |text| match is_public_key(text) {
        true => Ok(()),
        false => Err(Fault::new(&INVALID_VALUE, "this is no public key in OpenSSH form")
            .hint("write a line as in an agent's `.pub` file: `ssh-ed25519 AAAA...`")),
    },
};

/// The shape of RFC 4253, section 6.6: the algorithm, then base64 of a blob that starts with
/// the length and the name of that algorithm.
fn is_public_key(text: &str) -> bool {
    let algorithms = [
        "ssh-ed25519",
        "ssh-rsa",
        "ecdsa-sha2-nistp256",
        "ecdsa-sha2-nistp384",
        "ecdsa-sha2-nistp521",
    ];
    let mut parts = text.split(' ');
    let (Some(algorithm), Some(blob)) = (parts.next(), parts.next()) else { return false };
    let head: Vec<u8> =
        (algorithm.len() as u32).to_be_bytes().into_iter().chain(algorithm.bytes()).collect();
    let Some(bytes) = decode_base64(blob) else { return false };
    let long_enough = match algorithm {
        "ssh-ed25519" => bytes.len() == 51,
        _ => bytes.len() >= head.len() + 64,
    };
    algorithms.contains(&algorithm)
        && bytes.starts_with(&head)
        && long_enough
        && !text.chars().any(char::is_control)
        && text.len() <= 8192
}

fn decode_base64(text: &str) -> Option<Vec<u8>> {
    let digits = text.trim_end_matches('=');
    if !text.len().is_multiple_of(4) || text.len() - digits.len() > 2 {
        return None;
    }
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    let (mut bits, mut n_bits) = (0_u32, 0);
    for digit in digits.bytes() {
        let value = match digit {
            b'A'..=b'Z' => digit - b'A',
            b'a'..=b'z' => digit - b'a' + 26,
            b'0'..=b'9' => digit - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        bits = (bits << 6 | u32::from(value)) & 0xffff;
        n_bits += 6;
        if n_bits >= 8 {
            n_bits -= 8;
            bytes.push((bits >> n_bits & 0xff) as u8);
        }
    }
    Some(bytes)
}

/// The identity of a fleet.
pub static UID: Syntax = Syntax {
    name: "32 hexadecimal digits",
    pattern: "^[0-9a-f]{32}$",
    words: &[],
    check: |text| match text.parse::<model::FleetUid>() {
        Ok(uid) if uid.to_string() == text => Ok(()),
        _ => refuse(
            text,
            "identity of a fleet",
            "leave `uid` as `res-edge init` wrote it: 32 lower-case hexadecimal digits",
        ),
    },
};

/// The only compatible version.
pub static COMPATIBILITY: Syntax = Syntax {
    name: "a version of the former system",
    pattern: "",
    words: &["0.20"],
    check: |text| words_of(text, COMPATIBILITY.words, "version that can be written"),
};

/// How folders of clusters are spread.
pub static FAN_OUT: Syntax = Syntax {
    name: "how folders are spread",
    pattern: "",
    words: &["none", "hex2"],
    check: |text| words_of(text, FAN_OUT.words, "way to spread folders"),
};

/// A verb of a role.
pub static VERB_WORD: Syntax = Syntax {
    name: "a verb",
    pattern: "",
    words: &["read", "propose", "merge", "approve", "operate", "administer"],
    check: |text| words_of(text, VERB_WORD.words, "verb"),
};

/// A kind of documents.
pub static KIND_WORD: Syntax = Syntax {
    name: "a kind",
    pattern: "",
    words: &["Fleet", "Cluster", "Group", "Namespace", "Application", "Role"],
    check: |text| words_of(text, KIND_WORD.words, "kind of document"),
};

/// Whom a role is for.
pub static SUBJECT: Syntax = Syntax {
    name: "a subject",
    pattern: "^(user:.+|token:.+|group:[^/]+/.+)$",
    words: &[],
    check: |text| match parse_subject(text) {
        Some(_) => Ok(()),
        None => refuse(
            text,
            "subject",
            "write `user:<name>`, `group:<provider>/<name>` or `token:<name>`",
        ),
    },
};

/// Reads a subject that a Role may be for.
#[must_use]
pub fn parse_subject(text: &str) -> Option<Subject> {
    Subject::parse(text).filter(|subject| !matches!(subject, Subject::Agent(_)))
}

/// A part of the fleet in percent.
pub static PERCENT: Syntax = Syntax {
    name: "a percentage",
    pattern: "^[0-9]{1,3}(\\.[0-9]{1,4})?%$",
    words: &[],
    check: |text| match parse_percent(text) {
        Some(_) => Ok(()),
        None => refuse(text, "percentage from 0% to 100%", "write it as in `1%` or `0.5%`"),
    },
};

/// How long something may go on.
pub static DURATION: Syntax = Syntax {
    name: "a time in seconds, minutes, hours or days",
    pattern: "^[0-9]{1,5}[smhd]$",
    words: &[],
    check: |text| match parse_duration(text) {
        Some(_) => Ok(()),
        None => refuse(text, "time", "write it as in `90m`, `4h` or `2d`, up to 30 days"),
    },
};

/// The longest time that is taken.
const LONGEST: Duration = Duration::from_secs(30 * 24 * 3_600);

/// Reads a time such as `90m`, `4h` or `2d`; nothing for other texts and for more than 30 days.
#[must_use]
pub fn parse_duration(text: &str) -> Option<Duration> {
    let number = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = match &text[number.len()..] {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 24 * 3_600,
        _ => return None,
    };
    let is_number = (1..=5).contains(&number.len()) && number.bytes().all(|b| b.is_ascii_digit());
    let number: u64 = number.parse().ok().filter(|_| is_number)?;
    Some(Duration::from_secs(number * unit)).filter(|duration| *duration <= LONGEST)
}

/// Reads a percentage as parts per million.
#[must_use]
pub fn parse_percent(text: &str) -> Option<u32> {
    let number = text.strip_suffix('%')?;
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    let is_number = |digits: &str, most| {
        (1..=most).contains(&digits.len()) && digits.bytes().all(|digit| digit.is_ascii_digit())
    };
    if !is_number(whole, 3) || !is_number(fraction, 4) {
        return None;
    }
    let parts: u32 =
        whole.parse::<u32>().ok()? * 10_000 + format!("{fraction:0<4}").parse::<u32>().ok()?;
    (parts <= 1_000_000).then_some(parts)
}
