#include <fcntl.h>
#include <unistd.h>
#include <zmq.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <iostream>
#include <string>

#include "program.hpp"
#include "zevi/curve_keys.hpp"

namespace {

namespace po = zevi::program::po;

constexpr zevi::program::About about{
    "zevi keys", "generate NAME | show FILE",
    "Makes the keys with which programs on other machines prove who they are (CURVE, over tcp://).\n"
    "generate writes NAME.key, which holds the secret and stays where it is used, and NAME.pub, which may\n"
    "be handed out. show prints the public key in such a file, as an access list names it.",
    "  zevi keys generate /etc/zevi/broker\n"
    "  zevi keys generate monitor\n"
    "  zevi keys show monitor.pub",
    "0, 1 for a failure (a file is there already), 2 for a wrong command line."};

/// A file that is there is somebody's key, and nothing brings it back.
void write_new(const std::string& path, mode_t mode, const std::string& text) {
  const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
  if (fd < 0) {
    const char* const advice = errno == EEXIST ? "; choose another name, or remove it" : "";
    throw zevi::Error("cannot make " + path + ": " + std::strerror(errno) + advice);
  }
  const bool is_whole = write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  const bool is_on_disk = fsync(fd) == 0;
  close(fd);
  if (is_whole && is_on_disk) return;
  unlink(path.c_str());
  throw zevi::Error("cannot write " + path + ": make room on its file system");
}

void generate(const std::string& name) {
  std::array<char, 41> public_key{};
  std::array<char, 41> secret_key{};
  if (zmq_curve_keypair(public_key.data(), secret_key.data()) != 0) {
    throw zevi::Error("this libzmq was built without CURVE");
  }
  const zevi::CurveKeys keys{public_key.data(), secret_key.data()};
  write_new(name + ".pub", 0644, zevi::curve_key_file({keys.public_key, ""}));
  try {
    write_new(name + ".key", 0600, zevi::curve_key_file(keys));
  } catch (const zevi::Error&) {
    unlink((name + ".pub").c_str());
    throw;
  }
  std::cout << "Secret key: " << name << ".key\nPublic key: " << name << ".pub\n"
            << "A line for the broker's access list, with what its owner may do:\n"
            << "key=" << keys.public_key << " subscribe,replay,control\n";
}

int keys(int argc, char** argv) {
  zevi::program::OptionTable table;
  table.hidden.add_options()("action", po::value<std::string>())("name", po::value<std::string>());
  table.positional.add("action", 1).add("name", 1);
  po::variables_map values;
  if (!zevi::program::parse(about, table, argc, argv, values)) return zevi::program::exit_ok;
  const std::string action = values.count("action") == 0 ? "" : values["action"].as<std::string>();
  if (action != "generate" && action != "show") {
    throw zevi::program::UsageError("say what to do: generate NAME, or show FILE");
  }
  if (values.count("name") == 0) {
    throw zevi::program::UsageError(action == "show" ? "show needs a FILE" : "generate needs a NAME");
  }
  const auto& name = values["name"].as<std::string>();
  if (action == "generate") {
    generate(name);
  } else {
    std::cout << zevi::read_curve_keys(name).public_key << "\n";
  }
  return zevi::program::exit_ok;
}

}  // namespace

int main(int argc, char** argv) {
  return zevi::program::run("zevi keys", [&] { return keys(argc, argv); });
}
