#include "broker_metrics.hpp"

#include <string>
#include <string_view>
#include <utility>

#include "broker_version.hpp"
#include "process_metrics.hpp"

namespace zevi::broker {

namespace {

using program::MetricFamily;
using program::single_metric;
using Kind = MetricFamily::Kind;

MetricFamily of_counter(const CounterValue& counter) {
  const std::string name = "zevi_" + std::string(counter.name);
  const auto value = static_cast<double>(counter.value);
  return counter.is_level ? single_metric(name, counter.help, Kind::gauge, value)
                          : single_metric(name + "_total", counter.help, Kind::counter, value);
}

/// `~others` is outside the alphabet of topics.
MetricFamily of_topics(const BrokerFigures& figures, std::string name, std::string_view help,
                       std::uint64_t TopicFigures::*value) {
  MetricFamily made{std::move(name), std::string(help), Kind::counter};
  for (const TopicFigures& topic : figures.by_topic) {
    made.add(static_cast<double>(topic.*value), {{"topic", topic.topic}});
  }
  if (figures.topics > figures.by_topic.size()) {
    made.add(static_cast<double>(figures.others.*value), {{"topic", "~others"}});
  }
  return made;
}

void append_figures(std::vector<MetricFamily>& all, const BrokerFigures& figures) {
  const auto gauge = [&](std::string name, std::string_view help, std::uint64_t value) {
    all.push_back(single_metric(std::move(name), help, Kind::gauge, static_cast<double>(value)));
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

}  // namespace

std::vector<MetricFamily> broker_metrics(const Broker& broker) {
  std::vector<MetricFamily> all;
  all.push_back({"zevi_build_info",
                 "version of zevid, always 1",
                 Kind::gauge,
                 {{1, {{"version", std::string(version)}}}}});
  for (const CounterValue& counter : broker.statistics()) all.push_back(of_counter(counter));
  append_figures(all, *broker.figures());
  program::append_process_metrics(all);
  return all;
}

}  // namespace zevi::broker
