#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "bus_url.hpp"
#include "source.hpp"

/// What a bus looks like to the bridge, and how to add one.
///
/// A bus is a folder here with one file that matters: a class that takes messages and says which of them have
/// arrived. Reading the broker, the cursor, the window of what has not been acknowledged, sending again,
/// waiting between attempts, templates, payloads, counters and the words around them exist once, in the
/// runner, and are none of its business. To add a bus:
///
/// 1. Implement `Bus` in `NAME/NAME_bus.cpp`, and give its `BusKind` (scheme, default subject, settings).
/// 2. Add the kind to the table in `buses.cpp`, its library and sources to `meson.build`, the feature to
///    `meson_options.txt`, and what it is to `docs/bridges.md`.
/// 3. Test it with the real server: as a class in `tests/system/bridge_buses.py` it has to pass
///    `test_bridge_contract.py`.
///
/// The rules, which make the bridge lose nothing and keep the order of each topic:
///
/// - Messages are sent in the order in which they are given. Nothing is sent again by the bus itself, and a
///   client library must not connect again by itself: what it sends then would come behind later messages.
///   (One that keeps order and knows its repeats, as Kafka's idempotent producer, may do both.)
/// - A message is acknowledged when the other side has it as safe as it will ever have it, not when it was
///   handed to a socket.
/// - Whatever goes wrong with the connection is thrown as `zevi::Error` by `open`, `send` or `poll`. The
///   runner then closes, waits, opens again and gives every message that was not acknowledged once more.
/// - One thread, the runner's, makes all calls. None of them takes longer than two seconds.
namespace zevi::bridges {

struct Header {
  std::string_view name;  ///< a constant
  std::string value;
};

/// An event as it goes out.
struct Outgoing {
  std::uint64_t number = 0;  ///< 1, 2, 3 ... in the order of sending: what acknowledgements name
  std::string subject;       ///< where to: subject, topic, routing key, stream or path
  std::string topic;         ///< of the event: what has to stay in order has the same
  std::string id;            ///< the same for the same event whenever it is sent; for `Nats-Msg-Id` and such
  std::vector<Header> headers;  ///< for a bus that has any; the payload says the same
  std::string payload;

  /// About what it takes in memory.
  [[nodiscard]] std::size_t bytes() const noexcept { return 512 + subject.size() + payload.size(); }
};

/// What a bus has heard.
struct Report {
  /// Everything up to this number has arrived; 0 if nothing is known.
  std::uint64_t acknowledged_to = 0;
  /// These have arrived, in any order.
  std::vector<std::uint64_t> acknowledged = {};
  /// These will never be taken, whatever is done: too large, not allowed. Counted, told, and left out.
  struct Refused {
    std::uint64_t number = 0;
    std::string reason;
  };
  std::vector<Refused> refused = {};
  /// Why the bus takes nothing for now although it is there, or empty. Told when it changes; the connection
  /// stays.
  std::string held_up = {};
  /// What went wrong and is seen to by the bus itself, in words for people. A bus says the same seldom.
  std::vector<std::string> remarks = {};
};

class Bus {
 public:
  Bus() = default;
  virtual ~Bus() = default;
  Bus(const Bus&) = delete;
  Bus& operator=(const Bus&) = delete;

  /// Connects. Nothing of what was sent before counts any more.
  virtual void open() = 0;

  enum class Sent : std::uint8_t {
    yes,
    full,  ///< the bus takes no more now: it is asked again after the next `poll`
  };
  /// Takes a message, or what it needs of it: the message stays where it is until it is acknowledged or the
  /// bus closed. May keep it in a buffer until `poll`.
  [[nodiscard]] virtual Sent send(const Outgoing& message) = 0;

  /// Sends what was kept, and adds to `report` what has been heard, which counts even if it then throws. Does
  /// not wait for anything to be heard.
  virtual void poll(Report& report) = 0;

  /// A descriptor that is readable when `poll` will hear something, and no longer afterwards. -1 if there is
  /// none: `poll` is then called every few milliseconds while something is unacknowledged. Asked for after
  /// each `open`.
  [[nodiscard]] virtual int fd() const noexcept { return -1; }

  /// Disconnects without waiting for acknowledgements. Also called after a failure, and when not open.
  virtual void close() noexcept = 0;
};

/// How a client shows who it is and that the channel is private. A bus uses what its protocol has.
struct Credentials {
  std::string user;
  std::string password;
  std::string token;
  std::string nkey_file;   ///< NATS: a file with the seed
  std::string creds_file;  ///< NATS: a file with JWT and seed
};

struct Tls {
  bool is_on = false;
  std::string ca_file;  ///< empty: what the system trusts
  std::string certificate_file;
  std::string key_file;
};

struct BusOptions {
  BusUrl url;
  Credentials credentials;
  Tls tls;
  std::string name;         ///< what this side is called
  std::string subject;      ///< the template, as given
  bool only_looks = false;  ///< reading: nothing may be taken away from others, or from the next run
  bool from_start = false;  ///< reading: with the oldest that the bus has, instead of now
  /// What `--set NAME=VALUE` says; of the settings that the kind has, all are here.
  std::map<std::string, std::string, std::less<>> settings;
};

/// One `--set NAME=VALUE` that a bus knows.
struct Setting {
  std::string_view name;
  std::string_view standard;
  std::string_view meaning;
};

struct BusKind {
  std::string_view scheme;   ///< of its URLs
  std::string_view url;      ///< how they look, for people
  std::string_view purpose;  ///< in a line
  std::string_view subject;  ///< where messages go unless --subject says so; empty: the path of the URL
  std::string_view special;  ///< bytes that mean something in a subject: in a value put there they become `_`
  bool takes_lines = false;  ///< text in lines alone: no msgpack
  /// A connection that owes an acknowledgement and is silent for so long is given up; 0: never.
  std::chrono::nanoseconds answer_within{0};
  std::vector<Setting> settings;
  /// Throws `program::UsageError` for options that it cannot use. Does not connect.
  std::unique_ptr<Bus> (*make)(const BusOptions& options);
  /// The same for reading, null if nothing can be read there. `BusOptions::subject` is what to read.
  std::unique_ptr<Source> (*make_source)(const BusOptions& options) = nullptr;
};

}  // namespace zevi::bridges
