#include "mapping.hpp"

#include "zevi/json.hpp"
#include "zevi/pack.hpp"

namespace zevi::bridges {

namespace {

std::string id_of(const Event& event) {
  const bool has_own_number = event.p != 0;
  std::string id = std::to_string(has_own_number ? event.id : event.epoch);
  id += '-';
  id += event.topic;
  id += '-';
  id += std::to_string(has_own_number ? event.p : event.q);
  return id;
}

/// Names as programs and hosts give them to themselves, which may hold anything.
std::string in_one_line(std::string_view text) {
  std::string line(text);
  for (char& c : line) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) c = '_';
  }
  return line;
}

void append_text(std::string& out, std::string_view key, std::string_view text) {
  out += key;
  append_json_string(out, text);
}

void append_number(std::string& out, std::string_view key, const std::string& digits) {
  out += key;
  out += digits;
}

std::string json_of(const Event& event, const std::string& id, const std::string& origin) {
  std::string out;
  out.reserve(256 + 2 * event.params_raw.size());
  append_text(out, R"({"id":)", id);
  append_text(out, R"(,"topic":)", event.topic);
  append_number(out, R"(,"q":)", std::to_string(event.q));
  append_number(out, R"(,"epoch":)", std::to_string(event.epoch));
  append_number(out, R"(,"time_ns":)", std::to_string(event.time_ns));
  append_text(out, R"(,"src":)", event.src);
  append_text(out, R"(,"host":)", event.host);
  append_number(out, R"(,"pid":)", std::to_string(event.pid));
  append_text(out, R"(,"origin":)", origin);
  out += R"(,"params":)";
  append_json(out, event.params_raw);
  out += '}';
  return out;
}

std::string msgpack_of(const Event& event, const std::string& id, const std::string& origin) {
  std::string out;
  out.reserve(256 + event.params_raw.size());
  pack::Writer writer(out);
  writer.map(10);
  writer.text("id").text(id).text("topic").text(event.topic);
  writer.text("q").uint(event.q).text("epoch").uint(event.epoch).text("time_ns").sint(event.time_ns);
  writer.text("src").text(event.src).text("host").text(event.host).text("pid").uint(event.pid);
  writer.text("origin").text(origin).text("params").raw(event.params_raw);
  return out;
}

}  // namespace

Outgoing Mapping::map(const Event& event) const {
  Outgoing out;
  subject_.fill(out.subject, {.topic = event.topic, .host = event.host, .src = event.src, .name = name_});
  out.topic = event.topic;
  out.id = id_of(event);
  const std::string origin = event.origin.empty() ? name_ : std::string(event.origin) + "," + name_;
  out.headers = {{"Zevi-Topic", out.topic},
                 {"Zevi-Q", std::to_string(event.q)},
                 {"Zevi-Epoch", std::to_string(event.epoch)},
                 {"Zevi-Time", std::to_string(event.time_ns)},
                 {"Zevi-Source", in_one_line(event.src)},
                 {"Zevi-Host", in_one_line(event.host)},
                 {"Zevi-Origin", in_one_line(origin)}};
  out.payload =
      payload_ == Payload::json ? json_of(event, out.id, origin) : msgpack_of(event, out.id, origin);
  return out;
}

}  // namespace zevi::bridges
