"""Runs one service and never outlives its owner.

`python supervise.py FOLDER LOG COMMAND…`, started by `process.Service`. The owner holds the other end of our stdin. When
that end closes without a word, the owner is dead: the service is killed and FOLDER removed. When this process is killed
itself, the kernel kills the service (PR_SET_PDEATHSIG). So neither death leaves anything running.
"""

import ctypes
import os
import select
import shutil
import signal
import subprocess
import sys

PR_SET_PDEATHSIG = 1


def die_with_parent() -> None:
    """For `preexec_fn`: this process gets SIGKILL when the thread that started it ends."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def main(folder: str, log: str, command: list[str]) -> int:
    # A terminal's Ctrl-C is the owner's business.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with open(log, "ab") as output:
        service = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd=folder,
            preexec_fn=die_with_parent,
        )
    end = os.pidfd_open(service.pid)
    try:
        os.write(1, f"{service.pid}\n".encode())
    except BrokenPipeError:
        pass  # the owner is dead already, and our stdin will say so
    readable, _, _ = select.select([sys.stdin, end], [], [])
    if end in readable and sys.stdin not in readable:
        return abs(service.wait())
    owner_is_well = os.read(0, 1) == b"q"
    service.kill()
    service.wait()
    if not owner_is_well:
        shutil.rmtree(folder, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2], sys.argv[3:]))
