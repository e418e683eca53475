// SPDX-License-Identifier: BSD-3-Clause
#include "control/packets/json_printer.h"

namespace wirewatch {
namespace {

constexpr std::string_view kPacketsSchema = "wirewatch/packets/1";

}  // namespace

JsonPrinter::JsonPrinter(Output& out) : out_(out), json_(out) {
  json_.begin_object();
  json_.field("schema", kPacketsSchema);
  json_.new_line();
  json_.key("packets");
  json_.begin_array();
}

bool JsonPrinter::on_frame(const Frame& frame) {
  describer_.describe(frame, *line_);
  json_.new_line();
  json_.begin_object();
  json_.field("number", frame.packet.number);
  if (frame.packet.time != kNoTimestamp) json_.field("timestamp", frame.packet.time);
  if (!line_->source.empty()) json_.field("source", line_->source.view());
  if (!line_->destination.empty()) json_.field("destination", line_->destination.view());
  const Layers& layers = frame.layers;
  if (layers.has_flow) {
    const bool low = layers.source_is_low;
    json_.field("transport", transport_name(layers.key.ip_protocol));
    json_.field("source_port", low ? layers.key.low_port : layers.key.high_port);
    json_.field("destination_port", low ? layers.key.high_port : layers.key.low_port);
  }
  json_.field("protocol", line_->protocol);
  if (frame.flow != nullptr && !frame.flow->application.empty()) {
    json_.field("application", frame.flow->application);
    json_.field("evidence", to_string(frame.flow->evidence));
  }
  json_.field("length", frame.packet.original_length);
  if (frame.packet.captured_length != frame.packet.original_length) {
    json_.field("captured_length", frame.packet.captured_length);
  }
  json_.field("info", line_->info.view());
  json_.end_object();
  return ++lines_ % kLinesBetweenChecks != 0 || !out_.finish();
}

void JsonPrinter::finish(const ScanTotals& totals) {
  json_.end_array();
  json_.new_line();
  json_.field("read", totals.read);
  json_.field("matched", totals.matched);
  json_.end_object();
  out_.put('\n');
}

}  // namespace wirewatch
