#pragma once

#include <hiredis/hiredis.h>

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "../bridge.hpp"
#include "../byte_stream.hpp"

namespace zevi::bridges {

struct RedisReplyDeleter {
  void operator()(redisReply* reply) const noexcept { freeReplyObject(reply); }
};
using RedisReply = std::unique_ptr<redisReply, RedisReplyDeleter>;

using RedisCommand = std::vector<std::string>;

[[nodiscard]] inline bool is_error(const redisReply& reply) noexcept {
  return reply.type == REDIS_REPLY_ERROR;
}
[[nodiscard]] inline std::string text_of(const redisReply& reply) {
  return reply.str == nullptr ? "" : std::string(reply.str, reply.len);
}

/// Where `redis://HOST:PORT/NUMBER` is. Throws `program::UsageError` if the URL says something else.
struct RedisPlace {
  std::string host;
  std::string port;
  std::string database;
};
[[nodiscard]] RedisPlace redis_place_of(const BusUrl& url);

/// Adds a command as the protocol wants it: how many words are to come, then each of them.
void append_redis_head(std::string& out, std::size_t words);
void append_redis_word(std::string& out, std::string_view word);

/// A connection on which many commands may be on their way. The protocol's reader is hiredis's; its
/// connections are not used, because those of old versions know no TLS, and wait.
class RedisConnection {
 public:
  /// Connects and says who it is. Throws `zevi::Error`.
  explicit RedisConnection(const BusOptions& options);

  [[nodiscard]] int fd() const noexcept { return stream_.fd(); }
  void send(std::string_view commands) { stream_.out() += commands; }
  /// Writes and reads what can be without waiting.
  void exchange();
  /// What was read, null if nothing is complete. Throws `zevi::Error` if the connection is lost and nothing
  /// that came before is left.
  [[nodiscard]] RedisReply next();

  /// Sends one command and waits for what the server says to it, which may take it `blocked_for` on purpose;
  /// only while no other is on its way. Throws `zevi::Error` if no answer comes.
  [[nodiscard]] RedisReply ask(const RedisCommand& command, std::chrono::milliseconds blocked_for = {});
  /// The same, and throws what the server has against it: `what`, and its words.
  RedisReply must(const std::string& what, const RedisCommand& command);

 private:
  struct ReaderDeleter {
    void operator()(redisReader* reader) const noexcept { redisReaderFree(reader); }
  };
  void greet(const BusOptions& options, const std::string& database);
  RedisReply ask_by(TcpSocket::Clock::time_point deadline, const RedisCommand& command);

  const RedisPlace place_;
  const TcpSocket::Clock::time_point greeted_by_;
  ByteStream stream_;
  std::unique_ptr<redisReader, ReaderDeleter> reader_;
};

}  // namespace zevi::bridges
