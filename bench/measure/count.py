"""Stands between `git fetch` and `git upload-pack` and counts the bytes that cross.

Git runs it as `count.py FILE REPOSITORY`. It appends one line to FILE: the bytes that the client
sent, and those that the server answered. That is what a connection over SSH carries.
"""

import os
import subprocess
import sys
import threading


def pump(source, target, total, side):
    while block := os.read(source, 1 << 16):
        total[side] += len(block)
        view = memoryview(block)
        while view:
            view = view[os.write(target, view) :]
    os.close(target)


def main(log, repository):
    server = subprocess.Popen(
        ["git", "upload-pack", repository], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    total = [0, 0]
    up = threading.Thread(target=pump, args=(0, os.dup(server.stdin.fileno()), total, 0), daemon=True)
    server.stdin.close()
    up.start()
    pump(server.stdout.fileno(), 1, total, 1)
    code = server.wait()
    with open(log, "a") as out:
        out.write(f"{total[0]} {total[1]}\n")
    return code


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
