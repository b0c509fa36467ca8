#include "simulated_link.hpp"

namespace zevi::simulation {

void Stream::disconnect() {
  if (!is_connected_) return;
  is_connected_ = false;
  was_lost_ = true;
  // What was still on the way never arrives.
  while (!queue_.empty() && happens(random_, 2)) queue_.pop_back();
}

void Stream::send(const Message& message, bool is_lossy) {
  if (!is_connected_ || (is_lossy && happens(random_, 6))) return;
  queue_.emplace_back(message);
}

bool Stream::take_loss() noexcept {
  const bool was_lost = was_lost_;
  was_lost_ = false;
  return was_lost;
}

std::optional<Stream::Item> Stream::receive() {
  if (queue_.empty()) return std::nullopt;
  Item item = std::move(queue_.front());
  queue_.pop_front();
  return item;
}

void Line::set_up(bool is_up) noexcept {
  is_up_ = is_up;
  if (!is_up) cut();
}

void Line::cut() noexcept {
  is_dead_ = is_open_;
  questions_.clear();
  under_way_.clear();
}

void Line::work() {
  if (!questions_.empty()) {
    for (auto& part : broker_.answer(questions_.front())) under_way_.push_back(std::move(part));
    questions_.pop_front();
    return;
  }
  for (std::uint64_t parts = up_to(random_, 4); parts > 0 && !under_way_.empty(); --parts) {
    here_.push_back(std::move(under_way_.front()));
    under_way_.pop_front();
  }
}

bool Line::ask(const std::string& question) {
  if (!is_open_) {
    if (!is_up_) return false;
    is_open_ = true;
    is_dead_ = false;
  }
  if (!is_dead_) questions_.push_back(question);
  return true;
}

bool Line::receive(std::vector<zmq::message_t>& frames) {
  if (here_.empty()) return false;
  frames.clear();
  for (const std::string& frame : here_.front()) frames.emplace_back(frame);
  here_.pop_front();
  return true;
}

void Line::hang_up() noexcept {
  is_open_ = false;
  is_dead_ = false;
  questions_.clear();
  under_way_.clear();
  here_.clear();
}

}  // namespace zevi::simulation
