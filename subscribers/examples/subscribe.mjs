// Prints events as they come, with npm's zeromq and @msgpack/msgpack alone:
// node subscribe.mjs [TOPIC]... (a topic is a prefix here)
import { randomBytes } from "node:crypto";
import { decode } from "@msgpack/msgpack";
import { Subscriber } from "zeromq";

const directory = process.env.ZEVI_RUNTIME_DIR || "/run/zevi";
const events = new Subscriber();
events.connect(`ipc://${directory}/events`);
const ready = `~ready.${randomBytes(8).toString("hex")}`;
const topics = process.argv.slice(2);
events.subscribe(...(topics.length ? topics : ["E_"]), ready); // the barrier comes last
for await (const [topic, params, meta] of events) {
  if (String(topic) === ready) console.error("ready: nothing published from now on is missed unnoticed");
  else console.log(String(topic), JSON.stringify(decode(params)), JSON.stringify(decode(meta)));
}
