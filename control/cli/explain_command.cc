// SPDX-License-Identifier: BSD-3-Clause
#include "control/cli/explain_command.h"

#include <algorithm>
#include <utility>

#include "control/cli/flow_choice.h"
#include "control/cli/rules_location.h"
#include "control/cli/standard_streams.h"
#include "control/cli/terminal.h"
#include "control/replay/inspect.h"
#include "control/report/human.h"
#include "control/report/page.h"
#include "control/rules/flow_explanation.h"
#include "control/rules/rule_cache.h"

namespace wirewatch {
namespace {

constexpr std::string_view kExplain = "rules explain";

class Writer {
 public:
  Writer(const RuleSet& rules, Page& page) : rules_(rules), page_(page) {}

  void packet(const ExplainedPacket& packet) {
    const std::string who = packet.from_client ? "the client" : "the server";
    page_.blank();
    page_.line(0, {{"Frame " + std::to_string(packet.frame) + ", from " + who, Style::Title}});
    if (packet.scans.empty()) page_.sentence("Not looked at: the verdict cannot change by it.", Style::Faint);
    for (const ExplainedScan& each : packet.scans) scan(each);
    if (const std::string names = names_text(packet); !names.empty()) page_.labelled("names", names);
    page_.labelled("so far", verdict_text(packet.after) + (packet.done ? "; settled" : "; open"), Style::Strong);
  }

  std::string verdict_text(const Verdict& verdict) const {
    if (verdict.application == kUnknownApplication) return "no name";
    return std::string(rules_.application_name(verdict.application)) + ", evidence " +
           std::string(to_string(verdict.evidence));
  }
  std::string id(uint16_t signature) const { return std::string(rules_.signature_id(signature)); }

 private:
  void scan(const ExplainedScan& scan) {
    std::string what = counted(static_cast<uint64_t>(scan.wire_length), "byte", "bytes");
    if (scan.kept > 0) what += ", the first " + std::to_string(scan.kept) + " from an earlier segment";
    page_.labelled("payload", what + ": " + shown(scan.bytes, static_cast<size_t>(scan.wire_length)), Style::Faint);
    if (scan.candidates.empty()) page_.labelled("candidates", "none");
    for (const ExplainedCandidate& each : scan.candidates) candidate(each);
    for (const ExplainedMatch& each : scan.matches) match(each);
  }

  void candidate(const ExplainedCandidate& candidate) {
    const bool matched = candidate.fate >= CandidateFate::Strong && candidate.fate != CandidateFate::NotConfirmed;
    page_.line(kPageIndent, {{matched ? "+ " : "- ", matched ? Style::Good : Style::Faint},
                             {id(candidate.signature), matched ? Style::Strong : Style::Plain},
                             {"  " + fate_text(candidate)}});
    for (const ExplainedTest& test : candidate.tests) {
      page_.line(3 * kPageIndent, {{test.held ? "holds  " : "fails  ", test.held ? Style::Good : Style::Warning},
                                   {test.text},
                                   {"  (" + test.compared + ")", Style::Faint}});
    }
  }

  std::string fate_text(const ExplainedCandidate& candidate) const {
    switch (candidate.fate) {
      case CandidateFate::OtherTransport:
        return "is for another transport";
      case CandidateFate::OtherSender:
        return "is for the other direction";
      case CandidateFate::TestFailed:
        return "begins like it, but a test fails";
      case CandidateFate::ExpressionFailed:
        return "its port or its beginning fits, the whole expression does not match";
      case CandidateFate::Strong:
        return "matches; strong";
      case CandidateFate::ConfirmedByPort:
        return "matches; weak, confirmed by the port";
      case CandidateFate::ConfirmedByOther:
        return "matches; weak, confirmed by " + id(candidate.other) + " from the other side";
      case CandidateFate::Waits:
        return "matches; weak, waits for the other side";
      case CandidateFate::NotConfirmed:
        return "matches; weak, and neither port is one of its own";
    }
    return {};
  }

  void match(const ExplainedMatch& match) {
    const std::string name(rules_.application_name(match.application));
    page_.labelled(match.fate == MatchFate::Won ? "chosen" : "passed over",
                   name + " by " + id(match.signature) + why(match));
  }

