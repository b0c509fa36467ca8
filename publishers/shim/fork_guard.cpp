#include "fork_guard.hpp"

#include <pthread.h>

#include <algorithm>

#include "session.hpp"

namespace zevi::shim {

ForkGuard& ForkGuard::instance() {
  // Never destroyed: threads may end, and publishers be used, while static objects are destroyed.
  static ForkGuard* const guard = new ForkGuard;
  return *guard;
}

namespace {

// Made when the library is loaded and not at the first use: a fork in the middle of that would leave the
// child with a guard half made.
[[maybe_unused]] ForkGuard& made_at_load = ForkGuard::instance();

}  // namespace

ForkGuard::ForkGuard() {
  pthread_atfork([] { instance().before_fork(); }, [] { instance().in_parent(); },
                 [] { instance().in_child(); });
}

void ForkGuard::add(Publisher& publisher) {
  const std::lock_guard lock(mutex_);
  publishers_.push_back(&publisher);
  publisher.set_serial(++last_serial_);
}

void ForkGuard::remove(Publisher& publisher) noexcept {
  const std::lock_guard lock(mutex_);
  publishers_.erase(std::remove(publishers_.begin(), publishers_.end(), &publisher), publishers_.end());
}

void ForkGuard::before_fork() {
  mutex_.lock();
  for (Publisher* publisher : publishers_) publisher->lock_for_fork();
  context_mutex_.lock();
}

void ForkGuard::in_parent() {
  context_mutex_.unlock();
  for (Publisher* publisher : publishers_) publisher->unlock_after_fork();
  mutex_.unlock();
}

void ForkGuard::in_child() {
  context_mutex_.unlock();
  for (Publisher* publisher : publishers_) {
    Session* const session = publisher->become_child(++last_serial_);
    if (session != nullptr) {
      session->inherited_from = inherited_;
      inherited_ = session;
    }
    publisher->unlock_after_fork();
  }
  mutex_.unlock();
}

}  // namespace zevi::shim
