"""An instance that is not ours: grpcio serving ORCA and grpc.health on raw bytes. Prints its port once it serves."""

import struct
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
    # cpu, rps, eps, and three named metrics; never more often than twice a second.
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
port = server.add_insecure_port("127.0.0.1:0")
server.start()
print(f"PORT {port}", flush=True)
server.wait_for_termination()
