#include "nats_source.hpp"

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>
#include <thread>
#include <utility>

#include "../settings.hpp"
#include "nats_connection.hpp"
#include "nats_handles.hpp"

namespace zevi::bridges {

namespace {

constexpr std::int64_t patience_ms = 2000;

// The server sends again what was not acknowledged within this time, but only when asked for more, and that
// happens behind the acknowledgement, however long the broker lets it wait. So this is how long a bridge has
// to wait that comes after one which was killed.
constexpr std::chrono::milliseconds ack_within{1000};
// Behind it, for the server's timer.
constexpr std::chrono::milliseconds ack_margin{100};

using ConsumerInfo = std::unique_ptr<jsConsumerInfo, NatsDeleter<jsConsumerInfo_Destroy>>;
using MetaData = std::unique_ptr<jsMsgMetaData, NatsDeleter<jsMsgMetaData_Destroy>>;

Incoming incoming_of(natsMsg* message) {
  return {.subject = natsMsg_GetSubject(message),
          .payload = {natsMsg_GetData(message), static_cast<std::size_t>(natsMsg_GetDataLength(message))}};
}

/// What both have.
class NatsSource : public Source {
 public:
  explicit NatsSource(BusOptions options) : options_(std::move(options)) {}
  /// The client's threads call until the whole client has ended.
  ~NatsSource() override {
    subscription_.reset();
    connection_.reset();
    static_cast<void>(nats_CloseAndWait(patience_ms));
  }

  void close() noexcept override {
    subscription_.reset();
    connection_.reset();
  }

 protected:
  void connect() { connection_ = connect_to_nats(options_, news_); }
  void check() {
    if (const std::string complaint = news_.take_complaint(); !complaint.empty()) throw Error(complaint);
    check_connection(connection_.get());
  }

  const BusOptions options_;
  NatsNews news_;
  NatsConnection connection_;
  NatsSubscription subscription_;
};

class NatsSubjectSource : public NatsSource {
 public:
  using NatsSource::NatsSource;

  void open() override {
    connect();
    natsSubscription* subscription = nullptr;
    must(natsConnection_SubscribeSync(&subscription, connection_.get(), options_.subject.c_str()),
         "cannot subscribe to " + options_.subject);
    subscription_.reset(subscription);
    // From here on nothing is missed.
    must(natsConnection_FlushTimeout(connection_.get(), patience_ms),
         "cannot subscribe to " + options_.subject);
    dropped_ = 0;
  }

  void receive(std::vector<Incoming>& messages, std::size_t max, std::chrono::milliseconds wait) override {
    for (std::int64_t wait_ms = wait.count(); messages.size() < max; wait_ms = 0) {
      natsMsg* message = nullptr;
      const natsStatus status = natsSubscription_NextMsg(&message, subscription_.get(), wait_ms);
      const NatsMessage owned(message);
      if (status == NATS_OK) messages.push_back(incoming_of(message));
      if (status == NATS_OK || status == NATS_SLOW_CONSUMER) continue;
      if (status == NATS_TIMEOUT) break;
      check_connection(connection_.get());
      must(status, "cannot receive");
    }
    count_dropped();
    if (messages.empty()) check();
  }

  void acknowledge() override {}
  [[nodiscard]] std::uint64_t take_lost() override { return std::exchange(lost_, 0); }

 private:
  void count_dropped() {
    std::int64_t dropped = 0;
    if (natsSubscription_GetDropped(subscription_.get(), &dropped) != NATS_OK) return;
    lost_ += static_cast<std::uint64_t>(dropped) - dropped_;
    dropped_ = static_cast<std::uint64_t>(dropped);
    // The client complains of its own queue, which is counted already.
    if (lost_ > 0) static_cast<void>(news_.take_complaint());
  }

  std::uint64_t dropped_ = 0;
  std::uint64_t lost_ = 0;
};

class NatsStreamSource : public NatsSource {
 public:
  NatsStreamSource(BusOptions options, std::string durable)
      : NatsSource(std::move(options)), durable_(std::move(durable)) {}

  void open() override {
    connect();
    jsOptions options;
    must(jsOptions_Init(&options), "JetStream");
    options.Wait = patience_ms;
    jsCtx* context = nullptr;
    must(natsConnection_JetStream(&context, connection_.get(), &options), "JetStream");
    jetstream_.reset(context);
    find_stream(options);
    jsSubOptions how;
    must(jsSubOptions_Init(&how), "JetStream");
    how.Stream = stream_.c_str();
    how.Config.AckPolicy = js_AckAll;
    how.Config.AckWait = std::chrono::nanoseconds(ack_within).count();
    how.Config.DeliverPolicy = options_.from_start ? js_DeliverAll : js_DeliverNew;
    natsSubscription* subscription = nullptr;
    auto code = static_cast<jsErrCode>(0);
    const natsStatus status = js_PullSubscribe(&subscription, context, options_.subject.c_str(),
                                               durable_.c_str(), &options, &how, &code);
    if (status != NATS_OK) {
      throw Error("cannot read " + options_.subject + " as the consumer " + durable_ + ": " +
                  nats_reason(status));
    }
    subscription_.reset(subscription);
    last_.reset();
    note_what_comes_again(options);
  }

