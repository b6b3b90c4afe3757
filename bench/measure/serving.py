"""The server over HTTP: reads, pages, pushes, previews, its memory and its start from Git alone."""

import itertools
import json
import os
import re
import shutil
import statistics
import subprocess
import threading
import time
import urllib.parse
from http.client import HTTPConnection
from pathlib import Path

from fleets import commit_all
from process import peak, percentile, run
from table import seconds

SERVE = "res-edge serve --data $DATA --listen 127.0.0.1:0 --admin-token-file $TOKEN"
WRK = "wrk -t1 -c16 -d{length}s --latency -H 'Authorization: Bearer $TOKEN' $URL{path}"
TOKEN = "the-token-of-the-administrator-of-a-benchmark"
PREVIEW_BRANCH = "HEAD:refs/for/main/preview"
LABELLED = 40


class Server:
    """A server on a folder, until it is closed."""

    listen = "127.0.0.1:0"
    # Words after the others.
    more = ()

    def __init__(self, binary, folder):
        self.binary, self.folder = binary, Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "token").write_text(TOKEN)
        self.start()

    def start(self):
        """Starts it, and answers after how many seconds the fleet was there."""
        words = ["serve", "--data", str(self.folder / "data"), "--listen", self.listen]
        words += ["--admin-token-file", str(self.folder / "token"), *self.more]
        environment = {**os.environ, "RES_EDGE_LOG": "error"}
        begun = time.monotonic()
        self.child = subprocess.Popen(
            [self.binary, *words], stderr=subprocess.PIPE, text=True, env=environment
        )
        line = self.child.stderr.readline()
        listening = re.match(r"listening on (\S+)", line)
        if not listening:
            raise RuntimeError(f"the server did not start: {line}")
        # What it says later must not fill the pipe.
        threading.Thread(target=self.child.stderr.read, daemon=True).start()
        self.url = listening.group(1)
        self.connection = HTTPConnection(urllib.parse.urlsplit(self.url).netloc, timeout=600)
        while self.get("/readyz")[0] != 200:
            time.sleep(0.02)
        return time.monotonic() - begun

    def get(self, path):
        """The status and the body of an answer, on a connection that stays open."""
        self.connection.request("GET", path, headers={"Authorization": f"Bearer {TOKEN}"})
        answer = self.connection.getresponse()
        return answer.status, answer.read()

    def json(self, path):
        """The JSON of an answer that must be good."""
        status, body = self.get(path)
        if status != 200:
            raise RuntimeError(f"{path}: {status} {body[:500]}")
        return json.loads(body)

    def push(self, source, target="HEAD:refs/heads/main"):
        """Pushes what a work tree has, and answers what git said."""
        header = f"http.extraHeader=Authorization: Bearer {TOKEN}"
        command = ["git", "-C", str(source), "-c", header, "push", "-q"]
        pushed = subprocess.run(
            [*command, f"{self.url}/git/source.git", target], capture_output=True, text=True
        )
        if pushed.returncode != 0:
            raise RuntimeError(pushed.stderr)
        return pushed.stderr

    def released(self, source):
        """Waits until the head of a work tree is released, durable, and read back."""
        head = ["git", "-C", str(source), "rev-parse", "HEAD"]
        commit = subprocess.run(head, capture_output=True, text=True, check=True).stdout.strip()
        while self.get(f"/api/v1/status?source={commit}&timeout=100")[0] == 504:
            pass
        return self.json(f"/api/v1/status?source={commit}")["ledger"]

    def memory(self):
        """The peak of its resident memory in bytes."""
        return peak(self.child.pid)

    def close(self):
        """Ends it in order with SIGTERM, and answers after how many seconds it had ended."""
        begun = time.monotonic()
        self.child.terminate()
        self.child.wait()
        return time.monotonic() - begun


def edit(source, path, pattern, text):
    """Commits one edit of a file."""
    file = source / path
    file.write_text(re.sub(pattern, text, file.read_text(), count=1))
    commit_all(source, "one change")


