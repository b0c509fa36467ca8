#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string>
#include <string_view>

#include "zevi/utf8.hpp"

/// msgpack (https://github.com/msgpack/msgpack/blob/master/spec.md), as much as events and control frames
/// need: encoding into memory that the caller owns, and reading without copying or allocating. A `Reader` may
/// be given hostile bytes; it never reads past their end and never trusts a count.
namespace zevi::pack {

/// The most that the head of any value takes; numbers, booleans and nil are all head.
inline constexpr std::size_t head_bytes_max = 9;

// Encoding: each function writes at `at`, which must have room, and returns the place behind what it wrote.
// Every number takes its shortest form.

namespace detail {

/// From the machine's byte order to msgpack's, big-endian, and back. Compilers make one instruction of it,
/// which they do not of a loop over the bytes.
template <typename Unsigned>
[[nodiscard]] inline Unsigned big_endian(Unsigned value) noexcept {
  if constexpr (std::endian::native == std::endian::big || sizeof(Unsigned) == 1) {
    return value;
  } else if constexpr (sizeof(Unsigned) == 2) {
    return __builtin_bswap16(value);
  } else if constexpr (sizeof(Unsigned) == 4) {
    return __builtin_bswap32(value);
  } else {
    static_assert(sizeof(Unsigned) == 8);
    return __builtin_bswap64(value);
  }
}

template <typename Unsigned>
inline std::uint8_t* put_big_endian(std::uint8_t* at, Unsigned value) noexcept {
  value = big_endian(value);
  std::memcpy(at, &value, sizeof(Unsigned));
  return at + sizeof(Unsigned);
}

template <typename Unsigned>
[[nodiscard]] inline Unsigned get_big_endian(const std::uint8_t* at) noexcept {
  Unsigned value;
  std::memcpy(&value, at, sizeof(Unsigned));
  return big_endian(value);
}

template <typename Unsigned>
inline std::uint8_t* put_tagged(std::uint8_t* at, std::uint8_t tag, Unsigned value) noexcept {
  *at = tag;
  return put_big_endian(at + 1, value);
}

}  // namespace detail

inline std::uint8_t* put_nil(std::uint8_t* at) noexcept {
  *at = 0xC0;
  return at + 1;
}

inline std::uint8_t* put_bool(std::uint8_t* at, bool value) noexcept {
  *at = value ? 0xC3 : 0xC2;
  return at + 1;
}

/// Needs `head_bytes_max` bytes of room whatever the value, and may write behind the place that it returns:
/// storing a whole word costs less than choosing between stores.
inline std::uint8_t* put_uint(std::uint8_t* at, std::uint64_t value) noexcept {
  if (value < 0x80) {
    *at = static_cast<std::uint8_t>(value);
    return at + 1;
  }
  if (value > 0xFFFFFFFF) [[unlikely]] {
    return detail::put_tagged(at, 0xCF, value);
  }
  const unsigned log2_bytes = unsigned{value > 0xFF} + unsigned{value > 0xFFFF};
  const unsigned bytes = 1U << log2_bytes;
  const auto shifted = static_cast<std::uint32_t>(value << (32 - 8 * bytes));
  detail::put_tagged(at, static_cast<std::uint8_t>(0xCC + log2_bytes), shifted);
  return at + 1 + bytes;
}

/// Needs `head_bytes_max` bytes of room, like `put_uint`.
inline std::uint8_t* put_int(std::uint8_t* at, std::int64_t value) noexcept {
  const auto bits = static_cast<std::uint64_t>(value);
  if (value >= 0) [[likely]] {
    return put_uint(at, bits);
  }
  if (value >= -32) {
    *at = static_cast<std::uint8_t>(bits);
    return at + 1;
  }
  if (value >= std::numeric_limits<std::int8_t>::min()) {
    return detail::put_tagged(at, 0xD0, static_cast<std::uint8_t>(bits));
  }
  if (value >= std::numeric_limits<std::int16_t>::min()) {
    return detail::put_tagged(at, 0xD1, static_cast<std::uint16_t>(bits));
  }
  if (value >= std::numeric_limits<std::int32_t>::min()) {
    return detail::put_tagged(at, 0xD2, static_cast<std::uint32_t>(bits));
  }
  return detail::put_tagged(at, 0xD3, bits);
}

inline std::uint8_t* put_double(std::uint8_t* at, double value) noexcept {
  return detail::put_tagged(at, 0xCB, std::bit_cast<std::uint64_t>(value));
}

/// Always the 9-byte form with sign, so that an event's time has a size known beforehand, before 1970 too.
inline std::uint8_t* put_int64_wide(std::uint8_t* at, std::int64_t value) noexcept {
  return detail::put_tagged(at, 0xD3, static_cast<std::uint64_t>(value));
}

inline std::uint8_t* put_string_head(std::uint8_t* at, std::uint32_t bytes) noexcept {
  if (bytes < 32) {
    *at = static_cast<std::uint8_t>(0xA0U | bytes);
    return at + 1;
  }
  if (bytes <= 0xFF) return detail::put_tagged(at, 0xD9, static_cast<std::uint8_t>(bytes));
  if (bytes <= 0xFFFF) return detail::put_tagged(at, 0xDA, static_cast<std::uint16_t>(bytes));
  return detail::put_tagged(at, 0xDB, bytes);
}

inline std::uint8_t* put_binary_head(std::uint8_t* at, std::uint32_t bytes) noexcept {
  if (bytes <= 0xFF) return detail::put_tagged(at, 0xC4, static_cast<std::uint8_t>(bytes));
  if (bytes <= 0xFFFF) return detail::put_tagged(at, 0xC5, static_cast<std::uint16_t>(bytes));
  return detail::put_tagged(at, 0xC6, bytes);
}

inline std::uint8_t* put_array_head(std::uint8_t* at, std::uint32_t count) noexcept {
  if (count < 16) {
    *at = static_cast<std::uint8_t>(0x90U | count);
    return at + 1;
  }
  if (count <= 0xFFFF) return detail::put_tagged(at, 0xDC, static_cast<std::uint16_t>(count));
  return detail::put_tagged(at, 0xDD, count);
}

/// Always the 5-byte form, so that a count can be written when the elements are known.
inline std::uint8_t* put_array32_head(std::uint8_t* at, std::uint32_t count) noexcept {
  return detail::put_tagged(at, 0xDD, count);
}

inline std::uint8_t* put_map_head(std::uint8_t* at, std::uint32_t count) noexcept {
  if (count < 16) {
    *at = static_cast<std::uint8_t>(0x80U | count);
    return at + 1;
  }
  if (count <= 0xFFFF) return detail::put_tagged(at, 0xDE, static_cast<std::uint16_t>(count));
  return detail::put_tagged(at, 0xDF, count);
}

/// Bytes as they are, with no head.
inline std::uint8_t* put_raw(std::uint8_t* at, std::string_view bytes) noexcept {
  if (!bytes.empty()) std::memcpy(at, bytes.data(), bytes.size());
  return at + bytes.size();
}

inline std::uint8_t* put_binary(std::uint8_t* at, std::string_view bytes) noexcept {
  return put_raw(put_binary_head(at, static_cast<std::uint32_t>(bytes.size())), bytes);
}

namespace detail {

/// Copies the first and the last bytes of a text, as many as a `Word` has, which together are all of it, and
/// returns what bits they have between them.
template <typename Word>
[[nodiscard]] inline std::uint64_t put_both_ends(std::uint8_t* at, std::string_view text) noexcept {
  const std::size_t back_at = text.size() - sizeof(Word);
  Word front;
  Word back;
  std::memcpy(&front, text.data(), sizeof(Word));
  std::memcpy(&back, text.data() + back_at, sizeof(Word));
  std::memcpy(at, &front, sizeof(Word));
  std::memcpy(at + back_at, &back, sizeof(Word));
  return static_cast<Word>(front | back);
}

/// Copies a text of less than 32 bytes, and tells whether all of it is ASCII.
[[nodiscard]] inline bool put_short_and_see_ascii(std::uint8_t* at, std::string_view text) noexcept {
  const std::size_t size = text.size();
  std::uint64_t bits = 0;
  if (size >= 16) {
    bits = put_both_ends<std::uint64_t>(at, text.substr(0, 16)) |
           put_both_ends<std::uint64_t>(at + size - 16, text.substr(size - 16));
  } else if (size >= 8) {
    bits = put_both_ends<std::uint64_t>(at, text);
  } else if (size >= 4) {
    bits = put_both_ends<std::uint32_t>(at, text);
  } else if (size >= 2) {
    bits = put_both_ends<std::uint16_t>(at, text);
  } else if (size == 1) {
    bits = put_both_ends<std::uint8_t>(at, text);
  }
  return (bits & 0x8080808080808080U) == 0;
}

/// Out of line, so that `put_text` is small enough to be inlined.
[[gnu::noinline]] inline std::uint8_t* put_long_or_not_ascii(std::uint8_t* at,
                                                             std::string_view text) noexcept {
  if (!is_utf8(text)) return put_binary(at, text);
  return put_raw(put_string_head(at, static_cast<std::uint32_t>(text.size())), text);
}

}  // namespace detail

/// `str` if `text` is UTF-8, else `bin`: a reader in another language refuses a whole event for one `str`
/// that is not. Takes up to 5 bytes more than the text.
inline std::uint8_t* put_text(std::uint8_t* at, std::string_view text) noexcept {
  const std::size_t size = text.size();
  if (size < 32 && detail::put_short_and_see_ascii(at + 1, text)) [[likely]] {
    *at = static_cast<std::uint8_t>(0xA0U | size);
    return at + 1 + size;
  }
  return detail::put_long_or_not_ascii(at, text);
}

/// Appends values to a string: for control frames and for events whose size is not known beforehand.
class Writer {
 public:
  explicit Writer(std::string& out) noexcept : out_(out) {}

