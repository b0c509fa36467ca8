#include "zevi/wire/subscriber_messages.hpp"

#include <utility>

#include "frame_reader.hpp"
#include "zevi/wire/event_meta_template.hpp"

namespace zevi::wire {

namespace {

DecodeError read_run(pack::Reader& reader, Run& run) {
  std::uint32_t parts = 0;
  const DecodeError error = read_array(reader, parts, [&](pack::Reader& value, std::uint32_t i) {
    switch (i) {
      case 0:
        return read_uint(value, run.id);
      case 1:
        return read_text(value, run.src);
      case 2:
        return read_uint(value, run.pid);
      case 3:
        return read_uint(value, run.p);
      case 4:
        return read_uint(value, run.count);
      case 5:
        return read_text(value, run.host);
      case 6:
        return read_text(value, run.origin);
      default:
        return skip_value(value);
    }
  });
  if (error != DecodeError::none) return error;
  if (parts < 7) return DecodeError::missing_field;
  return run.count != 0 ? DecodeError::none : DecodeError::out_of_range;
}

DecodeError read_runs(pack::Reader& reader, StreamHeader& message) {
  message.r.clear();
  std::uint32_t count = 0;
  return read_array(reader, count, [&](pack::Reader& element, std::uint32_t) {
    Run run;
    const DecodeError error = read_run(element, run);
    if (error == DecodeError::none) message.r.push_back(run);
    return error;
  });
}

DecodeError read_real(pack::Reader& reader, double& value) {
  pack::Item item;
  if (!reader.next(item)) return DecodeError::malformed;
  if (item.type != pack::Type::real) return DecodeError::wrong_type;
  value = item.real;
  return DecodeError::none;
}

}  // namespace

void encode(const StreamHeader& message, std::string& out) {
  pack::Writer writer(out);
  writer.map(7).text("v").uint(message.version).text("b").uint(message.b).text("q").uint(message.q);
  writer.text("n").uint(message.n).text("at").uint(message.at).text("l").uint(message.l);
  writer.text("r").array(message.r.size());
  for (const Run& run : message.r) {
    writer.array(7).uint(run.id).text(run.src).uint(run.pid).uint(run.p).uint(run.count);
    writer.text(run.host).text(run.origin);
  }
}

void encode(const EventMeta& message, std::string& out) {
  pack::Writer writer(out);
  writer.map(10).text("q").uint(message.q).text("p").uint(message.p).text("l").uint(message.l);
  writer.text("time").real(message.time).text("time_ns").sint(message.time_ns);
  writer.text("src").text(message.src).text("host").text(message.host);
  writer.text("pid").uint(message.pid).text("id").uint(message.id).text("b").uint(message.b);
}

void EventMetaTemplate::begin(const EventMeta& run) {
  bytes_.clear();
  pack::Writer writer(bytes_);
  writer.map(10).text("q").wide_uint(0).text("p").wide_uint(0).text("l").wide_uint(run.l);
  writer.text("time").real(0).text("time_ns").wide_sint(0);
  writer.text("src").text(run.src).text("host").text(run.host);
  writer.text("pid").uint(run.pid).text("id").uint(run.id).text("b").uint(run.b);
}

void encode(const Ready& message, std::string& out) {
  pack::Writer writer(out);
  writer.map(3U + (message.routes.empty() ? 0U : 1U) + (message.route ? 1U : 0U));
  writer.text("b").uint(message.b).text("at").uint(message.at);
  writer.text("unconfirmed").uint(message.unconfirmed);
  if (!message.routes.empty()) {
    writer.text("routes").array(message.routes.size());
    for (const RouteAt& route : message.routes) writer.array(2).text(route.prefix).text(route.endpoint);
  }
  if (message.route) writer.text("route").text(*message.route);
}

DecodeError decode(std::string_view frame, StreamHeader& message) {
  static constexpr FieldNames<7> names{{"v", "b", "q", "n", "at", "l", "r"}};
  std::vector<Run> runs = std::move(message.r);
  runs.clear();
  message = StreamHeader{};
  message.r = std::move(runs);
  bool has_version = false;
  const DecodeError error =
      read_frame(frame, limits::batch_bytes_max, names, [&](std::size_t field, pack::Reader& value) {
        switch (field) {
          case 0:
            has_version = true;
            return read_uint(value, message.version);
          case 1:
            return read_uint(value, message.b);
          case 2:
            return read_uint(value, message.q);
          case 3:
            return read_uint(value, message.n);
          case 4:
            return read_clock_ns(value, message.at);
          case 5:
            return read_uint(value, message.l);
          default:
            return read_runs(value, message);
        }
      });
  if (error != DecodeError::none) return error;
  if (!has_version || message.b == 0 || message.q == 0 || message.n == 0) return DecodeError::missing_field;
  std::uint64_t counted = 0;
  for (const Run& run : message.r) counted += run.count;
  return is_version(message.version) && counted == message.n ? DecodeError::none : DecodeError::out_of_range;
}

DecodeError decode(std::string_view frame, EventMeta& message) noexcept {
  static constexpr FieldNames<10> names{{"q", "p", "l", "time", "time_ns", "src", "host", "pid", "id", "b"}};
  message = EventMeta{};
  const DecodeError error =
      read_frame(frame, limits::control_frame_bytes_max, names, [&](std::size_t field, pack::Reader& value) {
        switch (field) {
          case 0:
            return read_uint(value, message.q);
          case 1:
            return read_uint(value, message.p);
          case 2:
            return read_uint(value, message.l);
          case 3:
            return read_real(value, message.time);
          case 4:
            return read_time_ns(value, message.time_ns);
          case 5:
            return read_text(value, message.src);
          case 6:
            return read_text(value, message.host);
          case 7:
            return read_uint(value, message.pid);
          case 8:
            return read_uint(value, message.id);
          default:
            return read_uint(value, message.b);
        }
      });
  if (error != DecodeError::none) return error;
  return message.b != 0 && message.q != 0 ? DecodeError::none : DecodeError::missing_field;
}

DecodeError decode(std::string_view frame, Ready& message) {
  message = Ready{};
  const DecodeError error =
      read_frame(frame, limits::control_frame_bytes_max, [&](std::string_view key, pack::Reader& value) {
        if (key == "b") return read_uint(value, message.b);
        if (key == "at") return read_clock_ns(value, message.at);
        if (key == "unconfirmed") return read_uint(value, message.unconfirmed);
        if (key == "routes") {
          return read_prefix_pairs(value, message.routes, [](pack::Reader& second, RouteAt& route) {
            return read_text(second, route.endpoint);
          });
        }
        if (key == "route") return read_topic_prefix(value, message.route.emplace());
        return skip_value(value);
      });
  if (error != DecodeError::none) return error;
  return message.b != 0 ? DecodeError::none : DecodeError::missing_field;
}

}  // namespace zevi::wire
