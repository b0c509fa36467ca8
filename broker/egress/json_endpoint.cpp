#include "json_endpoint.hpp"

#include <array>
#include <charconv>

#include "zevi/json.hpp"

namespace zevi::broker {

namespace {

template <typename Number>
void append_field(std::string& out, std::string_view key, Number value) {
  std::array<char, 24> digits;
  out.append(",\"").append(key).append("\":");
  out.append(digits.begin(), std::to_chars(digits.begin(), digits.end(), value).ptr);
}

void append_field(std::string& out, std::string_view key, std::string_view value) {
  out.append(",\"").append(key).append("\":");
  append_json_string(out, value);
}

void begin_object(std::string& out, std::string_view topic) {
  out.assign(topic).append(" {\"topic\":\"").append(topic).append("\"");
}

}  // namespace

void JsonEndpoint::take(SequencedMessage& message) {
  const std::string& topic = message.topic.name;
  if (!fanout_.wants(topic)) return;
  const std::string_view body = message.body.to_string_view();
  // It was checked when it came in; this is the fastest way over it.
  if (!wire::check_body(body, message.header.n, places_)) return;
  std::uint64_t q = message.header.q;
  auto place = places_.cbegin();
  for (const wire::Run& run : message.header.r) {
    publisher_.clear();
    append_field(publisher_, "epoch", message.header.b);
    append_field(publisher_, "lost_before", message.header.l);
    append_field(publisher_, "src", run.src);
    append_field(publisher_, "host", run.host);
    append_field(publisher_, "pid", run.pid);
    publisher_ += ",\"params\":";
    for (std::uint64_t i = 0; i < run.count && place != places_.cend(); ++i, ++place, ++q) {
      begin_object(line_, topic);
      append_field(line_, "q", q);
      append_field(line_, "time_ns", place->time_ns);
      line_ += publisher_;
      append_json(line_, place->params(body));
      line_ += '}';
      fanout_.send(line_);
    }
  }
  counters_.add(Counter::json_messages, places_.size());
}

void JsonEndpoint::send_ready(std::string_view topic, const wire::Ready& ready) {
  begin_object(line_, topic);
  append_field(line_, "epoch", ready.b);
  append_field(line_, "at_ns", ready.at);
  append_field(line_, "unconfirmed", ready.unconfirmed);
  line_ += '}';
  fanout_.send(line_);
}

}  // namespace zevi::broker
