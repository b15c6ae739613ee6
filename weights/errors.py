"""What a user did wrong, said in one sentence: exit code 2, no traceback."""

from __future__ import annotations

import sys
from collections.abc import Callable


class InputError(ValueError):
    """Bad input. The message is one sentence that names the file or option and the mend."""


def exit_code(main: Callable[[], int | None]) -> int:
    """Run `main`; print an InputError as one line on stderr and return 2, return 130 on Ctrl-C."""
    try:
        return main() or 0
    except InputError as error:
        print(f"livebrush: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("livebrush: stopped.", file=sys.stderr)
        return 130
