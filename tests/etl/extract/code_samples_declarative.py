"""Sources in declarative languages, each with every definition in it: symbol, kind, first and last line."""

SAMPLES: dict[str, tuple[str, str]] = {
    "css": (
        """\
/* The ferry's pages. */
@import url("base.css");

:root {
  --sea: #06c;
}

/* Cards of cars. */
.card,
.card > .title {
  color: var(--sea);
}

.card:hover { color: red; }

@media (max-width: 40em) {
  .card {
    display: none;
  }

  nav a { color: blue; }
}

@keyframes sail {
  from { left: 0; }
  to { left: 100%; }
}

@font-face {
  font-family: Sea;
  src: url("sea.woff2");
}

@supports (display: grid) {
  main { display: grid; }
}
""",
        """\
:root rule 4-6
.card,.card >.title rule 8-12
.card:hover rule 14-14
@media (max-width: 40em) at-rule 16-22
@media (max-width: 40em) .card rule 17-19
@media (max-width: 40em) nav a rule 21-21
@keyframes sail at-rule 24-27
@font-face at-rule 29-32
@supports (display: grid) at-rule 34-36
@supports (display: grid) main rule 35-35
""",
    ),
    "hcl": (
        """\
# The ferry's network.
terraform {
  required_version = ">= 1.5"
}

variable "region" {
  type    = string
  default = "north"
}

# The harbour.
resource "aws_vpc" "harbour" {
  cidr_block = "10.0.0.0/16"

  tags = {
    Name = "harbour"
  }
}

data "aws_ami" "image" {
  owners = ["self"]

  filter {
    name   = "name"
    values = ["ferry-*"]
  }
}

module "pier" {
  source = "./pier"
}

locals {
  piers = 3
}

output "id" {
  value = aws_vpc.harbour.id
}
""",
        """\
terraform block 1-4
region variable 6-9
aws_vpc.harbour resource 11-18
aws_ami.image data 20-27
aws_ami.image.filter block 23-26
pier module 29-31
locals block 33-35
id output 37-39
""",
    ),
    "make": (
        """\
# The ferry's build.
CC := gcc
CFLAGS ?= -O2

include common.mk

.PHONY: all clean

# Builds everything.
all: ferry docs

ferry: main.o queue.o
	$(CC) -o $@ $^
	@echo done

%.o: %.c
	$(CC) $(CFLAGS) -c $<

define announce
	@echo "$(1)"
	@echo again
endef

ifeq ($(DEBUG),1)
debug:
	gdb ./ferry
endif

clean:
	rm -f *.o ferry

docs: README.md
	pandoc $< -o ferry.html
""",
        """\
all target 9-10
ferry target 12-14
%.o target 16-17
announce macro 19-22
debug target 25-26
clean target 29-30
docs target 32-33
""",
    ),
    "sql": (
        """\
-- The ferry's tables.
-- Cars that wait.
CREATE TABLE IF NOT EXISTS ferry.cars (
    id bigint PRIMARY KEY,
    -- in tons
    weight numeric NOT NULL
);

CREATE UNIQUE INDEX cars_by_weight ON ferry.cars (weight);

/* Heavy ones. */
CREATE OR REPLACE VIEW heavy AS
SELECT id
FROM ferry.cars
WHERE weight > 3;

CREATE FUNCTION total(least integer) RETURNS numeric AS $$
BEGIN
    RETURN (SELECT sum(weight) FROM ferry.cars);
END;
$$ LANGUAGE plpgsql;

CREATE TRIGGER weigh BEFORE INSERT ON ferry.cars
FOR EACH ROW EXECUTE FUNCTION check_weight();

CREATE TYPE kind AS ENUM ('car', 'truck');

INSERT INTO ferry.cars (id, weight) VALUES (1, 2), (2, 3);

SELECT c.id, count(*)
FROM ferry.cars AS c
GROUP BY c.id;

CREATE MATERIALIZED VIEW totals AS
SELECT sum(weight) FROM ferry.cars;

ALTER TABLE ferry.cars ADD COLUMN colour text;
""",
        """\
ferry.cars table 1-7
cars_by_weight index 9-9
heavy view 11-15
total function 17-21
weigh trigger 23-24
kind type 26-26
totals view 34-35
""",
    ),
    "toml": (
        '''\
# The ferry's settings.
name = "ferry"
limit = 10

[server]
host = "::1"
port = 80

# Who may enter.
[server.access]
users = [
  "a",
  "b",
]

[[piers]]
id = 1

[[piers]]
id = 2
length = 3.5

[tool."odd name".deep]
x = { y = 1 }

[last]
text = """
[not.a.table]
"""
''',
        """\
server table 5-7
server.access table 9-14
piers table 16-17
piers table 19-21
tool.odd name.deep table 23-24
last table 26-29
""",
    ),
    "yaml": (
        """\
# The ferry's services.
version: "3.9"

x-common: &common
  restart: always

# Who runs.
services:
  web:
    <<: *common
    image: ferry:1
    ports:
      - "80:80"

  worker:
    image: ferry:1
    command: |
      run
      this: too

volumes:
  data: {}
---
kind: Second
metadata:
  name: other
items:
  - one
  - two: 2
""",
        """\
x-common section 4-5
services section 7-19
services.web section 9-13
services.web.ports section 12-13
services.worker section 15-19
volumes section 21-22
metadata section 25-26
items section 27-29
""",
    ),
}
