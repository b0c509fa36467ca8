#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "address.hpp"
#include "log.hpp"
#include "mi_client.hpp"

namespace zevi::ingest {

/// Keeps OpenSIPS sending events here, in a thread of its own: subscribes (MI `event_subscribe`), again
/// before a subscription expires, and gives the subscriptions back in the end.
///
/// Subscriptions are short and renewed at a third of their time, since a restarted OpenSIPS has forgotten
/// them.
class MiSubscriptions {
 public:
  struct Options {
    Address mi;
    std::string reply_dir;
    std::vector<std::string> events;
    std::string socket;              ///< where OpenSIPS is to send, as its own syntax has it: `unix:/run/x`
    std::chrono::seconds expire{0};  ///< of each subscription
  };

  MiSubscriptions(Options options, const program::Log& log);
  ~MiSubscriptions();
  MiSubscriptions(const MiSubscriptions&) = delete;
  MiSubscriptions& operator=(const MiSubscriptions&) = delete;

  void start();
  /// Asks it to give the subscriptions back and to end.
  void stop();
  [[nodiscard]] bool finished() const noexcept { return finished_.load(std::memory_order_acquire); }

 private:
  void run();
  /// The longest time until the next round.
  [[nodiscard]] std::chrono::seconds subscribe_all();
  void unsubscribe_all() noexcept;
  void ask(const std::string& event, std::chrono::seconds expire);
  [[nodiscard]] bool wait_stopped(std::chrono::seconds time_max);
  [[nodiscard]] bool stopping();
  void say(const std::string& trouble);

  Options options_;
  const program::Log& log_;
  MiClient client_;
  std::string trouble_;  ///< what the last round ran into, so that it is said once
  bool subscribed_ = false;

  std::mutex mutex_;
  std::condition_variable changed_;
  bool stop_ = false;
  std::atomic<bool> finished_{false};
  std::thread thread_;
};

}  // namespace zevi::ingest
