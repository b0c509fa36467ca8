#include "unmapping.hpp"

#include <nlohmann/json.hpp>

#include "zevi/subscriber/params.hpp"
#include "zevi/topic.hpp"

namespace zevi::bridges {

namespace {

// As `zevi bridge to` writes it: the parameters come last, and no text before them can hold a bare quote.
constexpr std::string_view own_json_begin = R"({"id":)";
constexpr std::string_view own_json_params = R"(,"params":)";

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view blanks = " \t\r\n";
  const std::size_t begin = text.find_first_not_of(blanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(blanks) + 1 - begin);
}

std::string text_in(const nlohmann::json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

std::string text_in(const Params& params, std::string_view key) {
  return std::string(params.find(key).as_text().value_or(""));
}

/// What a topic cannot hold becomes `_`.
std::string as_topic(std::string text) {
  for (char& c : text) {
    if (!is_topic_byte(c)) c = '_';
  }
  return text;
}

}  // namespace

std::string Unmapping::read_json(std::string_view text, BroughtIn& event, std::string& host) {
  const std::size_t params =
      text.starts_with(own_json_begin) ? text.find(own_json_params) : std::string_view::npos;
  if (params != std::string_view::npos) {
    const auto head = nlohmann::json::parse(std::string(text.substr(0, params)) + "}", nullptr, false);
    if (!head.is_object() || !text.ends_with('}')) return "it is cut short";
    event.topic = text_in(head, "topic");
    event.src = text_in(head, "src");
    event.origin = text_in(head, "origin");
    host = text_in(head, "host");
    const auto time = head.find("time_ns");
    if (time != head.end() && time->is_number_integer()) event.time_ns = time->get<std::int64_t>();
    text.remove_suffix(1);
    text.remove_prefix(params + own_json_params.size());
  }
  std::string problem = params_.read(text);
  event.params = params_.params();
  return problem;
}

std::string Unmapping::read_msgpack(std::string_view bytes, BroughtIn& event, std::string& host) {
  event.params = bytes;
  const Params whole(bytes);
  const Value params = whole.find("params");
  if (params.type() != ValueType::map || whole.find("id").type() != ValueType::text) return "";
  event.params = params.raw();
  event.topic = text_in(whole, "topic");
  event.src = text_in(whole, "src");
  event.origin = text_in(whole, "origin");
  host = text_in(whole, "host");
  event.time_ns = whole.find("time_ns").as_int().value_or(0);
  return "";
}

std::string Unmapping::read(const Incoming& message, BroughtIn& event) {
  event = {};
  std::string host;
  const std::string_view text = trimmed(message.payload);
  std::string problem =
      text.starts_with('{') ? read_json(text, event, host) : read_msgpack(message.payload, event, host);
  if (!problem.empty()) return problem;
  if (event.topic.empty() && topic_.has(Template::Place::topic))
    return "it names no topic; say which with --topic";
  std::string topic;
  topic_.fill(
      topic,
      {.topic = event.topic, .host = host, .src = event.src, .name = name_, .subject = message.subject});
  event.topic = as_topic(std::move(topic));
  return problem;
}

}  // namespace zevi::bridges
