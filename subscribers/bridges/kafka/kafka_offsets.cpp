#include "kafka_offsets.hpp"

#include <algorithm>
#include <string>

#include "zevi/error.hpp"

namespace zevi::bridges {

namespace {

using namespace std::chrono_literals;

// Instead of a time, in the protocol.
constexpr std::int64_t time_of_end = -1;
constexpr std::int64_t time_of_beginning = -2;

struct QueueDeleter {
  void operator()(rd_kafka_queue_t* queue) const noexcept { rd_kafka_queue_destroy(queue); }
};
struct EventDeleter {
  void operator()(rd_kafka_event_t* event) const noexcept { rd_kafka_event_destroy(event); }
};

void must_have(rd_kafka_resp_err_t code, const char* what) {
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) throw Error(std::string(what) + ": " + rd_kafka_err2str(code));
}

/// The group is being shared out anew, or has been.
bool is_of_rebalance(rd_kafka_resp_err_t code) {
  return code == RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION || code == RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID ||
         code == RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS || code == RD_KAFKA_RESP_ERR__ASSIGNMENT_LOST;
}

KafkaPartitions copy_of(const rd_kafka_topic_partition_list_t& partitions) {
  return KafkaPartitions(rd_kafka_topic_partition_list_copy(&partitions));
}

}  // namespace

int KafkaOffsets::left_ms() const {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline_ - Clock::now());
  return static_cast<int>(std::max(left, 1ms).count());
}

/// Of the first message in each that is not older; negative if there is none.
KafkaPartitions KafkaOffsets::offsets_at(const rd_kafka_topic_partition_list_t& partitions,
                                         std::int64_t time) const {
  KafkaPartitions found = copy_of(partitions);
  for (int i = 0; i < found->cnt; ++i) found->elems[i].offset = time;
  must_have(rd_kafka_offsets_for_times(client_, found.get(), left_ms()), "cannot ask for offsets");
  for (int i = 0; i < found->cnt; ++i) must_have(found->elems[i].err, "cannot ask for offsets");
  return found;
}

KafkaPartitions KafkaOffsets::committed(const rd_kafka_topic_partition_list_t& partitions) const {
  KafkaPartitions found = copy_of(partitions);
  must_have(rd_kafka_committed(client_, found.get(), left_ms()), "cannot ask for the group's offsets");
  for (int i = 0; i < found->cnt; ++i) must_have(found->elems[i].err, "cannot ask for the group's offsets");
  return found;
}

std::uint64_t KafkaOffsets::find_place(rd_kafka_topic_partition_list_t& partitions,
                                       const KafkaBeginning& beginning) const {
  if (partitions.cnt == 0) return 0;
  const KafkaPartitions known = committed(partitions);
  const KafkaPartitions unread(rd_kafka_topic_partition_list_new(partitions.cnt));
  for (int i = 0; i < known->cnt; ++i) {
    const rd_kafka_topic_partition_t& one = known->elems[i];
    if (one.offset < 0) rd_kafka_topic_partition_list_add(unread.get(), one.topic, one.partition);
  }
  const bool is_group_new = unread->cnt == partitions.cnt;
  if (unread->cnt > 0) {
    begin_new(*unread, is_group_new ? beginning : KafkaBeginning{.is_at_start = true});
    if (!commit(*unread)) throw Error("the group gives the partitions to somebody else already");
  }
  for (int i = 0; i < partitions.cnt; ++i) {
    rd_kafka_topic_partition_t& one = partitions.elems[i];
    const rd_kafka_topic_partition_t* found =
        rd_kafka_topic_partition_list_find(unread.get(), one.topic, one.partition);
    if (found == nullptr) found = rd_kafka_topic_partition_list_find(known.get(), one.topic, one.partition);
    one.offset = found->offset;
  }
  return gone_before(partitions);
}

/// Asks for the end first: what comes in between is found by its time.
void KafkaOffsets::begin_new(rd_kafka_topic_partition_list_t& partitions,
                             const KafkaBeginning& beginning) const {
  using std::chrono::milliseconds;
  const KafkaPartitions limits =
      offsets_at(partitions, beginning.is_at_start ? time_of_beginning : time_of_end);
  KafkaPartitions since;
  if (!beginning.is_at_start) {
    since =
        offsets_at(partitions, std::chrono::floor<milliseconds>(beginning.since.time_since_epoch()).count());
  }
  for (int i = 0; i < partitions.cnt; ++i) {
    const bool has_newer = since && since->elems[i].offset >= 0;
    partitions.elems[i].offset = (has_newer ? since : limits)->elems[i].offset;
  }
}

std::uint64_t KafkaOffsets::gone_before(rd_kafka_topic_partition_list_t& partitions) const {
  const KafkaPartitions oldest = offsets_at(partitions, time_of_beginning);
  std::uint64_t gone = 0;
  for (int i = 0; i < partitions.cnt; ++i) {
    const std::int64_t begin = oldest->elems[i].offset;
    std::int64_t& offset = partitions.elems[i].offset;
    if (begin <= offset) continue;
    gone += static_cast<std::uint64_t>(begin - offset);
    offset = begin;
  }
  return gone;
}

bool KafkaOffsets::commit(const rd_kafka_topic_partition_list_t& offsets) const {
  const std::unique_ptr<rd_kafka_queue_t, QueueDeleter> answers(rd_kafka_queue_new(client_));
  must_have(rd_kafka_commit_queue(client_, &offsets, answers.get(), nullptr, nullptr),
            "cannot commit offsets");
  const std::unique_ptr<rd_kafka_event_t, EventDeleter> answer(rd_kafka_queue_poll(answers.get(), left_ms()));
  if (!answer) throw Error("the cluster does not commit offsets within two seconds");
  rd_kafka_resp_err_t code = rd_kafka_event_error(answer.get());
  const rd_kafka_topic_partition_list_t* const each = rd_kafka_event_topic_partition_list(answer.get());
  for (int i = 0; each != nullptr && i < each->cnt && code == RD_KAFKA_RESP_ERR_NO_ERROR; ++i) {
    code = each->elems[i].err;
  }
  if (is_of_rebalance(code)) return false;
  must_have(code, "cannot commit offsets");
  return true;
}

}  // namespace zevi::bridges
