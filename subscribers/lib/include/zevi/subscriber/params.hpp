#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <string_view>

#include "zevi/pack.hpp"

/// The parameters of an event as views into the message that brought them: nothing is copied or allocated.
/// Everything here is valid as long as the event that it came from, which is until the subscriber's next
/// call.
namespace zevi {

enum class ValueType : std::uint8_t {
  absent,  ///< there is no such parameter
  nil,
  boolean,
  integer,
  real,
  text,    ///< UTF-8
  binary,  ///< bytes of any kind; text that is not UTF-8 travels as this
  array,
  map,
};

class Params;
class Values;

/// One value. Each `as_` function gives nothing if the value has another type or does not fit, so that
/// `event["level"].as_int().value_or(0)` needs no check before it.
class Value {
 public:
  /// An absent value.
  Value() noexcept = default;
  /// The value that `msgpack` begins with; absent if it holds none.
  explicit Value(std::string_view msgpack) noexcept : raw_(msgpack) {
    pack::Reader reader(msgpack);
    type_ = reader.next(item_) ? type_of(item_.type) : ValueType::absent;
  }

  [[nodiscard]] ValueType type() const noexcept { return type_; }
  /// False if the value is absent; an explicit nil is true.
  [[nodiscard]] explicit operator bool() const noexcept { return type_ != ValueType::absent; }
  [[nodiscard]] bool is_nil() const noexcept { return type_ == ValueType::nil; }

  [[nodiscard]] std::optional<std::int64_t> as_int() const noexcept {
    if (!item_.fits_int64()) return std::nullopt;
    return item_.as_int64();
  }
  [[nodiscard]] std::optional<std::uint64_t> as_uint() const noexcept {
    if (!item_.fits_uint64()) return std::nullopt;
    return item_.bits;
  }
  /// Whole numbers too, rounded to the nearest double beyond 2^53.
  [[nodiscard]] std::optional<double> as_double() const noexcept {
    if (type_ == ValueType::real) return item_.real;
    if (type_ != ValueType::integer) return std::nullopt;
    return item_.is_negative ? static_cast<double>(item_.as_int64()) : static_cast<double>(item_.bits);
  }
  [[nodiscard]] std::optional<bool> as_bool() const noexcept {
    if (type_ != ValueType::boolean) return std::nullopt;
    return item_.bits != 0;
  }
  /// The bytes of a text or of a binary value; `type()` tells whether they are known to be UTF-8.
  [[nodiscard]] std::optional<std::string_view> as_text() const noexcept {
    if (type_ != ValueType::text && type_ != ValueType::binary) return std::nullopt;
    return item_.bytes;
  }

  /// How many elements an array, or how many pairs a map has; 0 for everything else.
  [[nodiscard]] std::size_t size() const noexcept { return item_.count; }
  /// The elements of an array, none for everything else.
  [[nodiscard]] Values items() const noexcept;
  /// The pairs of a map, none for everything else.
  [[nodiscard]] Params entries() const noexcept;

  /// The value as msgpack.
  [[nodiscard]] std::string_view raw() const noexcept { return raw_; }

 private:
  static ValueType type_of(pack::Type type) noexcept {
    switch (type) {
      case pack::Type::nil:
        return ValueType::nil;
      case pack::Type::boolean:
        return ValueType::boolean;
      case pack::Type::integer:
        return ValueType::integer;
      case pack::Type::real:
        return ValueType::real;
      case pack::Type::string:
        return ValueType::text;
      case pack::Type::binary:
        return ValueType::binary;
      case pack::Type::array:
        return ValueType::array;
      case pack::Type::map:
        return ValueType::map;
      case pack::Type::extension:
        break;
    }
    return ValueType::absent;
  }

