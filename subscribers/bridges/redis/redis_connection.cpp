#include "redis_connection.hpp"

#include <algorithm>

#include "program.hpp"
#include "zevi/error.hpp"

namespace zevi::bridges {

namespace {

constexpr std::chrono::seconds patience{2};  // for connecting in all, then for each answer

bool is_number(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

RedisPlace redis_place_of(const BusUrl& url) {
  const auto refuse = [&url](const std::string& why) {
    throw program::UsageError("Redis is given as " + url.scheme + "://HOST[:PORT][/DATABASE], " + why);
  };
  RedisPlace place;
  if (url.hosts.find(',') != std::string::npos) refuse("with one host");
  const auto [host, behind] = split_host(url.hosts);
  place.host = host;
  place.port = behind.empty() ? "6379" : behind.substr(1);
  place.database = url.path.size() > 1 ? url.path.substr(1) : "0";
  if (place.host.empty()) refuse("with a host");
  if (!is_number(place.port) || (!behind.empty() && behind.front() != ':'))
    refuse("with a number as the port");
  if (!is_number(place.database)) refuse("with a number as the database");
  return place;
}

void append_redis_head(std::string& out, std::size_t words) {
  out += '*';
  out += std::to_string(words);
  out += "\r\n";
}

void append_redis_word(std::string& out, std::string_view word) {
  out += '$';
  out += std::to_string(word.size());
  out += "\r\n";
  out += word;
  out += "\r\n";
}

RedisConnection::RedisConnection(const BusOptions& options)
    : place_(redis_place_of(options.url)),
      greeted_by_(TcpSocket::Clock::now() + patience),
      stream_(place_.host, place_.port, options.tls, greeted_by_),
      reader_(redisReaderCreate()) {
  if (!reader_) throw Error("out of memory");
  greet(options, place_.database);
}

void RedisConnection::greet(const BusOptions& options, const std::string& database) {
  const auto must_now = [this](const std::string& what, const RedisCommand& command) {
    const RedisReply reply = ask_by(greeted_by_, command);
    if (is_error(*reply)) throw Error(what + ": " + text_of(*reply));
  };
  const Credentials& who = options.credentials;
  if (!who.user.empty()) {
    must_now("cannot log in", {"AUTH", who.user, who.password});
  } else if (!who.password.empty()) {
    must_now("cannot log in", {"AUTH", who.password});
  }
  if (database != "0") must_now("cannot use database " + database, {"SELECT", database});
  // For those who look at the server; it may not be allowed. A server that wants a password must be known by
  // now: it cuts off who sends it more without one, and the reason may get lost with that.
  const RedisReply named = ask_by(greeted_by_, {"CLIENT", "SETNAME", "zevi-bridge-" + options.name});
  if (text_of(*named).starts_with("NOAUTH")) throw Error("cannot log in: " + text_of(*named));
}

RedisReply RedisConnection::ask_by(TcpSocket::Clock::time_point deadline, const RedisCommand& command) {
  append_redis_head(stream_.out(), command.size());
  for (const std::string& word : command) append_redis_word(stream_.out(), word);
  while (true) {
    exchange();
    if (RedisReply reply = next()) return reply;
    stream_.wait(deadline);
  }
}

RedisReply RedisConnection::ask(const RedisCommand& command, std::chrono::milliseconds blocked_for) {
  return ask_by(TcpSocket::Clock::now() + blocked_for + patience, command);
}

RedisReply RedisConnection::must(const std::string& what, const RedisCommand& command) {
  RedisReply reply = ask(command);
  if (is_error(*reply)) throw Error(what + ": " + text_of(*reply));
  return reply;
}

void RedisConnection::exchange() {
  stream_.exchange([this](std::string_view bytes) {
    if (redisReaderFeed(reader_.get(), bytes.data(), bytes.size()) != REDIS_OK) throw Error(reader_->errstr);
  });
}

RedisReply RedisConnection::next() {
  void* reply = nullptr;
  if (redisReaderGetReply(reader_.get(), &reply) != REDIS_OK) {
    throw Error("the server does not speak as Redis does: " + std::string(reader_->errstr));
  }
  if (reply == nullptr && !stream_.loss().empty()) throw Error(stream_.loss());
  return RedisReply(static_cast<redisReply*>(reply));
}

}  // namespace zevi::bridges
