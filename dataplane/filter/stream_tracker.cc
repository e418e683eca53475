// SPDX-License-Identifier: BSD-3-Clause
#include "dataplane/filter/stream_tracker.h"

#include <list>
#include <optional>
#include <unordered_map>

#include "dataplane/base/byte_order.h"
#include "dataplane/filter/datagram_tls.h"
#include "dataplane/filter/defragmenter.h"
#include "dataplane/filter/fast_field.h"
#include "dataplane/filter/quic_opener.h"
#include "dataplane/filter/tcp_stream.h"
#include "dataplane/packet/parse.h"
#include "dataplane/packet/transport_number.h"

namespace wirewatch {
namespace {

struct KeyHash {
  size_t operator()(const FlowKey& key) const noexcept { return static_cast<size_t>(hash(key)); }
};

struct Datagram {
  std::span<const uint8_t> payload;  // none where another one is inside
  bool whole = false;                // captured to its end
  bool quoted = false;               // inside an ICMP error
  bool forward = false;              // sent by the end that compares lower
};

struct UdpStream {
  uint32_t number;
  Timestamp first_time, last_time;
  std::unique_ptr<filter::QuicConnection> quic = nullptr;
  std::unique_ptr<filter::DatagramTls> tls = nullptr;
};

/// Conversations of one transport, the longest idle first in `order`.
template <typename Stream>
struct Conversations {
  struct Entry {
    FlowKey key;
    Stream stream;
  };
  std::list<Entry> order;
  std::unordered_map<FlowKey, typename std::list<Entry>::iterator, KeyHash> index;
  uint32_t next_number = 0;

  Stream* find(const FlowKey& key) {
    const auto found = index.find(key);
    if (found == index.end()) return nullptr;
    order.splice(order.end(), order, found->second);
    return &found->second->stream;
  }
  Stream& add(const FlowKey& key, Stream stream, size_t most) {
    if (const auto found = index.find(key); found != index.end()) {
      found->second->stream = std::move(stream);
      return found->second->stream;
    }
    if (index.size() >= most) {
      index.erase(order.front().key);
      order.pop_front();
    }
    order.push_back({key, std::move(stream)});
    index.emplace(key, std::prev(order.end()));
    return order.back().stream;
  }
};

/// RFC 7323 2.2, the option of kind 3.
int window_shift(std::span<const uint8_t> options) noexcept {
  constexpr uint8_t kEnd = 0, kNothing = 1, kWindowScale = 3;
  constexpr int kMost = 14;
  for (size_t at = 0; at < options.size() && options[at] != kEnd;) {
    if (options[at] == kNothing) {
      ++at;
      continue;
    }
    if (at + 1 >= options.size()) break;
    const size_t length = options[at + 1];
    if (length < 2 || length > options.size() - at) break;
    if (options[at] == kWindowScale && length == 3) return std::min<int>(options[at + 2], kMost);
    at += length;
  }
  return -1;
}

/// Does the innermost IP header claim more bytes than there were on the wire?
bool claims_too_much(const Packet& packet, const Layers& layers) noexcept {
  const size_t wire = std::max(packet.original_length, packet.captured_length), offset = layers.inner_offset;
  if (packet.captured_length < offset + 6 || wire < offset) return false;
  const uint8_t* ip = packet.data + offset;
  const size_t claimed = layers.inner_family == IpFamily::V4 ? load_be16(ip + 2) : load_be16(ip + 4) + 40u;
  return claimed > wire - offset;
}

}  // namespace

struct StreamTracker::State {
  size_t most = 0;
  StreamFacts facts;
  Conversations<filter::TcpStream> tcp;
  Conversations<UdpStream> udp;

  filter::KeyLog key_log;
  std::optional<filter::Defragmenter> defragmenter;  // made when a fragment comes
  std::optional<filter::QuicOpener> quic_opener;     // likewise

