"""Simulated agents, and a server that they hold on to: processes, and what they say."""

import json
import queue
import re
import signal
import socket
import subprocess
import threading
import time
import urllib.request
from datetime import datetime

from serving import TOKEN, Server


def free_port():
    """A port on loopback that nobody listens on now."""
    with socket.create_server(("127.0.0.1", 0)) as one:
        return one.getsockname()[1]


class AgentServer(Server):
    """A server that keeps its address over restarts, and tells metrics."""

    def __init__(self, binary, folder):
        self.listen, self.metrics = f"127.0.0.1:{free_port()}", f"127.0.0.1:{free_port()}"
        self.more = ("--metrics-listen", self.metrics)
        super().__init__(binary, folder)

    def post(self, path):
        """Sends an empty request that must be taken."""
        request = urllib.request.Request(self.url + path, data=b"", method="POST")
        request.add_header("Authorization", f"Bearer {TOKEN}")
        with urllib.request.urlopen(request) as answer:
            answer.read()

    def answered(self):
        """How many requests it has answered since it started."""
        with urllib.request.urlopen(f"http://{self.metrics}/metrics") as answer:
            text = answer.read().decode()
        counts = re.findall(r"(?m)^res_edge_http_requests_total\{[^}]*\} (\d+)", text)
        return sum(map(int, counts))


class Rate:
    """The most requests that a server answered in one second, looked at while a block runs."""

    def __init__(self, server):
        self.server, self.samples, self.is_over = server, [], threading.Event()

    def __enter__(self):
        self.thread = threading.Thread(target=self._run)
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.is_over.set()
        self.thread.join()

    def _run(self):
        while not self.is_over.is_set():
            self.samples.append((time.monotonic(), self.server.answered()))
            self.is_over.wait(0.2)

    def most(self):
        """Answers in the busiest second."""
        most, first = 0, 0
        for at, count in self.samples:
            while at - self.samples[first][0] > 1.1:
                first += 1
            most = max(most, count - self.samples[first][1])
        return most


class Agents:
    """`res-edge simulate` as a process, and its events as they come."""

    def __init__(self, binary, url, token_file, expression="all"):
        words = ["simulate", "-q", "-o", "json", "--clusters", expression, "--server", url]
        words += ["--token-file", str(token_file), "--ready-after", "100ms"]
        self.begun = time.monotonic()
        self.child = subprocess.Popen([binary, *words], stdout=subprocess.PIPE, text=True)
        self.lines, self.events = queue.Queue(), []
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.child.stdout:
            self.lines.put((time.monotonic(), json.loads(line)))
        self.lines.put(None)

    def wait(self, is_it, timeout):
        """The next event that is asked for; raises when it does not come in time."""
        end = time.monotonic() + timeout
        while True:
            try:
                come = self.lines.get(timeout=max(0.0, end - time.monotonic()))
            except queue.Empty:
                raise RuntimeError(f"no such event in {timeout} s; before: {self.events[-5:]}")
            if come is None:
                raise RuntimeError(f"the agents ended; they said {self.events[-5:]}")
            self.events.append(come[1])
            if is_it(come[1]):
                return come[1]

    def named(self, name, timeout):
        """The next event of a kind."""
        return self.wait(lambda event: event["event"] == name, timeout)

    def released(self, after, clusters, timeout):
        """The times of the next step that came to so many clusters and is applied on all."""

        def is_it(event):
            is_step = event["event"] == "release" and event["generation"] > after
            return is_step and event["clusters"] >= clusters and event["missing"] == 0

        return self.wait(is_it, timeout)

    def close(self):
        """Ends them in order."""
        self.child.send_signal(signal.SIGINT)
        self.child.wait()


def since(release, kind, part, begun):
    """Seconds from a time of day (in seconds since 1970) until a part of the clusters had a
    release: `kind` is `seen` or `applied`."""
    issued = datetime.fromisoformat(release["issued"].replace("Z", "+00:00")).timestamp()
    return issued + release[kind][part] - begun
