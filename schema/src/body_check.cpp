#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

#include "known_shape.hpp"
#include "value_tags.hpp"
#include "zevi/limits.hpp"
#include "zevi/wire/body.hpp"

// This pass runs over every byte that enters the broker. It is written apart from `pack::Reader` because the
// checks need less than an `Item` of each value: what its first byte says, and how long it is. Three layers:
// an entry of the shape of those before it is passed as a whole (`KnownShape`); pairs of plain keys and plain
// values are passed one after the other (`pass_common_pairs`); all else is taken apart step by step. Only the
// last layer refuses anything, so it alone says what a fault is and where.

namespace zevi::wire {

namespace {

class Checker {
 public:
  explicit Checker(std::string_view bytes, std::size_t from = 0) noexcept
      : begin_(reinterpret_cast<const std::uint8_t*>(bytes.data())),
        at_(begin_ + from),
        value_(at_),
        end_(begin_ + bytes.size()) {}

  [[nodiscard]] bool at_end() const noexcept { return at_ == end_; }
  [[nodiscard]] std::size_t offset() const noexcept { return static_cast<std::size_t>(at_ - begin_); }
  /// Where the value begins that was looked at last.
  [[nodiscard]] std::size_t value_offset() const noexcept {
    return static_cast<std::size_t>(value_ - begin_);
  }

  /// `place` is filled in if the entry is good.
  [[nodiscard]] BodyError check_entry(EntryPlace& place) noexcept {
    const std::uint8_t* const entry = at_;
    if (shape_before_.covers(entry, left())) {
      place.time_ns = wide_time(entry);
      place.params_begin = static_cast<std::uint32_t>(offset() + entry_head_bytes);
      at_ += shape_before_.size();
      place.params_end = static_cast<std::uint32_t>(offset());
      return BodyError::none;
    }
    const BodyError error = check_new_entry(place);
    if (error == BodyError::none) shape_before_.consider(entry, static_cast<std::size_t>(at_ - entry));
    return error;
  }

  /// Checks one parameter map.
  [[nodiscard]] BodyError check_map() noexcept {
    const BodyError error = read_head();
    if (error != BodyError::none) return error;
    if (shape_ != Shape::map) return BodyError::params;
    const std::uint32_t left = pass_common_pairs(size_);
    return left == 0 ? BodyError::none : check_pairs(left);
  }

 private:
  /// Checks so many pairs of the parameter map and what is nested in them. Of the arrays and maps that are
  /// open, the innermost is in `level`, those around it are on a stack of fixed size.
  [[nodiscard]] BodyError check_pairs(std::uint32_t pairs) noexcept {
    struct Level {
      std::uint32_t left;  // elements or pairs still to come
      bool is_map;
    };
    std::array<Level, limits::nesting_max - 1> around;
    std::size_t depth = 0;
    BodyError error = BodyError::none;
    Level level{pairs, true};
    for (;;) {
      while (level.left == 0) {
        if (depth == 0) return BodyError::none;
        level = around[--depth];
      }
      --level.left;
      if (level.is_map) {
        error = check_key();
        if (error != BodyError::none) return error;
      }
      error = read_head();
      if (error != BodyError::none) return error;
      if (shape_ == Shape::array || shape_ == Shape::map) {
        if (depth == around.size()) return BodyError::nesting;
        around[depth++] = level;
        level = {size_, shape_ == Shape::map};
        continue;
      }
      error = check_scalar();
      if (error != BodyError::none) return error;
      if (level.is_map) level.left = pass_common_pairs(level.left);
    }
  }

  [[nodiscard]] BodyError check_new_entry(EntryPlace& place) noexcept {
    if (KnownShape::has_wide_time(at_, left())) {
      place.time_ns = wide_time(at_);
      at_ += entry_head_bytes;
    } else {
      const BodyError error = check_entry_head(place.time_ns);
      if (error != BodyError::none) return error;
    }
    const std::uint8_t* const params = at_;
    place.params_begin = static_cast<std::uint32_t>(offset());
    const BodyError error = check_map();
    if (error != BodyError::none) return error;
    place.params_end = static_cast<std::uint32_t>(offset());
    if (static_cast<std::size_t>(at_ - params) <= limits::event_bytes_max) return BodyError::none;
    value_ = params;
    return BodyError::event_too_large;
  }

