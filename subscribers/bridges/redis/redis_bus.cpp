#include "redis_bus.hpp"

#include <optional>
#include <utility>

#include "../secrets.hpp"
#include "../settings.hpp"
#include "redis_connection.hpp"
#include "redis_source.hpp"
#include "zevi/error.hpp"

namespace zevi::bridges {

namespace {

// A server does nothing else during a transaction: a few milliseconds.
constexpr std::size_t batch_messages_max = 1024;
constexpr std::size_t batch_bytes_max = std::size_t{1} << 20;

/// Commands that are done together.
struct Batch {
  std::string commands;
  std::vector<std::uint64_t> numbers;

  [[nodiscard]] bool empty() const noexcept { return numbers.empty(); }
  [[nodiscard]] bool is_full() const noexcept {
    return numbers.size() >= batch_messages_max || commands.size() >= batch_bytes_max;
  }
  void clear() noexcept {
    commands.clear();
    numbers.clear();
  }
};

void append_field(std::string& out, std::string_view name, std::string_view value) {
  append_redis_word(out, name);
  append_redis_word(out, value);
}

class RedisBus : public Bus {
 public:
  RedisBus(BusOptions options, std::string length_max)
      : options_(std::move(options)), length_max_(std::move(length_max)) {}

  void open() override {
    next_.clear();
    on_its_way_.clear();
    replies_ = 0;
    problem_.clear();
    connection_.emplace(options_);
  }

  [[nodiscard]] Sent send(const Outgoing& message) override {
    if (next_.is_full()) return Sent::full;
    std::string& out = next_.commands;
    if (next_.empty()) {
      append_redis_head(out, 1);
      append_redis_word(out, "MULTI");
    }
    const std::size_t fields = message.headers.size() + 2;
    append_redis_head(out, 3 + 2 * fields + (length_max_.empty() ? 0 : 3));
    append_redis_word(out, "XADD");
    append_redis_word(out, message.subject);
    if (!length_max_.empty()) {
      append_field(out, "MAXLEN", "~");
      append_redis_word(out, length_max_);
    }
    append_redis_word(out, "*");
    append_field(out, "Zevi-Id", message.id);
    for (const Header& header : message.headers) append_field(out, header.name, header.value);
    append_field(out, "payload", message.payload);
    next_.numbers.push_back(message.number);
    return Sent::yes;
  }

  void poll(Report& report) override {
    begin_batch();
    connection_->exchange();
    while (const RedisReply reply = connection_->next()) hear(*reply, report);
    if (!problem_.empty()) throw Error("Redis does not take it: " + problem_);
    begin_batch();
    connection_->exchange();
  }

  [[nodiscard]] int fd() const noexcept override { return connection_ ? connection_->fd() : -1; }

  void close() noexcept override { connection_.reset(); }

 private:
  void begin_batch() {
    if (!on_its_way_.empty() || next_.empty()) return;
    append_redis_head(next_.commands, 1);
    append_redis_word(next_.commands, "EXEC");
    connection_->send(next_.commands);
    std::swap(on_its_way_, next_);
    next_.clear();
    replies_ = 0;
  }

  /// Of a batch: one for MULTI, one for each command that was put into it, and what came of all.
  void hear(const redisReply& reply, Report& report) {
    if (on_its_way_.empty()) throw Error("the server says more than it was asked for");
    const bool is_last = ++replies_ == on_its_way_.numbers.size() + 2;
    if (is_error(reply)) complain(reply);
    if (!is_last) return;
    const bool is_done = reply.type == REDIS_REPLY_ARRAY && reply.elements == on_its_way_.numbers.size();
    if (!is_done && problem_.empty()) problem_ = "the transaction was not carried out";
    for (std::size_t i = 0; is_done && i < reply.elements; ++i) {
      if (is_error(*reply.element[i])) {
        complain(*reply.element[i]);
      } else {
        report.acknowledged.push_back(on_its_way_.numbers[i]);
      }
    }
    on_its_way_.clear();
  }

  /// The first complaint is the cause of the others.
  void complain(const redisReply& reply) {
    if (problem_.empty()) problem_ = text_of(reply);
  }

  const BusOptions options_;
  const std::string length_max_;  // empty: no limit
  std::optional<RedisConnection> connection_;
  Batch next_;
  Batch on_its_way_;
  std::size_t replies_ = 0;  // to the one on its way
  std::string problem_;
};

void check(const BusOptions& options) {
  static_cast<void>(redis_place_of(options.url));
  refuse_tokens_and_keys(options.credentials, "Redis");
  want_password(options.credentials, "Redis");
}

std::unique_ptr<Bus> make(const BusOptions& given) {
  check(given);
  BusOptions options = given;
  options.tls.is_on = options.tls.is_on || options.url.scheme == "rediss";
  const std::uint64_t length_max = count_setting(options, "maxlen");
  return std::make_unique<RedisBus>(std::move(options), length_max == 0 ? "" : std::to_string(length_max));
}

std::unique_ptr<Source> make_source(const BusOptions& given) {
  check(given);
  check_redis_reading(given);
  BusOptions options = given;
  options.tls.is_on = options.tls.is_on || options.url.scheme == "rediss";
  return make_redis_source(options);
}

BusKind kind_of(std::string_view scheme, std::string_view url, std::string_view purpose) {
  return {.scheme = scheme,
          .url = url,
          .purpose = purpose,
          .subject = "zevi:{topic}",
          .special = ":{} \t",
          .takes_lines = false,
          .answer_within = std::chrono::seconds(10),
          .settings = {{"maxlen", "", "about how many events a stream keeps; default all"},
                       {"group", "", "bridge from: the consumer group of the streams; default zevi-NAME"}},
          .make = make,
          .make_source = make_source};
}

}  // namespace

const BusKind redis_bus = kind_of("redis", "redis://HOST[:PORT][/DATABASE]", "Redis: added to a stream");
const BusKind rediss_bus = kind_of("rediss", "rediss://HOST[:PORT][/DATABASE]", "the same with TLS");

}  // namespace zevi::bridges
