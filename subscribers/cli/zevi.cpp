#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <iomanip>
#include <iostream>
#include <string>
#include <string_view>
#include <vector>

#include "commands.hpp"
#include "program.hpp"
#include "suggestion.hpp"
#include "version.hpp"

namespace zevi::cli {

namespace {

namespace fs = std::filesystem;

Commands find_commands() {
  std::error_code error;
  const fs::path here = fs::read_symlink("/proc/self/exe", error).parent_path();
  const char* const path = std::getenv("PATH");
  return Commands({here, ZEVI_LIBEXEC_DIR}, path == nullptr ? "" : path);
}

/// Becomes the command, so that signals and the exit status are its own.
[[noreturn]] void become(const Command& command, std::vector<std::string> arguments) {
  std::string path = command.path.string();
  std::vector<char*> pointers{path.data()};
  for (std::string& argument : arguments) pointers.push_back(argument.data());
  pointers.push_back(nullptr);
  std::cout.flush();
  execv(path.c_str(), pointers.data());
  throw Error("cannot start " + path + ": " + std::strerror(errno));
}

const Command& look_up(const Commands& commands, std::string_view name) {
  if (const Command* const command = commands.find(name)) return *command;
  std::vector<std::string_view> names{"help"};
  for (const Command& command : commands.all()) names.push_back(command.name);
  const std::string_view meant = program::nearest(name, names);
  std::string message = "there is no command '" + std::string(name) + "'";
  if (!meant.empty()) message += "; did you mean '" + std::string(meant) + "'?";
  throw program::UsageError(message);
}

void print_help(std::ostream& out, const Commands& commands) {
  out << "Usage: zevi COMMAND [ARGUMENT]...\n\n"
         "Publishes, reads and looks after the events of the Zevi event broker.\n\n"
         "Commands:\n";
  std::size_t width = std::strlen("help");
  for (const Command& command : commands.all()) width = std::max(width, command.name.size());
  const auto line = [&](std::string_view name, std::string_view summary) {
    out << "  " << std::left << std::setw(static_cast<int>(width)) << name << "  " << summary << "\n";
  };
  line("help", "Shows this list, or with a COMMAND the help of that");
  for (const Command& command : commands.all()) {
    // Strangers on $PATH are named and not run.
    line(command.name, command.is_own ? summary_of(command) : command.path.string());
  }
  out << "\n'zevi help COMMAND' or 'zevi COMMAND --help' says more. A command is a program called\n"
         "zevi-COMMAND, beside zevi or on $PATH.\n";
}

int run(const std::vector<std::string>& arguments) {
  const Commands commands = find_commands();
  if (arguments.empty()) {
    print_help(std::cerr, commands);
    return program::exit_usage;
  }
  const std::string& first = arguments.front();
  if (first == "--version" || first == "-V") {
    std::cout << "zevi " << version << "\n";
    return program::exit_ok;
  }
  if (first == "help" || first == "--help" || first == "-h") {
    if (first == "help" && arguments.size() > 1) become(look_up(commands, arguments[1]), {"--help"});
    print_help(std::cout, commands);
    return program::exit_ok;
  }
  if (first.starts_with('-')) throw program::UsageError("unknown option '" + first + "'");
  become(look_up(commands, first), {arguments.begin() + 1, arguments.end()});
}

}  // namespace

}  // namespace zevi::cli

int main(int argc, char** argv) {
  return zevi::program::run("zevi", [&] { return zevi::cli::run({argv + std::min(argc, 1), argv + argc}); });
}
