#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>
#include <zmq.hpp>

#include "frames.hpp"
#include "zevi/wire/replay_messages.hpp"

/// A broker and its publishers, reduced to what a subscriber can tell of them, for simulations.
namespace zevi::simulation {

/// An event's name for life.
struct EventName {
  std::string topic;
  std::uint64_t id = 0;
  std::uint64_t p = 0;
  auto operator<=>(const EventName&) const = default;
};

using Random = std::mt19937_64;

inline bool happens(Random& random, unsigned one_in) {
  return random() % one_in == 0;
}
inline std::uint64_t up_to(Random& random, std::uint64_t highest) {
  return random() % (highest + 1);
}

/// What one publisher sends of one topic.
struct Batch {
  std::string topic;
  std::uint64_t id = 0;
  std::uint64_t p = 0;
  std::uint32_t n = 0;
  bool is_first = false;  ///< of its publisher in this topic, ever
};

/// A message as it leaves on `stream` and stays in the history.
struct Message {
  std::string topic;
  std::uint64_t epoch = 0;
  std::uint64_t q = 0;
  std::uint32_t n = 0;
  std::uint64_t at = 0;
  std::string header;
  std::string body;
  [[nodiscard]] std::uint64_t end_q() const noexcept { return q + n; }
  [[nodiscard]] subscriber::Frames frames() const {
    return {zmq::message_t(topic), zmq::message_t(header), zmq::message_t(body)};
  }
};

/// What becomes of the numbering when the broker is started again.
enum class Restart : std::uint8_t {
  empty,    ///< nothing was kept: a new epoch, numbers from 1
  clean,    ///< everything was kept: the same epoch
  unclean,  ///< the newest was not kept: a new epoch, numbers go on behind what was
};

class Broker {
 public:
  explicit Broker(Random& random) : random_(random) {}

  /// Takes a batch in; nothing leaves if it was here before.
  std::optional<Message> take(const Batch& batch);
  /// The oldest message of some topic is kept no longer.
  void forget();
  void restart(Restart how);
  /// All parts of the answer to a question, as frames.
  [[nodiscard]] std::vector<std::vector<std::string>> answer(std::string_view question) const;

  [[nodiscard]] std::uint64_t epoch() const noexcept { return epoch_; }
  /// What has the number `q` in the numbering of `epoch`.
  [[nodiscard]] const EventName* find(std::uint64_t epoch, const std::string& topic, std::uint64_t q) const;

 private:
  struct Topic {
    std::uint64_t next_q = 1;
    std::uint64_t l = 0;
    std::deque<Message> history;
    std::map<std::uint64_t, std::uint64_t> highest;  ///< p of each publisher that this broker has heard
    std::map<std::uint64_t, std::uint64_t> kept;     ///< p of each publisher that an earlier one has stored
  };

  Random& random_;
  std::uint64_t epoch_ = 100;
  std::uint64_t at_ = 1;
  std::map<std::string, Topic> topics_;
  std::map<std::uint64_t, std::map<std::string, std::uint64_t>> ended_;
  std::map<std::tuple<std::uint64_t, std::string, std::uint64_t>, EventName> names_;
};

}  // namespace zevi::simulation
