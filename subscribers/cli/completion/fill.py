"""Puts the topics of the catalogues into a completion script: fill.py TEMPLATE OUTPUT CATALOGUE..."""

import json
import sys


def main(template, output, *catalogues):
    topics = []
    for path in catalogues:
        with open(path, encoding="utf-8") as file:
            topics += [event["name"] for event in json.load(file)["events"]]
    with open(template, encoding="utf-8") as file:
        text = file.read()
    with open(output, "w", encoding="utf-8") as file:
        file.write(text.replace("@TOPICS@", " ".join(sorted(set(topics)))))


if __name__ == "__main__":
    main(*sys.argv[1:])
