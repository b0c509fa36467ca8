#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "../source.hpp"
#include "redis_connection.hpp"
#include "redis_entry.hpp"

namespace zevi::bridges {

/// One stream, read by a consumer group that the server keeps: what is given to a consumer stays its own
/// until it is acknowledged, and is asked for anew after each connection, before anything newer.
class RedisGroup {
 public:
  RedisGroup(std::string stream, std::string group) : stream_(std::move(stream)), group_(std::move(group)) {}

  /// Finds the group, or makes it, and begins again with what has not been acknowledged.
  void join(RedisConnection& connection, bool from_start);
  /// Learns how far the group has come, and counts what went out of the stream before the group got there.
  void look(RedisConnection& connection);

  [[nodiscard]] const std::string& stream() const noexcept { return stream_; }
  [[nodiscard]] const std::string& group() const noexcept { return group_; }
  /// What to ask the server for: what this consumer had already, or what no consumer has had.
  [[nodiscard]] const char* wanted() const noexcept { return comes_again_ ? "0" : ">"; }
  [[nodiscard]] bool comes_again() const noexcept { return comes_again_; }
  /// What lies behind this is news for the group.
  [[nodiscard]] std::string last() const { return text_of(last_); }

  /// Adds the messages of the entries that the server has given.
  void take(const redisReply& entries, std::vector<Incoming>& messages);
  /// All that was given is done with.
  void acknowledge(RedisConnection& connection);
  [[nodiscard]] std::uint64_t take_lost() noexcept { return std::exchange(lost_, 0); }

 private:
  /// How the server sees the group.
  struct Place {
    bool is_there = false;
    RedisEntryId last;
    std::int64_t consumers = 0;
    std::int64_t read = -1;  // as many entries of all that the stream ever had; -1 if it cannot tell
  };
  [[nodiscard]] Place place_of(RedisConnection& connection) const;
  void make(RedisConnection& connection, bool from_start);
  void count_gone(RedisConnection& connection, const Place& place);

  const std::string stream_;
  const std::string group_;
  bool was_joined_ = false;
  bool comes_again_ = true;
  RedisEntryId last_;
  RedisEntryId acknowledged_to_;  // in this run
  std::vector<std::string> given_;
  std::uint64_t lost_ = 0;
};

}  // namespace zevi::bridges
