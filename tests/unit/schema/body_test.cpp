#include "zevi/wire/body.hpp"

#include "catch.hpp"
#include "random_msgpack.hpp"
#include "seed.hpp"
#include "wire_properties.hpp"
#include "zevi/limits.hpp"

using namespace zevi;
using wire::BodyError;

namespace {

std::string body_of(std::uint32_t n, std::string_view entries) {
  std::string body(wire::body_head_bytes, '\0');
  pack::put_array32_head(reinterpret_cast<std::uint8_t*>(body.data()), n);
  return body.append(entries);
}

std::string entry_of(std::string_view params, std::int64_t time_ns = 0) {
  std::string entry;
  pack::Writer(entry).array(2).sint(time_ns).raw(params);
  return entry;
}

std::string random_params(test::Random& random, unsigned depth) {
  std::string params;
  pack::Writer writer(params);
  test::put_random_map(writer, random, depth);
  return params;
}

/// As the shim writes it, the time in its 9-byte form.
std::string wide_entry(test::Random& random) {
  std::string entry(wire::entry_head_bytes, '\0');
  auto* const begin = reinterpret_cast<std::uint8_t*>(entry.data());
  pack::put_int64_wide(pack::put_array_head(begin, 2), static_cast<std::int64_t>(random()));
  // Both forms, and now and then one without sign that is too large.
  if (test::below(random, 2) == 0) begin[1] = 0xCF;
  if (test::below(random, 8) != 0) begin[2] &= 0x7F;
  const auto pairs = static_cast<std::uint32_t>(test::below(random, 12));
  pack::Writer writer(entry);
  writer.map(pairs);
  for (std::uint32_t i = 0; i < pairs; ++i) {
    const bool is_plain = test::below(random, 4) != 0;
    writer.text(is_plain ? std::string(test::below(random, 40), 'k') : test::random_text(random));
    test::put_random_value(writer, random, test::below(random, 4) == 0 ? 2 : 0);
  }
  return entry;
}

std::string random_body(test::Random& random, unsigned depth, std::uint32_t& n) {
  std::string entries;
  n = 0;
  const std::uint64_t wanted = 1 + test::below(random, 6);
  while (n < wanted) {
    const std::string params = random_params(random, depth);
    if (params.size() > limits::event_bytes_max) continue;
    const std::string entry = entry_of(params, static_cast<std::int64_t>(random()));
    if (wire::body_head_bytes + entries.size() + entry.size() > limits::batch_bytes_max) break;
    entries += entry;
    ++n;
  }
  return body_of(n, entries);
}

}  // namespace

TEST_CASE("random bodies pass the check and are read entry by entry") {
  INFO(test::seed_message());
  test::Random random(test::seed());
  for (int round = 0; round < 100; ++round) {
    std::uint32_t n = 0;
    const std::string body = random_body(random, 4, n);
    if (n == 0) continue;
    REQUIRE(wire::check_body(body, n));
    const char* const broken = test::broken_by_body(body, n);
    INFO((broken == nullptr ? "" : broken));
    REQUIRE(broken == nullptr);
  }
}

TEST_CASE("a body with any one byte changed to any other is judged and read without harm") {
  std::string params;
  pack::Writer writer(params);
  writer.map(4).text("level").sint(-3).text("é").real(0.5).text("list").array(2).nil().binary("\xff");
  writer.text("map").map(1).text("k").boolean(true);
  const std::string body = body_of(2, entry_of(params, 1776767469200446000) + entry_of("\x80"));
  REQUIRE(wire::check_body(body, 2));
  for (std::size_t at = 0; at < body.size(); ++at) {
    for (unsigned byte = 0; byte < 256; ++byte) {
      std::string changed = body;
      changed[at] = static_cast<char>(byte);
      const char* const broken = test::broken_by_body(changed, 2);
      if (broken != nullptr) FAIL(broken << ": byte " << at << " changed to " << byte);
    }
  }
}

