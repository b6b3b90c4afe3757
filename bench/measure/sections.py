"""Sections of bench/RESULTS.md, each written by another measurement."""

from pathlib import Path


def put(output, title, text):
    """Puts the section with this title in the place of the one before, or at the end."""
    path = Path(output)
    whole = path.read_text() if path.exists() else "# Measurements\n\n"
    before, found, after = whole.partition(title)
    rest = after.partition("\n## ")
    after = f"\n## {rest[2]}" if found and rest[1] else ""
    path.write_text(before.rstrip() + "\n\n" + text + after)
