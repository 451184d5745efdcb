"""Which names of the product's modules are used by which: read from the code, nothing is imported."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

Name = tuple[str, str]
"""A module, and one of the names it defines at its top."""


@dataclass(frozen=True)
class Code:
    """Modules by their names, parsed."""

    modules: dict[str, ast.Module]

    @classmethod
    def of(cls, *packages: str) -> Code:
        """Every module of these packages."""
        files = [file for package in packages for file in sorted(Path(package).rglob("*.py"))]
        return cls({_module_name(file): ast.parse(file.read_text(encoding="utf-8")) for file in files})

    @cached_property
    def definitions(self) -> dict[Name, ast.stmt]:
        """The statement that defines each name."""
        return {
            (module, name): statement
            for module, tree in self.modules.items()
            for statement in tree.body
            for name in _defined(statement)
        }

    @cached_property
    def _read(self) -> dict[str, list[Read]]:
        """By module, what stands in each of its statements."""
        return {module: [Read(statement) for statement in tree.body] for module, tree in self.modules.items()}

    @cached_property
    def _mentioned(self) -> dict[str, list[tuple[ast.stmt, set[Name]]]]:
        """By module, what each of its statements mentions of these modules."""
        return {
            module: [
                (read.statement, {name for path in read.paths if (name := self._resolve(module, path))})
                for read in statements
            ]
            for module, statements in self._read.items()
        }

    @cached_property
    def _imports(self) -> dict[str, dict[str, tuple[str, str | None]]]:
        """By module, what each imported name stands for: a module and a name in it, or (None) the module."""
        return {
            module: {name: meant for read in statements for name, meant in read.imports}
            for module, statements in self._read.items()
        }

    def _resolve(self, module: str, path: Sequence[str]) -> Name | None:
        first, *rest = path
        if (module, first) in self.definitions:
            return (module, first)
        if first not in self._imports[module]:
            return None
        source, name = self._imports[module][first]
        rest = rest if name is None else [name, *rest]
        while rest and f"{source}.{rest[0]}" in self.modules and not self._has(source, rest[0]):
            source, rest = f"{source}.{rest[0]}", rest[1:]
        return self._resolve(source, rest) if rest and source in self.modules else None

    def _has(self, package: str, name: str) -> bool:
        """Whether a package says itself what a name is, that one of its modules bears too."""
        imported = self._imports.get(package, {}).get(name, (package, name))
        return (package, name) in self.definitions or imported != (package, name)

    def idle(self, room: str) -> list[str]:
        """The public names of a room that nothing outside of it leads to, and nothing that it does when it is read."""
        mentions = {
            (module, name): found
            for module, statements in self._mentioned.items()
            for statement, found in statements
            for name in _defined(statement)
        }
        waiting = [
            name
            for module, statements in self._mentioned.items()
            for statement, found in statements
            if not _is_in(module, room) or not [*_defined(statement)]
            for name in found
        ]
        reached = set[Name]()
        while waiting:
            name = waiting.pop()
            if name not in reached:
                reached.add(name)
                waiting += mentions[name]
        idle = (name for name in self.definitions if _is_in(name[0], room) and not name[1].startswith("_"))
        return sorted(".".join(name) for name in idle if name not in reached)


def _is_in(module: str, room: str) -> bool:
    return module == room or module.startswith(f"{room}.")


def _module_name(file: Path) -> str:
    return ".".join(file.with_suffix("").parts).removesuffix(".__init__")


def _defined(statement: ast.stmt) -> Iterator[str]:
    match statement:
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            yield name
        case ast.Assign(targets=targets):
            yield from (target.id for target in targets if isinstance(target, ast.Name))
        case ast.AnnAssign(target=ast.Name(id=name)):
            yield name


class Read:
    """What stands in a statement, read in one pass: names joined by dots, each once, and what is imported."""

    def __init__(self, statement: ast.stmt) -> None:
        self.statement = statement
        self.paths: set[tuple[str, ...]] = set()
        self.imports: list[tuple[str, tuple[str, str | None]]] = []
        waiting: list[object] = [statement]
        while waiting:
            node = waiting.pop()
            if isinstance(node, list):
                waiting += node
            elif isinstance(node, ast.Name | ast.Attribute) and (path := _dotted(node)):
                self.paths.add(path)
            elif isinstance(node, ast.ImportFrom | ast.Import):
                self.imports += _imported(node)
            elif isinstance(node, ast.AST) and not isinstance(node, ast.Constant):
                waiting += vars(node).values()


def _imported(node: ast.ImportFrom | ast.Import) -> Iterator[tuple[str, tuple[str, str | None]]]:
    for each in node.names:
        if isinstance(node, ast.ImportFrom):
            yield each.asname or each.name, (str(node.module), each.name)
        else:
            whole = each.name if each.asname else each.name.split(".")[0]
            yield each.asname or whole, (whole, None)


def _dotted(node: ast.AST) -> tuple[str, ...]:
    """`db.people.get` as its parts; nothing for anything but names joined by dots."""
    if isinstance(node, ast.Name):
        return (node.id,)
    if isinstance(node, ast.Attribute) and (path := _dotted(node.value)):
        return (*path, node.attr)
    return ()
