#include <netdb.h>
#include <prometheus/client_metric.h>
#include <prometheus/collectable.h>
#include <prometheus/exposer.h>
#include <prometheus/metric_family.h>
#include <prometheus/metric_type.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <exception>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "metrics_server.hpp"
#include "zevi/error.hpp"

namespace zevi::program {

namespace {

prometheus::MetricFamily as_prometheus_has_it(MetricFamily&& family) {
  const bool is_counter = family.kind == MetricFamily::Kind::counter;
  prometheus::MetricFamily made;
  made.name = std::move(family.name);
  made.help = std::move(family.help);
  made.type = is_counter ? prometheus::MetricType::Counter : prometheus::MetricType::Gauge;
  for (MetricFamily::Value& value : family.values) {
    prometheus::ClientMetric metric;
    for (MetricFamily::Label& label : value.labels) {
      metric.label.push_back({std::move(label.name), std::move(label.value)});
    }
    (is_counter ? metric.counter.value : metric.gauge.value) = value.value;
    made.metric.push_back(std::move(metric));
  }
  return made;
}

class Collector : public prometheus::Collectable {
 public:
  explicit Collector(MetricsServer::Collect collect) : collect_(std::move(collect)) {}

  std::vector<prometheus::MetricFamily> Collect() const override {
    std::vector<prometheus::MetricFamily> all;
    for (MetricFamily& family : collect_()) all.push_back(as_prometheus_has_it(std::move(family)));
    return all;
  }

 private:
  const MetricsServer::Collect collect_;
};

bool is_port(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

void knock_at(const std::string& address) {
  const std::size_t colon = address.rfind(':');
  std::string host = address.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  addrinfo wanted{};
  wanted.ai_socktype = SOCK_STREAM;
  wanted.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  if (colon == std::string::npos ||
      getaddrinfo(host.c_str(), address.c_str() + colon + 1, &wanted, &found) != 0) {
    return;
  }
  const int fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd >= 0) {
    static_cast<void>(connect(fd, found->ai_addr, found->ai_addrlen));
    close(fd);
  }
  freeaddrinfo(found);
}

/// Its server looks every two seconds whether it is to stop, or when somebody connects.
void stop_at_once(std::optional<prometheus::Exposer>& exposer, const std::string& address) {
  const std::jthread knocking([&address](const std::stop_token& is_over) {
    constexpr std::chrono::milliseconds pause{10};
    while (!is_over.stop_requested()) {
      knock_at(address);
      std::this_thread::sleep_for(pause);
    }
  });
  exposer.reset();
}

}  // namespace

class MetricsServer::Impl {
 public:
  Impl(std::string address, MetricsServer::Collect collect)
      : address_(std::move(address)), collector_(std::make_shared<Collector>(std::move(collect))) {
    exposer_.emplace(address_);
    exposer_->RegisterCollectable(collector_);
  }
  ~Impl() { stop_at_once(exposer_, address_); }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

 private:
  const std::string address_;
  const std::shared_ptr<prometheus::Collectable> collector_;
  std::optional<prometheus::Exposer> exposer_;
};

MetricsServer::MetricsServer(const std::string& address, Collect collect) {
  if (address.empty()) return;
  try {
    impl_ = std::make_unique<Impl>(is_port(address) ? "127.0.0.1:" + address : address, std::move(collect));
  } catch (const std::exception&) {
    throw Error("cannot answer Prometheus at --metrics " + address +
                ": give a port of this machine, or HOST:PORT, that no other program has");
  }
}

MetricsServer::~MetricsServer() = default;

}  // namespace zevi::program
