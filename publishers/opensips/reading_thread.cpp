#include "reading_thread.hpp"

#include <sys/epoll.h>
#include <sys/eventfd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>

#include "stream_connection.hpp"
#include "zevi/error.hpp"

namespace zevi::ingest {

namespace {

constexpr std::size_t batch_datagrams = 32;
/// A datagram's JSON may be longer than the 64 KiB of the event, because of its escapes.
constexpr std::size_t datagram_bytes_max = 256 * 1024;
constexpr std::size_t stream_read_bytes = 64 * 1024;
/// Rounds on one socket before the others get their turn.
constexpr int rounds_max = 8;
constexpr std::size_t connections_max = 256;
constexpr int paused_wait_ms = 1;
/// After `stop`, what arrives without end is not waited for.
constexpr auto drain_time_max = std::chrono::seconds(2);

std::int64_t now_ns() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::nanoseconds>(now).count();
}

}  // namespace

/// Room for what one `recvmmsg` takes. Its pages are touched only as far as datagrams reach.
struct ReadingThread::Batch {
  struct Control {
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(std::uint32_t))> bytes;
  };

  Batch() : memory(new char[batch_datagrams * datagram_bytes_max]) {
    for (std::size_t i = 0; i < batch_datagrams; ++i) {
      parts[i] = {memory.get() + i * datagram_bytes_max, datagram_bytes_max};
      messages[i] = {};
      messages[i].msg_hdr.msg_iov = &parts[i];
      messages[i].msg_hdr.msg_iovlen = 1;
    }
    rearm();
  }

  /// The kernel shortens the control length to what it wrote.
  void rearm() noexcept {
    for (std::size_t i = 0; i < batch_datagrams; ++i) {
      messages[i].msg_hdr.msg_control = controls[i].bytes.data();
      messages[i].msg_hdr.msg_controllen = controls[i].bytes.size();
    }
  }

  std::unique_ptr<char[]> memory;
  std::array<iovec, batch_datagrams> parts;
  std::array<Control, batch_datagrams> controls;
  std::array<mmsghdr, batch_datagrams> messages;
};

namespace {

/// The epoll registrations are told apart by what their pointers point at.
enum class Watched : std::uint32_t { datagram, listener, stream, stop };

epoll_event watch(Watched kind, std::uint32_t index) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = (static_cast<std::uint64_t>(kind) << 32) | index;
  return event;
}

void note_kernel_drops(DatagramSocket& socket, msghdr& header) {
  for (cmsghdr* part = CMSG_FIRSTHDR(&header); part != nullptr; part = CMSG_NXTHDR(&header, part)) {
    if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SO_RXQ_OVFL) continue;
    std::uint32_t count = 0;
    std::memcpy(&count, CMSG_DATA(part), sizeof count);
    socket.saw_kernel_drops(count);
  }
}

}  // namespace

ReadingThread::ReadingThread(std::vector<std::unique_ptr<DatagramSocket>>& sockets,
                             std::vector<std::unique_ptr<StreamListener>>& listeners, HandoverQueue& queue)
    : sockets_(sockets),
      listeners_(listeners),
      queue_(queue),
      epoll_(epoll_create1(EPOLL_CLOEXEC)),
      stop_event_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)),
      batch_(std::make_unique<Batch>()) {
  const auto add = [this](int fd, epoll_event event) {
    if (epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0) {
      throw Error("cannot watch the sockets: " + std::string(std::strerror(errno)));
    }
  };
  add(stop_event_.get(), watch(Watched::stop, 0));
  for (std::uint32_t i = 0; i < sockets_.size(); ++i) {
    add(sockets_[i]->fd(), watch(Watched::datagram, i));
  }
  for (std::uint32_t i = 0; i < listeners_.size(); ++i) {
    add(listeners_[i]->fd(), watch(Watched::listener, i));
  }
}

ReadingThread::~ReadingThread() {
  stop();
  if (thread_.joinable()) thread_.join();
}

void ReadingThread::start() {
  thread_ = std::thread([this] { run(); });
}

void ReadingThread::stop() noexcept {
  stopping_.store(true, std::memory_order_relaxed);
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = write(stop_event_.get(), &one, sizeof one);
}

void ReadingThread::run() {
  while (!stopping_.load(std::memory_order_relaxed)) {
    read_ready(streams_paused_ ? paused_wait_ms : -1);
    queue_.wake();
    if (streams_paused_) resume_streams();
  }
  epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, stop_event_.get(), nullptr);
  const auto deadline = std::chrono::steady_clock::now() + drain_time_max;
  while ((read_ready(0) > 0 || streams_paused_) && std::chrono::steady_clock::now() < deadline) {
    queue_.wake();
    if (streams_paused_) resume_streams();
  }
  end_all();
  finished_.store(true, std::memory_order_release);
  queue_.wake();
}

int ReadingThread::read_ready(int timeout_ms) {
  std::array<epoll_event, 64> events;
  const int count = epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), timeout_ms);
  for (int i = 0; i < count; ++i) {
    const std::uint64_t data = events[static_cast<std::size_t>(i)].data.u64;
    const auto index = static_cast<std::uint32_t>(data);
    switch (static_cast<Watched>(data >> 32)) {
      case Watched::datagram:
        read_datagrams(*sockets_[index]);
        break;
      case Watched::listener:
        accept_all(*listeners_[index]);
        break;
      case Watched::stream:
        if (const auto found = connections_.find(static_cast<int>(index)); found != connections_.end()) {
          read_stream(*found->second);
        }
        break;
      case Watched::stop:
        break;
    }
  }
  return count;
}