def first_cluster(source):
    """The name of the first cluster of the inventory."""
    text = (source / "inventory/clusters/001.yaml").read_text()
    return next(line.split()[1] for line in text.splitlines() if line.startswith("  name:"))


def reads(table, server, wrk, cluster, n_runs, length):
    """Reads of one document as fast as they go, each with its token checked."""
    path = f"/api/v1/clusters/{cluster}"
    if wrk is None:
        table.missing("Reads of one document", "wrk", "wrk is not installed (apt-get install wrk)")
        return
    command = [wrk, "-t1", "-c16", f"-d{length}s", "--latency"]
    command += ["-H", f"Authorization: Bearer {TOKEN}", server.url + path]
    rates, latest = [], []
    for _ in range(n_runs):
        said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        if "Non-2xx" in said:
            raise RuntimeError(said)
        rates.append(float(re.search(r"Requests/sec:\s+([\d.]+)", said).group(1)))
        latest.append(milliseconds(re.search(r"99%\s+(\S+)", said).group(1)))
    figure = f"{statistics.median(rates):,.0f} a second, p99 {statistics.median(latest):.2f} ms"
    apart = f"{min(rates):,.0f} to {max(rates):,.0f} a second"
    asked = ">= 25,000 a second, p99 <= 5 ms"
    shown = WRK.format(length=length, path="/api/v1/clusters/C")
    what = "API: reads of one document, token checked, client on the same cores"
    table.add(what, shown, figure, spread=apart, asked=asked)


def milliseconds(text):
    """A time as wrk writes it: 870.00us, 4.21ms, 1.02s, and under load 1.50m or 1.02h."""
    found = re.fullmatch(r"([\d.]+)(us|ms|s|m|h)", text)
    if found is None:
        raise ValueError(f"wrk wrote `{text}`, which is no time")
    number, unit = found.groups()
    return float(number) * {"us": 0.001, "ms": 1.0, "s": 1e3, "m": 60e3, "h": 3600e3}[unit]


def pages(table, server, n_clusters, n_times):
    """A page of 100 with a filter and an order, each time another one."""
    times = []
    for number in range(n_times):
        query = {
            "$filter": f"ring eq 'prod' and contains(name,'{number % 10}')",
            "$orderby": "region desc,name",
            "limit": "100",
        }
        path = "/api/v1/clusters?" + urllib.parse.urlencode(query)
        begun = time.monotonic()
        page = server.json(path)
        times.append(time.monotonic() - begun)
        if not page["items"]:
            raise RuntimeError(f"an empty page: {path}")
    what = f"API: a page of 100 of {n_clusters:,} with filter and order ({n_times} pages)"
    command = "GET /api/v1/clusters?$filter=...&$orderby=region desc,name&limit=100"
    add_times(table, what, command, times, "p50 <= 20 ms")


def pushes(table, server, source, n_times):
    """One changed value: from the start of `git push` until its step is durable and read back."""
    times = []
    for number in range(n_times):
        address = f"ipRange: 10.{100 + number // 250}.{number % 250}.0/24"
        edit(source, "inventory/clusters/001.yaml", r"ipRange: \S+", address)
        begun = time.monotonic()
        server.push(source)
        server.released(source)
        times.append(time.monotonic() - begun)
    what = f"API: push of one changed value until its step is durable ({n_times} pushes)"
    command = "git push $URL/git/source.git HEAD:main; GET /api/v1/status?source=COMMIT"
    add_times(table, what, command, times, "p50 <= 100 ms")


def previews(table, server, source, n_times):
    """What two kinds of change do to the whole fleet, for another change each time."""
    line = "a changed line of a template on all clusters"
    preview(table, server, source, n_times, line, changed_line)
    label = f"a changed label on {LABELLED} clusters"
    preview(table, server, source, n_times, label, changed_labels)


