"""A server with its embedded stack for the time of a benchmark, and what its process costs."""

import os
import pathlib
import re
import signal
import subprocess
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
TICK = os.sysconf("SC_CLK_TCK")


class Server:
    """A process that says where it listens and which tokens open it, as `skua start` does."""

    def __init__(self, command):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.read_addresses()

    @classmethod
    def embedded(cls, folder):
        """`skua start` on a free port, with its data in a folder."""
        return cls(["node", str(ROOT / "bin" / "skua.cjs"), "start", "--port", "0", "--folder", str(folder)])

    def read_addresses(self):
        tokens = []
        for line in self.process.stdout:
            if found := re.search(r"listens on grpc://([^\s;]+)[^;]*;(.*)", line):
                self.address, self.details = found.group(1), found.group(2).strip()
            if found := re.search(r"export SKUA_TOKEN=(\S+)", line):
                tokens.append(found.group(1))
            if "Ctrl-C" in line:
                break
        if len(tokens) < 3:
            raise SystemExit("The server did not start.")
        self.admin_token, self.reader_token, self.analyst_token = tokens[:3]

    @property
    def uri(self):
        return f"grpc://{self.address}"

    def resident(self):
        """Resident memory at this moment, and its highest so far since `forget_peak`, in MB."""
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        kilobytes = {name: int(value) for name, value in re.findall(r"^(VmRSS|VmHWM):\s+(\d+)", status, re.M)}
        return kilobytes["VmRSS"] * 1024 / 1e6, kilobytes["VmHWM"] * 1024 / 1e6

    def forget_peak(self):
        pathlib.Path(f"/proc/{self.process.pid}/clear_refs").write_text("5")

    def cpu_seconds(self):
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICK

    def stop(self):
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


class MemorySamples:
    """Samples the server's resident memory, in MB, until the block ends."""

    def __init__(self, server, interval=0.05):
        self.server = server
        self.interval = interval
        self.values = []

    def __enter__(self):
        self.server.forget_peak()
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self.run)
        self.thread.start()
        return self

    def run(self):
        while not self.ended.wait(self.interval):
            self.values.append(self.server.resident()[0])

    def __exit__(self, *_):
        self.ended.set()
        self.thread.join()
        self.peak = self.server.resident()[1]


def versions():
    """One line that says what ran where."""
    import adbc_driver_flightsql
    import duckdb
    import pyarrow

    node = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout.strip()
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"{time.strftime('%Y-%m-%d')}; {os.cpu_count()} cores, {memory:.0f} GiB; Node {node}, pyarrow {pyarrow.__version__}, "
        f"adbc-driver-flightsql {adbc_driver_flightsql.__version__}, duckdb {duckdb.__version__} (client side); "
        f"load {os.getloadavg()[0]:.1f}"
    )


def spread(values):
    """Median (lowest to highest)."""
    ordered = sorted(values)
    plain = lambda value: f"{value:.0f}" if value >= 100 else f"{value:.2f}"
    return f"{plain(ordered[len(ordered) // 2])} ({plain(ordered[0])} to {plain(ordered[-1])})"
