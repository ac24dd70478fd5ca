"""Sources in languages that are compiled, each with every definition in it: symbol, kind, first and last line."""

SAMPLES: dict[str, tuple[str, str]] = {
    "c": (
        """\
/* Cars that wait. */
#include <stdio.h>
#include "car.h"

#define LIMIT 10
#define MAX(a, b) \\
    ((a) > (b) ? (a) : (b))

/* A queue. */
typedef struct queue {
    int count;
    struct {
        int x;
    } place;
} queue_t;

struct car {
    int weight;
};

enum kind { CAR, TRUCK };

union load { int tons; float share; };

/* Declared here, defined elsewhere. */
extern int weigh(const struct car *one);

/* Adds a car. */
static inline int push(queue_t *queue,
                       struct car *one)
{
    if (queue->count > LIMIT) {
        return -1;
    }
    return ++queue->count;
}

#ifdef DEBUG
int *(*lookup(void))(int) {
    return NULL;
}
#endif

char *name(void) { return "ferry"; }
""",
        """\
MAX macro 6-7
queue_t struct 9-15
car struct 17-19
kind enum 21-21
load union 23-23
weigh prototype 25-26
push function 28-36
lookup function 39-41
name function 44-44
""",
    ),
    "cpp": (
        """\
// Cars that wait.
#include <vector>
#include "car.h"

namespace ferry {

// A queue
// of anything.
template <typename T>
class Queue : public Base {
 public:
  Queue();
  explicit Queue(int limit) : limit_(limit) {}
  ~Queue() {}

  // Adds one.
  int push(T one) const {
    auto twice = [](int x) { return x * 2; };
    return twice(1);
  }

  bool operator==(const Queue& other) const { return true; }

  struct Entry {
    int id;
  };

 private:
  int limit_;
};

enum class Kind { Car, Truck };

using Cars = std::vector<int>;

template <typename T>
concept Loadable = requires(T one) { one.weight(); };

template <typename T>
int Queue<T>::size(int least) {
  return least;
}

}  // namespace ferry

extern "C" {
void start(void) {
}
}

#ifdef DEBUG
static int count(void) {
  return 1;
}
#endif
""",
        """\
Queue class 7-30
Queue.Queue method 13-13
Queue.~Queue method 14-14
Queue.push method 16-20
Queue.operator== method 22-22
Queue.Entry struct 24-26
Kind enum 32-32
Cars type 34-34
Loadable concept 36-37
Queue.size method 39-42
start function 47-48
count function 52-54
""",
    ),
    "csharp": (
        """\
using System;
using Ferry.Cars;

namespace Ferry
{
    /// <summary>A queue.</summary>
    [Serializable]
    public class Queue<T> : Base
    {
        private int limit;

        public Queue(int limit)
        {
            this.limit = limit;
        }

        ~Queue() { }

        public int Count { get; set; }

        // Adds one.
        [Obsolete("no")]
        public int Push(T one)
        {
            int Twice(int x)
            {
                return x * 2;
            }
            return Twice(1);
        }

        public static Queue<T> operator +(Queue<T> a, Queue<T> b) { return a; }

        private enum Kind
        {
            Car,
            Truck,
        }
    }

    interface ILoadable
    {
        int Weight();
    }

    record Car(int Weight);

    struct Place { public int X; }

    delegate void Pushed(int id);
}
""",
        """\
Queue class 6-39
Queue.Queue method 12-15
Queue.Queue method 17-17
Queue.Count property 19-19
Queue.Push method 21-30
Queue.Push.Twice function 25-28
Queue.operator + method 32-32
Queue.Kind enum 34-38
ILoadable interface 41-44
ILoadable.Weight method 43-43
Car record 46-46
Place struct 48-48
Pushed delegate 50-50
""",
    ),
    "dart": (
        """\
// Cars that wait.
library ferry;

import 'dart:async';
export 'car.dart';

const limit = 10;

/// Something with a weight.
abstract class Loadable {
  int weight();
}

/// A queue of cars.
@immutable
class Queue<T> extends Base with Mixed implements Loadable {
  final List<T> cars;

  Queue(this.cars);

  Queue.empty() : cars = [];

  factory Queue.of(T car) => Queue([car]);

  /// Adds a car.
  @override
  void push(T car) {
    cars.add(car);
  }

  int get length => cars.length;

  set first(T car) {
    cars[0] = car;
  }

  @override
  int weight() => 1;
}

mixin Mixed on Base {
  void mix() {}
}

enum Kind { car, truck }

extension Sums on List<int> {
  int total() => fold(0, (a, b) => a + b);
}

typedef Weigh = int Function(int);

int add(int a, int b) => a + b;

void main() {
  print(add(1, 2));
}
""",
        """\
Loadable class 9-12
Loadable.weight method 11-11
Queue class 14-39
Queue.new method 19-19
Queue.empty method 21-21
Queue.of method 23-23
Queue.push method 25-29
Queue.length method 31-31
Queue.first method 33-35
Queue.weight method 37-38
Mixed mixin 41-43
Mixed.mix method 42-42
Kind enum 45-45
Sums extension 47-49
Sums.total method 48-48
Weigh type 51-51
add function 53-53
main function 55-57
""",
    ),
    "fortran": (
        """\
! Cars that wait.
module ferry
  use iso_fortran_env
  implicit none
  integer, parameter :: limit = 10

  !> A car.
  type :: car
    integer :: weight
  contains
    procedure :: heavy
  end type car

  interface total
    module procedure total_cars
  end interface

contains

  !> Whether it is heavy.
  logical function heavy(self)
    class(car), intent(in) :: self
    heavy = self%weight > 3
  end function heavy

  subroutine push(cars, one)
    type(car), intent(inout) :: cars(:)
    type(car), intent(in) :: one
    cars(1) = one
  end subroutine push

end module ferry

program main
  use ferry
  implicit none
  print *, limit
end program main
""",
        """\
ferry module 1-32
ferry.car type 7-12
ferry.total interface 14-16
ferry.heavy function 20-24
ferry.push function 26-30
main program 34-38
""",
    ),
    "go": (
        """\
// Package ferry holds cars.
package ferry

import (
	"fmt"
	str "strings"
)

const limit = 10

// Queue holds cars.
type Queue struct {
	cars []Car
}

type (
	// Car is one.
	Car int

	Loadable interface {
		Weight() int
	}
)

// Push adds a car.
func (q *Queue) Push(car Car) int {
	twice := func(x int) int {
		return x * 2
	}
	return twice(len(q.cars))
}

func (g Gen[T]) Size() int { return 0 }

func Top[T any](x T) string {
	return fmt.Sprint(str.ToUpper("x"))
}

type Cars = []Car
""",
        """\
Queue type 11-14
Car type 17-18
Loadable type 20-22
Queue.Push method 25-31
Gen.Size method 33-33
Top function 35-37
Cars type 39-39
""",
    ),
    "java": (
        """\
package ferry;

import java.util.List;
import static java.util.Objects.hash;

/**
 * A queue.
 */
@Deprecated
public class Queue<T> extends Base implements Loadable {
    private final int limit = 10;

    Queue(int limit) {
        super(limit);
    }

    /** Adds one. */
    @Override
    public int push(T one) {
        return hash(one);
    }

    // Inside.
    static class Entry {
        int id() { return 1; }
    }

    record Car(int weight) {
        Car {
            assert weight > 0;
        }
    }

    enum Kind {
        CAR, TRUCK;

        boolean heavy() {
            return this == TRUCK;
        }
    }

    @interface Checked {}
}

interface Loadable {
    int weight();
}
""",
        """\
Queue class 6-43
Queue.Queue method 13-15
Queue.push method 17-21
Queue.Entry class 23-26
Queue.Entry.id method 25-25
Queue.Car record 28-32
Queue.Car.Car method 29-31
Queue.Kind enum 34-40
Queue.Kind.heavy method 37-39
Queue.Checked annotation 42-42
Loadable interface 45-47
Loadable.weight method 46-46
""",
    ),
    "kotlin": (
        """\
package ferry

import ferry.cars.Car
import kotlin.math.max

/** A queue. */
@Deprecated("no")
class Queue(val limit: Int) : Base() {
    companion object {
        fun make() = Queue(10)
    }

    // Adds one.
    fun push(car: Car): Int {
        fun twice(x: Int): Int {
            return x * 2
        }
        return twice(1)
    }

    val size: Int
        get() = 1

    constructor(name: String) : this(1)

    inner class Entry {
        fun id() = 1
    }
}

interface Loadable {
    fun weight(): Int
}

object Harbour {
    fun open() {}
}

enum class Kind { CAR, TRUCK }

data class Place(val x: Int)

fun String.twice() = this + this

typealias Cars = List<Car>
""",
        """\
Queue class 6-29
Queue.Companion object 9-11
Queue.Companion.make method 10-10
Queue.push method 13-19
Queue.push.twice function 15-17
Queue.constructor method 24-24
Queue.Entry class 26-28
Queue.Entry.id method 27-27
Loadable interface 31-33
Loadable.weight method 32-32
Harbour object 35-37
Harbour.open method 36-36
Kind enum 39-39
Place class 41-41
twice function 43-43
Cars type 45-45
""",
    ),
    "objectivec": (
        """\
// Cars that wait.
#import <Foundation/Foundation.h>
#import "Car.h"

#define LIMIT 10

/// Something with a weight.
@protocol Loadable <NSObject>
- (NSInteger)weight;
@end

/// A queue of cars.
@interface Queue : NSObject <Loadable>
@property (nonatomic, strong) NSMutableArray *cars;
- (void)push:(Car *)car atIndex:(NSInteger)index;
+ (instancetype)queue;
@end

@implementation Queue

// Adds a car.
- (void)push:(Car *)car atIndex:(NSInteger)index {
    [self.cars insertObject:car atIndex:index];
}

+ (instancetype)queue {
    return [[self alloc] init];
}

- (NSInteger)weight {
    return 1;
}

@end

typedef struct {
    int x;
} Point;

static int add(int a, int b) {
    return a + b;
}
""",
        """\
Loadable protocol 7-10
Loadable.weight method 9-9
Queue class 12-17
Queue.push:atIndex: method 15-15
Queue.queue method 16-16
Queue implementation 19-34
Queue.push:atIndex: method 21-24
Queue.queue method 26-28
Queue.weight method 30-32
Point struct 36-38
add function 40-42
""",
    ),
    "rust": (
        """\
//! Cars that wait.
use std::fmt;
use crate::cars::{Car, Truck};

const LIMIT: usize = 10;

/// A queue.
#[derive(Debug)]
pub struct Queue<T> {
    cars: Vec<T>,
}

impl<T> Queue<T> {
    /// Makes one.
    #[inline]
    pub fn new() -> Self {
        fn helper() -> usize {
            LIMIT
        }
        Queue { cars: Vec::with_capacity(helper()) }
    }
}

impl<T> fmt::Display for Queue<T> {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        Ok(())
    }
}

pub trait Loadable {
    fn weight(&self) -> u32;
    fn heavy(&self) -> bool {
        self.weight() > 3
    }
}

enum Kind { Car, Truck }

union Load { tons: u32, share: f32 }

mod tests {
    use super::*;

    #[test]
    fn works() {
        assert!(true);
    }
}

macro_rules! twice {
    ($x:expr) => { $x + $x };
}

type Cars = Vec<Car>;
""",
        """\
Queue struct 7-11
Queue implementation 13-22
Queue.new method 14-21
Queue.new.helper function 17-19
Queue implementation 24-28
Queue.fmt method 25-27
Loadable trait 30-35
Loadable.weight method 31-31
Loadable.heavy method 32-34
Kind enum 37-37
Load union 39-39
tests module 41-48
tests.works function 44-47
twice macro 50-52
Cars type 54-54
""",
    ),
    "scala": (
        """\
package ferry

import ferry.cars.Car
import scala.math.{max, min}

/** A queue. */
@deprecated
case class Queue(limit: Int) extends Base {
  // Adds one.
  def push(car: Car): Int = {
    def twice(x: Int): Int = {
      x * 2
    }
    twice(1)
  }

  val size = 1

  class Entry {
    def id = 1
  }
}

object Queue {
  def make(): Queue = Queue(10)
}

trait Loadable {
  def weight: Int
}

enum Kind {
  case Car, Truck
}

type Cars = List[Car]

def top(): Int = 1

given g: Int = 1

extension (text: String) def twice = text + text
""",
        """\
Queue class 6-22
Queue.push method 9-15
Queue.push.twice function 11-13
Queue.Entry class 19-21
Queue.Entry.id method 20-20
Queue object 24-26
Queue.make method 25-25
Loadable trait 28-30
Loadable.weight method 29-29
Kind enum 32-34
Cars type 36-36
top function 38-38
twice function 42-42
""",
    ),
    "solidity": (
        """\
// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;

import "./Car.sol";

uint256 constant LIMIT = 10;

/// Something with a weight.
interface Loadable {
    function weight() external view returns (uint256);
}

library Sums {
    function add(uint256 a, uint256 b) internal pure returns (uint256) {
        return a + b;
    }
}

/// A queue of cars.
contract Queue is Loadable {
    uint256[] private cars;

    struct Entry {
        uint256 id;
    }

    enum Kind { Car, Truck }

    event Pushed(uint256 id);
    error Full();

    modifier open() {
        _;
    }

    constructor() {
        cars.push(0);
    }

    /// Adds a car.
    function push(uint256 car) external open {
        cars.push(car);
        emit Pushed(car);
    }

    function weight() external view override returns (uint256) {
        return cars.length;
    }

    receive() external payable {}
}
""",
        """\
Loadable interface 8-11
Loadable.weight method 10-10
Sums library 13-17
Sums.add method 14-16
Queue class 19-51
Queue.Entry struct 23-25
Queue.Kind enum 27-27
Queue.Pushed event 29-29
Queue.Full error 30-30
Queue.open modifier 32-34
Queue.constructor method 36-38
Queue.push method 40-44
Queue.weight method 46-48
Queue.receive method 50-50
""",
    ),
    "swift": (
        """\
import Foundation
import Cars

/// A queue.
@objc
class Queue: Base {
    let limit = 10

    init(name: String) {
        self.name = name
    }

    deinit {
    }

    // Adds one.
    func push(_ car: Car) -> Int {
        func twice(_ x: Int) -> Int {
            return x * 2
        }
        return twice(1)
    }

    subscript(index: Int) -> Int {
        return index
    }
}

struct Place {
    var x: Int {
        return 1
    }
}

protocol Loadable {
    func weight() -> Int
}

enum Kind {
    case car, truck
}

extension Queue {
    func size() -> Int { return 0 }
}

actor Harbour {
    func open() {}
}

typealias Cars = [Car]

func top() {
}
""",
        """\
Queue class 4-27
Queue.init method 9-11
Queue.deinit method 13-14
Queue.push method 16-22
Queue.push.twice function 18-20
Queue.subscript method 24-26
Place struct 29-33
Loadable protocol 35-37
Loadable.weight method 36-36
Kind enum 39-41
Queue extension 43-45
Queue.size method 44-44
Harbour actor 47-49
Harbour.open method 48-48
Cars type 51-51
top function 53-54
""",
    ),
    "zig": (
        """\
//! Cars that wait.
const std = @import("std");
const Allocator = std.mem.Allocator;

/// Most cars on board.
pub const limit: usize = 10;

/// A queue of cars.
pub const Queue = struct {
    cars: []u8,
    open: bool = true,

    const Self = @This();

    /// Adds a car.
    pub fn push(self: *Self, car: u8) !void {
        _ = self;
        _ = car;
    }

    fn empty(self: Self) bool {
        return self.cars.len == 0;
    }
};

const Kind = enum { car, truck };

const Load = union(enum) {
    none: void,
    tons: u32,
};

const Failure = error{ Full, Closed };

pub fn main() !void {
    std.debug.print("hi\\n", .{});
}

test "queue is empty" {
    try std.testing.expect(true);
}
""",
        """\
Queue struct 8-24
Queue.push method 15-19
Queue.empty method 21-23
Kind enum 26-26
Load union 28-31
Failure error 33-33
main function 35-37
queue is empty test 39-41
""",
    ),
}
