// A cluster for the tests of the Kafka bus: librdkafka's own mock, which speaks the protocol over real
// sockets and keeps what it is sent in memory. It is no Kafka: it knows no repeats, no users and no TLS, and
// its ports are new ones each time it is started; so an outage is made by `down` and `up`, between which it
// keeps all.
//
//   kafka-mock-cluster BROKERS
//
// Writes the addresses of its brokers in a line, and then one for each command on its standard input, `ok`
// or what is wrong. It ends with its input.
//
//   down                      nobody gets a connection any more, and those there are end
//   up
//   topic NAME PARTITIONS     makes one; a name that is not known is a topic with four partitions
//   topic-error NAME CODE     whoever asks for the topic is told this error of the protocol; 0 is none
//   error REQUEST CODE COUNT  the next so many requests of this kind (0: produce, 22: init producer id) fail
//   delay MILLISECONDS        of every answer from now on
//
// Its time goes four times as fast as that of others: a group waits three seconds for its first members, and
// those that are gone are waited for until their session is over.

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>
#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <ctime>
#include <iostream>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

namespace {

constexpr int haste = 4;

}  // namespace

// The library finds these before those of the system; the thread sanitizer asks for the time before it is
// ready.
extern "C" {

[[gnu::visibility("default"), gnu::no_sanitize_thread]] int clock_gettime(clockid_t clock,
                                                                          timespec* time) noexcept {
  constexpr long second_ns = 1'000'000'000;
  if (syscall(SYS_clock_gettime, clock, time) != 0) return -1;
  if (clock != CLOCK_MONOTONIC) return 0;
  const long ns = time->tv_nsec * haste;
  time->tv_sec = time->tv_sec * haste + ns / second_ns;
  time->tv_nsec = ns % second_ns;
  return 0;
}

[[gnu::visibility("default"), gnu::no_sanitize_thread]] int poll(pollfd* items, nfds_t count, int wait_ms) {
  const long wait_ns = (wait_ms < 0 ? 0 : wait_ms) * (1'000'000L / haste);
  timespec wait{wait_ns / 1'000'000'000, wait_ns % 1'000'000'000};
  return static_cast<int>(syscall(SYS_ppoll, items, count, wait_ms < 0 ? nullptr : &wait, nullptr, 0));
}
}

namespace {

struct ClientDeleter {
  void operator()(rd_kafka_t* client) const noexcept { rd_kafka_destroy(client); }
};
struct ClusterDeleter {
  void operator()(rd_kafka_mock_cluster_t* cluster) const noexcept { rd_kafka_mock_cluster_destroy(cluster); }
};

rd_kafka_resp_err_t fail_requests(rd_kafka_mock_cluster_t* cluster, std::istream& line) {
  std::int16_t request = 0;
  int code = 0;
  std::size_t count = 0;
  line >> request >> code >> count;
  const std::vector<rd_kafka_resp_err_t> codes(count, static_cast<rd_kafka_resp_err_t>(code));
  rd_kafka_mock_push_request_errors_array(cluster, request, codes.size(), codes.data());
  return RD_KAFKA_RESP_ERR_NO_ERROR;
}

rd_kafka_resp_err_t obey(rd_kafka_mock_cluster_t* cluster, std::istream& line) {
  constexpr int all = -1;
  std::string command;
  std::string name;
  int number = 0;
  line >> command;
  if (command == "down") return rd_kafka_mock_broker_set_down(cluster, all);
  if (command == "up") return rd_kafka_mock_broker_set_up(cluster, all);
  if (command == "error") return fail_requests(cluster, line);
  if (command == "delay" && line >> number) return rd_kafka_mock_broker_set_rtt(cluster, all, number);
  if (command == "topic" && line >> name >> number) {
    return rd_kafka_mock_topic_create(cluster, name.c_str(), number, 1);
  }
  if (command == "topic-error" && line >> name >> number) {
    rd_kafka_mock_topic_set_error(cluster, name.c_str(), static_cast<rd_kafka_resp_err_t>(number));
    return RD_KAFKA_RESP_ERR_NO_ERROR;
  }
  return RD_KAFKA_RESP_ERR__INVALID_ARG;
}

}  // namespace

int main(int argc, char** argv) {
  const int brokers = argc > 1 ? std::atoi(argv[1]) : 1;
  // The mock wants a client of its own, which connects to nothing.
  const std::unique_ptr<rd_kafka_t, ClientDeleter> client(
      rd_kafka_new(RD_KAFKA_PRODUCER, rd_kafka_conf_new(), nullptr, 0));
  if (!client) return 1;
  const std::unique_ptr<rd_kafka_mock_cluster_t, ClusterDeleter> cluster(
      rd_kafka_mock_cluster_new(client.get(), brokers));
  if (!cluster) return 1;
  std::cout << rd_kafka_mock_cluster_bootstraps(cluster.get()) << std::endl;
  for (std::string command; std::getline(std::cin, command);) {
    std::istringstream line(command);
    const rd_kafka_resp_err_t code = obey(cluster.get(), line);
    std::cout << (code == RD_KAFKA_RESP_ERR_NO_ERROR ? "ok" : rd_kafka_err2str(code)) << std::endl;
  }
}
