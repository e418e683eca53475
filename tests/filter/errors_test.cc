// SPDX-License-Identifier: BSD-3-Clause
// What wrong filters are answered: the column of the fault and a sentence a person can act on.
#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "dataplane/filter/filter.h"
#include "tests/fuzz/filter_check.h"

namespace wirewatch {
namespace {

struct WrongFilter {
  std::string_view text;
  size_t column;
  std::string_view words;  // somewhere in the sentence
};

constexpr WrongFilter kWrong[] = {
    {"foo", 1, "'foo' is neither a field nor a protocol"},
    {"foo == 1", 1, "'foo' is neither a field nor a protocol"},
    {"tcp.prot == 1", 1, "did you mean 'tcp.port'"},
    {"tcp.prt", 1, "did you mean 'tcp.port'"},
    {"ip.adr == 10.0.0.1", 1, "did you mean 'ip.addr'"},
    {"htpp.host == \"a\"", 1, "did you mean 'http.host'"},
    {"tcp and udpp", 9, "did you mean 'udp'"},
    {"bittorent", 1, "did you mean 'bittorrent'"},
    {"dns.qry.nam == \"a\"", 1, "did you mean 'dns.qry.name'"},
    {"TCP.port == 1", 1, "did you mean 'tcp.port'"},
    {"tcp.port = 1", 10, "a comparison is written '==', not '='"},
    {"tcp.port == ", 13, "the filter ends where a field or a value is"},
    {"tcp.port == 1 2", 15, "'2' is not expected here; 'and' or 'or' joins"},
    {"tcp.port == 1 and", 18, "the filter ends where a field or a value is"},
    {"and tcp", 1, "'and' stands between two conditions; one of"},
    {"tcp or or udp", 8, "'or' stands between two conditions; one of them"},
    {"tcp && && udp", 8, "'&&' stands between two conditions; one of them"},
    {"(tcp", 1, "the '(' here has no ')' to go with it"},
    {"tcp)", 4, "')' without '(' before it"},
    {"((tcp) and udp", 1, "the '(' here has no ')' to go with it"},
    {"tcp]", 4, "']' without '[' before it"},
    {"[tcp", 1, "'[' without ']' behind it"},
    {"tcp.port == 1 | 2", 15, "'or' is written 'or' or '||', not '|'"},
    {"tcp @ udp", 5, "'@' has no meaning in a filter here"},
    {"tcp; udp", 4, "';' has no meaning in a filter here"},
    {"tcp ? udp", 5, "'?' has no meaning in a filter here"},
    {"tcp $ udp", 5, "'$' has no meaning in a filter here"},
    {"tcp.port == \"abc", 13, "the string that begins here has no closing '\"'"},
    {"http.host == 'ab'", 14, "a character is one character between single"},
    {"http.host == ''", 14, "a character is one character between single"},
    {"http.host == \"a\\q\"", 16, "a backslash in a string stands before one of"},
    {"http.host matches \"(\"", 19, "the regular expression is not valid: missing"},
    {"http.host matches \"[a\"", 19, "the regular expression is not valid: missing"},
    {"http.host matches \"a{2,1}\"", 19, "the regular expression is not valid: numbers"},
    {"http.host matches abc", 19, "'matches' is followed by a regular expression"},
    {"http.host matches 'a'", 19, "'matches' is followed by a regular expression"},
    {"tcp.port matches \"1\"", 10, "'matches' looks into strings, bytes and"},
    {"tcp.port ~ \"1\"", 10, "'matches' looks into strings, bytes and"},
    {"tcp.port contains 1", 10, "'contains' looks into strings, bytes and"},
    {"ip.addr contains 0a", 9, "'contains' looks into strings, bytes and"},
    {"tcp.flags.syn contains 1", 15, "'contains' looks into strings, bytes and"},
    {"tcp.port == abc", 13, "expected a number, found 'abc'"},
    {"tcp.port == \"80\"", 13, "expected a number, found \"80\""},
    {"tcp.port == 70000", 13, "70000 is too large: the field holds at most"},
    {"tcp.port == 0x10000", 13, "0x10000 is too large: the field holds at most"},
    {"tcp.port == 08", 13, "'08' is not a valid number; write 80, 0x50,"},
    {"tcp.port == 1.5", 13, "'1.5' is not a valid number; write 80, 0x50,"},
    {"tcp.port == 1e3", 13, "'1e3' is not a valid number; write 80, 0x50,"},
    {"tcp.port == 0b12", 13, "'0b12' is not a valid number; write 80, 0x50,"},
    {"ip.ttl == 256", 11, "256 is too large: the field holds at most 255"},
    {"ip.ttl == -300.5", 12, "'300.5' is not a valid number; write 80, 0x50,"},
    {"ip.src == 1.2.3", 11, "'1.2.3' is not an IPv4 address, like 10.0.0.1"},
    {"ip.src == 1.2.3.4.5", 11, "'1.2.3.4.5' is not an IPv4 address, like"},
    {"ip.src == 256.1.1.1", 11, "'256.1.1.1' is not an IPv4 address, like"},
    {"ip.src == 10.0.0.0/33", 20, "a prefix length is at most 32, not 33"},
    {"ip.src == www.example.com", 11, "'www.example.com' is not an IPv4 address, like"},
    {"ip.src == ::1", 11, "'::1' is not an IPv4 address, like 10.0.0.1 or"},
    {"ipv6.src == 10.0.0.1", 13, "'10.0.0.1' is not an IPv6 address, like"},
    {"ipv6.src == 2001:db8::/129", 24, "a prefix length is at most 128, not 129"},
    {"ipv6.src == 2001:db8:::1", 13, "'2001:db8:::1' is not an IPv6 address, like"},
    {"eth.src == 00:11", 12, "'00:11' has too few bytes for a MAC address,"},
    {"eth.src == 00:11:22:33:44:55:66", 12, "'00:11:22:33:44:55:66' has too many bytes for a"},
    {"eth.src == 00:11:22:33:44:gg", 12, "'00:11:22:33:44:gg' is not a MAC address, like"},
    {"eth.src == router", 12, "'router' is not a MAC address, like"},
    {"frame contains GET", 16, "'GET' is not a sequence of bytes; write"},
    {"frame contains 0:1", 16, "'0:1' is not a sequence of bytes; write"},
    {"tcp[13] == xyz", 12, "'xyz' is not a sequence of bytes; write"},
    {"frame.time > \"yesterday\"", 14, "\"yesterday\" is not a date and time, like"},
    {"frame.time > 12", 14, "'12' is not a date and time, like \"2026-11-22"},
    {"frame.time_delta > 1ms", 20, "expected a number of seconds, like 0.25, found"},
    {"frame.time_delta > \"1\"", 20, "expected a number of seconds, like 0.25, found"},
    {"tcp.flags.syn == maybe", 18, "expected 1, 0, True, False, \"Set\" or \"Not set\","},
    {"arp.opcode == \"shout\"", 15, "\"shout\" is neither a number nor a name of a"},
    {"ip.proto == TCPX", 13, "'TCPX' is neither a number nor a name of a"},
    {"tcp.port in", 12, "'in' is followed by a set, like {80, 443,"},
    {"tcp.port in 80", 13, "'in' is followed by a set, like {80, 443,"},
    {"tcp.port in {}", 14, "a set needs a value here, like {80, 443,"},
    {"tcp.port in {80", 13, "the '{' here has no '}' to go with it"},
    {"tcp.port in {80,}", 17, "a set needs a value here, like {80, 443,"},
    {"tcp.port in {80 443}", 17, "the values of a set are separated by commas;"},
    {"tcp.port in {80..}", 18, "the range has no upper end; write LOW..HIGH"},
    {"tcp.port in {..80}", 14, "expected a field or a value, found '..'"},
    {"tcp.port in {1..70000}", 17, "70000 is too large: the field holds at most"},
    {"tcp.port in {a}", 14, "expected a number, found 'a'"},
    {"80 in {80}", 1, "a field or a protocol is expected here, not the"},
    {"80 == tcp.port", 1, "the left side of '==' must be a field or a"},
    {"\"a\" == http.host", 1, "the left side of '==' must be a field or a"},
    {"1 == 1", 1, "the left side of '==' must be a field or a"},
    {"10 < tcp.port < 20", 1, "the left side of '<' must be a field or a"},
    {"tcp.port[0] == 00", 9, "tcp.port has the type unsigned integer (2"},
    {"tcp.flags.syn[0]", 14, "tcp.flags.syn has the type boolean, which has"},
    {"frame.len[0:2] == 1", 10, "frame.len has the type unsigned integer (4"},
    {"eth.src[] == 00", 8, "'[]' is no slice; write [4], [0:3] for three"},
    {"eth.src[a] == 00", 8, "'[a]' is no slice; write [4], [0:3] for three"},
    {"eth.src[0:0] == 00", 8, "'[0:0]' is no slice; write [4], [0:3] for three"},
    {"eth.src[3-1] == 00", 8, "'[3-1]' is no slice; write [4], [0:3] for three"},
    {"eth.src[-2-1] == 00", 8, "'[-2-1]' is no slice; write [4], [0:3] for"},
    {"eth.src[0:2:4] == 00", 8, "'[0:2:4]' is no slice; write [4], [0:3] for"},
    {"eth.src[0 == 00", 8, "'[' without ']' behind it"},
    {"ip.src#", 8, "'#' is followed by the number of a layer, like"},
    {"ip.src#x == 1.1.1.1", 7, "'x' is no number of a layer; write #1, #[-1] or"},
    {"ip.src#[1- == 1.1.1.1", 8, "'[' without ']' behind it"},
    {"tcp#1.port == 1", 4, "'1.port' is no number of a layer; write #1, #[-1]"},
    {"foo(tcp) == 1", 1, "there is no function 'foo'; there are len,"},
    {"lenn(tcp) == 1", 1, "did you mean 'len'"},
    {"len() == 1", 1, "len() takes one argument, not 0"},
    {"len(tcp == 1", 4, "the '(' here has no ')' to go with it"},
    {"len(tcp, udp) == 1", 1, "len() takes one argument, not 2"},
    {"len(\"abc\") == 1", 5, "len() takes a field, not a value"},
    {"len(foo) == 1", 5, "'foo' is neither a field nor a protocol"},
    {"len(frame.time) > 1", 1, "len() works on what has a length; frame.time"},
    {"upper(tcp.port) == \"1\"", 1, "upper() works on character strings; tcp.port"},
    {"lower(ip.src) == \"a\"", 1, "lower() works on character strings; ip.src has"},
    {"string(tcp.flags.syn) == \"1\"", 1, "string() works on numbers, addresses, bytes,"},
    {"abs(ip.src) == 1", 1, "abs() works on numbers and time offsets; ip.src"},
    {"max(tcp.port, ip.src) == 1", 15, "tcp.port (unsigned integer (2 bytes)) and"},
    {"max(80, 443) == 80", 5, "a field or a protocol is expected here, not the"},
    {"max(tcp.port, \"a\") == 1", 15, "expected a number, found \"a\""},
    {"len(tcp)", 1, "len() alone says nothing about a frame; compare"},
    {"count(tcp)", 1, "count() alone says nothing about a frame;"},
    {"tcp.analysis == 1", 1, "tcp.analysis has no value to compare; write its"},
    {"tcp.connection.syn != 0", 1, "tcp.connection.syn has no value to compare;"},
    {"tcp.port == ip.src", 13, "tcp.port (unsigned integer (2 bytes)) and"},
    {"ip.src == eth.src", 11, "ip.src (IPv4 address) and eth.src (Ethernet or"},
    {"tcp.port == http.host", 13, "tcp.port (unsigned integer (2 bytes)) and"},
    {"http.host + 1 == 2", 11, "'+' does not work on http.host, of the type"},
    {"ip.src * 2 == 2", 8, "'*' does not work on ip.src, of the type IPv4"},
    {"tcp.flags.syn & 1", 15, "'&' does not work on tcp.flags.syn, of the type"},
    {"tcp.port + \"a\" == 1", 12, "expected a number, found \"a\""},
    {"tcp.port / 0 == 1", 10, "a number is divided by zero here"},
    {"tcp.port % 0", 10, "a number is divided by zero here"},
    {"-http.host == 1", 1, "'-' works on numbers; http.host has the type"},
    {"http.host == -\"a\"", 14, "only a number can have a sign"},
    {"(tcp.port + 1) == 2", 16, "a comparison needs a value on its left; write {"},
    {"tcp.port & (1 + 2)", 12, "a value is expected here; write { } instead of"},
    {"{tcp.port + 1 == 2", 1, "the '{' here has no '}' to go with it"},
    {"tcp.port + == 1", 12, "'==' has no field on its left"},
    {"tcp.port == * 1", 13, "expected a field or a value, found '*'"},
    {"any tcp", 8, "'any' and 'all' stand before a comparison"},
    {"all", 4, "the filter ends where a field or a value is"},
    {"not", 4, "the filter ends where a field or a value is"},
    {"!", 2, "the filter ends where a field or a value is"},
    {"tcp.port ==== 1", 13, "a comparison is written '==', not '='"},
    {"tcp.port === == 1", 14, "'==' has no field on its left"},
    {"tcp.port <> 1", 11, "'>' has no field on its left"},
    {"tcp.port in {1..2..3}", 18, "the values of a set are separated by commas;"},
    {"1", 1, "a field or a protocol is expected here, not the"},
    {"\"abc\"", 1, "a value alone says nothing about a frame;"},
    {"'a'", 1, "a value alone says nothing about a frame;"},
    {"1 + 1", 3, "a value alone says nothing about a frame;"},
    {"tls == rdp", 8, "'rdp' is not a sequence of bytes; write"},
    {"rdp == 1", 1, "'rdp' is an application; write its name alone,"},
    {"true", 1, "'true' is neither a field nor a protocol"},
};

TEST(FilterErrors, NameTheColumnAndWhatWasExpected) {
  FilterNames names;
  names.applications = {"bittorrent", "rdp"};
  for (const auto& [text, column, words] : kWrong) {
    const auto compiled = Filter::compile(text, names);
    if (compiled) {
      ADD_FAILURE() << text << " was taken for a filter";
      continue;
    }
    const std::string& message = compiled.error().message;
    EXPECT_EQ(fuzz::column_of(message), column) << text << "\n" << message;
    EXPECT_NE(message.find(words), std::string::npos) << text << "\n" << message;
  }
  EXPECT_GE(std::size(kWrong), 100u);
}

TEST(FilterErrors, RefuseWhatIsDeeperOrLongerThanAnyoneMeans) {
  EXPECT_FALSE(Filter::compile(std::string(100'000, '(')));
  EXPECT_FALSE(Filter::compile(std::string(1000, '(') + "tcp" + std::string(1000, ')')));
  EXPECT_FALSE(Filter::compile(std::string(1000, '{') + "tcp.len" + std::string(1000, '}') + " > 1"));
  std::string sum = "tcp.len";
  for (int i = 0; i < 1000; ++i) sum += " + 1";
  EXPECT_FALSE(Filter::compile(sum + " > 5"));
  std::string slices = "frame";
  for (int i = 0; i < 1000; ++i) slices += "[0:]";
  EXPECT_FALSE(Filter::compile(slices));
}

TEST(FilterErrors, LongListsAreNoFault) {
  std::string any = "tcp.port == 1", set = "tcp.port in {1";
  for (int i = 2; i < 2000; ++i) {
    any += " or tcp.port == " + std::to_string(i);
    set += ", " + std::to_string(i);
  }
  EXPECT_TRUE(Filter::compile(any));
  EXPECT_TRUE(Filter::compile(set + "}"));
  EXPECT_TRUE(Filter::compile(std::string(3000, '!') + "tcp"));
}

}  // namespace
}  // namespace wirewatch
