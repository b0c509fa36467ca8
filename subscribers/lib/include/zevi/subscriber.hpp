#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <map>
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
/// delivered once, in the order of its topic's numbering. What was missed, because the subscriber was slower
/// than its queue is long or was not connected, is fetched from the broker's history; what is missing there
/// too is told in its place by a mark. It keeps the highest number of each publisher and topic for an hour or
/// more, which is how it knows an event that was sent twice.
///
/// A consumer that must not miss or repeat anything over its own restarts keeps a cursor:
///
///     zevi::Subscriber subscriber({.topics = {"E_CORE_*"}, .start = zevi::Start::oldest,
///                                  .cursor = "/var/lib/me/cursor", .confirm = zevi::Confirm::by_call});
///     for (const zevi::Message& message : subscriber) {
///       if (const zevi::Event* event = message.event()) store(*event);
///       subscriber.confirm();  // waits for the disk: once for many events is cheaper
///     }
namespace zevi {

namespace subscriber {
struct Position;
}

/// Which of the broker's endpoints to read.
enum class Feed : std::uint8_t {
  stream,  ///< batches: fast, and the queue holds seconds; for programs
  events,  ///< one event a message, as scripts without a library read it
};

/// Where to begin to read.
enum class Start : std::uint8_t {
  now,     ///< with what is published from now on
  oldest,  ///< with the oldest event that the broker still has
};

/// When an event is done with, as the cursor sees it.
enum class Confirm : std::uint8_t {
  by_reading,  ///< when the next one is asked for; written once a second, and at the end
  by_call,     ///< when `confirm()` is called
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

  /// Where to begin. Anything but now is read from the broker's history, and reading passes from there to
  /// what is live without a gap or a repeat. At most one of `start`, `start_numbers`, `since` and `last`.
  /// The history is there for `Feed::stream` alone. If it is not to be had within 30 s of finding a broker,
  /// a `HistoryMissing` tells so and reading goes on with what is live.
  Start start = Start::now;
  /// Begin at these numbers of their topics, each from 1; topics not named begin at their oldest.
  std::map<std::string, std::uint64_t> start_numbers = {};
  /// Begin with what the broker took in at this time or later, by its clock.
  std::optional<std::chrono::system_clock::time_point> since = {};
  /// Begin so many events of each topic back, from 1.
  std::optional<std::uint64_t> last = {};

  /// A file that keeps how far this consumer has come, so that it goes on there when it is started again,
  /// whatever became of the broker meanwhile; empty for none. The other ways to begin count only while there
  /// is no such file. One subscriber at a time may use it.
  std::string cursor = {};
  Confirm confirm = Confirm::by_reading;

  /// Whether to fetch what was missed. Without, it is told as missing at once.
  bool repair = true;
  /// Whether to go on with what is live. Without, reading ends behind what the history held when the broker
  /// was asked: `next` then gives null, and `at_end` is true.
  bool follow = true;
  /// The endpoint of the broker's history. With `endpoint`, empty means none: nothing is fetched then. Else,
  /// empty means the one in the runtime directory.
  std::string replay_endpoint = {};

  /// For `tcp://` endpoints of a broker with `--curve-key`: the file of the own secret key, as `zevi keys
  /// generate` makes it, and the broker's public key or a file that holds it. Both or none.
  std::string curve_key = {};
  std::string curve_server_key = {};

  /// How many bytes may wait in this process for the caller. ZeroMQ counts messages, so this becomes a
  /// number of them: on `stream` one for each 256 KiB, the most that a batch has, so that the budget is kept
  /// whatever comes; on `events` one for each 4 KiB, which is more than all but the rarest events have (64
  /// KiB each would be 16 times the budget). At least 1 MiB. The broker keeps a queue of its own beside it;
  /// when both are full, the newest events are dropped, and fetched from the history later. While something
  /// is fetched, as many bytes again may wait here.
  std::size_t budget_bytes = limits::subscriber_budget_bytes;