  /// Passes `pairs` pairs, or as many as are short text with a number, short text, nil or boolean, and says
  /// how many are left.
  [[nodiscard]] std::uint32_t pass_common_pairs(std::uint32_t pairs) noexcept {
    const std::uint8_t* at = at_;
    for (; pairs > 0; --pairs) {
      const std::uint8_t* const key_end = end_of_short_text(at);
      if (key_end == nullptr) break;
      const std::uint8_t* const value_end = end_of_common_value(key_end);
      if (value_end == nullptr) break;
      at = value_end;
    }
    at_ = at;
    return pairs;
  }

  /// So many bytes can be read at once from where a value begins that is looked at for being common.
  static constexpr std::ptrdiff_t word_bytes = sizeof(std::uint64_t);

  /// Where the value behind it begins, or null if `at` is no ASCII `str` of at most 31 bytes, or too close to
  /// the end to tell.
  [[nodiscard]] const std::uint8_t* end_of_short_text(const std::uint8_t* at) const noexcept {
    if (end_ - at < word_bytes) return nullptr;
    if ((*at & 0xE0U) != 0xA0) return nullptr;
    const std::ptrdiff_t size = *at & 0x1FU;
    if (size < word_bytes) {
      // The text and its head are in one word. Of that the head is made to look like ASCII, and what is
      // behind the text is shifted out.
      const std::uint64_t word = load_little_endian(at) ^ 0x80U;
      const auto bits_behind = static_cast<unsigned>(8 * (word_bytes - 1 - size));
      return (word << bits_behind & first_bits) == 0 ? at + 1 + size : nullptr;
    }
    if (end_ - at <= size) return nullptr;
    // Four words that overlap cover 8 to 31 bytes; which of them do so is no branch to guess.
    const std::uint8_t* const text = at + 1;
    const std::ptrdiff_t last = size - word_bytes;
    const std::uint64_t bytes = load_little_endian(text) |
                                load_little_endian(text + std::min(last, word_bytes)) |
                                load_little_endian(text + std::max(last - word_bytes, std::ptrdiff_t{0})) |
                                load_little_endian(text + last);
    return (bytes & first_bits) == 0 ? text + size : nullptr;
  }

  [[nodiscard]] const std::uint8_t* end_of_common_value(const std::uint8_t* at) const noexcept {
    if (at == end_) return nullptr;
    const std::uint8_t first = *at;
    if ((first & 0xE0U) == 0xA0) return end_of_short_text(at);
    std::ptrdiff_t size = 1;
    if (first >= 0x80 && first < 0xE0) {
      size = common_sizes[first - 0x80U];
      if (size == 0 || size > end_ - at) return nullptr;
    }
    return at + size;
  }

  /// Of a value with a first byte from 0x80 to 0xDF: how many bytes it takes if it is a number, nil or
  /// boolean, or else 0.
  static constexpr std::array<std::uint8_t, 0xE0 - 0x80> common_sizes = [] {
    std::array<std::uint8_t, 0xE0 - 0x80> sizes{};
    for (std::size_t i = 0; i < sizes.size(); ++i) {
      const Tag tag = tags[0x80 + i];
      if (tag.shape == Shape::number) sizes[i] = static_cast<std::uint8_t>(1 + tag.size);
    }
    return sizes;
  }();

  static constexpr std::uint64_t first_bits = 0x8080808080808080U;

  [[nodiscard]] static std::uint64_t load_little_endian(const std::uint8_t* at) noexcept {
    std::uint64_t word;
    std::memcpy(&word, at, sizeof word);
    return std::endian::native == std::endian::big ? __builtin_bswap64(word) : word;
  }

  /// Takes the head of the next value: its shape and its size, which the bytes that are left can hold.
  [[nodiscard]] BodyError read_head() noexcept {
    value_ = at_;
    if (at_ == end_) return BodyError::truncated;
    const Tag tag = tags[*at_++];
    shape_ = tag.shape;
    size_ = tag.size;
    if (tag.size_bytes != 0) {
      if (left() < tag.size_bytes) return BodyError::truncated;
      size_ = *at_;
      if (tag.size_bytes >= 2) size_ = size_ << 8 | at_[1];
      if (tag.size_bytes == 4) size_ = size_ << 16 | static_cast<std::uint32_t>(at_[2] << 8 | at_[3]);
      at_ += tag.size_bytes;
    }
    if (shape_ == Shape::reserved) return BodyError::reserved_byte;
    const std::uint64_t bytes_least = std::uint64_t{size_} << (shape_ == Shape::map ? 1 : 0);
    return bytes_least <= left() ? BodyError::none : BodyError::truncated;
  }

