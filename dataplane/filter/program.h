// SPDX-License-Identifier: BSD-3-Clause
// A compiled filter: typed terms that have values, and tests over them.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "dataplane/filter/fast_field.h"
#include "dataplane/filter/field_table.h"
#include "dataplane/filter/literal.h"
#include "dataplane/filter/pattern.h"
#include "dataplane/filter/value.h"

namespace wirewatch::filter {

enum class Function : uint8_t { Length, Count, Upper, Lower, String, Max, Min, Absolute };

/// `[start:length]`, or to the end; a negative start counts from the end.
struct SlicePart {
  int32_t start = 0;
  int32_t length = 0;
  bool to_end = false;
};

/// `#[first-last]`; negative ones count from the last layer.
struct LayerPart {
  int32_t first = 0;
  int32_t last = 0;
};

struct Term {
  enum class Kind : uint8_t { Field, Literal, Slice, Call, Arithmetic, Negative };

  Kind kind = Kind::Literal;
  FieldType type = FieldType::None;
  Function function = Function::Length;
  TokenKind operation = TokenKind::End;  // of arithmetic
  FieldId field = 0;                     // of a field
  uint16_t slot = 0;
  FastField fast = FastField::None;
  Value literal;
  std::vector<LayerPart> layers;
  std::vector<SlicePart> parts;
  std::vector<Term> children;
};

/// How two values have to compare, and whether for one pair or for all of them.
enum class Relation : uint8_t { Equal, NotEqual, Greater, GreaterEqual, Less, LessEqual, Contains };

struct Test {
  enum class Kind : uint8_t { Always, Present, NotZero, Compare, Matches, In, Application, And, Or, Xor, Not };

  Kind kind = Kind::Always;
  Relation relation = Relation::Equal;
  bool all = false;
  unsigned cost = 0;  // cheap ones are asked first
  std::vector<Term> terms;  // of In: the value, then pairs of bounds
  std::vector<Test> tests;
  std::shared_ptr<Pattern> pattern;
  std::string application;
};

}  // namespace wirewatch::filter
