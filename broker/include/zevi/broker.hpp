#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>
#include <zmq.hpp>

#include "zevi/error.hpp"
#include "zevi/limits.hpp"

/// A broker inside a program of yours. The daemon `zevid` is this class with options and signals around it.
namespace zevi {

enum class LogLevel : std::uint8_t { info, warning, error };

/// What is kept of the topics that begin with `prefix` (unless a longer prefix is named too): all of them
/// together, in memory, the oldest message leaving first.
struct HistoryLimit {
  std::string prefix;  ///< empty: all topics
  bool kept = true;    ///< false: nothing; the limits then say nothing
  /// Memory, what the broker itself needs for a message included. At least 1 MiB.
  std::uint64_t bytes_max = 64'000'000;
  /// Once this many events are held, older messages leave. 0: no limit.
  std::uint64_t events_max = 0;
  /// Time since the broker took a message in. At least 1 ms; 0: no limit.
  std::chrono::nanoseconds age_max{0};
};

/// Nobody gets an event of the topics that begin with `prefix` (unless a longer one is named too) that is
/// older than `age` when the broker takes it in, or when it would be replayed. The age of an event counts
/// from the time that its publisher gave it, or from when the broker took it in if that was earlier. At least
/// 1 ms.
struct MaxAge {
  std::string prefix;
  std::chrono::nanoseconds age{0};
};

/// When a batch counts as acknowledged, so that its publisher may forget it.
enum class AckLevel : std::uint8_t {
  memory,   ///< the broker has taken it in
  written,  ///< it is in the store's log: safe when the broker is killed
  synced,   ///< and on the disk: safe when the machine loses power
};

/// Batches of the topics that begin with `prefix` (unless a longer one is named too) count as acknowledged at
/// `level`. Above `memory` there must be a store, and the history must keep those topics.
struct AckRule {
  std::string prefix;
  AckLevel level = AckLevel::memory;
};

/// What becomes of events of the topics that begin with `prefix` (unless a longer one is named too) that the
/// catalogue of events does not know, or describes with other parameters.
struct CatalogueRule {
  enum class Policy : std::uint8_t {
    open,    ///< they pass, and nobody looks
    warn,    ///< they pass; counted, and told in the log
    strict,  ///< their batch is refused, with the reason, and counted as lost before the broker
  };
  std::string prefix;
  Policy policy = Policy::open;
};

/// What one publisher may do. What is beyond is refused in words, and counted as lost before the broker.
struct PublisherLimits {
  /// In the long run; a second's worth at once. 1 to 1,000 million; 0: any number.
  std::uint64_t events_per_second = 0;
  /// 1 to 1,024.
  std::size_t topics = limits::publisher_topics_max;
  /// What it may have sent and not seen acknowledged, as it is told when it says hello: then it keeps back
  /// what is further published, up to what its rings hold. 512 KiB to 8 MiB.
  std::size_t window_bytes = limits::window_bytes;
};

/// What a subscriber reads (schema/WIRE.md).
enum class EventFormat : std::uint8_t {
  stream,  ///< batches, for libraries and bridges
  events,  ///< one event a message, in msgpack
  json,    ///< one event a message of one frame, `TOPIC {...}`
};

/// An endpoint for the topics that begin with `prefix`, beside `stream` and `events`: what waits there is in
/// nobody's way elsewhere.
struct Route {
  std::string prefix;    ///< empty: all topics
  std::string endpoint;  ///< that can be bound; not that of another socket of this broker
  EventFormat format = EventFormat::stream;
  /// True: its topics are sent at `stream` and `events` as well. False: only here; libraries find it.
  bool also = false;
  /// Messages that may wait for one subscriber, beyond which it loses its own. 1 to 100 million; 0: as many
  /// as at `stream`, or for the other formats at `events`.
  int queue_max = 0;
  /// A file like `BrokerOptions::access`, which must be there too, whose lines for `subscribe` say who may
  /// connect here. Unless `also`, only they can have its topics replayed, and see them at `control`. Empty:
  /// whoever may subscribe at all.
  std::string access;
};

/// Everything is checked by `Broker::start`, before anything is opened.
struct BrokerOptions {
  /// Holds the sockets that are not named below, and the lock that keeps a second broker out. Made with mode
  /// 0750 if it does not exist. Empty: no directory and no lock; then all four endpoints must be given.
  std::string runtime_dir;

