#include "redis_source.hpp"

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>
#include <vector>

#include "../settings.hpp"
#include "../subject_list.hpp"
#include "program.hpp"
#include "redis_connection.hpp"
#include "redis_entry.hpp"
#include "redis_group.hpp"
#include "zevi/error.hpp"

namespace zevi::bridges {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t streams_max = 64;

// What an answer is meant to hold at most; the server is asked for a number of entries instead. It does
// nothing else while it makes one.
constexpr std::size_t answer_bytes_max = std::size_t{4} << 20;
constexpr std::size_t first_answer_entries = 64;

constexpr std::chrono::seconds look_interval{1};

/// What both have.
class RedisSource : public Source {
 public:
  explicit RedisSource(BusOptions options) : options_(std::move(options)) {}

  void close() noexcept override { connection_.reset(); }

 protected:
  void connect() { connection_.emplace(options_); }

  /// How many entries to ask for, of each of so many streams.
  [[nodiscard]] std::string count(std::size_t max, std::size_t streams) const {
    return std::to_string(std::max<std::size_t>(1, std::min(max, entries_) / streams));
  }

  /// Calls `take` with each stream of an answer and its entries; false if there are none.
  template <typename Take>
  bool each_stream(const redisReply& answer, const Take& take) {
    if (is_error(answer)) throw Error("cannot read " + options_.subject + ": " + text_of(answer));
    std::size_t entries = 0;
    for (std::size_t i = 0; i < answer.elements; ++i) {
      const redisReply& stream = *answer.element[i];
      if (stream.elements != 2) throw Error("the server gives a stream that is none");
      entries += stream.element[1]->elements;
      take(text_of(*stream.element[0]), *stream.element[1]);
    }
    if (entries > 0) note_size(entries, redis_bytes_of(answer));
    return answer.elements > 0;
  }

  const BusOptions options_;
  std::optional<RedisConnection> connection_;

 private:
  void note_size(std::size_t entries, std::size_t bytes) {
    const std::size_t fitting = answer_bytes_max / (bytes / entries + 1) + 1;
    entries_ = std::min(fitting, 2 * entries_);
  }

  std::size_t entries_ = first_answer_entries;
};

class RedisGroupSource : public RedisSource {
 public:
  explicit RedisGroupSource(BusOptions options) : RedisSource(std::move(options)) {
    std::string group = setting(options_, "group");
    if (group.empty()) group = "zevi-" + options_.name;
    for (std::string& stream : subjects_in(options_.subject)) groups_.emplace_back(std::move(stream), group);
  }

  void open() override {
    connect();
    for (RedisGroup& group : groups_) group.join(*connection_, options_.from_start);
    looked_at_ = Clock::now();
    has_news_ = false;
  }

  void receive(std::vector<Incoming>& messages, std::size_t max, std::chrono::milliseconds wait) override {
    if (has_news_ && Clock::now() - looked_at_ >= look_interval) look();
    if (!read(messages, max)) {
      // Asked for new entries themselves, the server would give them to a connection that is lost.
      if (!is_something_added(wait)) return;
      // If that gives nothing, somebody else of the group has got it.
      if (!read(messages, max)) look();
    }
    has_news_ = true;
    if (messages.empty()) acknowledge();
  }

  void acknowledge() override {
    for (RedisGroup& group : groups_) group.acknowledge(*connection_);
  }

  [[nodiscard]] std::uint64_t take_lost() override {
    std::uint64_t lost = 0;
    for (RedisGroup& group : groups_) lost += group.take_lost();
    return lost;
  }

 private:
  bool read(std::vector<Incoming>& messages, std::size_t max) {
    RedisCommand command{"XREADGROUP",  "GROUP", groups_.front().group(),
                         options_.name, "COUNT", count(max, groups_.size()),
                         "STREAMS"};
    for (const RedisGroup& group : groups_) command.push_back(group.stream());
    for (const RedisGroup& group : groups_) command.emplace_back(group.wanted());
    const RedisReply answer = connection_->ask(command);
    return each_stream(*answer, [&](const std::string& stream, const redisReply& entries) {
      for (RedisGroup& group : groups_) {
        if (group.stream() == stream) group.take(entries, messages);
      }
    });
  }

