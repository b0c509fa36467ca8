#pragma once

#include <hiredis/hiredis.h>

#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "../bridge.hpp"
#include "tcp_socket.hpp"
#include "tls_session.hpp"

namespace zevi::bridges {

struct RedisReplyDeleter {
  void operator()(redisReply* reply) const noexcept { freeReplyObject(reply); }
};
using RedisReply = std::unique_ptr<redisReply, RedisReplyDeleter>;

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

  [[nodiscard]] int fd() const noexcept { return socket_.ready_fd(); }
  /// Whether all that was to be sent is on its way.
  [[nodiscard]] bool is_idle() const noexcept { return sent_ == out_.size(); }
  void send(std::string_view commands) { out_ += commands; }
  /// Writes and reads what can be without waiting.
  void exchange();
  /// What was read, null if nothing is complete. Throws `zevi::Error` if the connection is lost and nothing
  /// that came before is left.
  [[nodiscard]] RedisReply next();

 private:
  struct ReaderDeleter {
    void operator()(redisReader* reader) const noexcept { redisReaderFree(reader); }
  };
  void greet(const BusOptions& options, const std::string& database);
  RedisReply ask(std::initializer_list<std::string_view> words);
  void write();
  void read();
  [[nodiscard]] std::size_t read_some(char* data, std::size_t size);
  [[nodiscard]] std::size_t write_some(const char* data, std::size_t size);

  const RedisPlace place_;
  const TcpSocket::Clock::time_point greeted_by_;
  TcpSocket socket_;
  std::optional<TlsSession> tls_;
  std::unique_ptr<redisReader, ReaderDeleter> reader_;
  std::string out_;
  std::size_t sent_ = 0;  // of out_
  std::string loss_;
};

}  // namespace zevi::bridges
