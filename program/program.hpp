#pragma once

#include <boost/program_options/options_description.hpp>
#include <boost/program_options/positional_options.hpp>
#include <boost/program_options/variables_map.hpp>
#include <exception>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "zevi/error.hpp"

/// What every executable shares: how its command line is read, how it fails, and with which exit code.
namespace zevi::program {

enum ExitCode : int {
  exit_ok = 0,
  exit_failure = 1,
  exit_usage = 2,           ///< a wrong command line
  exit_configuration = 78,  ///< a wrong configuration file, as EX_CONFIG of sysexits.h
  exit_timeout = 124,       ///< as timeout(1)
};

/// A wrong command line; `run` prints it with a hint at --help and exits 2.
class UsageError : public Error {
 public:
  using Error::Error;
};

/// A wrong configuration file; `run` exits 78.
class ConfigError : public Error {
 public:
  using Error::Error;
};

/// The words around the option table in `--help`.
struct About {
  std::string_view name;      ///< as the user types it: `zevid`, `zevi sub`
  std::string_view synopsis;  ///< behind the name in the usage line: `[OPTION]... TOPIC...`
  std::string_view purpose;   ///< one or a few sentences, wrapped by the author; the first, up to its full
                              ///< stop or colon, is what `zevi help` lists
  std::string_view examples;  ///< lines shown behind the options; may be empty
  std::string_view exit_status{};     ///< what each one means: `0, 1 for a failure`; may be empty
  int section = 1;                    ///< of the manual: 1 for commands, 8 for daemons
  std::string_view service_config{};  ///< the configuration file that its service reads; may be empty
};

namespace po = boost::program_options;

/// The options of one program. `visible` is the table for `--help`; `--help` and `--version` are added to it.
/// Positional arguments are named in `positional` and described in `hidden`.
struct OptionTable {
  po::options_description visible;
  po::options_description hidden;
  po::positional_options_description positional;
  std::string config_option;  ///< name of the option that holds a configuration file; empty for none
  std::vector<std::string> command_line_only{};  ///< names that a configuration file must not hold
  std::vector<std::string> not_in_sections{};    ///< for the whole file: they stand before its first section

  OptionTable() : visible(100, 60) {}
};

/// Reads the command line, then the configuration file for what the command line left open: the file holds
/// the same long names, `name = value` a line. Returns false when `--help`, `--version` or one
/// of the hidden `--summary` (for `zevi help`), `--man` and `--completion SHELL` was asked for and has been
/// printed. Throws `UsageError` or `ConfigError` with a message that names the option.
[[nodiscard]] bool parse(const About& about, OptionTable& table, int argc, const char* const* argv,
                         po::variables_map& values);

/// Calls `body` and turns what it throws into one line `NAME: error: ...` on standard error and an exit code;
/// `usage_code` is that of a wrong command line, for programs whose 2 means something else.
[[nodiscard]] int run(std::string_view name, const std::function<int()>& body,
                      int usage_code = exit_usage) noexcept;

}  // namespace zevi::program
