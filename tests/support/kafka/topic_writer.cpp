// Writes to topics of Kafka, for tests.
//
//   kafka-topic-writer SERVERS
//
// Each line on its standard input is a message, TOPIC KEY VALUE, of which key and value are in hexadecimal
// digits, `-` for none; or `flush`, which is answered with `ok` when the cluster has all before it.

#include <librdkafka/rdkafka.h>

#include <iostream>
#include <sstream>
#include <string>

namespace {

std::string bytes_of(const std::string& digits) {
  std::string bytes;
  for (std::size_t i = 0; digits != "-" && i + 1 < digits.size(); i += 2) {
    bytes += static_cast<char>(std::stoi(digits.substr(i, 2), nullptr, 16));
  }
  return bytes;
}

int failures = 0;

void note_failure(rd_kafka_t* /*producer*/, const rd_kafka_message_t* message, void* /*opaque*/) {
  if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) ++failures;
}

bool produce(rd_kafka_t* producer, const std::string& line) {
  std::istringstream words(line);
  std::string topic;
  std::string key;
  std::string value;
  words >> topic >> key >> value;
  key = bytes_of(key);
  value = bytes_of(value);
  while (true) {
    const rd_kafka_resp_err_t code = rd_kafka_producev(
        producer, RD_KAFKA_V_TOPIC(topic.c_str()), RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
        RD_KAFKA_V_KEY(key.data(), key.size()), RD_KAFKA_V_VALUE(value.data(), value.size()), RD_KAFKA_V_END);
    if (code != RD_KAFKA_RESP_ERR__QUEUE_FULL) return code == RD_KAFKA_RESP_ERR_NO_ERROR;
    rd_kafka_poll(producer, 100);
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  rd_kafka_conf_t* const settings = rd_kafka_conf_new();
  rd_kafka_conf_set(settings, "bootstrap.servers", argv[1], nullptr, 0);
  rd_kafka_conf_set(settings, "message.max.bytes", "4000000", nullptr, 0);
  // Where a topic is, it looks for at once, and then in such intervals.
  rd_kafka_conf_set(settings, "topic.metadata.refresh.fast.interval.ms", "20", nullptr, 0);
  rd_kafka_conf_set(settings, "topic.metadata.refresh.interval.ms", "100", nullptr, 0);
  rd_kafka_conf_set(settings, "reconnect.backoff.max.ms", "200", nullptr, 0);
  rd_kafka_conf_set_dr_msg_cb(settings, note_failure);
  rd_kafka_t* const producer = rd_kafka_new(RD_KAFKA_PRODUCER, settings, nullptr, 0);
  if (producer == nullptr) return 1;
  for (std::string line; std::getline(std::cin, line);) {
    if (line != "flush") {
      if (!produce(producer, line)) ++failures;
    } else {
      const bool is_done = rd_kafka_flush(producer, 30000) == RD_KAFKA_RESP_ERR_NO_ERROR;
      std::cout << (is_done && failures == 0 ? "ok" : "failed") << std::endl;
    }
  }
  rd_kafka_destroy(producer);
}
