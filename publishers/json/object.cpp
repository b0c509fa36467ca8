#include "object.hpp"

#include <rapidjson/error/en.h>

namespace zevi::json {

namespace {

class ObjectHandler : public SaxHandler<ObjectHandler> {
 public:
  explicit ObjectHandler(ParamsEncoder& encoder) noexcept : encoder_(encoder) {}

  void reset() noexcept { encoder_.reset(); }
  bool scalar(Scalar kind, std::string_view text) {
    return encoder_.depth() > 0 && encode(encoder_, kind, text);
  }
  bool key(std::string_view name) { return encoder_.key(name); }
  bool begin_map() { return encoder_.begin_map(); }
  bool end_map() { return encoder_.end_map(); }
  bool begin_array() { return encoder_.depth() > 0 && encoder_.begin_array(); }
  bool end_array() { return encoder_.end_array(); }

 private:
  ParamsEncoder& encoder_;
};

}  // namespace

std::string ObjectReader::read(std::string_view text) {
  ObjectHandler handler(encoder_);
  const SaxOutcome outcome = read_sax(reader_, text, handler);
  if (outcome.code == rapidjson::kParseErrorNone) return {};
  if (outcome.code == rapidjson::kParseErrorTermination) {
    if (encoder_.fault() == EncodeFault::none) return "not a JSON object";
    return std::string(describe(encoder_.fault()));
  }
  std::string words = rapidjson::GetParseError_En(outcome.code);
  if (words.ends_with('.')) words.pop_back();
  return words + " (at byte " + std::to_string(outcome.offset) + ")";
}

bool encode(ParamsEncoder& encoder, Scalar kind, std::string_view text) {
  switch (kind) {
    case Scalar::nil:
      return encoder.nil();
    case Scalar::no:
      return encoder.boolean(false);
    case Scalar::yes:
      return encoder.boolean(true);
    case Scalar::number:
      return encoder.number(text);
    case Scalar::text:
      return encoder.text(text);
  }
  return false;
}

std::string_view describe(EncodeFault fault) noexcept {
  switch (fault) {
    case EncodeFault::none:
      break;
    case EncodeFault::nesting:
      return "nested deeper than 16";
    case EncodeFault::too_large:
      return "larger than the 64 KiB that an event may take";
  }
  return "";
}

}  // namespace zevi::json
