//! What a template is filled by: its files as they are, or the objects in them.

use model::{Diagnostic, Mode, ObjectId, Scalar, Sink};

use crate::template::body::Body;
use crate::template::{KeyUse, ObjectTemplate, Verbatim};

/// What one unit is filled from.
#[derive(Clone, Copy)]
pub(crate) enum Filler<'t> {
    /// A file as it is, placeholders filled.
    File(&'t Verbatim),
    /// An object in the canonical form.
    Object(&'t ObjectTemplate),
}

/// One file or object of a template.
#[derive(Clone, Copy)]
pub(crate) struct Unit<'t> {
    /// What it is filled from.
    pub(crate) filler: Filler<'t>,
    /// Whether it may be executed.
    pub(crate) mode: Mode,
}

impl<'t> Unit<'t> {
    /// The keys that its placeholders name.
    pub(crate) fn keys(&self) -> &'t [KeyUse] {
        match self.filler {
            Filler::File(file) => file.keys(),
            Filler::Object(object) => object.keys(),
        }
    }

    /// What is written for it.
    pub(crate) fn body(&self) -> &'t Body {
        match self.filler {
            Filler::File(file) => file.body(),
            Filler::Object(object) => object.body(),
        }
    }

    /// The object that it is, in the layout `manifests`.
    pub(crate) fn object(&self) -> Option<&'t ObjectTemplate> {
        match self.filler {
            Filler::File(_) => None,
            Filler::Object(object) => Some(object),
        }
    }

    /// The content with these values.
    pub(crate) fn fill(
        &self,
        values: &[&Scalar],
        sink: &dyn Sink,
    ) -> Result<ObjectId, Vec<Diagnostic>> {
        self.check(values)?;
        Ok(self.body().write(values, sink))
    }

    /// Why it cannot be filled with these values, if so.
    pub(crate) fn check(&self, values: &[&Scalar]) -> Result<(), Vec<Diagnostic>> {
        self.body().check(values)?;
        match self.object() {
            Some(object) => object.identify(values).map(drop),
            None => Ok(()),
        }
    }
}
