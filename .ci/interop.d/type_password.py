"""type_password.py PASSWORD COMMAND...: runs COMMAND at a terminal of its own, and types PASSWORD when it asks for one."""

import os
import pty
import re
import select
import sys
import time

password, command = sys.argv[1], sys.argv[2:]
process, terminal = pty.fork()
if process == 0:
    os.execvp(command[0], command)
seen, end, asked = b"", time.monotonic() + 25, 0
while time.monotonic() < end:
    if not select.select([terminal], [], [], 1)[0]:
        continue
    try:
        octets = os.read(terminal, 65536)
    except OSError:  # the other end has been closed
        break
    if not octets:
        break
    seen += octets
    os.write(1, octets)
    if re.search(rb"(?i)password[^\r\n]*:\s*$", seen):
        asked += 1
        if asked > 3:
            break
        time.sleep(0.05)  # until it has switched the echo off
        os.write(terminal, password.encode() + b"\n")
        seen = b""
os.close(terminal)
for _ in range(100):
    ended, status = os.waitpid(process, os.WNOHANG)
    if ended:
        sys.exit(os.waitstatus_to_exitcode(status))
    time.sleep(0.05)
os.kill(process, 9)
os.waitpid(process, 0)
sys.exit(1)
