"""Measures Res-Edge and its peers on this machine, and writes one Markdown table.

Usage: python3 bench/measure BINARY OUTPUT. Sizes can be set in the environment: CLUSTERS (30000),
APPLICATIONS (100), RUNS (3), VALUES (200), LINES (5), PREVIEWS (20),
PEER_CLUSTERS (100).
"""

import os
import shutil
import subprocess
import sys
import tempfile
from datetime import datetime, timezone
from pathlib import Path

import fetch
import fleets
import peers
import running
import serving
from machine import machine, setting
from process import run
from table import Table

ROOT = Path(__file__).resolve().parents[2]


def program(name):
    """A peer, where it is installed: in the folder of tools, or on the path."""
    for folder in (ROOT / ".cache/peers/bin", ROOT / ".cache/tools/bin"):
        if (folder / name).exists():
            return str(folder / name)
    return shutil.which(name)


def introduction(n_runs):
    revision = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True
    ).stdout.strip()
    today = datetime.now(timezone.utc).date()
    return (
        "# Measurements\n\n"
        f"Written by `make bench` on {today}, revision `{revision}`.\n"
        f"{machine()}"
        f"Medians of {n_runs} runs unless a row says otherwise; memory is the peak of the whole process.\n"
        "A fleet is made by `res-edge generate`: 4 files of about 1 KB for each application, half of them\n"
        "different on every cluster. `$BARE` is a new bare repository; what is published is durable.\n"
        "Single changes are timed from the moment the new commit is seen until the branch has moved.\n\n"
    )


def own(table, binary, folder, n_runs):
    """The rows of Res-Edge."""
    n_clusters, n_applications = setting("CLUSTERS", 30_000), setting("APPLICATIONS", 100)
    generated, bare = fleets.Generated(binary, folder), folder / "bare.git"
    fleets.commands(table, binary, generated.source(n_clusters, 20), ROOT / "examples/retail", n_runs)
    size = f"{n_clusters:,} x {n_applications}"
    unique = generated.source(n_clusters, n_applications, "--unique")
    what = f"Publish {size}, every file different on every cluster"
    fleets.whole(table, binary, unique, bare, what, "<= 45 s, <= 1.2 GB", n_runs)
    whole = generated.source(n_clusters, n_applications)
    fleets.whole(table, binary, whole, bare, f"Publish {size}", "<= 30 s, <= 1 GB", n_runs)
    follower = running.Follower(binary, whole, bare)
    try:
        running.measure(table, follower, setting("VALUES", 200), setting("LINES", 5))
        branch = branch_of_first(bare, whole)
        wire = fetch.Wire(bare, branch, folder / "wire")
        numbers = iter(range(1_000))
        fetch.measure(table, wire, lambda: running.tag(follower, next(numbers)), n_runs)
    finally:
        follower.close()
    serving.only_previews(table, binary, whole, folder / "server", setting("PREVIEWS", 20))
    sizes = [n_clusters // 10, n_clusters // 3, n_clusters]
    fleets.growth(table, generated, bare, sizes, 20, n_runs)


def branch_of_first(_bare, source):
    """The branch of the first cluster of the inventory."""
    text = (source / "inventory/clusters/001.yaml").read_text()
    name = next(line.split()[1] for line in text.splitlines() if line.startswith("  name:"))
    return f"clusters/{name}"


def others(table, binary, folder, n_runs):
    """The rows of the peers, and of Res-Edge on the same fleet."""
    n_clusters = setting("PEER_CLUSTERS", 100)
    source = fleets.Generated(binary, folder).source(n_clusters, 100)
    rendered = folder / "rendered"
    run([binary, "render", "-q", "--source", str(source), "-o", str(rendered)])
    fleet = peers.Fleet(source, rendered)
    own_row = lambda: fleets.publish(binary, source, folder / "peer.git")
    what = f"Res-Edge, released and durable in Git, {n_clusters} x 100"
    peers.row(table, fleet, what, fleets.FULL, own_row, n_runs)
    programs = {name: program(name) for name in ("helm", "kubectl", "kapitan")}
    peers.measure(table, fleet, folder / "peers", programs, n_runs)


def main(binary, output):
    table, n_runs = Table(), setting("RUNS", 3)
    text = introduction(n_runs)
    with tempfile.TemporaryDirectory() as folder:
        own(table, binary, Path(folder) / "own", n_runs)
        others(table, binary, Path(folder) / "others", n_runs)
    # The sections below the table are written by others.
    before = Path(output).read_text() if Path(output).exists() else ""
    _, found, sections = before.partition("\n## ")
    Path(output).write_text(text + table.text() + found + sections)


if __name__ == "__main__":
    main(os.path.abspath(sys.argv[1]), sys.argv[2])
