// Reads topics of Kafka from their beginning, for tests: a line of JSON for each message until it is killed.
//
//   kafka-topic-reader SERVERS TOPIC/PARTITIONS...
//
// The value is in hexadecimal digits, since it may be anything.

#include <librdkafka/rdkafka.h>

#include <cstdlib>
#include <cstring>
#include <exception>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace {

struct ListDeleter {
  void operator()(rd_kafka_topic_partition_list_t* list) const noexcept {
    rd_kafka_topic_partition_list_destroy(list);
  }
};
struct MessageDeleter {
  void operator()(rd_kafka_message_t* message) const noexcept { rd_kafka_message_destroy(message); }
};

std::string text_of(const void* data, std::size_t size) {
  return {static_cast<const char*>(data), size};
}

std::string digits_of(std::string_view bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    text += digits[byte >> 4];
    text += digits[byte & 15];
  }
  return text;
}

nlohmann::json headers_of(const rd_kafka_message_t& message) {
  nlohmann::json found = nlohmann::json::object();
  rd_kafka_headers_t* headers = nullptr;
  if (rd_kafka_message_headers(&message, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR) return found;
  const char* name = nullptr;
  const void* value = nullptr;
  std::size_t size = 0;
  for (std::size_t n = 0; rd_kafka_header_get_all(headers, n, &name, &value, &size) == 0; ++n) {
    found[name] = text_of(value, size);
  }
  return found;
}

void print(const rd_kafka_message_t& message) {
  const nlohmann::json line{{"topic", rd_kafka_topic_name(message.rkt)},
                            {"partition", message.partition},
                            {"offset", message.offset},
                            {"key", text_of(message.key, message.key_len)},
                            {"value", digits_of(text_of(message.payload, message.len))},
                            {"headers", headers_of(message)}};
  std::cout << line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) << std::endl;
}

rd_kafka_t* make_consumer(const char* servers) {
  rd_kafka_conf_t* const settings = rd_kafka_conf_new();
  for (const auto& [name, value] : {std::pair{"bootstrap.servers", servers},
                                    {"group.id", "reader"},
                                    {"enable.auto.commit", "false"},
                                    {"allow.auto.create.topics", "true"},
                                    {"auto.offset.reset", "earliest"},
                                    {"topic.metadata.refresh.fast.interval.ms", "50"},
                                    {"reconnect.backoff.max.ms", "200"},
                                    {"fetch.wait.max.ms", "50"},
                                    {"fetch.error.backoff.ms", "50"}}) {
    rd_kafka_conf_set(settings, name, value, nullptr, 0);
  }
  return rd_kafka_new(RD_KAFKA_CONSUMER, settings, nullptr, 0);
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc < 3) return 2;
  rd_kafka_t* const consumer = make_consumer(argv[1]);
  if (consumer == nullptr) return 1;
  const std::unique_ptr<rd_kafka_topic_partition_list_t, ListDeleter> all(
      rd_kafka_topic_partition_list_new(argc));
  for (int n = 2; n < argc; ++n) {
    char* const slash = std::strchr(argv[n], '/');
    if (slash == nullptr) return 2;
    *slash = '\0';
    rd_kafka_topic_partition_list_add_range(all.get(), argv[n], 0, std::atoi(slash + 1) - 1);
  }
  for (int n = 0; n < all->cnt; ++n) all->elems[n].offset = RD_KAFKA_OFFSET_BEGINNING;
  if (rd_kafka_assign(consumer, all.get()) != RD_KAFKA_RESP_ERR_NO_ERROR) return 1;
  while (true) {
    const std::unique_ptr<rd_kafka_message_t, MessageDeleter> message(rd_kafka_consumer_poll(consumer, 1000));
    if (message && message->err == RD_KAFKA_RESP_ERR_NO_ERROR) print(*message);
  }
} catch (const std::exception& error) {
  std::cerr << error.what() << std::endl;
  return 1;
}
