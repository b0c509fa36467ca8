#include "reply_pacer.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <string>

namespace zevi::ingest {

namespace {

/// Sends the oldest answer. False if the connection is broken.
bool send_front(StreamConnection& connection) {
  std::string& reply = connection.replies.front();
  const ssize_t sent = send(connection.fd.get(), reply.data(), reply.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  if (sent < 0) return errno == EAGAIN || errno == EINTR;
  if (static_cast<std::size_t>(sent) == reply.size()) {
    connection.replies.pop_front();
  } else {
    reply.erase(0, static_cast<std::size_t>(sent));
  }
  return true;
}

}  // namespace

void ReplyPacer::taken(StreamConnection& connection, std::string_view id) {
  std::string reply = R"({"jsonrpc":"2.0","result":"OK","id":)";
  add(connection, reply.append(id).append("}"));
}

void ReplyPacer::refused(StreamConnection& connection, std::string_view id, std::string_view reason) {
  std::string reply = R"({"jsonrpc":"2.0","error":{"code":-32000,"message":")";
  add(connection, reply.append(reason).append(R"("},"id":)").append(id).append("}"));
}

void ReplyPacer::add(StreamConnection& connection, std::string reply) {
  if (connection.replies.size() == waiting_max) {
    ++unanswered_;
    return;
  }
  if (connection.replies.empty()) waiting_.push_back(&connection);
  connection.replies.push_back(std::move(reply));
}

ReplyPacer::Clock::time_point ReplyPacer::send_due(Clock::time_point now) {
  Clock::time_point next = Clock::time_point::max();
  for (StreamConnection* const connection : waiting_) {
    if (connection->next_reply <= now) {
      if (!send_front(*connection)) connection->replies.clear();
      connection->next_reply = now + pause;
    }
    if (!connection->replies.empty()) next = std::min(next, connection->next_reply);
  }
  std::erase_if(waiting_, [](const StreamConnection* connection) { return connection->replies.empty(); });
  return next;
}

}  // namespace zevi::ingest
