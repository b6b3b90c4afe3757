"""Measures one server with many simulated agents, and writes its section of bench/RESULTS.md.

What is simulated are the clusters' Kubernetes API and nothing else: the agents' loop, the protocol
and the server are those of the binary, and all share the cores of this machine.
"""

import argparse
import os
import shutil
import statistics
import subprocess
import tempfile
import time
from datetime import datetime, timezone
from pathlib import Path

import fleets
from machine import machine
from process import peak
from serving import SERVE, TOKEN, edit, first_cluster
from sections import put
from simulated import AgentServer, Agents, Rate, since
from table import Table, seconds, size
from wire import Wire

TITLE = "## One server and its agents"
SIMULATE = "res-edge simulate -o json --clusters all --server $URL --ready-after 100ms"
PUSH = "git push $URL/git/source.git HEAD:main"
AGENT = "/api/v1/agent/"
RELEASE = AGENT + "release"
# What a debug build on a busy machine may take at most.
PATIENCE = 900


def options():
    parser = argparse.ArgumentParser(prog="bench/agents", description=__doc__.split("\n")[0])
    parser.add_argument("--binary", default="target/release/res-edge", metavar="PATH")
    parser.add_argument("--output", default="bench/RESULTS.md", metavar="FILE")
    parser.add_argument("--clusters", type=int, default=1_000, metavar="N")
    parser.add_argument("--applications", type=int, default=20, metavar="N")
    parser.add_argument("--releases", type=int, default=10, metavar="N")
    parser.add_argument("--outage", type=int, default=600, metavar="SECONDS")
    parser.add_argument("--runs", type=int, default=3, metavar="N")
    return parser.parse_args()


def section(chosen):
    today = datetime.now(timezone.utc).date()
    return (
        f"{TITLE}\n\n"
        f"Written by `bench/agents` on {today}: {chosen.clusters:,} clusters x"
        f" {chosen.applications} applications, agents of `res-edge simulate` in one process beside"
        f" the server.\n{machine()}"
        "The clusters' Kubernetes API is simulated and answers at once; the agents' loop, the"
        " protocol and the server are the real ones.\n"
        "Times of a release are from the start of `git push` until all applications of a cluster"
        " are as it says.\n\n"
    )


class Fleet:
    """A server with a fleet, and the work tree that is pushed to it."""

    def __init__(self, chosen, folder):
        binary = os.path.abspath(chosen.binary)
        generated = fleets.Generated(binary, folder / "own")
        self.source = generated.source(chosen.clusters, chosen.applications)
        self.binary, self.n_changes = binary, 0
        self.server = AgentServer(binary, folder / "server")
        self.server.push(self.source)
        self.ledger = self.server.released(self.source)

    def agents(self, url=None, expression="all"):
        """Starts agents; by the way of another address, if one is given."""
        token = self.server.folder / "token"
        return Agents(self.binary, url or self.server.url, token, expression)

    def pull(self):
        """Takes what others pushed: the keys of agents."""
        header = f"http.extraHeader=Authorization: Bearer {TOKEN}"
        address = f"{self.server.url}/git/source.git"
        command = ["git", "-C", str(self.source), "-c", header, "pull", "-q", "--ff-only"]
        subprocess.run([*command, address, "main"], check=True)

    def change(self):
        """Commits another value of one application, which a file of it takes on all clusters."""
        self.n_changes += 1
        tag = f"tag: v2.0.{self.n_changes}"
        edit(self.source, "inventory/applications.yaml", r"tag: \S+", tag)

    def push(self):
        """Pushes it, and answers the time of day at which that began."""
        begun = time.time()
        self.server.push(self.source)
        return begun


def joins(table, fleet, agents, n_clusters):
    """Rows for the start of all agents at once, and the step that they have then."""
    with Rate(fleet.server) as rate:
        ready = agents.named("ready", PATIENCE)
        settled = agents.named("settled", PATIENCE)
    what = f"Agents: {n_clusters:,} begin at once, until the server has answered each with its release"
    figure = f"{seconds(ready['seconds'])}, {rate.most():,} requests in the busiest second"
    table.add(what, SIMULATE, figure)
    what = "Agents: the same, until each has applied everything and all is well"
    table.add(what, SIMULATE, seconds(settled["seconds"]))
    return agents.released(0, n_clusters, PATIENCE)["generation"]


def releases(table, fleet, agents, generation, chosen):
    """Rows for one changed value on all clusters, several times; answers the last step."""
    fleet.pull()
    found, most = [], []
    for _ in range(chosen.releases):
        fleet.change()
        with Rate(fleet.server) as rate:
            begun = fleet.push()
            release = agents.released(generation, chosen.clusters, PATIENCE)
        generation = release["generation"]
        times = {kind: {part: since(release, kind, part, begun) for part in ("p50", "p99", "max")}
                 for kind in ("seen", "applied")}
        found.append(times)
        most.append(rate.most())
    what = f"Agents: one changed value on all {chosen.clusters:,} clusters, commit to applied"
    figure = ", ".join(f"{part} {middle(found, 'applied', part)}" for part in ("p50", "p99", "max"))
    p99 = [times["applied"]["p99"] for times in found]
    apart = f"p99 {seconds(min(p99))} to {seconds(max(p99))}"
    table.add(f"{what} ({chosen.releases} releases)", PUSH, figure, spread=apart,
              asked="p50 <= 1 s, p99 <= 5 s")
    figure = ", ".join(f"{part} {middle(found, 'seen', part)}" for part in ("p50", "p99", "max"))
    table.add("Agents: the same, commit until the agent has its statement and pack", PUSH, figure)
    figure = f"{statistics.median(most):,.0f} in the busiest second"
    apart = f"{min(most):,} to {max(most):,}"
    table.add("Agents: requests that the server answered meanwhile", "GET /metrics", figure,
              spread=apart)
    return generation


