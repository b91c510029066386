"""`python peak.py FILE COMMAND…`: runs the command and writes its peak RSS in KiB to FILE.

Linux hands the peak of a process on to what it forks and executes, so that the large test process itself cannot tell.
"""

import os
import sys

child = os.posix_spawn(sys.argv[2], sys.argv[2:], os.environ)
_, status, usage = os.wait4(child, 0)
with open(sys.argv[1], "w") as file:
    file.write(str(usage.ru_maxrss))
sys.exit(os.waitstatus_to_exitcode(status))
