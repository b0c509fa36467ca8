#include "option_words.hpp"

#include <boost/program_options/cmdline.hpp>
#include <string_view>

namespace zevi::program {

namespace po = boost::program_options;

namespace {

/// Boost's parameter is `NAME (=DEFAULT)`.
constexpr std::string_view default_begin = " (=";

}  // namespace

std::string short_name(const po::option_description& option) {
  const std::string name = option.canonical_display_name(po::command_line_style::allow_dash_for_short);
  return name.starts_with("-") ? name : "";
}

std::string value_name(const po::option_description& option) {
  const std::string parameter = option.format_parameter();
  return parameter.substr(0, parameter.find(default_begin));
}

std::string default_text(const po::option_description& option) {
  const std::string parameter = option.format_parameter();
  const std::size_t at = parameter.find(default_begin);
  if (at == std::string::npos) return {};
  const std::size_t begin = at + default_begin.size();
  return parameter.substr(begin, parameter.size() - begin - 1);
}

}  // namespace zevi::program