void ReadingThread::read_datagrams(DatagramSocket& socket) {
  for (int round = 0; round < rounds_max; ++round) {
    const int count = recvmmsg(socket.fd(), batch_->messages.data(), batch_datagrams, MSG_DONTWAIT, nullptr);
    if (count <= 0) return;
    deliver(socket, static_cast<std::size_t>(count), now_ns());
    batch_->rearm();
    queue_.wake();
    if (static_cast<std::size_t>(count) < batch_datagrams) return;
  }
}

void ReadingThread::deliver(DatagramSocket& socket, std::size_t count, std::int64_t now) {
  for (std::size_t i = 0; i < count; ++i) {
    mmsghdr& message = batch_->messages[i];
    note_kernel_drops(socket, message.msg_hdr);
    const bool oversized = (message.msg_hdr.msg_flags & MSG_TRUNC) != 0;
    Delivery delivery;
    delivery.kind = oversized ? Delivery::Kind::oversized_datagram : Delivery::Kind::datagram;
    delivery.socket = &socket;
    delivery.time_ns = now;
    delivery.bytes = {static_cast<const char*>(batch_->parts[i].iov_base), message.msg_len};
    if (oversized) delivery.bytes = delivery.bytes.substr(0, 64);
    if (!queue_.push(delivery)) dropped_.fetch_add(1, std::memory_order_relaxed);
  }
}

void ReadingThread::accept_all(const StreamListener& listener) {
  for (;;) {
    // Without room the connection waits in the kernel's backlog, like the bytes of the others.
    if (!queue_.has_room(stream_read_bytes)) return pause_streams();
    auto connection = std::make_unique<StreamConnection>();
    connection->fd = listener.accept(connection->name);
    if (!connection->fd) {
      if (errno == EMFILE || errno == ENFILE) pause_streams();
      return;
    }
    if (connections_.size() == connections_max) {
      refused_connections_.fetch_add(1, std::memory_order_relaxed);
      continue;
    }
    const int fd = connection->fd.get();
    epoll_event event = watch(Watched::stream, static_cast<std::uint32_t>(fd));
    if (epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0) continue;
    connections_.emplace(fd, connection.get());
    Delivery delivery;
    delivery.kind = Delivery::Kind::stream_opened;
    delivery.connection = connection.release();
    [[maybe_unused]] const bool pushed = queue_.push(delivery);
  }
}

void ReadingThread::read_stream(StreamConnection& connection) {
  for (int round = 0; round < rounds_max; ++round) {
    if (!queue_.has_room(stream_read_bytes)) return pause_streams();
    const ssize_t size = recv(connection.fd.get(), batch_->memory.get(), stream_read_bytes, MSG_DONTWAIT);
    if (size < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (size <= 0) return end_stream(connection);
    Delivery delivery;
    delivery.kind = Delivery::Kind::stream;
    delivery.connection = &connection;
    delivery.time_ns = now_ns();
    delivery.bytes = {batch_->memory.get(), static_cast<std::size_t>(size)};
    [[maybe_unused]] const bool pushed = queue_.push(delivery);
    queue_.wake();
  }
}

/// Hands the connection over for good. `has_room` for a read held before, so that the small record finds its
/// place.
void ReadingThread::end_stream(StreamConnection& connection) {
  epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, connection.fd.get(), nullptr);
  connections_.erase(connection.fd.get());
  Delivery delivery;
  delivery.kind = Delivery::Kind::stream_closed;
  delivery.connection = &connection;
  while (!queue_.push(delivery)) {
    queue_.wake();
    std::this_thread::sleep_for(std::chrono::milliseconds(paused_wait_ms));
  }
}

namespace {

/// What is not watched cannot spin the loop while it stays unread.
void set_interest(int epoll, int fd, epoll_event event, bool on) {
  if (!on) event.events = 0;
  epoll_ctl(epoll, EPOLL_CTL_MOD, fd, &event);
}

}  // namespace

void ReadingThread::pause_streams() {
  if (!streams_paused_) stream_pauses_.fetch_add(1, std::memory_order_relaxed);
  streams_paused_ = true;
  for (const auto& [fd, connection] : connections_) {
    set_interest(epoll_.get(), fd, watch(Watched::stream, static_cast<std::uint32_t>(fd)), false);
  }
  for (std::uint32_t i = 0; i < listeners_.size(); ++i) {
    set_interest(epoll_.get(), listeners_[i]->fd(), watch(Watched::listener, i), false);
  }
}

void ReadingThread::resume_streams() {
  if (!queue_.has_room(2 * stream_read_bytes)) return;
  streams_paused_ = false;
  for (const auto& [fd, connection] : connections_) {
    set_interest(epoll_.get(), fd, watch(Watched::stream, static_cast<std::uint32_t>(fd)), true);
  }
  for (std::uint32_t i = 0; i < listeners_.size(); ++i) {
    set_interest(epoll_.get(), listeners_[i]->fd(), watch(Watched::listener, i), true);
  }
}

void ReadingThread::end_all() {
  while (!connections_.empty()) end_stream(*connections_.begin()->second);
}

}  // namespace zevi::ingest
