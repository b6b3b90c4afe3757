"""Runs a command as a whole process and says what it cost, as the system accounts for it."""

import os
import statistics
import subprocess
import time
from dataclasses import dataclass


class Failed(Exception):
    """A command ended with an exit code that was not expected."""


@dataclass(frozen=True)
class Cost:
    """What one run cost: seconds of wall clock, seconds of processor, and the peak of resident
    memory of the largest process in bytes."""

    wall: float
    cpu: float
    memory: int


def run(command, *, cwd=None, env=None, stdin=None, expect=(0,)):
    """Runs a command (a list of words) once and answers its cost.

    Raises `Failed` with the end of what it wrote if its exit code is not expected.
    """
    environment = {**os.environ, **(env or {})}
    source = open(stdin, "rb") if stdin else subprocess.DEVNULL
    start = time.monotonic()
    with open(os.devnull, "wb") as nowhere:
        child = subprocess.Popen(
            command, cwd=cwd, env=environment, stdin=source, stdout=nowhere, stderr=subprocess.PIPE
        )
        errors = child.stderr.read()
    _, status, usage = os.wait4(child.pid, 0)
    wall = time.monotonic() - start
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode not in expect:
        end = errors.decode(errors="replace")[-2000:]
        raise Failed(f"exit code {child.returncode} of {' '.join(command)}\n{end}")
    return Cost(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024)


def peak(pid):
    """The peak of a running process's resident memory in bytes."""
    with open(f"/proc/{pid}/status") as status:
        line = next(line for line in status if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024


def together(costs):
    """The cost of runs that are one piece of work, one after the other."""
    costs = list(costs)
    return Cost(
        sum(cost.wall for cost in costs),
        sum(cost.cpu for cost in costs),
        max(cost.memory for cost in costs),
    )


def median(costs):
    """The median of each figure, and how far the wall clock's runs were apart."""
    wall = [cost.wall for cost in costs]
    middle = Cost(
        statistics.median(wall),
        statistics.median(cost.cpu for cost in costs),
        int(statistics.median(cost.memory for cost in costs)),
    )
    return middle, (min(wall), max(wall))


def percentile(values, part):
    """The value below which `part` (0 to 1) of the values lie: the nearest rank."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))]