  [[nodiscard]] BodyError check_key() noexcept {
    const BodyError error = read_head();
    if (error != BodyError::none) return error;
    if (shape_ != Shape::str && shape_ != Shape::bin) return BodyError::key;
    return check_scalar();
  }

  [[nodiscard]] BodyError check_scalar() noexcept {
    const std::string_view bytes{reinterpret_cast<const char*>(at_), size_};
    at_ += size_;
    if (shape_ == Shape::str) return is_utf8(bytes) ? BodyError::none : BodyError::text;
    return shape_ == Shape::extension ? BodyError::extension : BodyError::none;
  }

  [[nodiscard]] static std::int64_t wide_time(const std::uint8_t* entry) noexcept {
    return static_cast<std::int64_t>(pack::detail::get_big_endian<std::uint64_t>(entry + 2));
  }

  [[nodiscard]] BodyError check_entry_head(std::int64_t& time_ns) noexcept {
    const BodyError error = read_head();
    if (error != BodyError::none) return error;
    return shape_ == Shape::array && size_ == 2 ? check_time(time_ns) : BodyError::not_a_pair;
  }

  /// An integer that fits 64 bits with sign: 0xCF, the form without sign, must leave the first bit clear.
  [[nodiscard]] BodyError check_time(std::int64_t& time_ns) noexcept {
    pack::Reader reader({reinterpret_cast<const char*>(at_), left()});
    const BodyError error = read_head();
    if (error != BodyError::none) return error;
    pack::Item item;
    if (shape_ != Shape::number || !reader.next(item) || !item.fits_int64()) return BodyError::time;
    time_ns = item.as_int64();
    at_ += size_;
    return BodyError::none;
  }

  [[nodiscard]] std::size_t left() const noexcept { return static_cast<std::size_t>(end_ - at_); }

  const std::uint8_t* begin_;
  const std::uint8_t* at_;
  const std::uint8_t* value_;
  const std::uint8_t* end_;
  Shape shape_ = Shape::reserved;
  std::uint32_t size_ = 0;
  KnownShape shape_before_;
};

[[nodiscard]] std::uint32_t count_in_head(std::string_view body) noexcept {
  std::uint32_t count = 0;
  for (std::size_t i = 1; i < body_head_bytes; ++i) count = count << 8 | static_cast<std::uint8_t>(body[i]);
  return count;
}

/// Calls `take_place` for each good entry.
template <typename TakePlace>
[[nodiscard]] BodyCheck check_entries(std::string_view body, std::uint32_t n, TakePlace take_place) {
  if (n == 0) return {BodyError::empty, 0};
  if (body.size() > limits::batch_bytes_max) return {BodyError::too_large, 0};
  if (body.size() < body_head_bytes || body[0] != '\xDD') return {BodyError::head, 0};
  if (count_in_head(body) != n) return {BodyError::count, 0};
  Checker checker(body, body_head_bytes);
  for (std::uint32_t i = 0; i < n; ++i) {
    EntryPlace place;
    const BodyError error = checker.check_entry(place);
    if (error != BodyError::none) return {error, checker.value_offset()};
    take_place(place);
  }
  if (!checker.at_end()) return {BodyError::trailing, checker.offset()};
  return {};
}

}  // namespace

BodyCheck check_body(std::string_view body, std::uint32_t n) noexcept {
  return check_entries(body, n, [](const EntryPlace&) {});
}

BodyCheck check_body(std::string_view body, std::uint32_t n, std::vector<EntryPlace>& places) {
  constexpr std::size_t entry_bytes_min = 3;  // an array of two, a time below 128, an empty map
  places.clear();
  places.reserve(std::min<std::size_t>(n, std::min(body.size(), limits::batch_bytes_max) / entry_bytes_min));
  const BodyCheck check = check_entries(body, n, [&](const EntryPlace& place) { places.push_back(place); });
  if (!check) places.clear();
  return check;
}

BodyCheck check_params(std::string_view params) noexcept {
  if (params.size() > limits::event_bytes_max) return {BodyError::event_too_large, 0};
  Checker checker(params);
  const BodyError error = checker.check_map();
  if (error != BodyError::none) return {error, checker.value_offset()};
  if (!checker.at_end()) return {BodyError::trailing, checker.offset()};
  return {};
}

}  // namespace zevi::wire