  Writer& nil() {
    return append([](std::uint8_t* at) { return put_nil(at); });
  }
  Writer& boolean(bool value) {
    return append([=](std::uint8_t* at) { return put_bool(at, value); });
  }
  Writer& uint(std::uint64_t value) {
    return append([=](std::uint8_t* at) { return put_uint(at, value); });
  }
  Writer& sint(std::int64_t value) {
    return append([=](std::uint8_t* at) { return put_int(at, value); });
  }
  /// In their 9-byte forms, to be written anew in place.
  Writer& wide_uint(std::uint64_t value) {
    return append([=](std::uint8_t* at) { return detail::put_tagged(at, 0xCF, value); });
  }
  Writer& wide_sint(std::int64_t value) {
    return append([=](std::uint8_t* at) { return put_int64_wide(at, value); });
  }
  Writer& real(double value) {
    return append([=](std::uint8_t* at) { return put_double(at, value); });
  }
  Writer& array(std::size_t count) {
    return append([=](std::uint8_t* at) { return put_array_head(at, static_cast<std::uint32_t>(count)); });
  }
  Writer& map(std::size_t count) {
    return append([=](std::uint8_t* at) { return put_map_head(at, static_cast<std::uint32_t>(count)); });
  }
  Writer& text(std::string_view value) {
    if (!is_utf8(value)) return binary(value);
    append([&](std::uint8_t* at) { return put_string_head(at, static_cast<std::uint32_t>(value.size())); });
    return raw(value);
  }
  Writer& binary(std::string_view value) {
    append([&](std::uint8_t* at) { return put_binary_head(at, static_cast<std::uint32_t>(value.size())); });
    return raw(value);
  }
  /// Appends bytes that are msgpack already.
  Writer& raw(std::string_view bytes) {
    out_.append(bytes);
    return *this;
  }