  void whole_or_fragment(const Packet& packet, const Layers& layers);
  void walk(const Packet& packet, const Layers& layers, uint32_t base, unsigned quotes);
  void transport(const Packet& packet, const Layers& layers, uint8_t depth, uint32_t base, bool quoted);
  void segment(const Packet& packet, const Layers& layers, std::span<const uint8_t> header, bool quoted, TransportFacts& out);
  void tunnel(const Packet& packet, const Layers& layers, size_t ip, uint8_t depth, uint32_t base);
  void datagram(const Packet& packet, const FlowKey& key, const Datagram& datagram, TransportFacts& out);
};

StreamTracker::StreamTracker(size_t most_streams) : state_(std::make_unique<State>()) {
  state_->most = std::max<size_t>(most_streams, 1);
}
StreamTracker::~StreamTracker() = default;
StreamTracker::StreamTracker(StreamTracker&&) noexcept = default;
StreamTracker& StreamTracker::operator=(StreamTracker&&) noexcept = default;

void StreamTracker::learn_keys(std::string_view key_log) { state_->key_log.add(key_log); }

const StreamFacts& StreamTracker::observe(const Packet& packet, const Layers& layers) {
  state_->facts.count = 0;
  state_->whole_or_fragment(packet, layers);
  return state_->facts;
}

/// What a datagram in fragments carries belongs to the frame that completes it.
void StreamTracker::State::whole_or_fragment(const Packet& packet, const Layers& layers) {
  if (!filter::may_be_fragment(layers, packet)) return walk(packet, layers, 0, 0);
  if (!defragmenter) defragmenter.emplace();
  const auto outcome = defragmenter->observe(packet, layers);
  if (outcome == filter::Defragmenter::Outcome::Whole) return walk(packet, layers, 0, 0);
  Layers around = layers;  // the tunnel that the fragment is in
  around.depth = static_cast<uint8_t>(defragmenter->depth() + 1);
  walk(packet, around, 0, 0);
  if (outcome == filter::Defragmenter::Outcome::Complete) walk(defragmenter->datagram(), defragmenter->layers(), filter::kNotInTheFrame, 0);
}

/// Every TCP and UDP header of the frame, and of the packet an ICMP error quotes.
void StreamTracker::State::walk(const Packet& packet, const Layers& layers, uint32_t base, unsigned quotes) {
  constexpr unsigned kMostQuotes = 1;
  size_t ip = layers.depth;
  for (uint8_t i = 0; i < layers.depth; ++i) {
    const Protocol protocol = layers.protocols[i];
    const bool innermost = i + 1 == layers.depth;
    if (protocol == Protocol::Ip || protocol == Protocol::Ipv6) ip = i;
    if (protocol == Protocol::Tcp || (protocol == Protocol::Udp && innermost)) {
      if (layers.has_flow && innermost) transport(packet, layers, i, base, quotes > 0);
    } else if (protocol == Protocol::Udp && ip < layers.depth) {
      tunnel(packet, layers, ip, i, base);
    } else if ((protocol == Protocol::Icmp || protocol == Protocol::Icmpv6) && quotes < kMostQuotes) {
      constexpr uint32_t kQuoteAt = 8;
      const uint32_t offset = layers.offsets[i];
      if (packet.captured_length <= offset + kQuoteAt) return;
      const uint8_t type = packet.data[offset];
      const bool v6 = protocol == Protocol::Icmpv6;
      if (v6 ? type < 1 || type > 4 : type != 3 && type != 4 && type != 5 && type != 11 && type != 12) return;
      Packet quote = packet;
      quote.data += offset + kQuoteAt;
      quote.captured_length -= offset + kQuoteAt;
      quote.original_length = std::max(packet.original_length, packet.captured_length) - offset - kQuoteAt;
      quote.link_type = v6 ? 229 : 228;
      Layers quoted;
      parse(quote, {}, quoted);
      walk(quote, quoted, base + offset + kQuoteAt, quotes + 1);
    }
  }
}

/// UDP that carries a tunnel: the layers hold the key of the innermost flow only, so this one is made here.
void StreamTracker::State::tunnel(const Packet& packet, const Layers& layers, size_t ip, uint8_t depth, uint32_t base) {
  const uint32_t offset = layers.offsets[depth], header = layers.offsets[ip];
  const bool v6 = layers.protocols[ip] == Protocol::Ipv6;
  if (facts.count == StreamFacts::kMost || packet.captured_length < offset + 4 || packet.captured_length < header + (v6 ? 40u : 20u)) return;
  const IpFamily family = v6 ? IpFamily::V6 : IpFamily::V4;
  Endpoint from{ip_source(packet.data + header, family), load_be16(packet.data + offset)};
  Endpoint to{ip_destination(packet.data + header, family), load_be16(packet.data + offset + 2)};
  if (to < from) std::swap(from, to);
  using transport_number::kUdp;
  FlowKey key;
  key.low_address = from.address.bytes;
  key.high_address = to.address.bytes;
  key.low_port = from.port;
  key.high_port = to.port;
  key.ip_protocol = kUdp;
  key.family = family;
  TransportFacts& out = facts.transports[facts.count++];
  out = {};
  out.header_offset = base + offset;
  datagram(packet, key, {}, out);
}

void StreamTracker::State::transport(const Packet& packet, const Layers& layers, uint8_t depth, uint32_t base, bool quoted) {
  if (facts.count == StreamFacts::kMost) return;
  const uint32_t offset = layers.offsets[depth];
  if (offset >= packet.captured_length) return;
  const std::span<const uint8_t> header(packet.data + offset, packet.captured_length - offset);
  TransportFacts& out = facts.transports[facts.count++];
  out = {};
  out.header_offset = base + offset;
  if (layers.protocols[depth] == Protocol::Tcp) {
    if (header.size() >= 20) return segment(packet, layers, header, quoted, out);
  } else {
    const auto payload = layers.payload(packet);
    return datagram(packet, layers.key, {payload, payload.size() == layers.payload_length, quoted, layers.source_is_low}, out);
  }
  --facts.count;
}

void StreamTracker::State::segment(const Packet& packet, const Layers& layers, std::span<const uint8_t> header, bool quoted,
                                   TransportFacts& out) {
  filter::TcpSegment segment;
  const size_t length = std::min<size_t>((header[12] >> 4) * 4u, header.size());
  segment.source_port = load_be16(header.data());
  segment.destination_port = load_be16(header.data() + 2);
  segment.sequence = layers.tcp_sequence;
  segment.acknowledgment = layers.tcp_acknowledgment;
  segment.flags = layers.tcp_flags;
  segment.window = load_be16(header.data() + 14);
  segment.payload = layers.payload(packet);
  segment.payload_length = layers.payload_length;
  segment.forward = layers.source_is_low;
  segment.quoted = quoted;
  segment.overlong = claims_too_much(packet, layers);
  segment.frame = packet.number;
  segment.time = packet.time;
  if (length > 20) segment.window_shift = window_shift(header.subspan(20, length - 20));
  filter::TcpStream* stream = tcp.find(layers.key);
  if (stream == nullptr || stream->is_reused_by(segment)) {
    stream = &tcp.add(layers.key, filter::TcpStream(tcp.next_number++, packet.time), most);
  }
  stream->observe(segment, out);
}

void StreamTracker::State::datagram(const Packet& packet, const FlowKey& key, const Datagram& datagram, TransportFacts& out) {
  UdpStream* stream = udp.find(key);
  if (stream == nullptr) {
    UdpStream begun{.number = udp.next_number++, .first_time = packet.time, .last_time = packet.time};
    begun.tls = filter::DatagramTls::between(key.low_port, key.high_port);
    stream = &udp.add(key, std::move(begun), most);
  }
  out.stream = stream->number;
  out.first_time = stream->first_time;
  out.previous_time = stream->last_time;
  stream->last_time = packet.time;
  if (stream->tls) {
    if (datagram.whole && !datagram.quoted && !datagram.payload.empty()) stream->tls->observe(datagram.payload, datagram.forward, out);
    return;
  }
  const bool opens = stream->quic != nullptr && stream->quic->session != nullptr;
  if (!opens && (datagram.quoted || !filter::may_be_quic_initial(datagram.payload, stream->quic != nullptr))) return;
  if (!quic_opener) quic_opener.emplace(key_log);
  const auto content = quic_opener->read({datagram.payload, datagram.forward, datagram.quoted}, stream->quic);
  out.carries_tls = content.tls;
  if (content.dns.empty()) return;
  out.carrier = filter::Application::Quic;
  out.application = filter::Application::Dns;
  out.pdus = content.dns;
}

}  // namespace wirewatch
