#include "option_error.hpp"

#include <string_view>
#include <vector>

#include "suggestion.hpp"

namespace zevi::program {

namespace {

std::string suggestion(const OptionTable& table, std::string_view unknown) {
  while (unknown.starts_with('-')) unknown.remove_prefix(1);
  unknown = unknown.substr(0, unknown.find('='));
  std::vector<std::string_view> names;
  for (const auto& option : table.visible.options()) names.push_back(option->long_name());
  const std::string best(nearest(unknown, names));
  return best.empty() ? "" : "; did you mean --" + best + "?";
}

}  // namespace

std::string words_of(const OptionTable& table, const po::error& error) {
  // Boost's message without its pieces in another style: `the option '--x' ...` is kept, since it names the
  // option.
  if (const auto* unknown = dynamic_cast<const po::unknown_option*>(&error)) {
    return "unknown option '" + unknown->get_option_name() + "'" +
           suggestion(table, unknown->get_option_name());
  }
  return error.what();
}

}  // namespace zevi::program
