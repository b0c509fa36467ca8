#include "runtime/answer_queue.hpp"

#include <optional>
#include <vector>

#include "catch.hpp"

using zevi::broker::AnswerQueue;

namespace {

/// Frames that libzmq has not freed.
class UnderWay {
 public:
  void hold(AnswerQueue& queue, std::size_t bytes) {
    zmq::message_t content("body", 4);
    frames_.push_back(queue.hold(content, bytes));
  }
  void free_oldest() { frames_.erase(frames_.begin()); }
  void free_all() { frames_.clear(); }

 private:
  std::vector<zmq::message_t> frames_;
};

std::shared_ptr<AnswerQueue::Count> nothing_queued() {
  return std::make_shared<AnswerQueue::Count>(0);
}

}  // namespace

TEST_CASE("a frame that is held has the content of a message and is counted until it is freed") {
  const auto all = nothing_queued();
  AnswerQueue queue(all);
  auto content = std::make_optional<zmq::message_t>(std::string(1000, 'x'));
  auto frame = std::make_optional<zmq::message_t>(queue.hold(*content, 1100));
  content.reset();
  CHECK(frame->to_string() == std::string(1000, 'x'));
  CHECK(all->load() == 1100);
  CHECK_FALSE(queue.is_empty());
  frame.reset();
  CHECK(all->load() == 0);
  CHECK(queue.is_empty());
}

TEST_CASE("a reader has room up to its own limit, and any frame fits an empty queue") {
  AnswerQueue queue(nothing_queued());
  UnderWay frames;
  CHECK(queue.has_room(10 * AnswerQueue::bytes_max));
  frames.hold(queue, 1000);
  CHECK(queue.has_room(AnswerQueue::bytes_max - 1000));
  CHECK_FALSE(queue.has_room(AnswerQueue::bytes_max - 999));
  frames.free_oldest();
  CHECK(queue.has_room(AnswerQueue::bytes_max + 1));
}

TEST_CASE("when all readers have used up what they share, each still has its own part") {
  const auto all = nothing_queued();
  UnderWay frames;
  std::vector<AnswerQueue> stuck;
  for (std::size_t left = AnswerQueue::all_bytes_max; left > 0; left -= AnswerQueue::bytes_max) {
    stuck.emplace_back(all);
    REQUIRE(stuck.back().has_room(AnswerQueue::bytes_max));
    frames.hold(stuck.back(), AnswerQueue::bytes_max);
  }
  UnderWay taken;
  AnswerQueue honest(all);
  CHECK(honest.has_room(100'000));
  taken.hold(honest, 100'000);
  CHECK(honest.has_room(AnswerQueue::own_bytes - 100'000));
  CHECK_FALSE(honest.has_room(AnswerQueue::own_bytes - 99'999));
  taken.free_all();
  CHECK(honest.has_room(100'000));
  taken.hold(honest, 100'000);
  frames.free_oldest();
  CHECK(honest.has_room(AnswerQueue::own_bytes));
}

TEST_CASE("a frame may outlive the queue that counted it") {
  const auto all = nothing_queued();
  UnderWay frames;
  {
    AnswerQueue queue(all);
    frames.hold(queue, 1000);
  }
  CHECK(all->load() == 1000);
  frames.free_all();
  CHECK(all->load() == 0);
}
