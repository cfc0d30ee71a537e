#!/usr/bin/env python3
"""smtp-receive --discard beside Postfix's smtp-sink, under Postfix's smtp-source, in one run.

    cargo build --release -p mailwire-examples --bin smtp-receive
    benches/sink.py [--rounds N] [--seconds S] [--program FILE]

Each cell runs in turns, one server after the other, so that what else the machine does falls on both. The ratio is
smtp-sink's time to ours: 1.0 and more means that we are at least as fast. The least time of all rounds counts, for
other programs make a run slower, never faster; the median of the rounds' ratios stands beside it, and the time of
the CPU that each server took for a message.

Ends with 0 if every cell is at least 1.0, with 1 if one is not, with 77 (skipped) where Postfix's tools are not
there: on Debian they are in the package `postfix`, which need not run.
"""

import argparse
import os
import pathlib
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import time

SKIPPED = 77
HOST = "127.0.0.1"
# Octets of a message, sessions at once, and whether each message has a connection of its own.
CELLS = [
    (size, sessions, fresh) for fresh in (False, True) for size in (2 * 1024, 200 * 1024) for sessions in (1, 20)
]
TICK = os.sysconf("SC_CLK_TCK")


def tool(name):
    found = shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/libexec/postfix")
    if not found:
        print(f"SKIPPED: {name} is not here; on Debian it is in the package postfix", file=sys.stderr)
        sys.exit(SKIPPED)
    return found


def free_port():
    with socket.socket() as one:
        one.bind((HOST, 0))
        return one.getsockname()[1]


class Server:
    def __init__(self, name, *command, port):
        self.name, self.port = name, port
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(200):
            try:
                socket.create_connection((HOST, port), 1).close()
                return
            except OSError:
                time.sleep(0.02)
        sys.exit(f"{name} does not listen")

    def cpu(self):
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICK

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()


def run(source, server, cell, messages):
    """Seconds, and seconds of the server's CPU."""
    size, sessions, fresh = cell
    command = [source, "-s", str(sessions), "-m", str(messages), "-l", str(size)]
    command += [] if fresh else ["-d"]
    cpu, begun = server.cpu(), time.monotonic()
    subprocess.run([*command, f"inet:{HOST}:{server.port}"], check=True)
    return time.monotonic() - begun, server.cpu() - cpu


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--rounds", type=int, default=7)
    arguments.add_argument("--seconds", type=float, default=0.7, help="about so long a run takes")
    arguments.add_argument("--program", help="smtp-receive; else that of the release build")
    asked = arguments.parse_args()
    source, sink = tool("smtp-source"), tool("smtp-sink")
    target = os.environ.get("CARGO_TARGET_DIR", pathlib.Path(__file__).resolve().parent.parent / "target")
    program = asked.program or str(pathlib.Path(target) / "release" / "smtp-receive")
    if not os.access(program, os.X_OK):
        sys.exit(f"{program} is not there: cargo build --release -p mailwire-examples --bin smtp-receive")

    ports = free_port(), free_port()
    user = ["-u", "nobody"] if os.getuid() == 0 else []
    servers = [
        Server("smtp-receive", program, "--listen", f"{HOST}:{ports[0]}", "--discard", port=ports[0]),
        Server("smtp-sink", sink, *user, f"{HOST}:{ports[1]}", "1000", port=ports[1]),
    ]
    slow = False
    print("| octets | sessions | connection | ratio | median | ours, us | smtp-sink, us | ours, CPU us | smtp-sink, CPU us |")
    print("|---:|---:|---|---:|---:|---:|---:|---:|---:|")
    try:
        for cell in CELLS:
            # As many messages as fit into the time, by the slower of the two.
            probe = max(run(source, server, cell, 100)[0] for server in servers)
            messages = max(100, int(100 * asked.seconds / probe))
            rounds = []
            for number in range(asked.rounds):
                order = servers if number % 2 else servers[::-1]
                rounds.append({server.name: run(source, server, cell, messages) for server in order})
            ours, theirs = ([round[server.name] for round in rounds] for server in servers)
            least = [min(wall for wall, _ in runs) for runs in (ours, theirs)]
            cpu = [min(used for _, used in runs) for runs in (ours, theirs)]
            ratio = least[1] / least[0]
            median = statistics.median(their[0] / our[0] for our, their in zip(ours, theirs))
            slow |= ratio < 1
            us = [f"{1e6 * value / messages:.0f}" for value in (*least, *cpu)]
            size, sessions, fresh = cell
            kept = "each its own" if fresh else "kept"
            print(f"| {size} | {sessions} | {kept} | {ratio:.2f} | {median:.2f} | {' | '.join(us)} |", flush=True)
    finally:
        for server in servers:
            server.stop()
    return int(slow)


if __name__ == "__main__":
    sys.exit(main())
