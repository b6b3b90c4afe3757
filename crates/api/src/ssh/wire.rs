//! Strings of the SSH wire format: a length in four bytes, then the bytes (RFC 4251, section 5).

/// Adds a string.
pub(super) fn put(bytes: &mut Vec<u8>, string: &[u8]) {
    // What is written here is a key, a name or a digest: none is near 4 GiB.
    let length = u32::try_from(string.len()).unwrap_or(u32::MAX);
    bytes.extend_from_slice(&length.to_be_bytes());
    bytes.extend_from_slice(string);
}

/// Takes a string off the front; nothing if there is no whole one.
pub(super) fn take<'a>(bytes: &mut &'a [u8]) -> Option<&'a [u8]> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
    let (string, rest) = rest.split_at_checked(length)?;
    *bytes = rest;
    Some(string)
}