  std::string why(const ExplainedMatch& match) const {
    const Signature& mine = rules_.signature(match.signature);
    std::string refined;
    if (match.application != mine.protocol) {
      refined = ", refined from " + std::string(rules_.application_name(mine.protocol));
    }
    switch (match.fate) {
      case MatchFate::Won:
        return refined;
      case MatchFate::Outdone:
        return ": " + id(match.by) + " names it in 'over'";
      case MatchFate::TooLate:
        return ": the strong verdict of " + id(match.by) + " stands, and this one is not 'over' it";
      case MatchFate::RankedLow:
        return ": " + id(match.by) + " " + better(rules_.signature(match.by), mine, match.evidence);
    }
    return {};
  }

  std::string better(const Signature& theirs, const Signature& mine, Evidence my_evidence) const {
    if (theirs.strength == Strength::Strong && my_evidence != Evidence::Payload) return "is strong, this one only confirmed";
    if (theirs.tests.count > mine.tests.count) return "has more tests";
    if (theirs.minimum_width > mine.minimum_width) return "has the longer expression";
    return "comes first in order of the ids";
  }

  static std::string names_text(const ExplainedPacket& packet) {
    std::string text;
    const auto add = [&](std::string_view label, const std::string& name) {
      if (!name.empty()) text += (text.empty() ? "" : ", ") + std::string(label) + " " + name;
    };
    add("host", packet.host);
    add("ALPN", packet.alpn);
    add("JA4", packet.ja4);
    add("User-Agent", packet.user_agent);
    if (packet.encrypted_hello) text += (text.empty() ? "" : ", ") + std::string("an encrypted ClientHello is offered");
    return text;
  }

  static std::string shown(const std::vector<uint8_t>& bytes, size_t whole) {
    constexpr char kDigits[] = "0123456789abcdef";
    std::string text;
    for (const uint8_t byte : bytes) {
      if (!text.empty()) text += ' ';
      text += kDigits[byte >> 4];
      text += kDigits[byte & 15];
    }
    text += whole > bytes.size() ? " ...  \"" : "  \"";
    for (const uint8_t byte : bytes) text += byte >= 0x20 && byte < 0x7f ? static_cast<char>(byte) : '.';
    return text + "\"";
  }

  const RuleSet& rules_;
  Page& page_;
};

void write_verdict(const Writer& writer, const FlowExplanation& explanation, const FlowRecord& flow, Page& page) {
  page.blank();
  const Verdict& verdict = explanation.verdict;
  std::string text = writer.verdict_text(verdict);
  if (verdict.signature != 0) text += ", by " + writer.id(verdict.signature);
  if (verdict.evidence == Evidence::Port) text += ": no payload decided, so the port suggests it; it does not count as detected";
  if (explanation.packets.empty()) text += flow.has_payload ? "" : " (no frame carried payload)";
  page.labelled("Verdict", text, Style::Strong);
  if (verdict.application != flow.application || verdict.evidence != flow.evidence) {
    page.labelled("Note", "the report says " + writer.verdict_text({flow.application, flow.evidence, flow.signature}) +
                              ", by what other flows taught or by packets that came while no room was left", Style::Warning);
  }
}

}  // namespace

ExitStatus explain_rules(const ExplainRequest& request) {
  const auto location = locate_rules(request.rules);
  if (!location) return complain(kExplain, location.error().message);
  const auto rules = load_or_compile(location->shipped, default_rule_cache(), location->operators);
  if (!rules) return complain(kExplain, rules.error().message);
  InspectOptions options;
  options.paths = request.files;
  options.rules = *rules;
  options.keep_flows = true;
  const auto report = inspect(options);
  if (!report) return complain(kExplain, report.error().message);
  const auto index = choose_flow(request.flow, report->flows);
  if (!index) return complain(kExplain, index.error().message);
  const FlowRecord& flow = report->flows[*index];
  const auto explanation = explain_flow(request.files, *rules, flow);
  if (!explanation) return complain(kExplain, explanation.error().message);

  Page page(page_style({}));
  page.line(0, {{"Flow " + std::to_string(*index + 1) + " of " + std::to_string(report->flows.size()) + ": " +
                     std::string(transport_name(flow.ip_protocol)) + " " + human_endpoint(flow.client) + " to " +
                     human_endpoint(flow.server),
                 Style::Strong}});
  if (!flow.client_known) page.sentence("No handshake told which end is the client; both directions are tried.", Style::Faint);
  Writer writer(**rules, page);
  for (const ExplainedPacket& packet : explanation->packets) writer.packet(packet);
  write_verdict(writer, *explanation, flow, page);
  return print(page.take());
}

}  // namespace wirewatch