 private:
  template <typename Put>
  Writer& append(Put put) {
    std::uint8_t head[head_bytes_max];
    out_.append(reinterpret_cast<const char*>(head), static_cast<std::size_t>(put(head) - head));
    return *this;
  }

  std::string& out_;
};

enum class Type : std::uint8_t {
  nil,
  boolean,
  integer,  ///< whole numbers; `Item::is_negative` says which half of the 65-bit range
  real,
  string,
  binary,
  array,
  map,
  extension,
};

/// One value as a `Reader` finds it. Of an array or a map it is the head alone: `count` elements, or `count`
/// pairs of key and value, follow. `bytes` points into the reader's buffer.
struct Item {
  Type type = Type::nil;
  bool is_negative = false;
  std::int8_t extension_type = 0;
  std::uint32_t count = 0;
  std::uint64_t bits = 0;  ///< integer (two's complement if negative), boolean as 0 or 1
  double real = 0;
  std::string_view bytes;

  [[nodiscard]] bool is_text() const noexcept { return type == Type::string || type == Type::binary; }
  [[nodiscard]] bool fits_int64() const noexcept {
    return type == Type::integer && (is_negative || bits <= static_cast<std::uint64_t>(INT64_MAX));
  }
  [[nodiscard]] bool fits_uint64() const noexcept { return type == Type::integer && !is_negative; }
  [[nodiscard]] std::int64_t as_int64() const noexcept { return static_cast<std::int64_t>(bits); }
};

/// A text known beforehand, such as a key, that a `Reader` recognises by one comparison. Refers to `text`.
class KnownText {
 public:
  constexpr KnownText(std::string_view text) noexcept : text_(text) {
    if (text.size() > short_bytes_max) return;
    add(0, static_cast<std::uint8_t>(0xA0U | text.size()));
    for (std::size_t i = 0; i < text.size() && i + 1 < word_bytes; ++i) {
      add(i + 1, static_cast<std::uint8_t>(text[i]));
    }
  }
  constexpr KnownText(const char* text) noexcept : KnownText(std::string_view(text)) {}

