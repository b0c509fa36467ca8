#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>
#include <utility>

#include "zevi/any_value.hpp"
#include "zevi/nullable.hpp"
#include "zevi/pack.hpp"

/// What the structs that `zevi-catalogue c++` generates have in common.
///
/// A struct has one member for each parameter of its event, in the order of the catalogue:
///
///     type in the catalogue   member                  optional             nullable
///     string, bytes           std::string_view        std::optional<T>     zevi::Nullable<T>
///     int                     std::int64_t
///     uint                    std::uint64_t           both: std::optional<zevi::Nullable<T>>
///     double                  double
///     bool                    bool
///     any                     zevi::AnyValue          (can be nil by itself)
///
/// It owns no memory: text given to it must live until it is encoded, text of a decoded one lies in the bytes
/// that it was decoded from. `encode` needs `encoded_bytes_max()` bytes of room; who publishes has to see to
/// it that this is no more than `limits::event_bytes_max`.
namespace zevi {

/// What `decode` found; true if it succeeded.
struct [[nodiscard]] EventDecode {
  enum class Status : std::uint8_t {
    ok,
    malformed,   ///< no msgpack map with text for keys, cut short, or with something behind its end
    missing,     ///< `param` is neither there nor optional
    wrong_type,  ///< `param` has a value that its type cannot hold
  };
  Status status = Status::ok;
  std::string_view param = {};  ///< name of the first parameter concerned; lives for ever

  [[nodiscard]] constexpr explicit operator bool() const noexcept { return status == Status::ok; }
  friend constexpr bool operator==(const EventDecode&, const EventDecode&) = default;
};

/// The rest is for generated code.
namespace typed_event {

[[nodiscard]] constexpr std::size_t bytes_max(std::string_view text) noexcept {
  return 5 + text.size();
}
[[nodiscard]] constexpr std::size_t bytes_max(const AnyValue& value) noexcept {
  return value.encoded_bytes_max();
}
template <typename T>
[[nodiscard]] constexpr std::size_t bytes_max(const Nullable<T>& value) noexcept {
  return value.is_nil() ? 1 : bytes_max(value.value());
}
template <typename T>
[[nodiscard]] constexpr std::size_t bytes_max(const std::optional<T>& value) noexcept {
  return value ? bytes_max(*value) : 0;
}

inline std::uint8_t* put(std::uint8_t* at, std::string_view value) noexcept {
  return pack::put_text(at, value);
}
inline std::uint8_t* put(std::uint8_t* at, std::int64_t value) noexcept {
  return pack::put_int(at, value);
}
inline std::uint8_t* put(std::uint8_t* at, std::uint64_t value) noexcept {
  return pack::put_uint(at, value);
}
inline std::uint8_t* put(std::uint8_t* at, double value) noexcept {
  return pack::put_double(at, value);
}
inline std::uint8_t* put(std::uint8_t* at, bool value) noexcept {
  return pack::put_bool(at, value);
}
inline std::uint8_t* put(std::uint8_t* at, const AnyValue& value) noexcept {
  return value.encode(at);
}
template <typename T>
inline std::uint8_t* put(std::uint8_t* at, const Nullable<T>& value) noexcept {
  return value.is_nil() ? pack::put_nil(at) : put(at, value.value());
}

inline std::uint8_t* put_bytes(std::uint8_t* at, std::string_view value) noexcept {
  return pack::put_binary(at, value);
}
inline std::uint8_t* put_bytes(std::uint8_t* at, const Nullable<std::string_view>& value) noexcept {
  return value.is_nil() ? pack::put_nil(at) : pack::put_binary(at, value.value());
}

/// A key that is msgpack already; its length is known here, so that the copy is a move or two.
template <std::size_t Size>
inline std::uint8_t* put_key(std::uint8_t* at, const char (&encoded)[Size]) noexcept {
  std::memcpy(at, encoded, Size - 1);
  return at + Size - 1;
}

/// Reads the map of an event whose parameters have the names `names`, a constant array; at most 64 of them.
template <const auto& names>
class ParamReader {
 public:
  explicit ParamReader(std::string_view params) noexcept : reader_(params) {
    pack::Item head;
    if (reader_.next(head) && head.type == pack::Type::map) {
      left_ = head.count;
    } else {
      malformed_ = true;
    }
  }

  /// Goes to the next parameter that has one of the names and says which; passes over others. False at the
  /// end of the map, or where it is broken.
  [[nodiscard]] bool next(std::size_t& index) noexcept {
    while (left_ > 0 && !malformed_) {
      --left_;
      if (take_expected_key()) {
        index = index_;
        return true;
      }
      pack::Item key;
      if (!reader_.next(key) || !key.is_text()) return fail();
      if (look_up(key.bytes)) {
        index = index_;
        return true;
      }
      if (!reader_.skip()) return fail();
    }
    return false;
  }

