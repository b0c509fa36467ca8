#include "redis_group.hpp"

#include <algorithm>

#include "zevi/error.hpp"

namespace zevi::bridges {

namespace {

std::int64_t number_of(const redisReply* reply) {
  return reply != nullptr && reply->type == REDIS_REPLY_INTEGER ? reply->integer : -1;
}

RedisEntryId id_of(const redisReply* reply) {
  return reply == nullptr ? RedisEntryId() : redis_entry_id(text_of(*reply));
}

}  // namespace

void RedisGroup::join(RedisConnection& connection, bool from_start) {
  given_.clear();
  comes_again_ = true;
  if (!place_of(connection).is_there) make(connection, from_start);
  look(connection);
  was_joined_ = true;
}

/// One that goes away while we read has been at `last_`, unless the stream went with it and is another now.
void RedisGroup::make(RedisConnection& connection, bool from_start) {
  std::string begin = from_start ? "0" : "$";
  if (was_joined_) {
    const RedisReply found = connection.ask({"XINFO", "STREAM", stream_});
    const bool is_same = id_of(redis_value_of(*found, "last-generated-id")) >= last_;
    begin = is_same ? text_of(last_) : "0";
    acknowledged_to_ = {};
  }
  connection.must("cannot read the stream " + stream_ + " as the group " + group_,
                  {"XGROUP", "CREATE", stream_, group_, begin, "MKSTREAM"});
}

RedisGroup::Place RedisGroup::place_of(RedisConnection& connection) const {
  Place place;
  const RedisReply groups = connection.ask({"XINFO", "GROUPS", stream_});
  if (is_error(*groups)) {
    if (text_of(*groups).starts_with("ERR no such key")) return place;
    throw Error("cannot read the stream " + stream_ + ": " + text_of(*groups));
  }
  for (std::size_t i = 0; i < groups->elements; ++i) {
    const redisReply& one = *groups->element[i];
    const redisReply* const name = redis_value_of(one, "name");
    if (name == nullptr || text_of(*name) != group_) continue;
    place.is_there = true;
    place.last = id_of(redis_value_of(one, "last-delivered-id"));
    place.consumers = number_of(redis_value_of(one, "consumers"));
    place.read = number_of(redis_value_of(one, "entries-read"));
  }
  return place;
}

void RedisGroup::look(RedisConnection& connection) {
  const Place place = place_of(connection);
  if (!place.is_there) throw Error("the group " + group_ + " of the stream " + stream_ + " has gone away");
  last_ = place.last;
  if (place.consumers <= 1) count_gone(connection, place);
}

/// Redis (from 7.0) numbers what is added to a stream, and counts what a group has read: where that is less
/// than the number of its place, the rest went out of the stream unread. The server is told that these are
/// counted, which sets the group to where it is anyway as long as nobody else reads for it.
void RedisGroup::count_gone(RedisConnection& connection, const Place& place) {
  const RedisReply found = connection.ask({"XINFO", "STREAM", stream_});
  const std::int64_t added = number_of(redis_value_of(*found, "entries-added"));
  const std::int64_t length = number_of(redis_value_of(*found, "length"));
  if (added < 0 || length < 0) return;
  const bool is_at_end = id_of(redis_value_of(*found, "last-generated-id")) == place.last;
  const bool is_before_all =
      length == 0 || id_of(redis_value_of(*found, "recorded-first-entry-id")) > place.last;
  if (!is_at_end && !is_before_all) return;
  const std::int64_t read_or_gone = is_at_end ? added : added - length;
  if (read_or_gone <= place.read) return;
  if (place.read >= 0) lost_ += static_cast<std::uint64_t>(read_or_gone - place.read);
  connection.must(
      "cannot set the group " + group_ + " of the stream " + stream_,
      {"XGROUP", "SETID", stream_, group_, text_of(place.last), "ENTRIESREAD", std::to_string(read_or_gone)});
}

void RedisGroup::take(const redisReply& entries, std::vector<Incoming>& messages) {
  if (entries.elements == 0) comes_again_ = false;
  for (std::size_t i = 0; i < entries.elements; ++i) {
    const redisReply& entry = *entries.element[i];
    if (entry.elements != 2) throw Error("the server gives an entry of a stream that is none");
    const RedisEntryId id = id_of(entry.element[0]);
    given_.push_back(text_of(id));
    if (id <= acknowledged_to_) {
      if (comes_again_) continue;
      acknowledged_to_ = {};  // somebody has set the group back
    }
    last_ = std::max(last_, id);
    const redisReply& fields = *entry.element[1];
    if (fields.type == REDIS_REPLY_NIL) {
      ++lost_;
    } else {
      messages.push_back({.subject = stream_, .payload = redis_payload_of(fields)});
    }
  }
}

void RedisGroup::acknowledge(RedisConnection& connection) {
  if (given_.empty()) return;
  acknowledged_to_ = std::max(acknowledged_to_, redis_entry_id(given_.back()));
  RedisCommand command{"XACK", stream_, group_};
  command.insert(command.end(), given_.begin(), given_.end());
  given_.clear();
  connection.must("cannot acknowledge entries of the stream " + stream_, command);
}

}  // namespace zevi::bridges