  [[nodiscard]] constexpr std::string_view text() const noexcept { return text_; }

 private:
  friend class Reader;
  static constexpr std::size_t word_bytes = sizeof(std::uint64_t);
  static constexpr std::size_t short_bytes_max = 31;

  constexpr void add(std::size_t index, std::uint8_t byte) noexcept {
    const std::size_t place = std::endian::native == std::endian::little ? index : word_bytes - 1 - index;
    if (index == 0) word_ = 0;
    word_ |= std::uint64_t{byte} << 8 * place;
    mask_ |= std::uint64_t{0xFF} << 8 * place;
  }

  std::string_view text_;
  // The head and the first seven bytes as they lie in memory; longer text than a head of one byte can
  // announce has a word that never comes.
  std::uint64_t word_ = 1;
  std::uint64_t mask_ = 0;
};

/// Reads values one behind the other from `bytes`, which must outlive the reader and all items it gave. After
/// a failure nothing more can be read.
class Reader {
 public:
  explicit Reader(std::string_view bytes) noexcept
      : begin_(reinterpret_cast<const std::uint8_t*>(bytes.data())),
        at_(begin_),
        end_(begin_ + bytes.size()) {}

  [[nodiscard]] bool at_end() const noexcept { return at_ == end_; }
  /// How many bytes have been read.
  [[nodiscard]] std::size_t offset() const noexcept { return static_cast<std::size_t>(at_ - begin_); }
  [[nodiscard]] std::string_view rest() const noexcept {
    return {reinterpret_cast<const char*>(at_), static_cast<std::size_t>(end_ - at_)};
  }

  /// Reads the next value, or the head of the next array or map. False if the bytes end inside it or its
  /// first byte is the one that msgpack never uses (0xC1). A count larger than what the remaining bytes could
  /// hold is a failure here, so that no caller reserves memory for it.
  [[nodiscard]] bool next(Item& item) noexcept;

  // The next four take the next value if it is what they are for, in a form that is common; if they give
  // false it has still to be read, with `next`. They exist for their speed alone.

  /// `text` as a `str` of the shortest form.
  [[nodiscard]] bool take(const KnownText& text) noexcept {
    const std::size_t left = static_cast<std::size_t>(end_ - at_);
    if (left < KnownText::word_bytes) return take_near_end(text);
    std::uint64_t word;
    std::memcpy(&word, at_, sizeof word);
    if ((word & text.mask_) != text.word_) return false;
    const std::string_view bytes = text.text_;
    constexpr std::size_t compared = KnownText::word_bytes - 1;
    if (bytes.size() > compared) {
      if (left <= bytes.size()) return false;
      if (std::memcmp(at_ + 1 + compared, bytes.data() + compared, bytes.size() - compared) != 0)
        return false;
    }
    at_ += 1 + bytes.size();
    return true;
  }

  /// An integer that is not negative.
  [[nodiscard]] bool take_uint(std::uint64_t& value) noexcept {
    if (end_ - at_ < static_cast<std::ptrdiff_t>(head_bytes_max)) return false;
    const std::uint8_t tag = *at_;
    if (tag < 0x80) {
      value = tag;
      ++at_;
      return true;
    }
    if ((tag & 0xFCU) != 0xCC) return false;
    const unsigned bytes = 1U << (tag & 3U);
    value = detail::get_big_endian<std::uint64_t>(at_ + 1) >> (64 - 8 * bytes);
    at_ += 1 + bytes;
    return true;
  }