  bool is_something_added(std::chrono::milliseconds wait) {
    RedisCommand command{
        "XREAD", "COUNT", "1", "BLOCK", std::to_string(std::max<std::int64_t>(1, wait.count())), "STREAMS"};
    for (const RedisGroup& group : groups_) command.push_back(group.stream());
    for (const RedisGroup& group : groups_) command.push_back(group.last());
    const RedisReply answer = connection_->ask(command, wait);
    if (is_error(*answer)) throw Error("cannot read " + options_.subject + ": " + text_of(*answer));
    return answer->elements > 0;
  }

  void look() {
    for (RedisGroup& group : groups_) group.look(*connection_);
    looked_at_ = Clock::now();
    has_news_ = false;
  }

  std::vector<RedisGroup> groups_;
  Clock::time_point looked_at_{};
  bool has_news_ = false;
};

class RedisLookingSource : public RedisSource {
 public:
  explicit RedisLookingSource(BusOptions options) : RedisSource(std::move(options)) {
    for (std::string& stream : subjects_in(options_.subject)) places_.push_back({std::move(stream), {}});
  }

  void open() override {
    connect();
    for (Place& place : places_) {
      if (!place.last.empty()) continue;  // of an earlier connection
      const RedisReply found = connection_->ask({"XINFO", "STREAM", place.stream});
      if (is_error(*found) && !text_of(*found).starts_with("ERR no such key")) {
        throw Error("cannot read the stream " + place.stream + ": " + text_of(*found));
      }
      const redisReply* const last = redis_value_of(*found, "last-generated-id");
      place.last = options_.from_start || last == nullptr ? "0-0" : text_of(*last);
    }
  }

  void receive(std::vector<Incoming>& messages, std::size_t max, std::chrono::milliseconds wait) override {
    RedisCommand command{"XREAD",
                         "COUNT",
                         count(max, places_.size()),
                         "BLOCK",
                         std::to_string(std::max<std::int64_t>(1, wait.count())),
                         "STREAMS"};
    for (const Place& place : places_) command.push_back(place.stream);
    for (const Place& place : places_) command.push_back(place.last);
    const RedisReply answer = connection_->ask(command, wait);
    each_stream(*answer, [&](const std::string& stream, const redisReply& entries) {
      for (Place& place : places_) {
        if (place.stream == stream) take(place, entries, messages);
      }
    });
  }

  void acknowledge() override {}

 private:
  struct Place {
    std::string stream;
    std::string last;
  };

  static void take(Place& place, const redisReply& entries, std::vector<Incoming>& messages) {
    for (std::size_t i = 0; i < entries.elements; ++i) {
      const redisReply& entry = *entries.element[i];
      if (entry.elements != 2) throw Error("the server gives an entry of a stream that is none");
      place.last = text_of(*entry.element[0]);
      messages.push_back({.subject = place.stream, .payload = redis_payload_of(*entry.element[1])});
    }
  }

  std::vector<Place> places_;
};

}  // namespace

void check_redis_reading(const BusOptions& options) {
  std::vector<std::string> streams = subjects_in(options.subject);
  if (streams.size() > streams_max) {
    throw program::UsageError("--subject names more than " + std::to_string(streams_max) + " streams");
  }
  std::sort(streams.begin(), streams.end());
  if (streams.front().empty() || std::adjacent_find(streams.begin(), streams.end()) != streams.end()) {
    throw program::UsageError("'" + options.subject +
                              "' is no streams of Redis: their keys, each once, with commas between them");
  }
}

std::unique_ptr<Source> make_redis_source(const BusOptions& options) {
  if (options.only_looks) return std::make_unique<RedisLookingSource>(options);
  return std::make_unique<RedisGroupSource>(options);
}

}  // namespace zevi::bridges
