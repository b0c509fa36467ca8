#include "listing_command.hpp"

#include <algorithm>
#include <iostream>
#include <string>

#include "control_client.hpp"
#include "control_options.hpp"
#include "event_lines.hpp"
#include "suggestion.hpp"
#include "table.hpp"
#include "units.hpp"
#include "zevi/json.hpp"
#include "zevi/subscriber/params.hpp"

namespace zevi::cli {

namespace {

namespace po = program::po;

bool is_words(Show show) {
  return show == Show::text || show == Show::prefix || show == Show::up || show == Show::yes;
}

double number_in(const Params& row, const ListingColumn& column) {
  double sum = row.find(column.key).as_double().value_or(0);
  for (const std::string_view key : column.also) sum += row.find(key).as_double().value_or(0);
  return sum;
}

std::string age_text(std::uint64_t time_ns, std::uint64_t now_ns) {
  if (time_ns == 0) return "never";
  return duration_text(std::chrono::nanoseconds(now_ns > time_ns ? now_ns - time_ns : 0)) + " ago";
}

std::string cell(const Params& row, const ListingColumn& column, std::uint64_t now_ns) {
  const Value value = row.find(column.key);
  const double sum = number_in(row, column);
  switch (column.show) {
    case Show::text: {
      std::string word;
      append_word(word, value.as_text().value_or(""));
      return word;
    }
    case Show::prefix:
      return std::string(value.as_text().value_or("")) + "*";
    case Show::number:
      return std::to_string(value.as_uint().value_or(0));
    case Show::count:
      return count_text(sum);
    case Show::bytes:
      return bytes_text(static_cast<std::uint64_t>(sum));
    case Show::rate:
      return rate_text(sum);
    case Show::age:
      return age_text(value.as_uint().value_or(0), now_ns);
    case Show::up:
      return value.as_bool().value_or(false) ? "up" : "down";
    case Show::yes:
      return value.as_bool().value_or(false) ? "yes" : "";
  }
  return {};
}

std::string keys_text(const Listing& listing) {
  std::string text;
  for (const ListingColumn& column : listing.columns) {
    if (!text.empty()) text += ", ";
    text += column.key;
  }
  return text;
}

const ListingColumn& column_of(const Listing& listing, std::string_view key) {
  std::vector<std::string_view> keys;
  for (const ListingColumn& column : listing.columns) {
    if (column.key == key) return column;
    keys.push_back(column.key);
  }
  std::string message = "--sort is one of " + keys_text(listing) + ", not '" + std::string(key) + "'";
  const std::string_view meant = program::nearest(key, keys);
  if (!meant.empty()) message += "; did you mean '" + std::string(meant) + "'?";
  throw program::UsageError(message);
}

/// Words from A to Z, numbers from the largest down.
void sort_rows(std::vector<Params>& rows, const ListingColumn& by) {
  std::stable_sort(rows.begin(), rows.end(), [&by](const Params& left, const Params& right) {
    if (is_words(by.show)) {
      return left.find(by.key).as_text().value_or("") < right.find(by.key).as_text().value_or("");
    }
    return number_in(left, by) > number_in(right, by);
  });
}

void append_table(std::string& out, const Listing& listing, const std::vector<Params>& rows,
                  std::uint64_t now_ns) {
  if (rows.empty()) {
    out.append(listing.empty).append("\n");
    return;
  }
  Table table;
  for (const ListingColumn& column : listing.columns) {
    table.add_column(column.title, is_words(column.show) ? Table::Align::left : Table::Align::right);
  }
  for (const Params& row : rows) {
    std::vector<std::string> cells;
    for (const ListingColumn& column : listing.columns) cells.push_back(cell(row, column, now_ns));
    table.add_row(cells);
  }
  table.append(out);
}

program::OptionTable option_table(const Listing& listing) {
  program::OptionTable table;
  table.visible.add_options()(
      "sort,s", po::value<std::string>()->default_value(std::string(listing.sort))->value_name("KEY"),
      ("numbers from the largest down, words from A to Z: " + keys_text(listing)).c_str());
  if (!listing.hidden_unless.empty()) {
    table.visible.add_options()("all,a", "those that have ended too");
  }
  add_output_options(table);
  add_connection_options(table);
  return table;
}

}  // namespace

int run_listing(int argc, const char* const* argv, const Listing& listing) {
  program::OptionTable table = option_table(listing);
  po::variables_map values;
  if (!program::parse(listing.about, table, argc, argv, values)) return program::exit_ok;
  const ControlOptions options = control_options(values);
  const ListingColumn& sort = column_of(listing, values["sort"].as<std::string>());
  const std::string_view needed = values.count("all") != 0 ? std::string_view() : listing.hidden_unless;

  ControlClient broker(options);
  show_as_asked(options, [&] {
    const ControlRows answer = broker.ask(listing.cmd);
    std::vector<Params> rows;
    for (const std::string& raw : answer.rows) {
      const Params row(raw);
      if (needed.empty() || row.find(needed).as_bool().value_or(false)) rows.push_back(row);
    }
    sort_rows(rows, sort);
    std::string out;
    if (options.as_json) {
      for (const Params& row : rows) {
        append_json(out, row.raw());
        out += '\n';
      }
    } else {
      append_table(out, listing, rows, answer.at_ns);
    }
    std::cout << out;
  });
  return program::exit_ok;
}

}  // namespace zevi::cli
