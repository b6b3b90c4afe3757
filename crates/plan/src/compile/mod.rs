//! Source after source, each understood with what is known of those before.
//!
//! ```text
//! source ─▶ documents ─▶ Fleet ─▶ Rendered
//!    └── memory: the last sources with all three; what is equal is shared ──┘
//! ```
//!
//! In: a [`Source`]. Out: what a compile from nothing would give, byte for byte: the same trees,
//! the same diagnostics in the same order with the same places and clusters. A compile from
//! nothing is the compile with an empty memory; there is no other way.
//!
//! Two sources can be held side by side, such as the base of a change and its head: a
//! [`Compiled`] is never altered, and what two of them have in common exists once.
//!
//! **The sink.** Only what differs from a remembered source is put to the sink. So a compiler
//! belongs to one repository that keeps what was put there: for a fresh repository, or one that
//! lost objects, a new compiler is needed ([`Compiler::forget`] makes it one).
//!
//! **The bound.** The memory holds the [`MOST_SOURCES`] sources that were used last, and nothing
//! besides what these consist of.

mod fleet;

use std::sync::Arc;

use model::{Diagnostic, ExpansionRequest, Expansions, Files, ObjectId, Rendered, Sink, Source};
use schema::ReadSource;

use crate::Fleet;
use crate::fleet::assemble;
use crate::render::{Kept, Previous, Unmoved, expansions, render_after, unmoved};

/// How many sources a compiler remembers: the base of a change and its head.
pub const MOST_SOURCES: usize = 2;

/// From this number of bases on, a compiler starts afresh: they are counted in 32 bits.
const LAST_NUMBER: u32 = u32::MAX / 2;

/// Runs the programs that templates need, and adds their results to the files of the source.
pub type Expand<'a> = dyn FnMut(&mut Files, &[ExpansionRequest]) -> Expansions + 'a;

/// Compiles sources, and remembers the last of them.
#[derive(Default)]
pub struct Compiler {
    /// The source that was used last comes last.
    memory: Vec<Arc<Compiled>>,
    next_number: u32,
}

/// One source with all that was made of it.
pub struct Compiled {
    /// The source, with the texts that programs made among its files.
    pub source: Source,
    /// What was found while reading and checking; what rendering found is in the render.
    pub diagnostics: Vec<Diagnostic>,
    /// The fleet and its render; nothing where the source is refused, and then an error is among
    /// the diagnostics.
    pub accepted: Option<Accepted>,
    documents: ReadSource,
}

/// What a source that is accepted became.
pub struct Accepted {
    /// The fleet.
    pub fleet: Arc<Fleet>,
    /// What every cluster must run.
    pub rendered: Rendered,
    kept: Kept,
    unmoved: Unmoved,
    /// What assembling found, to tell it again where no document changed.
    warnings: Arc<[Diagnostic]>,
}

impl Accepted {
    /// Whether this render and the one before it show that two trees of an application, the
    /// earlier one first, hold the same objects, each at the same path: nobody need read them to
    /// know that none comes or goes. If not, nothing is known.
    #[must_use]
    pub fn holds_same_objects(&self, old: ObjectId, new: ObjectId) -> bool {
        self.unmoved.contains(&(old, new))
    }
}

impl Compiler {
    /// A compiler that knows nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Forgets every source. What was put to a sink counts as put no longer.
    pub fn forget(&mut self) {
        *self = Self::default();
    }

    /// What was made of this very commit, if it is remembered and nothing was wrong with it: who
    /// judges a push has compiled what is released right after it. A commit with errors is
    /// compiled again, since a program that was missing may be there by now.
    #[must_use]
    pub fn known(&self, source: &Source) -> Option<Arc<Compiled>> {
        source.origin.commit()?;
        let is_good =
            |accepted: &Accepted| !accepted.rendered.diagnostics.iter().any(Diagnostic::is_error);
        let is_known = |compiled: &&Arc<Compiled>| {
            let same = compiled.source.origin == source.origin;
            same && compiled.source.digest == source.digest
                && compiled.accepted.as_ref().is_some_and(is_good)
        };
        self.memory.iter().find(is_known).cloned()
    }

