//! `res-edge generate`: writes a source of any size, for measuring and for trying things out.
//!
//! The same arguments give the same bytes, on every machine. Every cluster runs every
//! application, so that a source of 30,000 clusters and 100 applications is 3 million bindings.
//! It writes into a folder that is new or empty, and reads nothing.

mod inventory;
mod random;
mod templates;

use std::fmt;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

/// Writes a synthetic source.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Arguments {
    /// How many clusters
    #[arg(long, value_name = "N", default_value_t = 300,
          value_parser = clap::value_parser!(u32).range(1..=100_000))]
    clusters: u32,
    /// How many applications, each on every cluster
    #[arg(long, value_name = "M", default_value_t = 10,
          value_parser = clap::value_parser!(u32).range(1..=1_000))]
    applications: u32,
    /// Another seed gives another fleet
    #[arg(long, value_name = "S", default_value_t = 1)]
    seed: u64,
    /// Let every file take a value that no other cluster has (the worst case)
    #[arg(long)]
    unique: bool,
    /// A folder that is new or empty
    #[arg(short, long, value_name = "DIR")]
    output: PathBuf,
}

/// What was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Summary {
    /// How many clusters.
    pub(crate) n_clusters: u32,
    /// How many applications.
    pub(crate) n_applications: u32,
    /// How many files.
    pub(crate) n_files: usize,
    /// How many bytes in them.
    pub(crate) n_bytes: usize,
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { n_clusters, n_applications, n_files, n_bytes } = self;
        write!(
            f,
            "{n_clusters} clusters, {n_applications} applications, {n_files} files, {n_bytes} bytes"
        )
    }
}

/// Writes the source that the arguments describe.
///
/// # Errors
/// The folder holds something, or a file cannot be written.
pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<Summary> {
    refuse_what_is_there(&arguments.output)?;
    let files = files(arguments);
    for (path, text) in &files {
        write_file(&arguments.output.join(path), text)?;
    }
    Ok(Summary {
        n_clusters: arguments.clusters,
        n_applications: arguments.applications,
        n_files: files.len(),
        n_bytes: files.iter().map(|(_, text)| text.len()).sum(),
    })
}

/// Every file of the source with its path.
fn files(arguments: &Arguments) -> Vec<(String, String)> {
    let mut files = inventory::files(&inventory::Size {
        n_clusters: arguments.clusters,
        n_applications: arguments.applications,
        seed: arguments.seed,
    });
    for number in 1..=arguments.applications {
        files.extend(templates::files(number, arguments.unique));
    }
    files
}

fn refuse_what_is_there(folder: &Path) -> anyhow::Result<()> {
    let is_empty = match std::fs::read_dir(folder) {
        Ok(mut entries) => entries.next().is_none(),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => true,
        Err(error) => {
            return Err(error).with_context(|| format!("cannot read `{}`", folder.display()));
        }
    };
    if !is_empty {
        bail!("`{}` is not empty; name a new folder", folder.display());
    }
    Ok(())
}

fn write_file(path: &Path, text: &str) -> anyhow::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)
            .with_context(|| format!("cannot create `{}`", folder.display()))?;
    }
    std::fs::write(path, text).with_context(|| format!("cannot write `{}`", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arguments(seed: u64, unique: bool) -> Arguments {
        Arguments { clusters: 1_200, applications: 7, seed, unique, output: PathBuf::new() }
    }

    #[test]
    fn the_same_seed_gives_the_same_bytes() {
        assert_eq!(files(&arguments(1, false)), files(&arguments(1, false)));
        assert_ne!(files(&arguments(1, false)), files(&arguments(2, false)));
        assert_ne!(files(&arguments(1, false)), files(&arguments(1, true)));
    }

    #[test]
    fn bytes_do_not_change_between_releases() {
        let all = files(&arguments(1, false));
        let texts: Vec<&[u8]> = all.iter().map(|(_, text)| text.as_bytes()).collect();
        insta::assert_snapshot!(model::hash_blob(&texts), @"62672269e885db735f42541fea9eb1ac50d7b946");
    }

    #[test]
    fn clusters_are_spread_over_files_and_named_once() {
        let all = files(&arguments(1, false));
        let clusters: Vec<_> =
            all.iter().filter(|(path, _)| path.starts_with("inventory/clusters/")).collect();
        assert_eq!(clusters.len(), 3);
        let mut names: Vec<&str> = clusters
            .iter()
            .flat_map(|(_, text)| text.lines())
            .filter(|line| line.starts_with("  name: "))
            .collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), 1_200);
    }

    #[test]
    fn a_folder_that_holds_something_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("mine"), "").unwrap();
        let arguments = Arguments { output: folder.path().to_owned(), ..arguments(1, false) };
        let error = run(&arguments).unwrap_err().to_string();
        assert!(error.ends_with("is not empty; name a new folder"), "{error}");
    }
}
