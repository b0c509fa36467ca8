#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "../bridge.hpp"
#include "kafka_client.hpp"

/// What `zevi bridge` is told about Kafka. All of these throw `program::UsageError` for what cannot be.
namespace zevi::bridges {

/// Every byte that a topic of Kafka cannot hold.
[[nodiscard]] std::string_view not_of_kafka_topics();
[[nodiscard]] bool is_kafka_topic(std::string_view text);

/// The URL, and who the bridge is.
void check_kafka_options(const BusOptions& options);
/// A template of topics to send to.
void check_kafka_template(const std::string& text);

/// What to read: topics, or `^` and a regular expression of them, with commas between.
void check_kafka_reading(const BusOptions& options);

/// Where the cluster is, who we are, and that the library says all it has to say to us.
[[nodiscard]] KafkaSettings kafka_client_settings(const BusOptions& options);
[[nodiscard]] KafkaSettings kafka_producer_settings(const BusOptions& options);
[[nodiscard]] KafkaSettings kafka_consumer_settings(const BusOptions& options);

}  // namespace zevi::bridges
