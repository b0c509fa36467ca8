#include "broker.hpp"

#include <pthread.h>

#include <algorithm>
#include <exception>
#include <mutex>
#include <utility>

#include "egress/routes.hpp"
#include "history/retention.hpp"
#include "runtime/signals.hpp"
#include "runtime/socket_wait.hpp"
#include "store/store_options.hpp"
#include "zevi/endpoints.hpp"

namespace zevi {

namespace {

std::string endpoint_or_default(const std::string& chosen, const std::string& runtime_dir,
                                std::string_view name) {
  if (!chosen.empty()) return chosen;
  if (runtime_dir.empty()) {
    throw Error("no endpoint for " + std::string(name) + ": give it, or a runtime directory");
  }
  return ipc_endpoint(runtime_dir, name);
}

broker::Endpoints endpoints_of(const BrokerOptions& options) {
  return {endpoint_or_default(options.ingress, options.runtime_dir, endpoint_names::ingress),
          endpoint_or_default(options.stream, options.runtime_dir, endpoint_names::stream),
          endpoint_or_default(options.events, options.runtime_dir, endpoint_names::events),
          endpoint_or_default(options.replay, options.runtime_dir, endpoint_names::replay),
          options.control.empty() && options.runtime_dir.empty()
              ? std::string()
              : endpoint_or_default(options.control, options.runtime_dir, endpoint_names::control),
          {}};
}

}  // namespace

class Broker::Impl {
 public:
  Impl(BrokerOptions options, zmq::context_t* context)
      : options_(std::move(options)),
        own_context_(context == nullptr ? std::make_unique<zmq::context_t>(1) : nullptr),
        context_(context == nullptr ? *own_context_ : *context) {}

  void start() {
    if (routing_) throw Error("the broker runs already");
    Broker::check(options_);
    const broker::Endpoints wanted = endpoints_of(options_);
    if (!options_.runtime_dir.empty()) {
      const broker::Security security = broker::Security::read(options_);
      directory_.emplace(options_.runtime_dir, broker::directory_mode(security.socket_mode),
                         security.socket_group);
    }
    // Until all threads run: those of the database are started as it is opened.
    const broker::SignalsBlocked blocked;
    routing_ =
        std::make_unique<broker::Routing>(options_, context_, wanted, directory_ ? &*directory_ : nullptr,
                                          counters_, [this] { wakeup_.signal(); });
    endpoints_ = routing_->endpoints();
    stopping_ = false;
    running_ = true;
    thread_ = std::thread([this] { run(); });
    warn_of_routes();
  }

  std::vector<std::string> reload(const BrokerOptions& options) {
    Broker::check(options);
    if (!routing_) throw Error("the broker does not run");
    broker::Reload reload = broker::prepare_reload(options_, options);
    options_ = reload.options;
    std::vector<std::string> refused = std::move(reload.need_restart);
    {
      const std::lock_guard lock(reload_mutex_);
      reload_ = std::move(reload);
    }
    has_reload_ = true;
    wakeup_.signal();
    return refused;
  }

  void stop() {
    if (!thread_.joinable()) return;
    stopping_ = true;
    wakeup_.signal();
    thread_.join();
    routing_.reset();
    directory_.reset();
  }

  [[nodiscard]] std::uint64_t rounds() const noexcept { return rounds_.load(std::memory_order_relaxed); }
  [[nodiscard]] bool is_running() const noexcept { return running_; }
  [[nodiscard]] const broker::Endpoints& endpoints() const noexcept { return endpoints_; }
  [[nodiscard]] std::vector<CounterValue> statistics() const { return counters_.snapshot(); }
  [[nodiscard]] std::shared_ptr<const BrokerFigures> figures() const { return routing_->figures(); }

 private:
  void run() noexcept {
    pthread_setname_np(pthread_self(), "zevi-routing");
    try {
      broker::SocketWait waiting(routing_->sockets(), wakeup_.fd());
      while (!stopping_) {
        rounds_.fetch_add(1, std::memory_order_relaxed);
        if (waiting.wait_until(routing_->do_work())) wakeup_.clear();
        if (has_reload_.exchange(false)) take_over();
      }
      routing_->drain(options_.drain_max);
      routing_->close();
    } catch (const std::exception& error) {
      if (options_.log) options_.log(LogLevel::error, std::string("the broker stops: ") + error.what());
    }
    running_ = false;
  }

