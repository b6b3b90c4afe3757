"""Whole publishes of generated fleets, and how their cost grows with the clusters."""

import shutil
from pathlib import Path

from process import median, run
from table import seconds, spread

FULL = "res-edge publish --source $FLEET --to $BARE"


class Generated:
    """Generated sources, each made once and kept in Git while the benchmark runs."""

    def __init__(self, binary, folder):
        self.binary, self.folder = binary, Path(folder)

    def source(self, clusters, applications, *options):
        """The folder of a generated source, which is a repository with one commit."""
        name = "-".join([str(clusters), str(applications), *options]).replace("--", "")
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / name
        if path.exists():
            return path
        sizes = ["--clusters", str(clusters), "--applications", str(applications)]
        run([self.binary, "generate", "-q", *sizes, "--seed", "1", *options, "-o", str(path)])
        commit_all(path, "the whole fleet")
        return path


def commit_all(path, message):
    """Makes a commit of everything in a folder."""
    if not (path / ".git").exists():
        run(["git", "init", "-q", "-b", "main", str(path)])
    who = ["-c", "user.name=bench", "-c", "user.email=bench@example"]
    run(["git", "-C", str(path), "add", "--all"])
    run(["git", "-C", str(path), *who, "commit", "-qm", message])


def publish(binary, source, bare):
    """Publishes a source to a new bare repository."""
    shutil.rmtree(bare, ignore_errors=True)
    run(["git", "init", "-q", "--bare", str(bare)])
    return run([binary, "publish", "-q", "--source", str(source), "--rev", "main", "--to", str(bare)])


def whole(table, binary, source, bare, what, asked, runs):
    """A row for the release of a whole fleet into an empty repository."""
    cost, apart = median([publish(binary, source, bare) for _ in range(runs)])
    figure = f"{seconds(cost.wall)} ({seconds(cost.cpu)} CPU)"
    table.add(what, FULL, figure, spread=spread(apart), memory=cost.memory, asked=asked)


def growth(table, generated, bare, sizes, applications, runs):
    """Rows for the processor time that a cluster costs, for fleets of several sizes."""
    first = None
    for clusters in sizes:
        source = generated.source(clusters, applications)
        costs = [publish(generated.binary, source, bare) for _ in range(runs)]
        cost, apart = median(costs)
        each = cost.cpu / clusters
        first = first or each
        figure = f"{seconds(cost.cpu)} CPU, {each * 1e6:,.0f} us a cluster, x {each / first:.2f}"
        what = f"Growth: {clusters:,} clusters x {applications}"
        asked = "linear within 15 %"
        table.add(what, FULL, figure, spread=spread(apart), memory=cost.memory, asked=asked)


def commands(table, binary, source, small, runs):
    """Rows for commands that read and check a source."""
    expression = "/m/ring/beta and not /g/stores/west"
    rows = [
        ("Load and check, and one expression", ["select", expression, "-o", "name"], "<= 5 s"),
        ("Load, check and render everything", ["validate", "-q"], ""),
        ("Render everything to one tree id", ["render", "--tree"], ""),
    ]
    for what, words, asked in rows:
        cost, apart = median(
            [run([binary, *words, "--source", str(source)]) for _ in range(runs)]
        )
        shown = " ".join(f"'{word}'" if " " in word else word for word in words)
        figure = f"{seconds(cost.wall)} ({seconds(cost.cpu)} CPU)"
        table.add(
            f"{what}, 30,000 x 20",
            f"res-edge {shown} --source $FLEET",
            figure,
            spread=spread(apart),
            memory=cost.memory,
            asked=asked,
        )
    cost, apart = median([run([binary, "validate", "--source", str(small)]) for _ in range(runs)])
    table.add(
        "Check the retail example",
        "res-edge validate --source examples/retail",
        seconds(cost.wall),
        spread=spread(apart),
        memory=cost.memory,
        asked="< 30 ms",
    )