  std::string_view raw_;
  pack::Item item_;
  ValueType type_ = ValueType::absent;
};

/// One parameter of an event, or one pair of a map.
struct Param {
  std::string_view name;
  Value value;
};

namespace detail {

[[nodiscard]] inline bool read_element(pack::Reader& reader, Value& value) noexcept {
  std::string_view bytes;
  if (!reader.skip(bytes)) return false;
  value = Value(bytes);
  return true;
}

[[nodiscard]] inline bool read_element(pack::Reader& reader, Param& param) noexcept {
  pack::Item name;
  if (!reader.next(name) || !name.is_text()) return false;
  param.name = name.bytes;
  return read_element(reader, param.value);
}

/// Over what lies in a row in msgpack; ends early where that is malformed.
template <typename Element>
class ElementIterator {
 public:
  using value_type = Element;
  using difference_type = std::ptrdiff_t;

  explicit ElementIterator(pack::Reader reader, std::uint32_t left) noexcept : reader_(reader), left_(left) {
    read();
  }
  const Element& operator*() const noexcept { return element_; }
  const Element* operator->() const noexcept { return &element_; }
  ElementIterator& operator++() noexcept {
    --left_;
    read();
    return *this;
  }
  void operator++(int) noexcept { ++*this; }
  bool operator==(std::default_sentinel_t) const noexcept { return left_ == 0; }

 private:
  void read() noexcept {
    if (left_ != 0 && !read_element(reader_, element_)) left_ = 0;
  }

  pack::Reader reader_;
  std::uint32_t left_;
  Element element_;
};

}  // namespace detail

/// The elements of an array, for a range `for`.
class Values {
 public:
  /// `msgpack` is an array; of anything else there are no elements.
  explicit Values(std::string_view msgpack) noexcept : reader_(msgpack) {
    pack::Item head;
    if (reader_.next(head) && head.type == pack::Type::array) left_ = head.count;
  }

  using Iterator = detail::ElementIterator<Value>;
  [[nodiscard]] Iterator begin() const noexcept { return Iterator(reader_, left_); }
  [[nodiscard]] std::default_sentinel_t end() const noexcept { return std::default_sentinel; }
  [[nodiscard]] std::size_t size() const noexcept { return left_; }

 private:
  pack::Reader reader_;
  std::uint32_t left_ = 0;
};

/// The pairs of a map in the order in which they were published, for a range `for`:
/// `for (const auto& [name, value] : event.params())`.
class Params {
 public:
  Params() noexcept : reader_({}) {}
  /// `msgpack` is a map; of anything else there are no pairs.
  explicit Params(std::string_view msgpack) noexcept : raw_(msgpack), reader_(msgpack) {
    pack::Item head;
    if (reader_.next(head) && head.type == pack::Type::map) left_ = head.count;
  }

  using Iterator = detail::ElementIterator<Param>;
  [[nodiscard]] Iterator begin() const noexcept { return Iterator(reader_, left_); }
  [[nodiscard]] std::default_sentinel_t end() const noexcept { return std::default_sentinel; }
  [[nodiscard]] std::size_t size() const noexcept { return left_; }
  [[nodiscard]] bool empty() const noexcept { return left_ == 0; }

  /// The parameter called `name`, or an absent value. Walks the map; of a name that occurs twice the last
  /// one counts, as in the dictionaries of other languages.
  [[nodiscard]] Value find(std::string_view name) const noexcept {
    pack::Reader reader = reader_;
    std::string_view found;
    for (std::uint32_t i = 0; i < left_; ++i) {
      pack::Item key;
      std::string_view bytes;
      if (!reader.next(key) || !reader.skip(bytes)) break;
      if (key.is_text() && key.bytes == name) found = bytes;
    }
    return found.empty() ? Value() : Value(found);
  }

  /// The map as msgpack.
  [[nodiscard]] std::string_view raw() const noexcept { return raw_; }

 private:
  std::string_view raw_;
  pack::Reader reader_;
  std::uint32_t left_ = 0;
};

inline Values Value::items() const noexcept {
  return Values(raw_);
}

inline Params Value::entries() const noexcept {
  return Params(raw_);
}

}  // namespace zevi
