//! Finding the places that the parser's events do not tell.

/// The first character of a node's own syntax at or after `from`: white space, comments, the
/// indicators `:` and `?`, tags, anchors and a document's `---` are passed over.
///
/// Between two neighbouring nodes there is nothing else, so no text of a scalar is mistaken.
pub(crate) fn node_start(text: &str, from: usize) -> usize {
    let bytes = text.as_bytes();
    let mut at = from;
    while let Some(byte) = bytes.get(at) {
        at = match byte {
            b' ' | b'\t' | b'\r' | b'\n' | b':' | b'?' | b',' => at + 1,
            b'#' => line_end(bytes, at),
            b'&' | b'!' => word_end(bytes, at),
            b'-' if is_marker(bytes, at) => at + 3,
            _ => return at,
        };
    }
    at
}

fn line_end(bytes: &[u8], from: usize) -> usize {
    bytes[from..].iter().position(|byte| *byte == b'\n').map_or(bytes.len(), |at| from + at)
}

fn word_end(bytes: &[u8], from: usize) -> usize {
    let end = bytes[from..].iter().position(u8::is_ascii_whitespace);
    end.map_or(bytes.len(), |at| from + at)
}

fn is_marker(bytes: &[u8], at: usize) -> bool {
    bytes[at..].starts_with(b"---") && (at == 0 || bytes[at - 1] == b'\n')
}

/// The place after the `:` that follows a key, or the end of the key if it has none.
pub(super) fn after_colon(text: &str, key_end: usize) -> usize {
    let bytes = text.as_bytes();
    let mut at = key_end;
    while let Some(byte) = bytes.get(at) {
        at = match byte {
            b' ' | b'\t' | b'\r' | b'\n' => at + 1,
            b'#' => line_end(bytes, at),
            b':' => return at + 1,
            _ => break,
        };
    }
    key_end
}

/// The end of a block scalar that starts at `start`: before its last line break. The parser's
/// own end, `end`, is the start of what comes next.
pub(super) fn block_scalar_end(text: &str, start: usize, end: usize) -> usize {
    let header = &text[start..line_end(text.as_bytes(), start)];
    let keep = header.bytes().skip(1).take(2).any(|byte| byte == b'+');
    let mut body = &text[start..end];
    if let Some(last) = body.rfind('\n')
        && body[last + 1..].trim().is_empty()
    {
        body = &body[..last];
    }
    while let Some(last) = body.rfind('\n').filter(|_| !keep) {
        if !body[last + 1..].trim().is_empty() {
            break;
        }
        body = &body[..last];
    }
    start + body.strip_suffix('\r').unwrap_or(body).len()
}
