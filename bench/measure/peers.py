"""The same work by other tools: 100 clusters with 100 applications of 4 files each.

Every tool gets the templates of the generated fleet in its own language, and the values that
Res-Edge rendered for each cluster. A tool that is not installed gives a row that says so.
"""

import json
import re
import shutil
from pathlib import Path

from process import Failed, median, run, together
from table import seconds, spread

CLUSTER_KEYS = {
    "name": r"  CLUSTER: (\S+)",
    "region": r"  REGION: (\S+)",
    "storeNumber": r'  STORE: "(\d+)"',
    "mirror": r"  MIRROR: (\S+)",
    "tax": r'  TAX: "([\d.]+)"',
    "ipRange": r"    network=(\S+)",
}
PLACEHOLDER = re.compile(r"rea\.(cluster|application|namespace)\.([A-Za-z0-9_]+)")


class Fleet:
    """The generated source, what Res-Edge rendered of it, and the values it used."""

    def __init__(self, source, rendered):
        self.source, self.rendered = Path(source), Path(rendered)
        self.clusters = sorted(path.name for path in self.rendered.iterdir() if path.is_dir())
        self.applications = sorted(path.name for path in (self.source / "apps").iterdir())
        self.values = {cluster: self._values(cluster) for cluster in self.clusters}
        self.n_files = sum(1 for path in self.rendered.rglob("*.yaml"))

    def _values(self, cluster):
        text = next((self.rendered / cluster / self.applications[0]).rglob("configmap-*")).read_text()
        return {key: re.search(pattern, text).group(1) for key, pattern in CLUSTER_KEYS.items()}

    def application_values(self):
        """The values of each application: what its document says."""
        text = (self.source / "inventory/applications.yaml").read_text()
        found = {}
        for document in text.split("---\n"):
            if "kind: Application" not in document:
                continue
            fields = dict(re.findall(r"^\s+([A-Za-z]+): (\S+)$", document, re.M))
            found[fields["name"]] = fields
        return found

    def templates(self, application):
        """The name and the text of each file, with the application's own values filled in."""
        own = self.application_values()[application]
        for path in sorted((self.source / "apps" / application / "base").glob("*.yaml")):
            if path.name != "kustomization.yaml":
                fill = lambda hole: own[hole[2]] if hole[1] != "cluster" else hole[0]
                yield path.name, PLACEHOLDER.sub(fill, path.read_text())


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def helm_chart(fleet, folder):
    """An umbrella chart with one subchart for each application, and a file of values for each
    cluster."""
    names = fleet.applications
    write(folder / "fleet/Chart.yaml", "apiVersion: v2\nname: fleet\nversion: 1.0.0\n")
    for name in names:
        chart = folder / "fleet/charts" / name
        write(chart / "Chart.yaml", f"apiVersion: v2\nname: {name}\nversion: 1.0.0\n")
        for file, text in fleet.templates(name):
            filled = PLACEHOLDER.sub(lambda hole: "{{ .Values.global." + hole[2] + " }}", text)
            write(chart / "templates" / file, filled)
    for cluster in fleet.clusters:
        write(folder / f"{cluster}.json", json.dumps({"global": fleet.values[cluster]}))


def kustomize_overlays(fleet, folder):
    """A base for each application, and for each cluster an overlay that patches the two files
    that differ."""
    for name in fleet.applications:
        files = list(fleet.templates(name))
        for file, text in files:
            write(folder / "bases" / name / file, PLACEHOLDER.sub(lambda hole: "x", text))
        listed = "".join(f"  - {file}\n" for file, _ in files)
        write(folder / "bases" / name / "kustomization.yaml", f"resources:\n{listed}")
    for cluster in fleet.clusters:
        overlay = folder / "clusters" / cluster
        lines = ["resources:\n"] + [f"  - ../../bases/{name}\n" for name in fleet.applications]
        lines.append("patches:\n")
        for name in fleet.applications:
            for file, text in fleet.templates(name):
                if "rea.cluster" not in text:
                    continue
                filled = PLACEHOLDER.sub(lambda hole: fleet.values[cluster][hole[2]], text)
                write(overlay / f"{name}-{file}", filled)
                lines.append(f"  - path: {name}-{file}\n")
        write(overlay / "kustomization.yaml", "".join(lines))


