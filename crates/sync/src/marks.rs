//! The annotations of an object that change how it is kept.

use crate::Object;

/// What may delete an object that the tree no longer has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Prune {
    /// Nothing more is needed.
    #[default]
    Allowed,
    /// An allowance that names it (`res-edge.dev/prune: confirm`, Argo CD's `Prune=confirm`).
    Confirm,
    /// Nothing does: it stays (`res-edge.dev/prune: disabled`, Flux's annotation of that name,
    /// Argo CD's `Prune=false`).
    Disabled,
}

/// What happens when someone else changes what we applied.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DriftMode {
    /// It is applied again.
    #[default]
    Correct,
    /// It is reported (`res-edge.dev/drift: report`).
    Report,
}

/// What is applied when the object is made and left to others afterwards
/// (`res-edge.dev/ignore`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Ignore {
    /// Nothing.
    #[default]
    Nothing,
    /// These fields, as JSON pointers (RFC 6901): `/spec/replicas, /data/motd`.
    Fields(Vec<String>),
    /// The whole object: `all` or `true`.
    All,
}

/// What an object's annotations say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Marks {
    /// What may delete it.
    pub prune: Prune,
    /// What happens on drift.
    pub drift: DriftMode,
    /// What is left to others.
    pub ignore: Ignore,
    /// Whether an object that someone else made may be taken over (`res-edge.dev/adopt: true`).
    pub adopt: bool,
    /// A CEL expression that says how it is (`res-edge.dev/health`).
    pub health: Option<String>,
    /// How long it may take until it is healthy (`res-edge.dev/progress-deadline`, such as
    /// `15m`).
    pub progress_deadline: Option<jiff::SignedDuration>,
}

impl Marks {
    /// Reads the annotations of an object; of marks that disagree, the more careful counts.
    #[must_use]
    pub fn of(object: &Object) -> Self {
        let own = |name: &str| object.annotation(&format!("res-edge.dev/{name}"));
        let deadline = own("progress-deadline").and_then(|text| text.parse().ok());
        Self {
            prune: prune(object),
            drift: match own("drift") {
                Some("report") => DriftMode::Report,
                _ => DriftMode::Correct,
            },
            ignore: own("ignore").map_or(Ignore::Nothing, ignore),
            adopt: own("adopt") == Some("true"),
            health: own("health").map(str::to_owned),
            progress_deadline: deadline,
        }
    }
}

fn prune(object: &Object) -> Prune {
    let disabled = |name: &str| object.annotation(name) == Some("disabled");
    let options = object.annotation("argocd.argoproj.io/sync-options").unwrap_or_default();
    let option = |wanted: &str| options.split(',').any(|option| option.trim() == wanted);
    if disabled("res-edge.dev/prune")
        || disabled("kustomize.toolkit.fluxcd.io/prune")
        || option("Prune=false")
    {
        return Prune::Disabled;
    }
    match object.annotation("res-edge.dev/prune") == Some("confirm") || option("Prune=confirm") {
        true => Prune::Confirm,
        false => Prune::Allowed,
    }
}

fn ignore(text: &str) -> Ignore {
    if matches!(text, "all" | "true") {
        return Ignore::All;
    }
    let pointers = text.split(',').map(str::trim).filter(|pointer| pointer.starts_with('/'));
    match pointers.map(str::to_owned).collect::<Vec<_>>() {
        pointers if pointers.is_empty() => Ignore::Nothing,
        pointers => Ignore::Fields(pointers),
    }
}