  /// The caller's ZeroMQ context, which must outlive the subscriber; null for one of its own.
  zmq::context_t* context = nullptr;

  /// A descriptor that ends every wait while it is readable (an eventfd, a signalfd), or -1. The subscriber
  /// neither reads nor closes it.
  int wake_fd = -1;
};

/// What a subscriber has counted since it was made.
struct SubscriberStatistics {
  std::uint64_t messages = 0;          ///< ZeroMQ messages received, batches or single events
  std::uint64_t events = 0;            ///< events delivered to the caller
  std::uint64_t replayed = 0;          ///< those of them that came out of the history, counted as they arrive
  std::uint64_t filtered = 0;          ///< messages of topics that only share a prefix with an exact one
  std::uint64_t gaps = 0;              ///< `Gap` marks
  std::uint64_t lost = 0;              ///< events in those gaps
  std::uint64_t lost_before = 0;       ///< events in `LostBefore` marks
  std::uint64_t lost_with_broker = 0;  ///< events in `LostWithBroker` marks
  std::uint64_t repeats = 0;           ///< events that had been delivered before, and were not again
  std::uint64_t epoch_changes = 0;     ///< `EpochChanged` marks
  std::uint64_t history_missing = 0;   ///< `HistoryMissing` marks
  std::uint64_t malformed = 0;         ///< messages that were not what the broker's endpoint sends
  /// Routes of the broker that do not answer now, as this program may not read them or cannot reach them: of
  /// their topics nothing comes.
  std::uint64_t silent_routes = 0;
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

  /// Waits until the subscription is live and, unless reading begins in the past, the broker has said where
  /// now is: from then on nothing that a publisher publishes is missed without
  /// a mark. Gives the number of publishers that have not yet said that they know of it (0 is the answer to
  /// hope for; others may still hold back events that nobody wanted until now). Nothing if `timeout` passed
  /// or `wake_fd` became readable first. Events that arrive meanwhile are kept for `next`.
  [[nodiscard]] std::optional<std::uint64_t> wait_ready(std::chrono::milliseconds timeout);

  /// The next event or mark, which stays valid until the next call. Null if none came within `timeout`, or
  /// earlier if a signal handler ran or `wake_fd` is readable. A timeout of 0 takes what is there.
  [[nodiscard]] const Message* next(std::chrono::milliseconds timeout);
  /// Waits as long as it takes; null only for a signal handler or `wake_fd`.
  [[nodiscard]] const Message* next();

  /// With a cursor: everything that was given so far is done with. Returns when the disk has it. Throws
  /// `zevi::Error` if there is no cursor or it cannot be written; the file is then as it was.
  void confirm();

  /// How far the caller has come, for one who hands events on and hears only later that they have arrived.
  class ZEVI_SUBSCRIBER_API Place {
   public:
    Place() = default;
    /// That its numbers belong to; 0 before anything was given.
    [[nodiscard]] std::uint64_t epoch() const noexcept;
    /// Of a topic that was asked for, the number of the first event behind this place. Nothing as long as
    /// that is not known.
    [[nodiscard]] std::optional<std::uint64_t> next(std::string_view topic) const;

   private:
    friend class Subscriber;
    std::shared_ptr<const subscriber::Position> position_;
  };
  /// The place behind everything that was given so far. It copies all that a cursor holds: for a place now
  /// and then, not for each event.
  [[nodiscard]] Place place() const;
  /// With a cursor: everything up to there is done with, as if `confirm()` had been called there.
  void confirm(const Place& place);

  /// Without `follow`: true behind the end of the history.
  [[nodiscard]] bool at_end() const noexcept;
  /// True while there is a connection to a broker.
  [[nodiscard]] bool connected();
  /// Where it is connected, or tries to.
  [[nodiscard]] const std::string& endpoint() const noexcept;
  [[nodiscard]] SubscriberStatistics statistics() const noexcept;

  /// Reads without end, or until `wake_fd` is readable or the history ends without `follow`.
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
