#pragma once

#include <rapidjson/document.h>

#include <fstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "zevi/pack.hpp"

/// What an OpenSIPS sent, as `zevi ingest` passes it on: topic and parameter map.
struct RecordedEvent {
  std::string topic;
  std::string params;
};

inline std::string_view text_of(const rapidjson::Value& value) {
  return {value.GetString(), value.GetStringLength()};
}

inline void pack_value(zevi::pack::Writer& writer, const rapidjson::Value& value) {
  if (value.IsNull()) {
    writer.nil();
  } else if (value.IsString()) {
    writer.text(text_of(value));
  } else if (value.IsInt64()) {
    writer.sint(value.GetInt64());
  } else {
    throw std::runtime_error("OpenSIPS sends nothing but integers, strings and null");
  }
}

/// Reads tests/data/opensips-events.jsonl: a JSON-RPC notification a line, byte for byte as it was received,
/// text that is not UTF-8 included.
inline std::vector<RecordedEvent> recorded_events() {
  std::ifstream file(TEST_DATA_DIR "/opensips-events.jsonl", std::ios::binary);
  std::vector<RecordedEvent> events;
  for (std::string line; std::getline(file, line);) {
    rapidjson::Document document;
    document.Parse(line.data(), line.size());
    if (document.HasParseError()) throw std::runtime_error("cannot parse " + line);
    const auto& params = document["params"];
    RecordedEvent event{std::string(text_of(document["method"])), {}};
    zevi::pack::Writer writer(event.params);
    writer.map(params.MemberCount());
    for (const auto& member : params.GetObject()) {
      writer.text(text_of(member.name));
      pack_value(writer, member.value);
    }
    events.push_back(std::move(event));
  }
  return events;
}
