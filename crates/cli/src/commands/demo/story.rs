//! The story of the demonstration: a fleet, a change, its preview, its merge, its arrival.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use model::ObjectId;

use super::stage::{Serving, clusters, keys, runs};
use super::{Arguments, Demo, Outcome, STORE};
use crate::commands::diff;
use crate::error::CommandError;
use crate::present::listing::columns;
use crate::session::Session;
use crate::signals::told_to_end;
use crate::simulation::{Simulation, Summary};
use crate::terminal::Paint;

/// How long a release may take until every cluster runs it.
const ARRIVE: Duration = Duration::from_secs(120);

/// Plays the story, and stays until it is told to end, unless it shall end after it.
///
/// # Errors
/// A step fails.
pub(super) async fn play(
    demo: &Demo,
    arguments: &Arguments,
    session: &mut Session<'_>,
) -> Result<Outcome, CommandError> {
    heading(session, &format!("1. An example fleet, in `{}`", demo.source.display()))?;
    let (keys, are_new) = keys(demo)?;
    let said = if demo.goes_on {
        "they were there, and it goes on"
    } else {
        "written, with a key for each cluster"
    };
    session.terminal.print_line(&format!("{} clusters: {said}", keys.len()))?;
    if are_new {
        demo.commit("the example fleet")?;
    }
    heading(session, "2. A server, and a simulated cluster for each")?;
    let serving = Serving::start(demo, arguments.listen, session).await?;
    session.terminal.print_line(&format!("listening on {}", serving.url))?;
    serving.push(demo).await?;
    let simulation = clusters(demo, &serving, keys).await?;
    let told = tell(demo, arguments, &serving, &simulation, session).await;
    simulation.stop().await;
    serving.stop().await?;
    told
}

/// What happens while the server and the clusters run.
async fn tell(
    demo: &Demo,
    arguments: &Arguments,
    serving: &Serving,
    simulation: &Simulation,
    session: &mut Session<'_>,
) -> Result<Outcome, CommandError> {
    let first = arrived(serving, simulation, session).await?;
    let before = serving.trees();
    let (place, [from, to]) = demo.move_store()?;
    heading(session, &format!("3. Move the store {STORE} from the ring `{from}` to `{to}`"))?;
    session.terminal.print_line(&format!("edited {place}"))?;
    heading(session, "4. What that does, before it is merged: res-edge diff")?;
    diff::preview_work_tree(&mut demo.session(session))?;
    heading(session, "5. Merge it")?;
    demo.commit(&format!("move {STORE} to the ring {to}"))?;
    let merged = serving.push(demo).await?;
    session.terminal.print_line(&format!("merged {merged} into main"))?;
    heading(session, "6. It arrives")?;
    let second = arrived(serving, simulation, session).await?;
    table(&before, serving, simulation, session)?;
    if arguments.once {
        return Ok(if first && second { Outcome::Done } else { Outcome::Faulty });
    }
    stay(demo, serving, simulation, session).await
}

fn heading(session: &mut Session<'_>, text: &str) -> Result<(), CommandError> {
    let text = session.terminal.paint(Paint::Strong, text);
    session.terminal.print(&format!("\n{text}\n\n"))?;
    session.terminal.flush()
}

/// Waits until every cluster runs what is released, and says how that went.
async fn arrived(
    serving: &Serving,
    simulation: &Simulation,
    session: &mut Session<'_>,
) -> Result<bool, CommandError> {
    let (begin, trees) = (Instant::now(), serving.trees());
    let all = simulation.wait(ARRIVE, |name, standing| runs(standing, trees.get(name))).await;
    let line = simulation.summary().line();
    let took = begin.elapsed().as_secs_f64();
    session.terminal.print_line(&match all {
        true => format!("{line}, after {took:.1} s"),
        false => format!("{line}; not all after {took:.0} s"),
    })?;
    session.terminal.flush()?;
    Ok(all)
}

/// A line for each cluster whose tree changed.
fn table(
    before: &HashMap<String, ObjectId>,
    serving: &Serving,
    simulation: &Simulation,
    session: &mut Session<'_>,
) -> Result<(), CommandError> {
    let trees = serving.trees();
    let changed = simulation
        .standings()
        .into_iter()
        .filter(|(name, _)| before.get(*name) != trees.get(*name));
    let rows = changed.map(|(name, standing)| {
        let step = standing.release.as_ref().map_or(0, |(generation, _)| *generation);
        let tree = trees.get(name).map(ToString::to_string).unwrap_or_default();
        let objects = simulation.cluster(name).map_or(0, |cluster| cluster.keys().len());
        let sum = Summary::of([&standing].into_iter());
        let state =
            format!("{} of {} synced, {} healthy", sum.synced, sum.applications, sum.healthy);
        let tree = tree.get(..12).unwrap_or_default().to_owned();
        vec![name.to_owned(), step.to_string(), tree, state, objects.to_string()]
    });
    let titles = ["CLUSTER", "STEP", "TREE", "APPLICATIONS", "OBJECTS"];
    let text = columns(Some(titles.map(str::to_owned).to_vec()), rows.collect());
    session.terminal.print(&format!("\n{text}"))
}

/// Runs on until it is told to end.
async fn stay(
    demo: &Demo,
    serving: &Serving,
    simulation: &Simulation,
    session: &mut Session<'_>,
) -> Result<Outcome, CommandError> {
    heading(session, "Try next, in another terminal; Ctrl-C ends this")?;
    let (source, folder, url) = (demo.source.display(), demo.folder.display(), &serving.url);
    session.terminal.print(&format!(
        "  res-edge get clusters --server {url} --token-file {folder}/admin-token
  res-edge explain {STORE} point-of-sale --source {source}
  git -C {source} push {url}/git/source.git main     # the password is in {folder}/admin-token
"
    ))?;
    session.terminal.flush()?;
    let end = told_to_end();
    tokio::pin!(end);
    let mut said = simulation.summary();
    loop {
        tokio::select! {
            () = &mut end => return Ok(Outcome::Done),
            () = tokio::time::sleep(Duration::from_millis(500)) => {}
        }
        let now = simulation.summary();
        if now != said {
            session.terminal.message(&now.line());
            said = now;
        }
    }
}
