"""Measures the server over HTTP, and writes its section of bench/RESULTS.md.

Usage: python3 bench/measure/api.py BINARY OUTPUT. Sizes can be set in the environment: CLUSTERS
(30000), APPLICATIONS (100), RUNS (3), SECONDS_OF_READS (10), PAGES (50), PUSHES (50), PREVIEWS (20).
"""

import os
import sys
import tempfile
from datetime import datetime, timezone
from pathlib import Path

import fleets
import serving
from machine import machine, setting
from sections import put
from table import Table

TITLE = "## The server, over HTTP"


def section(n_clusters, n_applications, n_runs):
    today = datetime.now(timezone.utc).date()
    return (
        f"{TITLE}\n\n"
        f"Written by `bench/api` on {today}, {n_clusters:,} clusters x {n_applications} applications.\n"
        f"{machine()}"
        f"Medians of {n_runs} runs unless a row says otherwise; `$URL` is the server's address.\n\n"
    )


def main(binary, output):
    n_clusters, n_applications = setting("CLUSTERS", 30_000), setting("APPLICATIONS", 100)
    n_runs, table = setting("RUNS", 3), Table()
    text = section(n_clusters, n_applications, n_runs)
    sizes = {
        "seconds": setting("SECONDS_OF_READS", 10),
        "pages": setting("PAGES", 50),
        "pushes": setting("PUSHES", 50),
        "previews": setting("PREVIEWS", 20),
    }
    with tempfile.TemporaryDirectory() as folder:
        source = fleets.Generated(binary, Path(folder) / "own").source(n_clusters, n_applications)
        serving.measure(table, binary, source, Path(folder) / "server", sizes, n_runs)
    put(output, TITLE, text + table.text())


if __name__ == "__main__":
    main(os.path.abspath(sys.argv[1]), sys.argv[2])
