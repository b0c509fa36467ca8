#include <algorithm>
#include <array>

#include "zevi/limits.hpp"
#include "zevi/wire/body.hpp"

// This pass runs over every byte that enters the broker. It is written apart from `pack::Reader` because the
// checks need less than an `Item` of each value: what its first byte says, and how long it is.

namespace zevi::wire {

namespace {

enum class Shape : std::uint8_t { number, str, bin, array, map, extension, reserved };

/// What the first byte of a value says. The size that follows it takes `size_bytes` bytes; with 0 the size is
/// `size` itself. It counts the bytes of a number, `str` or `bin`, the elements of an array, the pairs of a
/// map.
struct Tag {
  Shape shape = Shape::reserved;
  std::uint8_t size_bytes = 0;
  std::uint8_t size = 0;
};

constexpr std::array<Tag, 256> make_tags() {
  std::array<Tag, 256> tags{};
  const auto fill = [&](unsigned first, unsigned last, Shape shape, unsigned size_mask) {
    for (unsigned byte = first; byte <= last; ++byte) {
      tags[byte] = {shape, 0, static_cast<std::uint8_t>(byte & size_mask)};
    }
  };
  fill(0x00, 0x7F, Shape::number, 0);
  fill(0x80, 0x8F, Shape::map, 0x0F);
  fill(0x90, 0x9F, Shape::array, 0x0F);
  fill(0xA0, 0xBF, Shape::str, 0x1F);
  fill(0xE0, 0xFF, Shape::number, 0);
  tags[0xC0] = tags[0xC2] = tags[0xC3] = {Shape::number, 0, 0};
  tags[0xCC] = tags[0xD0] = {Shape::number, 0, 1};
  tags[0xCD] = tags[0xD1] = {Shape::number, 0, 2};
  tags[0xCA] = tags[0xCE] = tags[0xD2] = {Shape::number, 0, 4};
  tags[0xCB] = tags[0xCF] = tags[0xD3] = {Shape::number, 0, 8};
  tags[0xC4] = {Shape::bin, 1, 0};
  tags[0xC5] = {Shape::bin, 2, 0};
  tags[0xC6] = {Shape::bin, 4, 0};
  tags[0xD9] = {Shape::str, 1, 0};
  tags[0xDA] = {Shape::str, 2, 0};
  tags[0xDB] = {Shape::str, 4, 0};
  tags[0xDC] = {Shape::array, 2, 0};
  tags[0xDD] = {Shape::array, 4, 0};
  tags[0xDE] = {Shape::map, 2, 0};
  tags[0xDF] = {Shape::map, 4, 0};
  fill(0xC7, 0xC9, Shape::extension, 0);
  fill(0xD4, 0xD8, Shape::extension, 0);
  return tags;
}

constexpr std::array<Tag, 256> tags = make_tags();

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
    BodyError error = read_head();
    if (error != BodyError::none) return error;
    if (shape_ != Shape::array || size_ != 2) return BodyError::not_a_pair;
    error = check_time(place.time_ns);
    if (error != BodyError::none) return error;
    const std::uint8_t* const params = at_;
    place.params_begin = static_cast<std::uint32_t>(offset());
    error = check_map();
    if (error != BodyError::none) return error;
    place.params_end = static_cast<std::uint32_t>(offset());
    if (static_cast<std::size_t>(at_ - params) <= limits::event_bytes_max) return BodyError::none;
    value_ = params;
    return BodyError::event_too_large;
  }

  /// Checks one parameter map. Of the arrays and maps that are open, the innermost is in `level`, those
  /// around it are on a stack of fixed size.
  [[nodiscard]] BodyError check_map() noexcept {
    struct Level {
      std::uint32_t left;  // elements or pairs still to come
      bool is_map;
    };
    std::array<Level, limits::nesting_max - 1> around;
    std::size_t depth = 0;
    BodyError error = read_head();
    if (error != BodyError::none) return error;
    if (shape_ != Shape::map) return BodyError::params;
    Level level{size_, true};
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
    }
  }

 private:
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
