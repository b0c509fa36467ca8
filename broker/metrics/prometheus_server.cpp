#include <prometheus/client_metric.h>
#include <prometheus/collectable.h>
#include <prometheus/exposer.h>
#include <prometheus/metric_family.h>
#include <prometheus/metric_type.h>
#include <sys/resource.h>

#include <algorithm>
#include <exception>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "broker_version.hpp"
#include "memory/resident_memory.hpp"
#include "metrics_server.hpp"
#include "zevi/error.hpp"

namespace zevi::broker {

namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

MetricFamily family(std::string name, std::string_view help, MetricType type) {
  MetricFamily made;
  made.name = std::move(name);
  made.help = help;
  made.type = type;
  return made;
}

void add(MetricFamily& family, double value, std::vector<ClientMetric::Label> labels = {}) {
  ClientMetric metric;
  metric.label = std::move(labels);
  (family.type == MetricType::Counter ? metric.counter.value : metric.gauge.value) = value;
  family.metric.push_back(std::move(metric));
}

MetricFamily single(std::string name, std::string_view help, MetricType type, double value) {
  MetricFamily made = family(std::move(name), help, type);
  add(made, value);
  return made;
}

MetricFamily of_counter(const CounterValue& counter) {
  const std::string name = "zevi_" + std::string(counter.name);
  const auto value = static_cast<double>(counter.value);
  return counter.is_level ? single(name, counter.help, MetricType::Gauge, value)
                          : single(name + "_total", counter.help, MetricType::Counter, value);
}

/// `~others` is outside the alphabet of topics.
MetricFamily of_topics(const BrokerFigures& figures, std::string name, std::string_view help,
                       std::uint64_t TopicFigures::*value) {
  MetricFamily made = family(std::move(name), help, MetricType::Counter);
  for (const TopicFigures& topic : figures.by_topic) {
    add(made, static_cast<double>(topic.*value), {{"topic", topic.topic}});
  }
  if (figures.topics > figures.by_topic.size()) {
    add(made, static_cast<double>(figures.others.*value), {{"topic", "~others"}});
  }
  return made;
}

double open_descriptors() {
  std::error_code error;
  const std::filesystem::directory_iterator all("/proc/self/fd", error);
  return static_cast<double>(std::distance(begin(all), end(all)));
}

double cpu_seconds() {
  timespec used{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
  return static_cast<double>(used.tv_sec) + static_cast<double>(used.tv_nsec) / 1e9;
}

double descriptors_max() {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  return static_cast<double>(limit.rlim_cur);
}

/// Under the names that Prometheus' own libraries have for any process.
void append_process(std::vector<MetricFamily>& all) {
  all.push_back(single("process_resident_memory_bytes", "memory of zevid", MetricType::Gauge,
                       static_cast<double>(resident_bytes())));
  all.push_back(
      single("process_cpu_seconds_total", "processor time of zevid", MetricType::Counter, cpu_seconds()));
  all.push_back(single("process_open_fds", "file descriptors in use", MetricType::Gauge, open_descriptors()));
  all.push_back(
      single("process_max_fds", "file descriptors that it may have", MetricType::Gauge, descriptors_max()));
}

void append_figures(std::vector<MetricFamily>& all, const BrokerFigures& figures) {
  const auto gauge = [&](std::string name, std::string_view help, std::uint64_t value) {
    all.push_back(single(std::move(name), help, MetricType::Gauge, static_cast<double>(value)));
  };
  gauge("zevi_topics", "topics that the broker knows", figures.topics);
  gauge("zevi_publishers_live", "publishers that are up", figures.publishers_live);
  gauge("zevi_subscriptions_stream", "subscriptions at the endpoint stream", figures.subscriptions_stream);
  gauge("zevi_subscriptions_events", "subscriptions at the endpoint events", figures.subscriptions_events);
  gauge("zevi_subscriptions_routes", "subscriptions at the routes", figures.subscriptions_routes);
  all.push_back(
      of_topics(figures, "zevi_topic_events_total", "events taken in, by topic", &TopicFigures::events));
  all.push_back(of_topics(figures, "zevi_topic_bytes_total", "bytes of events taken in, by topic",
                          &TopicFigures::bytes));
  all.push_back(of_topics(figures, "zevi_topic_events_lost_before_total",
                          "events lost before the broker, by topic", &TopicFigures::lost_before));
  all.push_back(of_topics(figures, "zevi_topic_events_lost_after_total",
                          "events that readers report as lost, by topic", &TopicFigures::lost_after));
}

class Collector : public prometheus::Collectable {
 public:
  explicit Collector(const Broker& broker) : broker_(broker) {}

  std::vector<MetricFamily> Collect() const override {
    std::vector<MetricFamily> all;
    MetricFamily build = family("zevi_build_info", "version of zevid, always 1", MetricType::Gauge);
    add(build, 1, {{"version", std::string(version)}});
    all.push_back(std::move(build));
    for (const CounterValue& counter : broker_.statistics()) all.push_back(of_counter(counter));
    append_figures(all, *broker_.figures());
    append_process(all);
    return all;
  }

 private:
  const Broker& broker_;
};

bool is_port(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

class MetricsServer::Impl {
 public:
  Impl(const std::string& address, const Broker& broker)
      : collector_(std::make_shared<Collector>(broker)), exposer_(address) {
    exposer_.RegisterCollectable(collector_);
  }

 private:
  std::shared_ptr<Collector> collector_;
  prometheus::Exposer exposer_;
};

MetricsServer::MetricsServer(const std::string& address, const Broker& broker) {
  if (address.empty()) return;
  const std::string whole = is_port(address) ? "127.0.0.1:" + address : address;
  try {
    impl_ = std::make_unique<Impl>(whole, broker);
  } catch (const std::exception&) {
    throw Error("cannot answer Prometheus at --metrics " + address +
                ": give a port of this machine, or HOST:PORT, that no other program has");
  }
}

MetricsServer::~MetricsServer() = default;

}  // namespace zevi::broker
