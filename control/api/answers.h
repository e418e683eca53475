// SPDX-License-Identifier: BSD-3-Clause
// What each endpoint answers, written with the report's own JSON writer.
#pragma once

#include "control/api/endpoints.h"

namespace wirewatch {

void answer_status(const EndpointCall& call, Reply reply);
void answer_protocols(const EndpointCall& call, Reply reply);
void answer_destinations(const EndpointCall& call, Reply reply);
void answer_endpoints(const EndpointCall& call, Reply reply);
void answer_conversations(const EndpointCall& call, Reply reply);
void answer_handshakes(const EndpointCall& call, Reply reply);
void answer_flows(const EndpointCall& call, Reply reply);
void answer_alerts(const EndpointCall& call, Reply reply);
void answer_loss(const EndpointCall& call, Reply reply);
void answer_rules(const EndpointCall& call, Reply reply);
void answer_metrics(const EndpointCall& call, Reply reply);

void reload_rules(const EndpointCall& call, Reply reply);
void start_replay(const EndpointCall& call, Reply reply);
void list_blocked(const EndpointCall& call, Reply reply);
void add_block(const EndpointCall& call, Reply reply);
void remove_block(const EndpointCall& call, Reply reply);

void list_captures(const EndpointCall& call, Reply reply);
void start_capture(const EndpointCall& call, Reply reply);
void show_capture(const EndpointCall& call, Reply reply);
void stop_capture(const EndpointCall& call, Reply reply);
void erase_capture(const EndpointCall& call, Reply reply);
void send_capture_file(const EndpointCall& call, Reply reply);

}  // namespace wirewatch
