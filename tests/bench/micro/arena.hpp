#pragma once

#include <chrono>

#include "temporary_directory.hpp"
#include "zevi/broker.hpp"
#include "zevi/events.hpp"
#include "zevi/publisher.hpp"
#include "zmq.hpp"

namespace zevi::bench {

/// A publisher whose broker wants E_PROFILING_PROC and nothing else.
///
/// The broker runs in this process, and its one subscriber never reads, so that nothing but the publisher,
/// its flusher and the broker takes processor time. What the subscriber does not read, it alone loses.
class Arena {
 public:
  Arena();

  [[nodiscard]] TypedTopic<E_PROFILING_PROC> wanted() const { return publisher_.topic<E_PROFILING_PROC>(); }
  [[nodiscard]] TypedTopic<E_PROFILING_SCRIPT> unwanted() const {
    return publisher_.topic<E_PROFILING_SCRIPT>();
  }
  /// Of a publisher without a broker.
  [[nodiscard]] TypedTopic<E_PROFILING_PROC> blocked() const { return blocked_.topic<E_PROFILING_PROC>(); }
  [[nodiscard]] const Publisher& publisher() const noexcept { return publisher_; }

  /// A short pause, in which the flusher looks at the ring but finds no reason to sleep.
  static void rest();
  /// A pause after which the flusher sleeps.
  static void let_flusher_sleep();

 private:
  TemporaryDirectory directory_;
  Broker broker_;
  zmq::context_t context_;
  zmq::socket_t subscriber_;
  Publisher publisher_;
  Publisher blocked_;
};

}  // namespace zevi::bench
