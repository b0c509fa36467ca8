#include "session.hpp"

#include <pthread.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <exception>
#include <new>
#include <system_error>

#include "zevi/error.hpp"
#include "zevi/limits.hpp"
#include "zevi/random_id.hpp"

namespace zevi::shim {

namespace {

constexpr std::chrono::seconds open_again_after{1};
constexpr std::chrono::milliseconds memory_again_after{10};
constexpr std::chrono::milliseconds goodbye_linger_min{10};

/// The worker's signals are for the worker's threads: a thread started under this takes none.
class AllSignalsBlocked {
 public:
  AllSignalsBlocked() noexcept {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~AllSignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  AllSignalsBlocked(const AllSignalsBlocked&) = delete;
  AllSignalsBlocked& operator=(const AllSignalsBlocked&) = delete;

 private:
  sigset_t before_;
};

/// Null without the option.
std::unique_ptr<CountersFile> make_counters_file(const Options& options, bool is_child, std::uint64_t id) {
  if (options.counters_file.empty()) return nullptr;
  if (!is_child) return std::make_unique<CountersFile>(options.counters_file, options.name, id);
  try {
    const std::string path = options.counters_file + "." + std::to_string(getpid());
    return std::make_unique<CountersFile>(path, options.name, id);
  } catch (const Error&) {
    return nullptr;  // nobody is there to be told, and its events are worth more than their count
  }
}

}  // namespace

Session::Session(const Options& options, Topics& topics, bool is_child)
    : options_(options),
      topics_(topics),
      is_child_(is_child),
      id_(random_id()),
      counters_file_(make_counters_file(options, is_child, id_)),
      lanes_(counters_file_.get()) {
  if (counters_file_ == nullptr) return;
  counters_.by_topic = counters_file_->answers();
  topics_.tell(counters_file_.get());
}

Session::~Session() {
  stop(std::chrono::nanoseconds(0));
  topics_.tell(nullptr);
}

void Session::start() {
  start_thread();
}

void Session::start_and_wait() {
  must_start_ = true;
  std::future<void> started = started_.get_future();
  try {
    start_thread();
  } catch (const std::system_error& error) {
    throw Error(std::string("cannot start a thread: ") + error.what());
  }
  started.get();
}

void Session::start_thread() {
  const AllSignalsBlocked blocked;
  thread_ = std::thread([this] { run(); });
}

void Session::run() noexcept {
  pthread_setname_np(pthread_self(), "zevi-flusher");
  try {
    flusher_ = make_flusher();
    if (flusher_ == nullptr) return;
    keep_flushing(*flusher_);
    flusher_->say_bye();
    flusher_->link().set_linger(last_linger_);
  } catch (const std::exception&) {
    // The caller has ended its ZeroMQ context, which waits for our socket to be closed: from now on the rings
    // fill, and the policy for full rings applies.
    counters_.connected.store(false, std::memory_order_relaxed);
  }
  flusher_.reset();
}

std::unique_ptr<Flusher> Session::make_flusher() {
  const FlusherParts parts{options_, topics_, lanes_, flush_requests_, counters_, id_};
  while (!stop_.load(std::memory_order_acquire)) {
    try {
      void* const context = is_child_ ? nullptr : options_.zmq_context;
      auto flusher = std::make_unique<Flusher>(parts, context, Address(options_, is_child_));
      if (must_start_) started_.set_value();
      return flusher;
    } catch (const std::exception&) {
      if (must_start_) {
        started_.set_exception(std::current_exception());
        return nullptr;
      }
    }
    wakeup_.wait(-1, open_again_after);
  }
  return nullptr;
}

void Session::keep_flushing(Flusher& flusher) {
  while (!stop_.load(std::memory_order_acquire)) {
    try {
      const Clock::time_point now = Clock::now();
      const Flusher::Work work = flusher.do_work(now);
      if (!work.is_stuck) wakeup_.has_looked();
      if (work.found_events && !work.is_stuck) {
        collect(flusher, now + std::max<std::chrono::nanoseconds>(options_.flush_interval, flusher.pace()));
      } else {
        sleep(flusher, work.is_stuck);
      }
    } catch (const std::bad_alloc&) {
      wakeup_.wait(-1, memory_again_after);
    } catch (const zmq::error_t& error) {
      // Of a message for which there is no memory.
      if (error.num() != ENOMEM) throw;
      wakeup_.wait(-1, memory_again_after);
    }
  }
}

void Session::collect(Flusher& flusher, Clock::time_point until) {
  for (Clock::time_point now = Clock::now(); now < until; now = Clock::now()) {
    // What the broker says can wait for so long, and reading it at once would only wake us more often.
    const bool is_short = until - now <= limits::pace_max;
    if (!is_short && flusher.link().needs_attention()) {
      flusher.converse(now);
    } else if (wakeup_.wait(is_short ? -1 : flusher.link().descriptor(), until - now)) {
      return;
    }
  }
}

void Session::sleep(Flusher& flusher, bool is_stuck) {
  // While the window is full no event is looked for, and no thread needs to wake us for one.
  if (!is_stuck) {
    wakeup_.about_to_sleep();
    if (flusher.has_events()) return wakeup_.awake();
  }
  if (!flusher.link().needs_attention()) {
    wakeup_.wait(flusher.link().descriptor(), flusher.next_deadline() - Clock::now());
  }
  wakeup_.awake();
}

void Session::end(Lane& lane) noexcept {
  lane.end();
  wakeup_.wake();
}

bool Session::flush(std::chrono::nanoseconds timeout, std::uint64_t& left) {
  left = 0;
  const std::uint64_t request = flush_requests_.make();
  wakeup_.wake();
  if (flush_requests_.wait(request, timeout)) return true;
  // The flusher may just not have had its turn.
  left = unacknowledged();
  return left == 0;
}

std::uint64_t Session::unacknowledged() const noexcept {
  // In this order: what has been acknowledged was published before.
  const std::uint64_t done = counters_.acknowledged.load() + counters_.invalid.load();
  return lanes_.totals().published - done;
}

void Session::statistics(zevi_statistics& statistics) const noexcept {
  statistics.acknowledged = counters_.acknowledged.load();
  statistics.invalid = counters_.invalid.load();
  statistics.sent = counters_.sent.load();
  statistics.resent = counters_.resent.load();
  statistics.connected = counters_.connected.load() ? 1 : 0;
  statistics.window_batches = counters_.window_batches.load();
  statistics.window_bytes = counters_.window_bytes.load();
  const Lanes::Totals totals = lanes_.totals();
  statistics.published = totals.published;
  statistics.dropped = totals.dropped;
  statistics.suppressed = totals.suppressed;
}

bool Session::close(std::chrono::nanoseconds linger) {
  const Clock::time_point end = Clock::now() + linger;
  std::uint64_t left = 0;
  const bool all = flush(linger, left);
  stop(std::max<std::chrono::nanoseconds>(end - Clock::now(), std::chrono::nanoseconds(0)));
  if (counters_file_ != nullptr) counters_file_->close();
  return all;
}

void Session::stop(std::chrono::nanoseconds linger) {
  if (!thread_.joinable()) return;
  last_linger_ = std::max(std::chrono::duration_cast<std::chrono::milliseconds>(linger), goodbye_linger_min);
  stop_.store(true, std::memory_order_release);
  wakeup_.wake();
  thread_.join();
}

}  // namespace zevi::shim