  void warn_of_routes() {
    for (const std::string& prefix : broker::prefixes_without_stream(options_)) {
      if (!options_.log) return;
      options_.log(LogLevel::warning, "libraries find nothing of " + prefix +
                                          "* live: give its route also, or "
                                          "one more with format=stream");
    }
  }

  void take_over() {
    const std::lock_guard lock(reload_mutex_);
    // Of two that come at once the later one holds, and is taken over once.
    if (auto reload = std::exchange(reload_, std::nullopt)) routing_->reload(std::move(*reload));
  }

  BrokerOptions options_;
  std::unique_ptr<zmq::context_t> own_context_;
  zmq::context_t& context_;
  broker::Counters counters_;
  broker::Wakeup wakeup_;
  std::optional<broker::RuntimeDirectory> directory_;
  std::unique_ptr<broker::Routing> routing_;
  broker::Endpoints endpoints_;
  std::atomic<bool> stopping_{false};
  std::atomic<bool> running_{false};
  std::atomic<std::uint64_t> rounds_{0};
  std::mutex reload_mutex_;
  std::optional<broker::Reload> reload_;  ///< for the routing thread
  std::atomic<bool> has_reload_{false};
  std::thread thread_;
};

Broker::Broker(BrokerOptions options) : impl_(std::make_unique<Impl>(std::move(options), nullptr)) {}

Broker::Broker(BrokerOptions options, zmq::context_t& context)
    : impl_(std::make_unique<Impl>(std::move(options), &context)) {}

Broker::~Broker() {
  impl_->stop();
}

void Broker::check(const BrokerOptions& options) {
  using namespace std::chrono_literals;
  if (options.interest_linger < 0ms || options.interest_linger > 1h) {
    throw Error("interest-linger must be between 0 and 1h");
  }
  if (options.coalesce_max < 0us || options.coalesce_max > 1s)
    throw Error("coalesce must be between 0 and 1s");
  if (options.subscriber_budget_bytes < (std::size_t{1} << 20))
    throw Error("subscriber-budget must be at least 1MiB");
  if (options.events_queue_max < 1 || options.events_queue_max > 100'000'000) {
    throw Error("events-queue must be between 1 and 100000000");
  }
  if (options.publisher_limits.events_per_second > 1'000'000'000) {
    throw Error("publisher-rate must be between 1 and 1000000000, or 0 for any number");
  }
  if (options.publisher_limits.topics < 1 || options.publisher_limits.topics > limits::publisher_topics_max) {
    throw Error("publisher-topics must be between 1 and 1024");
  }
  if (options.publisher_limits.window_bytes < 2 * limits::batch_bytes_max ||
      options.publisher_limits.window_bytes > limits::window_bytes) {
    throw Error("publisher-window must be between 512KiB and 8MiB");
  }
  if (options.subscriber_prefixes_max < 1 || options.subscriber_prefixes_max > 65'536) {
    throw Error("subscriber-prefixes must be between 1 and 65536");
  }
  if (options.memory_bytes_max != 0 && options.memory_bytes_max < broker::MemoryGuard::bytes_min) {
    throw Error("memory-max must be at least 32MiB, or 0 for no limit");
  }
  broker::check_history(options.history, options.max_age);
  broker::check_store(options);
  broker::check_routes(options);
  broker::check_catalogue(options);
  static_cast<void>(broker::Security::read(options));
  if (options.drain_max < 0ms || options.drain_max > 1min) throw Error("drain must be between 0 and 1m");
}

std::vector<std::string> Broker::reload(const BrokerOptions& options) {
  return impl_->reload(options);
}
void Broker::start() {
  impl_->start();
}
void Broker::stop() {
  impl_->stop();
}

const std::string& Broker::ingress() const noexcept {
  return impl_->endpoints().ingress;
}
const std::string& Broker::stream() const noexcept {
  return impl_->endpoints().stream;
}
const std::string& Broker::events() const noexcept {
  return impl_->endpoints().events;
}
const std::string& Broker::replay() const noexcept {
  return impl_->endpoints().replay;
}
const std::string& Broker::control() const noexcept {
  return impl_->endpoints().control;
}
const std::vector<std::string>& Broker::routes() const noexcept {
  return impl_->endpoints().routes;
}
std::uint64_t Broker::rounds() const noexcept {
  return impl_->rounds();
}
bool Broker::is_running() const noexcept {
  return impl_->is_running();
}
std::shared_ptr<const BrokerFigures> Broker::figures() const {
  return impl_->figures();
}
std::vector<CounterValue> Broker::statistics() const {
  return impl_->statistics();
}

}  // namespace zevi
