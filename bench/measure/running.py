"""Single changes in a running process: `res-edge publish --follow`."""

import json
import re
import subprocess

from fleets import commit_all
from process import peak, percentile
from table import seconds

PARTS = ("read", "compile", "compare", "append", "project")
FOLLOW = "res-edge publish --follow -o json --interval 5ms --source $FLEET --rev main --to $BARE"


class Follower:
    """A process that releases each commit, and says how long each took."""

    def __init__(self, binary, source, bare):
        words = ["publish", "--follow", "-o", "json", "--interval", "5ms", "--rev", "main"]
        command = [binary, *words, "--source", str(source), "--to", str(bare)]
        self.source = source
        self.child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self.first = json.loads(self.child.stdout.readline())

    def change(self, path, pattern, text):
        """Commits one edit, and answers what was said about its release."""
        file = self.source / path
        file.write_text(re.sub(pattern, text, file.read_text(), count=1))
        commit_all(self.source, "one change")
        return json.loads(self.child.stdout.readline())

    def memory(self):
        """The peak of its resident memory in bytes."""
        return peak(self.child.pid)

    def close(self):
        """Ends it, which is safe at any moment."""
        self.child.kill()
        self.child.wait()


def value(follower, number):
    """Another value of one cluster, which a file of every application takes."""
    address = f"ipRange: 10.{100 + number // 250}.{number % 250}.0/24"
    return follower.change("inventory/clusters/001.yaml", r"ipRange: \S+", address)


def tag(follower, number):
    """Another value of one application on all clusters that one file takes."""
    return follower.change("inventory/applications.yaml", r"tag: \S+", f"tag: v1.2.{number}")


def line(follower, number):
    """Another line of one template that all clusters use."""
    size = f"queue.size={20_000 + number}"
    return follower.change("apps/app-001/base/config-map.yaml", r"queue.size=\d+", size)


def measure(table, follower, n_values, n_lines):
    """Rows for the start from Git, single values, and single lines."""
    table.add(
        "Start from Git alone: compile everything, read the ledger and look at every branch",
        FOLLOW,
        seconds(follower.first["seconds"]),
        memory=follower.memory(),
    )
    said = [value(follower, number) for number in range(n_values)]
    row(table, f"One value of one cluster ({n_values} changes)", said, "p50 <= 5 ms, p99 <= 20 ms")
    said = [line(follower, number) for number in range(n_lines)]
    row(table, f"One line of one template on all clusters ({n_lines} changes)", said, "<= 2 s")


def row(table, what, said, asked):
    times = [one["seconds"] for one in said]
    middle = {part: percentile([one["parts"][part] for one in said], 0.5) for part in PARTS}
    parts = ", ".join(f"{part} {seconds(took)}" for part, took in middle.items())
    figure = f"p50 {seconds(percentile(times, 0.5))}, p99 {seconds(percentile(times, 0.99))} ({parts})"
    apart = f"{seconds(min(times))} to {seconds(max(times))}"
    table.add(what, FOLLOW, figure, spread=apart, asked=asked)
