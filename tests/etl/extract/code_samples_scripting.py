"""Sources in scripting languages, each with every definition in it: symbol, kind, first and last line."""

SAMPLES: dict[str, tuple[str, str]] = {
    "bash": (
        """\
#!/bin/bash
# Runs the ferry.
set -euo pipefail
source ./common.sh

LIMIT=10

# Says something.
# Twice.
say() {
  echo "$1"
  echo "$1"
}

function push {
  local car="$1"
  inner() {
    echo "$car"
  }
  inner
}

close() ( echo closed )

if [[ "${1:-}" == "run" ]]; then
  main() {
    say hello
  }
  main
fi

push "$@"
""",
        """\
say function 8-13
push function 15-21
push.inner function 17-19
close function 23-23
main function 26-28
""",
    ),
    "groovy": (
        """\
// Cars that wait.
package ferry

import groovy.transform.CompileStatic

/** A queue. */
@CompileStatic
class Queue extends Base {
    List<String> cars = []

    Queue() {
    }

    /** Adds a car. */
    void push(String car) {
        cars << car
    }

    def total() {
        cars.size()
    }
}

interface Loadable {
    int weight()
}

enum Kind { CAR, TRUCK }

def add(int a, int b) {
    a + b
}

plugins {
    id 'java'
}

dependencies {
    implementation 'a:b:1.0'
}

task hello {
    doLast { println 'hi' }
}
""",
        """\
Queue class 6-22
Queue.Queue method 11-12
Queue.push method 14-17
Queue.total method 19-21
Loadable interface 24-26
Loadable.weight method 25-25
Kind enum 28-28
add function 30-32
plugins block 34-36
dependencies block 38-40
""",
    ),
    "javascript": (
        """\
'use strict';
// Cars that wait.
import { Car } from './car.js';
const path = require('path');

/**
 * A queue.
 */
@sealed
export default class Queue extends Base {
  #limit = 10;

  @log
  push(car) {
    return this.cars.push(car);
  }

  size = (least) => {
    return least;
  };

  static #secret() {}

  get first() {
    return this.cars[0];
  }
}

// Twice as much.
export const twice = (x) => {
  function inner(y) {
    return y + x;
  }
  return inner(x);
};

exports.half = function (x) {
  return x / 2;
};

module.exports = {
  total(cars) {
    return cars.length;
  },
  mean: function (cars) {
    return 0;
  },
};

export function* each(cars) {
  yield* cars;
}

async function load() {}
""",
        """\
Queue class 6-27
Queue.push method 13-16
Queue.size method 18-20
Queue.#secret method 22-22
Queue.first method 24-26
twice function 29-35
twice.inner function 31-33
exports.half function 37-39
total method 42-44
mean function 45-47
each function 50-52
load function 54-54
""",
    ),
    "lua": (
        """\
#!/usr/bin/env lua
--- Queues for the ferry.
local json = require("json")

local M = {}

-- How long a ferry waits.
M.PATIENCE = 10

--- Makes a queue.
-- @return a table
function M.new(limit)
  local self = { limit = limit, waiting = {} }
  return setmetatable(self, M)
end

function M:push(car)
  table.insert(self.waiting, car)
end

local function helper(a, b)
  local function inner(x)
    return x + a
  end
  return inner(b)
end

M.pop = function(self)
  return table.remove(self.waiting, 1)
end

local twice = function(x) return x * 2 end

return M
""",
        """\
M.new method 10-15
M.push method 17-19
helper function 21-26
helper.inner function 22-24
M.pop method 28-30
twice function 32-32
""",
    ),
    "perl": (
        """\
#!/usr/bin/perl
# Cars that wait.
package Ferry::Queue;

use strict;
use warnings;
use List::Util qw(sum);

our $LIMIT = 10;

=head2 new

Makes a queue.

=cut

sub new {
    my ($class, %options) = @_;
    return bless { cars => [] }, $class;
}

# Adds a car.
sub push_car {
    my ($self, $car) = @_;
    push @{ $self->{cars} }, $car;
}

my $twice = sub { return 2 * shift };

package Ferry::Car {
    sub weight { 1 }
}

BEGIN {
    print "hi";
}

package main;

sub run {
    my $queue = Ferry::Queue->new;
    for my $car (1 .. 3) {
        $queue->push_car($car);
    }
}

1;
""",
        """\
Ferry.Queue.new function 17-20
Ferry.Queue.push_car function 22-26
Ferry.Car package 30-32
Ferry.Car.weight function 31-31
main.run function 40-45
""",
    ),
    "php": (
        """\
<?php
/* Cars that wait. */
namespace Ferry;

use Ferry\\Cars\\Car;

/** A queue. */
#[Sealed]
final class Queue extends Base
{
    use Counting;

    private int $limit = 10;

    public function __construct(private string $name)
    {
    }

    /**
     * Adds one.
     */
    public function push(Car $car): int
    {
        $twice = function ($x) { return $x * 2; };
        return $twice(1);
    }

    abstract protected static function size(): int;
}

// Twice.
function twice(int $x): int
{
    return $x * 2;
}

interface Loadable
{
    public function weight(): int;
}

trait Counting
{
    function count() { return 1; }
}

enum Kind: string
{
    case Car = 'car';
}
""",
        """\
Queue class 7-29
Queue.__construct method 15-17
Queue.push method 19-26
Queue.size method 28-28
twice function 31-35
Loadable interface 37-40
Loadable.weight method 39-39
Counting trait 42-45
Counting.count method 44-44
Kind enum 47-50
""",
    ),
    "powershell": (
        """\
#Requires -Version 7
using namespace System.Text
Import-Module Ferry

<#
.SYNOPSIS
Adds a car.
#>
function Add-Car {
    [CmdletBinding()]
    param(
        [Parameter(Mandatory)] [string] $Name,
        [int] $Weight = 1
    )
    process {
        "$Name $Weight"
    }
}

# Only inside.
function script:Get-Total($cars) {
    ($cars | Measure-Object -Sum).Sum
}

filter Select-Heavy { if ($_ -gt 3) { $_ } }

enum Kind {
    Car
    Truck
}

# A queue.
class Queue : Base {
    [string[]] $Cars = @()

    Queue() {
        $this.Cars = @()
    }

    # Adds.
    [void] Push([string] $car) {
        $this.Cars += $car
    }
}

Add-Car -Name "a"
""",
        """\
Add-Car function 5-18
Get-Total function 20-23
Select-Heavy function 25-25
Kind enum 27-30
Queue class 32-44
Queue.Queue method 36-38
Queue.Push method 40-43
""",
    ),
    "python": (
        '''\
"""Cars that wait."""
from __future__ import annotations

import os
from cars import (
    Car,
)

LIMIT = 10


# A decorator.
def logged(function):
    def wrapper(*args):
        return function(*args)

    return wrapper


@dataclass
class Queue(Base):
    """A queue.

    Of cars.
    """

    cars: list[Car]

    @property
    @logged
    def size(self) -> int:
        """How many."""
        return len(self.cars)

    async def push(
        self,
        car: Car,
    ) -> None:
        self.cars.append(car)
        # done

    class Entry:
        id: int = 1


if os.name == "posix":

    def twice(x: int) -> int: return x * 2
else:
    twice = None
''',
        """\
logged function 12-17
logged.wrapper function 14-15
Queue class 20-43
Queue.size method 29-33
Queue.push method 35-39
Queue.Entry class 42-43
twice function 48-48
""",
    ),
    "ruby": (
        """\
# frozen_string_literal: true

require 'json'
require_relative 'car'

# Cars that wait.
module Ferry
  LIMIT = 10

  # A queue.
  class Queue < Base
    attr_reader :cars

    def initialize(limit = 10)
      @limit = limit
    end

    # Adds one.
    def push(car)
      [1, 2].each do |x|
        puts x
      end
    end

    def self.make
      new
    end

    class << self
      def empty?
        true
      end
    end

    private

    def secret = 1
  end
end

def twice(x)
  x * 2
end
""",
        """\
Ferry module 6-39
Ferry.Queue class 10-38
Ferry.Queue.initialize method 14-16
Ferry.Queue.push method 18-23
Ferry.Queue.make method 25-27
Ferry.Queue.empty? method 30-32
Ferry.Queue.secret method 37-37
twice method 41-43
""",
    ),
    "tsx": (
        """\
// Pages of the ferry.
import React, { useState } from "react";

export interface Props {
  name: string;
}

type Handler = () => void;

/** Shows a name. */
export const Hello = ({ name }: Props) => {
  const [count, setCount] = useState(0);
  const onClick: Handler = () => {
    setCount(count + 1);
  };
  return <b onClick={onClick}>{name}</b>;
};

// A class component.
export class Counter extends React.Component<Props> {
  state = { count: 0 };

  render() {
    return <Hello name="counter" />;
  }
}

export default function App(): JSX.Element {
  return (
    <main>
      <Hello name="x" />
    </main>
  );
}
""",
        """\
Props interface 4-6
Handler type 8-8
Hello function 10-17
Hello.onClick function 13-15
Counter class 19-26
Counter.render method 23-25
App function 28-34
""",
    ),
    "typescript": (
        """\
// Cars that wait.
import { Car } from "./car";
import type { Place } from "./place";

/** Something with a weight. */
export interface Loadable {
  weight(): number;
}

export type Cars = Car[];

export enum Kind {
  Car,
  Truck,
}

namespace Harbour {
  export function open(): void {}
}

// A queue.
@sealed()
export abstract class Queue<T> implements Loadable {
  private cars: T[] = [];

  constructor(private limit: number) {
  }

  @log()
  push(car: T): number {
    const twice = (x: number) => {
      return x * 2;
    };
    return twice(1);
  }

  size = (): number => {
    return 0;
  };

  abstract weight(): number;
}

export function top(x: string): string;
export function top(x: number): number;
export function top(x: any): any {
  return x;
}

declare function outside(a: string): void;

export const half = (x: number) => x / 2;
""",
        """\
Loadable interface 5-8
Cars type 10-10
Kind enum 12-15
Harbour namespace 17-19
Harbour.open function 18-18
Queue class 21-42
Queue.constructor method 26-27
Queue.push method 29-35
Queue.push.twice function 31-33
Queue.size method 37-39
Queue.weight method 41-41
top function 44-44
top function 45-45
top function 46-48
outside function 50-50
half function 52-52
""",
    ),
}