def middle(found, kind, part):
    return seconds(statistics.median(times[kind][part] for times in found))


def wire(table, fleet, generation, chosen):
    """Rows for the bytes of one agent: its join, one change, and nothing new."""
    name, counted = first_cluster(fleet.source), Wire(fleet.server.url)
    agents = fleet.agents(counted.url, f"/c/{name}")
    agents.released(0, 1, PATIENCE)
    settle(counted)
    joined = counted.total(AGENT)
    command = "res-edge simulate --clusters /c/C, through a proxy that counts"
    what = f"Wire: one agent begins, with all of {chosen.applications} applications and its report"
    table.add(what, command, size(joined))
    fleet.pull()
    changed, nothing = [], []
    for _ in range(chosen.runs):
        before = counted.total(AGENT)
        fleet.change()
        fleet.push()
        generation = agents.released(generation, 1, PATIENCE)["generation"]
        settle(counted)
        changed.append(counted.total(AGENT) - before)
        nothing.append(asked(fleet, counted, name))
    agents.close()
    counted.close()
    add_sizes(table, "Wire: one changed value: event, statement, pack and report", PUSH, changed)
    what = "Wire: nothing new: a request for a release and its answer, all of it headers"
    sync = "POST /api/v1/clusters/C/sync"
    add_sizes(table, what, sync, nothing, "<= 500 bytes")


def asked(fleet, counted, name):
    """The bytes of one question for a release to which the answer is that there is none."""
    before, n_before = counted.total(RELEASE), counted.count(RELEASE)
    fleet.server.post(f"/api/v1/clusters/{name}/sync")
    while counted.count(RELEASE) == n_before:
        time.sleep(0.05)
    settle(counted)
    if counted.count(RELEASE) != n_before + 1:
        raise RuntimeError("the agent asked more than once")
    return counted.total(RELEASE) - before


def settle(counted):
    """Waits until nothing crossed the wire for two seconds."""
    before = -1
    while before != counted.total(AGENT):
        before = counted.total(AGENT)
        time.sleep(2)


def add_sizes(table, what, command, sizes, asked_for=""):
    apart = f"{min(sizes):,} to {max(sizes):,}"
    table.add(what, command, size(int(statistics.median(sizes))), spread=apart, asked=asked_for)


def outage(table, fleet, agents, generation, chosen):
    """A row for a server that is away, and comes back with a change that was made meanwhile."""
    fleet.pull()
    stopped = fleet.server.close()
    begun = time.monotonic()
    fleet.change()
    # Into the server's folder, since nobody answers: it takes what it finds when it starts.
    repository = fleet.server.folder / "data" / "source.git"
    push = ["git", "-C", str(fleet.source), "push", "-q", str(repository), "HEAD:main"]
    subprocess.run(push, check=True)
    time.sleep(max(0.0, chosen.outage - (time.monotonic() - begun)))
    begun = time.time()
    ready = fleet.server.start()
    release = agents.released(generation, chosen.clusters, PATIENCE)
    parts = ", ".join(
        f"{part} {seconds(since(release, 'applied', part, begun))}" for part in ("p50", "p99", "max")
    )
    what = (
        f"Agents: the server is away for {chosen.outage} s; from its start until a change that was"
        " made meanwhile is applied"
    )
    figure = f"{parts} (stopped in {seconds(stopped)}, ready after {seconds(ready)})"
    table.add(what, SERVE, figure, memory=fleet.server.memory())


def measure(table, chosen, folder):
    """All rows."""
    fleet = Fleet(chosen, folder)
    agents = fleet.agents()
    try:
        generation = joins(table, fleet, agents, chosen.clusters)
        generation = releases(table, fleet, agents, generation, chosen)
        most = fleet.server.memory()
        what = f"Agents: memory of the server, {fleet.ledger['bindings']:,} bindings"
        table.add(what, SERVE, size(most), memory=most)
        most = peak(agents.child.pid)
        what = "Agents: memory of all agents with their simulated clusters, for each"
        table.add(what, SIMULATE, size(most // chosen.clusters), memory=most)
        wire(table, fleet, generation, chosen)
        generation = newest(fleet)
        outage(table, fleet, agents, generation, chosen)
    finally:
        agents.close()
        fleet.server.close()


def newest(fleet):
    """The last step of the ledger."""
    return fleet.server.json("/api/v1/status")["ledger"]["generation"]


def main():
    chosen, table = options(), Table()
    if not shutil.which("git"):
        raise SystemExit("error: the measurements need git")
    text = section(chosen)
    with tempfile.TemporaryDirectory() as folder:
        measure(table, chosen, Path(folder))
    put(chosen.output, TITLE, text + table.text())


if __name__ == "__main__":
    main()
