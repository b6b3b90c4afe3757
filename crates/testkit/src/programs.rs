//! The programs that some tests run for real: kustomize and Helm.

use std::path::{Path, PathBuf};

/// Where kustomize is: the variable `RES_EDGE_KUSTOMIZE`, or what `scripts/test` installed.
#[must_use]
pub fn kustomize() -> Option<PathBuf> {
    find("RES_EDGE_KUSTOMIZE", "kubectl")
}

/// Where Helm is: the variable `RES_EDGE_HELM`, or what `scripts/test` installed.
#[must_use]
pub fn helm() -> Option<PathBuf> {
    find("RES_EDGE_HELM", "helm")
}

/// A program that a variable names is used whatever it is, so that a wrong one fails the tests
/// rather than skip them.
pub(crate) fn find(variable: &str, name: &str) -> Option<PathBuf> {
    if let Some(path) = std::env::var_os(variable) {
        return Some(path.into());
    }
    let tools = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.cache/tools/bin");
    let installed = tools.join(name).canonicalize().ok();
    if installed.is_none() {
        #[expect(clippy::print_stdout, reason = "a test says that it was skipped")]
        {
            println!("skipped: {variable} is not set, and `scripts/test` installed nothing");
        }
    }
    installed
}

/// The folder in which `scripts/test` installed the npm package `oidc-provider`, a real provider of
/// identities; the variable `RES_EDGE_OIDC_PROVIDER` names another one.
#[must_use]
pub fn oidc_provider() -> Option<PathBuf> {
    find("RES_EDGE_OIDC_PROVIDER", "../oidc-provider")
}
