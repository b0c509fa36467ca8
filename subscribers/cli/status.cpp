#include <iostream>
#include <string>

#include "control_client.hpp"
#include "control_options.hpp"
#include "status_text.hpp"
#include "table.hpp"
#include "zevi/error.hpp"
#include "zevi/json.hpp"

namespace zevi::cli {

namespace {

namespace po = program::po;

constexpr program::About about{
    "zevi status", "[OPTION]...",
    "Shows how the broker is. Version and process, since when it runs, its memory, who publishes and\n"
    "subscribes, what it took in, what was lost and on which side, and what it keeps.",
    "  zevi status\n"
    "  zevi status --counters\n"
    "  zevi status --watch 1s\n"
    "  zevi status --output json | jq .counters.events_received",
    "0, 1 for a failure (no broker answers), 2 for a wrong command line."};

void append_counters(std::string& out, const ControlRows& counters) {
  Table table;
  table.add_column("COUNTER", Table::Align::left);
  table.add_column("VALUE", Table::Align::right);
  table.add_column("COUNTS", Table::Align::left);
  for (const std::string& raw : counters.rows) {
    const Params row(raw);
    table.add_row({std::string(row.find("name").as_text().value_or("")),
                   std::to_string(row.find("value").as_uint().value_or(0)),
                   std::string(row.find("help").as_text().value_or(""))});
  }
  table.append(out);
}

int show_status(int argc, const char* const* argv) {
  program::OptionTable table;
  table.visible.add_options()("counters,c", "every counter, and what it counts, instead");
  add_output_options(table);
  add_connection_options(table);
  po::variables_map values;
  if (!program::parse(about, table, argc, argv, values)) return program::exit_ok;
  const ControlOptions options = control_options(values);
  const bool with_counters = values.count("counters") != 0;

  ControlClient broker(options);
  show_as_asked(options, [&] {
    const ControlRows answer = broker.ask(with_counters ? "counters" : "stats");
    std::string out;
    if (options.as_json) {
      for (const std::string& row : answer.rows) {
        append_json(out, row);
        out += '\n';
      }
    } else if (with_counters) {
      append_counters(out, answer);
    } else if (!answer.rows.empty()) {
      append_status(out, Params(answer.rows.front()));
    }
    std::cout << out;
  });
  return program::exit_ok;
}

}  // namespace

}  // namespace zevi::cli

int main(int argc, char** argv) {
  return zevi::program::run("zevi status", [&] { return zevi::cli::show_status(argc, argv); });
}
