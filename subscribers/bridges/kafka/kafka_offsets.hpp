#pragma once

#include <librdkafka/rdkafka.h>

#include <chrono>
#include <cstdint>
#include <memory>

namespace zevi::bridges {

struct KafkaPartitionsDeleter {
  void operator()(rd_kafka_topic_partition_list_t* list) const noexcept {
    rd_kafka_topic_partition_list_destroy(list);
  }
};
/// Partitions of topics, each with an offset.
using KafkaPartitions = std::unique_ptr<rd_kafka_topic_partition_list_t, KafkaPartitionsDeleter>;

/// Where a group begins in partitions that it has not read.
struct KafkaBeginning {
  bool is_at_start = false;  ///< with the oldest that there is, else with what came since
  std::chrono::system_clock::time_point since{};
};

/// What a consumer asks the cluster about its group's offsets. All of these wait for the answers until the
/// deadline, and throw `zevi::Error` if there are none.
class KafkaOffsets {
 public:
  using Clock = std::chrono::steady_clock;

  KafkaOffsets(rd_kafka_t* client, Clock::time_point deadline) : client_(client), deadline_(deadline) {}

  /// Gives each partition the offset with which to go on: the one that the group has committed, or where it
  /// begins, which is committed too. A group that has committed anything has been there, and what it has not
  /// read is new. Returns how many messages before these offsets the cluster has no longer.
  [[nodiscard]] std::uint64_t find_place(rd_kafka_topic_partition_list_t& partitions,
                                         const KafkaBeginning& beginning) const;

  /// False if the group has given the partitions to others.
  [[nodiscard]] bool commit(const rd_kafka_topic_partition_list_t& offsets) const;

 private:
  [[nodiscard]] int left_ms() const;
  [[nodiscard]] KafkaPartitions offsets_at(const rd_kafka_topic_partition_list_t& partitions,
                                           std::int64_t time) const;
  [[nodiscard]] KafkaPartitions committed(const rd_kafka_topic_partition_list_t& partitions) const;
  void begin_new(rd_kafka_topic_partition_list_t& partitions, const KafkaBeginning& beginning) const;
  [[nodiscard]] std::uint64_t gone_before(rd_kafka_topic_partition_list_t& partitions) const;

  rd_kafka_t* client_;
  Clock::time_point deadline_;
};

}  // namespace zevi::bridges
