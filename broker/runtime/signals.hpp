#pragma once

#include <pthread.h>

#include <csignal>

namespace zevi::broker {

/// Signals are for the threads of the program that the broker is part of: no thread of the broker takes any.
/// A thread takes over what the one that starts it has blocked, so this covers those of libraries too, which
/// are started while one of these lives. Then the calling thread takes signals as before.
class SignalsBlocked {
 public:
  SignalsBlocked() noexcept {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before_);
  }
  ~SignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;

 private:
  sigset_t before_{};
};

}  // namespace zevi::broker
