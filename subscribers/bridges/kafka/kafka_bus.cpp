#include "kafka_bus.hpp"

#include <chrono>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "../settings.hpp"
#include "kafka_client.hpp"
#include "kafka_options.hpp"
#include "kafka_source.hpp"
#include "zevi/error.hpp"

namespace zevi::bridges {

namespace {

// Of the two seconds that a bus has, the rest is for the client's end.
constexpr std::chrono::milliseconds patience{1800};

// Different lines of the library in so much time, and each of them once.
constexpr std::size_t lines_max = 20;
constexpr std::chrono::minutes told_again_after{1};

/// No message will ever be taken there.
bool is_of_topic(rd_kafka_resp_err_t code) {
  return code == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED || code == RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION;
}

/// The message will be refused for ever, or another one that came in the same batch.
bool is_of_batch(rd_kafka_resp_err_t code) {
  return code == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE || code == RD_KAFKA_RESP_ERR_INVALID_MSG_SIZE ||
         code == RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE || code == RD_KAFKA_RESP_ERR_INVALID_TIMESTAMP ||
         code == RD_KAFKA_RESP_ERR_POLICY_VIOLATION || code == RD_KAFKA_RESP_ERR_INVALID_RECORD;
}

struct HeadersDeleter {
  void operator()(rd_kafka_headers_t* headers) const noexcept { rd_kafka_headers_destroy(headers); }
};
using Headers = std::unique_ptr<rd_kafka_headers_t, HeadersDeleter>;

Headers headers_of(const Outgoing& message) {
  Headers headers(rd_kafka_headers_new(message.headers.size() + 1));
  const auto add = [&headers](std::string_view name, const std::string& value) {
    static_cast<void>(rd_kafka_header_add(headers.get(), name.data(), static_cast<ssize_t>(name.size()),
                                          value.data(), static_cast<ssize_t>(value.size())));
  };
  add("Zevi-Id", message.id);
  for (const Header& header : message.headers) add(header.name, header.value);
  return headers;
}

/// The library takes a copy, and gives the pointer back with its report.
rd_kafka_resp_err_t produce(rd_kafka_t* client, const Outgoing& message) {
  Headers headers = headers_of(message);
  const rd_kafka_resp_err_t code = rd_kafka_producev(
      client, RD_KAFKA_V_TOPIC(message.subject.c_str()), RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
      RD_KAFKA_V_KEY(message.topic.data(), message.topic.size()),
      RD_KAFKA_V_VALUE(const_cast<char*>(message.payload.data()), message.payload.size()),
      RD_KAFKA_V_HEADERS(headers.get()), RD_KAFKA_V_OPAQUE(const_cast<Outgoing*>(&message)), RD_KAFKA_V_END);
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR) static_cast<void>(headers.release());
  return code;
}

class KafkaBus : public Bus, public KafkaListener {
 public:
  explicit KafkaBus(KafkaSettings settings) : settings_(std::move(settings)) {}

  void open() override {
    heard_ = {};
    problem_.clear();
    trouble_.clear();
    away_.clear();
    connect();
  }

  [[nodiscard]] Sent send(const Outgoing& message) override {
    if (!problem_.empty()) return Sent::full;
    if (single_to_ != 0 && message.number > single_to_) {
      if (on_its_way_ > 0) return Sent::full;
      single_to_ = 0;
      connect();
    }
    if (!is_kafka_topic(message.subject)) {
      heard_.refused.push_back({message.number, "Kafka can have no topic '" + message.subject + "'"});
      return Sent::yes;
    }
    const rd_kafka_resp_err_t code = produce(client_->handle(), message);
    if (code == RD_KAFKA_RESP_ERR__QUEUE_FULL) return Sent::full;
    sent_ = message.number;
    ++on_its_way_;
    // What is too large for the library was in no batch.
    if (code == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE) {
      refuse(message.number, code);
    } else if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
      hear_delivery(&message, code);
    }
    return Sent::yes;
  }

  void poll(Report& report) override {
    client_->hear();
    report = std::exchange(heard_, {});
    report.held_up = away_;
    keep_news(report.remarks);
    if (!problem_.empty()) throw Error(problem_);
  }

  [[nodiscard]] int fd() const noexcept override { return wake_.fd(); }

  void close() noexcept override { client_.reset(); }

 private:
  using Clock = std::chrono::steady_clock;

  void connect() {
    KafkaSettings settings = settings_;
    if (single_to_ != 0) settings.emplace_back("batch.num.messages", "1");
    const Clock::time_point deadline = Clock::now() + patience;
    client_.reset();
    on_its_way_ = 0;
    client_.emplace(RD_KAFKA_PRODUCER, settings, wake_, *this, deadline);
  }

