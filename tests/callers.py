"""Which names of the product's modules are used by which: read from the code, nothing is imported."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
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
    def _imports(self) -> dict[str, dict[str, tuple[str, str | None]]]:
        """By module, what each imported name stands for: a module and a name in it, or (None) the module."""
        return {module: dict(_imported(tree)) for module, tree in self.modules.items()}

    def uses(self, module: str, node: ast.AST) -> Iterator[Name]:
        """The names of these modules that a piece of one of them mentions."""
        for each in ast.walk(node):
            path = _dotted(each)
            found = self._resolve(module, path) if path else None
            if found is not None:
                yield found

    def _resolve(self, module: str, path: list[str]) -> Name | None:
        first, *rest = path
        if (module, first) in self.definitions:
            return (module, first)
        if first not in self._imports[module]:
            return None
        source, name = self._imports[module][first]
        rest = rest if name is None else [name, *rest]
        while rest and f"{source}.{rest[0]}" in self.modules:
            source, rest = f"{source}.{rest[0]}", rest[1:]
        return self._resolve(source, rest) if rest and source in self.modules else None

    def reached_from(self, roots: Iterable[Name]) -> set[Name]:
        """The names that these mention, and those that they mention in turn."""
        reached, waiting = set[Name](), list(roots)
        while waiting:
            name = waiting.pop()
            if name not in reached:
                reached.add(name)
                waiting += self.uses(name[0], self.definitions[name])
        return reached


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


def _imported(tree: ast.Module) -> Iterator[tuple[str, tuple[str, str | None]]]:
    for node in ast.walk(tree):
        match node:
            case ast.ImportFrom(module=str(module), names=names):
                yield from ((each.asname or each.name, (module, each.name)) for each in names)
            case ast.Import(names=names):
                for each in names:
                    whole = each.name if each.asname else each.name.split(".")[0]
                    yield each.asname or whole, (whole, None)


def _dotted(node: ast.AST) -> list[str]:
    """`db.people.get` as its parts; nothing for anything but names joined by dots."""
    if isinstance(node, ast.Name):
        return [node.id]
    if isinstance(node, ast.Attribute) and (path := _dotted(node.value)):
        return [*path, node.attr]
    return []
