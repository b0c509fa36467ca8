#include "cursor.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>

#include "json_reader.hpp"
#include "zevi/error.hpp"
#include "zevi/topic.hpp"

namespace zevi::subscriber {

namespace {

constexpr std::uint64_t version = 1;
constexpr std::size_t cursor_bytes_max = std::size_t{1} << 30U;
/// Of one topic. Of those beyond it an event that is sent again would be delivered again.
constexpr std::size_t publishers_max = 10'000;

/// Objects and arrays with their commas.
class Writer {
 public:
  explicit Writer(std::string& out) : out_(out) {}
  Writer& open(char bracket) {
    separate();
    out_ += bracket;
    is_first_ = true;
    return *this;
  }
  void close(char bracket) {
    out_ += bracket;
    is_first_ = false;
  }
  Writer& key(std::string_view name) {
    text(name);
    out_ += ':';
    is_first_ = true;
    return *this;
  }
  /// Topics and names have nothing to escape.
  void text(std::string_view value) {
    separate();
    out_.append("\"").append(value).append("\"");
  }
  void raw(std::string_view value) {
    separate();
    out_ += value;
  }
  void number(std::uint64_t value) { raw(std::to_string(value)); }

 private:
  void separate() {
    if (!is_first_) out_ += ',';
    is_first_ = false;
  }

  std::string& out_;
  bool is_first_ = true;
};

void write(Writer& writer, const std::map<std::string, std::uint64_t>& numbers) {
  writer.open('{');
  for (const auto& [topic, number] : numbers) writer.key(topic).number(number);
  writer.close('}');
}

void write(Writer& writer, const Position::Numbers& numbers) {
  writer.open('{');
  std::size_t left = publishers_max;
  for (const auto& [id, p] : numbers) {
    if (left-- == 0) break;
    writer.key(std::to_string(id)).number(p);
  }
  writer.close('}');
}

std::string checked_topic(std::string name) {
  if (!is_topic(name)) throw Error("it has '" + name + "' for a topic");
  return name;
}

std::uint64_t checked_id(const std::string& text) {
  JsonReader reader(text);
  const std::uint64_t id = reader.number();
  reader.end();
  return id;
}

void read(JsonReader& reader, std::map<std::string, std::uint64_t>& numbers) {
  reader.object([&](std::string topic) { numbers[checked_topic(std::move(topic))] = reader.number(); });
}

void read_publishers(JsonReader& reader, Position& position) {
  reader.object([&](std::string topic) {
    Position::Numbers& numbers = position.publishers[checked_topic(std::move(topic))];
    reader.object([&](const std::string& id) { numbers[checked_id(id)] = reader.number(); });
  });
}

void read_before(JsonReader& reader, Position& position) {
  reader.object([&](std::string topic) {
    auto& ids = position.before[checked_topic(std::move(topic))];
    reader.array([&] { ids.insert(reader.number()); });
  });
}

std::string problem_with(const std::string& path, const std::string& what) {
  return "cannot use the cursor " + path + ": " + what + "; move it away to begin anew";
}

class Descriptor {
 public:
  Descriptor(const std::string& path, int flags) : fd_(::open(path.c_str(), flags | O_CLOEXEC, 0666)) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  [[nodiscard]] bool is_open() const noexcept { return fd_ >= 0; }
  [[nodiscard]] int fd() const noexcept { return fd_; }

 private:
  int fd_;
};

bool write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno != EINTR) return false;
    if (written > 0) bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

bool write_file(const std::string& path, std::string_view bytes) {
  const Descriptor file(path, O_WRONLY | O_CREAT | O_TRUNC);
  return file.is_open() && write_all(file.fd(), bytes) && fsync(file.fd()) == 0;
}

bool sync_directory_of(const std::string& path) {
  std::filesystem::path directory = std::filesystem::path(path).parent_path();
  if (directory.empty()) directory = ".";
  const Descriptor opened(directory.string(), O_RDONLY | O_DIRECTORY);
  return opened.is_open() && fsync(opened.fd()) == 0;
}

}  // namespace

std::string encode_cursor(const Position& position) {
  std::string out;
  Writer writer(out);
  writer.open('{');
  writer.key("version").number(version);
  writer.key("epoch").number(position.epoch);
  writer.key("has_changed").raw(position.has_changed ? "true" : "false");
  write(writer.key("next"), position.next);
  write(writer.key("lost_before"), position.lost_before);
  writer.key("publishers").open('{');
  for (const auto& [topic, numbers] : position.publishers) write(writer.key(topic), numbers);
  writer.close('}');
  writer.key("before").open('{');
  for (const auto& [topic, ids] : position.before) {
    writer.key(topic).open('[');
    for (const std::uint64_t id : ids) writer.number(id);
    writer.close(']');
  }
  writer.close('}');
  writer.key("whole").open('[');
  for (const std::string& topic : position.whole) writer.text(topic);
  writer.close(']');
  writer.close('}');
  return out;
}

Position decode_cursor(std::string_view text) {
  Position position;
  std::uint64_t its_version = 0;
  bool has_epoch = false;
  bool has_next = false;
  JsonReader reader(text);
  reader.object([&](const std::string& key) {
    if (key == "version") {
      its_version = reader.number();
    } else if (key == "epoch") {
      position.epoch = reader.number();
      has_epoch = true;
    } else if (key == "has_changed") {
      position.has_changed = reader.boolean();
    } else if (key == "next") {
      read(reader, position.next);
      has_next = true;
    } else if (key == "lost_before") {
      read(reader, position.lost_before);
    } else if (key == "publishers") {
      read_publishers(reader, position);
    } else if (key == "before") {
      read_before(reader, position);
    } else if (key == "whole") {
      reader.array([&] { position.whole.insert(checked_topic(reader.text())); });
    } else {
      reader.skip();
    }
  });
  reader.end();
  if (its_version != version || !has_epoch || !has_next) {
    throw Error("it is no cursor of version " + std::to_string(version));
  }
  return position;
}

std::optional<Position> CursorFile::load() const {
  const Descriptor file(path_, O_RDONLY);
  if (!file.is_open()) {
    if (errno == ENOENT) return std::nullopt;
    throw Error(problem_with(path_, std::strerror(errno)));
  }
  std::string text;
  std::array<char, 64 * 1024> piece{};
  for (;;) {
    const ssize_t bytes = ::read(file.fd(), piece.data(), piece.size());
    if (bytes < 0 && errno == EINTR) continue;
    if (bytes < 0) throw Error(problem_with(path_, std::strerror(errno)));
    if (bytes == 0) break;
    text.append(piece.data(), static_cast<std::size_t>(bytes));
    if (text.size() > cursor_bytes_max) throw Error(problem_with(path_, "it is larger than any cursor"));
  }
  try {
    return decode_cursor(text);
  } catch (const Error& error) {
    throw Error(problem_with(path_, error.what()));
  }
}

void CursorFile::save(const Position& position) const {
  const std::string beside = path_ + ".new";
  const bool is_written = write_file(beside, encode_cursor(position)) &&
                          std::rename(beside.c_str(), path_.c_str()) == 0 && sync_directory_of(path_);
  if (!is_written) {
    throw Error("cannot write the cursor " + path_ + ": " + std::strerror(errno) +
                "; what was read since it was last written comes again after a restart");
  }
}

}  // namespace zevi::subscriber
