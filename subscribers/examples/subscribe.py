#!/usr/bin/env python3
"""Prints events as they come, with pyzmq and msgpack alone: subscribe.py [TOPIC]... (a topic is a prefix here)"""
import os, sys, msgpack, zmq

directory = os.environ.get("ZEVI_RUNTIME_DIR") or "/run/zevi"
events = zmq.Context().socket(zmq.SUB)
events.connect(f"ipc://{directory}/events")
ready = f"~ready.{os.urandom(8).hex()}"
for prefix in (sys.argv[1:] or ["E_"]) + [ready]:  # the barrier comes last
    events.subscribe(prefix)
while True:
    topic, params, meta = events.recv_multipart()
    if topic == ready.encode():
        print("ready: nothing published from now on is missed unnoticed", file=sys.stderr, flush=True)
    else:
        print(topic.decode(), msgpack.unpackb(params, strict_map_key=False), msgpack.unpackb(meta), flush=True)
