#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace zevi::bridges {

/// How far a broker has numbered its topics.
struct TopicNumbers {
  std::uint64_t epoch = 0;
  std::map<std::string, std::uint64_t> next;  ///< of each topic the number of the event to come
};

/// How many events of `topics` the broker has numbered that a reader has not read, whose next number of a
/// topic `next_of` says. Nothing if it does not know its place in one of them.
[[nodiscard]] std::optional<std::uint64_t> unread_events(
    const TopicNumbers& broker, const std::vector<std::string>& topics,
    const std::function<std::optional<std::uint64_t>(std::string_view)>& next_of);

/// Asks brokers how far they are, not more often than every two seconds. One thread at a time.
class BrokerNumbers {
 public:
  /// Those of the broker of that directory; null if it does not answer, which takes up to a second.
  [[nodiscard]] const TopicNumbers* of(const std::string& runtime_dir);

 private:
  using Clock = std::chrono::steady_clock;
  struct Answer {
    Clock::time_point at{};
    std::optional<TopicNumbers> numbers;
  };
  std::map<std::string, Answer> answers_;
};

}  // namespace zevi::bridges
