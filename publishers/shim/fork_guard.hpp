#pragma once

#include <cstdint>
#include <mutex>
#include <vector>

namespace zevi::shim {

class Publisher;
class Session;

/// The publishers of this process, and what a fork does to them: the one global of the library.
///
/// A lock that another thread held at the moment of a fork stays locked in the child for ever. So all locks
/// that a child goes on using are taken before each fork and released behind it, on both sides. Everything
/// else that the parent had running (threads, rings, sockets, the ZeroMQ context) the child leaves untouched
/// and unfreed.
///
/// Order of locks: the guard's, then each publisher's, then `context_mutex`.
class ForkGuard {
 public:
  [[nodiscard]] static ForkGuard& instance();

  /// Gives the publisher its first serial. Serials tell a thread which of its lanes belong to a publisher
  /// that still lives in this process; none is given twice, and a fork gives every publisher of the child a
  /// new one.
  void add(Publisher& publisher);
  void remove(Publisher& publisher) noexcept;

  /// Calls `act(publisher)` if the publisher with this serial lives, and keeps it from being closed
  /// meanwhile.
  template <typename Act>
  void with_publisher(std::uint64_t serial, Act act);

  /// Held while a ZeroMQ context or socket is made, since libzmq and the libraries below it take locks then
  /// that all contexts of a process share.
  [[nodiscard]] std::mutex& context_mutex() noexcept { return context_mutex_; }

 private:
  ForkGuard();
  void before_fork();
  void in_parent();
  void in_child();

  std::mutex mutex_;
  std::mutex context_mutex_;
  std::uint64_t last_serial_ = 0;
  std::vector<Publisher*> publishers_;
  Session* inherited_ = nullptr;  ///< sessions of parents, linked, so that leak checkers know them
};

}  // namespace zevi::shim

#include "publisher.hpp"

namespace zevi::shim {

template <typename Act>
void ForkGuard::with_publisher(std::uint64_t serial, Act act) {
  const std::lock_guard lock(mutex_);
  for (Publisher* publisher : publishers_) {
    if (publisher->serial() == serial) act(*publisher);
  }
}

}  // namespace zevi::shim
