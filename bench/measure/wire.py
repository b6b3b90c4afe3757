"""Stands between an agent and its server, and counts the bytes of each request and its answer.

A client of HTTP/1.1 that does not pipeline sends a request after the answer to the one before: so
what crosses a connection, either way, belongs to the last request line that was seen on it.
"""

import re
import socket
import threading
from collections import Counter

REQUEST = re.compile(rb"(?:GET|POST|PUT|PATCH|DELETE) (/[^ ?]*)[^ ]* HTTP/1\.1\r\n")


class Wire:
    """A proxy on loopback, until it is closed."""

    def __init__(self, url):
        host, port = url.removeprefix("http://").split(":")
        self.target, self.lock = (host, int(port)), threading.Lock()
        self.bytes, self.requests = Counter(), Counter()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def total(self, prefix):
        """The bytes of all requests whose path begins so, with their answers."""
        with self.lock:
            return sum(n for path, n in self.bytes.items() if path.startswith(prefix))

    def count(self, path):
        """How many requests of a path there were."""
        with self.lock:
            return self.requests[path]

    def close(self):
        """Takes no further connections."""
        self.listener.close()

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
                server = socket.create_connection(self.target)
            except OSError:
                return
            state = {"path": "?"}
            for source, sink, is_up in ((client, server, True), (server, client, False)):
                pump = (source, sink, is_up, state)
                threading.Thread(target=self._pump, args=pump, daemon=True).start()

    def _pump(self, source, sink, is_up, state):
        try:
            while block := source.recv(1 << 16):
                found = REQUEST.match(block) if is_up else None
                if found:
                    state["path"] = found[1].decode()
                with self.lock:
                    self.requests[state["path"]] += bool(found)
                    self.bytes[state["path"]] += len(block)
                sink.sendall(block)
        except OSError:
            pass
        for end in (source, sink):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
