#include "cursor.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "zevi/error.hpp"
#include "zevi/topic.hpp"

namespace zevi::subscriber {

namespace {

using Json = nlohmann::json;

constexpr std::uint64_t version = 1;
constexpr std::size_t cursor_bytes_max = std::size_t{1} << 30U;
/// Of one topic. Of those beyond it an event that is sent again would be delivered again.
constexpr std::size_t publishers_max = 10'000;

[[noreturn]] void refuse(const std::string& what) {
  throw Error("it has " + what);
}

std::uint64_t number_of(const Json& value) {
  if (!value.is_number_unsigned()) refuse(value.dump() + " for a number");
  return value.get<std::uint64_t>();
}

std::string topic_of(const std::string& name) {
  if (!is_topic(name)) refuse("'" + name + "' for a topic");
  return name;
}

std::uint64_t id_of(const std::string& text) {
  std::uint64_t id = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, id);
  if (error != std::errc{} || rest != end) refuse("'" + text + "' for a publisher");
  return id;
}

/// A field that may be left out, which must be of the same kind as `standard` if it is there.
Json field_or(const Json& content, const char* name, Json standard) {
  const auto found = content.find(name);
  if (found == content.end()) return standard;
  if (found->type() != standard.type()) refuse("something else for " + std::string(name));
  return *found;
}

std::map<std::string, std::uint64_t> numbers_of(const Json& object) {
  std::map<std::string, std::uint64_t> numbers;
  for (const auto& [topic, q] : object.items()) numbers[topic_of(topic)] = number_of(q);
  return numbers;
}

Position::Numbers publishers_of(const Json& object) {
  if (!object.is_object()) refuse("something else for publishers");
  Position::Numbers numbers;
  for (const auto& [id, p] : object.items()) numbers[id_of(id)] = number_of(p);
  return numbers;
}

std::set<std::uint64_t> ids_of(const Json& array) {
  if (!array.is_array()) refuse("something else for a list of publishers");
  std::set<std::uint64_t> ids;
  for (const Json& id : array) ids.insert(number_of(id));
  return ids;
}

std::set<std::string> texts_of(const Json& array) {
  std::set<std::string> texts;
  for (const Json& text : array) {
    if (!text.is_string()) refuse(text.dump() + " for a text");
    texts.insert(text.get<std::string>());
  }
  return texts;
}

Json json_of(const Position::Numbers& publishers) {
  Json object = Json::object();
  std::size_t left = publishers_max;
  for (const auto& [id, p] : publishers) {
    if (left-- == 0) break;
    object[std::to_string(id)] = p;
  }
  return object;
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
  Json publishers = Json::object();
  for (const auto& [topic, numbers] : position.publishers) publishers[topic] = json_of(numbers);
  return Json({{"version", version},
               {"epoch", position.epoch},
               {"has_changed", position.has_changed},
               {"knows_all", position.knows_all},
               {"topics", position.topics},
               {"next", position.next},
               {"lost_before", position.lost_before},
               {"publishers", std::move(publishers)},
               {"before", position.before},
               {"whole", position.whole}})
      .dump();
}

Position decode_cursor(std::string_view text) {
  const Json content = Json::parse(text, nullptr, false);
  if (!content.is_object()) throw Error("it is no JSON object");
  if (!content.contains("epoch") || !content.contains("next") ||
      content.value("version", Json()) != version) {
    throw Error("it is no cursor of version " + std::to_string(version));
  }
  Position position;
  position.epoch = number_of(content["epoch"]);
  position.has_changed = field_or(content, "has_changed", false).get<bool>();
  position.knows_all = field_or(content, "knows_all", false).get<bool>();
  position.topics = texts_of(field_or(content, "topics", Json::array()));
  position.next = numbers_of(field_or(content, "next", Json::object()));
  position.lost_before = numbers_of(field_or(content, "lost_before", Json::object()));
  const Json publishers = field_or(content, "publishers", Json::object());
  for (const auto& [topic, numbers] : publishers.items()) {
    position.publishers[topic_of(topic)] = publishers_of(numbers);
  }
  const Json before = field_or(content, "before", Json::object());
  for (const auto& [topic, ids] : before.items()) position.before[topic_of(topic)] = ids_of(ids);
  for (const std::string& topic : texts_of(field_or(content, "whole", Json::array()))) {
    position.whole.insert(topic_of(topic));
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
