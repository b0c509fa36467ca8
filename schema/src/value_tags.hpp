#pragma once

#include <array>
#include <cstdint>

/// What the first byte of a msgpack value says, for the body check, which needs less of a value than a
/// `pack::Item` holds.
namespace zevi::wire {

enum class Shape : std::uint8_t { number, str, bin, array, map, extension, reserved };

/// The size that follows the first byte takes `size_bytes` bytes; with 0 the size is `size` itself. It counts
/// the bytes of a number, `str` or `bin`, the elements of an array, the pairs of a map.
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

inline constexpr std::array<Tag, 256> tags = make_tags();

}  // namespace zevi::wire
