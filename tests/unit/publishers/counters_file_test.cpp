#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>

#include "catch.hpp"
#include "conversation.hpp"
#include "zevi/publisher_counters.h"

using namespace zevi;
using namespace std::chrono_literals;

namespace {

constexpr auto deadline = 30s;

/// The file, read as its header says, and by nothing else.
struct Counts {
  std::string bytes;
  zevi_counters_head head{};

  explicit Counts(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    bytes.assign(std::istreambuf_iterator<char>(file), {});
    head = at<zevi_counters_head>(0);
    REQUIRE(std::string(head.magic) == ZEVI_COUNTERS_MAGIC);
    REQUIRE(head.version == ZEVI_COUNTERS_VERSION);
  }
  template <typename Value>
  [[nodiscard]] Value at(std::size_t offset) const {
    Value value{};
    REQUIRE(offset + sizeof value <= bytes.size());
    std::memcpy(&value, bytes.data() + offset, sizeof value);
    return value;
  }
  [[nodiscard]] std::string topic(std::size_t index) const {
    return bytes.substr(head.names_at + index * head.name_bytes, head.name_bytes).c_str();
  }
  [[nodiscard]] zevi_counters_published published(std::size_t topic) const {
    zevi_counters_published sum{};
    for (std::uint64_t thread = 0; thread < head.threads; ++thread) {
      const auto one =
          at<zevi_counters_published>(head.threads_at + (thread * head.topics_max + topic) * sizeof sum);
      sum.published += one.published;
      sum.dropped += one.dropped;
    }
    return sum;
  }
  [[nodiscard]] zevi_counters_answered answered(std::size_t topic) const {
    return at<zevi_counters_answered>(head.answers_at + topic * sizeof(zevi_counters_answered));
  }
};

struct Fixture : test::Conversation {
  TemporaryDirectory directory;
  const std::string path = directory.path() + "/counters";
  Fixture() {
    options.counters_file = path.c_str();
    options.name = "counted";
  }
  [[nodiscard]] Counts counts() const { return Counts(path); }
};

}  // namespace

TEST_CASE_METHOD(Fixture, "the counters file says by topic what was published, dropped and answered") {
  begin();
  const Topic before = publisher->topic("E_A");
  const Topic after = publisher->topic(std::string(128, 'B'));
  for (int i = 0; i < 3; ++i) CHECK(before.event().commit() == Status::ok);
  CHECK(after.publish_encoded("no map") == Status::invalid);
  CHECK(after.event().commit() == Status::ok);
  const std::vector<test::SentBatch> batches = broker->expect_events(4);
  CHECK(counts().head.closed == 0);
  CHECK(counts().published(0).published == 3);
  CHECK(counts().published(0).dropped == 0);
  CHECK(counts().published(1).published == 1);
  CHECK(counts().published(1).dropped == 1);
  CHECK(counts().answered(0).acknowledged == 0);
  for (const test::SentBatch& batch : batches) {
    if (batch.topic != "E_A") broker->say(wire::Reject{batch.s, batch.topic, 1, "for the test"});
  }
  broker->ack(batches.back().s);
  CHECK(publisher->flush(deadline) == Status::ok);
  CHECK(publisher->close() == Status::ok);
  const Counts last = counts();
  CHECK(last.head.closed == 1);
  CHECK(last.head.pid == static_cast<std::uint64_t>(getpid()));
  CHECK(last.head.incomplete == 0);
  CHECK(last.head.topics == 2);
  CHECK(std::string(last.head.name) == "counted");
  CHECK(last.topic(0) == "E_A");
  CHECK(last.topic(1) == std::string(128, 'B'));
  CHECK(last.answered(0).acknowledged == 3);
  CHECK(last.answered(0).invalid == 0);
  CHECK(last.answered(1).invalid == 1);
}

TEST_CASE_METHOD(Fixture, "a thread that begins counts on where one that ended left off") {
  begin();
  const Topic topic = publisher->topic("E_A");
  for (std::uint64_t round = 1; round <= 20; ++round) {
    std::thread([&] {
      static_cast<void>(topic.publish_encoded("no map"));
      static_cast<void>(topic.event().commit());
    }).join();
    const test::SentBatch batch = broker->expect_batch();
    CHECK(batch.p == 2 * round);
    CHECK(batch.d == round);
    broker->ack(batch.s);
    CHECK(publisher->flush(deadline) == Status::ok);
  }
  CHECK(publisher->statistics().published == 20);
  CHECK(publisher->statistics().dropped == 20);
  CHECK(counts().published(0).published == 20);
  CHECK(counts().published(0).dropped == 20);
  // The flusher gives a place back a moment after its thread has ended.
  CHECK(counts().head.threads < 20);
}

TEST_CASE_METHOD(Fixture, "many threads at once have a place each") {
  begin();
  const Topic topic = publisher->topic("E_A");
  std::vector<std::thread> threads;
  std::atomic<int> published{0};
  for (int i = 0; i < 11; ++i) {
    threads.emplace_back([&, i] {
      for (int event = 0; event <= i; ++event) static_cast<void>(topic.event().commit());
      ++published;
      while (published < 11) std::this_thread::yield();
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(counts().head.threads == 11);
  CHECK(counts().published(0).published == 66);
}

TEST_CASE_METHOD(Fixture, "a child counts in a file of its own, and what it did stays when it is killed") {
  begin();
  const Topic topic = publisher->topic("E_A");
  CHECK(topic.event().commit() == Status::ok);
  const pid_t child = fork();
  if (child == 0) {
    for (int i = 0; i < 5; ++i) static_cast<void>(topic.event().commit());
    kill(getpid(), SIGKILL);
  }
  int ended = 0;
  waitpid(child, &ended, 0);
  const Counts childs(path + "." + std::to_string(child));
  CHECK(childs.head.pid == static_cast<std::uint64_t>(child));
  CHECK(childs.head.id != counts().head.id);
  CHECK(childs.head.closed == 0);
  CHECK(childs.topic(0) == "E_A");
  CHECK(childs.published(0).published == 5);
  CHECK(counts().published(0).published == 1);
}

TEST_CASE_METHOD(Fixture, "a file whose publisher was not closed is kept, one that was closed is replaced") {
  publisher.emplace(options);
  const std::uint64_t first = counts().head.id;
  const std::string kept = path + "." + std::to_string(getpid());
  {
    const Publisher second(options);
    CHECK(counts().head.id != first);
    CHECK(Counts(kept).head.id == first);
    // It still counts there.
    CHECK(publisher->topic("E_A").event().commit() == Status::ok);
    CHECK(Counts(kept).published(0).published == 1);
  }
  std::filesystem::remove(kept);
  const Publisher third(options);
  CHECK_FALSE(std::filesystem::exists(kept));
  CHECK(std::distance(std::filesystem::directory_iterator(directory.path()), {}) == 1);
}

TEST_CASE_METHOD(Fixture, "a counters file that cannot be made is an error that names it and the reason") {
  const std::string nowhere = directory.path() + "/none/counters";
  options.counters_file = nowhere.c_str();
  try {
    const Publisher refused(options);
    FAIL("it was made");
  } catch (const Error& error) {
    CHECK(std::string(error.what()).find(nowhere) != std::string::npos);
    CHECK(std::string(error.what()).find("No such file or directory") != std::string::npos);
  }
}

TEST_CASE_METHOD(Fixture, "a foreign file in the place of the counters file is replaced") {
  std::ofstream(path) << "something else";
  publisher.emplace(options);
  CHECK(counts().head.pid == static_cast<std::uint64_t>(getpid()));
}
