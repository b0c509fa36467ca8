#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "zevi/pack.hpp"

namespace zevi {

/// A parameter whose type is known only when the event is there. Holds nil, a number or a boolean itself;
/// text, bytes and nested values are views into memory that must outlive it.
class AnyValue {
 public:
  constexpr AnyValue() noexcept = default;  ///< nil
  constexpr AnyValue(std::nullptr_t) noexcept {}
  constexpr AnyValue(std::same_as<bool> auto value) noexcept {
    item_.type = pack::Type::boolean;
    item_.bits = value ? 1 : 0;
  }
  constexpr AnyValue(std::signed_integral auto value) noexcept {
    item_.type = pack::Type::integer;
    item_.is_negative = value < 0;
    item_.bits = static_cast<std::uint64_t>(static_cast<std::int64_t>(value));
  }
  template <std::unsigned_integral Number>
  requires(!std::same_as<Number, bool>) constexpr AnyValue(Number value) noexcept {
    item_.type = pack::Type::integer;
    item_.bits = value;
  }
  constexpr AnyValue(std::floating_point auto value) noexcept {
    item_.type = pack::Type::real;
    item_.real = static_cast<double>(value);
  }
  constexpr AnyValue(std::convertible_to<std::string_view> auto const& text) noexcept {
    item_.type = pack::Type::string;
    item_.bytes = text;
  }

  /// Sent as `bin` even if it is UTF-8.
  [[nodiscard]] static constexpr AnyValue binary(std::string_view bytes) noexcept {
    AnyValue value;
    value.item_.type = pack::Type::binary;
    value.item_.bytes = bytes;
    return value;
  }
  /// One whole msgpack value, for arrays and maps. Bytes that are not exactly one value become nil.
  [[nodiscard]] static AnyValue encoded(std::string_view msgpack) noexcept {
    pack::Reader reader(msgpack);
    AnyValue value;
    return value.read(reader) && reader.at_end() ? value : AnyValue{};
  }

  [[nodiscard]] constexpr pack::Type type() const noexcept { return item_.type; }
  /// The value; of an array or a map its head alone, the elements are in `nested()`.
  [[nodiscard]] constexpr const pack::Item& item() const noexcept { return item_; }
  /// The whole array or map as msgpack, for a `pack::Reader`; empty for everything else.
  [[nodiscard]] constexpr std::string_view nested() const noexcept { return nested_; }

  /// Nested values are equal if their msgpack is the same to the byte.
  friend bool operator==(const AnyValue& a, const AnyValue& b) noexcept {
    return a.item_.type == b.item_.type && a.item_.is_negative == b.item_.is_negative &&
           a.item_.bits == b.item_.bits && a.item_.real == b.item_.real && a.item_.bytes == b.item_.bytes &&
           a.nested_ == b.nested_;
  }

  /// No more than this many bytes are written by `encode`.
  [[nodiscard]] constexpr std::size_t encoded_bytes_max() const noexcept {
    return pack::head_bytes_max + item_.bytes.size() + nested_.size();
  }
  std::uint8_t* encode(std::uint8_t* at) const noexcept;
  /// Takes the next value out of `reader`; false if there is none.
  [[nodiscard]] bool read(pack::Reader& reader) noexcept;

 private:
  pack::Item item_;
  std::string_view nested_;
};

inline std::uint8_t* AnyValue::encode(std::uint8_t* at) const noexcept {
  switch (item_.type) {
    case pack::Type::boolean:
      return pack::put_bool(at, item_.bits != 0);
    case pack::Type::integer:
      return item_.is_negative ? pack::put_int(at, item_.as_int64()) : pack::put_uint(at, item_.bits);
    case pack::Type::real:
      return pack::put_double(at, item_.real);
    case pack::Type::string:
      return pack::put_text(at, item_.bytes);
    case pack::Type::binary:
      return pack::put_binary(at, item_.bytes);
    case pack::Type::array:
    case pack::Type::map:
      return pack::put_raw(at, nested_);
    case pack::Type::nil:
    case pack::Type::extension:  // has no place in an event, see `read`
      break;
  }
  return pack::put_nil(at);
}

inline bool AnyValue::read(pack::Reader& reader) noexcept {
  pack::Reader ahead = reader;
  std::string_view whole;
  nested_ = {};
  if (!ahead.next(item_) || !reader.skip(whole)) return false;
  if (item_.type == pack::Type::array || item_.type == pack::Type::map) nested_ = whole;
  return item_.type != pack::Type::extension;
}

}  // namespace zevi
