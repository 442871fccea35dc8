"""Runs a command on a real pseudo-terminal: `terminal.py ANSWERS COMMAND...`.

ANSWERS is JSON, [[seen, keys], ...]: the keys are typed once what is to be seen is on the screen.
What the terminal shows goes to stdout; the exit code is the command's own, 124 when it hangs.
"""

import fcntl
import json
import os
import pty
import select
import struct
import sys
import termios
import time

LIMIT_SECONDS = 90

answers = json.loads(sys.argv[1])
pid, terminal = pty.fork()
if pid == 0:
    # Before the command can ask how large it is.
    fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 160, 0, 0))
    os.execvp(sys.argv[2], sys.argv[2:])

screen = b""
deadline = time.monotonic() + LIMIT_SECONDS
while time.monotonic() < deadline:
    if not select.select([terminal], [], [], 1)[0]:
        continue
    try:
        shown = os.read(terminal, 65536)
    except OSError:  # The command has ended.
        shown = b""
    if shown == b"":
        sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
    sys.stdout.buffer.write(shown)
    sys.stdout.buffer.flush()
    screen += shown
    if answers and answers[0][0].encode() in screen:
        screen = b""
        os.write(terminal, answers.pop(0)[1].encode())

os.kill(pid, 9)
os.waitpid(pid, 0)
sys.exit(124)
