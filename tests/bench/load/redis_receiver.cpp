#include <poll.h>

#include "receiver.hpp"
#include "redis_connection.hpp"

/// A Redis subscriber. The address is the path of the server's unix socket.
namespace zevi::bench {

namespace {

class RedisReceiver final : public Receiver {
 public:
  explicit RedisReceiver(const ReceiverSetup& setup) : connection_(connect_redis(setup.address)) {
    must(connection_, redisAppendCommand(connection_.get(), "SUBSCRIBE %s", setup.topic.c_str()));
    next_reply(connection_);
    // The reader keeps its buffer instead of freeing it after each read, as redis-benchmark does.
    connection_->reader->maxbuf = 0;
  }

  void receive(Checker& checker, std::chrono::milliseconds wait) override {
    pollfd socket{connection_->fd, POLLIN, 0};
    if (poll(&socket, 1, static_cast<int>(wait.count())) <= 0) return;
    must(connection_, redisBufferRead(connection_.get()));
    for (;;) {
      void* reply = nullptr;
      must(connection_, redisGetReplyFromReader(connection_.get(), &reply));
      if (reply == nullptr) return;
      take(RedisReply(static_cast<redisReply*>(reply)), checker);
    }
  }

 private:
  /// `message`, the channel, the event.
  static void take(const RedisReply& reply, Checker& checker) {
    if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 3) throw Error("redis: not a message");
    const redisReply* const event = reply->element[2];
    checker.take({event->str, event->len});
  }

  RedisConnection connection_;
};

}  // namespace

std::unique_ptr<Receiver> subscribe(const ReceiverSetup& setup) {
  return std::make_unique<RedisReceiver>(setup);
}

}  // namespace zevi::bench
