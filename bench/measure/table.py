"""One Markdown table from many rows."""

from dataclasses import dataclass, field


@dataclass
class Table:
    """Rows of: what was done, the command, what it reached, what was asked, time, memory."""

    rows: list = field(default_factory=list)

    def add(self, what, command, figure, *, asked="", spread="", memory=None):
        """Adds a row and shows it at once; `memory` is in bytes."""
        shown = f"{memory / 2**20:,.0f} MiB" if memory else ""
        row = (what, f"`{command}`", figure, spread, shown, asked)
        self.rows.append(row)
        print("| " + " | ".join(row) + " |", flush=True)

    def missing(self, what, command, reason):
        """A row for what was not measured, and why."""
        self.add(what, command, f"not measured: {reason}")

    def text(self):
        """The whole table."""
        head = ("Work", "Command", "Median", "Runs from to", "Peak memory", "Asked")
        lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
        lines += ["| " + " | ".join(row) + " |" for row in self.rows]
        return "\n".join(lines) + "\n"


def seconds(value):
    """Seconds or milliseconds, as short as they can be read."""
    return f"{value * 1000:.1f} ms" if value < 1 else f"{value:.2f} s"


def spread(low_high):
    """The fastest and the slowest run."""
    low, high = low_high
    return f"{seconds(low)} to {seconds(high)}"


def size(n_bytes):
    """A size in bytes or KB (1,000 bytes)."""
    return f"{n_bytes:,} bytes" if n_bytes < 10_000 else f"{n_bytes / 1000:,.0f} KB"
