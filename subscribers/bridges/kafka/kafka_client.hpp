#pragma once

#include <librdkafka/rdkafka.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "../event_fd.hpp"

namespace zevi::bridges {

/// Names and values of the library's own settings.
using KafkaSettings = std::vector<std::pair<const char*, std::string>>;

/// What comes from the library; called from within `KafkaClient::hear`, the constructor, and the library's
/// own calls that poll.
class KafkaListener {
 public:
  /// The cluster has stored what was given to the library with this pointer, or why it has not.
  virtual void hear_delivery(const void* /*given*/, rd_kafka_resp_err_t /*code*/) {}
  /// A connection fails, or all do, of a client that had one. The library goes on by itself unless the code
  /// is that of a fatal error.
  virtual void hear_trouble(rd_kafka_resp_err_t code, const std::string& words) = 0;
  /// A consumer gets these partitions or loses those that it has, as the code says; it has to answer with
  /// `rd_kafka_assign`.
  virtual void hear_assignment(rd_kafka_resp_err_t /*code*/,
                               const rd_kafka_topic_partition_list_t& /*partitions*/) {}
  /// A line that the library would write to standard error.
  virtual void hear_log(const std::string& words) = 0;

 protected:
  ~KafkaListener() = default;
};

/// A client of librdkafka. The library has threads of its own, which connect, send and send again; what they
/// have to say waits in a queue, so that every call to the listener comes from the thread that asks.
class KafkaClient {
 public:
  using Clock = std::chrono::steady_clock;

  /// Returns when a broker of the cluster has let us in. The library raises `wake` when it has something to
  /// say. Throws `zevi::Error` if none has until then.
  KafkaClient(rd_kafka_type_t type, const KafkaSettings& settings, EventFd& wake, KafkaListener& listener,
              Clock::time_point deadline);
  /// Forgets what has not been sent. Takes a second at most: where the library is held up, by a name server
  /// perhaps, it ends later, and sends nothing any more.
  ~KafkaClient();
  KafkaClient(const KafkaClient&) = delete;
  KafkaClient& operator=(const KafkaClient&) = delete;

  [[nodiscard]] rd_kafka_t* handle() const noexcept { return handle_; }
  /// Calls the listener with all that has come; does not wait.
  void hear();
  /// Why the client is of no use any more; empty while it is.
  [[nodiscard]] std::string fatal_words() const;

 private:
  /// Who hears: nobody when the library's client outlives this.
  struct Ear {
    KafkaClient* client = nullptr;
    KafkaListener* listener = nullptr;
  };

  void connect(Clock::time_point deadline);
  void watch(int fd) const noexcept;
  void hear_trouble(rd_kafka_resp_err_t code, const char* words);
  void end() noexcept;

  EventFd& wake_;
  std::unique_ptr<Ear> ear_;
  rd_kafka_t* handle_ = nullptr;
  std::string words_;  // of the last trouble
  bool are_all_down_ = false;
  bool is_connected_ = false;
};

}  // namespace zevi::bridges
