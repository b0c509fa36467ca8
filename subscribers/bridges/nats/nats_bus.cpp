#include "nats_bus.hpp"

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "../settings.hpp"
#include "nats_answers.hpp"
#include "nats_connection.hpp"
#include "nats_source.hpp"
#include "nats_stream.hpp"
#include "program.hpp"

namespace zevi::bridges {

namespace {

constexpr std::int64_t library_ends_within_ms = 2000;

void on_answer(natsConnection*, natsSubscription*, natsMsg* message, void* answers) {
  static_cast<NatsAnswers*>(answers)->hear(message);
  natsMsg_Destroy(message);
}

class NatsBus : public Bus {
 public:
  NatsBus(BusOptions options, bool is_jetstream, std::optional<NatsStream> stream)
      : options_(std::move(options)),
        is_jetstream_(is_jetstream),
        stream_(std::move(stream)),
        answers_(is_jetstream) {}

  /// The client's threads call until the whole client has ended.
  ~NatsBus() override {
    close();
    static_cast<void>(nats_CloseAndWait(library_ends_within_ms));
  }

  void open() override {
    connection_ = connect_to_nats(options_, answers_);
    Report of_earlier_connection;
    answers_.take(of_earlier_connection);
    static_cast<void>(answers_.take_problem());
    if (stream_) make_stream(connection_.get(), *stream_);
    natsInbox* inbox = nullptr;
    must(natsInbox_Create(&inbox), "inbox");
    inbox_ = std::string(inbox) + ".";
    natsInbox_Destroy(inbox);
    natsSubscription* subscription = nullptr;
    must(natsConnection_Subscribe(&subscription, connection_.get(), (inbox_ + "*").c_str(), on_answer,
                                  &answers_),
         "cannot subscribe to answers");
    subscription_.reset(subscription);
    must(natsSubscription_SetPendingLimits(subscription, -1, -1), "limits");
    sent_ = 0;
    asked_ = 0;
  }

  [[nodiscard]] Sent send(const Outgoing& message) override {
    const std::string reply = is_jetstream_ ? inbox_ + std::to_string(message.number) : "";
    natsMsg* made = nullptr;
    must(natsMsg_Create(&made, message.subject.c_str(), is_jetstream_ ? reply.c_str() : nullptr,
                        message.payload.data(), static_cast<int>(message.payload.size())),
         "cannot send to " + message.subject);
    const NatsMessage out(made);
    must(natsMsgHeader_Set(made, "Nats-Msg-Id", message.id.c_str()), "header");
    for (const Header& header : message.headers) {
      must(natsMsgHeader_Set(made, header.name.data(), header.value.c_str()), "header");
    }
    const natsStatus status = natsConnection_PublishMsg(connection_.get(), made);
    if (status == NATS_MAX_PAYLOAD) {
      refused_.push_back({message.number, "it is larger than the server's max_payload"});
      return Sent::yes;
    }
    if (status != NATS_OK) check_connection(connection_.get());
    must(status, "cannot send to " + message.subject);
    sent_ = message.number;
    return Sent::yes;
  }

  void poll(Report& report) override {
    if (!is_jetstream_ && sent_ > asked_) {
      const std::string marker = inbox_ + std::to_string(sent_);
      must(natsConnection_PublishString(connection_.get(), marker.c_str(), ""), "cannot send");
      asked_ = sent_;
    }
    answers_.take(report);
    for (Report::Refused& refused : refused_) report.refused.push_back(std::move(refused));
    refused_.clear();
    if (const std::string problem = answers_.take_problem(); !problem.empty()) throw Error(problem);
    if (const std::string complaint = answers_.take_complaint(); !complaint.empty()) throw Error(complaint);
    check_connection(connection_.get());
  }

  [[nodiscard]] int fd() const noexcept override { return answers_.fd(); }

  void close() noexcept override {
    subscription_.reset();
    connection_.reset();
    refused_.clear();
  }

 private:
  const BusOptions options_;
  const bool is_jetstream_;
  const std::optional<NatsStream> stream_;
  NatsAnswers answers_;
  NatsConnection connection_;
  NatsSubscription subscription_;
  std::string inbox_;        // with its dot
  std::uint64_t sent_ = 0;   // number of the last message
  std::uint64_t asked_ = 0;  // and of the last that was followed by a question
  std::vector<Report::Refused> refused_;
};

std::optional<NatsStream> stream_of(const BusOptions& options) {
  NatsStream stream{.name = setting(options, "stream"),
                    .subject = setting(options, "stream-subjects"),
                    .bytes = size_setting(options, "stream-size"),
                    .age = duration_setting(options, "stream-age"),
                    .duplicates = duration_setting(options, "duplicates")};
  if (stream.name.empty()) return std::nullopt;
  if (stream.subject.empty()) stream.subject = subjects_of(options.subject);
  return stream;
}

void check(const BusOptions& options) {
  if (options.url.hosts.empty()) throw program::UsageError("NATS is given as nats://HOST:PORT");
  if (!options.url.path.empty() && options.url.path != "/") {
    throw program::UsageError("nats://HOST:PORT has nothing behind it; --subject says where to");
  }
  if (!options.credentials.nkey_file.empty() && options.credentials.user.empty()) {
    throw program::UsageError("--nkey-file holds the seed; give the public key as --user");
  }
}

std::unique_ptr<Source> make_source(const BusOptions& options) {
  check(options);
  std::string durable = setting(options, "durable");
  if (durable.empty()) {
    durable = "zevi-" + options.name;
    for (char& c : durable) {
      if (std::string_view(".*>/\\ \t").find(c) != std::string_view::npos) c = '_';
    }
  }
  const bool is_jetstream = switch_setting(options, "jetstream") || !setting(options, "stream").empty();
  if (options.only_looks) return make_nats_source(options, false, durable);
  return make_nats_source(options, is_jetstream, durable);
}

std::unique_ptr<Bus> make(const BusOptions& options) {
  check(options);
  std::optional<NatsStream> stream = stream_of(options);
  const bool is_jetstream = switch_setting(options, "jetstream") || stream;
  return std::make_unique<NatsBus>(options, is_jetstream, std::move(stream));
}

}  // namespace

const BusKind nats_bus{
    .scheme = "nats",
    .url = "nats://HOST:PORT[,HOST:PORT]...",
    .purpose = "NATS: passed on by the server, or with --jetstream stored in a stream, each event once",
    .subject = "zevi.{topic}",
    .special = ".*> \t",
    .takes_lines = false,
    .answer_within = std::chrono::seconds(10),
    .settings = {{"jetstream", "off", "on: wait for a stream to store each event, as --jetstream does"},
                 {"stream", "", "this stream, which is made if it is not there; bridge from: read this one"},
                 {"stream-subjects", "", "its subjects; default those that --subject can make"},
                 {"stream-size", "", "what it keeps at most: 10GB"},
                 {"stream-age", "", "and how long: 24h"},
                 {"duplicates", "2m", "how long it knows an event that comes again"},
                 {"durable", "", "bridge from: the consumer of the stream; default zevi-NAME"}},
    .make = make,
    .make_source = make_source};

}  // namespace zevi::bridges
