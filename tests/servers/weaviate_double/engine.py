"""What the server keeps."""

import json
import re
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np

from tests.servers.weaviate_double.model import Class, RefusedError, Stored
from tests.servers.weaviate_double.rows import check_lengths, check_row
from tests.servers.weaviate_double.schema import check_schema, guessed, with_defaults

CLASS_NAME = re.compile(r"[A-Z][_0-9A-Za-z]*")
TENANT_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
ROOM = "room"
"""A file in the data folder with the number of rows that it still has room for."""


class Engine:
    """Classes and rows, in memory; a change is committed to SQLite before it is acknowledged."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._room = folder / ROOM
        self.lock = threading.RLock()
        self.classes: dict[str, Class] = {}
        self._disk = sqlite3.connect(folder / "weaviate.sqlite", check_same_thread=False)
        self._disk.executescript(
            "CREATE TABLE IF NOT EXISTS classes (name TEXT PRIMARY KEY, schema TEXT);"
            "CREATE TABLE IF NOT EXISTS tenants (class TEXT, name TEXT, PRIMARY KEY (class, name));"
            "CREATE TABLE IF NOT EXISTS rows (class TEXT, tenant TEXT, id TEXT, properties TEXT, vectors TEXT, written_ms INTEGER,"
            " PRIMARY KEY (class, tenant, id));"
        )
        self._load()

    def get(self, name: str) -> Class:
        """Class names are compared with their first letter in upper case, as a request's are."""
        if name not in self.classes:
            raise RefusedError(404, f"could not find class {name} in schema")
        return self.classes[name]

    def create(self, schema: dict[str, Any]) -> dict[str, Any]:
        name = schema.get("class", "")
        if not CLASS_NAME.fullmatch(name):
            raise RefusedError(422, f"'{name}' is not a valid class name")
        if any(name.lower() == known.lower() for known in self.classes):
            raise RefusedError(422, f"class name {name} already exists")
        full = with_defaults(schema)
        check_schema(full)
        self.classes[name] = Class(full, {} if full["multiTenancyConfig"]["enabled"] else {"": {}})
        self._write(("INSERT INTO classes VALUES (?, ?)", (name, json.dumps(full))))
        return full

    def update(self, name: str, schema: dict[str, Any]) -> dict[str, Any]:
        """Vectors can be added; what there is stays."""
        before, after = self.get(name).schema, with_defaults(schema)
        if "vectorConfig" not in before and "vectorConfig" in after:
            raise RefusedError(422, "vectorizer is immutable: this double adds named vectors to classes with named vectors only")
        for vector, config in before.get("vectorConfig", {}).items():
            if after.get("vectorConfig", {}).get(vector) != config:
                raise RefusedError(422, f"vectorizer config of vector {vector!r} is immutable for class {name}")
        if {**before, "vectorConfig": 0} != {**after, "vectorConfig": 0}:
            raise RefusedError(422, "this double changes named vectors only")
        self.get(name).schema = after
        self._write(("UPDATE classes SET schema = ? WHERE name = ?", (json.dumps(after), name)))
        return after

    def delete(self, name: str) -> None:
        """An absent class is fine."""
        self.classes.pop(name, None)
        for statement in ("DELETE FROM classes WHERE name = ?", "DELETE FROM tenants WHERE class = ?", "DELETE FROM rows WHERE class = ?"):
            self._write((statement, (name,)))

    def put(self, objects: Sequence[tuple[str, str, Stored]]) -> dict[int, str]:
        """Inserts or replaces; what was refused, by position, and why."""
        refused: dict[int, str] = {}
        statements: list[tuple[str, tuple[Any, ...]]] = []
        for i, (name, tenant, stored) in enumerate(objects):
            try:
                statements += self._put(name, tenant, stored)
            except RefusedError as error:
                refused[i] = str(error)
        self._write(*statements)
        return refused

    def _put(self, name: str, tenant: str, stored: Stored) -> Iterator[tuple[str, tuple[Any, ...]]]:
        self._take_room()
        if name not in self.classes:
            self.create({"class": name, "properties": [guessed(*item) for item in stored.properties.items()]})
        class_ = self.classes[name]
        check_row(class_, stored)
        if tenant and tenant not in class_.shards and class_.schema["multiTenancyConfig"]["autoTenantCreation"]:
            if not TENANT_NAME.fullmatch(tenant):
                raise RefusedError(422, f"tenant name {tenant!r} is not valid")
            class_.shards[tenant] = {}
            yield "INSERT INTO tenants VALUES (?, ?)", (name, tenant)
        shard = class_.shard(tenant)
        check_lengths(shard, stored)
        shard[stored.id] = stored
        vectors = {key: vector.tobytes().hex() for key, vector in stored.vectors.items()}
        row = name, tenant, str(stored.id), json.dumps(stored.properties), json.dumps(vectors), stored.written_ms
        yield "INSERT OR REPLACE INTO rows VALUES (?, ?, ?, ?, ?, ?)", row

    def _take_room(self) -> None:
        if self.is_read_only:
            raise RefusedError(422, "store is read-only due to: disk usage too high")
        if self._room.exists():
            self._room.write_text(str(int(self._room.read_text()) - 1))

    @property
    def is_read_only(self) -> bool:
        return self._room.exists() and not int(self._room.read_text())

    def remove(self, name: str, tenant: str, ids: Iterable[UUID]) -> None:
        shard = self.get(name).shard(tenant)
        for id_ in ids:
            del shard[id_]
            self._disk.execute("DELETE FROM rows WHERE class = ? AND tenant = ? AND id = ?", (name, tenant, str(id_)))
        self._disk.commit()

    def _write(self, *statements: tuple[str, tuple[Any, ...]]) -> None:
        for statement, values in statements:
            self._disk.execute(statement, values)
        self._disk.commit()

    def _load(self) -> None:
        for name, schema in self._disk.execute("SELECT name, schema FROM classes"):
            parsed = json.loads(schema)
            self.classes[name] = Class(parsed, {} if parsed["multiTenancyConfig"]["enabled"] else {"": {}})
        for name, tenant in self._disk.execute("SELECT class, name FROM tenants"):
            self.classes[name].shards[tenant] = {}
        for name, tenant, id_, properties, vectors, written_ms in self._disk.execute("SELECT * FROM rows"):
            read = {key: np.frombuffer(bytes.fromhex(text), np.float32) for key, text in json.loads(vectors).items()}
            self.classes[name].shards[tenant][UUID(id_)] = Stored(UUID(id_), json.loads(properties), read, written_ms)
