#include "zevi/wire/broker_messages.hpp"

#include "frame_reader.hpp"

namespace zevi::wire {

namespace {

DecodeError read_limits(pack::Reader& reader, Welcome& message) {
  return read_inner_map(reader, [&](std::string_view key, pack::Reader& value) {
    if (key == "event_bytes") return read_uint(value, message.event_bytes_max);
    if (key == "batch_bytes") return read_uint(value, message.batch_bytes_max);
    if (key == "nesting") return read_uint(value, message.nesting_max);
    return skip_value(value);
  });
}

DecodeError read_level(pack::Reader& reader, AckLevel& level) {
  std::string_view name;
  const DecodeError error = read_text(reader, name);
  if (error != DecodeError::none) return error;
  for (const AckLevel known : {AckLevel::memory, AckLevel::written, AckLevel::synced}) {
    if (name == name_of(known)) {
      level = known;
      return DecodeError::none;
    }
  }
  return DecodeError::out_of_range;
}

}  // namespace

std::string_view name_of(AckLevel level) noexcept {
  switch (level) {
    case AckLevel::memory:
      return "memory";
    case AckLevel::written:
      return "written";
    case AckLevel::synced:
      return "synced";
  }
  return "memory";
}

bool Interest::wants(std::string_view topic) const noexcept {
  for (const std::string_view prefix : w) {
    if (topic.starts_with(prefix)) return true;
  }
  const PrefixKept* longest = nullptr;
  for (const PrefixKept& entry : h) {
    const bool longer = longest == nullptr || entry.prefix.size() > longest->prefix.size();
    if (topic.starts_with(entry.prefix) && longer) longest = &entry;
  }
  return longest != nullptr && longest->kept;
}

void encode(const Welcome& message, std::string& out) {
  pack::Writer writer(out);
  writer.map(6).text("k").text("welcome").text("v").uint(message.version).text("id").uint(message.id);
  writer.text("window_bytes").uint(message.window_bytes).text("limits").map(3);
  writer.text("event_bytes").uint(message.event_bytes_max);
  writer.text("batch_bytes").uint(message.batch_bytes_max);
  writer.text("nesting").uint(message.nesting_max);
  writer.text("levels").array(message.levels.size());
  for (const PrefixLevel& entry : message.levels) {
    writer.array(2).text(entry.prefix).text(name_of(entry.level));
  }
}

void encode(const Interest& message, std::string& out) {
  pack::Writer writer(out);
  writer.map(4).text("k").text("interest").text("g").uint(message.g);
  writer.text("w").array(message.w.size());
  for (const std::string_view prefix : message.w) writer.text(prefix);
  writer.text("h").array(message.h.size());
  for (const PrefixKept& entry : message.h) writer.array(2).text(entry.prefix).boolean(entry.kept);
}

void encode(const Ack& message, std::string& out) {
  pack::Writer writer(out);
  writer.map(message.pace_us == 0 ? 4 : 5).text("k").text("ack").text("memory").uint(message.memory);
  writer.text("written").uint(message.written).text("synced").uint(message.synced);
  if (message.pace_us != 0) writer.text("pace_us").uint(message.pace_us);
}

void encode(const Reject& message, std::string& out) {
  pack::Writer writer(out);
  writer.map(5).text("k").text("reject").text("s").uint(message.s).text("t").text(message.t);
  writer.text("n").uint(message.n).text("reason").text(message.reason);
}

void encode(const Who&, std::string& out) {
  pack::Writer(out).map(1).text("k").text("who");
}

DecodeError decode(std::string_view frame, Welcome& message) {
  message = Welcome{};
  bool has_version = false;
  const DecodeError error =
      read_frame(frame, frame_bytes_max(Kind::welcome), [&](std::string_view key, pack::Reader& value) {
        if (key == "v") {
          has_version = true;
          return read_uint(value, message.version);
        }
        if (key == "id") return read_uint(value, message.id);
        if (key == "window_bytes") return read_uint(value, message.window_bytes);
        if (key == "limits") return read_limits(value, message);
        if (key == "levels") {
          return read_prefix_pairs(value, message.levels, [](pack::Reader& second, PrefixLevel& entry) {
            return read_level(second, entry.level);
          });
        }
        return skip_value(value);
      });
  if (error != DecodeError::none) return error;
  if (!has_version) return DecodeError::missing_field;
  return is_version(message.version) ? DecodeError::none : DecodeError::out_of_range;
}

DecodeError decode(std::string_view frame, Interest& message) {
  message = Interest{};
  const DecodeError error =
      read_frame(frame, frame_bytes_max(Kind::interest), [&](std::string_view key, pack::Reader& value) {
        if (key == "g") return read_uint(value, message.g);
        if (key == "w") {
          message.w.clear();
          std::uint32_t count = 0;
          return read_array(value, count, [&](pack::Reader& element, std::uint32_t) {
            std::string_view prefix;
            const DecodeError failure = read_topic_prefix(element, prefix);
            if (failure == DecodeError::none) message.w.push_back(prefix);
            return failure;
          });
        }
        if (key == "h") {
          return read_prefix_pairs(value, message.h, [](pack::Reader& second, PrefixKept& entry) {
            return read_bool(second, entry.kept);
          });
        }
        return skip_value(value);
      });
  if (error != DecodeError::none) return error;
  return message.g != 0 ? DecodeError::none : DecodeError::missing_field;
}

DecodeError decode(std::string_view frame, Ack& message) noexcept {
  message = Ack{};
  return read_frame(frame, frame_bytes_max(Kind::ack), [&](std::string_view key, pack::Reader& value) {
    if (key == "memory") return read_uint(value, message.memory);
    if (key == "written") return read_uint(value, message.written);
    if (key == "synced") return read_uint(value, message.synced);
    if (key == "pace_us") return read_uint(value, message.pace_us);
    return skip_value(value);
  });
}

DecodeError decode(std::string_view frame, Reject& message) noexcept {
  message = Reject{};
  bool has_batch = false;
  const DecodeError error =
      read_frame(frame, frame_bytes_max(Kind::reject), [&](std::string_view key, pack::Reader& value) {
        if (key == "s") {
          has_batch = true;
          return read_uint(value, message.s);
        }
        if (key == "t") return read_text(value, message.t);
        if (key == "n") return read_uint(value, message.n);
        if (key == "reason") return read_text(value, message.reason);
        return skip_value(value);
      });
  if (error != DecodeError::none) return error;
  return has_batch ? DecodeError::none : DecodeError::missing_field;
}

}  // namespace zevi::wire
