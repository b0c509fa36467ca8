#include <msgpack.hpp>

#include "catch.hpp"
#include "random_msgpack.hpp"
#include "seed.hpp"
#include "zevi/pack.hpp"

using namespace zevi;

namespace {

/// The values that msgpack-c finds, one behind the other in words, to compare with what our reader finds.
struct Transcript : msgpack::null_visitor {
  std::string words;

  void add(const std::string& word) { words += word + ' '; }
  bool visit_nil() { return add("nil"), true; }
  bool visit_boolean(bool value) { return add(value ? "true" : "false"), true; }
  bool visit_positive_integer(std::uint64_t value) { return add("i" + std::to_string(value)), true; }
  bool visit_negative_integer(std::int64_t value) { return add("i" + std::to_string(value)), true; }
  bool visit_float32(float value) { return visit_float64(static_cast<double>(value)); }
  bool visit_float64(double value) {
    return add(value != value ? "nan" : "r" + std::to_string(std::bit_cast<std::uint64_t>(value))), true;
  }
  bool visit_str(const char* at, std::uint32_t size) { return add("s" + std::string(at, size)), true; }
  bool visit_bin(const char* at, std::uint32_t size) { return add("b" + std::string(at, size)), true; }
  bool visit_ext(const char* at, std::uint32_t size) { return add("x" + std::string(at, size)), true; }
  bool start_array(std::uint32_t count) { return add("[" + std::to_string(count)), true; }
  bool start_map(std::uint32_t count) { return add("{" + std::to_string(count)), true; }
};

struct Reading {
  bool whole = false;
  std::size_t bytes = 0;
  std::string words;
  bool operator==(const Reading&) const = default;
};

Reading theirs(std::string_view bytes) {
  Transcript transcript;
  std::size_t offset = 0;
  const bool whole = msgpack::parse(bytes.data(), bytes.size(), offset, transcript);
  return whole ? Reading{true, offset, transcript.words} : Reading{};
}

void add_item(Transcript& transcript, const pack::Item& item) {
  switch (item.type) {
    case pack::Type::nil:
      transcript.visit_nil();
      break;
    case pack::Type::boolean:
      transcript.visit_boolean(item.bits != 0);
      break;
    case pack::Type::integer:
      item.is_negative ? transcript.visit_negative_integer(item.as_int64())
                       : transcript.visit_positive_integer(item.bits);
      break;
    case pack::Type::real:
      transcript.visit_float64(item.real);
      break;
    case pack::Type::string:
      transcript.visit_str(item.bytes.data(), static_cast<std::uint32_t>(item.bytes.size()));
      break;
    case pack::Type::binary:
      transcript.visit_bin(item.bytes.data(), static_cast<std::uint32_t>(item.bytes.size()));
      break;
    case pack::Type::array:
      transcript.start_array(item.count);
      break;
    case pack::Type::map:
      transcript.start_map(item.count);
      break;
    case pack::Type::extension: {
      const std::string whole = static_cast<char>(item.extension_type) + std::string(item.bytes);
      transcript.visit_ext(whole.data(), static_cast<std::uint32_t>(whole.size()));
      break;
    }
  }
}

Reading ours(std::string_view bytes) {
  pack::Reader skipper(bytes);
  if (!skipper.skip()) return {};
  const std::size_t size = skipper.offset();
  pack::Reader reader(bytes.substr(0, size));
  Transcript transcript;
  pack::Item item;
  while (!reader.at_end()) {
    if (!reader.next(item)) return {};
    add_item(transcript, item);
  }
  return {true, size, transcript.words};
}

}  // namespace

TEST_CASE("msgpack-c reads what we write, value for value") {
  INFO(test::seed_message());
  test::Random random(test::seed());
  for (int round = 0; round < 3000; ++round) {
    std::string bytes;
    pack::Writer writer(bytes);
    test::put_random_value(writer, random, 4);
    const Reading reading = theirs(bytes);
    REQUIRE(reading.whole);
    REQUIRE(reading.bytes == bytes.size());
    REQUIRE(reading == ours(bytes));
  }
}

TEST_CASE("we read and refuse damaged values as msgpack-c does") {
  INFO(test::seed_message());
  test::Random random(test::seed() + 1);
  int refused = 0;
  for (int round = 0; round < 20000; ++round) {
    std::string bytes;
    pack::Writer writer(bytes);
    test::put_random_value(writer, random, 3);
    test::damage(bytes, random);
    const Reading reading = ours(bytes);
    if (!reading.whole) ++refused;
    REQUIRE(reading == theirs(bytes));
  }
  CHECK(refused > 0);
}

TEST_CASE("any two bytes with something behind them are read as msgpack-c reads them") {
  for (unsigned first = 0; first < 256; ++first) {
    for (unsigned second = 0; second < 256; ++second) {
      std::string bytes{static_cast<char>(first), static_cast<char>(second)};
      bytes.append(300, '\x01');
      INFO(first << ' ' << second);
      REQUIRE(ours(bytes) == theirs(bytes));
    }
  }
}