  template <typename T>
  void take(T& value) noexcept {
    const std::uint64_t bit = std::uint64_t{1} << index_;
    seen_ |= bit;
    // A key can come twice: the last one counts, for good or bad.
    wrong_ = read(value) ? wrong_ & ~bit : wrong_ | bit;
    if (++index_ == size) index_ = 0;
  }

  [[nodiscard]] EventDecode finish(std::uint64_t required) const noexcept {
    if (malformed_ || !reader_.at_end()) return {EventDecode::Status::malformed, {}};
    if (wrong_ != 0) return {EventDecode::Status::wrong_type, first_of(wrong_)};
    if ((required & ~seen_) != 0) return {EventDecode::Status::missing, first_of(required & ~seen_)};
    return {};
  }

 private:
  static constexpr std::size_t size = std::size(names);
  static constexpr std::array<pack::KnownText, size> keys = []<std::size_t... I>(std::index_sequence<I...>) {
    return std::array<pack::KnownText, size>{pack::KnownText(names[I])...};
  }
  (std::make_index_sequence<size>());

  /// The usual case, without a look at what else the key could be: publishers keep the order of the
  /// catalogue.
  [[nodiscard]] bool take_expected_key() noexcept {
    if constexpr (size == 0) {
      return false;
    } else {
      return reader_.take(keys[index_]);
    }
  }

  /// Begins behind the parameter before, since those between are most likely optional ones that are absent.
  [[nodiscard]] bool look_up(std::string_view key) noexcept {
    for (std::size_t tried = 0; tried < size; ++tried) {
      if (names[index_] == key) return true;
      if (++index_ == size) index_ = 0;
    }
    return false;
  }

  [[nodiscard]] bool read(std::string_view& value) noexcept {
    if (reader_.take_short_text(value)) return true;
    return read_item([&](const pack::Item& item) { return item.is_text() && (value = item.bytes, true); });
  }
  [[nodiscard]] bool read(std::int64_t& value) noexcept {
    if (reader_.take_int(value)) return true;
    return read_item(
        [&](const pack::Item& item) { return item.fits_int64() && (value = item.as_int64(), true); });
  }
  [[nodiscard]] bool read(std::uint64_t& value) noexcept {
    if (reader_.take_uint(value)) return true;
    return read_item([&](const pack::Item& item) { return item.fits_uint64() && (value = item.bits, true); });
  }
  /// A whole number is one too: many languages write 2.0 as 2.
  [[nodiscard]] bool read(double& value) noexcept {
    return read_item([&](const pack::Item& item) {
      if (item.type == pack::Type::real) return value = item.real, true;
      if (item.type != pack::Type::integer) return false;
      value = item.is_negative ? static_cast<double>(item.as_int64()) : static_cast<double>(item.bits);
      return true;
    });
  }
  [[nodiscard]] bool read(bool& value) noexcept {
    return read_item([&](const pack::Item& item) {
      return item.type == pack::Type::boolean && (value = item.bits != 0, true);
    });
  }
  [[nodiscard]] bool read(AnyValue& value) noexcept {
    pack::Reader before = reader_;
    if (value.read(reader_)) return true;
    if (reader_.offset() == before.offset() || !before.skip()) malformed_ = true;
    return false;
  }
  template <typename T>
  [[nodiscard]] bool read(Nullable<T>& value) noexcept {
    if (reader_.rest().starts_with('\xC0')) {
      value = nullptr;
      return reader_.skip();
    }
    T held{};
    if (!read(held)) return false;
    value = held;
    return true;
  }
  template <typename T>
  [[nodiscard]] bool read(std::optional<T>& value) noexcept {
    return read(value.emplace());
  }

  template <typename Accept>
  [[nodiscard]] bool read_item(Accept accept) noexcept {
    pack::Item item;
    pack::Reader before = reader_;
    if (!reader_.next(item)) {
      malformed_ = true;
      return false;
    }
    if (accept(item)) return true;
    if (item.type == pack::Type::array || item.type == pack::Type::map) {
      reader_ = before;
      malformed_ = !reader_.skip();
    }
    return false;
  }

  [[nodiscard]] bool fail() noexcept {
    malformed_ = true;
    return false;
  }

  [[nodiscard]] std::string_view first_of(std::uint64_t bits) const noexcept {
    return names[static_cast<std::size_t>(std::countr_zero(bits))];
  }

  pack::Reader reader_;
  std::uint32_t left_ = 0;
  std::size_t index_ = 0;
  std::uint64_t seen_ = 0;
  std::uint64_t wrong_ = 0;
  bool malformed_ = false;
};

}  // namespace typed_event

}  // namespace zevi
