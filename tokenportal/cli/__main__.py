"""Where the `tokenportal` command begins, and how it ends when it is interrupted."""

import os
import sys


def main() -> None:
    try:
        from tokenportal.cli.app import run  # here, so that Ctrl-C while it is loaded is heard too

        sys.exit(run(sys.argv[1:]))
    except KeyboardInterrupt:
        _die_of_interrupt()


def _die_of_interrupt() -> None:
    """End by the signal itself: a shell then ends the loop or the script that the command stands in."""
    import signal  # here, since Ctrl-C is not heard until main() has begun

    signal.signal(signal.SIGINT, signal.SIG_DFL)
    os.kill(os.getpid(), signal.SIGINT)


if __name__ == "__main__":
    main()
