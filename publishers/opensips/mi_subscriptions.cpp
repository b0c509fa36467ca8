#include "mi_subscriptions.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "zevi/error.hpp"

namespace zevi::ingest {

namespace {

using std::chrono::seconds;

constexpr seconds retry_after{5};

}  // namespace

MiSubscriptions::MiSubscriptions(Options options, const program::Log& log)
    : options_(std::move(options)), log_(log), client_(options_.mi, options_.reply_dir) {}

MiSubscriptions::~MiSubscriptions() {
  stop();
  if (thread_.joinable()) thread_.join();
}

void MiSubscriptions::start() {
  thread_ = std::thread([this] { run(); });
}

void MiSubscriptions::stop() {
  const std::lock_guard lock(mutex_);
  stop_ = true;
  changed_.notify_all();
}

void MiSubscriptions::run() {
  while (!wait_stopped(subscribe_all())) {
  }
  unsubscribe_all();
  finished_.store(true, std::memory_order_release);
}

bool MiSubscriptions::wait_stopped(seconds time_max) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, time_max, [this] { return stop_; });
}

bool MiSubscriptions::stopping() {
  const std::lock_guard lock(mutex_);
  return stop_;
}

void MiSubscriptions::ask(const std::string& event, seconds expire) {
  const nlohmann::json params{{"event", event}, {"socket", options_.socket}, {"expire", expire.count()}};
  client_.call("event_subscribe", params.dump());
}

/// An event that OpenSIPS does not know now may be one of a script that raises it later, so every event is
/// asked for in every round.
seconds MiSubscriptions::subscribe_all() {
  std::string trouble;
  std::size_t good = 0;
  for (const std::string& event : options_.events) {
    if (stopping()) break;
    try {
      ask(event, options_.expire);
      ++good;
    } catch (const MiRefused& error) {
      trouble += (trouble.empty() ? "" : "; ") + std::string(error.what());
    } catch (const Error& error) {
      // Nobody there: the others would only wait as long.
      trouble = error.what();
      break;
    }
  }
  say(trouble);
  if (trouble.empty() && !subscribed_) {
    log_.info("OpenSIPS at " + to_string(options_.mi) + " sends " + std::to_string(good) + " events to " +
              options_.socket);
  }
  subscribed_ = good > 0;
  const seconds renew = std::max(options_.expire / 3, seconds(1));
  return trouble.empty() ? renew : std::min(renew, retry_after);
}

void MiSubscriptions::say(const std::string& trouble) {
  if (!trouble.empty() && trouble != trouble_) log_.warning(trouble + "; trying again");
  trouble_ = trouble;
}

/// A subscription that lasts 0 seconds is over at the next event: OpenSIPS has no other word for it.
void MiSubscriptions::unsubscribe_all() noexcept {
  if (!subscribed_) return;
  for (const std::string& event : options_.events) {
    try {
      ask(event, seconds(0));
    } catch (const MiRefused&) {
      // It was never subscribed to.
    } catch (const std::exception& error) {
      log_.warning(std::string("cannot give the subscriptions back: ") + error.what());
      return;
    }
  }
}

}  // namespace zevi::ingest
