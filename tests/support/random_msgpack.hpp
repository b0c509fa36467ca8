#pragma once

#include <random>
#include <string>

#include "zevi/pack.hpp"

/// Random msgpack values and faults, for property tests.
namespace zevi::test {

using Random = std::mt19937_64;

[[nodiscard]] inline std::uint64_t below(Random& random, std::uint64_t end) {
  return random() % end;
}

/// Numbers of any length in bits, so that every form comes up.
[[nodiscard]] inline std::uint64_t random_bits(Random& random) {
  return random() >> below(random, 64);
}

[[nodiscard]] inline std::string random_text(Random& random) {
  static constexpr std::string_view pieces[] = {"a", "Z", "0", " ", "é", "я", "呼", "😀", "\x7f", "\n"};
  std::string text;
  const std::uint64_t length = below(random, 8) == 0 ? below(random, 300) : below(random, 12);
  for (std::uint64_t i = 0; i < length; ++i) text += pieces[below(random, std::size(pieces))];
  return text;
}

[[nodiscard]] inline std::string random_bytes(Random& random) {
  std::string bytes(below(random, 8) == 0 ? below(random, 300) : below(random, 12), '\0');
  for (char& c : bytes) c = static_cast<char>(random());
  return bytes;
}

void put_random_map(pack::Writer& writer, Random& random, unsigned depth_left);

/// A value as an event may hold it; arrays and maps reach at most `depth_left` deep.
inline void put_random_value(pack::Writer& writer, Random& random, unsigned depth_left) {
  switch (below(random, depth_left > 0 ? 9 : 7)) {
    case 0:
      writer.nil();
      break;
    case 1:
      writer.boolean(below(random, 2) == 1);
      break;
    case 2:
      writer.uint(random_bits(random));
      break;
    case 3:
      writer.sint(static_cast<std::int64_t>(~random_bits(random)));
      break;
    case 4:
      writer.real(std::bit_cast<double>(random()));
      break;
    case 5:
      writer.text(random_text(random));
      break;
    case 6:
      writer.binary(random_bytes(random));
      break;
    case 7: {
      const std::uint64_t count = below(random, 20);
      writer.array(count);
      for (std::uint64_t i = 0; i < count; ++i) put_random_value(writer, random, depth_left - 1);
      break;
    }
    default:
      put_random_map(writer, random, depth_left);
  }
}

/// The parameters of an event; `depth_left` counts the map itself.
inline void put_random_map(pack::Writer& writer, Random& random, unsigned depth_left) {
  const std::uint64_t count = below(random, 20);
  writer.map(count);
  for (std::uint64_t i = 0; i < count; ++i) {
    writer.text(random_text(random));
    put_random_value(writer, random, depth_left - 1);
  }
}

/// Overwrites, inserts, removes or doubles a few bytes.
inline void damage(std::string& bytes, Random& random) {
  static constexpr std::string_view telling = {
      "\xC1\xDD\xDF\xDE\xDC\xDB\xC6\xC9\xFF\x00\x80\x90\xA0\xD9\xC4\x7F", 16};
  for (std::uint64_t faults = 1 + below(random, 3); faults > 0; --faults) {
    const std::size_t at = below(random, bytes.size() + 1);
    const bool tells = below(random, 2) == 0;
    const char byte = tells ? telling[below(random, telling.size())] : static_cast<char>(random());
    switch (below(random, 4)) {
      case 0:
        if (at < bytes.size()) bytes[at] = byte;
        break;
      case 1:
        bytes.insert(at, 1, byte);
        break;
      case 2:
        bytes.erase(at, 1 + below(random, 4));
        break;
      default:
        bytes.insert(at, bytes.substr(at, below(random, 16)));
    }
  }
}

}  // namespace zevi::test
