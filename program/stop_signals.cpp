#include "stop_signals.hpp"

#include <pthread.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "zevi/error.hpp"

namespace zevi::program {

StopSignals::StopSignals(Hangup hangup) {
  sigemptyset(&signals_);
  sigaddset(&signals_, SIGINT);
  sigaddset(&signals_, SIGTERM);
  if (hangup == Hangup::is_taken) sigaddset(&signals_, SIGHUP);
  pthread_sigmask(SIG_BLOCK, &signals_, nullptr);
  fd_ = signalfd(-1, &signals_, SFD_NONBLOCK | SFD_CLOEXEC);
  if (fd_ < 0) throw Error("cannot watch for signals: out of file descriptors");
}

StopSignals::~StopSignals() {
  close(fd_);
}

int StopSignals::take() noexcept {
  signalfd_siginfo info;
  if (read(fd_, &info, sizeof info) != static_cast<ssize_t>(sizeof info)) return 0;
  if (info.ssi_signo != SIGHUP) pthread_sigmask(SIG_UNBLOCK, &signals_, nullptr);
  return static_cast<int>(info.ssi_signo);
}

}  // namespace zevi::program
