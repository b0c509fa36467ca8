#include "file_bus.hpp"

#include <map>
#include <memory>
#include <string>
#include <utility>

#include "../settings.hpp"
#include "line_file.hpp"
#include "program.hpp"

namespace zevi::bridges {

namespace {

constexpr std::size_t waiting_bytes_max = 4 * 1024 * 1024;
// Of a template with many values; descriptors are not to run out.
constexpr std::size_t files_max = 128;

class FileBus : public Bus {
 public:
  /// `path` may be empty if it is another one for each event.
  FileBus(std::string path, const Rotation& rotation) : path_(std::move(path)), rotation_(rotation) {}

  void open() override {
    last_ = 0;
    if (!path_.empty()) static_cast<void>(file(path_));
  }

  [[nodiscard]] Sent send(const Outgoing& message) override {
    if (waiting_bytes_ >= waiting_bytes_max) return Sent::full;
    file(message.subject).append(message.id, message.payload);
    waiting_bytes_ += message.payload.size();
    last_ = message.number;
    return Sent::yes;
  }

  void poll(Report& report) override {
    for (const auto& [path, file] : files_) file->sync();
    waiting_bytes_ = 0;
    report.acknowledged_to = last_;
  }

  void close() noexcept override {
    files_.clear();
    waiting_bytes_ = 0;
  }

 private:
  LineFile& file(const std::string& path) {
    const auto found = files_.find(path);
    if (found != files_.end()) return *found->second;
    if (files_.size() >= files_max) {
      for (const auto& [open_path, file] : files_) file->sync();
      files_.clear();
    }
    return *files_.emplace(path, std::make_unique<LineFile>(path, rotation_)).first->second;
  }

  const std::string path_;
  const Rotation rotation_;
  std::map<std::string, std::unique_ptr<LineFile>> files_;
  std::size_t waiting_bytes_ = 0;
  std::uint64_t last_ = 0;
};

std::unique_ptr<Bus> make(const BusOptions& options) {
  if (options.url.path.empty() || options.url.path.front() != '/' || !options.url.hosts.empty()) {
    throw program::UsageError("a file is given with its whole path: file:///var/log/zevi/{topic}.ndjson");
  }
  const std::string& path = options.url.path;
  return std::make_unique<FileBus>(path.find('{') == std::string::npos ? path : "",
                                   Rotation{.bytes = size_setting(options, "rotate-size"),
                                            .age = duration_setting(options, "rotate-every"),
                                            .keep = count_setting(options, "keep")});
}

}  // namespace

const BusKind file_bus{
    .scheme = "file",
    .url = "file:///PATH/{topic}.ndjson",
    .purpose = "a line of JSON an event, safe on the disk before it is acknowledged",
    .subject = "",
    .special = "/",
    .takes_lines = true,
    .answer_within = {},
    .settings = {{"rotate-size", "", "begin a new file when this one has about so much: 64MB"},
                 {"rotate-every", "", "begin a new file when the clock (UTC) passes a multiple of: 1h"},
                 {"keep", "", "so many of the files before stay; default all"}},
    .make = make};

}  // namespace zevi::bridges
