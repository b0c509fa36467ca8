#include "reply_pacer.hpp"

#include <sys/socket.h>

#include <string>

#include "catch.hpp"

using zevi::ingest::Descriptor;
using zevi::ingest::ReplyPacer;
using zevi::ingest::StreamConnection;

namespace {

struct Pair {
  Pair() {
    int fds[2];
    REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds) == 0);
    connection.fd = Descriptor(fds[0]);
    opensips = Descriptor(fds[1]);
  }

  /// What OpenSIPS finds at its next read.
  std::string read() const {
    char buffer[8192];
    const ssize_t size = recv(opensips.get(), buffer, sizeof buffer, 0);
    return size <= 0 ? std::string() : std::string(buffer, static_cast<std::size_t>(size));
  }

  StreamConnection connection;
  Descriptor opensips;
};

}  // namespace

TEST_CASE("answers leave one at a time with a pause between them") {
  Pair pair;
  ReplyPacer pacer;
  pacer.taken(pair.connection, "17");
  pacer.refused(pair.connection, "\"a\"", "no room");
  ReplyPacer::Clock::time_point now{std::chrono::hours(1)};
  CHECK(pacer.send_due(now) == now + ReplyPacer::pause);
  CHECK(pair.read() == R"({"jsonrpc":"2.0","result":"OK","id":17})");
  CHECK(pacer.send_due(now) == now + ReplyPacer::pause);
  CHECK(pair.read() == "");
  now += ReplyPacer::pause;
  CHECK(pacer.send_due(now) == ReplyPacer::Clock::time_point::max());
  CHECK(pair.read() == R"({"jsonrpc":"2.0","error":{"code":-32000,"message":"no room"},"id":"a"})");
  CHECK(pacer.idle());
}

TEST_CASE("connections do not wait for one another") {
  Pair one;
  Pair other;
  ReplyPacer pacer;
  pacer.taken(one.connection, "1");
  pacer.taken(other.connection, "2");
  (void)pacer.send_due(ReplyPacer::Clock::time_point{std::chrono::hours(1)});
  CHECK(one.read() != "");
  CHECK(other.read() != "");
}

TEST_CASE("a peer that reads no answers costs a bounded number of them") {
  Pair pair;
  ReplyPacer pacer;
  for (std::size_t i = 0; i < ReplyPacer::waiting_max + 3; ++i) pacer.taken(pair.connection, "1");
  CHECK(pacer.unanswered() == 3);
  CHECK(pair.connection.replies.size() == ReplyPacer::waiting_max);
}

TEST_CASE("the answers of a peer that is gone are forgotten") {
  Pair pair;
  ReplyPacer pacer;
  pacer.taken(pair.connection, "1");
  pacer.taken(pair.connection, "2");
  pair.opensips.reset();
  (void)pacer.send_due(ReplyPacer::Clock::time_point{std::chrono::hours(1)});
  CHECK(pacer.idle());
  CHECK(pair.connection.replies.empty());
}
