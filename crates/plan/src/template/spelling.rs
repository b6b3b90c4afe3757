//! Which characters of a text in double quotes stand for themselves.

use super::scan::{Token, scan};

/// The text between double quotes, roughly as it reads: escapes are replaced by what they stand
/// for, and an escaped line break vanishes. White space of folded lines is left as it is, which
/// moves no placeholder.
pub(crate) struct Spelling {
    text: String,
    /// For each byte of the text its place between the quotes; nothing if an escape made it.
    origins: Vec<Option<usize>>,
}

/// Reads the text between double quotes.
pub(crate) fn spell(raw: &str) -> Spelling {
    let mut spelling = Spelling { text: String::new(), origins: Vec::new() };
    let mut rest = raw.char_indices();
    while let Some((at, c)) = rest.next() {
        if c != '\\' {
            spelling.push(c, Some(at));
            continue;
        }
        match rest.next() {
            Some((_, '\n' | '\r')) => {
                let blank = rest.as_str().len() - rest.as_str().trim_start().len();
                let skipped = rest.as_str()[..blank].chars().count();
                rest.by_ref().take(skipped).for_each(drop);
            }
            Some((_, 'x')) => spelling.push_code(&mut rest, 2),
            Some((_, 'u')) => spelling.push_code(&mut rest, 4),
            Some((_, 'U')) => spelling.push_code(&mut rest, 8),
            Some((_, sign)) => spelling.push(plain_escape(sign), None),
            None => {}
        }
    }
    spelling
}

/// What a one-letter escape stands for, where it matters: letters never, signs as they are.
fn plain_escape(sign: char) -> char {
    if sign.is_ascii_alphanumeric() || sign == '_' { '\u{1}' } else { sign }
}

impl Spelling {
    /// The tokens at their places between the quotes; nothing if an escape made part of one.
    pub(crate) fn tokens(&self) -> Option<Vec<Token>> {
        let mut tokens = scan(self.text.as_bytes());
        for token in &mut tokens {
            let start = self.origins[token.range.start]?;
            let own = self.origins[token.range.clone()].iter().enumerate();
            if own.into_iter().any(|(offset, origin)| *origin != Some(start + offset)) {
                return None;
            }
            token.range = start..start + token.range.len();
        }
        Some(tokens)
    }

    fn push(&mut self, c: char, origin: Option<usize>) {
        let width = c.len_utf8();
        self.text.push(c);
        self.origins.extend((0..width).map(|offset| origin.map(|at| at + offset)));
    }

    fn push_code(&mut self, rest: &mut std::str::CharIndices<'_>, digits: usize) {
        let code: String = rest.by_ref().take(digits).map(|(_, c)| c).collect();
        let c = u32::from_str_radix(&code, 16).ok().and_then(char::from_u32);
        self.push(c.unwrap_or('\u{fffd}'), None);
    }
}
