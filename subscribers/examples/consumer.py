#!/usr/bin/env python3
"""Prints every event once, over its own restarts and the broker's: consumer.py CURSOR [TOPIC]... (E_CORE_* for all that begin so)"""
import sys

import zevi

cursor, topics = sys.argv[1], sys.argv[2:] or ["*"]
with zevi.Subscriber(*topics, start="oldest", cursor=cursor, confirm="call", losses=True) as subscriber:
    for found in subscriber:
        if isinstance(found, zevi.Event):
            print(found.topic, found.params, flush=True)
        else:  # zevi.Lost, zevi.EpochChanged or zevi.HistoryMissing
            print(found, file=sys.stderr, flush=True)
        subscriber.confirm()
