#include "kafka_client.hpp"

#include <algorithm>
#include <array>
#include <future>
#include <string_view>
#include <system_error>
#include <thread>

#include "zevi/error.hpp"

namespace zevi::bridges {

namespace {

using namespace std::chrono_literals;

constexpr std::chrono::milliseconds first_question_takes = 100ms;

constexpr std::chrono::seconds end_takes_at_most = 1s;

/// Without how long the library had tried, which is another number each time.
std::string without_times(std::string_view words) {
  return std::string(words.substr(0, words.find(" (after ")));
}

/// Without the name of the library's thread: `[thrd:NAME]: `.
std::string without_thread(std::string_view words) {
  const std::size_t end = words.starts_with("[thrd:") ? words.find("]: ") : std::string_view::npos;
  return std::string(end == std::string_view::npos ? words : words.substr(end + 3));
}

rd_kafka_conf_t* make_configuration(const KafkaSettings& settings) {
  rd_kafka_conf_t* const configuration = rd_kafka_conf_new();
  std::array<char, 256> words{};
  for (const auto& [name, value] : settings) {
    if (rd_kafka_conf_set(configuration, name, value.c_str(), words.data(), words.size()) !=
        RD_KAFKA_CONF_OK) {
      rd_kafka_conf_destroy(configuration);
      throw Error("Kafka's library does not take " + std::string(name) + ": " + words.data());
    }
  }
  return configuration;
}

}  // namespace

KafkaClient::KafkaClient(rd_kafka_type_t type, const KafkaSettings& settings, EventFd& wake,
                         KafkaListener& listener, Clock::time_point deadline)
    : wake_(wake), ear_(std::make_unique<Ear>(Ear{this, &listener})) {
  rd_kafka_conf_t* const configuration = make_configuration(settings);
  rd_kafka_conf_set_opaque(configuration, ear_.get());
  rd_kafka_conf_set_error_cb(configuration, [](rd_kafka_t*, int code, const char* words, void* ear) {
    if (const Ear& own = *static_cast<Ear*>(ear); own.client != nullptr) {
      own.client->hear_trouble(static_cast<rd_kafka_resp_err_t>(code), words);
    }
  });
  rd_kafka_conf_set_log_cb(configuration, [](const rd_kafka_t* client, int, const char*, const char* words) {
    if (const Ear& own = *static_cast<Ear*>(rd_kafka_opaque(client)); own.client != nullptr) {
      own.listener->hear_log(without_thread(words));
    }
  });
  if (type == RD_KAFKA_PRODUCER) {
    rd_kafka_conf_set_dr_msg_cb(configuration, [](rd_kafka_t*, const rd_kafka_message_t* message, void* ear) {
      if (const Ear& own = *static_cast<Ear*>(ear); own.client != nullptr) {
        own.listener->hear_delivery(message->_private, message->err);
      }
    });
  }
  if (type == RD_KAFKA_CONSUMER) {
    rd_kafka_conf_set_rebalance_cb(configuration, [](rd_kafka_t* client, rd_kafka_resp_err_t code,
                                                     rd_kafka_topic_partition_list_t* partitions, void* ear) {
      if (const Ear& own = *static_cast<Ear*>(ear); own.client != nullptr) {
        own.listener->hear_assignment(code, *partitions);
        rd_kafka_yield(client);
      } else {
        rd_kafka_assign(client, nullptr);
      }
    });
  }
  std::array<char, 512> words{};
  handle_ = rd_kafka_new(type, configuration, words.data(), words.size());
  if (handle_ == nullptr) {
    rd_kafka_conf_destroy(configuration);
    throw Error(words.data());
  }
  try {
    connect(deadline);
  } catch (...) {
    end();
    throw;
  }
}

KafkaClient::~KafkaClient() {
  end();
}

void KafkaClient::end() noexcept {
  *ear_ = {};
  watch(-1);
  static_cast<void>(rd_kafka_purge(
      handle_, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT | RD_KAFKA_PURGE_F_NON_BLOCKING));
  std::packaged_task<void()> task([handle = handle_, ear = std::move(ear_)] { rd_kafka_destroy(handle); });
  const std::future<void> ended = task.get_future();
  std::thread thread(std::move(task));
  if (ended.wait_for(end_takes_at_most) == std::future_status::ready) {
    thread.join();
  } else {
    thread.detach();
  }
}

void KafkaClient::watch(int fd) const noexcept {
  const std::uint64_t one = 1;
  rd_kafka_queue_t* const queue = rd_kafka_queue_get_main(handle_);
  rd_kafka_queue_io_event_enable(queue, fd, &one, fd < 0 ? 0 : sizeof one);
  rd_kafka_queue_destroy(queue);
}

/// A question that any broker can answer. Between two of them it is looked whether all have failed already.
void KafkaClient::connect(Clock::time_point deadline) {
  rd_kafka_set_log_queue(handle_, nullptr);
  watch(wake_.fd());
  for (std::chrono::milliseconds takes = first_question_takes;; takes *= 2) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
    if (left <= 0ms) throw Error(words_.empty() ? "no answer within two seconds" : words_);
    const struct rd_kafka_metadata* found = nullptr;
    const int takes_ms = static_cast<int>(std::min(takes, left).count());
    if (rd_kafka_metadata(handle_, 0, nullptr, &found, takes_ms) == RD_KAFKA_RESP_ERR_NO_ERROR) {
      rd_kafka_metadata_destroy(found);
      is_connected_ = true;
      return;
    }
    hear();
    if (are_all_down_) throw Error(words_.empty() ? "no broker can be reached" : words_);
  }
}

void KafkaClient::hear() {
  static_cast<void>(wake_.take());
  static_cast<void>(rd_kafka_poll(handle_, 0));
}

void KafkaClient::hear_trouble(rd_kafka_resp_err_t code, const char* words) {
  if (code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN) {
    are_all_down_ = true;
  } else {
    words_ = without_times(words);
  }
  if (is_connected_) ear_->listener->hear_trouble(code, without_times(words));
}

std::string KafkaClient::fatal_words() const {
  std::array<char, 512> words{};
  const rd_kafka_resp_err_t code = rd_kafka_fatal_error(handle_, words.data(), words.size());
  return code == RD_KAFKA_RESP_ERR_NO_ERROR ? "" : words.data();
}

}  // namespace zevi::bridges