  /// Where publishers connect, subscribers that read batches, scripts that read one event a message, and
  /// readers that ask for what is kept. Any ZeroMQ endpoint that can be bound: `ipc://PATH`, `inproc://NAME`,
  /// `tcp://127.0.0.1:PORT` (`:*` for any). Empty: a socket of that name in `runtime_dir`.
  std::string ingress;
  std::string stream;
  std::string events;
  std::string replay;

  /// Where programs ask the broker about itself (`zevi status`). Empty: `control` in `runtime_dir`; without
  /// that, nobody can ask.
  std::string control;

  /// At most 32.
  std::vector<Route> routes;

  PublisherLimits publisher_limits;

  /// At most 256 prefixes; none: all topics are open. Where one is not, the broker looks at every parameter
  /// of every event.
  std::vector<CatalogueRule> catalogue;
  /// Files that describe events (schema/catalogue/README.md), beside those of OpenSIPS, which are known.
  std::vector<std::string> catalogue_files;

  /// How many prefixes one connection may subscribe to; with more it is cut off. 1 to 65,536.
  std::size_t subscriber_prefixes_max = limits::connection_prefixes_max;

  /// What the whole process may hold in memory (its resident set). Near it, history is given up, then
  /// subscribers that do not read are cut off, and at it batches of publishers are refused
  /// (broker/README.md). At least 32 MiB; 0: no limit but those of its parts.
  std::uint64_t memory_bytes_max = 0;

  /// The mode of the files of `ipc://` sockets: 0600, 0660 or 0666. Who connects has to read and write them.
  /// To keep out in the moment between bind and chmod those whom the mode keeps out, let the process have an
  /// umask that does.
  unsigned socket_mode = 0660;
  /// The group of those files, and of `runtime_dir` when it is made: a name or a number. Empty: the group of
  /// the process.
  std::string socket_group;

  /// A file that says who may publish, subscribe, ask for what is kept and ask about the broker
  /// (docs/security.md). Empty: whoever can open a socket. It uses `inproc://zeromq.zap.01` of the context,
  /// of which there is one.
  std::string access;
  /// A file with the secret key of `tcp://` endpoints, which then take CURVE alone, and of that the keys that
  /// `access` names. Without it only `tcp://` endpoints of the loopback interface can be used.
  std::string curve_key;

  /// How long a topic stays wanted after its last subscriber left, so that one that comes right back finds
  /// the publishers still sending. 0 to 1 hour.
  std::chrono::milliseconds interest_linger{2000};

  /// The longest that small batches of a busy topic wait to be joined. 0 joins only what has arrived already.
  /// At most 1 s.
  std::chrono::microseconds coalesce_max{5000};

  /// What may wait for one subscriber of `stream`. libzmq counts messages, so this is divided by the largest
  /// message (64 KiB); a subscriber of small messages may lose events below it. At least 1 MiB.
  std::size_t subscriber_budget_bytes = limits::subscriber_budget_bytes;

  /// How many events may wait for one subscriber of `events`. 1 to 100 million.
  int events_queue_max = 100'000;

  /// What is kept for readers that come late or missed something. Of topics under no prefix nothing is kept.
  /// What is kept is sent by publishers whether somebody subscribes or not. At most 256 prefixes.
  std::vector<HistoryLimit> history = {{}, {.prefix = "E_PROFILING_", .kept = false}};

  /// How old an event may get. At most 256 prefixes; none: as old as the history keeps it.
  std::vector<MaxAge> max_age;

  /// A directory to keep on the disk too what the history keeps, so that it outlives the broker; made if it
  /// does not exist. Empty: memory alone. One broker at a time can use it. Needs a library built with
  /// RocksDB.
  std::string store;

  /// What the events of each prefix of `history` may take on the disk; the limits by count and age hold there
  /// too, all three to the 32nd part. The database needs up to half as much again to work with. At least
  /// 16 MiB.
  std::uint64_t store_bytes_max = 1'000'000'000;

  /// When publishers may forget what they sent. At most 256 prefixes; none: at `memory`.
  std::vector<AckRule> acks;

  /// Whether the broker publishes events of its own, about publishers that come and go and what they lose
  /// (docs/events.md, E_ZEVI_...).
  bool notices = true;

  /// How long `stop` goes on delivering what has been taken in. 0 to 1 minute.
  std::chrono::milliseconds drain_max{1000};

  /// How many topics have a place of their own in `Broker::figures`. 0: figures are not kept.
  std::size_t figures_topics_max = 0;