  /// An integer of 64 bits with sign.
  [[nodiscard]] bool take_int(std::int64_t& value) noexcept {
    if (end_ - at_ < static_cast<std::ptrdiff_t>(head_bytes_max)) return false;
    const std::uint8_t tag = *at_;
    if (tag >= 0xD0 && tag <= 0xD3) {
      const unsigned bytes = 1U << (tag & 3U);
      value = static_cast<std::int64_t>(detail::get_big_endian<std::uint64_t>(at_ + 1)) >> (64 - 8 * bytes);
      at_ += 1 + bytes;
      return true;
    }
    if (tag >= 0xE0) {
      value = static_cast<std::int8_t>(tag);
      ++at_;
      return true;
    }
    if (tag == 0xCF && (at_[1] & 0x80U) != 0) return false;
    std::uint64_t bits = 0;
    if (!take_uint(bits)) return false;
    value = static_cast<std::int64_t>(bits);
    return true;
  }

  /// A `str` of at most 31 bytes, whatever they are.
  [[nodiscard]] bool take_short_text(std::string_view& value) noexcept {
    if (at_ == end_ || (*at_ & 0xE0U) != 0xA0) return false;
    const std::size_t size = *at_ & 0x1FU;
    if (static_cast<std::size_t>(end_ - at_) <= size) return false;
    value = {reinterpret_cast<const char*>(at_ + 1), size};
    at_ += 1 + size;
    return true;
  }

  /// Passes over one whole value however deeply nested, without recursion and without looking at text.
  [[nodiscard]] bool skip() noexcept {
    std::uint64_t pending = 1;
    Item item;
    while (pending > 0) {
      if (!next(item)) return false;
      --pending;
      if (item.type == Type::array) pending += item.count;
      if (item.type == Type::map) pending += 2 * std::uint64_t{item.count};
    }
    return true;
  }

  /// Like `skip`, and gives the bytes that were passed over.
  [[nodiscard]] bool skip(std::string_view& value) noexcept {
    const std::uint8_t* const from = at_;
    if (!skip()) return false;
    value = {reinterpret_cast<const char*>(from), static_cast<std::size_t>(at_ - from)};
    return true;
  }

 private:
  [[nodiscard]] bool take_near_end(const KnownText& text) noexcept {
    const std::string_view bytes = text.text_;
    if (bytes.size() > KnownText::short_bytes_max || rest().size() <= bytes.size()) return false;
    if (*at_ != (0xA0U | bytes.size()) || rest().substr(1, bytes.size()) != bytes) return false;
    at_ += 1 + bytes.size();
    return true;
  }

  template <typename Unsigned>
  [[nodiscard]] bool get(Unsigned& value) noexcept {
    if (static_cast<std::size_t>(end_ - at_) < sizeof(Unsigned)) return fail();
    std::memcpy(&value, at_, sizeof(Unsigned));
    value = detail::big_endian(value);
    at_ += sizeof(Unsigned);
    return true;
  }

  template <typename Unsigned>
  [[nodiscard]] bool get_unsigned(Item& item) noexcept {
    Unsigned value;
    if (!get(value)) return false;
    item.type = Type::integer;
    item.bits = value;
    return true;
  }

  template <typename Unsigned, typename Signed>
  [[nodiscard]] bool get_signed(Item& item) noexcept {
    Unsigned value;
    if (!get(value)) return false;
    const auto number = static_cast<std::int64_t>(static_cast<Signed>(value));
    item.type = Type::integer;
    item.is_negative = number < 0;
    item.bits = static_cast<std::uint64_t>(number);
    return true;
  }

  [[nodiscard]] bool get_bytes(Item& item, Type type, std::size_t size) noexcept {
    if (static_cast<std::size_t>(end_ - at_) < size) return fail();
    item.type = type;
    item.bytes = {reinterpret_cast<const char*>(at_), size};
    at_ += size;
    return true;
  }

  template <typename Unsigned>
  [[nodiscard]] bool get_sized(Item& item, Type type) noexcept {
    Unsigned size;
    return get(size) && get_bytes(item, type, size);
  }

  [[nodiscard]] bool get_extension(Item& item, std::size_t size) noexcept {
    std::uint8_t type;
    if (!get(type)) return false;
    item.extension_type = static_cast<std::int8_t>(type);
    return get_bytes(item, Type::extension, size);
  }

