#pragma once

#include <string>
#include <string_view>

#include "params_encoder.hpp"
#include "sax.hpp"

namespace zevi::json {

/// Turns one JSON object into the msgpack map of an event's parameters.
class ObjectReader {
 public:
  /// Reads `text`, which may have white space around the object. The empty string if that went well, else
  /// what is wrong with it, in words.
  [[nodiscard]] std::string read(std::string_view text);
  /// The map; lives until the next `read`.
  [[nodiscard]] std::string_view params() const noexcept { return encoder_.encoded(); }
  [[nodiscard]] std::uint64_t repeated_keys() const noexcept { return encoder_.repeated_keys(); }

 private:
  rapidjson::Reader reader_;
  ParamsEncoder encoder_;
};

/// Hands a scalar to the encoder.
[[nodiscard]] bool encode(ParamsEncoder& encoder, Scalar kind, std::string_view text);

/// The words for a fault of the encoder.
[[nodiscard]] std::string_view describe(EncodeFault fault) noexcept;

}  // namespace zevi::json
