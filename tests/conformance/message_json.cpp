#include "message_json.hpp"

#include <stdexcept>

#include "vectors.hpp"

namespace zevi::conformance {

using nlohmann::json;

namespace {

json counts(const std::vector<wire::TopicCount>& counts) {
  json fields = json::object();
  for (const wire::TopicCount& entry : counts) fields[std::string(entry.topic)] = entry.count;
  return fields;
}

std::string key_of(const pack::Item& item) {
  const bool is_text = item.type == pack::Type::string;
  return is_text ? std::string(item.bytes) : "$hex:" + to_hex(item.bytes);
}

}  // namespace

json to_fields(const wire::Hello& message) {
  return {{"v", {message.version_min, message.version_max}},
          {"src", message.src},
          {"pid", message.pid},
          {"host", message.host},
          {"id", message.id},
          {"s", message.s},
          {"g", message.g}};
}

json to_fields(const wire::EventsHeader& message) {
  return {{"t", message.t}, {"s", message.s}, {"p", message.p},
          {"n", message.n}, {"d", message.d}, {"o", message.o}};
}

json to_fields(const wire::Beat& message) {
  return {{"g", message.g}, {"d", counts(message.d)}};
}

json to_fields(const wire::Bye& message) {
  return {{"s", message.s}, {"d", counts(message.d)}};
}

json to_fields(const wire::Welcome& message) {
  json levels = json::array();
  for (const wire::PrefixLevel& entry : message.levels) {
    levels.push_back(json::array({entry.prefix, wire::name_of(entry.level)}));
  }
  return {{"v", message.version},
          {"id", message.id},
          {"window_bytes", message.window_bytes},
          {"limits",
           {{"event_bytes", message.event_bytes_max},
            {"batch_bytes", message.batch_bytes_max},
            {"nesting", message.nesting_max}}},
          {"levels", levels}};
}

json to_fields(const wire::Interest& message) {
  json kept = json::array();
  for (const wire::PrefixKept& entry : message.h) kept.push_back(json::array({entry.prefix, entry.kept}));
  return {{"g", message.g}, {"w", message.w}, {"h", kept}};
}

json to_fields(const wire::Ack& message) {
  json fields = {{"memory", message.memory}, {"written", message.written}, {"synced", message.synced}};
  if (message.pace_us != 0) fields["pace_us"] = message.pace_us;
  return fields;
}

json to_fields(const wire::Reject& message) {
  return {{"s", message.s}, {"t", message.t}, {"n", message.n}, {"reason", message.reason}};
}

json to_fields(const wire::StreamHeader& message) {
  json runs = json::array();
  for (const wire::Run& run : message.r) {
    runs.push_back(json::array({run.id, run.src, run.pid, run.p, run.count, run.host, run.origin}));
  }
  return {{"v", message.version}, {"b", message.b}, {"q", message.q}, {"n", message.n},
          {"at", message.at},     {"l", message.l}, {"r", runs}};
}

json to_fields(const wire::EventMeta& message) {
  return {{"q", message.q},       {"p", message.p},     {"l", message.l},   {"time", message.time},
          {"src", message.src},   {"pid", message.pid}, {"id", message.id}, {"time_ns", message.time_ns},
          {"host", message.host}, {"b", message.b}};
}

json to_fields(const wire::Ready& message) {
  json fields = {{"b", message.b}, {"at", message.at}, {"unconfirmed", message.unconfirmed}};
  for (const wire::RouteAt& route : message.routes) {
    fields["routes"].push_back(json::array({route.prefix, route.endpoint}));
  }
  if (message.route) fields["route"] = *message.route;
  return fields;
}

json to_fields(const wire::ReplayRequest& message) {
  json fields = {{"i", message.i}, {"t", message.t}, {"limit_bytes", message.limit_bytes}, {"b", message.b}};
  if (message.from) fields["from"] = counts(*message.from);
  if (!message.to.empty()) fields["to"] = counts(message.to);
  if (message.since) fields["since"] = *message.since;
  if (message.last) fields["last"] = *message.last;
  return fields;
}

json to_fields(const wire::StoredHead& message) {
  return {{"i", message.i}};
}

json to_fields(const wire::ReplayEnd& message) {
  json gone = json::array();
  for (const wire::GoneRange& range : message.gone) {
    gone.push_back(json::array({range.topic, range.q_from, range.q_to}));
  }
  json fields = {{"i", message.i},
                 {"b", message.b},
                 {"next", counts(message.next)},
                 {"more", message.more},
                 {"gone", gone}};
  if (message.ended) fields["ended"] = counts(*message.ended);
  if (!message.reason.empty()) fields["reason"] = message.reason;
  return fields;
}

json to_fields(const wire::ControlRequest& message) {
  json fields = {{"cmd", message.cmd}, {"i", message.i}, {"rows_max", message.rows_max}};
  if (!message.from.empty()) fields["from"] = message.from;
  if (!message.t.empty()) fields["t"] = message.t;
  if (message.q != 0) fields["q"] = message.q;
  if (message.n != 0) fields["n"] = message.n;
  if (!message.src.empty()) fields["src"] = message.src;
  if (message.pid != 0) fields["pid"] = message.pid;
  return fields;
}

json to_fields(const wire::ControlAnswer& message) {
  json rows = json::array();
  for (const std::string_view row : message.rows) {
    pack::Reader reader(row);
    rows.push_back(to_json(reader));
  }
  json fields = {{"cmd", message.cmd}, {"i", message.i},       {"b", message.b},      {"at", message.at},
                 {"rows", rows},       {"more", message.more}, {"next", message.next}};
  if (!message.reason.empty()) fields["reason"] = message.reason;
  return fields;
}

json to_json(pack::Reader& reader) {
  pack::Item item;
  if (!reader.next(item)) throw std::runtime_error("no msgpack");
  switch (item.type) {
    case pack::Type::nil:
      return nullptr;
    case pack::Type::boolean:
      return item.bits != 0;
    case pack::Type::integer:
      return item.is_negative ? json(item.as_int64()) : json(item.bits);
    case pack::Type::real:
      return item.real;
    case pack::Type::string:
      return item.bytes;
    case pack::Type::binary:
      return {{"$hex", to_hex(item.bytes)}};
    case pack::Type::array: {
      json array = json::array();
      for (std::uint32_t i = 0; i < item.count; ++i) array.push_back(to_json(reader));
      return array;
    }
    case pack::Type::map: {
      json map = json::object();
      const std::uint32_t count = item.count;
      for (std::uint32_t i = 0; i < count; ++i) {
        if (!reader.next(item) || !item.is_text()) throw std::runtime_error("no key");
        map[key_of(item)] = to_json(reader);
      }
      return map;
    }
    case pack::Type::extension:
      break;
  }
  throw std::runtime_error("an extension");
}

}  // namespace zevi::conformance
