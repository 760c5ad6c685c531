"""Run one command and end it when our standard input closes.

A server started for a test run must not outlive it, however the run ends. The process that starts a server
holds the writing end of this program's standard input: when it closes that end, or dies in any way, the kernel
closes it, and the server is asked to stop, then killed.

Usage: leash.py SIGNAL GRACE_SECONDS USER COMMAND...   (USER is `-` for "the same user")
"""

import os
import pwd
import signal
import subprocess
import sys
import threading


def main() -> int:
    """Run the command under the leash; returns its exit status."""
    signal_name, grace, user, *command = sys.argv[1:]
    who: dict[str, object] = {}
    if user != "-":
        who = {"user": user, "group": pwd.getpwnam(user).pw_gid, "extra_groups": []}
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL, **who)  # type: ignore[call-overload]
    stop = signal.Signals[signal_name]
    released = threading.Event()

    def hold() -> None:
        while os.read(0, 4096):
            pass
        released.set()
        child.send_signal(stop)
        try:
            child.wait(float(grace))
        except subprocess.TimeoutExpired:
            child.kill()

    # The leash is let go by its input alone; a stray signal must not part it from its server.
    signal.signal(signal.SIGTERM, lambda *_: child.send_signal(stop))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=hold, daemon=True).start()
    status = child.wait()
    return 0 if released.is_set() else abs(status)


if __name__ == "__main__":
    sys.exit(main())
