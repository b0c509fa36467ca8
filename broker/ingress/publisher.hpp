#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "runtime/allowance.hpp"
#include "runtime/clock.hpp"
#include "runtime/connection.hpp"
#include "security/access_list.hpp"
#include "topics/topic.hpp"

namespace zevi::broker {

/// How many batches came in the current span of `Pace`.
struct PaceMark {
  std::uint32_t span = 0;
  std::uint32_t batches = 0;
};

/// What the broker knows of one publisher's events in one topic.
struct PublisherTopic {
  std::uint64_t next_p = 1;    ///< the number that its next event must have if none was lost; 0: any
  std::uint64_t dropped = 0;   ///< what it said it dropped, and `lost_before` holds already
  std::uint64_t stored_p = 0;  ///< the store held all events below when the broker started
  PaceMark pace = {};
};

/// One publisher, from its first `hello` on, over all its connections. Kept for a while after its end, so
/// that a batch sent again late is known as a repeat.
struct Publisher {
  std::shared_ptr<const PublisherName> name;
  std::string routing_id;  ///< of the connection that said hello last
  Connection connection;
  std::string owner;  ///< the process that its id belongs to, as `Gate::owner_of` has it; empty: not known
  std::string peer;   ///< who is behind the connection, as `Gate` names it
  Permission permission{true, {}};  ///< what it may publish
  std::uint64_t last_s = 0;
  std::uint64_t written_s = 0;  ///< batches up to this one are in the store, as far as they belong there
  std::uint64_t synced_s = 0;   ///< and on the disk
  std::uint64_t confirmed_generation = 0;
  std::uint64_t since_ns = 0;  ///< realtime of its first hello
  SteadyTime last_seen;
  SteadyTime next_who{};     ///< no `who` before this
  std::string_view ended{};  ///< how, once it is not live: `goodbye`, `gone`, `silent`; empty: not known
  bool live = true;          ///< said hello and neither goodbye nor nothing for too long
  bool behind = false;       ///< a batch is missing: nothing is taken in until the next hello
  bool ack_due = false;
  bool is_listed_as_taken = false;       ///< `last_s` has moved since the store was told
  SteadyTime next_ack{};                 ///< no acknowledgement before this
  std::size_t unacknowledged_bytes = 0;  ///< taken in since the last one
  bool numbered_elsewhere = false;  ///< it had spoken with an earlier broker: its first p here is no loss
  /// Known from the store of a broker that was killed, which may have acknowledged more than it had stored;
  /// until the next hello tells.
  bool may_have_lost = false;
  std::unordered_map<const Topic*, PublisherTopic> topics;
  std::uint64_t lanes = 0;  ///< of its topics, a bit each
  Allowance rate;           ///< what is left of its events a second
  Activity activity;
  Losses losses;
};

}  // namespace zevi::broker
