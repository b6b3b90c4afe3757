//! Several publishers at once on one repository.

use std::thread;

use crate::fleets::FLEET;
use crate::sandbox::Sandbox;

const N_COMMITS: usize = 5;

/// A source repository with a history in which each commit changes what every cluster runs.
fn history() -> Sandbox {
    let sandbox = Sandbox::committed(FLEET);
    for number in 1..N_COMMITS {
        let text = format!(
            "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: number\n  namespace: rea.namespace.name\ndata:\n  number: \"{number}\"\n"
        );
        let template = sandbox.git("ls-files apps");
        let folder = template.lines().next().unwrap().rsplit_once('/').unwrap().0.to_owned();
        sandbox.write_bytes(&format!("{folder}/number.yaml"), text.as_bytes());
        sandbox.commit();
    }
    sandbox.git("init -q --bare delivery.git");
    sandbox
}

#[test]
fn an_older_source_never_goes_back() {
    let sandbox = history();
    let commits: Vec<String> =
        sandbox.git("rev-list --reverse main").lines().map(str::to_owned).collect();
    assert_eq!(commits.len(), N_COMMITS);
    thread::scope(|scope| {
        for offset in 0..3 {
            let (sandbox, commits) = (&sandbox, &commits);
            scope.spawn(move || {
                for turn in 0..N_COMMITS {
                    let commit = &commits[(turn * 2 + offset) % N_COMMITS];
                    let output = sandbox.run(&format!("publish --rev {commit} --to delivery.git"));
                    let said = sandbox.text(&output);
                    // Released, nothing to do, or refused because a newer one was first.
                    assert!(matches!(output.status.code(), Some(0 | 2)), "{said}");
                }
            });
        }
    });
    let last = sandbox.run("publish --rev main --to delivery.git");
    assert_eq!(last.status.code(), Some(0), "{}", sandbox.text(&last));

    let sources = sandbox.git(
        "-C delivery.git log --reverse --format=%(trailers:key=Source,valueonly,separator=) \
         res-edge/ledger",
    );
    let positions: Vec<usize> = sources
        .lines()
        .map(|source| commits.iter().position(|commit| commit == source.trim()).unwrap())
        .collect();
    assert!(positions.is_sorted(), "the sources of the steps: {positions:?}");
    assert_eq!(positions.last(), Some(&(N_COMMITS - 1)));
    sandbox.git("-C delivery.git fsck --full --strict");
}
