#include "line_output.hpp"

#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstring>
#include <limits>

#include "zevi/error.hpp"

namespace zevi::cli {

LineOutput::LineOutput(int fd, int stop_fd)
    : fd_(fd), stop_fd_(stop_fd), write_bytes_max_(std::numeric_limits<std::size_t>::max()) {
  struct stat status {};
  // What poll calls writable takes this much without waiting; a file takes everything.
  if (fstat(fd, &status) == 0 && !S_ISREG(status.st_mode)) write_bytes_max_ = PIPE_BUF;
}

LineOutput::Flushed LineOutput::flush() {
  std::size_t written = 0;
  while (written < buffer_.size()) {
    std::array<pollfd, 2> items{pollfd{fd_, POLLOUT, 0}, pollfd{stop_fd_, POLLIN, 0}};
    if (poll(items.data(), items.size(), -1) < 0 && errno != EINTR) break;
    if (items[0].revents == 0) {
      if (items[1].revents != 0) return Flushed::stopped;
      continue;
    }
    const std::size_t bytes = std::min(buffer_.size() - written, write_bytes_max_);
    const ssize_t result = write(fd_, buffer_.data() + written, bytes);
    if (result >= 0) {
      written += static_cast<std::size_t>(result);
    } else if (errno == EPIPE) {
      return Flushed::closed;
    } else if (errno != EINTR && errno != EAGAIN) {
      throw Error(std::string("cannot write to standard output: ") + std::strerror(errno));
    }
  }
  buffer_.clear();
  return Flushed::written;
}

bool LineOutput::is_closed() const noexcept {
  pollfd item{fd_, 0, 0};
  return poll(&item, 1, 0) > 0 && (item.revents & (POLLERR | POLLHUP)) != 0;
}

}  // namespace zevi::cli
