"""A service that does not use the Sdk: Debian's grpcio serving ORCA load reports and grpc.health on raw bytes.

    server.py [PORT]    prints PORT n once it serves; 0 or nothing takes a free one

It cannot register itself: put it into the Gateway's services file (README.md beside this)."""

import struct
import sys
import time
from concurrent import futures

import grpc


def double(field, value):
    return bytes([field << 3 | 1]) + struct.pack("<d", value)


def named(name, value):
    """An entry of the map in field 8."""
    entry = bytes([0x0A, len(name)]) + name.encode() + double(2, value)
    return bytes([8 << 3 | 2, len(entry)]) + entry


def stream_core_metrics(request, context):
    # Field numbers of xds.data.orca.v3.OrcaLoadReport: cpu_utilization 1, rps_fractional 6, eps 7, named_metrics 8.
    # A service of yours measures these; here they stand still. Never more often than twice a second.
    report = double(1, 0.25) + double(6, 40.0) + double(7, 10.0)
    report += named("in_flight", 3.0) + named("latency_ms", 12.5) + named("memory_gib", 0.5)
    while context.is_active():
        yield report
        time.sleep(0.5)


def check(request, context):
    return b"\x08\x01"  # SERVING


def handler(service, methods):
    return grpc.method_handlers_generic_handler(service, methods)


server = grpc.server(futures.ThreadPoolExecutor(max_workers=8))
server.add_generic_rpc_handlers((
    handler("xds.service.orca.v3.OpenRcaService",
            {"StreamCoreMetrics": grpc.unary_stream_rpc_method_handler(stream_core_metrics)}),
    handler("grpc.health.v1.Health", {"Check": grpc.unary_unary_rpc_method_handler(check)}),
))
port = server.add_insecure_port(f"127.0.0.1:{sys.argv[1] if len(sys.argv) > 1 else 0}")
server.start()
print(f"PORT {port}", flush=True)
server.wait_for_termination()
