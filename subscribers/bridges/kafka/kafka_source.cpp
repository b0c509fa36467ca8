#include "kafka_source.hpp"

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "../settings.hpp"
#include "../subject_list.hpp"
#include "kafka_client.hpp"
#include "kafka_offsets.hpp"
#include "kafka_options.hpp"
#include "zevi/error.hpp"

namespace zevi::bridges {

namespace {

using namespace std::chrono_literals;

// Of the two seconds that a call has.
constexpr std::chrono::milliseconds answers_within{1800};

// A group that somebody has left without a word is shared out when that one's session is over, and this
// behind it.
constexpr std::chrono::seconds sharing_takes{2};

// What is given on at once, and a message more.
constexpr std::size_t batch_bytes_max = std::size_t{4} << 20;

// No event is as large, as JSON either.
constexpr std::size_t value_bytes_max = std::size_t{1} << 20;

struct KafkaMessageDeleter {
  void operator()(rd_kafka_message_t* message) const noexcept { rd_kafka_message_destroy(message); }
};
using KafkaMessage = std::unique_ptr<rd_kafka_message_t, KafkaMessageDeleter>;

/// A topic that is not there may come, and other topics are there meanwhile.
bool is_of_missing_topic(rd_kafka_resp_err_t code) {
  return code == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART || code == RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC ||
         code == RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION;
}

class KafkaSource : public Source, public KafkaListener {
 public:
  explicit KafkaSource(BusOptions options)
      : options_(std::move(options)),
        settings_(kafka_consumer_settings(options_)),
        assigned_within_(duration_setting(options_, "session") + sharing_takes),
        beginning_{.is_at_start = options_.from_start} {}

  void open() override {
    change_.reset();
    problem_.clear();
    trouble_.clear();
    read_to_.clear();
    has_partitions_ = false;
    client_.emplace(RD_KAFKA_CONSUMER, settings_, wake_, *this, Clock::now() + answers_within);
    opened_at_ = Clock::now();
    if (beginning_.since == decltype(beginning_.since){}) beginning_.since = std::chrono::system_clock::now();
    const std::vector<std::string> topics = subjects_in(options_.subject);
    const KafkaPartitions wanted(rd_kafka_topic_partition_list_new(static_cast<int>(topics.size())));
    for (const std::string& topic : topics) {
      rd_kafka_topic_partition_list_add(wanted.get(), topic.c_str(), RD_KAFKA_PARTITION_UA);
    }
    const rd_kafka_resp_err_t code = rd_kafka_subscribe(client_->handle(), wanted.get());
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
      throw Error("cannot read " + options_.subject + ": " + rd_kafka_err2str(code));
    }
  }

  void receive(std::vector<Incoming>& messages, std::size_t max, std::chrono::milliseconds wait) override {
    client_->hear();
    const std::size_t before = messages.size();
    std::size_t bytes = 0;
    while (problem_.empty() && messages.size() < max && bytes < batch_bytes_max) {
      const KafkaMessage message(
          rd_kafka_consumer_poll(client_->handle(), static_cast<int>(std::exchange(wait, 0ms).count())));
      if (change_) {
        // What this call has read comes again, to whoever gets its partition.
        messages.resize(before);
        read_to_.clear();
        follow_change();
      } else if (!message) {
        break;
      } else {
        bytes += message->len;
        take(*message, messages);
      }
    }
    if (messages.size() == before) check();
  }

  void acknowledge() override {
    if (options_.only_looks || read_to_.empty()) return;
    const KafkaPartitions offsets(rd_kafka_topic_partition_list_new(static_cast<int>(read_to_.size())));
    for (const auto& [partition, offset] : read_to_) {
      rd_kafka_topic_partition_list_add(offsets.get(), partition.first.c_str(), partition.second)->offset =
          offset;
    }
    read_to_.clear();
    // If they are somebody else's already, that one reads it again.
    static_cast<void>(offsets_by(Clock::now() + answers_within).commit(*offsets));
  }