  void refuse(std::uint64_t number, rd_kafka_resp_err_t code) {
    --on_its_way_;
    heard_.refused.push_back({number, rd_kafka_err2str(code)});
  }

  /// The message is still there: nothing but this settles it.
  void hear_delivery(const void* given, rd_kafka_resp_err_t code) override {
    // What was taken behind one that was not has to come again behind it.
    if (!problem_.empty()) return;
    const Outgoing& message = *static_cast<const Outgoing*>(given);
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR) {
      --on_its_way_;
      heard_.acknowledged.push_back(message.number);
      trouble_.clear();
      away_.clear();
    } else if (is_of_topic(code) || (is_of_batch(code) && single_to_ != 0)) {
      refuse(message.number, code);
    } else if (is_of_batch(code)) {
      problem_ =
          "a batch was refused: " + std::string(rd_kafka_err2str(code)) + "; sending its events one by one";
      single_to_ = sent_;
    } else {
      problem_ = why_not_delivered(message, code);
    }
  }

  [[nodiscard]] std::string why_not_delivered(const Outgoing& message, rd_kafka_resp_err_t code) const {
    std::string fatal = client_->fatal_words();
    if (!fatal.empty()) return fatal;
    if (code != RD_KAFKA_RESP_ERR__MSG_TIMED_OUT) return message.subject + ": " + rd_kafka_err2str(code);
    return message.subject + ": not acknowledged in time" + (trouble_.empty() ? "" : ": " + trouble_);
  }

  void hear_trouble(rd_kafka_resp_err_t code, const std::string& words) override {
    if (code == RD_KAFKA_RESP_ERR__FATAL) {
      if (problem_.empty()) problem_ = client_->fatal_words();
      return;
    }
    if (code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN) {
      away_ = words;
      return;
    }
    trouble_ = words;
    hear_log(words);
  }

  void hear_log(const std::string& words) override { heard_.remarks.push_back(words); }

  /// The library repeats itself for as long as it tries, also about one broker while others take events.
  void keep_news(std::vector<std::string>& remarks) {
    const Clock::time_point now = Clock::now();
    if (now - told_since_ >= told_again_after) {
      told_.clear();
      told_since_ = now;
    }
    std::erase_if(remarks, [this](const std::string& words) {
      return told_.size() >= lines_max || !told_.insert(words).second;
    });
  }

  const KafkaSettings settings_;
  EventFd wake_;
  Report heard_;
  std::string problem_;
  std::string trouble_;  // the last since something was acknowledged
  std::string away_;     // that no broker could be reached, and nothing has been acknowledged since
  std::set<std::string> told_;
  Clock::time_point told_since_{};

  std::uint64_t sent_ = 0;  // number of the last message
  std::size_t on_its_way_ = 0;

  // A cluster refuses whole batches. To find out what it is that it does not take, all that was on its way
  // then, up to this number, goes in a batch of its own; 0 when there is nothing to be found out.
  std::uint64_t single_to_ = 0;

  std::optional<KafkaClient> client_;  // last, since it calls until its end
};

std::unique_ptr<Bus> make(const BusOptions& options) {
  check_kafka_options(options);
  check_kafka_template(options.subject);
  return std::make_unique<KafkaBus>(kafka_producer_settings(options));
}

std::unique_ptr<Source> make_source(const BusOptions& options) {
  check_kafka_options(options);
  check_kafka_reading(options);
  return make_kafka_source(options);
}

}  // namespace

const BusKind kafka_bus{
    .scheme = "kafka",
    .url = "kafka://HOST[:PORT][,HOST[:PORT]]...",
    .purpose = "Kafka: stored by all replicas in sync; the topic of an event is its key",
    .subject = "zevi.{topic}",
    .special = not_of_kafka_topics(),
    .takes_lines = false,
    .settings = {{"timeout", "30s",
                  "how long the library tries to send an event before the bridge begins anew"},
                 {"max-message", "1MB", "what the topics take at most (max.message.bytes)"},
                 {"compression", "none", "or gzip, snappy, lz4, zstd"},
                 {"sasl", "PLAIN", "how --user is shown; or SCRAM-SHA-256, SCRAM-SHA-512"},
                 {"group", "", "bridge from: the consumer group of the topics; default zevi-NAME"},
                 {"session", "10s", "bridge from: when one that is silent loses its partitions"}},
    .make = make,
    .make_source = make_source};

}  // namespace zevi::bridges
