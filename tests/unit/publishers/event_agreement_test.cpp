#include <cmath>
#include <msgpack.hpp>
#include <random>

#include "catch.hpp"
#include "conversation.hpp"
#include "seed.hpp"

using namespace zevi;

namespace {

/// Puts the same random values into an event and into msgpack-c's packer.
class RandomEvent {
 public:
  explicit RandomEvent(std::uint64_t seed) : random_(seed) {}

  std::string put(zevi_event* event) {
    const auto count = static_cast<std::uint32_t>(random_() % 40);
    msgpack::sbuffer buffer;
    msgpack::packer<msgpack::sbuffer> packer(buffer);
    packer.pack_map(count);
    for (std::uint32_t i = 0; i < count; ++i) {
      const std::string name = text(random_() % 40);
      packer.pack(name);
      put_value(event, name.c_str(), packer);
    }
    return {buffer.data(), buffer.size()};
  }

 private:
  /// All lengths of integers are as likely.
  std::uint64_t number() { return random_() >> (random_() % 64); }

  std::string text(std::size_t bytes) {
    std::string text;
    while (text.size() < bytes) text += static_cast<char>('a' + random_() % 26);
    return text;
  }

  void put_value(zevi_event* event, const char* name, msgpack::packer<msgpack::sbuffer>& packer) {
    switch (random_() % 7) {
      case 0: {
        const auto value = static_cast<std::int64_t>(number()) * (random_() % 2 == 0 ? 1 : -1);
        zevi_put_int(event, name, value);
        packer.pack(value);
        return;
      }
      case 1: {
        const std::uint64_t value = number();
        zevi_put_uint(event, name, value);
        packer.pack(value);
        return;
      }
      case 2: {
        // With a fraction, because msgpack-c writes a whole number as an integer.
        const double value = std::ldexp(static_cast<double>(number()), -70) + 1e-300;
        zevi_put_double(event, name, value);
        packer.pack_double(value);
        return;
      }
      case 3: {
        const bool value = random_() % 2 == 0;
        zevi_put_bool(event, name, value);
        packer.pack(value);
        return;
      }
      case 4:
        zevi_put_nil(event, name);
        packer.pack_nil();
        return;
      case 5: {
        const std::string value = text(random_() % 400);
        zevi_put_string(event, name, value.data(), value.size());
        packer.pack(value);
        return;
      }
      default: {
        const std::string value = text(random_() % 400);
        zevi_put_bytes(event, name, value.data(), value.size());
        packer.pack_bin(static_cast<std::uint32_t>(value.size()));
        packer.pack_bin_body(value.data(), static_cast<std::uint32_t>(value.size()));
      }
    }
  }

  std::mt19937_64 random_;
};

}  // namespace

TEST_CASE("events are byte for byte what msgpack-c makes of the same values") {
  constexpr std::size_t events = 2000;
  INFO(test::seed_message());
  RandomEvent random(test::seed());
  test::Conversation conversation;
  conversation.options.full_policy = ZEVI_WAIT;
  conversation.options.wait_max_ns = 30'000'000'000;
  conversation.begin();
  zevi_topic* const topic = conversation.publisher->topic("E_TEST").handle();
  std::vector<std::string> expected;
  for (std::size_t i = 0; i < events; ++i) {
    zevi_event event;
    REQUIRE(zevi_event_begin(topic, 0, &event) == ZEVI_OK);
    expected.push_back(random.put(&event));
    REQUIRE(zevi_event_commit(&event) == ZEVI_OK);
  }
  std::size_t next = 0;
  for (const test::SentBatch& batch : conversation.broker->expect_events(events)) {
    for (const test::SentEvent& event : batch.events) {
      if (event.params != expected.at(next++)) FAIL("event " << next - 1);
    }
  }
}
