"""A gRPC client of grpcio: calls every method of the server under test and prints what it saw, one JSON line a case."""

import json
import sys
import threading

import grpc

target = sys.argv[1]
channel = grpc.insecure_channel(target)
SERVICE = "/fairway.test.Echo/"


def text(value):
    """The message Text with its field 1, encoded by hand; value is at most 127 bytes."""
    data = value.encode()
    return b"\x0a" + bytes([len(data)]) + data


def error(e):
    return {
        "code": e.code().name,
        "details": e.details(),
        "trailers": {
            key: value.decode() if isinstance(value, bytes) else value for key, value in e.trailing_metadata() or ()
        },
    }


def case(name, body):
    try:
        result = body()
    except grpc.RpcError as e:
        result = error(e)
    print(json.dumps({"case": name, "result": result}), flush=True)


def unary(method):
    return channel.unary_unary(SERVICE + method)


def ok():
    response, call = unary("Unary").with_call(text("abc"), metadata=(("text", "t"), ("data-bin", b"\x00\xff")))
    trailers = {key: value.hex() if isinstance(value, bytes) else value for key, value in call.trailing_metadata()}
    return {"hex": response.hex(), "code": call.code().name, "trailers": trailers}


def many():
    return [message.hex() for message in channel.unary_stream(SERVICE + "Many")(text("m"))]


def chat():
    answers = []
    turn = threading.Semaphore(1)

    def questions():
        for i in range(5):
            turn.acquire()
            yield text("q%d" % i)

    for answer in channel.stream_stream(SERVICE + "Chat")(questions()):
        answers.append(answer.hex())
        turn.release()
    return answers


def half():
    seen = []
    try:
        for message in channel.unary_stream(SERVICE + "Half")(text("h")):
            seen.append(message.hex())
    except grpc.RpcError as e:
        return {"seen": seen, **error(e)}
    return {"seen": seen}


def cancel():
    call = channel.unary_stream(SERVICE + "Forever")(text("c"))
    next(call)
    call.cancel()
    return call.code().name


case("unary", ok)
case("many", many)
case("chat", chat)
case("half", half)
case("cancel", cancel)
case("status", lambda: unary("Status")(text("s")))
case("crash", lambda: unary("Crash")(text("s")))
case("missing", lambda: unary("Missing")(text("s")))
case("deadline", lambda: unary("Slow")(text("s"), timeout=0.2))
case("large", lambda: unary("Unary")(text("s") + b"\x12\x80\x80\x40" + bytes(1 << 20)))
case("gzip", lambda: unary("Unary")(text("s" * 100), compression=grpc.Compression.Gzip))
