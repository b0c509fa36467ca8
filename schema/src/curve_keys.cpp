#include "zevi/curve_keys.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <fstream>

#include "zevi/error.hpp"

namespace zevi {

namespace {

constexpr std::size_t key_chars = 40;
constexpr std::string_view z85_marks = ".-:+=^!/*?&<>()[]{}@%$#";

bool is_z85(char c) noexcept {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         z85_marks.find(c) != std::string_view::npos;
}

/// The text between the quotes of `    NAME = "TEXT"`; empty if the line is another one.
std::string_view quoted(std::string_view line, std::string_view name) {
  const std::size_t begin = line.find_first_not_of(" \t");
  if (begin == std::string_view::npos || !line.substr(begin).starts_with(name)) return {};
  const std::size_t open = line.find('"', begin);
  const std::size_t close = line.rfind('"');
  if (open == std::string_view::npos || close == open) return {};
  return line.substr(open + 1, close - open - 1);
}

bool is_open_to_others(const std::string& path) {
  struct stat status {};
  return stat(path.c_str(), &status) == 0 && (status.st_mode & (S_IRWXG | S_IRWXO)) != 0;
}

}  // namespace

bool is_curve_key(std::string_view text) noexcept {
  return text.size() == key_chars && std::all_of(text.begin(), text.end(), is_z85);
}

std::string curve_key_file(const CurveKeys& keys) {
  std::string text = keys.secret_key.empty() ? "#   Public key of CURVE: to be handed out\n"
                                             : "#   Secret key of CURVE: keep it to yourself\n";
  text += "\nmetadata\ncurve\n    public-key = \"" + keys.public_key + "\"\n";
  if (!keys.secret_key.empty()) text += "    secret-key = \"" + keys.secret_key + "\"\n";
  return text;
}

CurveKeys read_curve_keys(const std::string& path) {
  std::ifstream file(path);
  if (!file) throw Error("cannot read the key file " + path + ": check its path and mode");
  CurveKeys keys;
  for (std::string line; std::getline(file, line);) {
    if (const auto key = quoted(line, "public-key"); !key.empty()) keys.public_key = key;
    if (const auto key = quoted(line, "secret-key"); !key.empty()) keys.secret_key = key;
  }
  const bool is_secret_sound = keys.secret_key.empty() || is_curve_key(keys.secret_key);
  if (!is_curve_key(keys.public_key) || !is_secret_sound) {
    throw Error(path + " holds no key: make one with zevi keys generate");
  }
  if (!keys.secret_key.empty() && is_open_to_others(path)) {
    throw Error("others may read the secret key in " + path + ": chmod 600 it");
  }
  return keys;
}

std::string curve_public_key(const std::string& key_or_path) {
  return is_curve_key(key_or_path) ? key_or_path : read_curve_keys(key_or_path).public_key;
}

CurveClient read_curve_client(const std::string& curve_key, const std::string& curve_server_key) {
  if (curve_key.empty() && curve_server_key.empty()) return {};
  if (curve_key.empty() || curve_server_key.empty()) {
    throw Error(
        "the own key and the server's go together: give the file of the one (curve key) and the other, or a "
        "file that holds it (curve server key)");
  }
  CurveClient client{read_curve_keys(curve_key), curve_public_key(curve_server_key)};
  if (client.own.secret_key.empty()) {
    throw Error(curve_key + " holds no secret key: give the file that keeps it");
  }
  return client;
}

}  // namespace zevi
