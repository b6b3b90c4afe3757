//! What was read, or that it could not be read.

/// Why something could not be read.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Cause(pub String);

impl std::fmt::Display for Cause {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// A fact about the world that was read whole, or one that could not be read.
///
/// "Could not read it" is never an empty value: code that deletes takes only the known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Observed<T> {
    /// Read, whole.
    Known(T),
    /// Not read, and why.
    Unknown(Cause),
}

impl<T> Observed<T> {
    /// The value, if it is known.
    #[must_use]
    pub fn known(&self) -> Option<&T> {
        match self {
            Self::Known(value) => Some(value),
            Self::Unknown(_) => None,
        }
    }

    /// The same observation of something made from the value.
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Observed<U> {
        match self {
            Self::Known(value) => Observed::Known(f(value)),
            Self::Unknown(cause) => Observed::Unknown(cause),
        }
    }
}
