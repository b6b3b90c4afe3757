"""What one cluster's branch costs a stock `git fetch`: bytes on the wire and time."""

import shutil
import statistics
import sys
from pathlib import Path

from process import run
from table import seconds, size

COUNT = Path(__file__).with_name("count.py")


class Wire:
    """A clone of one branch, every byte of which is counted."""

    def __init__(self, repository, branch, folder):
        self.url, self.branch, self.folder = f"file://{repository}", branch, Path(folder)
        self.clone, self.log = self.folder / "clone", self.folder / "bytes"
        self.folder.mkdir(parents=True, exist_ok=True)
        self.pack = f"--upload-pack={sys.executable} {COUNT} {self.log}"

    def fresh(self):
        """A fetch into a new repository; answers the bytes in both directions and the seconds."""
        shutil.rmtree(self.clone, ignore_errors=True)
        run(["git", "init", "--quiet", "--bare", str(self.clone)])
        return self.again()

    def cloned(self):
        """The same by `git clone`, which asks for the names of all branches first."""
        shutil.rmtree(self.clone, ignore_errors=True)
        options = ["--quiet", "--bare", "--depth=1", "--single-branch", f"--branch={self.branch}"]
        return self._measure(["git", "clone", *options, self.pack, self.url, str(self.clone)])

    def again(self):
        """A fetch into the clone."""
        ref = f"+refs/heads/{self.branch}:refs/heads/{self.branch}"
        fetch = ["git", "-C", str(self.clone), "fetch", "--quiet", "--depth=1", self.pack]
        return self._measure([*fetch, self.url, ref])

    def _measure(self, command):
        self.log.unlink(missing_ok=True)
        cost = run(command)
        n_bytes = sum(map(int, self.log.read_text().split()))
        return n_bytes, cost.wall


def measure(table, wire, change, runs):
    """Rows for a fresh clone, a fetch after one change, and one with nothing new.

    `change` releases one change of that cluster.
    """
    cloned = [wire.cloned() for _ in range(runs)]
    fresh = [wire.fresh() for _ in range(runs)]
    changed, nothing = [], []
    for _ in range(runs):
        change()
        changed.append(wire.again())
        nothing.append(wire.again())
    clone = "git clone --depth 1 --single-branch --branch clusters/C"
    add(table, "Clone one cluster's branch, with the names of all branches", clone, cloned, "")
    fetch = "git fetch --depth 1 URL +refs/heads/clusters/C:refs/heads/clusters/C"
    add(table, "Fetch one cluster's branch, fresh", fetch, fresh, "<= 250 KB")
    add(table, "Fetch it after one application changed", fetch, changed, "<= 3 KB")
    add(table, "Fetch it with nothing new", fetch, nothing, "<= 1.5 KB")


def add(table, what, command, samples, asked):
    n_bytes = int(statistics.median(sample[0] for sample in samples))
    times = [sample[1] for sample in samples]
    figure = f"{size(n_bytes)}, {seconds(statistics.median(times))}"
    apart = f"{seconds(min(times))} to {seconds(max(times))}"
    table.add(what, command, figure, spread=apart, asked=asked)
