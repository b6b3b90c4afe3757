"""The machine that is measured on, and sizes that its user may set."""

import os
import platform


def setting(name, default):
    """A number from the environment."""
    return int(os.environ.get(name, default))


def machine():
    names = [line.split(":")[1].strip() for line in open("/proc/cpuinfo") if "model name" in line]
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    load = os.getloadavg()[0]
    kernel = f"{platform.system()} {platform.release()}"
    return (
        f"{len(names)} cores ({names[0]}), {memory:.0f} GiB memory, {kernel}.\n"
        f"Other work on the machine before the first run: load average {load:.1f}.\n"
    )
