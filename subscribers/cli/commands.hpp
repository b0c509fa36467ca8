#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

/// The commands of `zevi`: executables called `zevi-NAME`.
namespace zevi::cli {

struct Command {
  std::string name;
  std::filesystem::path path;
  bool is_own;  ///< beside `zevi` or where it is installed; the others are just somewhere on $PATH
};

/// Looks in `own_dirs` in their order, then in those of `path`, which is written as $PATH is.
class Commands {
 public:
  Commands(std::vector<std::filesystem::path> own_dirs, std::string_view path);

  /// All of them by name; of two with the same name the first that was found.
  [[nodiscard]] const std::vector<Command>& all() const noexcept { return commands_; }
  /// Null if there is none of that name.
  [[nodiscard]] const Command* find(std::string_view name) const noexcept;

 private:
  void add_from(const std::filesystem::path& dir, bool is_own);

  std::vector<Command> commands_;
};

/// What the command says about itself in a line, asked for by `--summary`; empty if it does not know that
/// option or takes longer than a second.
[[nodiscard]] std::string summary_of(const Command& command);

}  // namespace zevi::cli