def preview(table, server, source, n_times, what, change):
    """A row for the previews of changes that `change` makes, each from the same head."""
    times = []
    for number in range(n_times):
        change(source, number)
        server.push(source, PREVIEW_BRANCH)
        newest = max(one["number"] for one in server.json("/api/v1/changes")["items"])
        begun = time.monotonic()
        seen = server.json(f"/api/v1/changes/{newest}/preview")["status"]["clusters"]
        times.append(time.monotonic() - begun)
        if seen["changed"] < LABELLED:
            raise RuntimeError(f"{what} changes {seen['changed']} clusters")
        run(["git", "-C", str(source), "reset", "-q", "--hard", "HEAD~1"])
    command = f"git push $URL/git/source.git {PREVIEW_BRANCH}; GET /api/v1/changes/N/preview"
    what = f"API: preview of {what} ({n_times} changes)"
    add_times(table, what, command, times, "p50 <= 1 s, p99 <= 3 s")


def changed_line(source, number):
    """Another line of one template that all clusters use."""
    size = f"queue.size={30_000 + number}"
    edit(source, "apps/app-001/base/config-map.yaml", r"queue.size=\d+", size)


def changed_labels(source, number):
    """Another region for some clusters, each time for others; files of all applications name it."""
    file = source / "inventory/clusters/001.yaml"
    regions, at = ("central", "east", "north", "west"), itertools.count()
    first = number % max(1, file.read_text().count("    region: ") - LABELLED)

    def other(found):
        is_one = first <= next(at) < first + LABELLED
        region = regions[(regions.index(found[2]) + 1) % len(regions)] if is_one else found[2]
        return found[1] + region

    file.write_text(re.sub(r"(?m)^(    region: )(\w+)$", other, file.read_text()))
    commit_all(source, "one change")


def add_times(table, what, command, times, asked):
    figure = ", ".join(
        f"p{part} {seconds(percentile(times, part / 100))}" for part in (50, 95, 99)
    )
    apart = f"{seconds(min(times))} to {seconds(max(times))}"
    table.add(what, command, figure, spread=apart, asked=asked)


def starts(table, server, n_runs):
    """Starts on the repositories alone: the database is thrown away before each."""
    before = server.json("/api/v1/status")["ledger"]
    times = []
    for _ in range(n_runs):
        server.close()
        for file in (server.folder / "data").glob("res-edge.db*"):
            file.unlink()
        times.append(server.start())
        after = server.json("/api/v1/status")["ledger"]
        if (after["generation"], after["commit"]) != (before["generation"], before["commit"]):
            raise RuntimeError(f"the start made a step: {before} {after}")
    figure, apart = seconds(statistics.median(times)), f"{seconds(min(times))} to {seconds(max(times))}"
    what = "API: start from Git alone, with an empty database, until /readyz; no step is made"
    table.add(what, SERVE, figure, spread=apart, memory=server.memory(), asked="<= 60 s")


def only_previews(table, binary, source, folder, n_times):
    """The rows of previews alone, in a process that has released the fleet."""
    server = Server(binary, folder)
    try:
        server.push(source)
        server.released(source)
        previews(table, server, source, n_times)
    finally:
        server.close()


def measure(table, binary, source, folder, sizes, n_runs):
    """All rows of a server that holds a fleet. `sizes` says how often each thing is done."""
    server = Server(binary, folder)
    try:
        begun = time.monotonic()
        server.push(source)
        ledger = server.released(source)
        took = seconds(time.monotonic() - begun)
        what = f"API: first push of the fleet, {ledger['clusters']:,} clusters, {ledger['bindings']:,} bindings"
        table.add(what, "git push $URL/git/source.git HEAD:main", took, memory=server.memory())
        reads(table, server, shutil.which("wrk"), first_cluster(source), n_runs, sizes["seconds"])
        pages(table, server, ledger["clusters"], sizes["pages"])
        pushes(table, server, source, sizes["pushes"])
        previews(table, server, source, sizes["previews"])
        peak = server.memory()
        table.add(
            "API: memory of the server after all of this", SERVE, f"{peak / 2**20:,.0f} MiB",
            memory=peak, asked="<= 1.5 GB",
        )
        starts(table, server, n_runs)
    finally:
        server.close()