def kapitan_inventory(fleet, folder):
    """A target for each cluster that compiles the Jinja template of each application."""
    compiles = "".join(
        f"      - output_path: {name}\n        input_type: jinja2\n"
        f"        input_paths: [templates/{name}]\n"
        for name in fleet.applications
    )
    write(
        folder / "inventory/classes/fleet.yml",
        f"parameters:\n  kapitan:\n    compile:\n{compiles}",
    )
    for cluster in fleet.clusters:
        values = json.dumps(fleet.values[cluster])
        target = f"classes: [fleet]\nparameters:\n  kapitan:\n    vars: {{target: {cluster}}}\n"
        write(folder / f"inventory/targets/{cluster}.yml", f"{target}  cluster: {values}\n")
    for name in fleet.applications:
        for file, text in fleet.templates(name):
            hole = lambda found: "{{ inventory.parameters.cluster." + found[2] + " }}"
            write(folder / "templates" / name / file, PLACEHOLDER.sub(hole, text))


def import_stream(fleet, path):
    """A stream for `git fast-import`: one commit with every rendered file."""
    with open(path, "wb") as out:
        out.write(b"commit refs/heads/main\ncommitter a <a@example> 0 +0000\ndata 0\n")
        for file in sorted(fleet.rendered.rglob("*.yaml")):
            body, name = file.read_bytes(), file.relative_to(fleet.rendered)
            out.write(f"M 100644 inline {name}\ndata {len(body)}\n".encode() + body + b"\n")


def row(table, fleet, what, command, once, runs):
    """Measures a peer: its row says files a second."""
    try:
        costs = [once() for _ in range(runs)]
    except Failed as error:
        table.missing(what, command, str(error).splitlines()[0])
        return
    cost, apart = median(costs)
    figure = f"{seconds(cost.wall)}, {fleet.n_files / cost.wall:,.0f} files/s"
    table.add(what, command, figure, spread=spread(apart), memory=cost.memory)


def measure(table, fleet, folder, programs, runs):
    """One row for each tool."""
    folder = Path(folder)
    n = f"{len(fleet.clusters)} x {len(fleet.applications)}"
    for peer in (_helm, _kustomize, _kapitan, _fast_import, _work_tree):
        peer(table, fleet, folder / peer.__name__, programs, runs, n)


def _helm(table, fleet, folder, programs, runs, n):
    what, command = f"Helm, an umbrella chart, {n}", "helm template C fleet -f C.json"
    if not programs.get("helm"):
        return table.missing(what, command, "helm is not installed")
    helm_chart(fleet, folder)
    template = lambda cluster: run(
        [programs["helm"], "template", cluster, "fleet", "-f", f"{cluster}.json"], cwd=folder
    )
    row(table, fleet, what, command, lambda: together(map(template, fleet.clusters)), runs)


def _kustomize(table, fleet, folder, programs, runs, n):
    what, command = f"kustomize, a base and two patches each, {n}", "kubectl kustomize clusters/C"
    if not programs.get("kubectl"):
        return table.missing(what, command, "kubectl is not installed")
    kustomize_overlays(fleet, folder)
    build = lambda cluster: run(
        [programs["kubectl"], "kustomize", f"clusters/{cluster}"], cwd=folder
    )
    row(table, fleet, what, command, lambda: together(map(build, fleet.clusters)), runs)


def _kapitan(table, fleet, folder, programs, runs, n):
    what, command = f"Kapitan, Jinja, {n}", "kapitan compile --parallelism 2"
    if not programs.get("kapitan"):
        return table.missing(what, command, "kapitan is not installed")
    kapitan_inventory(fleet, folder)
    compile_all = [programs["kapitan"], "compile", "--parallelism", "2"]
    row(table, fleet, what, command, lambda: run(compile_all, cwd=folder), runs)


def _fast_import(table, fleet, folder, _programs, runs, n):
    what = f"Git alone, the rendered files of {n} as a stream"
    folder.mkdir(parents=True)
    stream = folder / "stream"
    import_stream(fleet, stream)

    def once():
        shutil.rmtree(folder / "bare.git", ignore_errors=True)
        run(["git", "init", "-q", "--bare", "bare.git"], cwd=folder)
        return run(["git", "fast-import", "--quiet"], cwd=folder / "bare.git", stdin=stream)

    row(table, fleet, what, "git fast-import", once, runs)


def _work_tree(table, fleet, folder, _programs, runs, n):
    what = f"Git alone, a work tree with the rendered files of {n}"

    def once():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        run(["git", "init", "-q"], cwd=folder)
        who = ["-c", "user.name=a", "-c", "user.email=a@example"]
        copied = run(["cp", "-r", str(fleet.rendered), str(folder / "clusters")])
        added = run(["git", "add", "--all"], cwd=folder)
        return together([copied, added, run(["git", *who, "commit", "-qm", "all"], cwd=folder)])

    row(table, fleet, what, "cp -r; git add --all; git commit", once, runs)
