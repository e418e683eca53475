// SPDX-License-Identifier: BSD-3-Clause
// Tests of rules, from their text to their answer.
#include <gtest/gtest.h>

#include <array>
#include <string_view>
#include <vector>

#include "control/rules/predicate_compiler.h"

namespace wirewatch {
namespace {

// Eight bytes that read differently in every width and byte order.
constexpr std::array<uint8_t, 8> kBytes{0x01, 0x02, 0x03, 0x04, 0xfe, 0xff, 0x00, 0x08};
constexpr PredicateInput kWhole{kBytes, 8, 3389, 50000};
constexpr PredicateInput kCutShort{kBytes, 100, 3389, 50000};  // 100 bytes on the wire, 8 captured

struct PredicateCase {
  std::string_view description;
  std::string_view text;
  bool expected;
  PredicateInput input = kWhole;
};

TEST(Predicate, HoldsExactlyWhenItsTextIsTrueOfThePayload) {
  const std::vector<PredicateCase> cases{
      {"a byte", "u8@0 == 1", true},
      {"a byte that differs", "u8@0 == 2", false},
      {"two bytes big-endian", "be16@0 == 0x0102", true},
      {"two bytes little-endian", "le16@0 == 0x0201", true},
      {"three bytes", "be24@1 == 0x020304", true},
      {"four bytes big-endian", "be32@0 == 0x01020304", true},
      {"four bytes little-endian", "le32@0 == 0x04030201", true},
      {"four bytes are unsigned", "be32@4 > 0", true},
      {"an offset from the end", "u8@-1 == 8", true},
      {"a wide field from the end", "be16@-2 == len", true},
      {"the widest field at the very end", "be32@4 == be32@-4", true},
      {"the whole payload from the end", "u8@-8 == 1", true},
      {"length", "len == 8", true},
      {"server port", "port == 3389", true},
      {"client port", "client_port == 50000", true},
      {"sum", "u8@0 + 7 == len", true},
      {"difference", "u8@-1 == len - 0", true},
      {"difference below zero", "u8@0 - 2 == -1", true},
      {"product", "u8@1 * 4 == len", true},
      {"mask", "u8@4 & 0x0f == 0x0e", true},
      {"remainder", "len % 3 == 2", true},
      {"arithmetic on the right", "len == u8@3 + 4", true},
      {"arithmetic on both sides", "u8@0 + u8@1 == u8@2 * 1", true},
      {"not equal", "u8@0 != 1", false},
      {"less", "u8@0 < 2", true},
      {"less, at the bound", "u8@0 < 1", false},
      {"less or equal", "u8@0 <= 1", true},
      {"greater", "u8@1 > 1", true},
      {"greater or equal", "u8@1 >= 3", false},
      {"inside a range", "u8@2 in 1..3", true},
      {"at the lower end of a range", "u8@0 in 1..3", true},
      {"above a range", "u8@3 in 1..3", false},
      {"a range of operands", "u8@1 in u8@0..u8@2", true},
      {"a range of a sum", "u8@0 + 10 in 11..11", true},
      {"no spaces at all", "be16@-2==len", true},

      {"just beyond the end", "u8@8 >= 0", false},
      {"half beyond the end", "be16@7 >= 0", false},
      {"a field wider than what is left", "be32@5 >= 0", false},
      {"before the beginning", "u8@-9 >= 0", false},
      {"half past the end, counted from it", "be16@-1 >= 0", false},
      {"beyond the end on the right", "0 <= u8@8", false},
      {"not equal does not excuse a missing field", "u8@8 != 1", false},
      {"far beyond the end", "u8@65535 >= 0", false},
      {"remainder by a field that is zero", "len % u8@6 == 0", false},
      {"an empty payload", "u8@0 >= 0", false, {{}, 0, 1, 1}},
      {"an empty payload from the end", "u8@-1 >= 0", false, {{}, 0, 1, 1}},

      {"a cut packet has its length on the wire", "len == 100", true, kCutShort},
      {"the end of a cut packet was not captured", "u8@-1 >= 0", false, kCutShort},
      {"its captured part is there, counted from the end", "u8@-100 == 1", true, kCutShort},
  };
  for (const PredicateCase& test : cases) {
    const auto predicate = compile_predicate(test.text);
    ASSERT_TRUE(predicate) << test.description << ": " << predicate.error().message;
    EXPECT_EQ(holds(*predicate, test.input), test.expected) << test.description << ": " << test.text;
  }
}

TEST(Predicate, IsFalseWhenAProductOverflows) {
  std::array<uint8_t, 4> largest{0xff, 0xff, 0xff, 0xff};
  const auto predicate = compile_predicate("be32@0 * be32@0 >= 0");
  ASSERT_TRUE(predicate);
  EXPECT_FALSE(holds(*predicate, {largest, 4, 1, 1}));
}

struct Fault {
  std::string_view text;
  size_t offset;
  std::string_view message;
};

TEST(PredicateCompiler, SaysWhereAndWhatItExpected) {
  const std::vector<Fault> faults{
      {"", 0, "expected a number, len, port, client_port or a field such as be16@2, found the end"},
      {"len", 3, "expected one of == != < <= > >= or 'in LOW..HIGH', found the end"},
      {"len = 3", 4, "expected one of == != < <= > >= or 'in LOW..HIGH', found '= 3'"},
      {"be16@2 == lem", 10, "unknown operand 'lem'; did you mean 'len'?"},
      {"u16@2 == 1", 0, "unknown operand 'u16'"},
      {"bee16@2 == 1", 0, "unknown operand 'bee16'; did you mean 'be16'?"},
      {"be16 == 1", 4, "expected '@' and an offset after 'be16', found ' == 1'"},
      {"u8@x == 1", 3, "expected a number, found 'x == 1'"},
      {"u8@0 in 3", 9, "expected '..' between the two ends of the range, found the end"},
      {"u8@0 == 1 == 1", 10, "expected the end of the test, found '== 1'"},
      {"u8@0 + 1 + 1 == 2", 9, "expected one of == != < <= > >= or 'in LOW..HIGH', found '+ 1 == 2'"},
      {"u8@70000 == 1", 3, "this number is larger than 65535"},
      {"u8@0 == 0x1ffffffff", 8, "this number is larger than 4294967295"},
      {"u8@0 == 99999999999999999999", 8, "this number is larger than 4294967295"},
      {"len % 0 == 0", 5, "a remainder needs a divisor above zero"},
  };
  for (const Fault& fault : faults) {
    const auto predicate = compile_predicate(fault.text);
    ASSERT_FALSE(predicate) << fault.text;
    EXPECT_EQ(predicate.error().message, fault.message) << fault.text;
    EXPECT_EQ(predicate.error().offset, fault.offset) << fault.text;
  }
}

TEST(PredicateCompiler, TakesOnlyPayloadFieldsForRefine) {
  EXPECT_EQ(compile_field("be32@12").value(), (Operand{12, OperandKind::Be32}));
  EXPECT_EQ(compile_field("len").error().message, "expected a field of the payload such as be32@12");
  EXPECT_EQ(compile_field("be32@12 == 1").error().offset, 8u);
}

}  // namespace
}  // namespace wirewatch
