#include "loss_table.hpp"

#include "table.hpp"

namespace zevi::cli {

LossTable::Row& LossTable::row(std::string_view topic) {
  const auto found = rows_.find(topic);
  return found != rows_.end() ? found->second : rows_.try_emplace(std::string(topic)).first->second;
}

void LossTable::count(const Message& message) {
  if (const Event* const event = message.event()) {
    ++row(event->topic).arrived;
  } else if (const Gap* const gap = message.gap()) {
    row(gap->topic).after += gap->count();
  } else if (const LostBefore* const before = message.lost_before()) {
    row(before->topic).before += before->count;
  } else if (const LostWithBroker* const with = message.lost_with_broker()) {
    row(with->topic).with += with->count();
  }
}

void LossTable::append_text(std::string& out) const {
  Table table;
  table.add_column("TOPIC", Table::Align::left);
  for (const char* const title : {"ARRIVED", "LOST BEFORE BROKER", "LOST AFTER BROKER", "LOST WITH BROKER"}) {
    table.add_column(title, Table::Align::right);
  }
  const auto add = [&](const std::string& name, const Row& row) {
    table.add_row({name, std::to_string(row.arrived), std::to_string(row.before), std::to_string(row.after),
                   std::to_string(row.with)});
  };
  Row sum;
  for (const auto& [topic, row] : rows_) {
    add(topic, row);
    sum.arrived += row.arrived;
    sum.before += row.before;
    sum.after += row.after;
    sum.with += row.with;
  }
  add("all", sum);
  table.append(out);
}

void LossTable::append_json(std::string& out) const {
  out += R"({"ledger":[)";
  bool is_first = true;
  for (const auto& [topic, row] : rows_) {
    if (!is_first) out += ',';
    is_first = false;
    out += R"({"topic":")" + topic + R"(","arrived":)" + std::to_string(row.arrived) +
           R"(,"lost_before_broker":)" + std::to_string(row.before) + R"(,"lost_after_broker":)" +
           std::to_string(row.after) + R"(,"lost_with_broker":)" + std::to_string(row.with) + '}';
  }
  out += "]}\n";
}

}  // namespace zevi::cli
