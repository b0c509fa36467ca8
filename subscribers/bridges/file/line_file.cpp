#include "line_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <utility>

#include "rotated_files.hpp"
#include "zevi/error.hpp"

namespace zevi::bridges {

namespace {

// More than a bridge writes between two saves of its cursor.
constexpr std::uint64_t known_bytes_max = 16 * 1024 * 1024;

constexpr std::string_view line_begin = R"({"id":")";

[[noreturn]] void fail(const char* what, const std::string& path) {
  throw Error(std::string("cannot ") + what + " " + path + ": " + std::strerror(errno));
}

std::int64_t period_of(std::chrono::nanoseconds age, std::chrono::nanoseconds since_1970) {
  return age.count() == 0 ? 0 : since_1970 / age;
}

std::int64_t current_period(std::chrono::nanoseconds age) {
  return period_of(age, std::chrono::system_clock::now().time_since_epoch());
}

/// The last bytes of a file.
std::string read_end(const std::string& path, std::uint64_t bytes_max) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) fail("read", path);
  struct stat status {};
  std::string text;
  if (fstat(fd, &status) == 0) {
    const auto size = static_cast<std::uint64_t>(status.st_size);
    const std::uint64_t begin = size - std::min(size, bytes_max);
    text.resize(static_cast<std::size_t>(size - begin));
    std::size_t filled = 0;
    while (filled < text.size()) {
      const ssize_t count =
          pread(fd, text.data() + filled, text.size() - filled, static_cast<off_t>(begin + filled));
      if (count <= 0) break;
      filled += static_cast<std::size_t>(count);
    }
    text.resize(filled);
  }
  ::close(fd);
  return text;
}

void sync_directory_of(const std::string& path) {
  const std::string directory = std::filesystem::path(path).parent_path().string();
  const int fd = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const bool is_synced = fd >= 0 && fsync(fd) == 0;
  if (fd >= 0) ::close(fd);
  if (!is_synced) fail("write", directory);
}

}  // namespace

LineFile::LineFile(std::string path, const Rotation& rotation) : path_(std::move(path)), rotation_(rotation) {
  open();
  try {
    mend_end();
    learn_ids();
  } catch (...) {
    close();
    throw;
  }
}

LineFile::~LineFile() {
  close();
}

void LineFile::open() {
  fd_ = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
  if (fd_ < 0) fail("open", path_);
  struct stat status {};
  if (fstat(fd_, &status) != 0) fail("open", path_);
  bytes_ = static_cast<std::uint64_t>(status.st_size);
  const std::chrono::nanoseconds written =
      std::chrono::seconds(status.st_mtim.tv_sec) + std::chrono::nanoseconds(status.st_mtim.tv_nsec);
  period_ = bytes_ == 0 ? current_period(rotation_.age) : period_of(rotation_.age, written);
  if (bytes_ == 0) sync_directory_of(path_);
}

void LineFile::close() noexcept {
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
}

void LineFile::mend_end() {
  const std::string end = read_end(path_, known_bytes_max);
  if (end.empty() || end.back() == '\n') return;
  const std::size_t newline = end.rfind('\n');
  const std::size_t begin = newline == std::string::npos ? 0 : newline + 1;
  const std::string_view rest = std::string_view(end).substr(begin);
  const bool is_ours = rest.starts_with(line_begin) || line_begin.starts_with(rest);
  if (!is_ours) {
    waiting_.push_back('\n');
    return;
  }
  if (ftruncate(fd_, static_cast<off_t>(bytes_ - rest.size())) != 0) fail("shorten", path_);
  bytes_ -= rest.size();
}

void LineFile::learn_ids() {
  std::string text;
  if (bytes_ < known_bytes_max) {
    const std::vector<std::string> older = rotated_files(path_);
    if (!older.empty()) text = read_end(older.back(), known_bytes_max - bytes_);
  }
  text += read_end(path_, known_bytes_max);
  std::string_view rest = text;
  while (!rest.empty()) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    if (line.starts_with(line_begin)) {
      const std::string_view id = line.substr(line_begin.size());
      known_.emplace(id.substr(0, id.find('"')));
    }
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
  }
}

void LineFile::append(std::string_view id, std::string_view line) {
  if (!known_.empty()) {
    if (known_.erase(std::string(id)) != 0) return;
    new_bytes_ += line.size();
    if (new_bytes_ > known_bytes_max) known_.clear();
  }
  waiting_ += line;
  waiting_ += '\n';
}

/// By somebody who rotates files from outside.
bool LineFile::was_moved() const {
  struct stat here {};
  struct stat there {};
  return fstat(fd_, &here) == 0 &&
         (stat(path_.c_str(), &there) != 0 || here.st_ino != there.st_ino || here.st_dev != there.st_dev);
}

void LineFile::sync() {
  if (waiting_.empty()) return;
  if (was_moved()) {
    close();
    open();
  }
  if (is_time_to_rotate()) rotate();
  std::string_view rest = waiting_;
  while (!rest.empty()) {
    const ssize_t written = ::write(fd_, rest.data(), rest.size());
    if (written < 0 && errno != EINTR) fail("write", path_);
    if (written > 0) rest.remove_prefix(static_cast<std::size_t>(written));
  }
  if (fdatasync(fd_) != 0) fail("write", path_);
  bytes_ += waiting_.size();
  period_ = current_period(rotation_.age);
  waiting_.clear();
}

bool LineFile::is_time_to_rotate() const {
  if (bytes_ == 0) return false;
  const bool is_large = rotation_.bytes != 0 && bytes_ + waiting_.size() > rotation_.bytes;
  return is_large || current_period(rotation_.age) != period_;
}

void LineFile::rotate() {
  if (std::rename(path_.c_str(), rotated_name(path_).c_str()) != 0) fail("rename", path_);
  close();
  open();
  if (rotation_.keep == 0) return;
  const std::vector<std::string> older = rotated_files(path_);
  for (std::size_t i = 0; i + rotation_.keep < older.size(); ++i) {
    if (unlink(older[i].c_str()) != 0 && errno != ENOENT) fail("remove", older[i]);
  }
}

}  // namespace zevi::bridges
