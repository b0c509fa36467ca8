#include "rocksdb_scan.hpp"

#include <cstdint>
#include <string_view>

namespace zevi::broker {

namespace {

/// The lowest number above `bad` that is good, found by larger and larger steps; 0 if there is none.
template <typename IsGood>
std::uint64_t first_good(std::uint64_t bad, unsigned bits, IsGood is_good) {
  const std::uint64_t begin = bad;
  for (unsigned step = 0; step < bits; ++step) {
    std::uint64_t good = begin + (std::uint64_t{1} << step);
    if (!is_good(good)) {
      bad = good;
      continue;
    }
    while (good - bad > 1) {
      const std::uint64_t middle = bad + (good - bad) / 2;
      (is_good(middle) ? good : bad) = middle;
    }
    return good;
  }
  return 0;
}

/// The first place behind damage: the lowest key above that of a message from which reading goes on. Looked
/// for in its topic, then in the topics behind it, then in the segments behind it. Empty if there is none.
std::string first_place_behind(const MessageKey& damaged, const MakeIterator& make) {
  constexpr unsigned bits_of_q = 52;
  constexpr unsigned bits_of_topic = 31;
  constexpr unsigned bits_of_segment = 32;
  const auto can_be_read = [&](std::uint64_t segment, std::uint64_t topic, std::uint64_t q) {
    const auto at = make();
    at->Seek(message_key(segment, static_cast<std::uint32_t>(topic), q));
    return at->status().ok();
  };
  const auto in_topic = [&](std::uint64_t segment, std::uint64_t topic, std::uint64_t bad_q) -> std::string {
    const std::uint64_t good =
        first_good(bad_q, bits_of_q, [&](std::uint64_t q) { return can_be_read(segment, topic, q); });
    return good == 0 ? std::string() : message_key(segment, static_cast<std::uint32_t>(topic), good);
  };
  // Behind the one that is good the damage may begin later in the last one that is not.
  const auto in_segment = [&](std::uint64_t segment, std::uint64_t bad_topic) -> std::string {
    const std::uint64_t good = first_good(
        bad_topic, bits_of_topic, [&](std::uint64_t topic) { return can_be_read(segment, topic, 0); });
    if (good == 0) return {};
    if (good - 1 > bad_topic) {
      if (std::string key = in_topic(segment, good - 1, 0); !key.empty()) return key;
    }
    return message_key(segment, static_cast<std::uint32_t>(good), 0);
  };
  if (std::string key = in_topic(damaged.segment, damaged.topic, damaged.q); !key.empty()) return key;
  if (std::string key = in_segment(damaged.segment, damaged.topic); !key.empty()) return key;
  const std::uint64_t good = first_good(damaged.segment, bits_of_segment,
                                        [&](std::uint64_t segment) { return can_be_read(segment, 0, 0); });
  if (good == 0) return {};
  if (good - 1 > damaged.segment) {
    if (std::string key = in_segment(good - 1, 0); !key.empty()) return key;
  }
  return message_key(good, 0, 0);
}

}  // namespace

Database::Fault scan_messages(std::string begin, const std::string& end, const MakeIterator& make,
                              const Database::TakeMessage& take) {
  std::string fault;
  while (!begin.empty()) {
    const auto at = make();
    for (at->Seek(begin); at->Valid(); at->Next()) {
      if (!end.empty() && view_of(at->key()) >= end) return fault;
      begin.assign(view_of(at->key())).push_back('\0');
      MessageKey key;
      MessageView message;
      if (!decode(view_of(at->key()), key) || !decode(view_of(at->value()), message)) continue;
      if (!take(key, message)) return fault;
    }
    if (at->status().ok()) return fault;
    fault = at->status().ToString();
    MessageKey damaged;
    if (!decode(std::string_view(begin).substr(0, message_key(0, 0, 0).size()), damaged)) return fault;
    begin = first_place_behind(damaged, make);
    if (!end.empty() && begin >= end) return fault;
  }
  return fault;
}

}  // namespace zevi::broker
