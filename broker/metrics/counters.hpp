#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <string_view>
#include <vector>

#include "zevi/broker.hpp"

namespace zevi::broker {

/// Everything that the broker counts. Each way in which an event can be lost has exactly one counter.
enum class Counter : std::uint8_t {
  events_received,
  batches_received,
  batches_repeated,
  batches_ahead,
  batches_unknown,
  events_invalid,
  batches_invalid,
  events_uncatalogued,
  events_expired,
  events_lost_before,
  events_lost_after,
  frames_refused,
  hellos_refused,
  stream_messages,
  stream_joined,
  plain_messages,
  json_messages,
  subscriptions_refused,
  barriers,
  barriers_unconfirmed,
  history_events,
  history_bytes,
  history_evicted,
  history_expired,
  store_events,
  store_bytes,
  store_written,
  store_evicted,
  store_left_out,
  store_failures,
  replays,
  replay_events,
  replay_gone,
  replays_refused,
  replays_abandoned,
  replay_queued_bytes,
  notices,
  control_answers,
  control_refused,
  control_unread,
  publishers_up,
  publishers_down,
  publishers_lost,
  sockets_restored,
  connections_refused,
  peers_refused,
  overloads,
  subscribers_cut,
  events_refused_full,
  count_,
};

struct CounterText {
  std::string_view name;
  std::string_view help;
  bool is_level = false;  ///< says how much there is now, and can fall
};

inline constexpr std::array<CounterText, static_cast<std::size_t>(Counter::count_)> counter_texts{{
    {"events_received", "events taken in and numbered"},
    {"batches_received", "batches taken in"},
    {"batches_repeated", "batches that had been taken in before and were only acknowledged again"},
    {"batches_ahead", "batches not taken in because one before them was missing; they are sent again"},
    {"batches_unknown",
     "batches not taken in because their publisher had not said hello; they are sent again"},
    {"events_invalid", "events refused for good with their batch, lost to subscribers"},
    {"batches_invalid", "batches refused for good: malformed or outside the limits"},
    {"events_uncatalogued",
     "events that the catalogue does not know or describes otherwise, and that passed"},
    {"events_expired", "events older than their topic's max-age when they arrived, lost to subscribers"},
    {"events_lost_before",
     "events that publishers lost, or that were refused or expired, as subscribers see it in l"},
    {"events_lost_after", "events that readers report as lost on their way, each reader's own"},
    {"frames_refused", "messages at ingress that were no message of a publisher"},
    {"hellos_refused", "publishers refused for want of a common version, or for the id of another process"},
    {"stream_messages", "messages sent in the format stream, each once for all subscribers of its endpoint"},
    {"stream_joined", "batches that travelled in a message with others"},
    {"plain_messages", "messages sent in the format events, each once for all subscribers of its endpoint"},
    {"json_messages", "messages sent in the format json, each once for all subscribers of its endpoint"},
    {"subscriptions_refused", "subscriptions that are no topic prefix, or one too many of their connection"},
    {"barriers", "barrier messages sent"},
    {"barriers_unconfirmed", "barrier messages sent before every publisher had confirmed"},
    {"history_events", "events that the history holds now", true},
    {"history_bytes", "memory of the history now, what it needs for itself included", true},
    {"history_evicted", "events that left the history because of its limits"},
    {"history_expired", "events that left the history because they reached their topic's max-age"},
    {"store_events", "events that the store holds now, those that are on their way to the disk included",
     true},
    {"store_bytes", "what they take on the disk, as the limits count it", true},
    {"store_written", "events written to the store"},
    {"store_evicted", "events that left the store because of its limits"},
    {"store_left_out", "events that the store did not take because its disk was too slow or failed"},
    {"store_failures", "times that the disk began to fail"},
    {"replays", "questions to the history that were answered in full"},
    {"replay_events", "events sent in answers"},
    {"replay_gone", "numbers asked for that the history held no longer"},
    {"replays_refused", "questions refused: malformed, or more than a reader or all of them may ask at once"},
    {"replays_abandoned", "questions whose reader left, or read nothing for a minute, before the end"},
    {"replay_queued_bytes", "memory of answers that their readers have not taken yet", true},
    {"notices", "events that the broker published itself (E_ZEVI_...)"},
    {"control_answers", "questions about the broker that were answered"},
    {"control_refused", "questions about the broker that were refused: malformed, unknown, or too many"},
    {"control_unread", "answers about the broker thrown away since whoever asked did not read"},
    {"publishers_up", "publishers that said hello for the first time"},
    {"publishers_down", "publishers that said goodbye or fell silent"},
    {"publishers_lost", "publishers that vanished or fell silent without goodbye"},
    {"sockets_restored", "socket files that were put back after somebody had removed them"},
    {"connections_refused", "connections closed at once because too few file descriptors were left"},
    {"peers_refused", "connections that the access list did not let in"},
    {"overloads", "times that the memory came near its limit"},
    {"subscribers_cut", "subscribers cut off near the limit of memory, as they had let most wait"},
    {"events_refused_full", "events among those of events_invalid, refused at the limit of memory"},
}};

/// Written by the broker's thread alone, read by any.
class Counters {
 public:
  void add(Counter counter, std::uint64_t by = 1) noexcept {
    auto& value = values_[static_cast<std::size_t>(counter)];
    value.store(value.load(std::memory_order_relaxed) + by, std::memory_order_relaxed);
  }
  /// For those that say how much there is now.
  void subtract(Counter counter, std::uint64_t by) noexcept {
    auto& value = values_[static_cast<std::size_t>(counter)];
    value.store(value.load(std::memory_order_relaxed) - by, std::memory_order_relaxed);
  }
  void set(Counter counter, std::uint64_t to) noexcept {
    values_[static_cast<std::size_t>(counter)].store(to, std::memory_order_relaxed);
  }
  [[nodiscard]] std::uint64_t get(Counter counter) const noexcept {
    return values_[static_cast<std::size_t>(counter)].load(std::memory_order_relaxed);
  }
  [[nodiscard]] std::vector<CounterValue> snapshot() const {
    std::vector<CounterValue> all;
    all.reserve(counter_texts.size());
    for (std::size_t i = 0; i < counter_texts.size(); ++i) {
      all.push_back({counter_texts[i].name, counter_texts[i].help, get(static_cast<Counter>(i)),
                     counter_texts[i].is_level});
    }
    return all;
  }

 private:
  std::array<std::atomic<std::uint64_t>, counter_texts.size()> values_{};
};

}  // namespace zevi::broker
