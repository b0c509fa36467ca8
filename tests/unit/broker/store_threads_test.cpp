#include <chrono>
#include <condition_variable>
#include <mutex>

#include "catch.hpp"
#include "memory_database.hpp"
#include "store/fetcher.hpp"
#include "store/writer.hpp"

using namespace std::chrono_literals;
using namespace zevi::broker;
using zevi::test::MemoryDatabase;

namespace {

/// What the routing thread does: it is woken, and looks at the progress.
class Watcher {
 public:
  void wake() {
    {
      const std::lock_guard lock(mutex_);
      is_woken_ = true;
    }
    changed_.notify_one();
  }

  /// Waits until `is_done()`, looking each time that it is woken.
  template <typename IsDone>
  bool wait_until(IsDone is_done) {
    const auto end = std::chrono::steady_clock::now() + 20s;
    while (!is_done()) {
      std::unique_lock lock(mutex_);
      if (!changed_.wait_until(lock, end, [this] { return is_woken_; })) return false;
      is_woken_ = false;
    }
    return true;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool is_woken_ = false;
};

/// A writer, and the sums of its progress.
struct Scene {
  MemoryDatabase database;
  Watcher watcher;
  StoreWriter writer{database, [this] { watcher.wake(); }};
  std::uint64_t given = 0;

  std::uint64_t written_s = 0;
  std::uint64_t synced_s = 0;
  StoreProgress sums;

  void give(bool may_be_left_out, bool must_be_synced = false) {
    ++given;
    Parcel parcel;
    MessageToStore& message = parcel.changes.messages.emplace_back();
    message.segment = 1;
    message.topic = 1;
    message.q = given;
    message.n = 1;
    message.topic_name = "T";
    message.may_be_left_out = may_be_left_out;
    parcel.changes.rows.push_back({"row", std::to_string(given)});
    parcel.marks.push_back({7, given});
    parcel.must_be_synced = must_be_synced;
    parcel.bytes = message.bytes();
    writer.give(std::move(parcel));
  }

  void look() {
    StoreProgress progress;
    writer.take_progress(progress);
    for (const PublisherMark& mark : progress.written) written_s = std::max(written_s, mark.s);
    for (const PublisherMark& mark : progress.synced) synced_s = std::max(synced_s, mark.s);
    sums.written_events += progress.written_events;
    sums.left_out_events += progress.left_out_events;
    sums.failures += progress.failures;
    if (progress.fault) sums.fault = progress.fault;
    for (auto& warning : progress.warnings) sums.warnings.push_back(warning);
  }
  template <typename IsDone>
  bool wait_until(IsDone is_done) {
    return watcher.wait_until([&] {
      look();
      return is_done();
    });
  }
};

}  // namespace

TEST_CASE("what is given is written, in the order in which it was given, and told") {
  Scene scene;
  for (int i = 0; i < 5000; ++i) scene.give(i % 2 == 0);
  REQUIRE(scene.wait_until([&] { return scene.written_s == 5000; }));
  CHECK(scene.sums.written_events == 5000);
  CHECK(scene.database.numbers().size() == 5000);
  CHECK(scene.database.rows().at("row") == "5000");
  CHECK(scene.writer.parcels_done() == 5000);
  CHECK(scene.writer.waiting_bytes() == 0);
}

TEST_CASE("what somebody waits for is synced at once, everything else a little later") {
  Scene scene;
  scene.give(true);
  REQUIRE(scene.wait_until([&] { return scene.written_s == 1; }));
  scene.give(false, true);
  REQUIRE(scene.wait_until([&] { return scene.synced_s == 2; }));
  scene.give(true);
  REQUIRE(scene.wait_until([&] { return scene.synced_s == 3; }));
  CHECK(scene.database.syncs >= 2);
}

TEST_CASE("stopping writes and syncs everything that was given") {
  Scene scene;
  for (int i = 0; i < 100; ++i) scene.give(true);
  CHECK(scene.writer.stop());
  scene.look();
  CHECK(scene.written_s == 100);
  CHECK(scene.synced_s == 100);
  CHECK(scene.database.numbers().size() == 100);
}

TEST_CASE("a disk that cannot be synced has failed, and recovers without anything new to write") {
  Scene scene;
  scene.database.is_sync_failing = true;
  scene.give(true);
  REQUIRE(scene.wait_until([&] { return scene.sums.failures == 1; }));
  CHECK(scene.sums.fault == "no space");
  CHECK(scene.writer.is_failing());
  CHECK(scene.written_s == 1);
  CHECK(scene.synced_s == 0);
  scene.database.is_sync_failing = false;
  REQUIRE(scene.wait_until([&] { return scene.synced_s == 1; }));
  CHECK(scene.sums.fault->empty());
  CHECK(scene.sums.failures == 1);
  CHECK_FALSE(scene.writer.is_failing());
  CHECK(scene.writer.parcels_done() == 1);
}

TEST_CASE("while the disk fails, nothing is claimed; what was promised is written when it recovers") {
  Scene scene;
  scene.database.is_failing = true;
  scene.give(true);
  scene.give(false);
  scene.give(true);
  scene.give(false);
  REQUIRE(scene.wait_until([&] { return scene.sums.left_out_events == 2; }));
  CHECK(scene.writer.is_failing());
  CHECK(scene.written_s == 0);
  CHECK(scene.sums.failures == 1);
  scene.database.is_failing = false;
  REQUIRE(scene.wait_until([&] { return scene.written_s == 4; }));
  CHECK_FALSE(scene.writer.is_failing());
  CHECK(scene.database.numbers() == std::vector<std::uint64_t>{2, 4});
  CHECK(scene.database.rows().at("row") == "4");
  CHECK(scene.sums.warnings.size() == 2);
  CHECK(scene.writer.waiting_bytes() == 0);
}

TEST_CASE("a writer that is stopped while the disk fails says that not all is written") {
  Scene scene;
  scene.database.is_failing = true;
  scene.give(false);
  CHECK_FALSE(scene.writer.stop());
  scene.look();
  CHECK(scene.written_s == 0);
}

TEST_CASE("an order is read once the parcel that it waits for is written") {
  Scene scene;
  StoreFetcher fetcher(
      scene.database, [&] { return scene.writer.parcels_done(); }, [&] { scene.watcher.wake(); });
  for (int i = 0; i < 10; ++i) scene.give(true);
  FetchOrder order;
  order.segment = 1;
  order.topic_number = 1;
  order.q = 4;
  order.end_q = 11;
  order.bytes_max = 1'000'000;
  order.after_parcel = 10;
  fetcher.order(std::move(order));
  std::vector<Fetched> fetched;
  REQUIRE(scene.watcher.wait_until([&] {
    fetcher.take(fetched);
    return !fetched.empty();
  }));
  REQUIRE(fetched.size() == 1);
  REQUIRE(fetched[0].messages.size() == 7);
  CHECK(fetched[0].messages[0].message.q == 4);
  CHECK(fetched[0].end_q == 11);
}