    /// Compiles a source. `expand` is asked for what programs must build of its templates;
    /// content that no remembered source has goes to the sink.
    pub fn compile(
        &mut self,
        source: Source,
        expand: &mut Expand<'_>,
        sink: &dyn Sink,
    ) -> Arc<Compiled> {
        if self.next_number >= LAST_NUMBER {
            self.forget();
        }
        let before = self.nearest(&source);
        let compiled = Arc::new(self.understand(source, before.as_deref(), expand, sink));
        self.remember(before, Arc::clone(&compiled));
        compiled
    }

    fn understand(
        &mut self,
        source: Source,
        before: Option<&Compiled>,
        expand: &mut Expand<'_>,
        sink: &dyn Sink,
    ) -> Compiled {
        let known: Vec<&ReadSource> = before
            .into_iter()
            .chain(self.memory.iter().rev().map(|compiled| &**compiled))
            .map(|compiled| &compiled.documents)
            .collect();
        let documents = ReadSource::new(&source, &known);
        let mut diagnostics = documents.diagnostics();
        let accepted = before.and_then(|before| Some((before, before.accepted.as_ref()?)));
        let refused = |source, diagnostics, documents| Compiled {
            source,
            diagnostics,
            accepted: None,
            documents,
        };
        if diagnostics.iter().any(Diagnostic::is_error) {
            return refused(source, diagnostics, documents);
        }
        let known = accepted.and_then(|(before, accepted)| {
            fleet::understand(&before.documents, accepted, &documents)
        });
        let assembled = known.map_or_else(
            || {
                let documents = documents.documents().cloned().collect();
                let assembled = assemble(&source, documents);
                assembled.map(|(fleet, warnings)| (Arc::new(fleet), Arc::from(warnings)))
            },
            Ok,
        );
        let (fleet, warnings) = match assembled {
            Ok(assembled) => assembled,
            Err(found) => {
                diagnostics.extend(found);
                return refused(source, diagnostics, documents);
            }
        };
        diagnostics.extend(warnings.iter().cloned());
        let mut source = source;
        let requests = expansions(&fleet, &source);
        let expanded = expand(&mut source.files, &requests);
        let previous = accepted.map(|(before, accepted)| Previous {
            fleet: &accepted.fleet,
            source: &before.source,
            kept: &accepted.kept,
            rendered: &accepted.rendered,
        });
        let number = &mut self.next_number;
        let (rendered, kept) = render_after(previous, &fleet, &source, &expanded, number, sink);
        let unmoved =
            previous.map(|previous| unmoved(previous, &kept, &rendered)).unwrap_or_default();
        let accepted = Some(Accepted { fleet, rendered, kept, unmoved, warnings });
        Compiled { source, diagnostics, accepted, documents }
    }

    /// The remembered source that has most in common with another: an accepted one, with the
    /// fewest files that differ.
    fn nearest(&self, source: &Source) -> Option<Arc<Compiled>> {
        let distance = |compiled: &&Arc<Compiled>| {
            let known = &compiled.source.files;
            let differs = source.files.iter().filter(|(id, file)| {
                known.get(*id).is_none_or(|known| known.id != file.id || known.path != file.path)
            });
            (compiled.accepted.is_none(), differs.count())
        };
        self.memory.iter().rev().min_by_key(distance).cloned()
    }

    /// Remembers a source, and the one that it was compared with as used just before.
    fn remember(&mut self, before: Option<Arc<Compiled>>, compiled: Arc<Compiled>) {
        if let Some(before) = before {
            self.memory.retain(|known| !Arc::ptr_eq(known, &before));
            self.memory.push(before);
        }
        self.memory.push(compiled);
        let n_too_many = self.memory.len().saturating_sub(MOST_SOURCES);
        let forgotten: Vec<Arc<Compiled>> = self.memory.drain(..n_too_many).collect();
        if !forgotten.is_empty() {
            // To take millions of cells apart takes a while that nobody has to wait for.
            rayon::spawn(move || drop(forgotten));
        }
    }
}
