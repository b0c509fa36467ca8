#include "store_directory.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <system_error>

#include "rows.hpp"
#include "zevi/error.hpp"

namespace zevi::broker {

namespace {

constexpr mode_t store_mode = 0750;
constexpr mode_t file_mode = 0640;
/// In front of the version.
constexpr std::string_view format_words = "zevi-store ";
/// Behind the version while the database is being made.
constexpr std::string_view new_words = " new";
/// While what can be read is gathered.
constexpr std::string_view repair_words = " in repair";

Error failed(const std::string& what, const std::string& path) {
  return Error("cannot " + what + " " + path + ": " + std::strerror(errno));
}

/// On the disk when it returns, whole or not at all.
void write_whole(const std::string& directory, const std::string& name, const std::string& text) {
  const std::string path = directory + "/" + name;
  const std::string temporary = path + ".new";
  const int file = open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, file_mode);
  if (file < 0) throw failed("write", temporary);
  const bool is_written =
      write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size()) && fsync(file) == 0;
  if (close(file) != 0 || !is_written) throw failed("write", temporary);
  if (rename(temporary.c_str(), path.c_str()) != 0) throw failed("write", path);
}

void sync_directory(const std::string& path) {
  const int directory = open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (directory < 0) throw failed("open", path);
  const int result = fsync(directory);
  close(directory);
  if (result != 0) throw failed("sync", path);
}

/// Of a file that is short; empty if there is none.
std::string text_of(const std::string& path) {
  constexpr std::size_t bytes_max = 256;
  std::ifstream file(path, std::ios::binary);
  std::string text(bytes_max, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(file.gcount()));
  return text;
}

std::string format_text(std::string_view behind) {
  return std::string(format_words) + std::to_string(store_format) + std::string(behind) + "\n";
}

std::string closed_text(std::uint64_t epoch, std::uint64_t changes_count) {
  return "epoch " + std::to_string(epoch) + " changes " + std::to_string(changes_count) + "\n";
}

/// 0 if it says none.
std::uint64_t version_of(const std::string& text) {
  if (!text.starts_with(format_words)) return 0;
  std::uint64_t version = 0;
  const char* const end = text.data() + text.size();
  const auto [behind, fault] = std::from_chars(text.data() + format_words.size(), end, version);
  return fault == std::errc() && behind != end && *behind == '\n' ? version : 0;
}

bool is_of_newer_version(const std::string& text) {
  return version_of(text) > store_format;
}

/// Throws for all that this version cannot read.
void check_format(const std::string& path, const std::string& text) {
  const std::string place = "store " + path + ": its file FORMAT ";
  if (!text.starts_with(format_words)) {
    throw Error(place + "is damaged or not of a Zevi store; zevid --repair-store " + path +
                " writes it anew if the rest is one");
  }
  if (is_of_newer_version(text)) {
    throw Error(place + "says version " + std::to_string(version_of(text)) + ", this zevid knows " +
                std::to_string(store_format) + "; use the newer zevid, or another directory");
  }
  if (text == format_text(repair_words)) {
    throw Error("store " + path + ": its repair did not come to an end; zevid --repair-store " + path +
                " begins anew");
  }
  if (text != format_text("") && text != format_text(new_words)) {
    throw Error(place + "is damaged; zevid --repair-store " + path + " writes it anew");
  }
}

}  // namespace

StoreDirectory::StoreDirectory(std::string path) : path_(std::move(path)) {
  if (mkdir(path_.c_str(), store_mode) != 0 && errno != EEXIST) throw failed("make directory", path_);
  std::error_code fault;
  const bool is_empty = std::filesystem::is_empty(path_, fault);
  if (fault) throw Error("cannot read directory " + path_ + ": " + fault.message());
  if (!is_empty && !std::filesystem::exists(path_ + "/FORMAT")) {
    throw Error("store " + path_ +
                ": the directory is not empty and holds no Zevi store; name one that is empty or does not "
                "exist");
  }
  if (is_empty) write_whole(path_, "FORMAT", format_text(new_words));
  const std::string format = text_of(path_ + "/FORMAT");
  check_format(path_, format);
  is_new_ = format == format_text(new_words);
}

void StoreDirectory::check(const std::string& path) {
  if (!std::filesystem::exists(path + "/FORMAT")) throw Error("there is no Zevi store in " + path);
  check_format(path, text_of(path + "/FORMAT"));
}

void StoreDirectory::check_for_repair(const std::string& path) {
  if (!std::filesystem::is_directory(database_path_in(path)))
    throw Error("there is no Zevi store in " + path);
  const std::string format = text_of(path + "/FORMAT");
  const bool is_newer = is_of_newer_version(format);
  if (is_newer) check_format(path, format);
}

void StoreDirectory::begin_repair(const std::string& path) {
  write_whole(path, "FORMAT", format_text(repair_words));
  sync_directory(path);
}

void StoreDirectory::repaired(const std::string& path) {
  unlink((path + "/CLOSED").c_str());
  write_whole(path, "FORMAT", format_text(""));
  sync_directory(path);
}

void StoreDirectory::created() {
  if (!is_new_) return;
  write_whole(path_, "FORMAT", format_text(""));
  sync_directory(path_);
  is_new_ = false;
}

bool StoreDirectory::is_closed(std::uint64_t epoch, std::uint64_t changes_count) const {
  return text_of(path_ + "/CLOSED") == closed_text(epoch, changes_count);
}

void StoreDirectory::mark_open() {
  const std::string path = path_ + "/CLOSED";
  if (unlink(path.c_str()) != 0 && errno != ENOENT) throw failed("remove", path);
  sync_directory(path_);
}

void StoreDirectory::mark_closed(std::uint64_t epoch, std::uint64_t changes_count) {
  write_whole(path_, "CLOSED", closed_text(epoch, changes_count));
  sync_directory(path_);
}

}  // namespace zevi::broker
