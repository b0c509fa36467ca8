#pragma once

#include <memory>
#include <mutex>
#include <string>

#include "../bridge.hpp"
#include "../event_fd.hpp"
#include "nats_handles.hpp"

namespace zevi::bridges {

/// What the client's threads tell. Outlives every connection, because they may still call when one is closed.
class NatsNews {
 public:
  NatsNews() = default;
  virtual ~NatsNews() = default;
  NatsNews(const NatsNews&) = delete;
  NatsNews& operator=(const NatsNews&) = delete;

  /// Readable when there is news.
  [[nodiscard]] int fd() const noexcept { return event_.fd(); }
  /// What the server complained of since it was last asked, without closing the connection; empty if nothing.
  [[nodiscard]] std::string take_complaint();

  // From the client's threads.
  void complain(std::string words);
  void wake() noexcept { event_.raise(); }

 protected:
  /// Makes `fd` unreadable; before the news are taken.
  void calm() noexcept { static_cast<void>(event_.take()); }
  std::mutex mutex_;

 private:
  EventFd event_;
  std::string complaint_;  // under mutex_
};

/// Connects, and stays connected until something happens: the client is not to connect again by itself.
/// Throws `zevi::Error`.
[[nodiscard]] NatsConnection connect_to_nats(const BusOptions& options, NatsNews& news);

/// Throws `zevi::Error`, saying why, if the connection is no more.
void check_connection(natsConnection* connection);

}  // namespace zevi::bridges
