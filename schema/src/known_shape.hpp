#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "value_tags.hpp"
#include "zevi/utf8.hpp"
#include "zevi/wire/body.hpp"

namespace zevi::wire {

/// Remembers what an entry looked like that has passed the check, so that the next ones need not be taken
/// apart. The events of a batch are of one topic and mostly differ in the values of numbers and in the
/// letters of text, not in where which value lies. Each byte of the good entry has a mask of the bits that
/// make it good: all of a head, none of a number, the first one of ASCII text. An entry that equals it in
/// these bits has the same values of the same sizes at the same places, and so is good by the same reasons.
/// Whatever does not is left to the check proper: nothing is ever refused here.
class KnownShape {
 public:
  /// Whether an entry begins with an array of two and a good time in one of the 9-byte forms, as the shim
  /// writes it. Only such are learnt.
  [[nodiscard]] static bool has_wide_time(const std::uint8_t* entry, std::size_t size) noexcept {
    if (size <= entry_head_bytes || entry[0] != 0x92) return false;
    return entry[1] == signed_time || (entry[1] == unsigned_time && (entry[2] & 0x80U) == 0);
  }

  /// Whether `size()` bytes at `at` are a good entry. Reads none of them unless `left` holds as many.
  [[nodiscard]] bool covers(const std::uint8_t* at, std::size_t left) noexcept {
    if (size_ == 0 || left < size_) return false;
    if (differs(at)) {
      if (++misses_ == misses_max) size_ = 0;
      return false;
    }
    misses_ = 0;
    if (credit_ < credit_max) ++credit_;
    return true;
  }

  /// Of the entry that is known; 0 if none is.
  [[nodiscard]] std::size_t size() const noexcept { return size_; }

  /// Takes note of an entry that has passed the check and that stays where it is. Learns its shape if the one
  /// before had the same size, which tells well enough that it will come again.
  void consider(const std::uint8_t* entry, std::size_t size) noexcept {
    const bool is_repeated = size == size_before_;
    size_before_ = size;
    if (!is_repeated || credit_ == 0 || size > size_max || !has_wide_time(entry, size)) return;
    --credit_;
    misses_ = 0;
    size_ = size;
    entry_ = entry;
    learn();
  }

 private:
  static constexpr std::uint8_t signed_time = 0xD3;
  /// With the first bit of the number clear, or it would not fit a signed one.
  static constexpr std::uint8_t unsigned_time = 0xCF;
  /// Entries above this size are rare, and their text varies in length.
  static constexpr std::size_t size_max = 512;
  /// So many entries in a row may have another shape before this one is forgotten.
  static constexpr unsigned misses_max = 4;
  /// Learning costs about as much as checking: of a batch in which it is in vain, it takes a few entries
  /// only.
  static constexpr unsigned credit_max = 4;

  [[nodiscard]] static std::uint64_t load(const std::uint8_t* at) noexcept {
    std::uint64_t word;
    std::memcpy(&word, at, sizeof word);
    return word;
  }

  [[nodiscard]] std::uint64_t difference(const std::uint8_t* at, std::size_t offset) const noexcept {
    return (load(at + offset) ^ load(entry_ + offset)) & load(&masks_[offset]);
  }

  /// By words, of which the last overlaps the one before.
  [[nodiscard]] bool differs(const std::uint8_t* at) const noexcept {
    const std::size_t last = size_ - sizeof(std::uint64_t);
    std::uint64_t found = difference(at, last);
    for (std::size_t offset = 0; offset < last; offset += sizeof(std::uint64_t))
      found |= difference(at, offset);
    return found != 0;
  }

  /// An entry is a row of values here, nested or not: heads of arrays and maps have to be the same to the
  /// bit.
  void learn() noexcept {
    std::size_t offset = 0;
    while (offset < size_) {
      const std::uint8_t first = entry_[offset];
      const Tag tag = tags[first];
      std::size_t bytes = tag.size;
      set_masks(offset++, 1, mask_of(first));
      if (tag.size_bytes != 0) bytes = 0;
      for (std::size_t i = 0; i < tag.size_bytes; ++i) bytes = bytes << 8 | entry_[offset + i];
      set_masks(offset, tag.size_bytes, 0xFF);
      offset += tag.size_bytes;
      if (tag.shape == Shape::array || tag.shape == Shape::map) continue;
      const std::string_view text{reinterpret_cast<const char*>(entry_ + offset), bytes};
      const std::uint8_t text_mask = is_ascii(text) ? 0x80 : 0xFF;
      set_masks(offset, bytes, tag.shape == Shape::str ? text_mask : 0);
      offset += bytes;
    }
    if (entry_[1] == unsigned_time) masks_[2] = 0x80;
  }

  void set_masks(std::size_t offset, std::size_t count, std::uint8_t mask) noexcept {
    for (std::size_t i = 0; i < count; ++i) masks_[offset + i] = mask;
  }

  /// Of a value's first byte: small numbers, true and false carry their value in it.
  [[nodiscard]] static std::uint8_t mask_of(std::uint8_t first) noexcept {
    if (first < 0x80) return 0x80;
    if (first >= 0xE0) return 0xE0;
    return first == 0xC2 || first == 0xC3 ? 0xFE : 0xFF;
  }

  std::size_t size_ = 0;
  const std::uint8_t* entry_ = nullptr;
  std::size_t size_before_ = 0;
  unsigned misses_ = 0;
  unsigned credit_ = credit_max;
  std::array<std::uint8_t, size_max> masks_;  // as far as `size_`
};

}  // namespace zevi::wire
