#include "fetcher.hpp"

#include <pthread.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <utility>

#include "sequencing/oldest_event.hpp"

namespace zevi::broker {

namespace {

/// A reader may ask for what is still on its way to the disk. When that does not move on, it is told what is
/// there.
constexpr std::chrono::milliseconds write_patience{2000};
constexpr std::chrono::milliseconds write_look_interval{1};

}  // namespace

StoreFetcher::StoreFetcher(Database& database, std::function<std::uint64_t()> parcels_done,
                           std::function<void()> wake)
    : database_(database),
      parcels_done_(std::move(parcels_done)),
      wake_(std::move(wake)),
      thread_([this] { run(); }) {}

StoreFetcher::~StoreFetcher() {
  {
    const std::lock_guard lock(mutex_);
    is_stopping_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

void StoreFetcher::order(FetchOrder&& order) {
  {
    const std::lock_guard lock(mutex_);
    orders_.push_back(std::move(order));
  }
  changed_.notify_one();
}

void StoreFetcher::take(std::vector<Fetched>& fetched) {
  const std::lock_guard lock(mutex_);
  std::swap(fetched, fetched_);
}

void StoreFetcher::run() {
  pthread_setname_np(pthread_self(), "zevi-store-read");
  for (;;) {
    FetchOrder next;
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [this] { return is_stopping_ || !orders_.empty(); });
      if (is_stopping_) return;
      next = orders_.front();
      orders_.pop_front();
    }
    wait_until_written(next.after_parcel);
    Fetched fetched = read(next);
    {
      const std::lock_guard lock(mutex_);
      fetched_.push_back(std::move(fetched));
    }
    wake_();
  }
}

void StoreFetcher::wait_until_written(std::uint64_t parcel) {
  const auto end = std::chrono::steady_clock::now() + write_patience;
  while (parcels_done_() < parcel && !is_stopping_ && std::chrono::steady_clock::now() < end) {
    std::this_thread::sleep_for(write_look_interval);
  }
}

Fetched StoreFetcher::read(const FetchOrder& order) {
  Fetched fetched;
  fetched.order = order;
  fetched.end_q = order.end_q;
  fetched.fault = database_.read_messages(
      order.segment, order.topic_number, order.q, [&](const MessageKey& key, const MessageView& view) {
        if (order.since && view.at < *order.since) return true;
        FetchedMessage& added = fetched.messages.emplace_back();
        StoredMessage& message = added.message;
        message.q = key.q;
        message.n = view.n;
        message.at = view.at;
        message.header = zmq::message_t(view.header.data(), view.header.size());
        message.body = zmq::message_t(view.body.data(), view.body.size());
        if (order.needs_oldest) added.oldest_ns = oldest_event_ns(view.body, view.at);
        fetched.bytes += view.header.size() + view.body.size();
        const bool is_enough = fetched.bytes >= order.bytes_max;
        if (is_enough) fetched.end_q = message.end_q();
        return !is_enough;
      });
  return fetched;
}

}  // namespace zevi::broker