  [[nodiscard]] std::uint64_t take_lost() override { return std::exchange(lost_, 0); }

  void close() noexcept override { client_.reset(); }

 private:
  using Clock = std::chrono::steady_clock;

  [[nodiscard]] KafkaOffsets offsets_by(Clock::time_point deadline) const {
    return {client_->handle(), deadline};
  }

  void take(const rd_kafka_message_t& message, std::vector<Incoming>& messages) {
    const std::string_view text(static_cast<const char*>(message.payload), message.len);
    if (message.err != RD_KAFKA_RESP_ERR_NO_ERROR) return hear_problem(message.err, text);
    Incoming incoming{.subject = rd_kafka_topic_name(message.rkt), .payload = {}};
    read_to_[{incoming.subject, message.partition}] = message.offset + 1;
    if (text.size() <= value_bytes_max) incoming.payload = text;
    messages.push_back(std::move(incoming));
  }

  void hear_problem(rd_kafka_resp_err_t code, std::string_view text) {
    const std::string words = text.empty() ? rd_kafka_err2str(code) : std::string(text);
    if (is_of_missing_topic(code)) {
      trouble_ = words;
    } else if (code != RD_KAFKA_RESP_ERR__MAX_POLL_EXCEEDED) {  // behind that the group is joined anew
      problem_ = words;
    }
  }

  void hear_trouble(rd_kafka_resp_err_t code, const std::string& words) override {
    if (code == RD_KAFKA_RESP_ERR__FATAL) {
      problem_ = client_->fatal_words();
    } else if (code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN) {
      problem_ = trouble_.empty() ? words : trouble_;
    } else {
      trouble_ = words;
    }
  }

  void hear_log(const std::string& words) override {
    if (trouble_.empty()) trouble_ = words;
  }

  void hear_assignment(rd_kafka_resp_err_t code, const rd_kafka_topic_partition_list_t& partitions) override {
    const bool is_gain = code == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS;
    change_.emplace(is_gain ? rd_kafka_topic_partition_list_copy(&partitions) : nullptr);
  }

  void follow_change() {
    const KafkaPartitions partitions = *std::exchange(change_, std::nullopt);
    if (partitions) find_place(*partitions);
    has_partitions_ = partitions != nullptr;
    const rd_kafka_resp_err_t code = rd_kafka_assign(client_->handle(), partitions.get());
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
      throw Error("cannot read " + options_.subject + ": " + rd_kafka_err2str(code));
    }
  }

  void find_place(rd_kafka_topic_partition_list_t& partitions) {
    if (!options_.only_looks) {
      lost_ += offsets_by(Clock::now() + answers_within).find_place(partitions, beginning_);
      return;
    }
    for (int i = 0; i < partitions.cnt; ++i) {
      partitions.elems[i].offset = options_.from_start ? RD_KAFKA_OFFSET_BEGINNING : RD_KAFKA_OFFSET_END;
    }
  }

  void check() {
    if (problem_.empty() && !has_partitions_ && !trouble_.empty() &&
        Clock::now() - opened_at_ > assigned_within_) {
      problem_ = trouble_;
    }
    if (!problem_.empty()) throw Error(problem_);
  }

  const BusOptions options_;
  const KafkaSettings settings_;
  const std::chrono::nanoseconds assigned_within_;
  KafkaBeginning beginning_;
  EventFd wake_;
  std::string problem_;                    // why this connection is to be given up
  std::string trouble_;                    // the last that the library has said
  std::optional<KafkaPartitions> change_;  // null: all that it had is lost
  bool has_partitions_ = false;
  Clock::time_point opened_at_{};
  std::map<std::pair<std::string, std::int32_t>, std::int64_t> read_to_;  // given on, and not acknowledged
  std::uint64_t lost_ = 0;

  std::optional<KafkaClient> client_;  // last, since it calls until its end
};

}  // namespace

std::unique_ptr<Source> make_kafka_source(const BusOptions& options) {
  return std::make_unique<KafkaSource>(options);
}

}  // namespace zevi::bridges
