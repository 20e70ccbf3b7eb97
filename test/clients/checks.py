"""What every client program here shares: where the server is, and a list of checks that ends in an exit code."""

import argparse
import os
import sys


def arguments(description):
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("scenario", choices=["seed", "full"], help="the quickstart's scenario, or all that this client can do")
    parser.add_argument("--address", default=os.environ.get("SKUA_ADDRESS", "127.0.0.1:50051"), help="host:port")
    parser.add_argument("--token", default=os.environ.get("SKUA_TOKEN"), help="token of a user who may write")
    parser.add_argument(
        "--reader-token",
        default=os.environ.get("SKUA_TEST_READER_TOKEN"),
        help="token of a user who may only read; without it, the refusals are not checked",
    )
    given = parser.parse_args()
    if not given.token:
        parser.error("a token is needed: --token or SKUA_TOKEN")
    return given


class Checks:
    def __init__(self):
        self.passed = 0
        self.failed = 0

    def _report(self, ok, name, detail=""):
        if ok:
            self.passed += 1
            print(f"ok      {name}")
        else:
            self.failed += 1
            print(f"FAILED  {name}: {detail}")

    def equal(self, name, got, expected):
        self._report(got == expected, name, f"got {got!r}, expected {expected!r}")

    def true(self, name, condition, detail="does not hold"):
        self._report(bool(condition), name, detail)

    def refused(self, name, action, exception, *sentences):
        """The action must raise the exception, whose text has each of the sentences."""
        try:
            got = action()
        except exception as error:
            missing = [sentence for sentence in sentences if sentence not in str(error)]
            self._report(not missing, name, f"{missing!r} is not in {str(error)!r}")
        except Exception as error:  # noqa: BLE001 - any other exception is the finding
            self._report(False, name, f"raised {type(error).__name__}: {error}")
        else:
            self._report(False, name, f"was not refused, it gave {got!r}")

    def group(self, name, action):
        """Runs a function with several checks; one that raises is a failed check, and the others still run."""
        print(f"-- {name}")
        try:
            action()
        except Exception as error:  # noqa: BLE001 - any exception is the finding
            self._report(False, name, f"raised {type(error).__name__}: {error}")

    def finish(self):
        print(f"{self.passed} checks passed, {self.failed} failed")
        sys.exit(1 if self.failed else 0)
