#include "sequencing/sequencer.hpp"
#include "catch.hpp"
#include "sequencing/join.hpp"
#include "zevi/limits.hpp"
#include "zevi/wire/body.hpp"

using namespace std::chrono_literals;
using namespace zevi::broker;

namespace {

constexpr std::uint64_t epoch = 77;

Now at(std::chrono::nanoseconds since_start) {
  return {SteadyTime{} + 1h + since_start, 1'000'000'000 + static_cast<std::uint64_t>(since_start.count())};
}

std::shared_ptr<const PublisherName> publisher(std::uint64_t id) {
  return std::make_shared<PublisherName>(PublisherName{id, "src" + std::to_string(id), id * 10, "host"});
}

/// A body of `n` events `{"i": p + k}` and, if asked for, each with padding.
zmq::message_t body(std::uint64_t p, std::uint32_t n, std::size_t padding = 0) {
  std::string bytes(zevi::wire::body_head_bytes, '\0');
  zevi::pack::put_array32_head(reinterpret_cast<std::uint8_t*>(bytes.data()), n);
  zevi::pack::Writer writer(bytes);
  for (std::uint32_t i = 0; i < n; ++i) {
    writer.array(2).uint(1000 + i).map(padding > 0 ? 2 : 1).text("i").uint(p + i);
    if (padding > 0) writer.text("x").binary(std::string(padding, 'x'));
  }
  return zmq::message_t(bytes);
}

Piece piece(const std::shared_ptr<const PublisherName>& name, std::uint64_t p, std::uint32_t n,
            std::size_t padding = 0) {
  return {name, "", p, n, body(p, n, padding)};
}

struct Sent {
  zevi::wire::StreamHeader header;
  std::vector<std::uint64_t> run_ids;
  std::vector<std::uint64_t> values;
  const void* bytes = nullptr;
  std::size_t bytes_count = 0;
};

class Recorder : public MessageSink {
 public:
  void take(SequencedMessage& message) override {
    Sent one;
    one.header = message.header;
    one.bytes_count = message.body.size();
    for (const auto& run : message.header.r) one.run_ids.push_back(run.id);
    CHECK(zevi::wire::check_body(message.body.to_string_view(), message.header.n));
    zevi::wire::BodyReader reader(message.body.to_string_view());
    zevi::wire::Entry entry;
    while (reader.next(entry)) {
      zevi::pack::Reader params(entry.params);
      zevi::pack::Item item;
      for (int i = 0; i < 3; ++i) REQUIRE(params.next(item));
      one.values.push_back(item.bits);
    }
    one.bytes = message.body.data();
    sent.push_back(std::move(one));
  }
  std::vector<Sent> sent;
};

struct Fixture {
  Counters counters;
  Sequencer sequencer{epoch, 5ms, counters};
  Recorder recorder;
  Topic topic{"T"};
  std::shared_ptr<const PublisherName> a = publisher(1);
  std::shared_ptr<const PublisherName> b = publisher(2);
  Fixture() { sequencer.add_sink(recorder); }
};

}  // namespace

TEST_CASE("a lone batch leaves at once, numbered from 1") {
  Fixture f;
  f.sequencer.accept(f.topic, piece(f.a, 1, 3), at(0ms));
  f.sequencer.flush(at(0ms));
  REQUIRE(f.recorder.sent.size() == 1);
  const Sent& sent = f.recorder.sent[0];
  CHECK(sent.header.b == epoch);
  CHECK(sent.header.q == 1);
  CHECK(sent.header.n == 3);
  CHECK(sent.header.at == at(0ms).realtime_ns);
  CHECK(sent.values == std::vector<std::uint64_t>{1, 2, 3});
}

TEST_CASE("a batch that is not joined keeps its memory") {
  Fixture f;
  Piece one = piece(f.a, 1, 10, 100);
  const void* const bytes = one.body.data();
  f.sequencer.accept(f.topic, std::move(one), at(0ms));
  f.sequencer.flush(at(0ms));
  REQUIRE(f.recorder.sent.size() == 1);
  CHECK(f.recorder.sent[0].bytes == bytes);
}

TEST_CASE("small batches of several publishers in one round are joined with a run for each") {
  Fixture f;
  f.sequencer.accept(f.topic, piece(f.a, 1, 2), at(0ms));
  f.sequencer.accept(f.topic, piece(f.b, 7, 1), at(0ms));
  f.sequencer.accept(f.topic, piece(f.a, 3, 2), at(0ms));
  f.sequencer.flush(at(0ms));
  REQUIRE(f.recorder.sent.size() == 1);
  const Sent& sent = f.recorder.sent[0];
  CHECK(sent.header.q == 1);
  CHECK(sent.header.n == 5);
  CHECK(sent.run_ids == std::vector<std::uint64_t>{1, 2, 1});
  CHECK(sent.values == std::vector<std::uint64_t>{1, 2, 7, 3, 4});
  CHECK(f.counters.get(Counter::stream_joined) == 3);
}

TEST_CASE(
    "batches of one publisher that follow on one another share a run, those with a loss between do not") {
  Fixture f;
  f.sequencer.accept(f.topic, piece(f.a, 1, 2), at(0ms));
  f.sequencer.accept(f.topic, piece(f.a, 3, 2), at(0ms));
  f.sequencer.accept(f.topic, piece(f.a, 9, 1), at(0ms));
  f.sequencer.flush(at(0ms));
  REQUIRE(f.recorder.sent.size() == 1);
  REQUIRE(f.recorder.sent[0].header.r.size() == 2);
  CHECK(f.recorder.sent[0].header.r[0].count == 4);
  CHECK(f.recorder.sent[0].header.r[1].p == 9);
}

TEST_CASE("a large batch is never copied and keeps its place between small ones") {
  Fixture f;
  Piece large = piece(f.b, 1, 40, 1000);
  const void* const bytes = large.body.data();
  f.sequencer.accept(f.topic, piece(f.a, 1, 1), at(0ms));
  f.sequencer.accept(f.topic, std::move(large), at(0ms));
  f.sequencer.accept(f.topic, piece(f.a, 2, 1), at(0ms));
  f.sequencer.flush(at(0ms));
  REQUIRE(f.recorder.sent.size() == 3);
  CHECK(f.recorder.sent[1].bytes == bytes);
  CHECK(f.recorder.sent[0].header.q == 1);
  CHECK(f.recorder.sent[1].header.q == 2);
  CHECK(f.recorder.sent[2].header.q == 42);
}

TEST_CASE("a batch too large for a message leaves in several that follow on one another") {
  Fixture f;
  constexpr std::uint32_t n = 170;
  f.sequencer.accept(f.topic, piece(f.a, 5, n, 1200), at(0ms));
  f.sequencer.accept(f.topic, piece(f.a, 5 + n, 1, zevi::limits::event_bytes_max - 20), at(0ms));
  f.sequencer.flush(at(0ms));
  std::uint64_t q = 1;
  for (const Sent& sent : f.recorder.sent) {
    CHECK(sent.header.q == q);
    REQUIRE(sent.header.r.size() == 1);
    CHECK(sent.header.r[0].p == q + 4);
    CHECK(sent.values.front() == q + 4);
    CHECK(sent.values.size() == sent.header.n);
    CHECK(sent.bytes_count <= zevi::limits::message_bytes_max + 64);
    q += sent.header.n;
  }
  CHECK(q == n + 2);
  CHECK(f.recorder.sent.size() == 5);
}

TEST_CASE("a joined message stays within 64 KiB and 128 runs, and numbers have no gap") {
  Fixture f;
  std::vector<std::shared_ptr<const PublisherName>> names;
  for (std::uint64_t i = 1; i <= 300; ++i) names.push_back(publisher(i));
  for (const auto& name : names) f.sequencer.accept(f.topic, piece(name, 1, 2, 1500), at(0ms));
  f.sequencer.flush(at(0ms));
  std::uint64_t next = 1;
  for (const Sent& sent : f.recorder.sent) {
    CHECK(sent.header.q == next);
    CHECK(sent.header.r.size() <= join_runs_max);
    next += sent.header.n;
  }
  CHECK(next == 601);
  CHECK(f.recorder.sent.size() >= 3);
}

TEST_CASE("losses before the broker travel with the next message") {
  Fixture f;
  f.topic.lost_before = 12;
  f.sequencer.accept(f.topic, piece(f.a, 13, 1), at(0ms));
  f.sequencer.flush(at(0ms));
  CHECK(f.recorder.sent.at(0).header.l == 12);
}

TEST_CASE("batches of a calm topic never wait") {
  Fixture f;
  for (int i = 0; i < 19; ++i) {
    f.sequencer.accept(f.topic, piece(f.a, static_cast<std::uint64_t>(i) + 1, 1), at(i * 10ms));
    f.sequencer.flush(at(i * 10ms));
    CHECK(f.recorder.sent.size() == static_cast<std::size_t>(i) + 1);
  }
}

TEST_CASE("batches of a busy topic with one publisher leave at once") {
  Fixture f;
  std::uint64_t p = 1;
  for (auto t = 0us; t < 200ms; t += 100us) {
    f.sequencer.accept(f.topic, piece(f.a, p++, 1), at(t));
    f.sequencer.flush(at(t));
  }
  CHECK(f.recorder.sent.size() == p - 1);
}

TEST_CASE(
    "small batches of a busy topic with several publishers wait to be joined, at most the configured time") {
  Fixture f;
  std::uint64_t p = 1;
  for (auto t = 0us; t < 200ms; t += 200us, ++p) {
    f.sequencer.accept(f.topic, piece(f.a, p, 1), at(t));
    f.sequencer.accept(f.topic, piece(f.b, p, 1), at(t + 100us));
    f.sequencer.flush(at(t + 100us));
  }
  f.sequencer.flush_all(at(200ms));
  const std::size_t before = f.recorder.sent.size();
  CHECK(before < 1500);
  f.sequencer.accept(f.topic, piece(f.a, p, 1), at(200ms));
  f.sequencer.flush(at(200ms));
  CHECK(f.recorder.sent.size() == before);
  CHECK(f.sequencer.deadline() <= at(205ms).steady);
  f.sequencer.flush(at(205ms));
  CHECK(f.recorder.sent.size() == before + 1);
}
