//! For tests only: fleets in one string, bare repositories, a Kubernetes API server, diagnostics
//! as stable text, the number of cases of a property.
//!
//! Every room's tests may depend on this one, as a dev-dependency only. A mistake in a test's
//! own input is a panic that says what is wrong with it.

mod cases;
mod forge;
mod kubernetes;
mod postgres;
mod programs;
mod report;
mod repository;
mod source;
mod ssh;

pub use cases::cases;
pub use forge::{Forge, Posted};
pub use kubernetes::{ApiServer, Kubernetes, kubernetes};
pub use postgres::Postgres;
pub use programs::{helm, kustomize, oidc_provider};
pub use report::render_diagnostics;
pub use repository::{TestRepository, repository, work_tree};
pub use source::{TestFile, files, source};
pub use ssh::Sshd;
