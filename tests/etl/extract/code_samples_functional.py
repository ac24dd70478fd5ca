"""Sources in functional languages, each with every definition in it: symbol, kind, first and last line."""

SAMPLES: dict[str, tuple[str, str]] = {
    "elixir": (
        '''\
defmodule Ferry.Queue do
  @moduledoc """
  Cars that wait.
  """
  use GenServer
  alias Ferry.Car

  @limit 10

  defstruct cars: [], open: true

  @doc "Adds a car."
  @spec push(t, Car.t()) :: t
  def push(%{cars: cars} = queue, car) when length(cars) < @limit do
    %{queue | cars: [car | cars]}
  end

  def push(queue, _car), do: queue

  # Only inside.
  defp empty?(queue), do: queue.cars == []

  defmacro unless_open(expression) do
    quote do: unquote(expression)
  end

  defmodule Inner do
    def run, do: :ok
  end
end

defprotocol Ferry.Loadable do
  def weight(thing)
end

defimpl Ferry.Loadable, for: Car do
  def weight(car), do: car.weight
end
''',
        """\
Ferry.Queue module 1-30
Ferry.Queue.push function 12-18
Ferry.Queue.empty? function 20-21
Ferry.Queue.unless_open macro 23-25
Ferry.Queue.Inner module 27-29
Ferry.Queue.Inner.run function 28-28
Ferry.Loadable protocol 32-34
Ferry.Loadable.weight method 33-33
Ferry.Loadable implementation 36-38
Ferry.Loadable.weight method 37-37
""",
    ),
    "haskell": (
        """\
{-# LANGUAGE GADTs #-}
-- | Cars that wait.
module Ferry.Queue (push, Queue (..)) where

import qualified Data.Map as Map
import Data.List (sort)

-- | A queue of cars.
data Queue a = Queue
  { cars :: [a]
  , open :: Bool
  }
  deriving (Show)

newtype Weight = Weight Int

type Table = Map.Map String Int

class Loadable a where
  -- | In tons.
  weight :: a -> Int
  weight _ = 1

instance Loadable Weight where
  weight (Weight n) = n

-- | Adds a car.
push :: a -> Queue a -> Queue a
push car queue
  | open queue = queue { cars = car : cars queue }
  | otherwise = queue

twice :: Int -> Int
twice 0 = 0
twice n = double n
  where
    double x = x + x

main :: IO ()
main = print (twice 2)
""",
        """\
Queue type 8-13
Weight type 15-15
Table type 17-17
Loadable class 19-22
Loadable.weight method 20-22
Loadable instance 24-25
Loadable.weight method 25-25
push function 27-31
twice function 33-37
twice.double function 37-37
main function 39-40
""",
    ),
    "julia": (
        '''\
# Cars that wait.
module Ferry

using LinearAlgebra
import Base: show

const LIMIT = 10

abstract type Vehicle end

"""
A car.
"""
struct Car <: Vehicle
    weight::Int
end

mutable struct Queue{T}
    cars::Vector{T}
    Queue{T}() where {T} = new(T[])
end

"""
    push(queue, car)

Adds a car.
"""
function push(queue::Queue, car::Car)
    push!(queue.cars, car)
    function inner(x)
        x + 1
    end
    inner(1)
end

weight(car::Car) = car.weight

Base.show(io::IO, car::Car) = print(io, car.weight)

macro twice(expression)
    :($expression; $expression)
end

@inline function half(x)
    x / 2
end

end
''',
        """\
Ferry module 1-48
Ferry.Vehicle type 9-9
Ferry.Car struct 11-16
Ferry.Queue struct 18-21
Ferry.Queue.Queue function 20-20
Ferry.push function 23-34
Ferry.push.inner function 30-32
Ferry.weight function 36-36
Ferry.Base.show function 38-38
Ferry.twice macro 40-42
Ferry.half function 44-46
""",
    ),
    "nix": (
        """\
# The ferry's shell.
{ pkgs ? import <nixpkgs> { }, lib }:

let
  # How many.
  limit = 10;

  # Adds a car.
  push = cars: car: cars ++ [ car ];

  build = { name, version ? "1.0" }:
    pkgs.stdenv.mkDerivation {
      inherit name version;
      src = ./.;
    };
in
rec {
  total = cars:
    lib.foldl (a: b: a + b) 0 cars;

  shell = pkgs.mkShell {
    packages = [ pkgs.git ];
    shellHook = ''
      echo hi
    '';
  };

  nested.deep = x: x;
}
""",
        """\
push function 8-9
build function 11-15
total function 18-19
shell binding 21-26
shell.shellHook binding 23-25
nested.deep function 28-28
""",
    ),
    "ocaml": (
        """\
(* Cars that wait. *)
open Printf

let limit = 10

(** A car. *)
type car = {
  name : string;
  weight : int;
}

exception Full

(** Adds a car. *)
let push queue car =
  let check x = x < limit in
  if check 1 then car :: queue else queue

let rec total = function
  | [] -> 0
  | car :: rest -> car.weight + total rest
and count queue =
  List.length queue

module Sums = struct
  let add a b = a + b

  module Deep = struct
    let sub a b = a - b
  end
end

module type LOADABLE = sig
  val weight : int
end

class queue = object
  val mutable cars = []
  method push car =
    cars <- car :: cars
end

let () = printf "hi\\n"
""",
        """\
car type 6-10
Full exception 12-12
push function 14-17
push.check function 16-16
total function 19-21
count function 22-23
Sums module 25-31
Sums.add function 26-26
Sums.Deep module 28-30
Sums.Deep.sub function 29-29
LOADABLE module 33-35
LOADABLE.weight value 34-34
queue class 37-41
queue.push method 39-40
""",
    ),
}
