//! Packs of one publish that take no more objects, before the publish is done with them.

use std::io;
use std::path::Path;
use std::sync::{Mutex, OnceLock, PoisonError, RwLock};

use model::ObjectId;

use super::filter::Filter;
use crate::hash::Sha1;
use crate::pack::{self, Growing, Keep, Kind, Written, read_object};

/// A full pack: in memory until it is in files.
pub(super) struct Full {
    stage: RwLock<Stage>,
    /// What it may hold, once it is in files.
    filter: OnceLock<Filter>,
    n_objects: usize,
}

enum Stage {
    Memory(Growing<Sha1>),
    Files(Written<Sha1>),
}

impl Full {
    pub(super) fn new(growing: Growing<Sha1>) -> Self {
        let n_objects = growing.n_objects();
        let stage = RwLock::new(Stage::Memory(growing));
        Self { stage, filter: OnceLock::new(), n_objects }
    }

    /// How many objects it has.
    pub(super) fn n_objects(&self) -> usize {
        self.n_objects
    }

    /// Writes it, and leaves the memory that it took to the next pack.
    ///
    /// # Errors
    /// What the system says.
    pub(super) fn write(
        &self,
        folder: &Path,
        spare: &Mutex<Option<Growing<Sha1>>>,
    ) -> io::Result<()> {
        let written = match &*self.stage.read().unwrap_or_else(PoisonError::into_inner) {
            Stage::Files(_) => return Ok(()),
            Stage::Memory(growing) => {
                self.filter.get_or_init(|| Filter::of(growing.ids()));
                let written = pack::write(folder, growing)?;
                written.sync()?;
                written
            }
        };
        let mut stage = self.stage.write().unwrap_or_else(PoisonError::into_inner);
        if let Stage::Memory(mut growing) = std::mem::replace(&mut *stage, Stage::Files(written)) {
            growing.clear();
            *spare.lock().unwrap_or_else(PoisonError::into_inner) = Some(growing);
        }
        Ok(())
    }

    /// Gives its files their names.
    ///
    /// # Errors
    /// What the system says, or that it was not written.
    pub(super) fn publish(&self, folder: &Path, keep: &mut Keep) -> io::Result<()> {
        match &*self.stage.read().unwrap_or_else(PoisonError::into_inner) {
            Stage::Files(written) => written.publish(folder, keep),
            Stage::Memory(_) => Err(io::Error::other("a full pack was not written")),
        }
    }

    /// Whether it has an object.
    ///
    /// # Errors
    /// What the system says.
    pub(super) fn holds(&self, id: ObjectId) -> io::Result<bool> {
        if self.filter.get().is_some_and(|filter| !filter.may_hold(id)) {
            return Ok(false);
        }
        match &*self.stage.read().unwrap_or_else(PoisonError::into_inner) {
            Stage::Memory(growing) => Ok(growing.find(id).is_some()),
            Stage::Files(written) => Ok(written.find(id)?.is_some()),
        }
    }

    /// An object, if it has it.
    ///
    /// # Errors
    /// What the system says.
    pub(super) fn read(&self, id: ObjectId) -> io::Result<Option<(Kind, Vec<u8>)>> {
        if self.filter.get().is_some_and(|filter| !filter.may_hold(id)) {
            return Ok(None);
        }
        match &*self.stage.read().unwrap_or_else(PoisonError::into_inner) {
            Stage::Memory(growing) => {
                growing.find(id).map(|offset| read_object(growing, offset)).transpose()
            }
            Stage::Files(written) => {
                written.find(id)?.map(|offset| read_object(written, offset)).transpose()
            }
        }
    }
}
