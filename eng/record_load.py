#!/usr/bin/env python3
"""Records sample Backends under varied load for `fit`: eng/record_load.py OUT.csv [SECONDS].

Needs built Exporter and Backend (dotnet build -c Release) and Debian's etcd-server. Every few seconds one Backend gets other
knobs: latency 1-200 ms, 0.5-20 ms of processor a request, errors, memory. Their own load is 5 to 50 requests a second."""

import json
import math
import pathlib
import random
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

BIN = pathlib.Path(__file__).resolve().parent.parent / "artifacts/local/bin"
RATES = [5, 10, 20, 30, 40, 50]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def spread(low, high):
    return math.exp(random.uniform(math.log(low), math.log(high)))


def ready(process):
    for line in process.stdout:
        if line.startswith("READY "):
            return line.split()[1]
    raise SystemExit("a process ended before it was ready")


def turn(url):
    knobs = {"latencyMs": spread(1, 200), "cpuMs": spread(0.5, 20), "memoryMib": random.choice([0, 32, 96, 192]),
             "errorRate": random.choice([0, 0, 0, random.uniform(0, 0.5)])}
    request = urllib.request.Request(f"{url}/knobs", json.dumps(knobs).encode(), {"Content-Type": "application/json"})
    urllib.request.urlopen(request, timeout=10).read()


def main(out, seconds):
    random.seed(1)
    with tempfile.TemporaryDirectory() as folder:
        etcd, peer = f"http://127.0.0.1:{free_port()}", f"http://127.0.0.1:{free_port()}"
        processes = []

        def start(*command):
            processes.append(subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd=folder))
            return processes[-1]

        try:
            start("etcd", "--data-dir", f"{folder}/etcd", "--listen-client-urls", etcd, "--advertise-client-urls", etcd,
                  "--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer, "--initial-cluster", f"default={peer}")
            start("dotnet", f"{BIN}/Exporter/release/Fairway.Exporter.dll", "--etcd", etcd, "--record", str(out))
            ready(processes[-1])
            backends = [start("dotnet", f"{BIN}/Backend/release/Fairway.Backend.dll", "--service", "recorded", "--id", f"b{rate}",
                              "--port", "0", "--etcd", etcd, "--self-rps", str(rate)) for rate in RATES]
            urls = [ready(backend) for backend in backends]
            until = time.monotonic() + seconds
            while time.monotonic() < until:
                turn(random.choice(urls))
                time.sleep(2)
        finally:
            for process in reversed(processes):
                process.terminate()
            for process in processes:
                process.wait(20)


if __name__ == "__main__":
    if len(sys.argv) < 2:
        raise SystemExit(__doc__)
    main(pathlib.Path(sys.argv[1]).resolve(), float(sys.argv[2]) if len(sys.argv) > 2 else 300)
