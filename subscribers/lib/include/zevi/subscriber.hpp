#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "zevi/error.hpp"
#include "zevi/limits.hpp"
#include "zevi/subscriber/event.hpp"
#include "zevi/subscriber/export.hpp"
#include "zevi/subscriber/message.hpp"

namespace zmq {
class context_t;
}

/// Reads events from the broker.
///
///     zevi::Subscriber subscriber("E_CORE_LOG");
///     for (const zevi::Message& message : subscriber) {
///       if (const zevi::Event* event = message.event()) {
///         std::cout << (*event)["message"].as_text().value_or("") << '\n';
///       } else {
///         std::cerr << zevi::describe(message) << '\n';
///       }
///     }
///
/// A subscriber connects by itself and again whenever the broker comes back; it may be made before there is a
/// broker. It does so while somebody reads: `next`, `wait_ready` and the loop do all the work. Every event is
/// delivered once, in the order of its topic's numbering; what is missing is told in its place by a mark. It
/// keeps the highest number of each publisher and topic for an hour or more, which is how it knows an event
/// that was sent twice.
namespace zevi {

/// Which of the broker's endpoints to read.
enum class Feed : std::uint8_t {
  stream,  ///< batches: fast, and the queue holds seconds; for programs
  events,  ///< one event a message, as scripts without a library read it
};

struct SubscriberOptions {
  /// What to read: topics by their exact names, or every topic with a prefix, `E_CORE_*`; `*` is everything.
  /// At least one.
  std::vector<std::string> topics = {};

  /// The broker's runtime directory. Empty: `$ZEVI_RUNTIME_DIR`, else `/run/zevi` if it exists, else
  /// `$XDG_RUNTIME_DIR/zevi`, looked up again while there is no connection.
  std::string runtime_dir = {};

  /// An endpoint to use instead of the one in the runtime directory: `ipc://...`, `tcp://HOST:PORT`, or
  /// `inproc://...` together with `context`. (libzmq does not reconnect `inproc` when a broker in the same
  /// process is started anew; make a new subscriber then.)
  std::string endpoint = {};

  /// Which kind of endpoint that is.
  Feed feed = Feed::stream;

  /// How many bytes may wait in this process for the caller. ZeroMQ counts messages, so this becomes a
  /// number of them: on `stream` one for each 256 KiB, the most that a batch has, so that the budget is kept
  /// whatever comes; on `events` one for each 4 KiB, which is more than all but the rarest events have (64
  /// KiB each would be 16 times the budget). At least 1 MiB. The broker keeps a queue of its own beside it;
  /// when both are full, the newest events are lost and a `Gap` tells which.
  std::size_t budget_bytes = limits::subscriber_budget_bytes;

  /// The caller's ZeroMQ context, which must outlive the subscriber; null for one of its own.
  zmq::context_t* context = nullptr;

  /// A descriptor that ends every wait while it is readable (an eventfd, a signalfd), or -1. The subscriber
  /// neither reads nor closes it.
  int wake_fd = -1;
};

/// What a subscriber has counted since it was made.
struct SubscriberStatistics {
  std::uint64_t messages = 0;       ///< ZeroMQ messages received, batches or single events
  std::uint64_t events = 0;         ///< events delivered to the caller
  std::uint64_t filtered = 0;       ///< messages of topics that only share a prefix with an exact one
  std::uint64_t gaps = 0;           ///< `Gap` marks
  std::uint64_t lost = 0;           ///< events in those gaps
  std::uint64_t lost_before = 0;    ///< events in `LostBefore` marks
  std::uint64_t repeats = 0;        ///< events that had been delivered before, and were not again
  std::uint64_t epoch_changes = 0;  ///< `EpochChanged` marks
  std::uint64_t malformed = 0;      ///< messages that were not what the broker's endpoint sends
};

/// To be used by one thread at a time. Not to be used in a child after `fork`: make a new one there.
class ZEVI_SUBSCRIBER_API Subscriber {
 public:
  /// Subscribes and begins to connect; does not wait. Throws `zevi::Error` if a topic or an option cannot be
  /// used or no runtime directory can be found.
  explicit Subscriber(const SubscriberOptions& options);
  /// One topic or prefix, everything else as it comes.
  explicit Subscriber(std::string_view topic);
  ~Subscriber();
  Subscriber(Subscriber&&) noexcept;
  Subscriber& operator=(Subscriber&&) noexcept;

  /// Waits until the subscription is live: from then on nothing that a publisher publishes is missed without
  /// a mark. Gives the number of publishers that have not yet said that they know of it (0 is the answer to
  /// hope for; others may still hold back events that nobody wanted until now). Nothing if `timeout` passed
  /// or `wake_fd` became readable first. Events that arrive meanwhile are kept for `next`.
  [[nodiscard]] std::optional<std::uint64_t> wait_ready(std::chrono::milliseconds timeout);

  /// The next event or mark, which stays valid until the next call. Null if none came within `timeout`, or
  /// earlier if a signal handler ran or `wake_fd` is readable. A timeout of 0 takes what is there.
  [[nodiscard]] const Message* next(std::chrono::milliseconds timeout);
  /// Waits as long as it takes; null only for a signal handler or `wake_fd`.
  [[nodiscard]] const Message* next();

  /// True while there is a connection to a broker.
  [[nodiscard]] bool connected();
  /// Where it is connected, or tries to.
  [[nodiscard]] const std::string& endpoint() const noexcept;
  [[nodiscard]] SubscriberStatistics statistics() const noexcept;

  /// Reads without end, or until `wake_fd` is readable.
  class Iterator {
   public:
    using value_type = Message;
    using difference_type = std::ptrdiff_t;

    explicit Iterator(Subscriber& subscriber) : subscriber_(&subscriber) { ++*this; }
    const Message& operator*() const noexcept { return *message_; }
    const Message* operator->() const noexcept { return message_; }
    Iterator& operator++() {
      message_ = subscriber_->next_until_woken();
      return *this;
    }
    void operator++(int) { ++*this; }
    bool operator==(std::default_sentinel_t) const noexcept { return message_ == nullptr; }

   private:
    Subscriber* subscriber_;
    const Message* message_ = nullptr;
  };
  [[nodiscard]] Iterator begin() { return Iterator(*this); }
  [[nodiscard]] std::default_sentinel_t end() const noexcept { return std::default_sentinel; }

 private:
  class __attribute__((visibility("hidden"))) Implementation;

  const Message* next_until_woken();

  std::unique_ptr<Implementation> implementation_;
};

}  // namespace zevi