  void receive(std::vector<Incoming>& messages, std::size_t max, std::chrono::milliseconds wait) override {
    if (const auto now = Clock::now(); now < comes_again_at_) {
      std::this_thread::sleep_until(std::min(now + wait, comes_again_at_));
      return;
    }
    natsMsgList list{};
    auto code = static_cast<jsErrCode>(0);
    const natsStatus status =
        natsSubscription_Fetch(&list, subscription_.get(), static_cast<int>(max), wait.count(), &code);
    if (status != NATS_OK && status != NATS_TIMEOUT) {
      check_connection(connection_.get());
      must(status, "cannot receive");
    }
    const std::unique_ptr<natsMsgList, NatsDeleter<natsMsgList_Destroy>> owned(&list);
    std::uint64_t received_to = received_to_;
    // An acknowledgement speaks for all before it, so nothing is taken in that stands behind a gap.
    for (int i = 0; i < list.Count; ++i) {
      if (is_new(list.Msgs[i], received_to)) messages.push_back(incoming_of(list.Msgs[i]));
    }
    received_to_ = received_to;
    if (list.Count == 0) return check();
    last_.reset(std::exchange(list.Msgs[list.Count - 1], nullptr));
    if (messages.empty()) acknowledge();
  }

  /// The last one speaks for all before it.
  void acknowledge() override {
    if (!last_) return;
    jsOptions options;
    must(jsOptions_Init(&options), "JetStream");
    options.Wait = patience_ms;
    auto code = static_cast<jsErrCode>(0);
    must(natsMsg_AckSync(last_.get(), &options, &code), "cannot acknowledge");
    last_.reset();
  }

  void close() noexcept override {
    last_.reset();
    jetstream_.reset();
    NatsSource::close();
  }

 private:
  std::string name_of_stream() {
    const std::string question = nlohmann::json{{"subject", options_.subject}}.dump();
    natsMsg* answer = nullptr;
    must(natsConnection_RequestString(&answer, connection_.get(), "$JS.API.STREAM.NAMES", question.c_str(),
                                      patience_ms),
         "cannot ask JetStream for its streams");
    const NatsMessage owned(answer);
    const Incoming text = incoming_of(answer);
    const nlohmann::json found = nlohmann::json::parse(text.payload, nullptr, false);
    const nlohmann::json names =
        found.is_object() ? found.value("streams", nlohmann::json()) : nlohmann::json();
    if (!names.is_array() || names.empty() || !names[0].is_string()) {
      throw Error("no stream has the subject " + options_.subject);
    }
    return names[0].get<std::string>();
  }

  void find_stream(jsOptions& options) {
    stream_ = setting(options_, "stream");
    if (stream_.empty()) stream_ = name_of_stream();
    jsStreamInfo* info = nullptr;
    auto code = static_cast<jsErrCode>(0);
    must(js_GetStreamInfo(&info, jetstream_.get(), stream_.c_str(), &options, &code),
         "cannot ask for the stream " + stream_);
    const JetStreamInfo known(info);
    // One that was made anew counts from 1 again.
    if (std::exchange(stream_made_ns_, info->Created) != info->Created) received_to_ = 0;
  }

  /// What an earlier connection was sent and has not acknowledged is not sent before its time is up, and what
  /// is newer would overtake it.
  void note_what_comes_again(jsOptions& options) {
    jsConsumerInfo* info = nullptr;
    auto code = static_cast<jsErrCode>(0);
    must(js_GetConsumerInfo(&info, jetstream_.get(), stream_.c_str(), durable_.c_str(), &options, &code),
         "cannot ask for the consumer " + durable_);
    const ConsumerInfo owned(info);
    delivered_ = info->Delivered.Consumer;
    to_come_again_ = static_cast<std::uint64_t>(info->NumAckPending);
    comes_again_to_ = info->Delivered.Stream;
    comes_again_at_ = to_come_again_ == 0 ? Clock::time_point{} : Clock::now() + ack_within + ack_margin;
  }

  /// False for what comes again though it was received in this run up to `received_to`, which goes on with
  /// each. Throws `zevi::Error` if something newer comes first, or if something before it went elsewhere: to
  /// a bridge that was killed, of which the server has not noticed yet that its request is nobody's.
  bool is_new(natsMsg* message, std::uint64_t& received_to) {
    jsMsgMetaData* data = nullptr;
    must(natsMsg_GetMetaData(&data, message), "cannot tell a message's place in its stream");
    const MetaData owned(data);
    if (data->Sequence.Consumer != ++delivered_) {
      throw Error("messages for the consumer " + durable_ +
                  " went to another reader; they have to come again");
    }
    const std::uint64_t sequence = data->Sequence.Stream;
    if (sequence <= comes_again_to_) {
      if (to_come_again_ > 0) --to_come_again_;
    } else if (to_come_again_ > 0) {
      throw Error("the server sends later messages before those that have to come again");
    }
    if (sequence <= received_to) return false;
    received_to = sequence;
    return true;
  }

  using Clock = std::chrono::steady_clock;
  const std::string durable_;
  std::string stream_;
  std::int64_t stream_made_ns_ = 0;
  JetStream jetstream_;
  NatsMessage last_;
  std::uint64_t received_to_ = 0;

  std::uint64_t delivered_ = 0;  // how often the consumer was sent a message, as of the last that came here

  // How many messages, up to which, were on their way when this connection was made.
  std::uint64_t to_come_again_ = 0;
  std::uint64_t comes_again_to_ = 0;
  Clock::time_point comes_again_at_{};
};

}  // namespace

std::unique_ptr<Source> make_nats_source(const BusOptions& options, bool is_jetstream,
                                         const std::string& durable) {
  if (!is_jetstream) return std::make_unique<NatsSubjectSource>(options);
  return std::make_unique<NatsStreamSource>(options, durable);
}

}  // namespace zevi::bridges
