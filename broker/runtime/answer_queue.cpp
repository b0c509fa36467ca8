#include "answer_queue.hpp"

#include <utility>

namespace zevi::broker {

namespace {

using Count = AnswerQueue::Count;

/// The content of a frame that is under way, and where it is counted.
class Charge {
 public:
  Charge(std::shared_ptr<Count> all, std::shared_ptr<Count> reader, zmq::message_t& of, std::size_t bytes)
      : all_(std::move(all)), reader_(std::move(reader)), bytes_(bytes) {
    content.copy(of);
    all_->fetch_add(bytes_, std::memory_order_relaxed);
    reader_->fetch_add(bytes_, std::memory_order_relaxed);
  }
  ~Charge() {
    all_->fetch_sub(bytes_, std::memory_order_relaxed);
    reader_->fetch_sub(bytes_, std::memory_order_relaxed);
  }
  Charge(const Charge&) = delete;
  Charge& operator=(const Charge&) = delete;

  zmq::message_t content;

 private:
  std::shared_ptr<Count> all_;
  std::shared_ptr<Count> reader_;
  std::size_t bytes_;
};

void give_back(void* /*data*/, void* charge) {
  delete static_cast<Charge*>(charge);
}

}  // namespace

AnswerQueue::AnswerQueue(std::shared_ptr<Count> all)
    : all_(std::move(all)), bytes_(std::make_shared<Count>(0)) {}

bool AnswerQueue::has_room(std::size_t bytes) const noexcept {
  const std::size_t queued = bytes_->load(std::memory_order_relaxed);
  if (queued == 0 || queued + bytes <= own_bytes) return true;
  return queued + bytes <= bytes_max && all_->load(std::memory_order_relaxed) + bytes <= all_bytes_max;
}

zmq::message_t AnswerQueue::hold(zmq::message_t& content, std::size_t message_bytes) {
  auto charge = std::make_unique<Charge>(all_, bytes_, content, message_bytes);
  zmq::message_t frame(charge->content.data(), charge->content.size(), give_back, charge.get());
  static_cast<void>(charge.release());
  return frame;
}

}  // namespace zevi::broker
