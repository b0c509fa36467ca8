#include "publisher.hpp"

#include <memory>
#include <utility>

#include "fork_guard.hpp"
#include "session.hpp"

namespace zevi::shim {

namespace {

/// How long a child that could not start its session waits before it tries again.
constexpr std::chrono::milliseconds start_again_after{100};

}  // namespace

Publisher::Publisher(Options options) : options_(std::move(options)) {
  auto session = std::make_unique<Session>(options_, topics_, false);
  session->start_and_wait();
  ForkGuard::instance().add(*this);
  session_ = session.release();
}

Publisher::~Publisher() {
  delete session_;
}

zevi_status Publisher::make_lane(Lane*& lane) noexcept {
  if (is_cut_off_.load(std::memory_order_relaxed)) return ZEVI_FORKED;
  const std::lock_guard lock(mutex_);
  try {
    if (session_ == nullptr) {
      const auto now = std::chrono::steady_clock::now();
      if (now < next_start_) return ZEVI_SYSTEM;
      next_start_ = now + start_again_after;
      auto session = std::make_unique<Session>(options_, topics_, true);
      session->start();
      session_ = session.release();
    }
    lane = session_->add_lane();
    return ZEVI_OK;
  } catch (const std::bad_alloc&) {
    return ZEVI_NO_MEMORY;
  } catch (const std::exception&) {
    return ZEVI_SYSTEM;
  }
}

Session* Publisher::session() const noexcept {
  const std::lock_guard lock(mutex_);
  return session_;
}

zevi_status Publisher::flush(std::chrono::nanoseconds timeout, std::uint64_t& unacknowledged) {
  Session* const running = session();
  unacknowledged = 0;
  if (running == nullptr) return ZEVI_OK;
  return running->flush(timeout, unacknowledged) ? ZEVI_OK : ZEVI_TIMEOUT;
}

zevi_status Publisher::close() {
  ForkGuard::instance().remove(*this);
  if (session_ == nullptr) return ZEVI_OK;
  return session_->close(options_.linger) ? ZEVI_OK : ZEVI_TIMEOUT;
}

void Publisher::statistics(zevi_statistics& statistics) const noexcept {
  const Session* const running = session();
  if (running != nullptr) running->statistics(statistics);
  statistics.dropped += dropped_.load(std::memory_order_relaxed);
  statistics.forked = forked_.load(std::memory_order_relaxed);
}

void Publisher::lock_for_fork() {
  mutex_.lock();
  topics_.lock();
}

void Publisher::unlock_after_fork() {
  topics_.unlock();
  mutex_.unlock();
}

Session* Publisher::become_child(std::uint64_t serial) noexcept {
  Session* const parents = session_;
  session_ = nullptr;
  set_serial(serial);
  topics_.become_child();
  forked_.store(0, std::memory_order_relaxed);
  dropped_.store(0, std::memory_order_relaxed);
  is_cut_off_.store(options_.is_inproc() && options_.fork_endpoint.empty(), std::memory_order_relaxed);
  next_start_ = {};
  return parents;
}

}  // namespace zevi::shim
