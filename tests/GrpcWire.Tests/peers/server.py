"""A gRPC server of grpcio: the methods of fairway.test.Echo on raw bytes. Prints its port once it serves."""

import time
from concurrent import futures

import grpc


def unary(request, context):
    return request


def many(request, context):
    metadata = dict(context.invocation_metadata())
    for _ in range(int(metadata["count"])):
        yield request


def chat(requests, context):
    for request in requests:
        yield request


def metadata(request, context):
    """Answers with the metadata it got, in trailers, and the time left, in whole seconds."""
    got = {key: value for key, value in context.invocation_metadata()}
    remaining = context.time_remaining()
    context.set_trailing_metadata((
        ("text", got.get("text", "")),
        ("data-bin", got.get("data-bin", b"")),
        ("seconds", str(round(remaining)) if remaining else "none"),
    ))
    context.abort(grpc.StatusCode.FAILED_PRECONDITION, "100% \u00fcberladen\n")


def half(request, context):
    """One message, then an error."""
    yield request
    context.abort(grpc.StatusCode.ABORTED, "enough")


def crash(request, context):
    raise ValueError("secret")


def slow(request, context):
    while context.is_active():
        time.sleep(0.01)
    return request


def wait_cancel(request, context):
    """Streams one message, then waits for the caller to leave and says so on standard output."""
    yield request
    while context.is_active():
        time.sleep(0.01)
    print("CANCELLED", flush=True)


handlers = {
    "Unary": grpc.unary_unary_rpc_method_handler(unary),
    "Many": grpc.unary_stream_rpc_method_handler(many),
    "Chat": grpc.stream_stream_rpc_method_handler(chat),
    "Metadata": grpc.unary_unary_rpc_method_handler(metadata),
    "Half": grpc.unary_stream_rpc_method_handler(half),
    "Crash": grpc.unary_unary_rpc_method_handler(crash),
    "Slow": grpc.unary_unary_rpc_method_handler(slow),
    "WaitCancel": grpc.unary_stream_rpc_method_handler(wait_cancel),
}

server = grpc.server(futures.ThreadPoolExecutor(max_workers=16))
server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("fairway.test.Echo", handlers),))
port = server.add_insecure_port("127.0.0.1:0")
server.start()
print("PORT", port, flush=True)
server.wait_for_termination()
