#include "zevi/wire/publisher_messages.hpp"

#include <algorithm>

#include "topic_counts.hpp"

namespace zevi::wire {

namespace {

/// Of a program's name, a host and an origin: they are sent with every message to subscribers.
constexpr std::size_t text_bytes_max = 255;

DecodeError read_version_range(pack::Reader& reader, Hello& message) {
  std::uint32_t count = 0;
  const DecodeError error = read_array(reader, count, [&](pack::Reader& value, std::uint32_t i) {
    if (i == 0) return read_uint(value, message.version_min);
    if (i == 1) return read_uint(value, message.version_max);
    return skip_value(value);
  });
  if (error != DecodeError::none) return error;
  return count >= 2 ? DecodeError::none : DecodeError::missing_field;
}

}  // namespace

void encode(const Hello& message, std::string& out) {
  pack::Writer writer(out);
  writer.map(8).text("k").text("hello");
  writer.text("v").array(2).uint(message.version_min).uint(message.version_max);
  writer.text("src").text(message.src).text("pid").uint(message.pid).text("host").text(message.host);
  writer.text("id").uint(message.id).text("s").uint(message.s).text("g").uint(message.g);
}

void encode(const EventsHeader& message, std::string& out) {
  pack::Writer writer(out);
  writer.map(message.o.empty() ? 6 : 7).text("k").text("events");
  writer.text("t").text(message.t).text("s").uint(message.s).text("p").uint(message.p);
  writer.text("n").uint(message.n).text("d").uint(message.d);
  if (!message.o.empty()) writer.text("o").text(message.o);
}

void encode(const Beat& message, std::string& out) {
  pack::Writer writer(out);
  writer.map(3).text("k").text("beat").text("g").uint(message.g).text("d");
  append_counts(writer, message.d);
}

void encode(const Bye& message, std::string& out) {
  pack::Writer writer(out);
  writer.map(3).text("k").text("bye").text("s").uint(message.s).text("d");
  append_counts(writer, message.d);
}

DecodeError decode(std::string_view frame, Hello& message) noexcept {
  message = Hello{};
  bool has_version = false;
  bool has_id = false;
  const DecodeError error =
      read_frame(frame, frame_bytes_max(Kind::hello), [&](std::string_view key, pack::Reader& value) {
        if (key == "v") {
          has_version = true;
          return read_version_range(value, message);
        }
        if (key == "src") return read_text(value, message.src);
        if (key == "pid") return read_uint(value, message.pid);
        if (key == "host") return read_text(value, message.host);
        if (key == "id") {
          has_id = true;
          return read_uint(value, message.id);
        }
        if (key == "s") return read_uint(value, message.s);
        if (key == "g") return read_uint(value, message.g);
        return skip_value(value);
      });
  if (error != DecodeError::none) return error;
  if (!has_version || !has_id) return DecodeError::missing_field;
  const bool in_range = message.id != 0 && message.s != 0 && message.version_min <= message.version_max &&
                        message.src.size() <= text_bytes_max && message.host.size() <= text_bytes_max;
  return in_range ? DecodeError::none : DecodeError::out_of_range;
}

DecodeError decode(std::string_view frame, EventsHeader& message) noexcept {
  message = EventsHeader{};
  const DecodeError error =
      read_frame(frame, frame_bytes_max(Kind::events), [&](std::string_view key, pack::Reader& value) {
        if (key == "t") return read_str(value, message.t);
        if (key == "s") return read_uint(value, message.s);
        if (key == "p") return read_uint(value, message.p);
        if (key == "n") return read_uint(value, message.n);
        if (key == "d") return read_uint(value, message.d);
        if (key == "o") return read_text(value, message.o);
        return skip_value(value);
      });
  const bool has_topic = message.t.data() != nullptr;
  const bool is_valid_topic = is_topic(message.t);
  if (!is_valid_topic) message.t = {};
  if (error != DecodeError::none) return error;
  if (!has_topic || message.s == 0) return DecodeError::missing_field;
  const bool in_range = is_valid_topic && message.p != 0 && message.n != 0 && message.d < message.p &&
                        message.o.size() <= text_bytes_max;
  return in_range ? DecodeError::none : DecodeError::out_of_range;
}

DecodeError decode(std::string_view frame, Beat& message) {
  message = Beat{};
  return read_frame(frame, frame_bytes_max(Kind::beat), [&](std::string_view key, pack::Reader& value) {
    if (key == "g") return read_uint(value, message.g);
    if (key == "d") return read_counts(value, message.d, limits::publisher_topics_max, 0);
    return skip_value(value);
  });
}

DecodeError decode(std::string_view frame, Bye& message) {
  message = Bye{};
  return read_frame(frame, frame_bytes_max(Kind::bye), [&](std::string_view key, pack::Reader& value) {
    if (key == "s") return read_uint(value, message.s);
    if (key == "d") return read_counts(value, message.d, limits::publisher_topics_max, 0);
    return skip_value(value);
  });
}

std::uint64_t settle_version(std::uint64_t their_min, std::uint64_t their_max) noexcept {
  const std::uint64_t highest = std::min(their_max, version_max);
  const std::uint64_t lowest = std::max(their_min, version_min);
  return highest >= lowest ? highest : 0;
}

}  // namespace zevi::wire
