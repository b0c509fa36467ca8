#pragma once

#include <atomic>
#include <map>
#include <mutex>
#include <string>
#include <tuple>
#include <vector>

#include "store/database.hpp"

namespace zevi::test {

/// What tests use for a database: it remembers what was written, and fails when it is told to. Reading and
/// writing may happen in different threads.
class MemoryDatabase : public broker::Database {
 public:
  struct Stored {
    std::uint32_t n = 0;
    std::uint64_t at = 0;
    std::string topic_name;
    std::string header;
    std::string body;
  };
  using Place = std::tuple<std::uint64_t, std::uint32_t, std::uint64_t>;

  std::atomic<bool> is_failing{false};
  std::atomic<bool> is_sync_failing{false};
  std::atomic<int> writes{0};
  std::atomic<int> syncs{0};

  [[nodiscard]] Fault write(const std::vector<const broker::Changes*>& changes, bool sync) override {
    const std::lock_guard lock(mutex_);
    if (is_failing || (sync && is_sync_failing)) return "no space";
    ++writes;
    if (sync) ++syncs;
    for (const broker::Changes* const part : changes) apply(*part);
    return {};
  }
  [[nodiscard]] Fault sync() override {
    if (is_failing || is_sync_failing) return "no space";
    ++syncs;
    return {};
  }
  [[nodiscard]] Fault read_rows(
      const std::function<void(std::string_view, std::string_view)>& take) override {
    const std::lock_guard lock(mutex_);
    for (const auto& [key, value] : rows_) take(key, value);
    return {};
  }
  [[nodiscard]] Fault read_all_messages(const TakeMessage&) override { return {}; }
  [[nodiscard]] Fault verify() override { return {}; }
  [[nodiscard]] Fault read_messages(std::uint64_t segment, std::uint32_t topic, std::uint64_t q,
                                    const TakeMessage& take) override {
    const std::lock_guard lock(mutex_);
    for (auto at = messages_.lower_bound({segment, topic, 0}); at != messages_.end(); ++at) {
      const auto& [in_segment, of_topic, first_q] = at->first;
      if (in_segment != segment || of_topic != topic) break;
      const Stored& stored = at->second;
      if (first_q + stored.n <= q) continue;
      const broker::MessageView view{stored.n, stored.at, stored.topic_name, stored.header, stored.body};
      if (!take({segment, topic, first_q}, view)) break;
    }
    return {};
  }
  [[nodiscard]] std::uint64_t changes_count() override { return static_cast<std::uint64_t>(writes.load()); }
  [[nodiscard]] Fault close() override { return {}; }

  [[nodiscard]] std::vector<std::uint64_t> numbers() {
    const std::lock_guard lock(mutex_);
    std::vector<std::uint64_t> numbers;
    for (const auto& [place, stored] : messages_) numbers.push_back(std::get<2>(place));
    return numbers;
  }
  [[nodiscard]] std::map<std::string, std::string> rows() {
    const std::lock_guard lock(mutex_);
    return rows_;
  }

 private:
  void apply(const broker::Changes& changes) {
    for (const broker::MessageToStore& message : changes.messages) {
      messages_[{message.segment, message.topic, message.q}] = {
          message.n, message.at, std::string(message.topic_name), message.header.to_string(),
          message.body.to_string()};
    }
    for (const auto& [key, value] : changes.rows) rows_[key] = value;
    for (const auto& range : changes.removed_rows) {
      rows_.erase(rows_.lower_bound(range.begin), rows_.lower_bound(range.end));
    }
    for (const auto& segment : changes.removed_segments) {
      messages_.erase(messages_.lower_bound({segment.number, 0, 0}),
                      messages_.lower_bound({segment.number + 1, 0, 0}));
    }
  }

  std::mutex mutex_;
  std::map<Place, Stored> messages_;
  std::map<std::string, std::string> rows_;
};

}  // namespace zevi::test
