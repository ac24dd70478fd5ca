"""A source file per language, with every definition in it: symbol, kind, first line, last line."""

SAMPLES: dict[str, tuple[str, list[tuple[str, str, int, int]]]] = {
    "bash": (
        """\
#!/bin/bash
# doc
foo() {
  echo 1
}
function bar {
 :
}
""",
        [
            ("foo", "function", 2, 5),
            ("bar", "function", 6, 8),
        ],
    ),
    "c": (
        """\
#include <a.h>
typedef struct foo {
  int a;
} foo_t;
struct bar {
  int b;
};
static char *f(int a)
{
  return 0;
}
enum e { A };
#define M(x) (x)
int *(*fp(void))(int) {
}
""",
        [
            ("foo_t", "struct", 2, 4),
            ("bar", "struct", 5, 7),
            ("f", "function", 8, 11),
            ("e", "enum", 12, 12),
            ("M", "macro", 13, 13),
            ("fp", "function", 14, 15),
        ],
    ),
    "csharp": (
        """\
using System;
namespace N
{
    /// <summary>x</summary>
    [Attr]
    public class Foo : Bar
    {
        private int x;
        public Foo(int x)
        {
        }
        public int P { get; set; }
        public int Bar(int y)
        {
            return y;
        }
        public static Foo operator +(Foo a, Foo b) { return a; }
    }
    interface I { void F(); }
    record R(int A);
    enum E { A }
    struct S { }
    delegate void D(int x);
}
""",
        [
            ("Foo", "class", 4, 8),
            ("Foo.Foo", "method", 9, 11),
            ("Foo.P", "property", 12, 12),
            ("Foo.Bar", "method", 13, 16),
            ("Foo.operator +", "method", 17, 17),
            ("I", "interface", 19, 19),
            ("R", "record", 20, 20),
            ("E", "enum", 21, 21),
            ("S", "struct", 22, 22),
            ("D", "delegate", 23, 23),
        ],
    ),
    "cpp": (
        """\
#include <a>
namespace ns {
// c
template <typename T>
class Foo : public Bar {
 public:
  Foo();
  ~Foo() {}
  int bar(int x) const {
    return x;
  }
  bool operator==(const Foo& o) const { return true; }
};
struct S { int a; };
int* Foo::baz(int y) {
  return nullptr;
}
template <typename T>
T add(T a, T b) {
  return a;
}
enum class E { A };
}
extern "C" {
void cfun(void) {
}
}
#ifdef X
static int g(void) {
  return 1;
}
#endif
""",
        [
            ("Foo", "class", 3, 7),
            ("Foo.~Foo", "method", 8, 8),
            ("Foo.bar", "method", 9, 11),
            ("Foo.operator==", "method", 12, 12),
            ("S", "struct", 14, 14),
            ("Foo.baz", "method", 15, 17),
            ("add", "function", 18, 21),
            ("E", "enum", 22, 22),
            ("cfun", "function", 25, 26),
            ("g", "function", 29, 31),
        ],
    ),
    "go": (
        """\
package a
import "fmt"
// Doc
type Foo struct {
	a int
}
type (
	A int
	B interface { F() }
)
func (f *Foo) Bar(x int) int {
	return x
}
func (g Gen[T]) Baz() {
}
func Top[T any](x T) {
}
""",
        [
            ("Foo", "type", 3, 6),
            ("A", "type", 8, 8),
            ("B", "type", 9, 9),
            ("Foo.Bar", "method", 11, 13),
            ("Gen.Baz", "method", 14, 15),
            ("Top", "function", 16, 17),
        ],
    ),
    "java": (
        """\
package a;
/** Doc */
@A
public class Foo {
  @Override
  public int bar(int x) { return 1; }
  Foo() {}
  record R(int a) {}
  enum E { A; void f() {} }
  @interface An {}
}
""",
        [
            ("Foo", "class", 2, 4),
            ("Foo.bar", "method", 5, 6),
            ("Foo.Foo", "method", 7, 7),
            ("Foo.R", "record", 8, 8),
            ("Foo.E", "enum", 9, 9),
            ("Foo.An", "annotation", 10, 10),
        ],
    ),
    "javascript": (
        """\
export default class Foo extends B {
  @dec
  bar(x) {
  }
  baz = (x) => {
  }
  static #p() {}
}
const f = (a) => {
}
exports.g = function (x) {
}
module.exports = { h() {
}, k: function () {
} }
export function* gen() {}
""",
        [
            ("Foo", "class", 1, 1),
            ("Foo.bar", "method", 2, 4),
            ("Foo.baz", "method", 5, 6),
            ("Foo.#p", "method", 7, 7),
            ("f", "function", 9, 10),
            ("exports.g", "function", 11, 12),
            ("h", "method", 13, 14),
            ("gen", "function", 16, 16),
        ],
    ),
    "kotlin": (
        """\
package a.b
import x.y
/** Doc */
@Deprecated
class Foo(val a: Int) : Bar() {
    companion object {
        fun make() = Foo(1)
    }
    // c
    fun bar(x: Int): Int {
        return x
    }
    val p: Int
        get() = 1
    constructor(x: String) : this(1)
}
interface I { fun f() }
object O {
  fun g() {}
}
enum class E { A, B }
fun String.ext() = 1
typealias T = Int
""",
        [
            ("Foo", "class", 3, 5),
            ("Foo.Companion", "object", 6, 6),
            ("Foo.Companion.make", "method", 7, 7),
            ("Foo.bar", "method", 9, 12),
            ("Foo.constructor", "method", 15, 15),
            ("I", "interface", 17, 17),
            ("O", "object", 18, 18),
            ("O.g", "method", 19, 19),
            ("E", "class", 21, 21),
            ("ext", "function", 22, 22),
            ("T", "type", 23, 23),
        ],
    ),
    "php": (
        """\
<?php
namespace A\\B;
/** doc */
#[Attr]
final class Foo extends Bar {
  use T;
  public function bar(int $x): int {
  }
}
function f() {}
interface I {}
trait T2 { function z() {} }
enum E: string { case A = 'a'; }
""",
        [
            ("Foo", "class", 3, 6),
            ("Foo.bar", "method", 7, 8),
            ("f", "function", 10, 10),
            ("I", "interface", 11, 11),
            ("T2", "trait", 12, 12),
            ("E", "enum", 13, 13),
        ],
    ),
    "python": (
        """\
\"\"\"Mod.\"\"\"
import a
@dec
class Foo(Bar):
    \"\"\"Doc.\"\"\"
    x = 1
    @property
    async def bar(self) -> int:
        \"\"\"D.\"\"\"
        return 1
""",
        [
            ("Foo", "class", 3, 6),
            ("Foo.bar", "method", 7, 10),
        ],
    ),
    "ruby": (
        """\
module M
  # doc
  class Foo < Bar
    attr_reader :x
    def bar(a)
      1
    end
    def self.baz
    end
    class << self
      def q
      end
    end
  end
end
""",
        [
            ("M", "module", 1, 1),
            ("M.Foo", "class", 2, 4),
            ("M.Foo.bar", "method", 5, 7),
            ("M.Foo.baz", "method", 8, 9),
            ("M.Foo.q", "method", 11, 12),
        ],
    ),
    "rust": (
        """\
use std::fmt;
/// Doc
#[derive(Debug)]
pub struct Foo<T> {
    a: T,
}
impl<T> Foo<T> {
    /// new
    #[inline]
    pub fn new(a: T) -> Self {
        Foo { a }
    }
}
impl fmt::Display for Foo<i32> {
    fn fmt(&self) -> R {
    }
}
trait Tr {
    fn req(&self);
    fn def(&self) {
    }
}
enum E { A }
mod tests {
    #[test]
    fn works() {
    }
}
macro_rules! m {
    () => {};
}
type X = u8;
const C: u8 = 1;
""",
        [
            ("Foo", "struct", 2, 6),
            ("Foo", "implementation", 7, 7),
            ("Foo.new", "method", 8, 12),
            ("Foo", "implementation", 14, 14),
            ("Foo.fmt", "method", 15, 16),
            ("Tr", "trait", 18, 18),
            ("Tr.req", "method", 19, 19),
            ("Tr.def", "method", 20, 21),
            ("E", "enum", 23, 23),
            ("tests", "module", 24, 24),
            ("tests.works", "function", 25, 27),
            ("m", "macro", 29, 31),
            ("X", "type", 32, 32),
        ],
    ),
    "scala": (
        """\
package a
/** Doc */
@ann
case class Foo(a: Int) extends B {
  def bar(x: Int): Int = {
    x
  }
  val y = 1
}
object O { def f = 1 }
trait T { def q: Int }
enum E { case A }
type X = Int
def top() = 1
given g: Int = 1
extension (s: String) def ext = s
""",
        [
            ("Foo", "class", 2, 4),
            ("Foo.bar", "method", 5, 7),
            ("O", "object", 10, 10),
            ("T", "trait", 11, 11),
            ("E", "enum", 12, 12),
            ("X", "type", 13, 13),
            ("top", "function", 14, 14),
            ("ext", "function", 16, 16),
        ],
    ),
    "swift": (
        """\
import Foundation
/// Doc
class Foo: Bar {
    let x = 1
    init(x: Int) {
        self.x = x
    }
    deinit {
    }
    func bar(_ a: Int) -> Int {
        return a
    }
    subscript(i: Int) -> Int {
        return i
    }
}
struct S {
  var v: Int {
    return 1
  }
}
protocol P {
  func q()
}
enum E {
  case a
}
extension Foo {
  func ext() {}
}
func top() {
}
actor Act {
}
""",
        [
            ("Foo", "class", 2, 4),
            ("Foo.init", "method", 5, 7),
            ("Foo.deinit", "method", 8, 9),
            ("Foo.bar", "method", 10, 12),
            ("Foo.subscript", "method", 13, 15),
            ("S", "struct", 17, 21),
            ("P", "protocol", 22, 22),
            ("P.q", "method", 23, 23),
            ("E", "enum", 25, 27),
            ("Foo", "extension", 28, 28),
            ("Foo.ext", "method", 29, 29),
            ("top", "function", 31, 32),
            ("Act", "actor", 33, 34),
        ],
    ),
    "typescript": (
        """\
export interface I { a(): void }
type T = string;
export enum E { A }
namespace N { export function f(): void {} }
abstract class A<T> implements I {
  private x = () => {
  }
  abstract m(): void;
  constructor(private a: string) {
  }
}
declare function over(a: string): void;
export const C: React.FC = () => {
};
""",
        [
            ("I", "interface", 1, 1),
            ("T", "type", 2, 2),
            ("E", "enum", 3, 3),
            ("N", "namespace", 4, 4),
            ("A", "class", 5, 5),
            ("A.x", "method", 6, 7),
            ("A.m", "method", 8, 8),
            ("A.constructor", "method", 9, 10),
            ("over", "function", 12, 12),
            ("C", "function", 13, 14),
        ],
    ),
    "tsx": (
        """\
import React from "react";

export interface Props {
  name: string;
}

/** Shows a name. */
export const Hello = ({ name }: Props) => {
  return <b>{name}</b>;
};

export default function App(): JSX.Element {
  return <Hello name="x" />;
}
""",
        [
            ("Props", "interface", 3, 5),
            ("Hello", "function", 7, 10),
            ("App", "function", 12, 14),
        ],
    ),
}