  /// How many connections the program has refused since its start, for want of file descriptors; called on
  /// the broker's thread once a second, and counted. May be empty. When a program is out of descriptors,
  /// libzmq aborts it as somebody connects over `ipc://`, so one that others may connect to must see to it
  /// that they never run out; `zevid` does (broker/runtime/accept_guard.hpp).
  std::function<std::uint64_t()> connections_refused;

  /// Called on the broker's thread with a line for people, at most a few times a second. May be empty.
  std::function<void(LogLevel, std::string_view)> log;
};

/// One of the broker's counters, with the words to show it.
struct CounterValue {
  std::string_view name;
  std::string_view help;
  std::uint64_t value = 0;
  bool is_level = false;  ///< says how much there is now, and can fall; the others only grow
};

/// What became of the events of a topic since the broker's start.
struct TopicFigures {
  std::string topic;
  std::uint64_t events = 0;       ///< taken in
  std::uint64_t bytes = 0;        ///< of them
  std::uint64_t lost_before = 0;  ///< before the broker
  std::uint64_t lost_after = 0;   ///< on their way to readers, as those report
};

/// What the broker holds.
struct BrokerFigures {
  std::uint64_t topics = 0;
  std::uint64_t publishers_live = 0;
  std::uint64_t subscriptions_stream = 0;
  std::uint64_t subscriptions_events = 0;
  std::uint64_t subscriptions_routes = 0;
  std::vector<TopicFigures> by_topic;  ///< those that came first, at most `BrokerOptions::figures_topics_max`
  TopicFigures others;                 ///< the sum of the other topics
};

/// Start, stop and reload from one thread; the others may be called from any.
class __attribute__((visibility("default"))) Broker {
 public:
  explicit Broker(BrokerOptions options);
  /// Uses `context`, which must outlive the broker: so `inproc://` endpoints reach publishers and subscribers
  /// of the same process.
  Broker(BrokerOptions options, zmq::context_t& context);
  /// Stops, if `stop` was not called.
  ~Broker();
  Broker(const Broker&) = delete;
  Broker& operator=(const Broker&) = delete;

  /// Throws `zevi::Error` for an option that `start` would refuse, without opening anything.
  static void check(const BrokerOptions& options);

  /// Binds the endpoints and starts the broker's thread; when it returns, publishers and subscribers are
  /// served. Throws `zevi::Error`: a wrong option, a directory that cannot be used or that another broker
  /// holds, an endpoint that cannot be bound.
  void start();

  /// Takes over what can change while the broker runs: `history` and `max_age` (unless there is a store),
  /// `access`, whose file is read again (unless there was none) with those of `routes`, `catalogue` and its
  /// files, `publisher_limits`, `subscriber_prefixes_max`, `interest_linger`, `coalesce_max`, `notices` and
  /// `drain_max`. Those who lost access are cut off. Everything else stays; the names of the options that
  /// differ are returned, as `zevid` has them, and need a new start. Takes a round of the broker's thread,
  /// and longer if the history has to be put in another order. Throws `zevi::Error` for a wrong option; then
  /// nothing changes.
  std::vector<std::string> reload(const BrokerOptions& options);

  /// Takes in what has arrived, delivers it for at most `drain_max`, closes the endpoints and joins the
  /// thread.
  void stop();

  /// Rounds of the broker's thread so far. They go on several times a second even if nothing happens, so one
  /// that stands still for longer is stuck.
  [[nodiscard]] std::uint64_t rounds() const noexcept;
  /// False before `start`, and after `stop` or an error that ended the broker's thread, which was logged.
  [[nodiscard]] bool is_running() const noexcept;

  /// The endpoints as bound (a `tcp://...:*` with its port). Valid after `start`.
  [[nodiscard]] const std::string& ingress() const noexcept;
  [[nodiscard]] const std::string& stream() const noexcept;
  [[nodiscard]] const std::string& events() const noexcept;
  [[nodiscard]] const std::string& replay() const noexcept;
  [[nodiscard]] const std::string& control() const noexcept;
  [[nodiscard]] const std::vector<std::string>& routes() const noexcept;

  /// All counters at this moment, in a fixed order. What each counts is in its `help`.
  [[nodiscard]] std::vector<CounterValue> statistics() const;
  /// At most a second old, or longer if the broker's thread is stuck. Valid after `start`, before `stop`.
  [[nodiscard]] std::shared_ptr<const BrokerFigures> figures() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace zevi