TEST_CASE("damaged random bodies are judged and read without harm") {
  INFO(test::seed_message());
  test::Random random(test::seed() + 1);
  int refused = 0;
  for (int round = 0; round < 5000; ++round) {
    std::uint32_t n = 0;
    std::string body = random_body(random, 2, n);
    test::damage(body, random);
    if (!wire::check_body(body, n)) ++refused;
    const char* const broken = test::broken_by_body(body, n);
    if (broken != nullptr) FAIL(broken);
  }
  CHECK(refused > 0);
}

TEST_CASE("a refused body says where the value at fault begins") {
  const std::string good = entry_of("\x80");
  const auto offset = [&](std::string_view second) {
    return wire::check_body(body_of(2, good + std::string(second)), 2).offset;
  };
  const std::size_t second_at = wire::body_head_bytes + good.size();
  CHECK(offset("\x05") == second_at);
  CHECK(offset("\x92\xa1x\x80") == second_at + 1);
  CHECK(offset("\x92\x01\x90") == second_at + 2);
  CHECK(offset("\x92\x01\x81\x01\x01") == second_at + 3);
  CHECK(offset("\x92\x01\x81\xa1k\xa1\xff") == second_at + 5);
  CHECK(offset("\x92\x01\x81\xa1k\xd4\x01\x01") == second_at + 5);
  CHECK(offset(good + "\x01") == second_at + good.size());
}

TEST_CASE("bodies of events that are alike are judged as the plain check judges them, damaged or not") {
  INFO(test::seed_message());
  test::Random random(test::seed() + 3);
  for (int round = 0; round < 3000; ++round) {
    std::vector<std::string> shapes;
    for (std::uint64_t i = 1 + test::below(random, 3); i > 0; --i) shapes.push_back(wide_entry(random));
    std::string entries;
    const auto n = static_cast<std::uint32_t>(2 + test::below(random, 30));
    for (std::uint32_t i = 0; i < n; ++i) {
      std::string entry = shapes[test::below(random, 4) == 0 ? test::below(random, shapes.size()) : 0];
      // One bit is what the smallest difference between a good and a bad entry is.
      if (test::below(random, 4) == 0)
        entry[test::below(random, entry.size())] ^= static_cast<char>(1U << test::below(random, 8));
      if (test::below(random, 30) == 0) test::damage(entry, random);
      entries += entry;
    }
    const std::string body = body_of(n, entries);
    const char* const broken = test::broken_by_body(body, n);
    if (broken != nullptr) FAIL(broken);
  }
}

TEST_CASE("an entry like those before it is checked in each of its bits") {
  test::Random random(test::seed() + 4);
  INFO(test::seed_message());
  for (int round = 0; round < 20; ++round) {
    const std::string entry = wide_entry(random);
    std::string body = body_of(4, entry + entry + entry + entry);
    for (std::size_t at = body.size() - entry.size(); at < body.size(); ++at) {
      for (unsigned bit = 0; bit < 8; ++bit) {
        body[at] ^= static_cast<char>(1U << bit);
        const char* const broken = test::broken_by_body(body, 4);
        if (broken != nullptr) FAIL(broken);
        body[at] ^= static_cast<char>(1U << bit);
      }
    }
  }
}

TEST_CASE("a time without sign that does not fit is found behind entries like it") {
  const std::string good("\x92\xCF\x7F\0\0\0\0\0\0\x01\x80", 11);
  std::string bad = good;
  bad[2] = '\x80';
  CHECK(wire::check_body(body_of(4, good + good + good + good), 4));
  const wire::BodyCheck check = wire::check_body(body_of(4, good + good + good + bad), 4);
  CHECK(check.error == BodyError::time);
  CHECK(check.offset == wire::body_head_bytes + 3 * good.size() + 1);
}

