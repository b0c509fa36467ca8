#pragma once

#include <hiredis.h>

#include <memory>
#include <string>

#include "zevi/error.hpp"

namespace zevi::bench {

struct FreeContext {
  void operator()(redisContext* context) const noexcept { redisFree(context); }
};
struct FreeReply {
  void operator()(void* reply) const noexcept { freeReplyObject(reply); }
};
using RedisConnection = std::unique_ptr<redisContext, FreeContext>;
using RedisReply = std::unique_ptr<redisReply, FreeReply>;

inline void must(const RedisConnection& connection, int status) {
  if (status != REDIS_OK) throw Error(std::string("redis: ") + connection->errstr);
}

/// Connects to the server's unix socket.
inline RedisConnection connect_redis(const std::string& path) {
  RedisConnection connection(redisConnectUnix(path.c_str()));
  if (connection == nullptr) throw Error("redis: no memory");
  must(connection, connection->err);
  return connection;
}

inline RedisReply next_reply(const RedisConnection& connection) {
  void* reply = nullptr;
  must(connection, redisGetReply(connection.get(), &reply));
  return RedisReply(static_cast<redisReply*>(reply));
}

}  // namespace zevi::bench
