#include <array>

#include "redis_connection.hpp"
#include "sender.hpp"

/// Redis PUBLISH over its unix socket. The address is the socket's path.
///
/// Commands are pipelined: they leave in writes of about 16 kB (larger ones do not make it faster), and the
/// server is told to send no replies.
namespace zevi::bench {

namespace {

constexpr std::size_t write_bytes = 16 * 1024;

class RedisSender final : public Sender {
 public:
  explicit RedisSender(const SenderSetup& setup)
      : topics_(setup.topics), connection_(connect_redis(setup.address)) {
    must(connection_, redisAppendCommand(connection_.get(), "CLIENT REPLY OFF"));
    push();
  }

  void send(std::size_t topic, const E_PROFILING_PROC& event, std::int64_t) override {
    const std::string_view encoded = event_.encode(event);
    std::array<const char*, 3> words{"PUBLISH", topics_[topic].data(), encoded.data()};
    const std::array<std::size_t, 3> sizes{7, topics_[topic].size(), encoded.size()};
    must(connection_, redisAppendCommandArgv(connection_.get(), 3, words.data(), sizes.data()));
    waiting_bytes_ += encoded.size();
    if (waiting_bytes_ >= write_bytes) push();
  }

  void push() override {
    waiting_bytes_ = 0;
    int is_done = 0;
    while (is_done == 0) must(connection_, redisBufferWrite(connection_.get(), &is_done));
  }

  std::uint64_t finish() override { return 0; }

 private:
  std::vector<std::string> topics_;
  RedisConnection connection_;
  std::size_t waiting_bytes_ = 0;
  EncodedEvent event_;
};

}  // namespace

std::unique_ptr<Sender> connect(const SenderSetup& setup) {
  return std::make_unique<RedisSender>(setup);
}

}  // namespace zevi::bench