  template <typename Unsigned>
  [[nodiscard]] bool get_sized_extension(Item& item) noexcept {
    Unsigned size;
    return get(size) && get_extension(item, size);
  }

  [[nodiscard]] bool get_container(Item& item, Type type, std::uint32_t count) noexcept {
    const std::uint64_t least_bytes = (type == Type::map ? 2 : 1) * std::uint64_t{count};
    if (static_cast<std::uint64_t>(end_ - at_) < least_bytes) return fail();
    item.type = type;
    item.count = count;
    return true;
  }

  template <typename Unsigned>
  [[nodiscard]] bool get_sized_container(Item& item, Type type) noexcept {
    Unsigned count;
    return get(count) && get_container(item, type, count);
  }

  [[nodiscard]] bool fail() noexcept {
    at_ = end_;
    return false;
  }

  const std::uint8_t* begin_;
  const std::uint8_t* at_;
  const std::uint8_t* end_;
};

inline bool Reader::next(Item& item) noexcept {
  item = Item{};
  std::uint8_t tag;
  if (!get(tag)) return false;
  if (tag < 0x80) {
    item.type = Type::integer;
    item.bits = tag;
    return true;
  }
  if (tag < 0x90) return get_container(item, Type::map, tag & 0x0FU);
  if (tag < 0xA0) return get_container(item, Type::array, tag & 0x0FU);
  if (tag < 0xC0) return get_bytes(item, Type::string, tag & 0x1FU);
  if (tag >= 0xE0) {
    item.type = Type::integer;
    item.is_negative = true;
    item.bits = static_cast<std::uint64_t>(static_cast<std::int64_t>(static_cast<std::int8_t>(tag)));
    return true;
  }
  switch (tag) {
    case 0xC0:
      item.type = Type::nil;
      return true;
    case 0xC2:
    case 0xC3:
      item.type = Type::boolean;
      item.bits = tag & 1U;
      return true;
    case 0xC4:
      return get_sized<std::uint8_t>(item, Type::binary);
    case 0xC5:
      return get_sized<std::uint16_t>(item, Type::binary);
    case 0xC6:
      return get_sized<std::uint32_t>(item, Type::binary);
    case 0xC7:
      return get_sized_extension<std::uint8_t>(item);
    case 0xC8:
      return get_sized_extension<std::uint16_t>(item);
    case 0xC9:
      return get_sized_extension<std::uint32_t>(item);
    case 0xCA: {
      std::uint32_t bits;
      if (!get(bits)) return false;
      item.type = Type::real;
      item.real = static_cast<double>(std::bit_cast<float>(bits));
      return true;
    }
    case 0xCB: {
      std::uint64_t bits;
      if (!get(bits)) return false;
      item.type = Type::real;
      item.real = std::bit_cast<double>(bits);
      return true;
    }
    case 0xCC:
      return get_unsigned<std::uint8_t>(item);
    case 0xCD:
      return get_unsigned<std::uint16_t>(item);
    case 0xCE:
      return get_unsigned<std::uint32_t>(item);
    case 0xCF:
      return get_unsigned<std::uint64_t>(item);
    case 0xD0:
      return get_signed<std::uint8_t, std::int8_t>(item);
    case 0xD1:
      return get_signed<std::uint16_t, std::int16_t>(item);
    case 0xD2:
      return get_signed<std::uint32_t, std::int32_t>(item);
    case 0xD3:
      return get_signed<std::uint64_t, std::int64_t>(item);
    case 0xD4:
      return get_extension(item, 1);
    case 0xD5:
      return get_extension(item, 2);
    case 0xD6:
      return get_extension(item, 4);
    case 0xD7:
      return get_extension(item, 8);
    case 0xD8:
      return get_extension(item, 16);
    case 0xD9:
      return get_sized<std::uint8_t>(item, Type::string);
    case 0xDA:
      return get_sized<std::uint16_t>(item, Type::string);
    case 0xDB:
      return get_sized<std::uint32_t>(item, Type::string);
    case 0xDC:
      return get_sized_container<std::uint16_t>(item, Type::array);
    case 0xDD:
      return get_sized_container<std::uint32_t>(item, Type::array);
    case 0xDE:
      return get_sized_container<std::uint16_t>(item, Type::map);
    case 0xDF:
      return get_sized_container<std::uint32_t>(item, Type::map);
    default:
      return fail();
  }
}

}  // namespace zevi::pack