TEST_CASE("the places of entries say the time and the parameters of each") {
  const std::string body =
      body_of(3, entry_of("\x80", -5) + entry_of("\x81\xa1k\x01", INT64_MIN) + entry_of("\x80", INT64_MAX));
  std::vector<wire::EntryPlace> places(7);
  REQUIRE(wire::check_body(body, 3, places));
  REQUIRE(places.size() == 3);
  CHECK(places[0] == wire::EntryPlace{-5, 7, 8});
  CHECK(places[1] == wire::EntryPlace{INT64_MIN, 18, 22});
  CHECK(places[2] == wire::EntryPlace{INT64_MAX, 32, 33});
  CHECK(places[1].params(body) == "\x81\xa1k\x01");
}

TEST_CASE("a refused body leaves no places, and its count reserves no memory") {
  std::vector<wire::EntryPlace> places;
  const std::string body = body_of(0xFFFFFFFF, entry_of("\x80") + entry_of("\x80"));
  CHECK(wire::check_body(body, 0xFFFFFFFF, places).error == BodyError::truncated);
  CHECK(places.empty());
  CHECK(places.capacity() <= body.size());
}

TEST_CASE("events and bodies are taken up to their limits and not beyond") {
  const auto params_of = [](std::size_t bytes) {
    const std::size_t value = bytes - 2 - 1 - 5;
    std::string params;
    pack::Writer(params).map(1).text("b").raw("\xc6").raw({"\x00", 1});
    params += static_cast<char>(value >> 16);
    params += static_cast<char>(value >> 8);
    params += static_cast<char>(value);
    return params + std::string(value, 'x');
  };
  CHECK(wire::check_params(params_of(limits::event_bytes_max)));
  CHECK(wire::check_params(params_of(limits::event_bytes_max + 1)).error == BodyError::event_too_large);
  CHECK(wire::check_body(body_of(1, entry_of(params_of(limits::event_bytes_max))), 1));
  CHECK(wire::check_body(body_of(1, entry_of(params_of(limits::event_bytes_max + 1))), 1).error ==
        BodyError::event_too_large);

  const std::size_t heads = wire::body_head_bytes + 5 * 2;
  const std::size_t each = (limits::batch_bytes_max - heads) / 5;
  const std::size_t last = limits::batch_bytes_max - heads - 4 * each;
  std::string entries;
  for (int i = 0; i < 4; ++i) entries += entry_of(params_of(each));
  CHECK(wire::check_body(body_of(5, entries + entry_of(params_of(last))), 5));
  CHECK(wire::check_body(body_of(5, entries + entry_of(params_of(last + 1))), 5).error ==
        BodyError::too_large);
}

TEST_CASE("nesting is taken to its limit in any mixture of arrays and maps") {
  INFO(test::seed_message());
  test::Random random(test::seed() + 2);
  for (int round = 0; round < 200; ++round) {
    std::string open = "\x81\xa1k";
    for (std::size_t depth = 2; depth <= limits::nesting_max; ++depth) {
      const bool is_last = depth == limits::nesting_max;
      const bool is_map = test::below(random, 2) == 0;
      if (is_last) {
        open += is_map ? "\x80" : "\x90";
      } else {
        open += is_map ? "\x81\xa1k" : "\x91";
      }
    }
    REQUIRE(wire::check_params(open));
    std::string deeper = open;
    deeper.back() = '\x91';
    deeper += '\x90';
    REQUIRE(wire::check_params(deeper).error == BodyError::nesting);
  }
}

TEST_CASE("every reason to refuse a body has words of its own") {
  std::vector<std::string_view> seen;
  for (unsigned value = 0; value <= static_cast<unsigned>(BodyError::trailing); ++value) {
    const std::string_view words = wire::describe(static_cast<BodyError>(value));
    CHECK(words != "unknown error");
    CHECK(std::find(seen.begin(), seen.end(), words) == seen.end());
    seen.push_back(words);
  }
}
