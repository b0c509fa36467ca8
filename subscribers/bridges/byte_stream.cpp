#include "byte_stream.hpp"

#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <system_error>

#include "zevi/error.hpp"

namespace zevi::bridges {

namespace {

// At a time, so that a peer that answers without end is left again.
constexpr std::size_t read_bytes_max = std::size_t{1} << 20;

// What was sent is moved out of the way when it is as much.
constexpr std::size_t kept_bytes_max = std::size_t{1} << 20;

[[noreturn]] void lose() {
  throw Error("the connection is lost: " + std::generic_category().message(errno));
}

bool would_wait() {
  return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
}

}  // namespace

ByteStream::ByteStream(const std::string& host, const std::string& port, const Tls& tls,
                       TcpSocket::Clock::time_point deadline)
    : socket_(host, port, deadline) {
  if (tls.is_on) tls_.emplace(socket_, tls, host, deadline);
}

void ByteStream::exchange(const Take& take) {
  try {
    read(take);
    write();
  } catch (const Error& error) {
    loss_ = error.what();
  }
}

void ByteStream::write() {
  while (unsent() > 0) {
    const std::size_t count = write_some(out_.data() + sent_, unsent());
    if (count == 0) break;
    sent_ += count;
  }
  if (unsent() == 0 || sent_ > kept_bytes_max) {
    out_.erase(0, sent_);
    sent_ = 0;
  }
  socket_.ask_for_room(unsent() > 0);
}

void ByteStream::read(const Take& take) {
  std::array<char, 16384> bytes{};
  for (std::size_t total = 0; total < read_bytes_max;) {
    const std::size_t count = read_some(bytes.data(), bytes.size());
    if (count == 0) return;
    total += count;
    take({bytes.data(), count});
  }
}

std::size_t ByteStream::read_some(char* data, std::size_t size) {
  if (tls_) return tls_->read(data, size);
  const ssize_t count = recv(socket_.fd(), data, size, 0);
  if (count == 0) throw Error("the server has closed the connection");
  if (count < 0 && !would_wait()) lose();
  return count < 0 ? 0 : static_cast<std::size_t>(count);
}

std::size_t ByteStream::write_some(const char* data, std::size_t size) {
  if (tls_) return tls_->write(data, size);
  const ssize_t count = ::send(socket_.fd(), data, size, MSG_NOSIGNAL);
  if (count < 0 && !would_wait()) lose();
  return count < 0 ? 0 : static_cast<std::size_t>(count);
}

}  // namespace zevi::bridges
