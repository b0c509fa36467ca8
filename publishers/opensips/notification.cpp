#include "notification.hpp"

#include <array>
#include <string>

#include "object.hpp"
#include "zevi/limits.hpp"
#include "zevi/topic.hpp"

namespace zevi::ingest {

namespace {

using json::EncodeFault;
using json::Scalar;

constexpr std::size_t id_bytes_max = 256;
constexpr std::string_view no_params = "\x80";

std::string quoted(std::string_view text) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20) {
      out.append("\\u00").append({digits[byte >> 4], digits[byte & 15]});
      continue;
    }
    if (c == '"' || c == '\\') out.push_back('\\');
    out.push_back(c);
  }
  return out.append("\"");
}

/// Follows the members of the JSON-RPC object and hands what is inside `params` to the encoder.
class Handler : public json::SaxHandler<Handler> {
 public:
  void reset() noexcept {
    encoder.reset();
    topic.clear();
    id.clear();
    refusal = Refusal::none;
    has_method = false;
    field_ = Field::before_root;
    passed_over_ = 0;
  }

  bool scalar(Scalar kind, std::string_view text) {
    if (in_params()) return name_element() && encoded(json::encode(encoder, kind, text));
    if (passed_over_ > 0) return true;
    switch (field_) {
      case Field::before_root:
        return refuse(Refusal::not_an_object);
      case Field::other:
        return true;
      case Field::params:
        encoder.reset();
        return kind == Scalar::nil || refuse(Refusal::params);
      case Field::method:
        has_method = true;
        topic = text;
        return kind == Scalar::text || refuse(Refusal::no_method);
      case Field::id:
        return take_id(kind, text);
    }
    return false;
  }

  bool key(std::string_view name) {
    if (in_params()) return encoded(encoder.key(name));
    if (passed_over_ > 0) return true;
    field_ = name == "method"   ? Field::method
             : name == "params" ? Field::params
             : name == "id"     ? Field::id
                                : Field::other;
    return true;
  }

  bool begin_map() {
    if (field_ == Field::before_root) {
      field_ = Field::other;
      return true;
    }
    if (in_params()) return name_element() && encoded(encoder.begin_map());
    return begin_params_or_pass_over(false);
  }

  bool begin_array() {
    if (field_ == Field::before_root) return refuse(Refusal::batch);
    if (in_params()) return name_element() && encoded(encoder.begin_array());
    return begin_params_or_pass_over(true);
  }

  bool end_map() {
    if (in_params()) return encoded(encoder.end_map());
    if (passed_over_ > 0) --passed_over_;
    return true;
  }

  bool end_array() {
    if (in_params()) {
      const bool is_whole = positional_ && encoder.depth() == 1;
      return encoded(is_whole ? encoder.end_map() : encoder.end_array());
    }
    if (passed_over_ > 0) --passed_over_;
    return true;
  }

  json::ParamsEncoder encoder;
  std::string topic;
  std::string id;
  Refusal refusal = Refusal::none;
  bool has_method = false;

 private:
  enum class Field { before_root, other, method, params, id };

  [[nodiscard]] bool refuse(Refusal reason) noexcept {
    refusal = reason;
    return false;
  }

  [[nodiscard]] bool encoded(bool good) noexcept {
    if (good) return true;
    return refuse(encoder.fault() == EncodeFault::nesting ? Refusal::nesting : Refusal::too_large);
  }

  [[nodiscard]] bool in_params() const noexcept {
    return field_ == Field::params && encoder.depth() > 0 && passed_over_ == 0;
  }

  /// An element of positional parameters gets its place as its name.
  [[nodiscard]] bool name_element() {
    if (!positional_ || encoder.depth() != 1) return true;
    return encoded(encoder.key(std::to_string(next_position_++)));
  }

  [[nodiscard]] bool begin_params_or_pass_over(bool is_array) {
    if (passed_over_ == 0) {
      if (field_ == Field::method) return refuse(Refusal::no_method);
      if (field_ == Field::id) return refuse(Refusal::id);
      if (field_ == Field::params) {
        encoder.reset();
        positional_ = is_array;
        next_position_ = 0;
        return encoded(encoder.begin_map());
      }
    }
    return ++passed_over_ <= limits::nesting_max || refuse(Refusal::nesting);
  }

  [[nodiscard]] bool take_id(Scalar kind, std::string_view text) {
    id.clear();
    if (kind == Scalar::nil) return true;
    if ((kind != Scalar::number && kind != Scalar::text) || text.size() > id_bytes_max) {
      return refuse(Refusal::id);
    }
    id = kind == Scalar::text ? quoted(text) : text;
    return true;
  }

  Field field_ = Field::before_root;
  std::size_t passed_over_ = 0;  ///< open maps and arrays outside `params`
  bool positional_ = false;
  std::uint64_t next_position_ = 0;
};

}  // namespace

struct NotificationReader::State {
  rapidjson::Reader reader;
  Handler handler;
};

NotificationReader::NotificationReader() : state_(std::make_unique<State>()) {}

NotificationReader::~NotificationReader() = default;

Refusal NotificationReader::read(std::string_view text) {
  Handler& handler = state_->handler;
  const json::SaxOutcome outcome = json::read_sax(state_->reader, text, handler);
  if (outcome.code == rapidjson::kParseErrorTermination) return handler.refusal;
  if (outcome.code != rapidjson::kParseErrorNone) return Refusal::syntax;
  if (!handler.has_method) return Refusal::no_method;
  if (!is_topic(handler.topic)) return Refusal::topic;
  if (is_reserved_topic(handler.topic)) return Refusal::reserved_topic;
  return Refusal::none;
}

std::string_view NotificationReader::topic() const noexcept {
  return state_->handler.topic;
}

std::string_view NotificationReader::params() const noexcept {
  const std::string_view encoded = state_->handler.encoder.encoded();
  return encoded.empty() ? no_params : encoded;
}

std::string_view NotificationReader::id() const noexcept {
  return state_->handler.id;
}

std::uint64_t NotificationReader::repeated_keys() const noexcept {
  return state_->handler.encoder.repeated_keys();
}

std::string_view describe(Refusal refusal) noexcept {
  switch (refusal) {
    case Refusal::none:
      return "none";
    case Refusal::syntax:
      return "not JSON";
    case Refusal::not_an_object:
      return "not a JSON object";
    case Refusal::batch:
      return "a JSON-RPC batch";
    case Refusal::no_method:
      return "no method";
    case Refusal::topic:
      return "method is no topic (1 to 128 of A-Z a-z 0-9 _ . -)";
    case Refusal::reserved_topic:
      return "method begins with E_ZEVI_";
    case Refusal::params:
      return "params is neither an object nor an array";
    case Refusal::id:
      return "id is neither a number nor a short string";
    case Refusal::nesting:
      return "nested deeper than 16";
    case Refusal::too_large:
      return "larger than 64 KiB";
  }
  return "";
}

}  // namespace zevi::ingest
